import _loopcheck as _l


class AbstractContextManager:
    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        return None


class AbstractAsyncContextManager:
    async def __aenter__(self):
        return self

    async def __aexit__(self, exc_type, exc_value, traceback):
        return None


class ContextDecorator:
    def __call__(self, func):
        def inner(*args, **kwds):
            with self:
                return func(*args, **kwds)
        return inner


class _GeneratorContextManager(ContextDecorator):
    def __init__(self, generator):
        self.__generator__ = generator


def contextmanager(func):
    def helper(*args, **kwds):
        return _GeneratorContextManager(func(*args, **kwds))
    helper.__wrapped__ = func
    return helper


asynccontextmanager = contextmanager


class suppress(AbstractContextManager):
    # A handler like those of a `try`: code in its block may fail.
    __swallows__ = True

    def __init__(self, *exceptions):
        self._exceptions = exceptions

    def __exit__(self, exctype, excinst, exctb):
        return excinst is not None and isinstance(excinst, self._exceptions)


class nullcontext(AbstractContextManager, AbstractAsyncContextManager):
    def __init__(self, enter_result=None):
        self.enter_result = enter_result

    def __enter__(self):
        return self.enter_result


class closing(AbstractContextManager):
    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *exc_info):
        self.thing.close()


class ExitStack(AbstractContextManager):
    def __init__(self):
        self._callbacks = []

    def enter_context(self, cm):
        self._callbacks.append((_l.leave, (cm,), {}))
        return _l.enter(cm)

    def callback(self, callback, *args, **kwds):
        self._callbacks.append((callback, args, kwds))
        return callback

    def push(self, exit):
        return exit

    def close(self):
        self.__exit__(None, None, None)

    def __exit__(self, *exc_details):
        while self._callbacks:
            callback, args, kwds = self._callbacks.pop()
            callback(*args, **kwds)
        return False


class AsyncExitStack(ExitStack):
    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_details):
        return self.__exit__(*exc_details)

    async def enter_async_context(self, cm):
        return _l.enter(cm)


class redirect_stdout(AbstractContextManager):
    def __init__(self, new_target):
        pass


class redirect_stderr(AbstractContextManager):
    def __init__(self, new_target):
        pass
