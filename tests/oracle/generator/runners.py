"""The calls that start a loop."""

from __future__ import annotations

from .actions import action
from .control import block
from .guards import guard, imported
from .project import Module, Project, indent

APPLICATION = [
    "async def app(scope, receive, send):",
    '    if scope["type"] == "http":',
    '        await send({"type": "http.response.start", "status": 200, "headers": []})',
    '        await send({"type": "http.response.body", "body": b"ok"})',
]


def coroutine(project: Project, module: Module) -> str:
    """The name of a coroutine function that ends by itself."""
    rng = project.rng
    name = project.name("main")
    inner = ["await asyncio.sleep(0)"]
    module.need("import asyncio")
    if rng.random() < 0.12:
        inner += action_in_loop(project, module)
    if rng.random() < 0.08:
        other = project.name("nested")
        module.define([f"def {other}():", "    asyncio.run(asyncio.sleep(0))"])
        inner += [f"await asyncio.get_running_loop().run_in_executor(None, {other})"]
    module.define([f"async def {name}():", *indent(inner)])
    return name


def action_in_loop(project: Project, module: Module) -> list[str]:
    return ["asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())"]


def factory(project: Project, module: Module) -> str:
    rng = project.rng
    plain = [
        "asyncio.SelectorEventLoop",
        "asyncio.ProactorEventLoop",
        "asyncio.new_event_loop",
        "None",
        "lambda: asyncio.SelectorEventLoop()",
        "asyncio.EventLoop" if project.version >= (3, 13) else "asyncio.SelectorEventLoop",
    ]
    if rng.random() < 0.4:
        return f"{rng.choice(plain[:4])} if {guard(project, module)} else {rng.choice(plain[:4])}"
    return rng.choice(plain)


def asyncio_runner(project: Project, module: Module) -> list[str]:
    rng = project.rng
    main = coroutine(project, module)
    module.need("import asyncio")
    shapes = ["run"] * 6 + [
        "debug",
        "new",
        "new set",
        "get",
        "forever",
        "selector",
        "proactor",
        "policy",
        "new set",
        "gather",
        "wrapper",
        "set none",
        "class",
        "thread",
    ]
    if project.version >= (3, 11):
        shapes += ["runner", "runner", "runner factory", "runner manual", "runner between", "runner loop"]
    if project.version >= (3, 12):
        shapes += ["factory", "factory", "factory"]
    shape = rng.choice(shapes)
    project.feature(f"runner:{shape}")
    loop = project.name("loop")
    if shape == "run":
        return rng.choice(
            [
                [f"asyncio.run({main}())"],
                [f"asyncio.run({main}())"],
                [f"asyncio.run(main={main}())"],
                [f"result = asyncio.run({main}())"],
                ["try:", f"    asyncio.run({main}())", "except KeyboardInterrupt:", "    pass"],
                [f"from asyncio import run as {loop}", f"{loop}({main}())"],
            ]
        )
    if shape == "debug":
        return [f"asyncio.run({main}(), debug={rng.choice(['True', 'None', 'False'])})"]
    if shape == "new":
        return [
            f"{loop} = asyncio.new_event_loop()",
            "try:",
            f"    {loop}.run_until_complete({main}())",
            "finally:",
            f"    {loop}.close()",
        ]
    if shape == "new set":
        return [
            f"{loop} = asyncio.new_event_loop()",
            f"asyncio.set_event_loop({loop})",
            *(action(project, module) if rng.random() < 0.3 else []),
            rng.choice(
                [f"{loop}.run_until_complete({main}())", f"asyncio.get_event_loop().run_until_complete({main}())"]
            ),
        ]
    if shape == "get":
        return [
            "try:",
            f"    {loop} = asyncio.get_event_loop()",
            "except RuntimeError:",
            f"    {loop} = asyncio.new_event_loop()",
            f"{loop}.run_until_complete({main}())",
        ]
    if shape == "forever":
        return [f"{loop} = asyncio.new_event_loop()", f"{loop}.call_later(0.01, {loop}.stop)", f"{loop}.run_forever()"]
    if shape in ("selector", "proactor"):
        return [f"{loop} = asyncio.{shape.title()}EventLoop()", f"{loop}.run_until_complete({main}())"]
    if shape == "policy":
        return [f"{loop} = asyncio.get_event_loop_policy().new_event_loop()", f"{loop}.run_until_complete({main}())"]
    if shape == "gather":
        return [
            f"{loop} = asyncio.new_event_loop()",
            f"asyncio.set_event_loop({loop})",
            f"{loop}.create_task({main}())",
            f"{loop}.call_soon({loop}.stop)",
            f"{loop}.run_forever()",
        ]
    if shape == "wrapper":
        name = project.name("launch")
        module.define([f"def {name}(coro_function, **options):", "    return asyncio.run(coro_function(), **options)"])
        return [f"{name}({main})"]
    if shape == "set none":
        return ["asyncio.set_event_loop(None)", f"asyncio.run({main}())"]
    if shape == "class":
        name = project.name("Application")
        module.define(
            [
                f"class {name}:",
                "    def __init__(self):",
                "        self.loop = asyncio.new_event_loop()",
                "",
                "    def run(self):",
                f"        self.loop.run_until_complete({main}())",
            ]
        )
        return [
            f"application = {name}()",
            *(action(project, module) if rng.random() < 0.4 else []),
            "application.run()",
        ]
    if shape == "thread":
        module.need("import threading")
        name = project.name("serve")
        module.define([f"def {name}():", f"    asyncio.run({main}())"])
        return [f"{loop} = threading.Thread(target={name})", f"{loop}.start()", f"{loop}.join()"]
    if shape == "runner":
        return ["with asyncio.Runner() as runner:", f"    runner.run({main}())"]
    if shape == "runner factory":
        return [f"with asyncio.Runner(loop_factory={factory(project, module)}) as runner:", f"    runner.run({main}())"]
    if shape == "runner manual":
        return ["runner = asyncio.Runner()", *action(project, module), f"runner.run({main}())", "runner.close()"]
    if shape == "runner between":
        return ["with asyncio.Runner() as runner:", *indent(action(project, module)), f"    runner.run({main}())"]
    if shape == "runner loop":
        return [
            "with asyncio.Runner() as runner:",
            "    runner.get_loop()",
            *indent(action(project, module)),
            f"    runner.run({main}())",
        ]
    return [f"asyncio.run({main}(), loop_factory={factory(project, module)})"]


