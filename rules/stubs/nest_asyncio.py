# nest_asyncio 1.6.0, nest_asyncio.py:11-36,61-70: loops may be nested, asyncio.run knows no loop_factory,
# and asking for the current loop makes one on every Python.
import asyncio
import asyncio.events as events
import _loopcheck as _l

__shown__ = "asyncio"


def apply(loop=None):
    def run(main, *, debug=False):
        loop = asyncio.get_event_loop()
        return loop.run_until_complete(main)

    _l.allow_nesting()
    asyncio.run = run
    asyncio.get_event_loop = events.get_event_loop = events._current_or_new
    if loop is None:
        asyncio.get_event_loop()
