# Policies, current loops and what every loop can do. Sources: CPython Lib/asyncio/events.py and base_events.py.
import sys
import _loopcheck as _l

__shown__ = "asyncio.events"

_event_loop_policy = None


class AbstractEventLoop:
    __shown__ = "loop"


class BaseEventLoop(AbstractEventLoop):
    __shown__ = "loop"

    def __init__(self):
        self._closed = False
        _l.loop_created(self)

    def run_until_complete(self, future):
        self._check_closed()
        return _l.run_loop(self, future)

    def run_forever(self):
        self._check_closed()
        return _l.run_loop(self, None)

    def _check_closed(self):
        if self._closed:
            raise RuntimeError("Event loop is closed")

    def create_task(self, coro, **kwargs):
        from asyncio import Task
        return Task(coro)

    def create_future(self):
        from asyncio import Future
        return Future()

    def call_soon(self, callback, *args, **kwargs):
        _l.escape(callback)

    def call_soon_threadsafe(self, callback, *args, **kwargs):
        _l.escape(callback)

    def call_later(self, delay, callback, *args, **kwargs):
        _l.escape(callback)

    def run_in_executor(self, executor, func, *args):
        from asyncio import Future
        future = Future()
        future._result = _l.in_thread(func, args, {})[0]
        return future

    async def shutdown_asyncgens(self):
        pass

    async def shutdown_default_executor(self, timeout=None):
        pass

    def stop(self):
        pass

    def close(self):
        self._closed = True

    def is_closed(self):
        return self._closed

    def is_running(self):
        return self is _get_running_loop()

    def set_debug(self, enabled):
        pass

    def get_debug(self):
        return False

    def set_exception_handler(self, handler):
        _l.use(self, "loop.set_exception_handler", (handler,), {})

    # What not every loop can do on Windows: `rules/libraries.toml`.
    def add_reader(self, *args, **kwargs):
        return _l.use(self, "loop.add_reader", args, kwargs)

    def add_writer(self, *args, **kwargs):
        return _l.use(self, "loop.add_writer", args, kwargs)

    def add_signal_handler(self, *args, **kwargs):
        return _l.use(self, "loop.add_signal_handler", args, kwargs)

    def remove_signal_handler(self, *args, **kwargs):
        return _l.use(self, "loop.remove_signal_handler", args, kwargs)

    def subprocess_exec(self, *args, **kwargs):
        return _l.use(self, "loop.subprocess_exec", args, kwargs)

    def subprocess_shell(self, *args, **kwargs):
        return _l.use(self, "loop.subprocess_shell", args, kwargs)

    def connect_read_pipe(self, *args, **kwargs):
        return _l.use(self, "loop.connect_read_pipe", args, kwargs)

    def connect_write_pipe(self, *args, **kwargs):
        return _l.use(self, "loop.connect_write_pipe", args, kwargs)

    def create_server(self, *args, **kwargs):
        return _l.use(self, "loop.create_server", args, kwargs)

    def create_datagram_endpoint(self, *args, **kwargs):
        return _l.use(self, "loop.create_datagram_endpoint", args, kwargs)

    def create_unix_server(self, *args, **kwargs):
        return _l.use(self, "loop.create_unix_server", args, kwargs)

    def create_unix_connection(self, *args, **kwargs):
        return _l.use(self, "loop.create_unix_connection", args, kwargs)


# A loop that comes from code nobody sees here: its class is not known, that it runs is.
class _UnknownEventLoop(BaseEventLoop):
    __loop__ = "unknown"

    def __init__(self, origin):
        self._origin = origin
        super().__init__()

    def __getattr__(self, name):
        return getattr(self._origin, name)


def _as_loop(made):
    return _UnknownEventLoop(made) if _l.is_unknown(made) else made


class AbstractEventLoopPolicy:
    def get_event_loop(self):
        raise NotImplementedError

    def set_event_loop(self, loop):
        raise NotImplementedError

    def new_event_loop(self):
        raise NotImplementedError

    def get_child_watcher(self):
        raise NotImplementedError

    def set_child_watcher(self, watcher):
        raise NotImplementedError


class BaseDefaultEventLoopPolicy(AbstractEventLoopPolicy):
    _loop_factory = None

    def __init__(self):
        self._locals = {}

    def get_event_loop(self):
        thread = _l.thread()
        if thread not in self._locals and thread == 0:
            if sys.version_info < (3, 14):
                self.set_event_loop(self.new_event_loop())
            else:
                _l.no_loop()
        loop = self._locals.get(thread)
        if loop is None:
            raise RuntimeError("There is no current event loop")
        return loop

    def set_event_loop(self, loop):
        self._locals[_l.thread()] = loop

    def new_event_loop(self):
        return self._loop_factory()


def _init_event_loop_policy():
    global _event_loop_policy
    import asyncio
    if sys.version_info >= (3, 14):
        if sys.platform == "win32":
            from asyncio.windows_events import _DefaultEventLoopPolicy
        else:
            from asyncio.unix_events import DefaultEventLoopPolicy as _DefaultEventLoopPolicy
        _event_loop_policy = _DefaultEventLoopPolicy()
    else:
        _event_loop_policy = asyncio.DefaultEventLoopPolicy()


def get_event_loop_policy():
    if not _l.is_unknown(_event_loop_policy) and _event_loop_policy is None:
        _init_event_loop_policy()
    return _event_loop_policy


def set_event_loop_policy(policy):
    global _event_loop_policy
    # What is not known is taken for what it should be, a policy: to guess None would be to guess a loop.
    if not _l.is_unknown(policy) and policy is not None and not isinstance(policy, AbstractEventLoopPolicy):
        _l.misused("policy", policy)
        if sys.version_info >= (3, 11):
            raise TypeError("policy must be an instance of AbstractEventLoopPolicy or None")
        raise AssertionError
    _event_loop_policy = policy
    _l.policy_set(policy)


def _get_running_loop():
    return _l.running_loop()


def get_running_loop():
    loop = _get_running_loop()
    if loop is None:
        raise RuntimeError("no running event loop")
    return loop


def get_event_loop():
    loop = _get_running_loop()
    if loop is not None:
        return loop
    policy = get_event_loop_policy()
    _l.ask(policy)
    try:
        return _as_loop(policy.get_event_loop())
    finally:
        _l.answered()


def get_child_watcher():
    return get_event_loop_policy().get_child_watcher()


def set_child_watcher(watcher):
    return get_event_loop_policy().set_child_watcher(watcher)


def set_event_loop(loop):
    get_event_loop_policy().set_event_loop(loop)
    _l.loop_set(loop)


def new_event_loop():
    policy = get_event_loop_policy()
    _l.ask(policy)
    try:
        return _as_loop(policy.new_event_loop())
    finally:
        _l.answered()


def _current_or_new(get_event_loop=get_event_loop):
    try:
        return get_event_loop()
    except RuntimeError:
        loop = new_event_loop()
        set_event_loop(loop)
        return loop
