# chainlit 2.12.0 chainlit/cli/__init__.py:11,58-116 (1.0.0:8 as well): importing it applies nest_asyncio.
import asyncio
import nest_asyncio
import runpy

__shown__ = "chainlit.cli"

nest_asyncio.apply()


def run_chainlit(target):
    runpy.run_path(target, run_name="chainlit_app")

    async def start():
        pass

    asyncio.run(start())
