#!/usr/bin/env python3
"""Executes the programs and shows, or with --write records, which loops they start.

python tests/oracle/run.py                    every program, in every environment there is
python tests/oracle/run.py reload --write     those whose name contains "reload"
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from concurrent.futures import ThreadPoolExecutor

import compare
import environments
import execute
import pages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="part of a page's name or of a title")
    parser.add_argument("--write", action="store_true", help="record the truth in the pages")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--work", type=pathlib.Path, default=environments.default_work())
    arguments = parser.parse_args()
    failed = 0
    for page in pages.all_pages():
        programs = pages.read(page)
        chosen = [program for program in programs if arguments.name in program.name]
        if not chosen:
            continue
        ready = environments.install(
            arguments.work, sorted({name for program in chosen for name in program.environments})
        )
        jobs = [(program, name) for program in chosen for name in program.environments if name in ready]
        with ThreadPoolExecutor(arguments.jobs) as pool:
            for (program, name), truth in zip(jobs, pool.map(lambda job: observe(*job, ready[job[1]]), jobs)):
                if isinstance(truth, Exception):
                    failed += 1
                    print(f"{program.name} in {name}: {truth}", flush=True)
                    continue
                program.truth[name] = truth
                print(f"{program.name}\n{pages.render({name: truth})}", end="", flush=True)
        for program in chosen:
            program.truth = {name: program.truth[name] for name in program.environments if name in program.truth}
        if arguments.write:
            pages.write_truth(page, programs)
    return failed > 0


def observe(program: pages.Program, name: str, python: str) -> pages.Truth | Exception:
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name)
        try:
            return compare.truth_of(
                *(execute.execute(project, program.start, python, windows) for windows in (True, False))
            )
        except RuntimeError as error:
            return error


if __name__ == "__main__":
    raise SystemExit(main())
