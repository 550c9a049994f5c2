# asyncio's own namespace. Sources: CPython 3.8.18 to 3.15.2, Lib/asyncio/.
import sys

__shown__ = "asyncio"
__missing__ = []

import asyncio.events as events
from asyncio.events import (
    AbstractEventLoop, AbstractEventLoopPolicy, BaseEventLoop, get_event_loop, get_running_loop,
    new_event_loop, set_event_loop, _get_running_loop,
)
import asyncio.runners as runners
from asyncio.runners import run
import _loopcheck as _l

if sys.version_info >= (3, 11):
    from asyncio.runners import Runner
else:
    __missing__.append("Runner")

if sys.version_info < (3, 16):
    from asyncio.events import get_event_loop_policy, set_event_loop_policy
else:
    __missing__ += [
        "get_event_loop_policy", "set_event_loop_policy", "AbstractEventLoopPolicy", "DefaultEventLoopPolicy",
        "WindowsSelectorEventLoopPolicy", "WindowsProactorEventLoopPolicy",
    ]
    del AbstractEventLoopPolicy

if sys.version_info < (3, 14):
    from asyncio.events import get_child_watcher, set_child_watcher
else:
    __missing__ += ["get_child_watcher", "set_child_watcher"]

if sys.platform == "win32":
    import asyncio.windows_events as windows_events
    from asyncio.windows_events import SelectorEventLoop, ProactorEventLoop, IocpProactor
    if sys.version_info < (3, 14):
        from asyncio.windows_events import (
            DefaultEventLoopPolicy, WindowsSelectorEventLoopPolicy, WindowsProactorEventLoopPolicy,
        )
    elif sys.version_info < (3, 16):
        from asyncio.windows_events import _DefaultEventLoopPolicy as DefaultEventLoopPolicy
        from asyncio.windows_events import _WindowsSelectorEventLoopPolicy as WindowsSelectorEventLoopPolicy
        from asyncio.windows_events import _WindowsProactorEventLoopPolicy as WindowsProactorEventLoopPolicy
    if sys.version_info >= (3, 13):
        EventLoop = ProactorEventLoop
    __missing__ += ["start_unix_server", "open_unix_connection", "unix_events"]
else:
    import asyncio.unix_events as unix_events
    from asyncio.unix_events import SelectorEventLoop
    if sys.version_info < (3, 16):
        from asyncio.unix_events import DefaultEventLoopPolicy
    if sys.version_info >= (3, 13):
        EventLoop = SelectorEventLoop
    __missing__ += [
        "WindowsSelectorEventLoopPolicy", "WindowsProactorEventLoopPolicy", "ProactorEventLoop", "IocpProactor",
        "windows_events", "windows_utils",
    ]

if sys.version_info < (3, 13):
    __missing__.append("EventLoop")


class CancelledError(BaseException):
    pass


if sys.version_info >= (3, 11):
    TimeoutError = TimeoutError
else:
    class TimeoutError(Exception):
        pass


class InvalidStateError(Exception):
    pass


class Future:
    def __init__(self, *, loop=None):
        self._result = _l.unknown("the result of a future")


class Task(Future):
    def __init__(self, coro, *, loop=None, name=None, context=None, eager_start=False):
        self._result = _l.task(coro)


def create_task(coro, *, name=None, context=None, **kwargs):
    return Task(coro)


def ensure_future(coro_or_future, *, loop=None):
    if isinstance(coro_or_future, Future):
        return coro_or_future
    return Task(coro_or_future)


async def gather(*aws, **kwargs):
    return [_l.task(aw) for aw in aws]


async def wait_for(fut, timeout=None, **kwargs):
    return await fut


async def shield(arg, **kwargs):
    return await arg


async def sleep(delay, result=None, **kwargs):
    return result


async def wait(fs, **kwargs):
    done = {_l.task(f) for f in fs}
    return done, set()


async def to_thread(func, *args, **kwargs):
    value, error = _l.in_thread(func, args, kwargs)
    if error is not None:
        raise error
    return value


def run_coroutine_threadsafe(coro, loop):
    return Task(coro)


def iscoroutinefunction(func):
    return _l.is_coroutine_function(func)


def iscoroutine(obj):
    return _l.is_coroutine(obj)


class TaskGroup:
    async def __aenter__(self):
        return self

    async def __aexit__(self, et, exc, tb):
        return False

    def create_task(self, coro, **kwargs):
        return Task(coro)


class timeout:
    def __init__(self, when):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, et, exc, tb):
        return False


class Event:
    def __init__(self, **kwargs):
        pass

    async def wait(self):
        return True

    def set(self):
        pass

    def clear(self):
        pass

    def is_set(self):
        return _l.unknown("event.is_set()")


class Lock:
    def __init__(self, **kwargs):
        pass

    async def acquire(self):
        return True

    def release(self):
        pass

    async def __aenter__(self):
        return None

    async def __aexit__(self, et, exc, tb):
        return False


class Semaphore(Lock):
    def __init__(self, value=1, **kwargs):
        pass


class BoundedSemaphore(Semaphore):
    pass


if sys.version_info < (3, 11):
    del TaskGroup, timeout
if sys.version_info < (3, 9):
    del to_thread

# What else the namespace holds, from `dir(asyncio)` of CPython 3.8 to 3.13. Later releases are left open.
if sys.version_info < (3, 14):
    __names__ = [
        "ALL_COMPLETED", "AbstractServer", "BaseProtocol", "BaseTransport", "BufferedProtocol", "Condition",
        "DatagramProtocol", "DatagramTransport", "FIRST_COMPLETED", "FIRST_EXCEPTION", "Handle", "IncompleteReadError",
        "LifoQueue", "LimitOverrunError", "PriorityQueue", "Protocol", "Queue", "QueueEmpty", "QueueFull",
        "ReadTransport", "SendfileNotAvailableError", "StreamReader", "StreamReaderProtocol", "StreamWriter",
        "SubprocessProtocol", "SubprocessTransport", "TimerHandle", "Transport", "WriteTransport", "_enter_task",
        "_leave_task", "_register_task", "_set_running_loop", "_unregister_task", "all_tasks", "as_completed",
        "base_events", "base_futures", "base_subprocess", "base_tasks", "constants", "coroutines",
        "create_subprocess_exec", "create_subprocess_shell", "current_task", "exceptions", "format_helpers",
        "futures", "isfuture", "locks", "log", "open_connection", "proactor_events", "protocols", "queues",
        "selector_events", "sslproto", "staggered", "start_server", "streams", "subprocess", "sys", "tasks",
        "transports", "trsock", "wrap_future",
    ]
    if sys.platform == "win32":
        __names__.append("windows_utils")
    else:
        __names__ += [
            "AbstractChildWatcher", "FastChildWatcher", "MultiLoopChildWatcher", "SafeChildWatcher",
            "ThreadedChildWatcher", "open_unix_connection", "start_unix_server",
        ]
        if sys.version_info >= (3, 9):
            __names__.append("PidfdChildWatcher")
    if sys.version_info < (3, 10):
        __names__.append("_all_tasks_compat")
    else:
        __names__.append("mixins")
    if sys.version_info >= (3, 9):
        __names__ += ["Server", "threads"]
    if sys.version_info < (3, 11):
        __names__.append("coroutine")
    else:
        __names__ += ["Barrier", "BrokenBarrierError", "Timeout", "taskgroups", "timeout_at", "timeouts"]
    if sys.version_info >= (3, 12):
        __names__ += ["create_eager_task_factory", "eager_task_factory"]
    if sys.version_info >= (3, 13):
        __names__.append("QueueShutDown")
