# What the programs of rules/commands.toml do with their arguments.
import _loopcheck as _l


# uvicorn 0.54.0 main.py:609; below 0.36 --loop is a closed choice (0.29.0 main.py:38).
def uvicorn(app=None, workers=None, loop="auto", reload=False, factory=False):
    import uvicorn

    if not _l.version_in("uvicorn", ">=0.36") and loop not in ("auto", "asyncio", "uvloop"):
        raise SystemExit(2)
    uvicorn.run(app, workers=workers, loop=loop, reload=reload, factory=factory)


# hypercorn 0.18.0 __main__.py:227-300, run.py:32-140
def hypercorn(application=None, workers=1, worker_class="asyncio", reload=False, config=None):
    from hypercorn.config import Config
    from hypercorn.run import run

    if config is not None:
        workers = _l.unknown("workers")
        worker_class = _l.unknown("worker_class")
    run(Config(application_path=application, workers=workers, worker_class=worker_class, use_reloader=reload))


# fastapi-cli 0.0.34 cli.py:284-299: no loop is passed on.
def fastapi_dev(app=None, entrypoint=None, reload=True):
    import uvicorn

    uvicorn.run(entrypoint or app, reload=reload)


def fastapi_run(app=None, entrypoint=None, reload=False, workers=None):
    import uvicorn

    uvicorn.run(entrypoint or app, reload=reload, workers=workers)


# gunicorn 27.0.1: a worker is a forked child; the sync, gthread and gevent ones have no asyncio loop.
def gunicorn(app=None, worker_class="sync", workers=1):
    loop = None
    if worker_class in ("uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornWorker"):
        loop = "auto"
    elif worker_class in ("uvicorn.workers.UvicornH11Worker", "uvicorn_worker.UvicornH11Worker"):
        loop = "asyncio"
    if loop is not None:
        _l.in_child(_gunicorn_worker, (app, loop), {})


def _gunicorn_worker(app, loop):
    import uvicorn

    uvicorn.run(app, loop=loop)


# granian 2.8.1 server/mp.py:91; a WSGI application has no loop.
def granian(app=None, interface="rsgi", loop="auto", workers=1, factory=False, reload=False):
    from granian import Granian

    if interface != "wsgi":
        Granian(app, interface=interface, loop=loop).serve()


# daphne 4.2.3 __init__.py:10-14, server.py:9,26: the policy, then a loop at import, then the application.
def daphne(app=None):
    import importlib

    import daphne.server

    if app is not None:
        importlib.import_module(app.partition(":")[0])
    daphne.server.Server(app).run()


# litestar 2.25.0 cli/commands/core.py:267-295: reload and workers go to a uvicorn of their own.
def litestar_run(app=None, reload=False, reload_dir=None, workers=1):
    import uvicorn

    uvicorn.run(app, reload=reload or reload_dir is not None, workers=workers)


# chainlit 2.12.0 cli/__init__.py:7-115: the file is imported first, then asyncio.run.
def chainlit_run(app=None):
    import asyncio
    import importlib

    import nest_asyncio

    nest_asyncio.apply()
    if app is not None:
        importlib.import_module(app)
    asyncio.run(_serve())


async def _serve():
    pass


# streamlit 1.56.0 web/bootstrap.py:85-114,408; from 1.57 on the policy is left alone.
def streamlit_run(script=None):
    import asyncio
    import sys

    if sys.platform == "win32" and not _l.version_in("streamlit", ">=1.57"):
        _l.framework("streamlit")
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        _l.framework(None)
    asyncio.run(_serve())


async def serve(module):
    """A server's coroutine, which imports its application when it is awaited."""
    _l.import_module(module)
