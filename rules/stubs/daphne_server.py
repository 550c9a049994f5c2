# daphne 4.2.3, daphne/server.py:9-28,155: importing it makes the loop and installs Twisted's asyncio reactor on it.
import asyncio
import twisted.internet.asyncioreactor as asyncioreactor
import _loopcheck as _l

__shown__ = "daphne.server"

twisted_loop = asyncio.new_event_loop()
asyncioreactor.install(twisted_loop)


class Server:
    __shown__ = "daphne.server.Server"

    def __init__(self, application, *args, **kwargs):
        self.application = application
        _l.escape(application)

    def run(self):
        asyncioreactor._installed.run()

    def __getattr__(self, name):
        return _l.unknown("Server." + name)
