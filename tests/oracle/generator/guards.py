"""Expressions about the platform, plain and hidden."""

from __future__ import annotations

from .project import Module, Project

# Expression and the imports that it needs. What each is worth is decided by running it.
PLAIN: list[tuple[str, tuple[str, ...]]] = [
    ('sys.platform == "win32"', ("import sys",)),
    ('sys.platform != "win32"', ("import sys",)),
    ('sys.platform == "windows"', ("import sys",)),
    ('"win32" == sys.platform', ("import sys",)),
    ('sys.platform.startswith("win")', ("import sys",)),
    ('sys.platform.startswith(("win", "cygwin"))', ("import sys",)),
    ('sys.platform[:3] == "win"', ("import sys",)),
    ('sys.platform in ("win32", "cygwin")', ("import sys",)),
    ('sys.platform in {"win32"}', ("import sys",)),
    ('sys.platform not in ["linux", "darwin"]', ("import sys",)),
    ('"win" in sys.platform', ("import sys",)),
    ('sys.platform.lower() == "win32"', ("import sys",)),
    ('sys.platform.upper() == "WIN32"', ("import sys",)),
    ('platform == "win32"', ("from sys import platform",)),
    ('os.name == "nt"', ("import os",)),
    ('os.name != "posix"', ("import os",)),
    ('os_name == "nt"', ("from os import name as os_name",)),
    ('platform.system() == "Windows"', ("import platform",)),
    ('platform.system().lower() == "windows"', ("import platform",)),
    ('platform.system().lower().startswith("win")', ("import platform",)),
    ('platform.system() == "windows"', ("import platform",)),
    ('system() == "Windows"', ("from platform import system",)),
    ('platform.uname().system == "Windows"', ("import platform",)),
    ('platform.uname()[0] == "Windows"', ("import platform",)),
    ('os.environ.get("OS") == "Windows_NT"', ("import os",)),
    ('os.environ.get("OS", "").startswith("Windows")', ("import os",)),
    ('os.getenv("OS") == "Windows_NT"', ("import os",)),
    ('"OS" in os.environ', ("import os",)),
    ('hasattr(asyncio, "WindowsSelectorEventLoopPolicy")', ("import asyncio",)),
    ('hasattr(asyncio, "ProactorEventLoop")', ("import asyncio",)),
    ('not hasattr(os, "fork")', ("import os",)),
    ('hasattr(sys, "getwindowsversion")', ("import sys",)),
    ('hasattr(signal, "SIGUSR1")', ("import signal",)),
    ('getattr(asyncio, "WindowsSelectorEventLoopPolicy", None) is not None', ("import asyncio",)),
    ('"WindowsSelectorEventLoopPolicy" in dir(asyncio)', ("import asyncio",)),
    ("bool(getattr(sys, 'winver', ''))", ("import sys",)),
    ("sys.version_info >= (3, 8)", ("import sys",)),
    ("sys.version_info < (3, 12)", ("import sys",)),
    ("sys.version_info[:2] >= (3, 11)", ("import sys",)),
    ("sys.version_info.minor > 10", ("import sys",)),
    ("sys.version_info[0] == 3 and sys.version_info[1] >= 10", ("import sys",)),
    ("sys.hexversion >= 0x030C0000", ("import sys",)),
    ("TYPE_CHECKING", ("from typing import TYPE_CHECKING",)),
    ("typing.TYPE_CHECKING", ("import typing",)),
    ("False", ()),
    ("True", ()),
    ("__debug__", ()),
    ('__name__ == "__main__"', ()),
    ('__name__ in ("__main__", "__mp_main__")', ()),
    ('__name__ != "__main__"', ()),
    ("sys.maxsize > 2**32", ("import sys",)),
    ("__file__ is not None", ()),
    ("len(sys.platform) == 5", ("import sys",)),
    ('{"win32": True}.get(sys.platform, False)', ("import sys",)),
    ('any(sys.platform.startswith(p) for p in ("win", "cygwin"))', ("import sys",)),
    ('all([os.name == "nt", sys.platform == "win32"])', ("import os", "import sys")),
    ('"win32" if os.name == "nt" else ""', ("import os",)),
    ('sys.platform == f"win{30 + 2}"', ("import sys",)),
    ('re.match(r"win", sys.platform)', ("import re", "import sys")),
    ('sys.platform.endswith("32")', ("import sys",)),
    ('sys.platform.casefold() == "win32"', ("import sys",)),
    ('sys.platform.find("win") == 0', ("import sys",)),
    ('sys.platform.count("win")', ("import sys",)),
    ('sys.platform.replace("32", "64") == "win64"', ("import sys",)),
    ('sys.platform.partition("3")[0] == "win"', ("import sys",)),
    ('sys.platform.split("3")[0] == "win"', ("import sys",)),
    ('sys.platform.rstrip("0123456789") == "win"', ("import sys",)),
    ('sys.platform.title() == "Win32"', ("import sys",)),
    ('sys.platform > "m"', ("import sys",)),
    ('"%s" % sys.platform == "win32"', ("import sys",)),
    ('"{}!".format(sys.platform) == "win32!"', ("import sys",)),
    ('"".join(["win", "32"]) == sys.platform', ("import sys",)),
    ('f"{sys.platform}" == "win32"', ("import sys",)),
    ('sys.platform == ("win" "32")', ("import sys",)),
    ('sys.platform[-2:] == "32"', ("import sys",)),
    ('sys.platform in {"win32": 1, "cygwin": 2}', ("import sys",)),
    ('["linux", "win32"].index(sys.platform) == 1', ("import sys",)),
    ('set(sys.platform) & {"3"}', ("import sys",)),
    ('{sys.platform} <= {"win32", "cygwin"}', ("import sys",)),
    ('__import__("sys").platform == "win32"', ()),
    (
        'isinstance(asyncio.get_event_loop_policy(), getattr(asyncio, "WindowsProactorEventLoopPolicy", ()))',
        ("import asyncio",),
    ),
    ('type(asyncio.get_event_loop_policy()).__name__ == "WindowsProactorEventLoopPolicy"', ("import asyncio",)),
    (
        'issubclass(type(asyncio.get_event_loop_policy()), getattr(asyncio, "WindowsSelectorEventLoopPolicy", int))',
        ("import asyncio",),
    ),
]


