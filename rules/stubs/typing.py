TYPE_CHECKING = False


def cast(typ, val):
    return val


def final(f):
    return f


def no_type_check(f):
    return f


def runtime_checkable(cls):
    return cls


def overload(func):
    return func


class Protocol: pass
class Generic: pass


