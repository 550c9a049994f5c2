//! The catalogue of rules is one: what the program knows, the pages, their variants, the index in the
//! README, the schema and the CHANGELOG name the same rules.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::cases::{self, Kind};
use crate::project::{repository, run_in};

/// How many variants of each kind a rule has at least.
const VARIANTS: usize = 6;

type Codes = BTreeSet<String>;

#[test]
fn everything_that_names_the_rules_names_the_same() {
    let known = known();
    assert!(known.len() > 20, "the program knows its rules: {known:?}");
    assert_eq!(files("rules"), known, "the pages in rules/");
    assert_eq!(files("tests/rules"), known, "the variants in tests/rules/");
    assert_eq!(in_the_readme(), known, "the table of the README");
    assert_eq!(in_the_schema(), known, "the schema");
    assert_eq!(in_the_changelog(), known, "the CHANGELOG");
}

#[test]
fn all_pages_are_shown_in_the_order_of_the_codes() {
    let run = run_in(repository(), &["rule", "--all"]);
    let headings = run.stdout.lines().filter_map(|line| line.strip_prefix("# ")?.strip_suffix(')'));
    let shown: Vec<&str> = headings.filter_map(|heading| Some(heading.rsplit_once('(')?.1)).collect();
    assert_eq!(shown, known().iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_readme_has_the_rows_that_the_pages_give() {
    let expected: Vec<String> = known()
        .iter()
        .map(|code| {
            let head = cases::front_matter(&repository().join(format!("rules/{code}.md")));
            let [name, summary, fix] =
                ["name", "summary", "fix"].map(|key| head[key].as_str().unwrap_or("?"));
            format!("| [{code}](rules/{code}.md) | {name} | {summary} | {fix} |")
        })
        .collect();
    assert_eq!(rows(), expected, "write these rows into the README");
}

#[test]
fn every_rule_has_enough_variants_and_look_alikes() {
    for code in known() {
        let variants = cases::read(&format!("tests/rules/{code}.md"));
        let good = variants.iter().filter(|case| matches!(case.kind, Kind::Good)).count();
        let bad = variants.len() - good;
        assert!(bad >= VARIANTS && good >= VARIANTS, "tests/rules/{code}.md: {bad} Bad and {good} Good");
    }
}

/// The rules of the program, which are the code's own: a unit test holds them against the registry.
fn known() -> Codes {
    let run = run_in(repository(), &["rule", "--all", "--output-format", "json"]);
    let rules: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let rules = rules.as_array().expect("a list of rules").iter();
    rules.map(|rule| rule["code"].as_str().expect("a code").to_owned()).collect()
}

fn files(folder: &str) -> Codes {
    let names = cases::pages().into_iter();
    let names = names.filter_map(|page| page.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned));
    names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned)).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(repository().join(name)).expect("a file of the repository")
}

/// The rows of the table of rules, in order.
fn rows() -> Vec<String> {
    read("README.md").lines().filter(|line| line.starts_with("| [LC")).map(str::to_owned).collect()
}

fn in_the_readme() -> Codes {
    rows().iter().flat_map(|row| codes(row.split(']').next().unwrap_or_default())).collect()
}

/// The codes that an editor offers; names, prefixes and `ALL` stand there as well.
fn in_the_schema() -> Codes {
    let schema: Value = serde_json::from_str(&read("loopcheck.schema.json")).expect("JSON");
    let mut found = Codes::new();
    let mut open = vec![&schema];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if codes(text).first().is_some_and(|code| code == text) => {
                found.insert(text.clone());
            }
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => open.extend(entries.values()),
            _ => {}
        }
    }
    found
}

/// The codes of lines that begin with `- Rule`; `LC401 to LC406` is all between them.
fn in_the_changelog() -> Codes {
    let known = known();
    let text = read("CHANGELOG.md");
    let mut found = Codes::new();
    for line in text.lines().filter(|line| line.starts_with("- Rule")) {
        let named = codes(line);
        for pair in named.windows(2).filter(|pair| line.contains(&format!("{} to {}", pair[0], pair[1]))) {
            found.extend(known.range(pair[0].clone()..=pair[1].clone()).cloned());
        }
        found.extend(named);
    }
    found
}

/// Every `LC` with three digits in a text, in order.
fn codes(text: &str) -> Vec<String> {
    let at = text.match_indices("LC").map(|(at, _)| &text[at..]);
    let codes =
        at.filter_map(|rest| rest.get(..5).filter(|code| code[2..].bytes().all(|b| b.is_ascii_digit())));
    codes.map(str::to_owned).collect()
}
