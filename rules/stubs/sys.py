import _loopcheck as _l

platform = _l.platform()
version_info = _l.version_info()
version = _l.version()
hexversion = _l.hexversion()
path = _l.sys_path()
modules = _l.sys_modules()
argv = _l.argv()
byteorder = "little"
maxsize = 9223372036854775807
flags = object()
# A frozen program has it; whether this one will be frozen is not known.
frozen = _l.unknown("whether the program is frozen")
# What PyInstaller sets beside it.
_MEIPASS = frozen
__missing__ = []

if platform == "win32":
    winver = _l.version()
    dllhandle = 1

    def getwindowsversion():
        return _l.unknown("sys.getwindowsversion()")

    __missing__ += ["abiflags"]
else:
    abiflags = ""
    __missing__ += ["winver", "getwindowsversion", "dllhandle", "_enablelegacywindowsfsencoding"]


def exit(code=None):
    raise SystemExit(code)


# A program that is started with Python does not have these.
__missing__ += ["last_value", "pypy_version_info", "real_prefix", "ps1"]
