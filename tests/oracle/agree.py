#!/usr/bin/env python3
"""Does loopcheck say what the programs do?

    python tests/oracle/agree.py --bin target/debug/loopcheck              against the recorded truth
    python tests/oracle/agree.py --bin target/debug/loopcheck --execute    executes a sample again, too
    python tests/oracle/agree.py --bin target/debug/loopcheck --fix        and what `--fix` makes of it

The sample is drawn by --seed and ends after --seconds. With --fix each program is fixed, fixed again
(nothing may change), compiled, and executed: Selector on Windows where a Proactor finding had a fix,
and on Linux as before.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import compare
import environments
import execute
import pages
from compare import Verdict

Job = tuple[pages.Program, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="the binary")
    parser.add_argument("--execute", action="store_true")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--name", default="", help="part of a page's name or of a title")
    parser.add_argument(
        "--seconds", type=float, default=150, help="how long to execute, for each of --execute and --fix"
    )
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--work", type=pathlib.Path, default=environments.default_work())
    arguments = parser.parse_args()
    loopcheck = str(arguments.bin.resolve())
    jobs = [
        (program, name)
        for page in pages.all_pages()
        for program in pages.read(page)
        for name in program.truth
        if arguments.name in program.name
    ]
    if not jobs:
        print("there is no such program")
        return 1
    wrong = tell("recorded truth", jobs, lambda job: recorded(loopcheck, *job), arguments.jobs)
    if arguments.execute or arguments.fix:
        ready = environments.install(arguments.work)
        there = [job for job in jobs if job[1] in ready]
        random.Random(arguments.seed).shuffle(there)
        print(f"{len(jobs) - len(there)} of {len(jobs)} need a Python that is not here", flush=True)
        if arguments.execute:
            again = lambda job: executed(loopcheck, ready[job[1]], *job)  # noqa: E731
            wrong += tell("executed again", there, again, arguments.jobs, arguments.seconds)
        if arguments.fix:
            mended = lambda job: fixed(loopcheck, ready[job[1]], *job)  # noqa: E731
            wrong += tell("fixed and executed", there, mended, arguments.jobs, arguments.seconds)
    return wrong > 0


def tell(
    what: str, jobs: list[Job], check: Callable[[Job], Verdict], workers: int, seconds: float | None = None
) -> int:
    """Runs the checks, prints what is not agreement and a line of progress now and then; counts disagreements."""
    begun = shown = time.monotonic()
    outcomes: Counter[str] = Counter()
    waiting = iter(jobs)
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(check, job): job for _, job in zip(range(workers), waiting)}
        while running:
            done = next(as_completed(running))
            program, name = running.pop(done)
            try:
                verdict = done.result()
            except (RuntimeError, subprocess.SubprocessError) as error:
                verdict = Verdict("disagree", [str(error)])
            outcomes[verdict.outcome] += 1
            if verdict.outcome != "agree":
                print(f"{program.name} ({name}): {'; '.join(verdict.reasons)}", flush=True)
            now = time.monotonic()
            if now - shown > 15:
                shown = now
                print(f"  {outcomes.total()} of {len(jobs)} after {now - begun:.0f} s", flush=True)
            if seconds is None or now - begun < seconds:
                for job in waiting:
                    running[pool.submit(check, job)] = job
                    break
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(
        f"{what}: {outcomes.total()} of {len(jobs)} checked in {time.monotonic() - begun:.0f} s: {counts}", flush=True
    )
    return outcomes["disagree"]


def recorded(loopcheck: str, program: pages.Program, name: str) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name)
        return compare.compare(compare.entries(loopcheck, project), program.truth[name], program.entry)


def executed(loopcheck: str, python: str, program: pages.Program, name: str) -> Verdict:
    """Executes again; the record must be what happens here, and loopcheck must say so for this very Python."""
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name, environments.version_of(python))
        truth = compare.truth_of(
            *(execute.execute(project, program.start, python, windows) for windows in (True, False))
        )
        verdict = compare.compare(compare.entries(loopcheck, project), truth, program.entry)
    if truth != program.truth[name]:
        verdict.add("disagree", f"the record says {program.truth[name]}, execution {truth}")
    return verdict


def fixed(loopcheck: str, python: str, program: pages.Program, name: str) -> Verdict:
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name, environments.version_of(python))
        before = contents(project)
        promised = [
            f"{finding['path']}:{finding['line']}"
            for finding in findings(loopcheck, project)
            if finding["fix"] and finding["code"].startswith(("LC1", "LC2"))
        ]
        # LC302 gives back what this argument took away elsewhere, once another rule has had its say.
        gives_uvloop = any('loop="none")' in text for text in before.values())
        after = before
        for _ in range(2):
            command = [loopcheck, "check", ".", "--fix", "--unsafe-fixes", "--quiet"]
            done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
            if done.returncode not in (0, 1):
                verdict.add("disagree", f"--fix ended with {done.returncode}: {done.stderr.strip()}")
            once, after = after, contents(project)
        if once != after:
            verdict.add("disagree", "a second --fix changes the project again")
        if after == before:
            return verdict
        for path, text in after.items():
            if path.endswith(".py"):
                try:
                    compile(text, path, "exec")
                except SyntaxError as error:
                    verdict.add("disagree", f"{path} does not compile: {error}")
        windows, linux = (execute.execute(project, program.start, python, platform) for platform in (True, False))
    loops = {kind for kinds in windows.starts.values() for kind in kinds}
    if promised and not remaining_allowed(loops, program.truth[name], promised):
        verdict.add(
            "disagree", f"fixed at {', '.join(promised)}, it runs {'+'.join(sorted(loops)) or 'no loop'} on Windows"
        )
    was = Counter(kind for _, kind in program.truth[name].values())
    now = Counter("+".join(sorted(kinds)) for kinds in linux.starts.values())
    del was["none"]
    if was and was.keys() != now.keys() and not (gives_uvloop and now.keys() == {"uvloop"}):
        verdict.add("disagree", f"on Linux it ran {dict(was)}, fixed {dict(now)}: {linux.error}")
    if windows.error and windows.error != error_unfixed(python, program, name):
        verdict.add("disagree", f"fixed, it fails on Windows: {windows.error}")
    return verdict


def error_unfixed(python: str, program: pages.Program, name: str) -> str | None:
    """What the program dies of on Windows as it is written."""
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        project = pathlib.Path(folder)
        program.write(project, name, environments.version_of(python))
        return execute.execute(project, program.start, python, windows=True).error


def remaining_allowed(loops: set[str], truth: pages.Truth, promised: list[str]) -> bool:
    """Proactor may stay where nothing was promised."""
    elsewhere = {
        kind
        for place, (windows, _) in truth.items()
        if not any(near(place, spot) for spot in promised)
        for kind in windows.split("+")
    }
    return "selector" in loops and "proactor" not in loops - elsewhere


def near(place: str, spot: str) -> bool:
    (path, line), (other, there) = place.rsplit(":", 1), spot.rsplit(":", 1)
    return path == other and abs(int(line) - int(there)) <= compare.NEAR


def findings(loopcheck: str, project: pathlib.Path) -> list[dict]:
    command = [loopcheck, "check", ".", "--output-format", "json", "--unsafe-fixes"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout)["findings"]


def contents(project: pathlib.Path) -> dict[str, str]:
    return {str(path.relative_to(project)): path.read_text() for path in project.rglob("*") if path.is_file()}


if __name__ == "__main__":
    raise SystemExit(main())
