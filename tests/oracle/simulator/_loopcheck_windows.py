"""Dresses a CPython on Linux as one on Windows before the program's first line.

CPython's own `asyncio/windows_events.py` runs here, unchanged: which class a policy makes, what a
Runner does and what a framework asks for is decided by the real code. Only what lies below it is
replaced: the C modules `_overlapped`, `_winapi` and `msvcrt` are empty, and the completion port is
played by a selector (`Port`).

`sys.platform` is "win32" for everybody who matters: the program, asyncio and the frameworks. The
rest of the standard library and other packages see a `sys` that says "linux", since they would
reach for Win32 functions otherwise. `os.name`, `signal` and `socket` are shown to the program
through views that lack what Windows lacks.

What stays POSIX: paths, line ends, the registry (empty), signals as they are delivered.
"""

import builtins
import collections
import os
import sys
import types

# Packages that are to believe in Windows.
FRAMEWORKS = set(
    "asyncio aiohttp anyio engineio fastapi flask hypercorn nicegui quart sanic socketio starlette tornado uvicorn"
    " websockets werkzeug".split()
)
POSIX_ONLY = set("crypt curses fcntl grp posix pty pwd readline resource spwd syslog termios tty uvloop".split())
LIBRARY = os.path.join(os.path.dirname(os.__file__), "")
assert "asyncio" not in sys.modules

# Modules of the library that choose by platform when they are imported: they choose POSIX, now.
import concurrent.futures.process  # noqa: E402
import concurrent.futures.thread  # noqa: E402, F401
import ctypes  # noqa: E402
import ctypes.wintypes  # noqa: E402, F401
import errno  # noqa: E402
import locale  # noqa: E402, F401
import logging  # noqa: E402, F401
import multiprocessing.context  # noqa: E402
import multiprocessing.pool  # noqa: E402, F401
import multiprocessing.popen_spawn_posix  # noqa: E402, F401
import multiprocessing.queues  # noqa: E402, F401
import multiprocessing.resource_sharer  # noqa: E402, F401
import multiprocessing.spawn  # noqa: E402, F401
import multiprocessing.synchronize  # noqa: E402, F401
import pathlib  # noqa: E402, F401
import platform  # noqa: E402
import selectors  # noqa: E402
import shutil  # noqa: E402, F401
import signal  # noqa: E402
import socket  # noqa: E402
import ssl  # noqa: E402, F401
import subprocess  # noqa: E402
import sysconfig  # noqa: E402, F401
import tempfile  # noqa: E402, F401
import threading  # noqa: E402
import urllib.request  # noqa: E402, F401
import uuid  # noqa: E402, F401
import webbrowser  # noqa: E402, F401


class View(types.ModuleType):
    """A module seen with some names exchanged and some gone; what is set goes to the module itself."""

    def __init__(self, module, exchanged=(), gone=()):
        super().__init__(module.__name__)
        own = object.__getattribute__(self, "__dict__")
        own.update(_module=module, _exchanged=dict(exchanged), _gone=frozenset(gone))

    def __getattribute__(self, name):
        own = object.__getattribute__(self, "__dict__")
        if name in own["_gone"]:
            raise AttributeError(f"module {own['_module'].__name__!r} has no attribute {name!r}")
        if name in own["_exchanged"]:
            return own["_exchanged"][name]
        return getattr(own["_module"], name)

    def __setattr__(self, name, value):
        setattr(object.__getattribute__(self, "__dict__")["_module"], name, value)

    def __delattr__(self, name):
        delattr(object.__getattribute__(self, "__dict__")["_module"], name)

    def __dir__(self):
        own = object.__getattribute__(self, "__dict__")
        return sorted(set(dir(own["_module"])) - own["_gone"])


