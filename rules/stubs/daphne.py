# daphne 4.2.3, daphne/__init__.py:10-14, since 2.5.0: importing it sets the Selector policy on Windows.
import asyncio
import sys
import _loopcheck as _l

if sys.platform == "win32" and _l.version_in("daphne", ">=2.5"):
    _l.framework("daphne")
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    _l.framework(None)