# How two of them are joined other than by `and` and `or`.
JOINS = [
    "min(bool({a}), bool({b}))",
    "max([bool({a}), bool({b})])",
    "sum([bool({a}), bool({b})]) == 2",
    "sum(1 for value in ({a}, {b}) if value)",
    "bool({a}) ^ bool({b})",
    "bool({a}) & bool({b})",
    "bool({a}) | bool({b})",
    "bool({a}) == bool({b})",
    "bool({a}) != bool({b}) == True",
    "bool({a}) > bool({b})",
    "bool({a}) + bool({b}) > 1",
    "bool({a}) * bool({b})",
    "bool({a}) is not False",
    "not not ({a})",
    "True in [bool({a}), bool({b})]",
    "all(({a}, {b}))",
    "any([{a}, {b}, ])",
    "(({a}) if ({b}) else not ({a}))",
    "(1 if {a} else {b})",
    "[{a}, {b}][1]",
    "({b}, {a})[-1]",
    "({{True: 1, False: 0}}[bool({a})])",
    "sorted([bool({a}), bool({b})])[0]",
    "list(reversed([{a}, {b}]))[0]",
    "next((value for value in ({a}, {b}) if value), False)",
    "len([value for value in ({a}, {b}) if value]) == 2",
    "{{bool({a}), bool({b})}} == {{True}}",
    "list(filter(None, [{a}, {b}]))",
    "list(map(bool, [{a}, {b}]))[0]",
    'str(bool({a})) == "True"',
    "int(bool({a})) == 1",
    "dict(x={a})['x']",
    "(lambda value, other=True: value and other)({a})",
    "bool(({a}) and ({b}) or None)",
    "abs(int(bool({a})) - int(bool({b}))) == 0",
    "divmod(int(bool({a})) + 2, 2)[1]",
]


def guard(project: Project, module: Module, depth: int = 2) -> str:
    """An expression that `module` can evaluate where it stands."""
    rng = project.rng
    roll = rng.random()
    if depth > 0 and roll < 0.12:
        return f"not ({guard(project, module, depth - 1)})"
    if depth > 0 and roll < 0.24:
        word = rng.choice(["and", "or"])
        return f"({guard(project, module, depth - 1)}) {word} ({guard(project, module, depth - 1)})"
    if depth > 0 and roll < 0.34:
        join = rng.choice(JOINS)
        project.feature(f"guard:{join}")
        return join.format(a=guard(project, module, depth - 1), b=guard(project, module, depth - 1))
    if depth > 0 and roll < 0.6:
        return hidden(project, module, depth - 1)
    windows = [entry for entry in PLAIN[:40]]
    expression, imports = rng.choice(windows if rng.random() < 0.5 else PLAIN)
    for line in imports:
        module.need(line)
    return expression


