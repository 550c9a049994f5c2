"""Writes down, in every process of a program, which class of loop really starts and which line started it.

One JSON object a line, one file a process, in the folder `$LOOPCHECK_RECORD`. Servers are bound to
loopback on a port of ours, so that a program can be asked a question and ended.
"""

import _thread
import atexit
import itertools
import json
import os
import sys
import threading
import time

FOLDER = os.environ["LOOPCHECK_RECORD"]
DEADLINE = float(os.environ["LOOPCHECK_DEADLINE"])
PORT = int(os.environ["LOOPCHECK_PORT"])
PROJECT = os.path.join(os.environ["LOOPCHECK_PROJECT"], "")
# The line of the project that started this process, for loops that only a framework's code starts here.
SPAWNED_AT = "LOOPCHECK_SPAWNED_AT"
# What CPython runs on a loop to end it is no start.
CLEANING = {"shutdown_asyncgens", "shutdown_default_executor"}

_end_now = os._exit
_file = open(os.path.join(FOLDER, f"{os.getpid()}.jsonl"), "a", encoding="utf-8")
_lock = threading.Lock()


def write(kind, **fields):
    with _lock:
        _file.write(
            json.dumps({"kind": kind, "time": time.time(), "process": os.getpid(), **fields}, default=repr) + "\n"
        )
        _file.flush()


def role():
    """What this process is to the program."""
    command = " ".join(getattr(sys, "orig_argv", None) or sys.argv)
    if "resource_tracker" in command:
        return "tracker"
    if "spawn_main" in command or "--multiprocessing-fork" in command:
        return "child"
    try:
        os.close(os.open(os.path.join(FOLDER, "first"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "subprocess"
    return "main"


def end_in_time():
    stop = os.path.join(FOLDER, "stop")
    while not os.path.exists(stop) and time.time() < DEADLINE:
        time.sleep(0.05)
    write("stopped", late=time.time() >= DEADLINE)
    _end_now(0)


def project_line():
    """`[path, line]` of the innermost frame of the project; else the line that started this thread or process."""
    frame = sys._getframe(2)
    for _ in itertools.count():
        if frame is None:
            break
        name = frame.f_code.co_filename
        if os.path.isabs(name) and name.startswith(PROJECT):
            return [name[len(PROJECT) :], frame.f_lineno]
        frame = frame.f_back
    started = getattr(threading.current_thread(), "_loopcheck_started_at", None)
    spawned = os.environ.get(SPAWNED_AT)
    return started or (json.loads(spawned) if spawned else None)


def watch_loops():
    import asyncio
    from asyncio import base_events, events

    # As they are before the program has a chance to exchange them.
    kinds = [
        (getattr(asyncio, name), name[: -len("EventLoop")].lower())
        for name in ("ProactorEventLoop", "SelectorEventLoop")
        if hasattr(asyncio, name)
    ]

    def kind_of(loop):
        for known, name in kinds:
            if isinstance(loop, known):
                return name
        return "uvloop" if type(loop).__module__.partition(".")[0] == "uvloop" else "custom"

    # Loops inside run_until_complete(), which calls run_forever().
    inside = set()

    def note(loop, work=None):
        starts = not (loop.is_running() or loop.is_closed() or events._get_running_loop())
        library = os.path.join("asyncio", "runners.py")
        gathers = type(work).__name__ == "_GatheringFuture" and sys._getframe(2).f_code.co_filename.endswith(library)
        if starts and loop not in inside and getattr(work, "__name__", "") not in CLEANING and not gathers:
            write("loop", loop=kind_of(loop), site=project_line())

    base = base_events.BaseEventLoop
    forever, complete, serve = base.run_forever, base.run_until_complete, base.create_server

    def run_forever(self):
        note(self)
        return forever(self)

    def run_until_complete(self, future):
        note(self, future)
        inside.add(self)
        try:
            return complete(self, future)
        finally:
            inside.discard(self)

    async def create_server(self, *args, **kwargs):
        server = await serve(self, *args, **kwargs)
        write("server")
        return server

    def run_in_runner(self, *args, **kwargs):
        self._lazy_init()
        if not isinstance(self._loop, base):  # uvloop's methods are out of reach
            note(self._loop)
        return runner_run(self, *args, **kwargs)

    if hasattr(asyncio, "Runner"):
        runner_run, asyncio.Runner.run = asyncio.Runner.run, run_in_runner
    base.run_forever, base.run_until_complete, base.create_server = run_forever, run_until_complete, create_server


def watch_processes():
    """Tells a child which line of the project started it."""
    from multiprocessing import process

    start = process.BaseProcess.start

    def started(self):
        site = project_line()
        before = os.environ.get(SPAWNED_AT)
        if site:
            os.environ[SPAWNED_AT] = json.dumps(site)
        try:
            return start(self)
        finally:
            os.environ.pop(SPAWNED_AT, None)
            if before is not None:
                os.environ[SPAWNED_AT] = before

    process.BaseProcess.start = started


def watch_threads():
    start = threading.Thread.start

    def started(self):
        self._loopcheck_started_at = project_line()
        return start(self)

    threading.Thread.start = started


def keep_to_loopback():
    import socket

    bind, listen = socket.socket.bind, socket.socket.listen

    def bound(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            host = "127.0.0.1" if self.family == socket.AF_INET else "::1"
            port = PORT + address[1] % 5 if address[1] else 0
            address = (host, port, *address[2:])
        return bind(self, address)

    def listening(self, *backlog):
        result = listen(self, *backlog)
        if self.family == socket.AF_INET and PORT <= self.getsockname()[1] < PORT + 5:
            write("listening", port=self.getsockname()[1])
        return result

    socket.socket.bind, socket.socket.listen = bound, listening


ROLE = role()
if ROLE != "tracker":
    if ROLE == "subprocess":
        os.environ.pop(SPAWNED_AT, None)
    write("start", role=ROLE)
    _thread.start_new_thread(end_in_time, ())
    atexit.register(write, "end")
    _report = sys.excepthook

    def failed(kind, error, traceback):
        write("error", error=f"{kind.__name__}: {error}"[:300])
        _report(kind, error, traceback)

    sys.excepthook = failed
    watch_loops()
    watch_processes()
    watch_threads()
    keep_to_loopback()
