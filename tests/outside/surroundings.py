"""What the scripts of this folder share: their tools, and the sample they try loopcheck on."""

import os
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
BINARIES = "Scripts" if os.name == "nt" else "bin"

# A build for trying things out, which takes what `cargo test` has compiled.
BUILD = {"MATURIN_PEP517_ARGS": "--profile dev --locked"}


def tools(work: pathlib.Path) -> pathlib.Path:
    """The folder of the executables that requirements.txt names, installed once."""
    folder = work / "tools"
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing", *wanted.split(), flush=True)
        venv.create(folder, with_pip=True, clear=True)
        run([python(folder), "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")])
        stamp.write_text(wanted)
    return folder / BINARIES


def python(folder: pathlib.Path) -> str:
    """The interpreter of a virtual environment."""
    return str(folder / BINARIES / "python")


def run(command: list[str], expected: int = 0, **options: object) -> str:
    """What a command writes; ends this script when its exit status is not the expected one."""
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_COLOR": "1"}
    environment = {**os.environ, **settings, **BUILD}
    environment.pop("GITHUB_ACTIONS", None)
    ran = subprocess.run(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    if ran.returncode != expected:
        sys.exit(f"{ran.stdout}\n{' '.join(command)}: exit status {ran.returncode}, not {expected}")
    return ran.stdout


def sample(folder: pathlib.Path) -> pathlib.Path:
    """A program with one finding that can be fixed, and the same once more in an excluded folder."""
    shutil.rmtree(folder, ignore_errors=True)
    fixture = REPOSITORY / "fixtures" / "nicegui-windows-server"
    shutil.copytree(fixture, folder, ignore=shutil.ignore_patterns("expected.*"))
    (folder / "legacy").mkdir()
    shutil.copy(folder / "main.py", folder / "legacy" / "main.py")
    (folder / "loopcheck.toml").write_text('exclude = ["legacy"]\n')
    return folder
