# pika/adapters/asyncio_connection.py: 1.2.0:14 to 1.3.2:14 set the policy at import, 1.0.0, 1.1.0 and 1.4.4:122-144 do not.
import asyncio
import asyncio.events as events
import sys
import _loopcheck as _l

__shown__ = "pika.adapters.asyncio_connection"

if sys.platform == "win32" and _l.version_in("pika", ">=1.2,<1.4"):
    _l.framework("pika")
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    _l.framework(None)


class AsyncioConnection:
    __shown__ = "pika.adapters.asyncio_connection.AsyncioConnection"

    def __init__(
        self, parameters=None, on_open_callback=None, on_open_error_callback=None, on_close_callback=None,
        custom_ioloop=None, internal_connection_workflow=True,
    ):
        for callback in (on_open_callback, on_open_error_callback, on_close_callback):
            _l.escape(callback)
        self.ioloop = custom_ioloop
        if self.ioloop is None:
            if _l.version_in("pika", "<1.4"):
                self.ioloop = asyncio.get_event_loop()
            else:
                self.ioloop = events._get_running_loop()
                if self.ioloop is None:
                    self.ioloop = asyncio.SelectorEventLoop() if sys.platform == "win32" else asyncio.new_event_loop()
        if _l.version_in("pika", ">=1.4") and sys.platform == "win32":
            if isinstance(self.ioloop, asyncio.ProactorEventLoop):
                raise TypeError("On Windows, Pika requires an asyncio.SelectorEventLoop")

    def __getattr__(self, name):
        return _l.unknown("AsyncioConnection." + name)
