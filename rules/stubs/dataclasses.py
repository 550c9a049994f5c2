import _loopcheck as _l


def dataclass(cls=None, /, **options):
    if cls is None:
        return lambda cls: dataclass(cls)
    cls.__dataclass__ = True
    return cls


def field(*, default=_l.absent(), default_factory=_l.absent(), **options):
    if default_factory is not _l.absent():
        return default_factory()
    if default is not _l.absent():
        return default
    return _l.absent()


def replace(obj, **changes):
    return obj
