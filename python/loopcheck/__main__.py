"""`python -m loopcheck` starts the program that the wheel has installed beside this package."""

import os
import subprocess
import sys
import sysconfig


def find() -> str:
    """The path of the program, wherever the installer has put scripts."""
    name = "loopcheck" + (sysconfig.get_config_var("EXE") or "")
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", f"{os.name}_user"),
        # `pip install --target`, and `--prefix`.
        os.path.join(os.path.dirname(package), "bin"),
        os.path.join(os.path.dirname(package), *[os.pardir] * 3, "bin"),
    ]
    paths = [os.path.join(folder, name) for folder in folders]
    for path in paths:
        if os.path.isfile(path):
            return path
    sys.exit(f"error: the program {name} is not installed\n  looked for: {', '.join(paths)}")


def main() -> None:
    program = find()
    if sys.platform == "win32":
        # Windows has no exec that keeps the process, so its exit status is passed on.
        try:
            sys.exit(subprocess.run([program, *sys.argv[1:]]).returncode)
        except KeyboardInterrupt:
            sys.exit(2)
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    main()
