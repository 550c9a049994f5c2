# Patterns without special characters, as in `re.match("win", sys.platform)`. Source: CPython Lib/re/__init__.py.
import _loopcheck as _l


class Match:
    def __getattr__(self, name):
        return _l.unknown("a match")


def _found(found):
    return Match() if found else None


def _is_plain(pattern, string, flags):
    if flags or not isinstance(pattern, str) or not isinstance(string, str):
        return False
    return not any(special in pattern for special in ".^$*+?{}[]\\|()")


def match(pattern, string, flags=0):
    if _is_plain(pattern, string, flags):
        return _found(string.startswith(pattern))
    return _l.unknown("re.match()")


def search(pattern, string, flags=0):
    if _is_plain(pattern, string, flags):
        return _found(pattern in string)
    return _l.unknown("re.search()")


def fullmatch(pattern, string, flags=0):
    if _is_plain(pattern, string, flags):
        return _found(pattern == string)
    return _l.unknown("re.fullmatch()")
