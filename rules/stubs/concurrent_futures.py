import _loopcheck as _l


class Future:
    def __init__(self, outcome):
        self._value, self._error = outcome

    def result(self, timeout=None):
        if self._error is not None:
            raise self._error
        return self._value


class Executor:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def shutdown(self, wait=True, **kwargs):
        pass


class ThreadPoolExecutor(Executor):
    def __init__(self, max_workers=None, *args, **kwargs):
        pass

    def submit(self, fn, /, *args, **kwargs):
        return Future(_l.in_thread(fn, args, kwargs))

    def map(self, fn, *iterables, **kwargs):
        return [_l.in_thread(fn, (item,), {})[0] for item in iterables[0]]


class ProcessPoolExecutor(Executor):
    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), **kwargs):
        if initializer is not None:
            _l.in_child(initializer, initargs, {})

    def submit(self, fn, /, *args, **kwargs):
        return Future(_l.in_child(fn, args, kwargs))

    def map(self, fn, *iterables, **kwargs):
        return [value for value, error in _l.in_child_for_each(fn, iterables[0])]


def as_completed(fs, timeout=None):
    return fs


def wait(fs, **kwargs):
    return fs, set()
