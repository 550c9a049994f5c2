# tornado 6.6.1 tornado/platform/asyncio.py:393-449: this policy is a Selector policy on Windows.
import asyncio
import sys

__shown__ = "tornado.platform.asyncio"

if sys.version_info < (3, 16):
    if sys.platform == "win32":
        _Base = asyncio.WindowsSelectorEventLoopPolicy
    else:
        _Base = asyncio.DefaultEventLoopPolicy

    class AnyThreadEventLoopPolicy(_Base):
        def get_event_loop(self):
            try:
                return super().get_event_loop()
            except RuntimeError:
                loop = self.new_event_loop()
                self.set_event_loop(loop)
                return loop
