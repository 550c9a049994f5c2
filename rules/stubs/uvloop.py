import asyncio
import asyncio.events as events
import sys
import _loopcheck as _l

__shown__ = "uvloop"


class Loop(events.BaseEventLoop):
    __loop__ = "uvloop"


class EventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    __policy__ = "uvloop"
    _loop_factory = Loop


def new_event_loop():
    return Loop()


def install():
    asyncio.set_event_loop_policy(EventLoopPolicy())


def run(main, *, loop_factory=new_event_loop, debug=None, **kwargs):
    loop = loop_factory()
    return loop.run_until_complete(main)