def process(project: Project, module: Module) -> list[str]:
    """Another process that runs a loop; only for the main module, below its main guard."""
    rng = project.rng
    shape = rng.choice(["process", "context", "pool", "executor", "subprocess"])
    project.feature(f"process:{shape}")
    worker = project.name("worker")
    if shape == "subprocess":
        module.need("import os")
        module.need("import subprocess")
        module.need("import sys")
        other = project.add("second.py")
        if not other.body:
            other.body += [*block(project, other, 1), *asyncio_runner(project, other)]
        return [
            f'subprocess.run([sys.executable, os.path.abspath("second.py")]{rng.choice(["", ", check=True"])})'
        ]
    holder = module if rng.random() < 0.6 else project.beside(module, "jobs")
    holder.need("import asyncio")
    run = asyncio_runner(project, holder)
    inner = block(project, holder, 1) if rng.random() < 0.3 else []
    holder.define([f"def {worker}(*args):", *indent([*inner, *run])])
    name = worker if holder is module else imported(project, module, holder, worker)
    module.need("import multiprocessing")
    child = project.name("child")
    if shape == "process":
        return [
            'multiprocessing.set_start_method("spawn", force=True)',
            f"{child} = multiprocessing.Process(target={name})",
            f"{child}.start()",
            f"{child}.join()",
        ]
    if shape == "context":
        return [
            f'{child} = multiprocessing.get_context("spawn").Process(target={name})',
            f"{child}.start()",
            f"{child}.join()",
        ]
    if shape == "pool":
        return ['with multiprocessing.get_context("spawn").Pool(1) as pool:', f"    pool.apply({name})"]
    module.need("from concurrent.futures import ProcessPoolExecutor")
    return [
        'with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:',
        f"    pool.submit({name}).result()",
    ]


def uvicorn_runner(project: Project, module: Module) -> list[str]:
    rng = project.rng
    module.need("import uvicorn")
    new = project.environment == "uvicorn-0.54"
    if rng.random() < 0.4:
        other = project.beside(module, "application")
        other.define(APPLICATION)
        if rng.random() < 0.4:
            other.body += block(project, other, 1)
        target = f'"{project.dotted(other)}:app"'
        if rng.random() < 0.4:
            target = imported(project, module, other, "app")
    else:
        module.define(APPLICATION)
        target = "app" if rng.random() < 0.7 else f'"{project.dotted(module)}:app"'
    loops = ['"none"', '"asyncio"', '"auto"'] + (
        ['"asyncio:SelectorEventLoop"', '"asyncio:ProactorEventLoop"', '"asyncio:new_event_loop"'] if new else []
    )
    loop = ""
    if rng.random() < 0.45:
        loop = f", loop={rng.choice(loops)}"
        if rng.random() < 0.3:
            loop = f", loop={rng.choice(loops)} if {guard(project, module)} else {rng.choice(loops)}"
    shape = rng.choice(["run", "run", "run", "server", "serve", "options", "reload", "workers", "subclass", "ruc"])
    project.feature(f"uvicorn:{shape}")
    if shape in ("reload", "workers") and not target.startswith('"'):
        target = target if shape == "run" else f'"{project.dotted(module)}:app"' if target == "app" else target
    if shape == "run" or not target.startswith('"') and shape in ("reload", "workers"):
        return [f"uvicorn.run({target}, port=8000{loop})"]
    if shape == "server":
        return [f"server = uvicorn.Server(uvicorn.Config({target}, port=8000{loop}))", "server.run()"]
    if shape == "subclass":
        name = project.name("Server")
        module.define([f"class {name}(uvicorn.Server):", "    def install_signal_handlers(self):", "        pass"])
        return [f"config = uvicorn.Config(app={target}, port=8000{loop})", f"{name}(config).run()"]
    if shape == "serve":
        module.need("import asyncio")
        return [f"config = uvicorn.Config({target}, port=8000{loop})", "asyncio.run(uvicorn.Server(config).serve())"]
    if shape == "ruc":
        module.need("import asyncio")
        return [
            "loop = asyncio.new_event_loop()",
            f"config = uvicorn.Config({target}, port=8000{loop})",
            "loop.run_until_complete(uvicorn.Server(config).serve())",
        ]
    if shape == "options":
        return [
            f'options = {{"port": 8000, "log_level": "info"{loop.replace("loop=", chr(34) + "loop" + chr(34) + ": ")}}}',
            f"uvicorn.run({target}, **options)",
        ]
    if shape == "reload":
        return [f"uvicorn.run({target}, port=8000, reload=True{loop})"]
    return [f"uvicorn.run({target}, port=8000, workers=2{loop})"]


