import _loopcheck as _l


class PurePath:
    def __init__(self, *parts):
        self._text = _l.path_join(*[_l.path_text(part) for part in parts]) if parts else "."

    def __fspath__(self):
        return self._text

    def __str__(self):
        return self._text

    def __truediv__(self, other):
        return Path(_l.path_join(self._text, _l.path_text(other)))

    def joinpath(self, *others):
        return Path(_l.path_join(self._text, *[_l.path_text(other) for other in others]))

    @property
    def parent(self):
        return Path(_l.path_parent(self._text))

    @property
    def parents(self):
        first = _l.path_parent(self._text)
        second = _l.path_parent(first)
        return [Path(first), Path(second), Path(_l.path_parent(second))]

    @property
    def name(self):
        return _l.path_name(self._text)

    def __getattr__(self, name):
        return _l.unknown("path." + name)


class Path(PurePath):
    def resolve(self, strict=False):
        return Path(_l.path_absolute(self._text))

    def absolute(self):
        return Path(_l.path_absolute(self._text))

    def as_posix(self):
        return self._text

    @classmethod
    def cwd(cls):
        return Path(_l.cwd())


class PosixPath(Path): pass
class WindowsPath(Path): pass
