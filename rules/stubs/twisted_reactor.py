# Whoever imports the reactor before one was installed gets the default one, which has no asyncio loop.
import twisted.internet.asyncioreactor as asyncioreactor

__shown__ = "twisted.internet.reactor"

if asyncioreactor._installed is None:
    asyncioreactor._default = True


def run(installSignalHandlers=True):
    if asyncioreactor._installed is not None:
        asyncioreactor._installed.run()
