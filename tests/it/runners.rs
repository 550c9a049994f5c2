//! The table of runners, `rules/runners.toml`, executed: `tests/runners.md` says which loop each gets.

use std::collections::BTreeMap;
use std::fs;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use rayon::prelude::*;

use crate::project::{Files, Project, repository};

/// What stands before every program.
const PREAMBLE: &str = "\
import asyncio, sys
def app(): pass
async def main(): pass
def select():
    if sys.platform == 'win32':
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
";

struct Case {
    title: String,
    /// `uvicorn==0.40.0`; `python==3.14` is the interpreter.
    installed: Vec<String>,
    program: String,
    /// On Windows and on Linux.
    loops: [String; 2],
}

/// The runners of a project's entries, and their loops on Windows and on Linux.
struct Seen {
    runners: Vec<String>,
    loops: [String; 2],
}

#[test]
fn every_runner_gets_the_loop_it_gets() {
    let cases = cases();
    let seen: Vec<Seen> = cases.par_iter().map(see).collect();
    let wrong: Vec<String> = cases
        .iter()
        .zip(&seen)
        .filter(|(case, seen)| case.loops != seen.loops)
        .map(|(case, seen)| format!("{}: wanted {:?}, got {:?}", case.title, case.loops, seen.loops))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let rows = rows();
    let missing: Vec<String> = (0..rows.len())
        .filter(|&at| !cases.iter().zip(&seen).any(|pair| rows[at].is_in(&rows[..at], pair)))
        .map(|at| rows[at].shown())
        .collect();
    assert!(missing.is_empty(), "no program calls\n{}", missing.join("\n"));
}

fn cases() -> Vec<Case> {
    let page = fs::read_to_string(repository().join("tests/runners.md")).expect("the page");
    let lines = page.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [title, installed, program, windows, linux] = cells[..] else {
                panic!("five cells: {line}");
            };
            Case {
                title: title.into(),
                installed: installed.split_whitespace().map(str::to_owned).collect(),
                program: program.trim_matches('`').replace('⏎', "\n"),
                loops: [windows.into(), linux.into()],
            }
        })
        .collect()
}

fn see(case: &Case) -> Seen {
    let (python, packages): (Vec<&str>, Vec<&str>) =
        case.installed.iter().map(String::as_str).partition(|one| one.starts_with("python=="));
    let python = python.first().map_or("3.12", |python| &python["python==".len()..]);
    let program = format!("{PREAMBLE}{}\n", case.program);
    let mut files = Files::from([
        (".python-version".to_owned(), python.into()),
        ("app.py".to_owned(), b"app = None\n".to_vec()),
        ("main.py".to_owned(), program.into()),
    ]);
    if !packages.is_empty() {
        files.insert("requirements.txt".to_owned(), packages.join("\n").into());
    }
    let entries =
        Project::new(&files).entries(&[]).json().unwrap_or_else(|error| panic!("{}: {error}", case.title));
    let entries = entries["entries"].as_array().expect("entries").clone();
    let all = |what: &dyn Fn(&serde_json::Value) -> &serde_json::Value| -> Vec<String> {
        entries.iter().map(|entry| what(entry).as_str().expect("a word").to_owned()).collect()
    };
    let on = |platform: &str| match all(&|entry| &entry["loop"][platform]).join(", ") {
        nothing if nothing.is_empty() => "-".to_owned(),
        loops => loops,
    };
    Seen { loops: [on("windows"), on("linux")], runners: all(&|entry| &entry["runner"]) }
}

/// A row of the table that starts a loop.
struct Row {
    name: String,
    package: String,
    versions: Option<VersionSpecifiers>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(repository().join("rules/runners.toml")).expect("the table");
    let table: BTreeMap<String, toml::Value> = toml::from_str(&text).expect("TOML");
    let word =
        |row: &toml::Value, key: &str| row.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let rows = table["runner"].as_array().expect("rows");
    rows.iter()
        .filter(|row| row.get("family").is_some())
        .map(|row| Row {
            name: word(row, "name").expect("a name"),
            package: word(row, "package").expect("a package"),
            versions: word(row, "versions").map(|text| text.parse().expect("versions")),
        })
        .collect()
}

impl Row {
    /// Whether a program called it in a version it speaks of, and no row before it does.
    fn is_in(&self, before: &[Row], (case, seen): (&Case, &Seen)) -> bool {
        let pinned = case.installed.iter().find_map(|one| {
            let (name, version) = one.split_once("==")?;
            (name == self.package).then(|| Version::from_str(version).expect("a version"))
        });
        let speaks = |row: &Row| match (&row.versions, &pinned) {
            (Some(versions), Some(version)) => versions.contains(version),
            (versions, _) => versions.is_none(),
        };
        let taken = before.iter().any(|row| row.name == self.name && speaks(row));
        !taken && speaks(self) && seen.runners.contains(&self.name)
    }

    fn shown(&self) -> String {
        format!(
            "{} {}",
            self.name,
            self.versions.as_ref().map_or(String::new(), |versions| versions.to_string())
        )
    }
}
