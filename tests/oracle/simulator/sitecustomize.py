"""Python imports this first in every process of an executed program: dress, then record."""

import os

if os.environ.get("LOOPCHECK_RECORD"):
    try:
        if os.environ.get("LOOPCHECK_WINDOWS"):
            import _loopcheck_windows  # noqa: F401  asyncio must not have been imported before
        import _loopcheck_recorder  # noqa: F401
    except BaseException:
        # Python would go on without us, and a program that is not watched seems to start no loop.
        import traceback

        traceback.print_exc()
        os._exit(97)
