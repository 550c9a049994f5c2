# What is there before the first cell of a notebook: a loop that runs, and the names IPython adds. ipykernel 7.4.0
# kernelapp.py:749-770 starts the loop of tornado, whose class the policy chooses; 7.3.0 kernelapp.py:695-730 and
# what is older first makes Selector the policy of Windows. Executed.
import asyncio
import asyncio.events as events
import builtins
import sys
import _loopcheck as _l

__shown__ = "ipykernel"


def start():
    if sys.platform == "win32" and _l.version_in("ipykernel", ">=5.1.4,<7.4,!=6.28.0"):
        events._event_loop_policy = asyncio.WindowsSelectorEventLoopPolicy()
    builtins.get_ipython = lambda: _l.unknown("get_ipython()")
    builtins.display = lambda *args, **kwargs: None
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop
