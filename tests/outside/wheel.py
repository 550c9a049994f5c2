#!/usr/bin/env python3
"""Does pip install loopcheck, from the repository and from its source distribution?"""

import argparse
import pathlib
import shutil
import sys
import tomllib
import venv

from surroundings import BINARIES, REPOSITORY, python, run, sample, tools


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    work = parser.parse_args().work.resolve()
    maturin = tools(work) / "maturin"
    project = sample(work / "project")

    installed(work / "from-repository", str(REPOSITORY), project)
    print("pip install . works", flush=True)

    archives = work / "sdist"
    shutil.rmtree(archives, ignore_errors=True)
    run([str(maturin), "sdist", "--out", str(archives)], cwd=REPOSITORY)
    (archive,) = archives.iterdir()
    installed(work / "from-sdist", str(archive), project)
    print(f"{archive.name} installs and works", flush=True)
    return 0


def installed(folder: pathlib.Path, what: str, project: pathlib.Path) -> None:
    """Installs into a new environment, and tries both ways to start the program."""
    venv.create(folder, with_pip=True, clear=True)
    run([python(folder), "-m", "pip", "install", "--quiet", what])
    version = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["package"]["version"]
    shown = run([python(folder), "-m", "pip", "show", "loopcheck"])
    assert f"Version: {version}\n" in shown, shown
    for start in [[str(folder / BINARIES / "loopcheck")], [python(folder), "-m", "loopcheck"]]:
        assert run([*start, "--version"]) == f"loopcheck {version}\n"
        report = run([*start, "--output-format", "concise"], expected=1, cwd=project)
        assert "main.py:24:1: LC201" in report and "legacy" not in report, report
        run([*start, "--no-such-option"], expected=2, cwd=project)

    # Where the scripts are not beside the interpreter, the package finds its own.
    apart = folder / "apart"
    wheel = run([python(folder), "-m", "pip", "install", "--quiet", "--target", str(apart), what])
    assert (apart / "bin").is_dir(), wheel
    run([python(folder), "-m", "pip", "uninstall", "--quiet", "--yes", "loopcheck"])
    assert run([python(folder), "-m", "loopcheck", "--version"], cwd=apart) == f"loopcheck {version}\n"


if __name__ == "__main__":
    sys.exit(main())
