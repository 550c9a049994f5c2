# Source: CPython Lib/asyncio/unix_events.py.
import sys
import asyncio.events as events

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


DefaultEventLoopPolicy = _UnixDefaultEventLoopPolicy
