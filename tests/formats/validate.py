#!/usr/bin/env python3
"""Are the reports what those who read them expect?

Runs loopcheck on every fixture, on a project of odd names and characters and on an empty one, and
holds the reports against the schemas: SARIF 2.1.0 as the crate serde-sarif carries it, JUnit as
pytest's own tests carry it (junit-10.xsd of Jenkins), the Code Quality artifact of GitLab and the
format of reviewdog as their documentation has them, and loopcheck.schema.json against the
metaschema and against the configuration in the README.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SERDE_SARIF = "0.8.0"
PYTEST = "8.3.4"

POSITION = {
    "type": "object",
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "required": ["line"],
}

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": r"^(\./|/)"}},
                    "positions": {"type": "object", "required": ["begin"], "properties": {"begin": POSITION, "end": POSITION}},
                },
            },
        },
    },
}

RANGE = {"type": "object", "required": ["start"], "properties": {"start": POSITION, "end": POSITION}, "additionalProperties": False}
LOCATION = {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}, "range": RANGE}, "additionalProperties": False}
CODE = {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"}, "url": {"type": "string"}}}

# https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto
RDJSON = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "properties": {
        "source": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "url": {"type": "string"}}},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string"},
                    "location": LOCATION,
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": CODE,
                    "suggestions": {
                        "type": "array",
                        "items": {"type": "object", "required": ["range", "text"], "properties": {"range": RANGE, "text": {"type": "string"}}},
                    },
                    "relatedLocations": {
                        "type": "array",
                        "items": {"type": "object", "required": ["location"], "properties": {"message": {"type": "string"}, "location": LOCATION}},
                    },
                },
            },
        },
    },
}

ODD = {
    "größe/名前 100%.py": "import asyncio\nasync def f(): ...\nx = '\x1b[31m\x07'; asyncio.run(f())  # \x9b2J\n",
    "a&b<c>'.py": "import asyncio\nasync def f(): ...\nasyncio.run(\n    f(),\n)\n",
    "esc\x1b[2J##vso[a];b.py": "import asyncio\nasync def f(): ...\nasyncio.run(f())\n",
    "silent.py": "import asyncio\nasync def f(): ...\nasyncio.run(f())  # loopcheck: ignore[LC103] \"why\" <not>\n",
    "broken.py": "import asyncio\nasyncio.run(f(\n",
    "pyproject.toml": "[project]\nname = 'odd'\nversion = '1'\nrequires-python = '>=3.12'\n",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loopcheck", required=True, help="the binary")
    parser.add_argument("--work", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    inside = work / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if pathlib.Path(sys.prefix) != work / "venv":
        if not inside.exists():
            venv.create(work / "venv", with_pip=True)
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
        return subprocess.run([str(inside), *sys.argv]).returncode
    return validate(str(pathlib.Path(arguments.loopcheck).resolve()), work)


def validate(loopcheck: str, work: pathlib.Path) -> int:
    import jsonschema
    import xmlschema

    sarif = jsonschema.Draft7Validator(sarif_schema(work))
    gitlab, rdjson = jsonschema.Draft202012Validator(GITLAB), jsonschema.Draft202012Validator(RDJSON)
    junit = xmlschema.XMLSchema(junit_schema(work))
    counted = dict.fromkeys(["sarif", "gitlab", "rdjson", "junit"], 0)
    wrong = 0
    for project in projects(work):

        def report(form: str) -> str:
            command = [loopcheck, "check", ".", "--min-severity", "info", "--output-format", form]
            run = subprocess.run(command, cwd=project, capture_output=True)
            if run.returncode not in (0, 1):
                raise SystemExit(f"{project}: {form}: status {run.returncode}: {run.stderr.decode()}")
            text = run.stdout.decode()
            if controls := [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]:
                raise SystemExit(f"{project}: {form} lets {controls} through")
            return text

        for form, validator in (("sarif", sarif), ("gitlab", gitlab), ("rdjson", rdjson)):
            document = json.loads(report(form))
            for error in validator.iter_errors(document):
                print(f"{project}: {form}: {error.json_path}: {error.message}")
                wrong += 1
            rows = document["runs"][0]["results"] if form == "sarif" else document if form == "gitlab" else document["diagnostics"]
            counted[form] += len(rows)
            if form != "rdjson":
                known = [json.dumps(row.get("fingerprint") or row["partialFingerprints"]) + row.get("ruleId", "") for row in rows]
                if len(set(known)) != len(known):
                    print(f"{project}: {form}: two findings with one fingerprint")
                    wrong += 1
        for error in junit.iter_errors(report("junit")):
            print(f"{project}: junit: {error.path}: {error.reason}")
            wrong += 1
        counted["junit"] += report("junit").count("<failure")
        for form in ("full", "concise", "grouped", "json", "json-lines", "github", "pylint", "azure"):
            report(form)

    schema = json.loads((REPOSITORY / "loopcheck.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    # The README also shows editors' configuration, which is not ours.
    blocks = re.findall(r"```toml\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    ours = [table for block in blocks if (table := tomllib.loads(block).get("tool", {}).get("loopcheck"))]
    if not ours:
        print("README.md shows no [tool.loopcheck]")
        wrong += 1
    for table in ours:
        jsonschema.Draft7Validator(schema).validate(table)
    for bad in ({"fial-on": "error"}, {"fail-on": "worse"}, {"select": "LC1"}, {"windows": "maybe"}, {"target-version": "py27"}):
        if jsonschema.Draft7Validator(schema).is_valid(bad):
            print(f"loopcheck.schema.json accepts {bad}")
            wrong += 1

    print(", ".join(f"{form}: {count} findings" for form, count in counted.items()), f"valid, {wrong} complaints")
    if not all(counted.values()):
        print("a format without a finding says nothing about it")
        return 1
    return 1 if wrong else 0


def projects(work: pathlib.Path) -> list[pathlib.Path]:
    """Copies, outside of this repository with its configuration."""
    folder = work / "projects"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(REPOSITORY / "fixtures", folder)
    for name, text in ODD.items():
        path = folder / "odd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (folder / "empty").mkdir()
    (folder / "empty" / "hello.py").write_text("print('hello')\n")
    return sorted(path for path in folder.iterdir() if path.is_dir())


def sarif_schema(work: pathlib.Path) -> dict:
    """The schema of OASIS, out of the sources of a crate that is made from it."""
    crate = work / "sarif"
    (crate / "src").mkdir(parents=True, exist_ok=True)
    (crate / "src" / "lib.rs").write_text("")
    (crate / "Cargo.toml").write_text(
        "[package]\nname = 'schemas'\nversion = '0.0.0'\nedition = '2021'\n[workspace]\n"
        f"[dependencies]\nserde-sarif = '={SERDE_SARIF}'\n"
    )
    subprocess.run(["cargo", "vendor", "--quiet", "vendor"], cwd=crate, check=True, stdout=subprocess.DEVNULL)
    schema = json.loads((crate / "vendor" / "serde-sarif" / "src" / "schema.json").read_text())
    assert schema["title"].startswith("Static Analysis Results Format (SARIF) Version 2.1.0"), schema["title"]
    return schema


def junit_schema(work: pathlib.Path) -> str:
    archive = work / f"pytest-{PYTEST}.tar.gz"
    if not archive.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, f"pytest=={PYTEST}", "-d", str(work)], check=True)
    with tarfile.open(archive) as files:
        schema = files.extractfile(f"pytest-{PYTEST}/testing/example_scripts/junit-10.xsd")
        assert schema is not None
        return schema.read().decode()


if __name__ == "__main__":
    sys.exit(main())
