#!/usr/bin/env python3
"""`--fix`, killed at every system call: afterwards each file is, byte for byte, the old one or the new one.

strace sends SIGKILL at the n-th call of each kind, for growing n, until a run comes to its end.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM = "import asyncio\n\n\nasync def main():\n    await asyncio.sleep(1)\n\n\nasyncio.run(main())\n"
# All that touch files, and those around them.
CALLS = """openat open read write pwrite64 writev fsync fdatasync ftruncate fchmod fchown chmod rename renameat
renameat2 link linkat unlink unlinkat close fstat newfstatat statx readlink lseek getrandom""".split()


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".loopcheck-")}


def fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("a.py", "b.py", "c.pyw"):
        (folder / name).write_text(PROGRAM + "# ballast\n" * 2000)


def install_strace() -> None:
    if shutil.which("strace") is None:
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*as_root, "apt-get", "install", "-y", "-q", "strace"], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    install_strace()
    folder = arguments.work / "killed"
    command = [str(arguments.loopcheck.resolve()), "--fix", "--isolated", "-q", "-j", "1", "."]

    fresh(folder)
    old = tree(folder)
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    new = tree(folder)
    assert all(new[name] != old[name] for name in old), "without a kill everything is fixed"

    kills = partly = 0
    for call in CALLS:
        for count in range(1, 400):
            fresh(folder)
            inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
            inject += ["-e", f"inject={call}:signal=KILL:when={count}"]
            run = subprocess.run([*inject, *command], cwd=folder, check=False, capture_output=True)
            after = tree(folder)
            assert after.keys() == old.keys(), f"{call} {count}: {sorted(after)}"
            for name, text in after.items():
                assert text in (old[name], new[name]), f"{call} {count}: {name} is neither old nor new"
            if run.returncode in (0, 1, 2):
                break
            kills += 1
            partly += after not in (old, new)
    print(f"killed {kills} times, {partly} of them between two files: every file was whole")
    assert kills > 50 and partly, "strace did not kill where files are written"
    return 0


if __name__ == "__main__":
    sys.exit(main())
