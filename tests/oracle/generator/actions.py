"""Single steps that change which loop comes next."""

from __future__ import annotations

from .guards import guard
from .project import Module, Project


def action(project: Project, module: Module) -> list[str]:
    """Statements with an effect on the policy, on the current loop, or on none of them."""
    rng = project.rng
    names = [name for name, weight in WEIGHTS for _ in range(weight)]
    name = rng.choice(names)
    project.feature(f"action:{name}")
    return globals()["do_" + name](project, module)


WEIGHTS = [
    ("selector", 12),
    ("proactor", 3),
    ("reset", 2),
    ("default", 2),
    ("subclass", 3),
    ("getattr", 3),
    ("alias", 3),
    ("conditional", 3),
    ("class_name", 2),
    ("set_loop", 3),
    ("early_run", 3),
    ("early_loop", 2),
    ("get_loop", 1),
    ("save_restore", 2),
    ("patch", 2),
    ("noise", 2),
    ("with_loop_set", 2),
    ("policy_object", 2),
    ("child_watcher", 1),
    ("try_attribute", 2),
    ("partial", 1),
    ("map", 1),
    ("setattr", 1),
    ("dispatch", 2),
    ("delete", 1),
    ("instance_factory", 1),
    ("swap_setter", 1),
    ("import_windows_events", 1),
    ("star_call", 1),
]


