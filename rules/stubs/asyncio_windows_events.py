# Source: CPython Lib/asyncio/windows_events.py.
import sys
import asyncio.events as events

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
