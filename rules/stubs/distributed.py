# distributed 2022.6.0 distributed/config.py:170-174 and 2023.7.0:198 set the policy at import, 2023.7.1 does not.
import asyncio
import sys
import _loopcheck as _l

if sys.platform == "win32" and _l.version_in("distributed", "<2023.7.1"):
    _l.framework("distributed")
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    _l.framework(None)
