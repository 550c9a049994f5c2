#!/usr/bin/env python3
"""Is any other tool less content after `loopcheck --fix` than before?

Copies every fixture and every case of the rule pages, runs ruff, black, isort, mypy, pyright and
compileall on the copies, runs `loopcheck --fix` on them, and asks again. A tool may say less
afterwards, never more. The tools are installed into `target/peers`, pinned in requirements.txt.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FENCE = re.compile(r"^```\w+ (\S+)$")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", required=True, help="the binary")
    parser.add_argument("--work", default=REPOSITORY / "target" / "peers", type=pathlib.Path)
    arguments = parser.parse_args()
    loopcheck = str(pathlib.Path(arguments.loopcheck).resolve())
    tools = install(arguments.work / "venv")
    projects = copy_projects(arguments.work / "projects")
    checks = [check for check in checks_of(tools, arguments.work) if usable(check)]

    before = {check.name: complaints(check, projects) for check in checks}
    sources = read(projects)
    fixed = subprocess.run([loopcheck, "check", ".", "--fix", "--min-severity", "info"], cwd=projects)
    if fixed.returncode not in (0, 1):
        print(f"loopcheck --fix ended with status {fixed.returncode}")
        return 1
    changed = sum(1 for path, text in read(projects).items() if sources.get(path) != text)
    print(f"{changed} files fixed")
    worse = 0
    for check in checks:
        old = before[check.name]
        more = new_complaints(old, complaints(check, projects))
        print(f"{check.name}: {sum(old.values())} complaints before, {len(more)} new after", flush=True)
        for line in more:
            print(f"    {line}")
        worse += len(more)
    if changed == 0:
        print("nothing was fixed, so nothing was compared")
    return int(worse > 0 or changed == 0)


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
        texts = {page.stem: page.read_text(encoding="utf-8") for page in REPOSITORY.glob(pattern)}
        numbered = [(stem, *case) for stem, text in texts.items() for case in enumerate(cases(text))]
        for stem, number, files in numbered:
            for name, text in files.items():
                path = folder / f"{kind}-{stem}-{number}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
    return folder


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
    """Once for all projects of one Python, for a tool that starts slowly, instead of once in each."""
    versioned: bool = False
    """Takes `--python-version`."""


def checks_of(tools: pathlib.Path, work: pathlib.Path) -> list[Check]:
    ruff, python = str(tools / "ruff"), str(tools / "python")
    rules = ["--select", "E,F,I", "--output-format", "concise"]
    checks = [
        Check("compileall", [sys.executable, "-m", "compileall", "-q"]),
        Check("ruff check", [ruff, "check", "--no-cache", *rules]),
        Check("ruff format", [ruff, "format", "--no-cache", "--check"]),
        Check("black", [str(tools / "black"), "--check"]),
        Check("isort", [str(tools / "isort"), "--profile", "black", "--check"]),
    ]
    for platform in ["win32", "linux"]:
        cache = ["--cache-dir", str(work / f"mypy-{platform}"), "--no-error-summary"]
        options = ["--ignore-missing-imports", "--check-untyped-defs", "--platform", platform]
        checks.append(Check(f"mypy on {platform}", [str(tools / "mypy"), *cache, *options], versioned=True))
    for platform in ["Windows", "Linux"]:
        options = ["--pythonpath", python, "--pythonplatform", platform]
        checks.append(Check(f"pyright on {platform}", [str(tools / "pyright"), *options], whole=True))
    return checks


def usable(check: Check) -> bool:
    """Pyright downloads Node when there is none; without it that one tool is left out."""
    if not check.name.startswith("pyright"):
        return True
    try:
        ran = subprocess.run([check.command[0], "--version"], capture_output=True, timeout=300)
    except (OSError, subprocess.TimeoutExpired):
        ran = None
    if ran is None or ran.returncode != 0:
        print(f"{check.name}: left out, it does not start here")
        return False
    return True


def complaints(check: Check, projects: pathlib.Path) -> dict[str, int]:
    """How often each complaint is made, by project, without line numbers, which move."""
    counts: dict[str, int] = {}
    for folder, command in runs(check, projects):
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
        for line in (ran.stdout + ran.stderr).splitlines():
            text = re.sub(r":\d+(:\d+)?", "", line.replace(str(folder), "").strip())
            if ".py" in text:
                key = text if check.whole else f"{folder.name}: {text}"
                counts[key] = counts.get(key, 0) + 1
    return counts


def runs(check: Check, projects: pathlib.Path) -> Iterator[tuple[pathlib.Path, list[str]]]:
    """Folders to start the tool in, each with the command line."""
    folders = sorted(projects.iterdir())
    if check.whole:
        for version in sorted({python_of(folder) for folder in folders}):
            names = [folder.name for folder in folders if python_of(folder) == version]
            yield projects, [*check.command, "--pythonversion", version, *names]
        return
    for folder in folders:
        version = ["--python-version", python_of(folder)] if check.versioned else []
        yield folder, [*check.command, *version, "."]


def new_complaints(before: dict[str, int], after: dict[str, int]) -> list[str]:
    return sorted(line for line, count in after.items() if count > before.get(line, 0))


def read(folder: pathlib.Path) -> dict[pathlib.Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*.py")}


if __name__ == "__main__":
    sys.exit(main())
