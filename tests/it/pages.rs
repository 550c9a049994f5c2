//! The rule pages are true: `Bad` raises its rule on the marked line and nothing else, fixing it
//! gives `Fixed` byte for byte, `Fixed` and `Good` are silent. Notes of other rules do not count:
//! what is good to know of a program does not make it a bad example.
//!
//! `CASE=LC101 cargo test pages` runs the cases whose name contains the text.

use rayon::prelude::*;
use serde_json::Value;

use crate::cases::{self, Case, Kind, Mark};
use crate::project::{Files, Project, Run, difference, repository};

#[test]
fn every_case_of_every_page_holds() {
    let cases = cases::all();
    let failures: Vec<String> = cases
        .par_iter()
        .filter_map(|case| check(case).err().map(|why| format!("\n=== {}\n{why}", case.name)))
        .collect();
    assert!(failures.is_empty(), "{} of {} cases fail{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn every_page_says_what_a_page_must_say() {
    let folder = repository().join("rules");
    for page in cases::pages().iter().filter(|page| page.starts_with("rules/")) {
        let path = repository().join(page);
        let head = cases::front_matter(&path);
        let code = path.file_stem().expect("a page has a name").to_string_lossy().into_owned();
        assert_eq!(head["code"].as_str(), Some(code.as_str()), "{page}: the code is the file's name");
        for key in ["name", "summary", "severity", "fix", "since"] {
            assert!(head.get(key).is_some_and(|value| value.is_str()), "{page}: front matter lacks {key}");
        }
        let fixable = head["fix"].as_str() != Some("none");
        let text = std::fs::read_to_string(&path).expect("a readable page");
        let mut headings = vec!["What it does", "Why is this bad", "Bad"];
        headings.extend(fixable.then_some("Fixed"));
        headings.extend(["Good", "Not reported", "References"]);
        let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(found, headings, "{page}: headings, in this order");
        for case in cases::read(page) {
            if let Kind::Bad { marks, fixed, .. } = case.kind {
                assert!(marks.iter().any(|mark| mark.2 == code), "{page}: `Bad` shows {code}");
                assert_eq!(fixed.is_some(), fixable, "{page}: `Fixed` and `fix` say the same");
            }
        }
    }
    assert!(folder.join("LC101.md").exists(), "the pages were looked for in the right place");
}

fn check(case: &Case) -> Result<(), String> {
    let project = Project::new(&case.files);
    let Kind::Bad { marks, fixed, arguments } = &case.kind else { return silent(&project, case) };
    let run = project.check(&[]);
    let got = found(&run, case)?;
    if got != *marks {
        return Err(format!("expected {}\ngot      {}\n{}", show(marks), show(&got), told(&run)));
    }
    status_follows(&run)?;

    if !arguments.is_empty() || fixed.is_none() {
        let run = project.fix(&[]);
        unchanged(&project, &case.files, "--fix alone must change nothing", &run)?;
    }
    let Some(fixed) = fixed else { return Ok(()) };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = project.fix(&arguments);
    unchanged(&project, fixed, "--fix gives something else than `Fixed`", &run)?;
    silent(&project, case).map_err(|why| format!("after --fix: {why}"))?;
    let run = project.fix(&arguments);
    unchanged(&project, fixed, "a second --fix changes something", &run)
}

fn silent(project: &Project, case: &Case) -> Result<(), String> {
    let run = project.check(&[]);
    let got = found(&run, case)?;
    if !got.is_empty() {
        return Err(format!("expected nothing\ngot      {}\n{}", show(&got), told(&run)));
    }
    status_follows(&run)
}

fn unchanged(project: &Project, expected: &Files, what: &str, run: &Run) -> Result<(), String> {
    let difference = difference(expected, &project.files());
    if difference.is_empty() {
        return Ok(());
    }
    Err(format!("{what}\n{difference}--- exit status {}, stderr\n{}", run.status, run.stderr))
}

/// Exit status 1 from a warning upwards, else 0.
fn status_follows(run: &Run) -> Result<(), String> {
    let fails = run.json()?["findings"].as_array().is_some_and(|findings| {
        findings.iter().any(|finding| matches!(finding["severity"].as_str(), Some("warning" | "error")))
    });
    if run.status == i32::from(fails) {
        return Ok(());
    }
    Err(format!("exit status {}, expected {}\n{}", run.status, i32::from(fails), run.stderr))
}

fn found(run: &Run, case: &Case) -> Result<Vec<Mark>, String> {
    let json = run.json()?;
    let findings = json["findings"].as_array().ok_or_else(|| format!("no findings in {json}"))?;
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let is_note_of_another_rule =
        |one: &&Value| text(&one["severity"]) == "info" && !case.name.contains(&text(&one["code"]));
    let mut marks: Vec<Mark> = findings
        .iter()
        .filter(|one| !is_note_of_another_rule(one))
        .map(|one| (text(&one["path"]), one["line"].as_u64().unwrap_or(0), text(&one["code"])))
        .collect();
    marks.sort();
    Ok(marks)
}

fn show(marks: &[Mark]) -> String {
    if marks.is_empty() {
        return "nothing".to_owned();
    }
    let marks: Vec<String> = marks.iter().map(|(path, line, code)| format!("{path}:{line} {code}")).collect();
    marks.join(", ")
}

/// What the findings say, for whoever has to find out why.
fn told(run: &Run) -> String {
    let json = run.json().unwrap_or_default();
    let findings = json["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|one| format!("  {}: {}\n", one["code"], one["message"])).collect()
}
