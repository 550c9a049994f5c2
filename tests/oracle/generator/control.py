"""What stands around a step: branches, functions, modules, threads, handlers."""

from __future__ import annotations

from .actions import action
from .guards import guard, imported
from .project import Module, Project, indent


def block(project: Project, module: Module, depth: int) -> list[str]:
    """One to three statements for `module`."""
    count = project.rng.choice([1, 1, 1, 2, 2, 3])
    return [line for _ in range(count) for line in statement(project, module, depth)]


def statement(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    if depth <= 0 or rng.random() < 0.18:
        return action(project, module)
    shapes = [shape for shape, weight in SHAPES for _ in range(weight)]
    shape = rng.choice(shapes)
    project.feature(f"control:{shape.__name__}")
    return shape(project, module, depth - 1)


def branch(project: Project, module: Module, depth: int) -> list[str]:
    test = guard(project, module)
    lines = [f"if {test}:", *indent(block(project, module, depth))]
    if project.rng.random() < 0.3:
        lines += [f"elif {guard(project, module)}:", *indent(block(project, module, depth))]
    if project.rng.random() < 0.3:
        lines += ["else:", *indent(block(project, module, depth))]
    return lines


def inverse(project: Project, module: Module, depth: int) -> list[str]:
    test = guard(project, module)
    return [f"if {test}:", "    pass", "else:", *indent(block(project, module, depth))]


def matching(project: Project, module: Module, depth: int) -> list[str]:
    if project.version < (3, 10):
        return branch(project, module, depth)
    rng = project.rng
    module.need("import sys")
    subject, case = rng.choice(
        [
            ("sys.platform", '"win32"'),
            ("sys.platform", '"win32" | "cygwin"'),
            ("sys.platform", 'name if name.startswith("win")'),
            ("sys.platform", '"linux" | "darwin"'),
            ("(sys.platform, sys.version_info[0])", '("win32", 3)'),
            ("sys.version_info[:2]", "(3, minor) if minor >= 11"),
            ('{"os": sys.platform}', '{"os": "win32"}'),
            ("sys.platform", "str()"),
            ("[sys.platform]", '["win32", *_]'),
            ("sys.platform == 'win32'", "True"),
        ]
    )
    return [
        f"match {subject}:",
        f"    case {case}:",
        *indent(block(project, module, depth), 2),
        "    case _:",
        *indent(block(project, module, depth) if rng.random() < 0.4 else ["pass"], 2),
    ]


def function(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    name = project.name("setup")
    inner = block(project, module, depth)
    if rng.random() < 0.5:
        inner = [f"if {guard(project, module)}:", f"    return{rng.choice(['', ' None', ' False'])}", *inner]
    if rng.random() < 0.2:
        inner = ['"""Prepare the loop."""', *inner]
    module.define([f"def {name}():", *indent(inner)])
    return rng.choice(
        [
            [f"{name}()"],
            [f"{name}()"],
            [f"_ = {name}()"],
            ["for _ in range(1):", f"    {name}()"],
            [f"(lambda: {name}())()"],
        ]
    )


def parameter(project: Project, module: Module, depth: int) -> list[str]:
    """A function that is told by an argument what to do."""
    rng = project.rng
    name = project.name("configure")
    test = guard(project, module)
    inner = block(project, module, depth)
    signature, call = rng.choice(
        [
            ("enabled", f"{name}({test})"),
            ("enabled=False", f"{name}(enabled={test})"),
            ("*, enabled=True", f"{name}(enabled=bool({test}))"),
            ("enabled=True", f"{name}()"),
            ("*args, enabled=True", f"{name}(1, 2, enabled={test})"),
            ("enabled, /", f"{name}({test})"),
        ]
    )
    module.define([f"def {name}({signature}):", "    if enabled:", *indent(inner, 2)])
    return [call]


def other_module(project: Project, module: Module, depth: int) -> list[str]:
    """The block runs when another module is imported."""
    other = project.beside(module, "side")
    other.body += block(project, other, depth)
    return import_lines(project, module, other)


def import_lines(project: Project, module: Module, other: Module) -> list[str]:
    rng = project.rng
    dotted = project.dotted(other)
    parent, _, stem = dotted.rpartition(".")
    ways = [[f"import {dotted}"], [f"import {dotted} as {project.name('mod')}"]]
    if parent:
        ways += [[f"from {parent} import {stem}"]] * 2
    if parent and module.folder == other.folder and module.path != project.entry:
        ways += [[f"from . import {stem}"]] * 3
    if rng.random() < 0.25:
        module.need("import importlib")
        ways = [[f'importlib.import_module("{dotted}")'], [f'__import__("{dotted}")']]
    if rng.random() < 0.12:
        ways = [["try:", f"    import {dotted}", "except ImportError:", "    pass"]]
    return rng.choice(ways)


def package_init(project: Project, module: Module, depth: int) -> list[str]:
    """The block runs in the `__init__.py` of a package whose submodule is imported."""
    name = project.name("package")
    folder = project.source_folder + name
    init = project.add(f"{folder}/__init__.py")
    other = project.add(f"{folder}/inner.py")
    rng = project.rng
    other.body += ["VALUE = 1"]
    init.body += block(project, init, depth)
    if rng.random() < 0.5:
        init.body += [
            rng.choice(
                [
                    "from .inner import VALUE",
                    "from . import inner",
                    f"from {name}.inner import VALUE",
                    "from .inner import *",
                ]
            )
        ]
    return rng.choice(
        [
            [f"import {name}.inner"],
            [f"from {name}.inner import VALUE"],
            [f"from {name} import inner"],
            [f"import {name}"],
        ]
    )


def other_function(project: Project, module: Module, depth: int) -> list[str]:
    other = project.beside(module, "tools")
    name = project.name("install")
    inner = block(project, other, depth)
    if project.rng.random() < 0.4:
        inner = [f"if {guard(project, other)}:", "    return", *inner]
    other.define([f"def {name}():", *indent(inner)])
    if project.rng.random() < 0.3:
        dotted = project.dotted(other)
        return [f"from {dotted} import {name}", f"{name}()"]
    return [imported(project, module, other, name) + "()"]


def handler(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    inner = block(project, module, depth)
    failing = rng.choice(
        [
            "raise ValueError('x')",
            "int('x')",
            "{}['missing']",
            "from asyncio import NoSuchName",
            "asyncio.NoSuchName",
            "[][0]",
            "1 / 0",
            "assert False, 'never'",
            "None.upper()",
            "next(iter(()))",
        ]
    )
    module.need("import asyncio")
    caught = rng.choice(
        [
            "Exception",
            "BaseException",
            "(ValueError, KeyError, ImportError, AttributeError, LookupError, ArithmeticError, AssertionError, StopIteration)",
        ]
    )
    return rng.choice(
        [
            ["try:", *indent(inner), f"except {caught}:", "    pass"],
            ["try:", f"    {failing}", f"except {caught}:", *indent(inner)],
            ["try:", f"    {failing}", *indent(inner), f"except {caught}:", "    pass"],
            ["try:", *indent(inner), "finally:", *indent(action(project, module))],
            ["try:", "    pass", f"except {caught}:", *indent(inner), "else:", *indent(action(project, module))],
            [
                "try:",
                "    try:",
                f"        {failing}",
                "    finally:",
                *indent(inner, 2),
                f"except {caught}:",
                "    pass",
            ],
            [
                "try:",
                f"    {failing}",
                "except OSError:",
                *indent(inner),
                f"except {caught}:",
                *indent(action(project, module)),
            ],
        ]
    )


def suppressed(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    module.need("import contextlib")
    inner = block(project, module, depth)
    first = rng.choice([[], [], ["raise ValueError"], ["int('y')"]])
    return [
        f"with contextlib.suppress({rng.choice(['Exception', 'AttributeError, ValueError', 'ValueError', 'BaseException'])}):",
        *indent([*first, *inner]),
    ]


def loop_statement(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    inner = block(project, module, depth)
    name = project.name("item")
    module.need("import sys")
    return rng.choice(
        [
            [f"for {name} in (1, 2):", *indent(inner)],
            [f"for {name} in ():", *indent(inner)],
            ["while True:", *indent(inner), "    break"],
            [
                f'for {name} in ("win32", "cygwin"):',
                f"    if sys.platform == {name}:",
                *indent(inner, 2),
                "        break",
            ],
            [
                f'for {name} in ("win32", "cygwin"):',
                f"    if sys.platform != {name}:",
                "        continue",
                *indent(inner),
            ],
            [f"for {name} in range(3):", f"    if {name} == 1:", *indent(inner, 2)],
            [f"for {name} in []:", "    break", "else:", *indent(inner)],
            [f"{name} = 0", f"while {name} < 2:", f"    {name} += 1", *indent(inner)],
        ]
    )


def class_shape(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    name = project.name("Setup")
    inner = block(project, module, depth)
    module.define(["class Base" + name + ":", "    done = False"])
    head, call = rng.choice(
        [
            (["def __init__(self):"], [f"{name}()"]),
            (["def apply(self):"], [f"{name}().apply()"]),
            (["@classmethod", "def apply(cls):"], [f"{name}.apply()"]),
            (["@staticmethod", "def apply():"], [f"{name}.apply()"]),
            (["@property", "def applied(self):"], [f"{name}().applied"]),
            (["def __call__(self):"], [f"{name}()()"]),
            (["def __enter__(self):"], [f"with {name}():", "    pass"]),
            (["def __init_subclass__(cls):"], [f"class Child{name}({name}):", "    pass"]),
            (["def __new__(cls):"], [f"{name}()"]),
            (["def __bool__(self):"], [f"if {name}():", "    pass"]),
            (["def __getattr__(self, attribute):"], [f"{name}().anything"]),
            (["def __post_init__(self):"], [f"{name}()"]),
            (["def __iter__(self):"], [f"for _ in {name}():", "    pass"]),
            (["def __set_name__(self, owner, name):"], [f"class Owner{name}:", f"    field = {name}()"]),
        ]
    )
    extra = ["    def __exit__(self, *exc):", "        return False"] if "__enter__" in head[0] else []
    tail = []
    if "__new__" in head[0]:
        tail = ["return super().__new__(cls)"]
    if "__bool__" in head[0]:
        tail = ["return True"]
    if "__iter__" in head[0]:
        tail = ["return iter(())"]
    decorator = []
    if "__post_init__" in head[0]:
        module.need("import dataclasses")
        decorator = ["@dataclasses.dataclass"]
        extra = []
    module.define([*decorator, f"class {name}(Base{name}):", *indent(head), *indent([*inner, *tail], 2), *extra])
    return call


def class_body(project: Project, module: Module, depth: int) -> list[str]:
    return [f"class {project.name('Config')}:", *indent(block(project, module, depth))]


def decorator(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    name, target = project.name("prepared"), project.name("job")
    module.need("import functools")
    inner = block(project, module, depth)
    if rng.random() < 0.4:
        module.define([f"def {name}(wrapped):", *indent(inner), "    return wrapped"])
        return [f"@{name}", f"def {target}():", "    pass"]
    module.define(
        [
            f"def {name}(wrapped):",
            "    @functools.wraps(wrapped)",
            "    def wrapper(*args, **kwargs):",
            *indent(inner, 2),
            "        return wrapped(*args, **kwargs)",
            "    return wrapper",
        ]
    )
    return [f"@{name}", f"def {target}():", "    return 1", *([f"{target}()"] if rng.random() < 0.8 else [])]


def context(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    name = project.name("scope")
    module.need("import contextlib")
    inner = block(project, module, depth)
    module.define(
        [
            "@contextlib.contextmanager",
            f"def {name}():",
            *rng.choice(
                [
                    [*indent(inner), "    yield"],
                    ["    yield", *indent(inner)],
                    ["    try:", "        yield", "    finally:", *indent(inner, 2)],
                ]
            ),
        ]
    )
    return [f"with {name}():", *indent(action(project, module))]


def generator(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    name = project.name("steps")
    inner = block(project, module, depth)
    module.define([f"def {name}():", *rng.choice([[*indent(inner), "    yield 1"], ["    yield 1", *indent(inner)]])])
    return rng.choice(
        [
            [f"list({name}())"],
            [f"next({name}())"],
            [f"{name}()"],
            [f"for _ in {name}():", "    pass"],
            [f"for _ in {name}():", "    break"],
        ]
    )


def thread(project: Project, module: Module, depth: int) -> list[str]:
    rng = project.rng
    module.need("import threading")
    name = project.name("in_thread")
    module.define([f"def {name}():", *indent(block(project, module, depth))])
    if rng.random() < 0.3:
        module.need("from concurrent.futures import ThreadPoolExecutor")
        return ["with ThreadPoolExecutor(1) as pool:", f"    pool.submit({name})"]
    variable = project.name("thread")
    return [f"{variable} = threading.Thread(target={name})", f"{variable}.start()", f"{variable}.join()"]


def uncalled(project: Project, module: Module, depth: int) -> list[str]:
    """A function that nobody calls."""
    module.define([f"def {project.name('unused')}():", *indent(block(project, module, depth))])
    return ["pass"]


def main_guard(project: Project, module: Module, depth: int) -> list[str]:
    return ['if __name__ == "__main__":', *indent(block(project, module, depth))]


def closure(project: Project, module: Module, depth: int) -> list[str]:
    name = project.name("factory")
    inner = block(project, module, depth)
    module.define([f"def {name}():", "    def inner():", *indent(inner, 2), "    return inner"])
    return project.rng.choice([[f"{name}()()"], [f"{name}()"], [f"{name.upper()} = {name}()", f"{name.upper()}()"]])


def registry(project: Project, module: Module, depth: int) -> list[str]:
    """Functions in a list that are called one after the other."""
    name = project.name("hooks")
    target = project.name("hook")
    module.define([f"{name} = []"])
    module.define([f"@{name}.append", f"def {target}():", *indent(block(project, module, depth))])
    return [f"for hook in {name}:", "    hook()"]


def exits(project: Project, module: Module, depth: int) -> list[str]:
    module.need("import sys")
    rng = project.rng
    return [
        f"if {rng.choice(['sys.platform == chr(120)', 'sys.platform not in (chr(97),) and False', 'sys.version_info < (3, 7)'])}:",
        rng.choice(["    sys.exit(1)", "    raise SystemExit", "    raise RuntimeError('too old')"]),
        *block(project, module, depth),
    ]


def star_module(project: Project, module: Module, depth: int) -> list[str]:
    """A module imported twice runs once."""
    other = project.beside(module, "once")
    other.body += block(project, other, depth)
    lines = import_lines(project, module, other)
    return [*lines, *action(project, module), *import_lines(project, module, other)]


def reload_module(project: Project, module: Module, depth: int) -> list[str]:
    """A module that is run again."""
    other = project.beside(module, "again")
    other.body += block(project, other, depth)
    module.need("import importlib")
    name = project.name("again_module")
    return [
        f'{name} = importlib.import_module("{project.dotted(other)}")',
        *action(project, module),
        f"importlib.reload({name})",
    ]


SHAPES = [
    (branch, 14),
    (inverse, 3),
    (matching, 5),
    (function, 9),
    (parameter, 5),
    (other_module, 8),
    (package_init, 3),
    (other_function, 8),
    (handler, 8),
    (suppressed, 4),
    (loop_statement, 5),
    (class_shape, 6),
    (class_body, 1),
    (decorator, 3),
    (context, 4),
    (generator, 3),
    (thread, 3),
    (uncalled, 2),
    (main_guard, 2),
    (closure, 3),
    (registry, 2),
    (exits, 2),
    (star_module, 1),
    (reload_module, 1),
]
