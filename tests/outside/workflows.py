#!/usr/bin/env python3
"""Are the workflows and the action sound?

Holds them against the schemas of GitHub, which check-jsonschema carries, asks zizmor about them, and
runs the steps of the action on a sample.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

from surroundings import REPOSITORY, python, run, sample, tools


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    work = parser.parse_args().work.resolve()
    binaries = tools(work)
    interpreter = python(work / "tools")
    if pathlib.Path(sys.executable) != pathlib.Path(interpreter):
        return subprocess.run([interpreter, __file__, *sys.argv[1:]]).returncode

    check = [str(binaries / "check-jsonschema"), "--builtin-schema"]
    workflows = [str(path) for path in sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))]
    run([*check, "vendor.github-workflows", *workflows])
    run([*check, "vendor.github-actions", str(REPOSITORY / "action.yml")])
    zizmor = [str(binaries / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic"]
    run([*zizmor, *workflows, str(REPOSITORY / "action.yml")])
    print(f"{len(workflows)} workflows and the action are sound", flush=True)

    act(work, sample(work / "acted"))
    print("the action finds, and passes what is asked of it", flush=True)
    return 0


def act(work: pathlib.Path, project: pathlib.Path) -> None:
    """Runs the steps as a runner does, with the inputs in their variables."""
    from ruamel.yaml import YAML

    install, check = YAML(typ="safe").load(REPOSITORY / "action.yml")["runs"]["steps"]
    temporary = work / "runner"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    os.environ["RUNNER_TEMP"] = str(temporary)
    os.environ["ACTION_FOLDER"] = str(REPOSITORY)
    os.environ["VERSION"] = ""

    def step(script: str, expected: int) -> str:
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
        return run([*shell, script], expected, cwd=project)

    step(install["run"], 0)
    os.environ["ARGUMENTS"] = "."
    assert "error[LC201]" in step(check["run"], 1)
    os.environ["ARGUMENTS"] = ".\n--output-format\ngithub\n--exit-zero\n"
    assert step(check["run"], 0).startswith("::error")
    os.environ["ARGUMENTS"] = "--no-such-option"
    step(check["run"], 2)


if __name__ == "__main__":
    sys.exit(main())
