# Members of enumerations: the plain attributes of the class body. Source: CPython Lib/enum.py.
import _loopcheck as _l


class Enum:
    def __init_subclass__(cls):
        for name, value in _l.class_data(cls):
            member = _l.bare_instance(cls)
            member.name = member._name_ = name
            member.value = member._value_ = value
            setattr(cls, name, member)

    def __new__(cls, value, *names, **options):
        if names or options:
            return _l.unknown("an enumeration")
        for name, member in _l.class_data(cls):
            if member is value or member.value == value:
                return member
        raise ValueError("not a member")

    def __eq__(self, other):
        # Members that are text or numbers as well compare like these.
        if isinstance(self, (str, int)):
            return self.value == getattr(other, "value", other)
        return self is other


class StrEnum(str, Enum):
    def __str__(self):
        return self.value


class IntEnum(int, Enum):
    pass
