import sys
import _loopcheck as _l
import os.path as path

name = _l.os_name()
environ = _l.environ()
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