class Inert:
    """A Win32 library: whatever is called gives 0."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()

    def __call__(self, *args, **kwargs):
        return 0


WINDOWS_SIGNALS = {"SIGABRT", "SIGBREAK", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
POSIX_SIGNALS = [
    name for name in dir(signal) if name.startswith("SIG") and name[3] != "_" and name not in WINDOWS_SIGNALS
]
POSIX_CALLS = """WEXITSTATUS WNOHANG chown chroot confstr ctermid fchmod fchown fork forkpty getegid geteuid getgid
getgroups getloadavg getpgid getsid getuid killpg mkfifo mknod nice openpty pipe2 posix_spawn posix_spawnp
register_at_fork sched_getaffinity sched_setaffinity sendfile setgid setpgid setsid setuid sysconf ttyname uname""".split()

posix_sys = View(sys, {"platform": "linux"})
views = {
    "os": View(os, {"name": "nt", "startfile": Inert()}, POSIX_CALLS),
    "signal": View(
        signal,
        gone=[
            *POSIX_SIGNALS,
            "alarm",
            "pause",
            "pthread_kill",
            "pthread_sigmask",
            "setitimer",
            "siginterrupt",
            "sigwait",
        ],
    ),
    "socket": View(socket, gone=["AF_NETLINK", "AF_PACKET", "AF_UNIX", "SO_REUSEPORT"]),
    "ctypes": View(
        ctypes,
        {
            "windll": Inert(),
            "oledll": Inert(),
            "WinDLL": Inert,
            "OleDLL": Inert,
            "WINFUNCTYPE": ctypes.CFUNCTYPE,
            "WinError": OSError,
            "GetLastError": Inert(),
            "get_last_error": Inert(),
            "FormatError": lambda *code: "",
        },
    ),
}


def empty(name, **names):
    module = types.ModuleType(name, "Stands in for a module of Windows.")
    module.__dict__.update(names)
    return module


def no_registry(*args, **kwargs):
    raise FileNotFoundError(2, "the registry is empty")


windows_modules = {
    "_winapi": empty("_winapi", NULL=0, INFINITE=0xFFFFFFFF, CloseHandle=Inert()),
    "_overlapped": empty(
        "_overlapped", NULL=0, INVALID_HANDLE_VALUE=-1, SO_UPDATE_ACCEPT_CONTEXT=0, SO_UPDATE_CONNECT_CONTEXT=0
    ),
    "msvcrt": empty(
        "msvcrt", kbhit=lambda: False, get_osfhandle=lambda fd: fd, open_osfhandle=lambda handle, flags=0: handle
    ),
    "winreg": empty(
        "winreg",
        HKEY_LOCAL_MACHINE=1,
        HKEY_CURRENT_USER=2,
        HKEY_CLASSES_ROOT=3,
        KEY_READ=1,
        OpenKey=no_registry,
        OpenKeyEx=no_registry,
        QueryValueEx=no_registry,
        EnumKey=no_registry,
        ConnectRegistry=no_registry,
    ),
}


def believes(names):
    """Whether the module with these globals is to see Windows; `None` for the simulator itself."""
    top = (names.get("__name__") or "").partition(".")[0]
    if top in FRAMEWORKS:
        return True
    if top.startswith("_loopcheck") or top == "sitecustomize":
        return None
    file = names.get("__file__") or ""
    origin = getattr(names.get("__spec__"), "origin", None)
    if not file:
        return origin not in ("frozen", "built-in")
    file = os.path.abspath(file)
    return not file.startswith(LIBRARY) and "/site-packages/" not in file


import_really = builtins.__import__


def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    importer = believes(globals or {})
    if level == 0 and importer is not None:
        is_asyncio = (globals or {}).get("__name__", "").partition(".")[0] == "asyncio"
        if name == "sys" and not importer:
            return posix_sys
        if importer and name in POSIX_ONLY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if importer and name in windows_modules:
            return windows_modules[name]
        top = name.partition(".")[0]
        plain = name == top or not fromlist
        # asyncio takes the real os and signal: their POSIX halves stand below its Windows code here.
        if importer and plain and top in views and (not is_asyncio or top in ("socket", "ctypes")):
            import_really(name, globals, locals, fromlist, level)
            return views[top]
    return import_really(name, globals, locals, fromlist, level)


def name_the_platform():
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", {})
        if (
            names.get("sys") is sys
            and believes(names) is False
            and not names["__name__"].startswith(("importlib", "_frozen"))
        ):
            names["sys"] = posix_sys
    builtins.__import__ = import_as_on_windows
    sys.platform = "win32"
    fields = collections.namedtuple("getwindowsversion", "major minor build platform service_pack")
    fields.platform_version, fields.product_type = (10, 0, 19045), 1
    sys.getwindowsversion = lambda: fields(10, 0, 19045, 2, "")
    sys.winver = "%d.%d" % sys.version_info[:2]
    platform._uname_cache = platform.uname_result("Windows", platform.node(), "10", "10.0.19045", "AMD64")
    platform.uname = lambda: platform._uname_cache
    platform._platform_cache.clear()
    for name, number in (("SIGBREAK", 21), ("CTRL_C_EVENT", 0), ("CTRL_BREAK_EVENT", 1)):
        if not hasattr(signal, name):
            setattr(signal, name, number)


def spawn_only():
    context = multiprocessing.context
    for method in ("fork", "forkserver"):
        context._concrete_contexts.pop(method, None)
    default = context._default_context
    default._default_context, default._actual_context = context._concrete_contexts["spawn"], None
    type(default).get_all_start_methods = lambda self: ["spawn"]
    multiprocessing.get_all_start_methods = lambda: ["spawn"]


def share_sockets():
    """uvicorn's workers hand their socket over as Windows does."""
    socket.socket.share = lambda self, process: os.dup(self.fileno()).to_bytes(8, "little")
    socket.fromshare = lambda info: socket.socket(fileno=int.from_bytes(info, "little"))
    if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        socket.SO_EXCLUSIVEADDRUSE = socket.SO_REUSEADDR


