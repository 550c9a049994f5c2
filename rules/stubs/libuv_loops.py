# What uvloop and winloop have in common. Sources: uvloop 0.23.0 uvloop/__init__.py:22-229, winloop 0.8.2 winloop/__init__.py:21-219.
import asyncio
import asyncio.events as events

_package = __name__


class Loop(events.BaseEventLoop):
    __loop__ = _package


class EventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    __policy__ = _package
    _loop_factory = Loop


def new_event_loop():
    return Loop()


def install():
    asyncio.set_event_loop_policy(EventLoopPolicy())


def run(main, *, loop_factory=new_event_loop, debug=None, **kwargs):
    loop = loop_factory()
    return loop.run_until_complete(main)


__shown__ = _package
