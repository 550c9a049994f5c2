//! The programs of `tests/oracle/`: what loopcheck says of each must be what its execution showed.
//!
//! The pages hold the programs and, in fences named `truth`, the loops that really started. They are
//! executed by `tests/oracle/run.py`; here nothing is executed but loopcheck.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rayon::prelude::*;
use serde_json::Value;

use crate::cases::sections;
use crate::project::{Files, Project, repository, run_in};

/// What is said of one place: the loops on Windows and on Linux.
type Loops = [BTreeSet<String>; 2];

struct Program {
    name: String,
    entry: String,
    files: Files,
    /// For each environment, the loops that started at each place.
    truth: BTreeMap<String, BTreeMap<(String, u64), Loops>>,
}

#[test]
fn every_program_gets_the_loops_that_its_execution_showed() {
    let environments =
        fs::read_to_string(repository().join("tests/oracle/environments.json")).expect("the table");
    let environments: Value = serde_json::from_str(&environments).expect("JSON");
    let programs = programs();
    let jobs: Vec<_> = programs
        .iter()
        .flat_map(|program| program.truth.iter().map(move |(name, truth)| (program, name, truth)))
        .collect();
    assert!(jobs.len() > 300, "{} records are fewer than there were", jobs.len());
    let failures: Vec<String> = jobs
        .par_iter()
        .flat_map_iter(|(program, name, truth)| {
            let mut files = program.files.clone();
            files.extend(dependencies(&environments[*name]));
            let said = said(&files, &program.entry);
            let wrong = differences(truth, &said);
            wrong.into_iter().map(|line| format!("{} ({name}): {line}", program.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The files that pin a project to what an environment has.
fn dependencies(environment: &Value) -> Files {
    let packages = environment["packages"].as_object().expect("packages");
    let pins: Vec<String> = packages
        .iter()
        .map(|(name, version)| format!("\"{name}=={}\"", version.as_str().expect("a version")))
        .collect();
    let python = environment["python"].as_str().expect("a version");
    let project = format!(
        "[project]\nname = \"program\"\nversion = \"1\"\nrequires-python = \"=={python}.*\"\ndependencies = [{}]\n",
        pins.join(", ")
    );
    let locked: String = packages
        .iter()
        .chain(environment["brings"].as_object().into_iter().flatten())
        .map(|(name, version)| format!("\n[[package]]\nname = \"{name}\"\nversion = {version}\n"))
        .collect();
    Files::from([
        ("pyproject.toml".to_owned(), project.into_bytes()),
        ("uv.lock".to_owned(), format!("version = 1\n{locked}").into_bytes()),
    ])
}

/// What loopcheck says of the places that the entry reaches, and of those of scripts that it starts.
fn said(files: &Files, entry: &str) -> BTreeMap<(String, u64), Loops> {
    let project = Project::new(files);
    let json = run_in(project.path(), &["entries", ".", "--output-format", "json"]).json().expect("entries");
    let mut said: BTreeMap<(String, u64), Loops> = BTreeMap::new();
    for row in json["entries"].as_array().expect("rows") {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        if text("launch") == "function" || (text("root") != entry && text("path") == entry) {
            continue;
        }
        // A test runner starts the loop of a class of tests: the place is not compared, only the loop.
        let line = if text("runner").starts_with("unittest") { 0 } else { row["line"].as_u64().unwrap_or(0) };
        let place = said.entry((text("path"), line)).or_default();
        for (loops, platform) in place.iter_mut().zip(["windows", "linux"]) {
            loops.extend(row["loop"][platform].as_str().filter(|kind| *kind != "none").map(str::to_owned));
        }
    }
    said
}

fn differences(truth: &BTreeMap<(String, u64), Loops>, said: &BTreeMap<(String, u64), Loops>) -> Vec<String> {
    let mut wrong = Vec::new();
    let none = Loops::default();
    let tests = said.keys().find(|(_, line)| *line == 0);
    let mut seen = BTreeSet::new();
    for (place, loops) in truth {
        let found = said.keys().find(|key| *key == place).or(tests);
        let got = found.map_or(&none, |key| &said[key]);
        seen.extend(found);
        if got != loops {
            wrong.push(format!("{}:{} started {loops:?}, loopcheck says {got:?}", place.0, place.1));
        }
    }
    for (place, got) in said.iter().filter(|(place, _)| !seen.contains(place)) {
        if *got != none {
            wrong.push(format!("{}:{} started nothing, loopcheck says {got:?}", place.0, place.1));
        }
    }
    wrong
}

fn programs() -> Vec<Program> {
    let folder = repository().join("tests/oracle/programs");
    let mut pages: Vec<_> =
        fs::read_dir(folder).expect("the pages").map(|page| page.expect("a page").path()).collect();
    pages.sort();
    let mut programs = Vec::new();
    for page in pages {
        let stem = page.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&page).expect("a readable page");
        for section in sections(&text) {
            let start = section.start.as_deref().unwrap_or("main.py");
            let entry = match start.strip_prefix("-m ") {
                Some(module) => format!("{}/__main__.py", module.replace('.', "/")),
                None => start.to_owned(),
            };
            let (truth, files): (Vec<_>, Vec<_>) =
                section.files.into_iter().partition(|(name, _)| name == "truth");
            let name = format!("{stem}: {}", section.title);
            let truth = truth.first().unwrap_or_else(|| panic!("{name}: has not been executed"));
            let files = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
            programs.push(Program { name, entry, files, truth: read_truth(&truth.1) });
        }
    }
    programs
}

/// `python-3.9 python-3.13 | main.py:7 | selector | selector`
fn read_truth(text: &str) -> BTreeMap<String, BTreeMap<(String, u64), Loops>> {
    let mut truth: BTreeMap<String, BTreeMap<(String, u64), Loops>> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [names, place, windows, linux] = parts[..] else { panic!("`{line}` does not have four parts") };
        let loops = |text: &str| -> BTreeSet<String> {
            text.split('+').filter(|kind| *kind != "none").map(str::to_owned).collect()
        };
        for name in names.split_whitespace() {
            let rows = truth.entry(name.to_owned()).or_default();
            if let Some((path, line)) = place.rsplit_once(':') {
                let line = line.parse().expect("a line number");
                rows.insert((path.to_owned(), line), [loops(windows), loops(linux)]);
            }
        }
    }
    truth
}
