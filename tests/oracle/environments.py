#!/usr/bin/env python3
"""Installs what the programs are executed with, below a work folder: one virtual environment for each set of packages.

`environments.json` names the sets; `python` there is the version their recorded truth comes from, and
`brings` what matters of the packages that come with them.
Plain environments are the interpreters themselves: python3.9 to python3.14 on PATH or under pyenv.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# What Windows installs beside the packages.
ALSO = ["colorama==0.4.6"]


def table() -> dict[str, dict]:
    return json.loads((HERE / "environments.json").read_text())


def locked(wanted: dict) -> dict[str, str]:
    """What a lock file lists."""
    return wanted["packages"] | wanted.get("brings", {})


def default_work() -> pathlib.Path:
    return pathlib.Path(os.environ.get("TMPDIR") or tempfile.gettempdir()) / "loopcheck-oracle"


def interpreter(version: str) -> str | None:
    """A Python of that version which really starts."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    found = [str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))]
    if on_path := shutil.which(f"python{version}"):
        found.append(on_path)
    if "%d.%d" % sys.version_info[:2] == version:
        found.append(sys.executable)
    return next((python for python in found if version_of(python) == version), None)


def version_of(python: str) -> str | None:
    ask = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(ask, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else None


def install(work: pathlib.Path, names: list[str] | None = None) -> dict[str, str]:
    """The interpreter of each environment that this machine can have; installs what is missing."""
    ready: dict[str, str] = {}
    for name, wanted in table().items():
        if names is not None and name not in names:
            continue
        python = interpreter(wanted["python"])
        if not wanted["packages"]:
            if python:
                ready[name] = python
            continue
        # Which loop a server takes does not differ between these.
        candidates = [python, *map(interpreter, ("3.12", "3.13"))]
        base = next((candidate for candidate in candidates if candidate), None)
        if base is None:
            continue
        folder = work / name
        requirements = [f"{package}=={version}" for package, version in locked(wanted).items()] + ALSO
        mark = folder / "installed.txt"
        if not mark.exists() or mark.read_text().split() != requirements:
            print(f"installing {name}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([base, "-m", "venv", folder], check=True)
            pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*pip, *requirements], check=True)
            mark.write_text("\n".join(requirements))
        ready[name] = str(folder / "bin" / "python")
    if not ready:
        sys.exit("no Python from 3.9 to 3.14 was found on PATH or under pyenv")
    return ready


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=default_work())
    for name, python in install(parser.parse_args().work).items():
        print(f"{name}: {python}")


if __name__ == "__main__":
    main()
