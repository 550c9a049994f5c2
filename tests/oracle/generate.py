#!/usr/bin/env python3
"""Makes random programs, executes them, and asks loopcheck what they do.

    python tests/oracle/generate.py --bin target/debug/loopcheck --seed 1 --count 100
    python tests/oracle/generate.py --bin … --seed 1 --count 100 --env uvicorn-0.54 nicegui-3
    python tests/oracle/generate.py --show 17 --seed 1          prints a program

The same seed and number give the same program. What disagrees is kept below --keep.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import compare
import environments
import execute
import generator
import pages
from compare import Verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, help="the binary")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--start", type=int, default=0, help="number of the first program")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--env", nargs="*", help="names from environments.json (default: the plain ones)")
    parser.add_argument("--show", type=int, help="print this program and end")
    parser.add_argument("--keep", type=pathlib.Path, default=environments.default_work() / "disagreements")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--work", type=pathlib.Path, default=environments.default_work())
    arguments = parser.parse_args()
    names = arguments.env or [name for name, wanted in environments.table().items() if not wanted["packages"]]
    if arguments.show is not None:
        program = generator.program(f"{arguments.seed}:{arguments.show}", names)[0]
        for name, text in program.files.items():
            print(f"# ---- {name}\n{text}")
        return 0
    if arguments.bin is None:
        parser.error("--bin is needed")
    loopcheck = str(arguments.bin.resolve())
    ready = environments.install(arguments.work, names)
    outcomes: Counter[str] = Counter()
    numbers = range(arguments.start, arguments.start + arguments.count)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        made = pool.map(lambda number: judge(loopcheck, ready, f"{arguments.seed}:{number}", sorted(ready)), numbers)
        for number, (verdict, program, name) in zip(numbers, made):
            outcomes[verdict.outcome] += 1
            if verdict.outcome in ("disagree", "abstained"):
                folder = arguments.keep / f"{arguments.seed}-{number}"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                program.write(folder, name)
                print(f"{folder} ({name}): {'; '.join(verdict.reasons)}", flush=True)
            if outcomes.total() % 50 == 0:
                print(f"  {outcomes.total()} of {arguments.count}: {dict(outcomes)}", flush=True)
    print(f"seed {arguments.seed}, {outcomes.total()} programs: {dict(outcomes)}")
    return outcomes["disagree"] > 0


def judge(loopcheck: str, ready: dict[str, str], seed: str, names: list[str]) -> tuple[Verdict, pages.Program, str]:
    program, name = generator.program(seed, names)
    try:
        for path, text in program.files.items():
            compile(text, path, "exec")
    except SyntaxError:
        return Verdict("invalid"), program, name
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name)
        try:
            truth = compare.truth_of(
                *(execute.execute(project, program.start, ready[name], windows) for windows in (True, False))
            )
            return compare.compare(compare.entries(loopcheck, project), truth, program.entry), program, name
        except RuntimeError as error:
            return Verdict("not executed", [str(error)]), program, name


if __name__ == "__main__":
    raise SystemExit(main())