name_the_platform()
spawn_only()
share_sockets()

import asyncio  # noqa: E402
from asyncio import base_subprocess, exceptions, futures, windows_events  # noqa: E402

assert asyncio.ProactorEventLoop is windows_events.ProactorEventLoop


class Operation(futures.Future):
    """One read or write that waits for its turn. A loop that closes looks for `_ov`."""

    _ov = None
    abandon = None

    def cancel(self, *args, **kwargs):
        if self.abandon is not None:
            self.abandon()
        return super().cancel(*args, **kwargs)


class Port:
    """A completion port played by a selector: an operation is done as soon as its descriptor is ready."""

    def __init__(self, concurrency=0):
        self._loop = None
        self._iocp = object()
        self._selector = selectors.DefaultSelector()
        # Per descriptor the operations that wait to read and to write, each with what it will do.
        self._waiting = {}

    def set_loop(self, loop):
        self._loop = loop

    def _register(self, descriptor):
        readers, writers = self._waiting.get(descriptor, ((), ()))
        wanted = (selectors.EVENT_READ if readers else 0) | (selectors.EVENT_WRITE if writers else 0)
        try:
            self._selector.unregister(descriptor)
        except (KeyError, ValueError, OSError):
            pass
        if wanted:
            self._selector.register(descriptor, wanted)
        else:
            self._waiting.pop(descriptor, None)

    def _start(self, handle, writes, attempt):
        if self._selector is None:
            raise RuntimeError("the port is closed")
        descriptor = handle.fileno()
        os.set_blocking(descriptor, False)
        if hasattr(handle, "setblocking"):
            handle.setblocking(False)
        operation = Operation(loop=self._loop)
        queue = self._waiting.setdefault(descriptor, (collections.deque(), collections.deque()))[writes]
        entry = (operation, attempt)
        if queue or not self._try(operation, attempt):
            queue.append(entry)

            def abandon():
                operation.abandon = None
                if entry in queue:
                    queue.remove(entry)
                    self._register(descriptor)

            operation.abandon = abandon
        self._register(descriptor)
        return operation

    @staticmethod
    def _try(operation, attempt):
        """Does it now if it can be done now."""
        try:
            result = attempt()
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            operation.abandon = None
            if not operation.done():
                operation.set_exception(error)
        else:
            operation.abandon = None
            if not operation.done():
                operation.set_result(result)
        return True

    def select(self, timeout=None):
        for key, ready in self._selector.select(timeout):
            for writes, event in enumerate((selectors.EVENT_READ, selectors.EVENT_WRITE)):
                queue = self._waiting.get(key.fd, ((), ()))[writes]
                while ready & event and queue and self._try(*queue[0]):
                    queue.popleft()
            self._register(key.fd)
        return []

    def recv(self, handle, size, flags=0):
        if hasattr(handle, "recv"):
            return self._start(handle, False, lambda: handle.recv(size, flags))
        return self._start(handle, False, lambda: os.read(handle.fileno(), size))

    def recv_into(self, handle, buffer, flags=0):
        if hasattr(handle, "recv_into"):
            return self._start(handle, False, lambda: handle.recv_into(buffer, 0, flags))

        def read():
            data = os.read(handle.fileno(), len(buffer))
            buffer[: len(data)] = data
            return len(data)

        return self._start(handle, False, read)

    def recvfrom(self, handle, size, flags=0):
        return self._start(handle, False, lambda: handle.recvfrom(size, flags))

    def recvfrom_into(self, handle, buffer, flags=0):
        return self._start(handle, False, lambda: handle.recvfrom_into(buffer, 0, flags))

    def send(self, handle, data, flags=0):
        if hasattr(handle, "send"):
            return self._start(handle, True, lambda: handle.send(data, flags))
        return self._start(handle, True, lambda: os.write(handle.fileno(), data))

    def sendto(self, handle, data, flags=0, addr=None):
        return self._start(handle, True, lambda: handle.sendto(data, flags, addr))

    def accept(self, listener):
        def accept():
            connection, address = listener.accept()
            connection.setblocking(False)
            return connection, address

        return self._start(listener, False, accept)

    def connect(self, handle, address):
        begun = []

        def connect():
            if begun:
                code = handle.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            else:
                begun.append(True)
                code = handle.connect_ex(address)
                if code in (errno.EINPROGRESS, errno.EAGAIN):
                    raise BlockingIOError(code, "connecting")
            if code:
                raise OSError(code, f"connect to {address!r}")

        return self._start(handle, True, connect)

    def sendfile(self, *args):
        raise exceptions.SendfileNotAvailableError("not simulated")

    def _check_closed(self):
        if self._selector is None:
            raise RuntimeError("the port is closed")

    def _unregister(self, operation):
        pass

    def _stop_serving(self, listener):
        pass

    def close(self):
        if self._selector is not None:
            self._selector.close()
            self._selector = self._iocp = None
            self._waiting.clear()


class SubprocessTransport(base_subprocess.BaseSubprocessTransport):
    """Waits for its process in a thread, where Windows has the loop wait for a handle."""

    def _start(self, args, shell, stdin, stdout, stderr, bufsize, **kwargs):
        self._proc = subprocess.Popen(
            args, shell=shell, stdin=stdin, stdout=stdout, stderr=stderr, bufsize=bufsize, **kwargs
        )

        def wait():
            code = self._proc.wait()
            try:
                self._loop.call_soon_threadsafe(self._process_exited, code)
            except RuntimeError:
                pass

        threading.Thread(target=wait, daemon=True).start()


windows_events.IocpProactor = asyncio.IocpProactor = Port
windows_events._WindowsSubprocessTransport = SubprocessTransport