def do_selector(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"]


def do_proactor(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["asyncio.set_event_loop_policy(asyncio.WindowsProactorEventLoopPolicy())"]


def do_reset(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["asyncio.set_event_loop_policy(None)"]


def do_default(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())"]


def do_subclass(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    rng = project.rng
    name = project.name("Policy")
    base = rng.choice(
        [
            "asyncio.WindowsSelectorEventLoopPolicy",
            "asyncio.WindowsProactorEventLoopPolicy",
            "asyncio.DefaultEventLoopPolicy",
        ]
    )
    body = rng.choice(
        [
            ["    pass"],
            ["    _loop_factory = asyncio.SelectorEventLoop"],
            ["    _loop_factory = asyncio.ProactorEventLoop"],
            ["    def new_event_loop(self):", "        return asyncio.SelectorEventLoop()"],
            ["    def new_event_loop(self):", "        return super().new_event_loop()"],
            [
                "    def new_event_loop(self):",
                "        loop = asyncio.ProactorEventLoop()",
                "        loop.set_debug(False)",
                "        return loop",
            ],
            [
                "    def __init__(self):",
                "        super().__init__()",
                "        self._loop_factory = asyncio.SelectorEventLoop",
            ],
            ["    def get_event_loop(self):", "        return self.new_event_loop()"],
        ]
    )
    return [f"class {name}({base}):", *body, f"asyncio.set_event_loop_policy({name}())"]


def do_getattr(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("policy")
    return [
        f'{name} = getattr(asyncio, "Windows{project.rng.choice(["Selector", "Proactor", "Selector"])}EventLoopPolicy", None)',
        f"if {name}{project.rng.choice(['', ' is not None'])}:",
        f"    asyncio.set_event_loop_policy({name}())",
    ]


def do_alias(project: Project, module: Module) -> list[str]:
    rng = project.rng
    setter, policy = project.name("setter"), project.name("Chosen")
    module.need(rng.choice(["import asyncio", "import asyncio as aio"]))
    top = "aio" if "import asyncio as aio" in module.imports and "import asyncio" not in module.imports else "asyncio"
    return rng.choice(
        [
            [
                f"from asyncio import set_event_loop_policy as {setter}, WindowsSelectorEventLoopPolicy as {policy}",
                f"{setter}({policy}())",
            ],
            [
                f"{setter} = {top}.set_event_loop_policy",
                f"{policy} = {top}.WindowsSelectorEventLoopPolicy",
                f"{setter}({policy}())",
            ],
            [
                f"import asyncio.events as {setter}",
                f"{setter}.set_event_loop_policy({top}.WindowsSelectorEventLoopPolicy())",
            ],
            [
                f"{setter}, {policy} = {top}.set_event_loop_policy, {top}.WindowsSelectorEventLoopPolicy()",
                f"{setter}({policy})",
            ],
            [
                f"import asyncio as {setter}",
                f"{setter}.set_event_loop_policy(policy={setter}.WindowsSelectorEventLoopPolicy())",
            ],
        ]
    )


def do_conditional(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    test = guard(project, module)
    return project.rng.choice(
        [
            [f"asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy() if {test} else None)"],
            [
                f"asyncio.set_event_loop_policy((asyncio.WindowsSelectorEventLoopPolicy if {test} else asyncio.DefaultEventLoopPolicy)())"
            ],
            [f"({test}) and asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"],
            [f"({test}) or asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"],
            [f"asyncio.set_event_loop_policy(({test}) and asyncio.WindowsSelectorEventLoopPolicy() or None)"],
        ]
    )


def do_class_name(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("kind")
    return [
        f'{name} = "{project.rng.choice(["Selector", "Proactor"])}"',
        f"asyncio.set_event_loop_policy(getattr(asyncio, {project.rng.choice([f'f{chr(34)}Windows{{{name}}}EventLoopPolicy{chr(34)}', f'{chr(34)}Windows{chr(34)} + {name} + {chr(34)}EventLoopPolicy{chr(34)}', f'{chr(34)}Windows%sEventLoopPolicy{chr(34)} % {name}'])})())",
    ]


def do_set_loop(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    loop = project.rng.choice(
        [
            "asyncio.SelectorEventLoop()",
            "asyncio.new_event_loop()",
            "asyncio.ProactorEventLoop()",
            "asyncio.get_event_loop_policy().new_event_loop()",
            "None",
        ]
    )
    return [f"asyncio.set_event_loop({loop})"]


def do_early_run(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["asyncio.run(asyncio.sleep(0))"]


def do_early_loop(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("early")
    return [f"{name} = asyncio.new_event_loop()", f"{name}.run_until_complete(asyncio.sleep(0))", f"{name}.close()"]


def do_get_loop(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("current")
    return [
        "try:",
        f"    {name} = asyncio.get_event_loop()",
        "except RuntimeError:",
        f"    {name} = asyncio.new_event_loop()",
        f"    asyncio.set_event_loop({name})",
    ]


def do_save_restore(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("saved")
    return [
        f"{name} = asyncio.get_event_loop_policy()",
        *action(project, module),
        *([f"asyncio.set_event_loop_policy({name})"] if project.rng.random() < 0.6 else []),
    ]


def do_patch(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return project.rng.choice(
        [
            ["asyncio.ProactorEventLoop = asyncio.SelectorEventLoop"],
            ["asyncio.new_event_loop = asyncio.SelectorEventLoop"],
            ["asyncio.WindowsProactorEventLoopPolicy = asyncio.WindowsSelectorEventLoopPolicy"],
            ["asyncio.WindowsProactorEventLoopPolicy._loop_factory = asyncio.SelectorEventLoop"],
            ["asyncio.DefaultEventLoopPolicy = asyncio.WindowsSelectorEventLoopPolicy"],
            ["asyncio.events.new_event_loop = asyncio.SelectorEventLoop"],
            ["asyncio.set_event_loop_policy = lambda policy: None"],
            ["asyncio.SelectorEventLoop = asyncio.ProactorEventLoop"],
        ]
    )


def do_noise(project: Project, module: Module) -> list[str]:
    rng = project.rng
    name = project.name("value")
    module.need("import logging")
    return rng.choice(
        [
            [f"{name} = [item * 2 for item in range(3)]"],
            ['logging.getLogger(__name__).debug("started")'],
            [f'{name} = {{"a": 1, **{{"b": 2}}}}'],
            [f"{name} = sum(range(10)) % 7"],
            ["pass"],
        ]
    )


def do_with_loop_set(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("loop")
    maker = project.rng.choice(
        ["asyncio.new_event_loop()", "asyncio.SelectorEventLoop()", "asyncio.ProactorEventLoop()"]
    )
    return [f"{name} = {maker}", f"asyncio.set_event_loop({name})", f"{name}.run_until_complete(asyncio.sleep(0))"]


def do_policy_object(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("policy")
    return project.rng.choice(
        [
            [f"{name} = asyncio.WindowsSelectorEventLoopPolicy()", f"asyncio.set_event_loop({name}.new_event_loop())"],
            [
                f"{name} = asyncio.WindowsSelectorEventLoopPolicy()",
                f"{name}._loop_factory = asyncio.ProactorEventLoop",
                f"asyncio.set_event_loop_policy({name})",
            ],
            [
                f"{name} = asyncio.WindowsSelectorEventLoopPolicy()",
                f"asyncio.set_event_loop_policy({name})",
                f"{name}.set_event_loop({name}.new_event_loop())",
            ],
            ["asyncio.get_event_loop_policy()._loop_factory = asyncio.SelectorEventLoop"],
            [f"{name} = asyncio.WindowsSelectorEventLoopPolicy", f"asyncio.set_event_loop_policy({name}())"],
        ]
    )


def do_child_watcher(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("policy")
    return [
        "try:",
        "    asyncio.get_child_watcher()",
        f"except {project.rng.choice(['NotImplementedError', '(NotImplementedError, AttributeError)', 'Exception'])}:",
        f"    {name} = asyncio.WindowsSelectorEventLoopPolicy()",
        f"    asyncio.set_event_loop_policy({name})",
    ]


def do_try_attribute(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    handler = project.rng.choice(["AttributeError", "Exception", "(AttributeError, ImportError)", "BaseException"])
    policy = project.name("Policy")
    return project.rng.choice(
        [
            [
                "try:",
                "    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())",
                f"except {handler}:",
                "    pass",
            ],
            [
                "try:",
                f"    from asyncio import WindowsSelectorEventLoopPolicy as {policy}",
                f"except {project.rng.choice(['ImportError', 'Exception'])}:",
                f"    {policy} = None",
                "else:",
                f"    asyncio.set_event_loop_policy({policy}())",
            ],
            [
                "try:",
                "    asyncio.set_event_loop_policy(asyncio.NoSuchPolicy())",
                f"except {handler}:",
                "    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())",
            ],
            [
                "try:",
                "    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy)",
                "except (TypeError, AssertionError):",
                "    pass",
            ],
        ]
    )


def do_partial(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    module.need("import functools")
    name = project.name("apply")
    return [
        f"{name} = functools.partial(asyncio.set_event_loop_policy, asyncio.WindowsSelectorEventLoopPolicy())",
        f"{name}()",
    ]


def do_map(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return project.rng.choice(
        [
            ["list(map(asyncio.set_event_loop_policy, [asyncio.WindowsSelectorEventLoopPolicy()]))"],
            ["map(asyncio.set_event_loop_policy, [asyncio.WindowsSelectorEventLoopPolicy()])"],
            ["[asyncio.set_event_loop_policy(policy()) for policy in (asyncio.WindowsSelectorEventLoopPolicy,)]"],
            ["(asyncio.set_event_loop_policy(policy()) for policy in (asyncio.WindowsSelectorEventLoopPolicy,))"],
            [
                "for policy in (asyncio.WindowsSelectorEventLoopPolicy, asyncio.WindowsProactorEventLoopPolicy):",
                "    asyncio.set_event_loop_policy(policy())",
            ],
            ["any(asyncio.set_event_loop_policy(policy()) for policy in (asyncio.WindowsSelectorEventLoopPolicy,))"],
        ]
    )


def do_setattr(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ['setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop)']


def do_dispatch(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    module.need("import sys")
    name = project.name("setup")
    return project.rng.choice(
        [
            [
                f'{name} = {{"win32": lambda: asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())}}',
                f"{name}.get(sys.platform, lambda: None)()",
            ],
            [
                f'{name} = {{"win32": "WindowsSelectorEventLoopPolicy"}}.get(sys.platform, "DefaultEventLoopPolicy")',
                f"asyncio.set_event_loop_policy(getattr(asyncio, {name})())",
            ],
            [
                f"def {name}():",
                "    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())",
                f'if sys.platform in (table := {{"win32": {name}}}):',
                "    table[sys.platform]()",
            ],
            [
                f'{name} = {{"win32": asyncio.WindowsSelectorEventLoopPolicy}}',
                "try:",
                f"    asyncio.set_event_loop_policy({name}[sys.platform]())",
                "except KeyError:",
                "    pass",
            ],
        ]
    )


def do_delete(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return ["policy_to_drop = asyncio.WindowsSelectorEventLoopPolicy()", "del policy_to_drop"]


def do_instance_factory(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("make_policy")
    test = guard(project, module)
    return [
        f"def {name}():",
        f"    if {test}:",
        "        return asyncio.WindowsSelectorEventLoopPolicy()",
        "    return asyncio.DefaultEventLoopPolicy()",
        f"asyncio.set_event_loop_policy({name}())",
    ]


def do_swap_setter(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    name = project.name("original")
    return [
        f"{name} = asyncio.set_event_loop_policy",
        "asyncio.set_event_loop_policy = lambda policy: None",
        *action(project, module),
        f"asyncio.set_event_loop_policy = {name}",
    ]


def do_import_windows_events(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return [
        "from asyncio.windows_events import WindowsSelectorEventLoopPolicy",
        "asyncio.set_event_loop_policy(WindowsSelectorEventLoopPolicy())",
    ]


def do_star_call(project: Project, module: Module) -> list[str]:
    module.need("import asyncio")
    return project.rng.choice(
        [
            ["asyncio.set_event_loop_policy(*[asyncio.WindowsSelectorEventLoopPolicy()])"],
            ['asyncio.set_event_loop_policy(**{"policy": asyncio.WindowsSelectorEventLoopPolicy()})'],
        ]
    )
