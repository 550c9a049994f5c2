import _loopcheck as _l


def import_module(name, package=None):
    return _l.import_module(name, package)


def reload(module):
    return _l.reload(module)
