import _loopcheck as _l

__shown__ = "multiprocessing"


class Process:
    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None):
        self._target = target
        self._args = args
        self._kwargs = kwargs or {}
        self.name = name

    def start(self):
        if self._target is not None:
            _l.in_child(self._target, self._args, self._kwargs)
        else:
            _l.in_child(self.run, (), {})

    def run(self):
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def join(self, timeout=None):
        pass

    def terminate(self):
        pass


class Pool:
    def __init__(self, processes=None, initializer=None, initargs=(), **kwargs):
        if initializer is not None:
            _l.in_child(initializer, initargs, {})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def apply(self, func, args=(), kwds=None):
        return _result(_l.in_child(func, args, kwds or {}))

    def apply_async(self, func, args=(), kwds=None, *more, **callbacks):
        return _AsyncResult([_l.in_child(func, args, kwds or {})], False)

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable).get()

    def map_async(self, func, iterable, *more, **callbacks):
        return _AsyncResult(_l.in_child_for_each(func, iterable), True)

    def imap(self, func, iterable, chunksize=None):
        return [value for value, error in _l.in_child_for_each(func, iterable)]

    imap_unordered = imap

    def starmap(self, func, iterable, chunksize=None):
        return self.map(lambda args: func(*args), iterable)


class _AsyncResult:
    def __init__(self, outcomes, many):
        self._outcomes = outcomes
        self._many = many

    def get(self, timeout=None):
        results = [_result(outcome) for outcome in self._outcomes]
        return results if self._many else results[0]

    def wait(self, timeout=None):
        pass

    def ready(self):
        return True


def _result(outcome):
    value, error = outcome
    if error is not None:
        raise error
    return value


class _Context:
    Process = Process
    Pool = Pool


def get_context(method=None):
    return _Context


def current_process():
    return _l.current_process()


def parent_process():
    return _l.parent_process()


def freeze_support():
    pass


def set_start_method(method, force=False):
    pass
