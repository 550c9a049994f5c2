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
        return _l.in_child(func, args, kwds or {})

    def apply_async(self, func, args=(), kwds=None, **more):
        return _l.in_child(func, args, kwds or {})

    def map(self, func, iterable, chunksize=None):
        return _l.in_child_for_each(func, iterable)

    imap = map
    imap_unordered = map
    map_async = map

    def starmap(self, func, iterable, chunksize=None):
        return _l.in_child_for_each(lambda args: func(*args), iterable)


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
