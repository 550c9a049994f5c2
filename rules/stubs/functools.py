import _loopcheck as _l


class partial:
    def __init__(self, func, *args, **keywords):
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})


def wraps(wrapped, *args, **kwargs):
    def decorator(wrapper):
        wrapper.__wrapped__ = wrapped
        return wrapper
    return decorator


def update_wrapper(wrapper, wrapped, *args, **kwargs):
    return wrapper


def lru_cache(maxsize=128, typed=False):
    if callable(maxsize):
        return maxsize
    return lambda function: function


def cache(function):
    return function


def singledispatch(function):
    return function


class cached_property:
    def __init__(self, func):
        pass


cached_property = property


def reduce(function, sequence, *initial):
    return _l.reduce(function, sequence, *initial)