def hidden(project: Project, module: Module, depth: int) -> str:
    """A guard behind a name: a constant, a function, an attribute, here or in another module."""
    rng = project.rng
    shape = rng.choice(
        [
            "constant",
            "function",
            "elsewhere",
            "elsewhere function",
            "class attribute",
            "enum",
            "property",
            "cached",
            "dict",
            "walrus",
            "lambda",
            "tuple",
            "settings",
            "early return",
            "try import",
            "chained",
            "star",
            "default argument",
            "global flag",
        ]
    )
    project.feature(f"guard:{shape}")
    name = project.name("flag")
    if shape == "constant":
        module.define([f"{name} = {guard(project, module, depth)}"])
        return name
    if shape == "function":
        module.define([f"def {name}():", f"    return {guard(project, module, depth)}"])
        return f"{name}()"
    if shape == "early return":
        module.define(
            [f"def {name}():", f"    if {guard(project, module, depth)}:", "        return True", "    return False"]
        )
        return f"{name}()"
    if shape == "lambda":
        module.define([f"{name} = lambda: {guard(project, module, depth)}"])
        return f"{name}()"
    if shape == "elsewhere":
        other = project.beside(module, "consts")
        inner = guard(project, other, depth)
        other.body.append(f"{name} = {inner}")
        return imported(project, module, other, name)
    if shape == "star":
        other = project.beside(module, "consts")
        inner = guard(project, other, depth)
        other.body.append(f"{name} = {inner}")
        module.need(f"from {project.dotted(other)} import *")
        return name
    if shape == "elsewhere function":
        other = project.beside(module, "system")
        inner = guard(project, other, depth)
        other.body += [f"def {name}() -> bool:", '    """Tell about the platform."""', f"    return bool({inner})"]
        return imported(project, module, other, name) + "()"
    if shape == "class attribute":
        module.define([f"class {name.title()}:", f"    value = {guard(project, module, depth)}"])
        return f"{name.title()}.value"
    if shape == "settings":
        module.need("from dataclasses import dataclass")
        # A dataclass refuses a list or a set as a default.
        module.define(
            [
                "@dataclass",
                f"class {name.title()}:",
                f"    value: bool = bool({guard(project, module, depth)})",
                "",
                f"{name} = {name.title()}()",
            ]
        )
        return f"{name}.value"
    if shape == "enum":
        module.need("import enum")
        module.need("import sys")
        module.define([f"class {name.title()}(enum.Enum):", '    WINDOWS = "win32"', '    LINUX = "linux"'])
        return f"sys.platform == {name.title()}.WINDOWS.value"
    if shape == "property":
        module.define(
            [
                f"class {name.title()}:",
                "    @property",
                "    def value(self):",
                f"        return {guard(project, module, depth)}",
            ]
        )
        return f"{name.title()}().value"
    if shape == "cached":
        module.need("import functools")
        module.define(
            [
                rng.choice(["@functools.lru_cache(maxsize=None)", "@functools.lru_cache"]),
                f"def {name}():",
                f"    return {guard(project, module, depth)}",
            ]
        )
        return f"{name}()"
    if shape == "dict":
        module.define([f'{name} = {{"windows": {guard(project, module, depth)}, "other": False}}'])
        return f'{name}["windows"]'
    if shape == "tuple":
        module.define([f"{name}, _ = {guard(project, module, depth)}, None"])
        return name
    if shape == "walrus":
        return f"({name} := ({guard(project, module, depth)}))"
    if shape == "chained":
        module.need("import sys")
        return 'sys.platform == "win32" != "linux"'
    if shape == "default argument":
        module.define([f"def {name}(value={guard(project, module, depth)}):", "    return value"])
        return f"{name}()"
    if shape == "global flag":
        module.define(
            [
                f"{name} = False",
                "",
                f"def set_{name}():",
                f"    global {name}",
                f"    {name} = {guard(project, module, depth)}",
                "",
                f"set_{name}()",
            ]
        )
        return name
    module.define(
        [
            "try:",
            f"    import {rng.choice(['msvcrt', 'winreg', '_winapi', 'fcntl', 'pwd', 'winloop', 'uvloop'])}",
            f"    {name} = True",
            f"except {rng.choice(['ImportError', 'ModuleNotFoundError', 'Exception'])}:",
            f"    {name} = False",
        ]
    )
    return name


def imported(project: Project, module: Module, other: Module, name: str) -> str:
    """How `module` names something of `other`."""
    rng = project.rng
    dotted = project.dotted(other)
    shape = rng.choice(["from", "as", "module", "relative"])
    if (
        shape == "relative"
        and module.folder == other.folder
        and module.folder not in ("", project.source_folder.rstrip("/"))
        and module.path != project.entry
    ):
        stem = dotted.rpartition(".")[2]
        if rng.random() < 0.5:
            module.need(f"from .{stem} import {name}")
            return name
        module.need(f"from . import {stem}")
        return f"{stem}.{name}"
    if shape == "from":
        module.need(f"from {dotted} import {name}")
        return name
    if shape == "as":
        alias = project.name("alias")
        module.need(f"from {dotted} import {name} as {alias}")
        return alias
    module.need(f"import {dotted}")
    return f"{dotted}.{name}"
