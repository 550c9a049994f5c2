#!/usr/bin/env python3
"""Times loopcheck beside ripgrep and ruff.

    benches/compare.py TREE ...            ratios on trees that lie around
    benches/compare.py --growth 1000 5000  seconds and memory on made-up projects of so many modules

All tools take turns in every round, so that a busy machine slows all of them; what is printed is the
median of the rounds, and the ratio of loopcheck to each. Other ratios than those of one run mean nothing.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
WORDS = "asyncio|nicegui|uvicorn"
# Without these, rg leaves out hidden folders and does not leave out installed packages.
SAME_FILES = ["--hidden", "-g", "*.py", "-g", "!site-packages", "-g", "!.git", "."]


def run(command, cwd):
    """Seconds of wall time, and the peak of the memory in MiB."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    # Each of these tools has 0 and 1 for what it found or did not find.
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))} failed in {cwd}: {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def listed(command, cwd):
    """The Python files that a tool says it looks at, relative to the tree."""
    text = subprocess.run(command, cwd=cwd, capture_output=True, text=True).stdout
    paths = (pathlib.PurePath(line.strip()) for line in text.splitlines())
    inside = (path.relative_to(cwd) if path.is_absolute() else path for path in paths if path.suffix == ".py")
    return {path.as_posix().removeprefix("./") for path in inside}


def tools(binary, cache):
    return {
        "loopcheck": [binary, "."],
        "rg": ["rg", "-c", WORDS, *SAME_FILES],
        "ruff": ["ruff", "check", "--no-cache", "--select", "ASYNC", "."],
        "ruff warm": ["ruff", "check", "--cache-dir", cache, "--select", "ASYNC", "."],
    }


def compare(tree, binary, rounds):
    tree = pathlib.Path(tree).resolve()
    files = {
        "loopcheck": listed([binary, "--show-files", "."], tree),
        "rg": listed(["rg", "--files", *SAME_FILES], tree),
        "ruff": listed(["ruff", "check", "--show-files", "."], tree),
    }
    for tool in ("rg", "ruff"):
        apart = files["loopcheck"] ^ files[tool]
        if apart:
            print(f"  {tool} and loopcheck differ in {len(apart)} files, such as {min(apart)}")
    with tempfile.TemporaryDirectory() as cache:
        commands = tools(binary, cache)
        # The first round fills the caches, and does not count.
        measured = [{tool: run(command, tree) for tool, command in commands.items()} for _ in range(rounds + 1)]
    seconds = {tool: statistics.median(one[tool][0] for one in measured[1:]) for tool in commands}
    peak = max(one["loopcheck"][1] for one in measured)
    ours = seconds["loopcheck"]
    others = "".join(f"{ours / seconds[tool]:>11.2f}" for tool in ("rg", "ruff", "ruff warm"))
    print(f"{tree.name[:30]:<30}{len(files['loopcheck']):>8}{ours:>9.3f}{peak:>8.0f}{others}", flush=True)


def make_project(folder, modules):
    """Packages of twenty modules: one module in ten imports its neighbour's package, one in fifty starts a loop."""
    (folder / "pyproject.toml").write_text('[project]\nname = "grown"\nrequires-python = ">=3.12"\n')
    for number in range(modules):
        package = folder / f"p{number // 20}"
        if number % 20 == 0:
            package.mkdir()
            (package / "__init__.py").write_text("")
        lines = ["import json", "import os", ""]
        if number % 10 == 3 and number >= 20:
            lines.insert(2, f"from p{number // 20 - 1} import m{number - 20}")
        for function in range(8):
            lines += ["", f"def f{function}(value):", "    return json.dumps([value, os.sep])", ""]
        if number % 50 == 7:
            lines += ["", "if __name__ == '__main__':", "    import asyncio", "", "    async def main():"]
            lines += ["        f0(1)", "", "    asyncio.run(main())", ""]
        (package / f"m{number}.py").write_text("\n".join(lines))


def grow(sizes, binary, rounds):
    print(f"{'modules':>10}{'seconds':>10}{'MiB':>8}{'us/module':>11}{'x rg':>8}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make_project(pathlib.Path(folder), size)
            commands = {tool: command for tool, command in tools(binary, "").items() if not tool.startswith("ruff")}
            measured = [{tool: run(command, folder) for tool, command in commands.items()} for _ in range(rounds + 1)]
            ours = statistics.median(one["loopcheck"][0] for one in measured[1:])
            rg = statistics.median(one["rg"][0] for one in measured[1:])
            peak = max(one["loopcheck"][1] for one in measured)
            print(f"{size:>10}{ours:>10.3f}{peak:>8.0f}{ours / size * 1e6:>11.1f}{ours / rg:>8.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="*", metavar="TREE")
    parser.add_argument("--growth", nargs="+", type=int, metavar="MODULES", help="sizes of made-up projects")
    parser.add_argument("--binary", default=str(HERE.parent / "target" / "release" / "loopcheck"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary = shutil.which(arguments.binary) or sys.exit(f"{arguments.binary} is not there; cargo build --release")
    binary = str(pathlib.Path(binary).resolve())
    if arguments.trees:
        print(f"{'tree':<30}{'files':>8}{'seconds':>9}{'MiB':>8}{'x rg':>11}{'x ruff':>11}{'x warm':>11}")
        for tree in arguments.trees:
            compare(tree, binary, arguments.rounds)
    if arguments.growth:
        grow(arguments.growth, binary, arguments.rounds)
    if not arguments.trees and not arguments.growth:
        parser.print_help()


if __name__ == "__main__":
    main()
