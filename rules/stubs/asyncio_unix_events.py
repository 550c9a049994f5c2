# Source: CPython Lib/asyncio/unix_events.py.
import sys
import asyncio.events as events
import _loopcheck as _l

__shown__ = "asyncio.unix_events"


class BaseSelectorEventLoop(events.BaseEventLoop):
    __loop__ = "selector"

    def __init__(self, selector=None):
        super().__init__()


class _UnixSelectorEventLoop(BaseSelectorEventLoop):
    pass


SelectorEventLoop = _UnixSelectorEventLoop


class _UnixDefaultEventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    __policy__ = "default"
    _loop_factory = _UnixSelectorEventLoop

    def get_child_watcher(self):
        return _l.unknown("the child watcher")

    def set_child_watcher(self, watcher):
        pass


DefaultEventLoopPolicy = _UnixDefaultEventLoopPolicy
