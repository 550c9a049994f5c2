"""Holds what loopcheck says against what execution showed."""

from __future__ import annotations

import json
import pathlib
import subprocess
from dataclasses import dataclass, field

import execute
from pages import Truth

PLATFORMS = ("windows", "linux")
# The frame that starts a loop and the call in the source may differ by a line where a call is long.
NEAR = 2


@dataclass
class Verdict:
    """`agree`, `abstained` (depends or unknown where one class ran) or `disagree`, with the reasons."""

    outcome: str = "agree"
    reasons: list[str] = field(default_factory=list)

    def add(self, outcome: str, reason: str) -> None:
        self.reasons.append(f"{outcome}: {reason}")
        if self.outcome != "disagree":
            self.outcome = outcome


def truth_of(windows: execute.Execution, linux: execute.Execution) -> Truth:
    """The record of two executions; fails where a loop started at no line of the project."""
    for run in (windows, linux):
        if run.nowhere:
            raise RuntimeError(f"a loop started at no line of the project: {run}")
        if run.end == "time limit":
            raise RuntimeError("the program did not end in time")
    places = sorted({*windows.starts, *linux.starts})
    shown = lambda run, place: "+".join(sorted(run.starts.get(place, {"none"})))  # noqa: E731
    return {f"{path}:{line}": (shown(windows, (path, line)), shown(linux, (path, line))) for path, line in places}


def entries(loopcheck: str, project: pathlib.Path) -> list[dict]:
    command = [loopcheck, "entries", ".", "--output-format", "json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"loopcheck ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)["entries"]


def compare(rows: list[dict], truth: Truth, entry: str) -> Verdict:
    verdict = Verdict()
    reached = [row for row in rows if row["launch"] != "function"]
    for index, platform in enumerate(PLATFORMS):
        said: dict[tuple[str, int], set[str]] = {}
        elsewhere: dict[tuple[str, int], set[str]] = {}
        for row in reached:
            loop = row["loop"][platform]
            if loop != "none":
                found = said if row["root"] == entry else elsewhere
                found.setdefault((row["path"], row["line"]), set()).add(loop)
        tests = {row["path"] for row in reached if "unittest" in row["runner"]}
        answered = set()
        for place, loops in truth.items():
            path, line = place.rsplit(":", 1)
            wanted = set(loops[index].split("+")) - {"none"}
            if not wanted:
                continue
            spot = nearest(said, path, int(line)) or nearest(elsewhere, path, int(line))
            if spot is None and path in tests:
                # A test runner starts the loop, loopcheck names the class of the tests.
                spot = next((spot for spot in said if spot[0] == path), None)
            answered.add(spot)
            got = said.get(spot) or elsewhere.get(spot) or set()
            if got == wanted or (len(wanted) > 1 and got == {"depends"}):
                continue
            outcome = "abstained" if got & {"depends", "unknown"} else "disagree"
            verdict.add(
                outcome,
                f"{platform} {place} ran {'+'.join(sorted(wanted))}, loopcheck says {'+'.join(sorted(got)) or 'nothing'}",
            )
        for spot, got in said.items():
            if spot not in answered:
                outcome = "abstained" if got & {"depends", "unknown"} else "disagree"
                verdict.add(
                    outcome, f"{platform} {spot[0]}:{spot[1]} ran nothing, loopcheck says {'+'.join(sorted(got))}"
                )
    return verdict


def nearest(said: dict[tuple[str, int], set[str]], path: str, line: int) -> tuple[str, int] | None:
    spots = [spot for spot in said if spot[0] == path and abs(spot[1] - line) <= NEAR]
    return min(spots, key=lambda spot: abs(spot[1] - line), default=None)
