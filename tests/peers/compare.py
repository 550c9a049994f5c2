#!/usr/bin/env python3
"""Is any other tool less content after `loopcheck --fix` than before?

Copies every fixture and every case of the rule pages, runs `loopcheck --fix` on a second copy, and
asks ruff, black, isort, mypy, pyright and compileall about both copies of each project that was
changed. A tool may say less afterwards, never more. The tools are installed into a folder of their
own, pinned in requirements.txt.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import venv
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FENCE = re.compile(r"^```\w+ (\S+)$")

# A project that gets worse, so that a tool that is silent about it is a tool that did not run.
CANARY = {"careless.py": "import sys, os\n\nlines : int = 'two'\n", "broken.py": "def (:\n"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", required=True, help="the binary")
    parser.add_argument("--work", default=REPOSITORY / "target" / "peers", type=pathlib.Path)
    arguments = parser.parse_args()
    loopcheck = str(pathlib.Path(arguments.loopcheck).resolve())
    work = arguments.work.resolve()
    tools = install(work / "venv")
    before, after = copy_projects(work / "before"), copy_projects(work / "after")

    command = [loopcheck, "check", ".", "--fix", "--unsafe-fixes", "--min-severity", "info", "--statistics"]
    fixed = subprocess.run(command, cwd=after)
    if fixed.returncode not in (0, 1):
        print(f"loopcheck --fix ended with status {fixed.returncode}")
        return 1
    changed = keep_changed(before, after)
    write(before / "canary", dict.fromkeys(CANARY, ""))
    write(after / "canary", CANARY)
    print(f"{changed} projects fixed", flush=True)
    worse = 0
    for check in checks_of(tools, work):
        old, new = (complaints(check, copy, work) for copy in (before, after))
        more = sorted((new - old).elements())
        alive = any("canary" in line for line in more)
        more = [line for line in more if "canary" not in line]
        print(f"{check.name}: {old.total()} complaints before, {len(more)} new after", flush=True)
        for line in more if alive else ["says nothing about a file that is wrong: it did not run"]:
            print(f"    {line}")
        worse += len(more) + (not alive)
    if changed == 0:
        print("nothing was fixed, so nothing was compared")
    return int(worse > 0 or changed == 0)


def keep_changed(before: pathlib.Path, after: pathlib.Path) -> int:
    """Removes what is the same in both; says how many projects are left."""
    for folder in list(after.iterdir()):
        old = before / folder.name
        if all((old / path.relative_to(folder)).read_bytes() == path.read_bytes() for path in files(folder)):
            shutil.rmtree(folder)
            shutil.rmtree(old)
    return len(list(after.iterdir()))


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def install(folder: pathlib.Path) -> pathlib.Path:
    """The folder with the tools' executables."""
    binaries = folder / ("Scripts" if os.name == "nt" else "bin")
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing", *wanted.split(), flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        stamp.write_text(wanted)
    return binaries