def nicegui_runner(project: Project, module: Module) -> list[str]:
    rng = project.rng
    module.need("from nicegui import ui")
    module.define(['@ui.page("/")', "def page():", '    ui.label("hello")'])
    loops = ['"none"', '"asyncio"', '"auto"'] + (
        ['"asyncio:SelectorEventLoop"'] if project.environment == "nicegui-3" else []
    )
    loop = f", loop={rng.choice(loops)}" if rng.random() < 0.35 else ""
    if loop and rng.random() < 0.3:
        loop = f", loop={rng.choice(loops)} if {guard(project, module)} else {rng.choice(loops)}"
    reload = rng.choice([", reload=False", ", reload=False", ", reload=False", "", ", reload=True"])
    return [f"ui.run(port=8080, show=False{reload}{loop})"]


def other_runner(project: Project, module: Module) -> list[str]:
    rng = project.rng
    module.need("import asyncio")
    shape = rng.choice(
        [
            "hypercorn",
            "hypercorn ruc",
            "aiohttp",
            "aiohttp coroutine",
            "aiohttp loop",
            "apprunner",
            "anyio",
            "anyio options",
            "anyio factory",
            "tornado",
            "tornado asyncio",
            "quart",
            "quart task",
        ]
    )
    project.feature(f"other:{shape}")
    if shape.startswith("hypercorn"):
        module.need("from hypercorn.asyncio import serve")
        module.need("from hypercorn.config import Config")
        module.define(APPLICATION)
        head = ["config = Config()", 'config.bind = ["127.0.0.1:8000"]']
        if shape == "hypercorn":
            return [*head, "asyncio.run(serve(app, config))"]
        return [*head, "loop = asyncio.new_event_loop()", "loop.run_until_complete(serve(app, config))"]
    if shape.startswith("aiohttp") or shape == "apprunner":
        module.need("from aiohttp import web")
        module.define(["async def handle(request):", '    return web.Response(text="ok")'])
        make = ["application = web.Application()", 'application.router.add_get("/", handle)']
        if shape == "aiohttp":
            return [*make, "web.run_app(application, port=8080)"]
        if shape == "aiohttp loop":
            return [
                *make,
                "loop = asyncio.new_event_loop()",
                *(action(project, module) if rng.random() < 0.4 else []),
                "web.run_app(application, port=8080, loop=loop)",
            ]
        if shape == "aiohttp coroutine":
            module.define(["async def make_application():", *indent(make), "    return application"])
            return ["web.run_app(make_application(), port=8080)"]
        module.define(
            [
                "async def serve_forever():",
                *indent(make),
                "    runner = web.AppRunner(application)",
                "    await runner.setup()",
                '    await web.TCPSite(runner, "127.0.0.1", 8080).start()',
                "    await asyncio.Event().wait()",
            ]
        )
        return ["asyncio.run(serve_forever())"]
    if shape.startswith("anyio"):
        module.need("import anyio")
        main = coroutine(project, module)
        if shape == "anyio":
            return [f"anyio.run({main})"]
        if shape == "anyio options":
            return [f'anyio.run({main}, backend="asyncio", backend_options={{"use_uvloop": False}})']
        return [f'anyio.run({main}, backend_options={{"loop_factory": {factory(project, module)}}})']
    if shape.startswith("tornado"):
        module.need("import tornado.ioloop")
        module.need("import tornado.web")
        module.define(["class Handler(tornado.web.RequestHandler):", "    def get(self):", '        self.write("ok")'])
        make = [
            'application = tornado.web.Application([("/", Handler)])',
            'application.listen(8888, address="127.0.0.1")',
        ]
        if shape == "tornado":
            return [
                *make,
                *(action(project, module) if rng.random() < 0.3 else []),
                "tornado.ioloop.IOLoop.current().start()",
            ]
        module.define(["async def serve_forever():", *indent(make), "    await asyncio.Event().wait()"])
        return ["asyncio.run(serve_forever())"]
    module.need("from quart import Quart")
    module.define(["app = Quart(__name__)", "", '@app.route("/")', "async def index():", '    return "ok"'])
    return ["app.run(port=5000)"] if shape == "quart" else ["asyncio.run(app.run_task(port=5000))"]
