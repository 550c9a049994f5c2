import asyncio
import _loopcheck as _l

__shown__ = "unittest"


class TestCase:
    def __init__(self, methodName="runTest"):
        pass

    def __getattr__(self, name):
        return _l.unknown("self." + name)


class IsolatedAsyncioTestCase(TestCase):
    loop_factory = None


def main(*args, **kwargs):
    _l.run_tests()
    raise SystemExit(0)
