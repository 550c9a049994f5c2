#!/usr/bin/env python3
"""Real programs, damaged at random: loopcheck ends, `--fix` breaks no file, and a second one changes nothing.

Takes the Python files below the folders given, preferring those that start event loops. What is wrong is kept
in the work folder; the same seed damages the same files in the same ways.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

BATCH = 100
# For one file; a batch gets more, and is taken apart when it needs more.
SECONDS = 2
WORDS = r"""
async await yield lambda def class if else elif try except finally with for while match case return import
from global nonlocal del raise pass not and or in is * ** = := : ; , . ( ) [ ] { } -> @ # \ ''' ' " f' 0 0x
""".split()
WORDS += ["\n", "\t", "\f", "\r", '"""', "é", "日", "\u2028", "\ufeff", "\u202e", "\0", "\x1b"]
TOKEN = re.compile(rb"\w+|\s+|[^\w\s]")


def damage(source: bytes, chance: random.Random) -> bytes:
    """One to four mutations."""
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        source = chance.choice(MUTATIONS)(source, chance)
    return source


def by_parts(split, join):
    """Deletes, doubles or swaps some of the parts of a file."""

    def mutate(source: bytes, chance: random.Random) -> bytes:
        parts = split(source)
        if not parts:
            return source
        at = chance.randrange(len(parts))
        few = chance.choice([1, 1, 2, 5])
        match chance.randrange(4):
            case 0:
                del parts[at : at + few]
            case 1:
                parts[at:at] = parts[at : at + few]
            case 2:
                other = chance.randrange(len(parts))
                parts[at], parts[other] = parts[other], parts[at]
            case _:
                moved = parts[at : at + few]
                del parts[at : at + few]
                other = chance.randrange(len(parts) + 1)
                parts[other:other] = moved
        return join(parts)

    return mutate


def flip(source: bytes, chance: random.Random) -> bytes:
    changed = bytearray(source)
    for _ in range(chance.choice([1, 3])):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(source: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(source) + 1)
    return source[:at] if chance.random() < 0.7 else source[at:]


def insert(source: bytes, chance: random.Random) -> bytes:
    at = chance.choice([token.start() for token in TOKEN.finditer(source)] or [0])
    word = chance.choice(WORDS).encode() * chance.choice([1, 1, 1, 2, 300])
    return source[:at] + chance.choice([b"", b" "]) + word + chance.choice([b"", b" "]) + source[at:]


def ends(source: bytes, chance: random.Random) -> bytes:
    return source.replace(
        b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b"\\\n"]), chance.choice([-1, -1, 1, 5])
    )


def indent(source: bytes, chance: random.Random) -> bytes:
    lines = source.splitlines(keepends=True)
    if lines:
        at = chance.randrange(len(lines))
        lines[at] = (
            chance.choice([b"    ", b"\t", b" "]) + lines[at] if chance.random() < 0.5 else lines[at].lstrip()
        )
    return b"".join(lines)


LINES = by_parts(lambda source: source.splitlines(keepends=True), b"".join)
TOKENS = by_parts(lambda source: TOKEN.findall(source), b"".join)
MUTATIONS = [LINES, LINES, TOKENS, TOKENS, flip, cut, insert, insert, ends, indent]


def originals(folders: list[Path]) -> list[bytes]:
    starts = re.compile(
        rb"asyncio\.run|run_until_complete|uvicorn|ui\.run|WindowsSelector|new_event_loop|set_event_loop"
    )
    wanted, others = [], []
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        if path.is_file() and path.stat().st_size < 60_000:
            source = path.read_bytes()
            (wanted if starts.search(source) else others).append(source)
    return wanted * 9 + others[: len(wanted)] if wanted else others


def run(loopcheck: str, folder: Path, *arguments: str, files: int) -> subprocess.CompletedProcess:
    command = [loopcheck, "check", "--isolated", "--output-format", "json", *arguments, "."]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=max(SECONDS, files * 0.5),
    )


def broken(ran: subprocess.CompletedProcess) -> set[str]:
    return {one["path"] for one in json.loads(ran.stdout)["findings"] if one["code"] == "LC000"}


def compiles(source: bytes) -> bool:
    try:
        compile(source, "file.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def faults(loopcheck: str, sources: list[bytes], folder: Path) -> tuple[list[tuple[int, str]], int]:
    """What is wrong, with the number of the file, and how many files were fixed."""
    shutil.rmtree(folder, ignore_errors=True)
    for number, source in enumerate(sources):
        (folder / f"{number:03}").mkdir(parents=True)
        (folder / f"{number:03}" / "main.py").write_bytes(source)
    names = [f"{number:03}/main.py" for number in range(len(sources))]

    def texts() -> list[bytes]:
        return [(folder / name).read_bytes() for name in names]

    count = len(sources)
    try:
        before = run(loopcheck, folder, files=count)
        fixed = run(loopcheck, folder, "--fix", "--unsafe-fixes", files=count)
        once = texts()
        run(loopcheck, folder, "--fix", "--unsafe-fixes", files=count)
        twice = texts()
        after = run(loopcheck, folder, files=count)
    except subprocess.TimeoutExpired:
        return split(loopcheck, sources, folder, "takes too long")
    if any(ran.returncode not in (0, 1) or "itself failed" in ran.stderr for ran in (before, after)) or (
        fixed.returncode not in (0, 1) and "not written" not in fixed.stderr
    ):
        return split(loopcheck, sources, folder, f"fails:\n{before.stderr}{fixed.stderr}{after.stderr}")
    wrong = [(names.index(name), "a fix has broken it") for name in broken(after) - broken(before)]
    for number, (old, new, again) in enumerate(zip(sources, once, twice)):
        if new != again:
            wrong.append((number, "a second --fix changes it"))
        if old != new and compiles(old) and not compiles(new):
            wrong.append((number, "CPython takes it, but not what --fix made of it"))
    return wrong, sum(old != new for old, new in zip(sources, once))


def split(loopcheck: str, sources: list[bytes], folder: Path, why: str) -> tuple[list[tuple[int, str]], int]:
    if len(sources) == 1:
        return [(0, why)], 0
    middle = len(sources) // 2
    left, fixed = faults(loopcheck, sources[:middle], folder)
    right, more = faults(loopcheck, sources[middle:], folder)
    return left + [(number + middle, why) for number, why in right], fixed + more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    loopcheck = str(arguments.loopcheck.resolve())
    found = originals(arguments.folders)
    chance = random.Random(arguments.seed)
    kept = arguments.work / "mutations-found"
    wrong = tried = changed = 0
    started = time.monotonic()
    while tried < arguments.count:
        sources = [damage(chance.choice(found), chance) for _ in range(min(BATCH, arguments.count - tried))]
        reasons, fixed = faults(loopcheck, sources, arguments.work / "mutations")
        for number, why in reasons:
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{arguments.seed}-{tried + number}.py").write_bytes(sources[number])
            print(f"{arguments.seed}-{tried + number}.py: {why}", flush=True)
        wrong, tried, changed = wrong + len(reasons), tried + len(sources), changed + fixed
    seconds = time.monotonic() - started
    print(f"{tried} damaged files, {changed} of them fixed, {wrong} wrong, in {seconds:.0f} s")
    return int(wrong > 0 or changed == 0)


if __name__ == "__main__":
    sys.exit(main())
