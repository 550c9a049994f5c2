//! `loopcheck explain`: it agrees with `entries`, and says why where there is no entry.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use crate::cases;
use crate::fixtures::folders;
use crate::project::{Files, Project, run_in};

/// Every entry is explained, at its file and at its line, and gets the verdict that `entries` gives it.
#[test]
fn explain_and_entries_give_the_same_verdicts() {
    let mut failures: Vec<String> =
        folders().par_iter().flat_map_iter(|folder| disagreements(folder)).collect();
    let of_cases: Vec<String> = cases::all()
        .par_iter()
        .flat_map_iter(|case| {
            let project = Project::new(&case.files);
            let wrong = disagreements(project.path());
            wrong.into_iter().map(|why| format!("{}: {why}", case.name)).collect::<Vec<_>>()
        })
        .collect();
    failures.extend(of_cases);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn disagreements(folder: &Path) -> Vec<String> {
    let listed = run_in(folder, &["entries", ".", "--output-format", "json"]).json();
    let rows =
        listed.unwrap_or_else(|why| panic!("{why}"))["entries"].as_array().cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    let files: BTreeSet<&str> =
        rows.iter().flat_map(|row| [&row["path"], &row["root"]]).filter_map(Value::as_str).collect();
    for file in files {
        let of_file = |row: &&Value| row["path"] == file || row["root"] == file;
        let expected: Vec<&Value> = rows.iter().filter(of_file).collect();
        let got = explained(folder, file);
        if got.iter().collect::<Vec<_>>() != expected {
            wrong.push(format!("explain {file}: {got:#?}\nentries: {expected:#?}"));
        }
    }
    for row in &rows {
        let place = format!("{}:{}", row["path"].as_str().unwrap_or("?"), row["line"]);
        if !explained(folder, &place).contains(row) {
            wrong.push(format!("explain {place} does not say\n{row:#}"));
        }
    }
    wrong
}

/// The entries that are explained at a place.
fn explained(folder: &Path, place: &str) -> Vec<Value> {
    let run = run_in(folder, &["explain", place, "--output-format", "json"]);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    let json = run.json().unwrap_or_else(|why| panic!("explain {place}: {why}"));
    let runs = json["runs"].as_array().cloned().unwrap_or_default();
    runs.into_iter().map(|run| run["entry"].clone()).filter(|entry| !entry.is_null()).collect()
}

#[test]
fn a_child_has_a_part_of_its_own_and_the_platforms_stand_beside_each_other() {
    let text = explain(
        &[(
            "main.py",
            "\
import asyncio
import multiprocessing
import sys


def work():
    asyncio.run(main())


async def main():
    pass


if __name__ == '__main__':
    if sys.platform == 'win32':
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    child = multiprocessing.Process(target=work)
    child.start()
",
        )],
        &["explain", "main.py:7"],
    );
    let expected = "\
main.py:7:5 asyncio.run
Run: python main.py

  --> main.py
   = runs main.py as `__main__`
14 | if __name__ == '__main__':
   = `__name__ == '__main__'` is true
15 |     if sys.platform == 'win32':
   = `sys.platform == 'win32'` is true on Windows, false on Linux and macOS
16 |         asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
   = Windows: the Selector policy is set
18 |     child.start()
   = a child process is spawned
   In the child process:
  --> main.py:18
18 |     child.start()
   = runs main.py as `__mp_main__`
14 | if __name__ == '__main__':
   = `__name__ == '__main__'` is false
18 |     child.start()
   = calls work()
  --> main.py:7 in work()
 7 |     asyncio.run(main())
   = Windows: `asyncio.run` runs on the Proactor loop: the default policy decides
   = Linux and macOS: `asyncio.run` runs on the Selector loop: the default policy decides
   In the parent process:
   = the run comes to its end

Verdict: proactor on Windows, selector on Linux and macOS
";
    assert_eq!(text, expected);
}

#[test]
fn ways_that_differ_are_told_apart_by_what_they_assume() {
    let text = explain(
        &[(
            "main.py",
            "\
import asyncio
import os
import sys


async def main():
    pass


if os.environ.get('SELECTOR') and sys.platform == 'win32':
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
asyncio.run(main())
",
        )],
        &["explain", "main.py:12"],
    );
    assert!(text.contains("Way 1, "), "{text}");
    let condition = "os.environ.get('SELECTOR') and sys.platform == 'win32'";
    let expected = format!(
        "\
Way 2, only on Windows, when not ({condition})
   = as above, then
  --> main.py:10
10 | if {condition}:
   = assumed: not ({condition})
12 | asyncio.run(main())
   = `asyncio.run` runs on the Proactor loop: the default policy decides
   = the run comes to its end
"
    );
    assert!(text.contains(&expected), "{text}");
    let verdict = format!(
        "\
Verdict: depends on Windows, selector on Linux and macOS
  when not ({condition}): proactor on Windows, selector
    on Linux and macOS
  when {condition}: selector everywhere
"
    );
    assert!(text.contains(&verdict), "{text}");
}

#[test]
fn the_first_import_of_a_program_stands_in_it_and_a_command_line_is_a_run() {
    let files = [
        (
            "main.py",
            "import asyncio\nimport policy\n\n\nasync def main():\n    pass\n\n\nasyncio.run(main())\n",
        ),
        (
            "policy.py",
            "import asyncio\nimport sys\n\nif sys.platform == 'win32':\n    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n",
        ),
        ("app.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
        ("start.bat", "uvicorn app:app\n"),
    ];
    let text = explain(&files, &["explain", "main.py"]);
    let import = "  = runs main.py as `__main__`\n2 | import policy\n  = runs policy.py as `policy`\n";
    assert!(text.contains(import), "{text}");
    let text = explain(&files, &["explain", "start.bat:1"]);
    assert!(text.contains("Run: a command line in start.bat, only on Windows\n"), "{text}");
    assert!(text.contains("1 | uvicorn app:app\n"), "{text}");
}

#[test]
fn a_run_that_dies_says_of_what_and_where() {
    let files = [
        ("main.py", "import asyncio\nimport settings\n\nasyncio.run(settings.main())\n"),
        ("settings.py", "raise ValueError('no settings')\n"),
    ];
    let text = explain(&files, &["explain", "main.py:4"]);
    for part in [
        "No run starts a loop at main.py:4.",
        "No run comes to line 4.",
        "2 | import settings",
        "--> settings.py:1",
        "= raises ValueError: no settings, and nobody catches it",
        "= the run ends with ValueError: no settings, which nobody catches",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_run_that_is_given_up_says_where_its_steps_went() {
    let mut deep = String::from("import asyncio\n\n\ndef count(items):\n    total = 0\n");
    deep += "    for a in range(200):\n        for b in range(200):\n            for c in range(200):\n";
    deep += "                total += a * b * c\n    return total\n\n\n";
    deep += "async def main():\n    pass\n\n\ncount([])\nasyncio.run(main())\n";
    let text = explain(&[("main.py", &deep)], &["explain", "main.py"]);
    assert!(text.contains("the paper run gives up here: the program is too large to follow"), "{text}");
    assert!(text.contains("Not every way was followed to its end"), "{text}");
    assert!(text.contains("on Windows, most in: count "), "{text}");
}

#[test]
fn it_says_why_nothing_is_found() {
    let files = [
        ("main.py", "import asyncio\nimport tools\n\nasyncio.run(tools.main())\n"),
        ("tools.py", "async def main():\n    pass\n\n\ndef other():\n    return 1\n"),
        ("apart.py", "print('nothing to see')\n"),
        ("broken.py", "import asyncio\nasyncio.run(\n"),
    ];
    for (place, said) in [
        ("apart.py", "apart.py was not run: neither it nor what it imports mentions"),
        ("tools.py:6", "No run calls `other`."),
        ("broken.py", "The file cannot be parsed"),
        ("main.py:1", "Line 1 runs, and what happens there starts no loop."),
    ] {
        let text = explain(&files, &["explain", place]);
        assert!(text.contains(said), "explain {place} does not say “{said}” but\n{text}");
    }
}

#[test]
fn all_steps_are_shown_when_asked_for() {
    let files = [(
        "main.py",
        "import asyncio\n\n\ndef idle():\n    return 1\n\n\nasync def main():\n    idle()\n\n\nasyncio.run(main())\n",
    )];
    assert!(!explain(&files, &["explain", "main.py"]).contains("calls idle()"));
    assert!(explain(&files, &["explain", "-v", "main.py"]).contains("calls idle()"));
}

#[test]
fn what_strangers_wrote_moves_no_cursor_and_leaves_no_line() {
    let long = "x".repeat(200);
    let text = format!(
        "import asyncio\nimport os\n\n\nasync def main():\n    pass\n\n\nif os.environ.get('\u{1b}[2J{long}'):\n    asyncio.run(main())\n"
    );
    for arguments in [&["explain", "main.py"][..], &["explain", "-v", "main.py"]] {
        let text = explain(&[("main.py", &text)], arguments);
        assert!(!text.contains('\u{1b}'), "{text:?}");
        // A word that is too long for a line cannot be folded; code is cut.
        let wide = |line: &&str| line.contains(" | ") && line.chars().count() > 100;
        assert_eq!(text.lines().find(wide), None);
    }
}

#[test]
fn wrong_usage_ends_with_2_and_help() {
    let project = Project::new(&files(&[("main.py", "print(1)\n")]));
    for (arguments, said) in [
        (&["explain"][..], "Usage"),
        (&["explain", "nosuch.py"], "FILE:LINE"),
        (&["explain", "."], "is a folder"),
        (&["explain", "main.py:99"], "has 1 line"),
        (&["explain", "main.py:0"], "has 1 line"),
        (&["explain", "main.py", "--output-format", "xml"], "possible values"),
    ] {
        let run = project.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
}

fn explain(sources: &[(&str, &str)], arguments: &[&str]) -> String {
    let run = Project::new(&files(sources)).run(arguments);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.stdout
}

fn files(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_owned())).collect()
}
