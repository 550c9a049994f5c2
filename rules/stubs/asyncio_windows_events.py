# Source: CPython Lib/asyncio/windows_events.py.
import sys
import asyncio.events as events
import _loopcheck as _l

__shown__ = "asyncio.windows_events"

if sys.platform != "win32":
    raise ImportError("win32 only")


class BaseSelectorEventLoop(events.BaseEventLoop):
    __loop__ = "selector"

    def __init__(self, selector=None):
        super().__init__()


class _WindowsSelectorEventLoop(BaseSelectorEventLoop):
    pass


class IocpProactor:
    def __init__(self, concurrency=0):
        pass


class ProactorEventLoop(events.BaseEventLoop):
    __loop__ = "proactor"

    def __init__(self, proactor=None):
        super().__init__()

    def create_pipe_connection(self, *args, **kwargs):
        return _l.use(self, "loop.create_pipe_connection", args, kwargs)

    def start_serving_pipe(self, *args, **kwargs):
        return _l.use(self, "loop.start_serving_pipe", args, kwargs)


SelectorEventLoop = _WindowsSelectorEventLoop


class _WindowsSelectorEventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    __policy__ = "selector"
    _loop_factory = SelectorEventLoop


class _WindowsProactorEventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    __policy__ = "proactor"
    _loop_factory = ProactorEventLoop


_DefaultEventLoopPolicy = _WindowsProactorEventLoopPolicy

if sys.version_info < (3, 14):
    class WindowsSelectorEventLoopPolicy(_WindowsSelectorEventLoopPolicy): pass
    class WindowsProactorEventLoopPolicy(_WindowsProactorEventLoopPolicy): pass
    DefaultEventLoopPolicy = WindowsProactorEventLoopPolicy
    __missing__ = []
else:
    __missing__ = ["WindowsSelectorEventLoopPolicy", "WindowsProactorEventLoopPolicy", "DefaultEventLoopPolicy"]
