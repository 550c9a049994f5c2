# scrapy/utils/reactor.py: 2.19.0:98-166 and 2.11.2:77-110 set the Selector policy first, 2.5.1:53-70 does not.
import asyncio
import asyncio.events as events
import importlib
import sys
import twisted.internet.asyncioreactor as asyncioreactor
import _loopcheck as _l

__shown__ = "scrapy.utils.reactor"

_asyncio_reactor_path = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def set_asyncio_event_loop_policy():
    if sys.platform != "win32":
        return
    if not isinstance(asyncio.get_event_loop_policy(), asyncio.WindowsSelectorEventLoopPolicy):
        _l.framework("scrapy")
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        _l.framework(None)


def set_asyncio_event_loop(event_loop_path):
    if event_loop_path is None:
        return events._current_or_new()
    module, _, name = event_loop_path.rpartition(".")
    loop = getattr(importlib.import_module(module), name)()
    asyncio.set_event_loop(loop)
    return loop


def install_reactor(reactor_path, event_loop_path=None):
    if reactor_path == _asyncio_reactor_path:
        if _l.version_in("scrapy", ">=2.6"):
            set_asyncio_event_loop_policy()
        loop = set_asyncio_event_loop(event_loop_path)
        try:
            asyncioreactor.install(eventloop=loop)
        except asyncioreactor.ReactorAlreadyInstalledError:
            pass
    else:
        import twisted.internet.reactor
