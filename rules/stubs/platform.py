import _loopcheck as _l


def system():
    return _l.system()


def uname():
    return _l.uname()


def platform(aliased=False, terse=False):
    return _l.platform_platform()


def python_version():
    return _l.version()


def python_version_tuple():
    return tuple(_l.version().split("."))


def python_implementation():
    return "CPython"


def win32_ver(*args, **kwargs):
    if _l.platform() == "win32":
        return (_l.unknown_text("win32_ver"), "", "", "")
    return ("", "", "", "")


def mac_ver(*args, **kwargs):
    if _l.platform() == "darwin":
        return (_l.unknown_text("mac_ver"), ("", "", ""), "")
    return ("", ("", "", ""), "")


def node():
    return _l.unknown("platform.node()")


def release():
    return _l.unknown("platform.release()")


def machine():
    return _l.unknown("platform.machine()")
