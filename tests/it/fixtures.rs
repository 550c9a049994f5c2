//! The sample projects in `fixtures/`, each with what loopcheck must say of it.
//!
//! `expected.json` holds the entries and the findings, without their wording; `expected.diff` is what
//! `--diff` prints, and is absent when there is nothing to fix. `UPDATE=1 cargo test fixtures` writes
//! both anew: read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::project::{difference, read_folder, repository, run_in};

#[test]
fn every_fixture_is_seen_as_it_is_written_down() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = String::new();
    for folder in folders() {
        let name = folder.file_name().expect("a fixture has a name").to_string_lossy().into_owned();
        match (update, seen(&folder)) {
            (_, Err(why)) => failures += &format!("\n=== {name}\n{why}\n"),
            (true, Ok((rows, diff))) => write(&folder, &rows, &diff),
            (false, Ok((rows, diff))) => {
                let mut expected = read_folder(&folder);
                expected.retain(|file, _| file.starts_with("expected."));
                let mut got = crate::project::Files::from([("expected.json".to_owned(), rows.into_bytes())]);
                if !diff.is_empty() {
                    got.insert("expected.diff".to_owned(), diff.into_bytes());
                }
                let difference = difference(&expected, &got);
                if !difference.is_empty() {
                    failures += &format!("\n=== {name}\n{difference}");
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The folders of the fixtures, sorted.
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(repository().join("fixtures"))
        .expect("the fixtures")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn seen(folder: &Path) -> Result<(String, String), String> {
    let entries = run_in(folder, &["entries", ".", "--output-format", "json"]).json()?;
    let check =
        run_in(folder, &["check", ".", "--output-format", "json", "--min-severity", "info"]).json()?;
    let diff = run_in(folder, &["check", ".", "--diff", "--min-severity", "info"]);
    let array = |json: &Value, key: &str| json[key].as_array().cloned().unwrap_or_default();
    let entries: Vec<String> = array(&entries, "entries").iter().map(entry).collect();
    let findings: Vec<String> = array(&check, "findings").iter().map(finding).collect();
    let rows = json!({ "entries": entries, "findings": findings });
    let rows = serde_json::to_string_pretty(&rows).expect("strings are JSON");
    Ok((rows + "\n", diff.stdout))
}

/// `main.py:18 ui.run, script main.py, parent: windows proactor, linux uvloop, darwin uvloop`
fn entry(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or("?").to_owned();
    let on = |key: &str| format!("{key} {}", row["loop"][key].as_str().unwrap_or("?"));
    let python = row["python"].as_str().map_or(String::new(), |python| format!(" on Python {python}"));
    format!(
        "{}:{} {}, {} {}, {}{python}: {}, {}, {}",
        text("path"),
        row["line"],
        text("runner"),
        text("launch"),
        text("root"),
        text("process"),
        on("windows"),
        on("linux"),
        on("darwin")
    )
}

/// `main.py:18:1 error LC201, fix safe`
fn finding(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or("?").to_owned();
    let fix = row["fix"]["applicability"].as_str().unwrap_or("none");
    format!(
        "{}:{}:{} {} {}, fix {fix}",
        text("path"),
        row["line"],
        row["column"],
        text("severity"),
        text("code")
    )
}

fn write(folder: &Path, rows: &str, diff: &str) {
    fs::write(folder.join("expected.json"), rows).expect("a writable fixture");
    let path = folder.join("expected.diff");
    if !diff.is_empty() {
        fs::write(path, diff).expect("a writable fixture");
    } else if path.exists() {
        fs::remove_file(path).expect("a writable fixture");
    }
}
