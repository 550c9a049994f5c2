import _loopcheck as _l


def join(*parts):
    return _l.path_join(*parts)


def dirname(path):
    return _l.path_parent(path)


def basename(path):
    return _l.path_name(path)


def abspath(path):
    return _l.path_absolute(path)


def realpath(path, **kwargs):
    return _l.path_absolute(path)


def normpath(path):
    return _l.path_absolute(path)


def expanduser(path):
    return _l.unknown("a home folder")
