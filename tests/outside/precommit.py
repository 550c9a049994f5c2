#!/usr/bin/env python3
"""Do the hooks work with the real pre-commit?

`try-repo` on a sample repository finds and fixes; afterwards both hooks pass, what is excluded stays
as it was, and a commit of other files starts nothing. The hooks are those of the working tree.
"""

import argparse
import os
import pathlib
import shutil
import sys

from surroundings import REPOSITORY, run, sample, tools

CONFIGURATION = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: loopcheck-fix
      - id: loopcheck
        exclude: ^settings\\.py$
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    work = parser.parse_args().work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    precommit = str(tools(work) / "pre-commit")
    os.environ["PRE_COMMIT_HOME"] = str(work / "pre-commit")
    shutil.rmtree(work / "pre-commit", ignore_errors=True)
    repository = hooks(work / "hooks")
    project = sample(work / "repository")
    git(project, "init", "--quiet")
    git(project, "add", ".")
    legacy = (project / "legacy" / "main.py").read_text()

    # Together, because every try-repo installs the hooks anew.
    tried = run([precommit, "try-repo", str(repository), "--all-files", "--verbose"], 1, cwd=project)
    find, fix = tried.split("hook id: loopcheck-fix")
    assert "hook id: loopcheck" in find and "error[LC201]" in find and "exit code: 1" in find, tried
    assert "files were modified by this hook" in fix and "Fixed 1 finding" in fix, tried
    assert 'loop="asyncio:SelectorEventLoop"' in (project / "main.py").read_text()
    assert (project / "legacy" / "main.py").read_text() == legacy, "legacy is excluded"
    print("try-repo finds and fixes, and leaves alone what is excluded", flush=True)

    revision = git(repository, "rev-parse", "HEAD").strip()
    configuration = CONFIGURATION.format(repository=repository.as_uri(), revision=revision)
    (project / ".pre-commit-config.yaml").write_text(configuration)
    git(project, "add", ".")
    again = run([precommit, "run", "--all-files"], cwd=project)
    assert again.count("Passed") == 2, again
    git(project, "commit", "--quiet", "--message", "All")
    print("both pass the second time", flush=True)

    (project / "settings.py").write_text((project / "settings.py").read_text() + "\n")
    (project / "notes.md").write_text("Nothing to run.\n")
    git(project, "add", ".")
    staged = run([precommit, "run"], cwd=project)
    assert staged.count("Passed") == 1 and staged.count("Skipped") == 1, staged
    git(project, "reset", "--quiet", "--", "settings.py")
    other = run([precommit, "run"], cwd=project)
    assert other.count("Skipped") == 2, other
    print("what pre-commit excludes, and other files, start nothing", flush=True)
    return 0


def hooks(folder: pathlib.Path) -> pathlib.Path:
    """A repository whose one commit is the working tree of this one, without what git ignores."""
    shutil.rmtree(folder, ignore_errors=True)
    names = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, names):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "The working tree")
    return folder


def git(folder: pathlib.Path, *arguments: str) -> str:
    person = ["-c", "user.name=loopcheck", "-c", "user.email=loopcheck@example.com", "-c", "commit.gpgsign=false"]
    return run(["git", *person, *arguments], cwd=folder)


if __name__ == "__main__":
    sys.exit(main())
