"""A project under construction: modules with imports, definitions and a body."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Module:
    """One Python file; the parts come out in the order in which a person would write them."""

    path: str
    imports: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def need(self, line: str) -> None:
        """An import at the top, once."""
        if line not in self.imports:
            self.imports.append(line)

    def define(self, lines: list[str]) -> None:
        """A definition above the body; one that it uses must have been made before."""
        self.definitions += [*lines, ""]

    def text(self) -> str:
        return "\n".join([*self.imports, "", *self.definitions, *self.body, ""]).lstrip("\n")

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass
class Project:
    """Files, how the project is started, and where it may run."""

    rng: random.Random
    python: str
    environment: str
    entry: str = "main.py"
    module: str | None = None
    source_folder: str = ""
    modules: dict[str, Module] = field(default_factory=dict)
    extra_files: dict[str, str] = field(default_factory=dict)
    features: list[str] = field(default_factory=list)
    names: int = 0

    @property
    def family(self) -> str:
        return self.environment.partition("-")[0]

    @property
    def version(self) -> tuple[int, int]:
        major, minor = self.python.split(".")
        return int(major), int(minor)

    def name(self, stem: str) -> str:
        """A name that nothing else in this project has."""
        self.names += 1
        return f"{stem}_{self.names}"

    def feature(self, name: str) -> None:
        if name not in self.features:
            self.features.append(name)

    def add(self, path: str) -> Module:
        return self.modules.setdefault(path, Module(path))

    def package(self, folder: str) -> None:
        """Every folder above a module of a package has an `__init__.py`."""
        parts = folder.removeprefix(self.source_folder).strip("/").split("/")
        base = self.source_folder.rstrip("/")
        for part in filter(None, parts):
            base = f"{base}/{part}" if base else part
            self.add(f"{base}/__init__.py")

    def beside(self, module: Module, stem: str) -> Module:
        """A new module that `module` can import, in its folder or in a package."""
        folder = module.folder
        if (
            folder in ("", self.source_folder.rstrip("/"))
            and (module.path != self.entry or self.source_folder)
            or self.rng.random() < 0.4
        ):
            folder = self.source_folder.rstrip("/") if not folder else folder
        if self.rng.random() < 0.35:
            package = self.name("pkg")
            root = self.source_folder.rstrip("/")
            folder = f"{root}/{package}" if root else package
        elif not folder and self.source_folder:
            folder = self.source_folder.rstrip("/")
        self.package(folder)
        name = self.name(stem)
        return self.add(f"{folder}/{name}.py" if folder else f"{name}.py")

    def dotted(self, module: Module) -> str:
        path = module.path.removeprefix(self.source_folder).removesuffix(".py").removesuffix("/__init__")
        return path.replace("/", ".")

    def files(self) -> dict[str, str]:
        return {path: module.text() for path, module in self.modules.items()} | self.extra_files


def indent(lines: list[str], by: int = 1) -> list[str]:
    return ["    " * by + line if line else line for line in lines]
