"""Random small projects: programs, guards, placements, processes and runners, the same for the same seed."""

from __future__ import annotations

import pathlib
import random

import environments
import pages

from .control import block
from .guards import imported
from .project import Module, Project, indent
from .runners import asyncio_runner, nicegui_runner, other_runner, process, uvicorn_runner

__all__ = ["Project", "program", "project"]

RUNNERS = {"python": asyncio_runner, "uvicorn": uvicorn_runner, "nicegui": nicegui_runner, "servers": other_runner}


def program(seed: str, names: list[str]) -> tuple[pages.Program, str]:
    """A program, and the one of the environments that it is for."""
    name = random.Random(f"environment {seed}").choice(names)
    made = project(seed, name, environments.table()[name]["python"])
    start = ["-m", made.module] if made.module else [made.entry]
    return pages.Program(pathlib.Path("random.md"), seed, [name], start, made.files()), name


def project(seed: str, environment: str, python: str) -> Project:
    """The project of a seed for an environment."""
    rng = random.Random(seed)
    made = Project(rng, python, environment)
    layout(made)
    main = made.add(made.entry)
    runner = RUNNERS[made.family]
    before = block(made, main, rng.choice([1, 2, 2, 3])) if rng.random() < 0.9 else []
    if made.family == "python" and rng.random() < 0.15:
        run = process(made, main)
        style = "guard"
    else:
        run = placed(made, main, runner)
        style = rng.choice(["guard", "guard", "module", "main", "main"])
    if made.family == "uvicorn" and any("reload=True" in line or "workers=2" in line for line in run):
        style = rng.choice(["guard", "main"])
    near = block(made, main, rng.choice([0, 1, 2])) if rng.random() < 0.4 else []
    after = []
    if made.family == "python" and rng.random() < 0.25:
        after = block(made, main, 1)
        if rng.random() < 0.5:
            after += asyncio_runner(made, main)
    guard_line = (
        'if __name__ in {"__main__", "__mp_main__"}:' if made.family == "nicegui" else 'if __name__ == "__main__":'
    )
    if made.family == "nicegui" and style == "main":
        style = "guard"
    if style == "guard":
        main.body += [*before, guard_line, *indent([*near, *run, *after])]
    elif style == "module":
        main.body += [*before, *near, *run, *after]
    else:
        main.define(["def main():", *indent([*near, *run, *after])])
        main.body += [*before, guard_line, *indent(["main()"])]
    made.feature(f"style:{style}")
    return made


def layout(made: Project) -> None:
    """Where the main module stands and how the others are found."""
    rng = made.rng
    kind = rng.choice(["flat"] * 6 + ["src", "package", "folder"])
    made.feature(f"layout:{kind}")
    if kind == "src":
        made.source_folder = "src/"
        main = made.add(made.entry)
        main.imports += [
            "import os",
            "import sys",
            'sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))',
        ]
    elif kind == "package":
        made.entry, made.module = "tool/__main__.py", "tool"
        made.add("tool/__init__.py")
    elif kind == "folder":
        made.entry = "scripts/start.py"
        made.source_folder = "scripts/"


def placed(made: Project, main: Module, runner) -> list[str]:
    """The runner in the main module, or in a function of another one."""
    if made.rng.random() < 0.75 or made.family == "nicegui":
        return runner(made, main)
    other = made.beside(main, "server")
    name = made.name("launch")
    lines = runner(made, other)
    other.define([f"def {name}():", *indent(lines)])
    return [imported(made, main, other, name) + "()"]
