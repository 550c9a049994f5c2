"""The programs: sections of the pages in `programs/`, each with the loops that its execution started.

A page says with `Environments:` where its programs run, a section may say it for itself, and with
`Start:` how it is started (a script, or `-m MODULE`; `main.py` when it says nothing). The fence
`text truth` is written by `run.py`: environments, then the place of a start, then the class of loop
on Windows and on Linux.
"""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass, field

import environments

HERE = pathlib.Path(__file__).resolve().parent
FENCE = re.compile(r"^```(\w+) (\S+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
# Place to the classes of loop on Windows and on Linux; a place is `path:line`.
Truth = dict[str, tuple[str, str]]
NOWHERE = "-"


@dataclass
class Program:
    page: pathlib.Path
    title: str
    environments: list[str]
    start: list[str]
    files: dict[str, str]
    truth: dict[str, Truth] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.page.stem}: {self.title}"

    @property
    def entry(self) -> str:
        """The file that runs as `__main__`."""
        if self.start[0] != "-m":
            return self.start[0]
        folder = self.start[1].replace(".", "/")
        return f"{folder}/__main__.py" if f"{folder}/__main__.py" in self.files else f"{folder}.py"

    def write(self, folder: pathlib.Path, environment: str, python: str | None = None) -> None:
        """Writes the project, its dependencies pinned to what the environment has."""
        for name, text in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        wanted = environments.table()[environment]
        pins = "".join(f'\n    "{package}=={version}",' for package, version in wanted["packages"].items())
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "program"\nversion = "1"\nrequires-python = "=={python or wanted["python"]}.*"\n'
            f"dependencies = [{pins}{chr(10) if pins else ''}]\n"
        )
        # A lock file says what is installed, and with it what is not.
        locked = "".join(
            f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
            for name, version in environments.locked(wanted).items()
        )
        (folder / "uv.lock").write_text(f"version = 1\n{locked}")


def all_pages() -> list[pathlib.Path]:
    return sorted((HERE / "programs").glob("*.md"))


def read(page: pathlib.Path) -> list[Program]:
    head, *sections = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
    shared = codes(head, "Environments")
    programs = []
    for section in sections:
        title, _, body = section.partition("\n")
        prose = FENCE.sub("", body)
        start = codes(prose, "Start")
        files = {name: text for _, name, text in FENCE.findall(body)}
        truth = files.pop("truth", "")
        programs.append(
            Program(
                page,
                title.strip(),
                codes(prose, "Environments") or shared,
                (start or ["main.py"])[0].split(),
                files,
                parse(truth),
            )
        )
    return programs


def codes(text: str, label: str) -> list[str]:
    """What stands between back ticks in the line that begins with the label."""
    line = re.search(rf"^{label}: (.*)$", text, re.MULTILINE)
    return re.findall(r"`([^`]+)`", line[1]) if line else []


def parse(text: str) -> dict[str, Truth]:
    truth: dict[str, Truth] = {}
    for line in filter(None, text.splitlines()):
        names, place, windows, linux = (part.strip() for part in line.split("|"))
        for name in names.split():
            rows = truth.setdefault(name, {})
            if place != NOWHERE:
                rows[place] = (windows, linux)
    return truth


def render(truth: dict[str, Truth]) -> str:
    """Environments that saw the same stand in one line."""
    groups: dict[str, list[str]] = {}
    for name, rows in truth.items():
        lines = [f"{place} | {windows} | {linux}" for place, (windows, linux) in rows.items()]
        groups.setdefault("\n".join(lines or [f"{NOWHERE} | none | none"]), []).append(name)
    return "".join(f"{' '.join(names)} | {line}\n" for lines, names in groups.items() for line in lines.splitlines())


def write_truth(page: pathlib.Path, programs: list[Program]) -> None:
    head, *sections = re.split(r"^(?=## )", page.read_text(), flags=re.MULTILINE)
    for index, program in enumerate(programs):
        fence = f"```text truth\n{render(program.truth)}```\n"
        text, found = re.subn(
            r"^```text truth\n.*?^```\n", lambda _: fence, sections[index], flags=re.MULTILINE | re.DOTALL
        )
        sections[index] = text if found else text.rstrip("\n") + f"\n\n{fence}\n"
    page.write_text((head + "".join(sections)).rstrip("\n") + "\n")
