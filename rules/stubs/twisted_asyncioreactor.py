# twisted 26.10.0, twisted/internet/asyncioreactor.py:48-77,255,301-313; 21.2.0, 22.10.0 and 24.3.0 take the current loop.
import asyncio
import asyncio.events as events
import sys
import _loopcheck as _l

__shown__ = "twisted.internet.asyncioreactor"

# The reactor of this process, where it is one of asyncio; `_default` when it is another one.
_installed = None
_default = False


class AsyncioSelectorReactor:
    __shown__ = "twisted.internet.reactor"

    def __init__(self, eventloop=None):
        if eventloop is None:
            if _l.version_in("twisted", "<25"):
                eventloop = asyncio.get_event_loop()
            else:
                eventloop = events._get_running_loop()
                if eventloop is None:
                    eventloop = asyncio.new_event_loop()
                asyncio.set_event_loop(eventloop)
        if sys.platform == "win32" and isinstance(eventloop, asyncio.ProactorEventLoop):
            raise TypeError("ProactorEventLoop is not supported")
        self._asyncioEventloop = eventloop

    def run(self, installSignalHandlers=True):
        self._asyncioEventloop.run_forever()

    def __getattr__(self, name):
        return _l.unknown("reactor." + name)


class ReactorAlreadyInstalledError(AssertionError):
    pass


def install(eventloop=None):
    global _installed
    reactor = AsyncioSelectorReactor(eventloop)
    if _default or _installed is not None:
        raise ReactorAlreadyInstalledError("reactor already installed")
    _installed = reactor
