import sys
import _loopcheck as _l
import os.path as path

name = _l.os_name()


class _Environ:
    def __init__(self):
        self._own = {}

    def get(self, key, default=None):
        if key in self._own:
            return self._own[key]
        return _l.environment(key, default)

    def __getitem__(self, key):
        if key in self._own:
            return self._own[key]
        return _l.environment(key)

    def __setitem__(self, key, value):
        self._own[key] = value

    def __contains__(self, key):
        return key in self._own or _l.in_environment(key)

    def setdefault(self, key, value):
        if key not in self:
            self._own[key] = value
        return self[key]

    def __getattr__(self, name):
        return _l.unknown("os.environ." + name)


environ = _Environ()
__missing__ = []

if name == "nt":
    sep = "\\"
    linesep = "\r\n"
    pathsep = ";"
    __missing__ += [
        "uname", "fork", "forkpty", "getuid", "geteuid", "getgid", "setuid", "getpgid", "setsid", "mkfifo", "chown",
        "getloadavg", "killpg", "wait", "nice", "sched_getaffinity", "register_at_fork",
    ]
else:
    sep = "/"
    linesep = "\n"
    pathsep = ":"
    __missing__ += ["startfile", "O_BINARY", "add_dll_directory"]

    def uname():
        return _l.uname()


def getenv(key, default=None):
    return environ.get(key, default)


def getcwd():
    return _l.cwd()


def chdir(path):
    pass


def fspath(path):
    return _l.path_text(path)


def _exit(code):
    _l.exit_now()


def abort():
    _l.exit_now()


def execv(path, args):
    _l.exit_now()


def execvp(path, args):
    _l.exit_now()


def execl(path, *args):
    _l.exit_now()
