# asyncio.run and asyncio.Runner. Source: CPython Lib/asyncio/runners.py.
import sys
import asyncio.events as events

__shown__ = "asyncio"


class Runner:
    def __init__(self, *, debug=None, loop_factory=None):
        self._loop_factory = loop_factory
        self._loop = None
        self._set_event_loop = False

    def __enter__(self):
        self._lazy_init()
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.close()

    def close(self):
        if self._set_event_loop:
            events.set_event_loop(None)
        if self._loop is not None:
            self._loop.close()
        self._loop = None

    def get_loop(self):
        self._lazy_init()
        return self._loop

    def run(self, coro, *, context=None):
        if events._get_running_loop() is not None:
            raise RuntimeError("Runner.run() cannot be called from a running event loop")
        self._lazy_init()
        return self._loop.run_until_complete(coro)

    def _lazy_init(self):
        if self._loop is not None:
            return
        if self._loop_factory is None:
            self._loop = events.new_event_loop()
            if not self._set_event_loop:
                events.set_event_loop(self._loop)
                self._set_event_loop = True
        else:
            if _l.misused("factory", self._loop_factory):
                raise TypeError("the loop factory is not callable")
            made = self._loop_factory()
            if _l.misused("loop", made):
                raise TypeError("the loop factory gives back a class")
            self._loop = events._as_loop(made)


if sys.version_info >= (3, 12):
    def run(main, *, debug=None, loop_factory=None):
        if events._get_running_loop() is not None:
            raise RuntimeError("asyncio.run() cannot be called from a running event loop")
        with Runner(debug=debug, loop_factory=loop_factory) as runner:
            return runner.run(main)
elif sys.version_info >= (3, 11):
    def run(main, *, debug=None):
        if events._get_running_loop() is not None:
            raise RuntimeError("asyncio.run() cannot be called from a running event loop")
        with Runner(debug=debug) as runner:
            return runner.run(main)
else:
    def run(main, *, debug=None):
        if events._get_running_loop() is not None:
            raise RuntimeError("asyncio.run() cannot be called from a running event loop")
        loop = events.new_event_loop()
        try:
            events.set_event_loop(loop)
            return loop.run_until_complete(main)
        finally:
            events.set_event_loop(None)
            loop.close()