def copy_projects(folder: pathlib.Path) -> pathlib.Path:
    """Fixtures and cases, each in a folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    for fixture in sorted((REPOSITORY / "fixtures").iterdir()):
        if fixture.is_dir():
            ignore = shutil.ignore_patterns("expected.*")
            shutil.copytree(fixture, folder / fixture.name, ignore=ignore)
    for kind, pattern in [("page", "rules/LC*.md"), ("variant", "tests/rules/LC*.md")]:
        pages = {page.stem: page.read_text(encoding="utf-8") for page in REPOSITORY.glob(pattern)}
        numbered = [(stem, *case) for stem, text in pages.items() for case in enumerate(cases(text))]
        for stem, number, texts in numbered:
            write(folder / f"{kind}-{stem}-{number}", texts)
    return folder


def write(folder: pathlib.Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def python_of(project: pathlib.Path) -> str:
    """The oldest Python that the project allows and the type checkers still know."""
    metadata = project / "pyproject.toml"
    floor = re.search(r'requires-python = ">=3\.(\d+)', metadata.read_text()) if metadata.exists() else None
    return f"3.{max(int(floor[1]), 10)}" if floor else "3.10"


def cases(page: str) -> list[dict[str, str]]:
    """The files of each `Bad` of a page, with those of the `Project` above it."""
    found: list[dict[str, str]] = []
    shared: dict[str, str] = {}
    for section in page.split("\n## ")[1:]:
        title = section.partition("\n")[0].partition(":")[0]
        files = fences(section.split("\n"))
        if title == "Project":
            shared = files
        elif title == "Bad":
            found.append({**shared, **files})
    return found


def fences(lines: list[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    name, inside = None, False
    for line in lines:
        opening = FENCE.match(line)
        if opening and not inside:
            name, inside = opening[1], True
            files[name] = ""
        elif line.startswith("```"):
            name, inside = None, not inside
        elif name is not None:
            files[name] += line.split("# error: [")[0].rstrip() + "\n"
    return files


class Check(NamedTuple):
    name: str
    command: list[str]
    whole: bool = False
    """Once for all projects, for a tool that tells projects apart, instead of once in each."""
    version: str | None = None
    """The option that takes the oldest Python of a project; then once for each such Python."""


def checks_of(tools: pathlib.Path, work: pathlib.Path) -> list[Check]:
    ruff, python = str(tools / "ruff"), str(tools / "python")
    rules = ["--select", "E,F,I,UP", "--output-format", "concise"]
    checks = [
        Check("compileall", [sys.executable, "-m", "compileall", "-q"], whole=True),
        Check("ruff check", [ruff, "check", "--no-cache", *rules], whole=True),
        Check("ruff format", [ruff, "format", "--no-cache", "--check"], whole=True),
        Check("black", [str(tools / "black"), "--check"], whole=True),
        Check("isort", [str(tools / "isort"), "--profile", "black", "--check"]),
    ]
    for platform in ["win32", "linux"]:
        options = ["--ignore-missing-imports", "--check-untyped-defs", "--platform", platform]
        command = [str(tools / "mypy"), "--no-error-summary", *options]
        checks.append(Check(f"mypy on {platform}", command, version="--python-version"))
    for platform in ["Windows", "Linux"]:
        command = [str(tools / "pyright"), "--pythonpath", python, "--pythonplatform", platform]
        checks.append(Check(f"pyright on {platform}", command, whole=True, version="--pythonversion"))
    return checks


def complaints(check: Check, projects: pathlib.Path, work: pathlib.Path) -> Counter[str]:
    """How often each complaint is made, by project, without line numbers, which move."""

    def ask(run: tuple[pathlib.Path, list[str]]) -> list[str]:
        folder, command = run
        # Two runs of mypy at a time must not share a cache: modules of two projects may have the same name.
        cache = work / "mypy" / check.name / threading.current_thread().name
        environment = {**os.environ, "MYPY_CACHE_DIR": str(cache)}
        ran = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
        )
        if ran.returncode not in (0, 1, 2, 123):
            sys.exit(f"{check.name} ended with status {ran.returncode}\n{ran.stdout}{ran.stderr}")
        found = []
        for line in (ran.stdout + ran.stderr).splitlines():
            text = re.sub(r":\d+(:\d+)?", "", line.replace(str(projects) + os.sep, "").strip())
            if ".py" in text:
                found.append(text if check.whole else f"{folder.name}: {text}")
        return found

    # The threads have the same names each time, so that the second copy finds the caches of the first.
    with ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="asks") as pool:
        return Counter(line for lines in pool.map(ask, runs(check, projects)) for line in lines)


def suits(check: Check, project: pathlib.Path) -> bool:
    """Whether the project means to please the tool: no type checker understands the one guard that can be
    asked for, and where ruff breaks the lines black does not."""
    metadata = project / "pyproject.toml"
    asked = metadata.read_text() if metadata.exists() else ""
    if check.name == "black":
        return "[tool.ruff]" not in asked
    return not (check.version and 'guard = "platform.system"' in asked)


def runs(check: Check, projects: pathlib.Path) -> Iterator[tuple[pathlib.Path, list[str]]]:
    """Folders to start the tool in, each with the command line."""
    by_python: dict[str, list[pathlib.Path]] = {}
    for folder in filter(lambda folder: suits(check, folder), sorted(projects.iterdir())):
        by_python.setdefault(python_of(folder) if check.version else "", []).append(folder)
    for python, folders in by_python.items():
        command = [*check.command, check.version, python] if check.version else check.command
        if check.whole:
            yield projects, [*command, *(folder.name for folder in folders)]
        else:
            yield from ((folder, [*command, "."]) for folder in folders)


if __name__ == "__main__":
    sys.exit(main())
