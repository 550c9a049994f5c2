# qasync 0.28.0 qasync/__init__.py:773-785,889-930, _windows.py:30; 0.23.0 and 0.27.1 the same but for `run`, which sets a policy.
import asyncio
import contextlib
import os
import sys
import _loopcheck as _l

__shown__ = "qasync"


class _QEventLoop:
    def __init__(self, app=None, set_running_loop=False, already_running=False):
        super().__init__()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class QSelectorEventLoop(_QEventLoop, asyncio.SelectorEventLoop):
    __shown__ = "loop"


if os.name == "nt":
    class QIOCPEventLoop(_QEventLoop, asyncio.ProactorEventLoop):
        __shown__ = "loop"

    QEventLoop = QIOCPEventLoop
else:
    QEventLoop = QSelectorEventLoop


if sys.version_info >= (3, 12) and _l.version_in("qasync", ">=0.28"):
    def run(main, **kwargs):
        return asyncio.run(main, loop_factory=QEventLoop, **kwargs)
else:
    class DefaultQEventLoopPolicy(asyncio.DefaultEventLoopPolicy):
        _loop_factory = QEventLoop

    def run(main, **kwargs):
        policy = asyncio.get_event_loop_policy()
        asyncio.set_event_loop_policy(DefaultQEventLoopPolicy())
        try:
            return asyncio.run(main, **kwargs)
        finally:
            asyncio.set_event_loop_policy(policy)
