#!/usr/bin/env python3
"""Runs a project as on Windows, or as it is, and says which loops really started, and at which line.

python tests/oracle/execute.py main.py                 a script, with this Python
python tests/oracle/execute.py --env uvicorn-0.54 main.py
python tests/oracle/execute.py --module tool .         as `python -m tool` in that folder
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

import environments

HERE = pathlib.Path(__file__).resolve().parent
# Where a loop started, and the classes it had there.
Starts = dict[tuple[str, int], set[str]]


@dataclass
class Execution:
    starts: Starts = field(default_factory=dict)
    # Loops that started where no line of the project was to be seen.
    nowhere: set[str] = field(default_factory=set)
    error: str | None = None
    # How it ended: exit, answered (a server that was asked a question), running, time limit.
    end: str = "exit"
    seconds: float = 0.0


def execute(
    project: pathlib.Path,
    start: list[str],
    python: str,
    windows: bool = True,
    limit: float = 30.0,
    idle: float = 4.0,
) -> Execution:
    """Runs `python START…` in a copy of the project. `limit` and `idle` (a loop without a server) are seconds."""
    begun = time.time()
    # The real path: the recorder compares it with the names of the files that run.
    with tempfile.TemporaryDirectory(prefix="run-", dir=os.path.realpath(tempfile.gettempdir())) as base:
        copy, record = pathlib.Path(base, "project"), pathlib.Path(base, "record")
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        record.mkdir()
        process = subprocess.Popen(
            [python, *start],
            cwd=copy,
            env=environment(copy, record, windows, begun + limit),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        complaints: list[bytes] = []
        reader = threading.Thread(target=lambda: complaints.extend(process.stderr or ()), daemon=True)
        reader.start()
        end = wait(process, record, begun, limit, idle)
        if end != "exit":
            (record / "stop").touch()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(process.pid, signal.SIGKILL)  # what this run has started, and nothing else
        except ProcessLookupError:
            pass
        process.wait()
        reader.join(1)
        result = read(events(record))
    result.end = "time limit" if end == "exit" and result.end == "time limit" else end
    if result.error is None and end == "exit" and process.returncode:
        text = b"".join(complaints).decode("utf-8", "replace").strip().splitlines()
        result.error = text[-1][:300] if text else f"exit status {process.returncode}"
    result.seconds = time.time() - begun
    return result


def environment(project: pathlib.Path, record: pathlib.Path, windows: bool, deadline: float) -> dict[str, str]:
    unwanted = ("PYTHON", "PIP_", "LOOPCHECK_", "VIRTUAL_ENV", "DISPLAY", "NICEGUI", "UVICORN_", "WEB_CONCURRENCY")
    names = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    names.pop("OS", None)
    names.update(
        PYTHONPATH=str(HERE / "simulator"),
        PYTHONUNBUFFERED="1",
        PYTHONDONTWRITEBYTECODE="1",
        BROWSER="true",
        LOOPCHECK_RECORD=str(record),
        LOOPCHECK_PROJECT=str(project),
        LOOPCHECK_DEADLINE=str(deadline),
        LOOPCHECK_PORT=str(free_port()),
    )
    if windows:
        names.update(LOOPCHECK_WINDOWS="1", OS="Windows_NT")
    return names


def free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 60_000:
            return port


def wait(process: subprocess.Popen, record: pathlib.Path, begun: float, limit: float, idle: float) -> str:
    """Until it ends, answers a question, or runs a loop and does neither."""
    first_loop = None
    while process.poll() is None:
        now = time.time()
        seen = events(record)
        ports = [event["port"] for event in seen if event["kind"] == "listening"]
        if any(answers(port) for port in dict.fromkeys(reversed(ports))):
            # Workers come up one after the other.
            for _ in range(50):
                seen = events(record)
                children = {event["process"] for event in seen if event["kind"] == "start" and event["role"] == "child"}
                up = {event["process"] for event in seen if event["kind"] in ("server", "end", "error")}
                if children <= up:
                    break
                time.sleep(0.1)
            time.sleep(0.2)
            return "answered"
        if first_loop is None and any(event["kind"] == "loop" for event in seen):
            first_loop = now
        # A server whose loop is not the one that runs listens and never answers.
        if first_loop and now - first_loop > (3 * idle if ports else idle):
            return "running"
        if now - begun > limit:
            return "time limit"
        time.sleep(0.05)
    return "exit"


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except http.client.HTTPException:
        return True
    except OSError:
        return False
    finally:
        connection.close()
    return True


def events(record: pathlib.Path) -> list[dict]:
    found = []
    for file in record.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # a line that is being written
    return sorted(found, key=lambda event: event["time"])


def read(seen: list[dict]) -> Execution:
    result = Execution()
    for event in seen:
        if event["kind"] == "loop" and event["site"]:
            path, line = event["site"]
            result.starts.setdefault((path, line), set()).add(event["loop"])
        elif event["kind"] == "loop":
            result.nowhere.add(event["loop"])
        elif event["kind"] == "error":
            result.error = event["error"]
        elif event["kind"] == "stopped" and event["late"]:
            result.end = "time limit"
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", help="a name from environments.json (default: this Python)")
    parser.add_argument("--work", type=pathlib.Path, default=environments.default_work())
    parser.add_argument("--module", help="run as `python -m MODULE`")
    parser.add_argument("path", type=pathlib.Path, help="the script, or the project with --module")
    arguments = parser.parse_args()
    python = sys.executable
    if arguments.env:
        python = environments.install(arguments.work, [arguments.env])[arguments.env]
    path = arguments.path.resolve()
    project, start = (path, ["-m", arguments.module]) if arguments.module else (path.parent, [path.name])
    for name, windows in (("windows", True), ("linux", False)):
        result = execute(project, start, python, windows)
        loops = [f"{path}:{line} {'+'.join(sorted(kinds))}" for (path, line), kinds in sorted(result.starts.items())]
        loops += [f"somewhere {kind}" for kind in sorted(result.nowhere)]
        error = f" ({result.error})" if result.error else ""
        print(f"{name}: {', '.join(loops) or 'no loop'}; {result.end}, {result.seconds:.1f} s{error}")


if __name__ == "__main__":
    main()
