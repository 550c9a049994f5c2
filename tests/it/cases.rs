//! Cases as people write them: Markdown with a heading for what it is and a fence for each file.
//!
//! A section is named `Bad`, `Fixed`, `Good` or `Project`, with an optional title behind a colon.
//! `Fixed` belongs to the `Bad` before it and shows only the files that change. `Project` holds
//! files that every later case of the page shares, until the next `Project`. A comment
//! `# error: [LC101]` at the end of a line says what must be reported there; it is taken away
//! before the project is written. A line ``Run with: `--unsafe-fixes` `` gives arguments for `--fix`.

use std::fs;
use std::path::Path;

use proptest::test_runner::{Config, RngSeed};

use crate::project::{Files, repository};

const MARK: &str = "# error: [";

/// Path, 1-based line and code of a finding.
pub type Mark = (String, u64, String);

#[derive(Clone, Debug)]
pub struct Case {
    /// Page, line and title, for messages: `rules/LC101.md:14 Bad`.
    pub name: String,
    pub files: Files,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Good,
    Bad {
        marks: Vec<Mark>,
        /// The whole project after `--fix`; absent when nothing is to be changed.
        fixed: Option<Files>,
        arguments: Vec<String>,
    },
}

/// How a property is tried on damaged cases: `tries` of them, the same in every run, so that a change is
/// judged by what it changes. `PROPTEST_RNG_SEED=7 PROPTEST_CASES=1000` looks for more.
pub fn tried(tries: u32) -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = tries;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

/// All cases of the rule pages and of their further variants, or those whose name contains `$CASE`.
pub fn all() -> Vec<Case> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    pages().iter().flat_map(|page| read(page)).filter(|case| case.name.contains(&wanted)).collect()
}

/// The rule pages and the files of variants, as paths below the repository.
pub fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for folder in ["rules", "tests/rules"] {
        for entry in fs::read_dir(repository().join(folder)).expect("the folder of the pages") {
            let name = entry.expect("a readable entry").file_name().to_string_lossy().into_owned();
            if name.starts_with("LC") && name.ends_with(".md") {
                pages.push(format!("{folder}/{name}"));
            }
        }
    }
    pages.sort();
    pages
}

/// The cases of one page. Panics on a page that is not written as described above.
pub fn read(page: &str) -> Vec<Case> {
    let text = fs::read_to_string(repository().join(page)).expect("a readable page");
    let mut shared = Files::new();
    let mut cases: Vec<Case> = Vec::new();
    for section in sections(&text) {
        let name = format!("{page}:{} {}", section.line, section.title);
        let (files, marks) = unmark(&section.files);
        let together = || shared.clone().into_iter().chain(files.clone()).collect::<Files>();
        match section.title.split(':').next() {
            Some("Project") => shared = files,
            Some("Good") => {
                assert!(!files.is_empty() && marks.is_empty(), "{name}: a good case has files and no marks");
                cases.push(Case { name, files: together(), kind: Kind::Good });
            }
            Some("Bad") => {
                assert!(!marks.is_empty(), "{name}: no line says `{MARK}…]`");
                let kind = Kind::Bad { marks, fixed: None, arguments: section.arguments };
                cases.push(Case { name, files: together(), kind });
            }
            Some("Fixed") => {
                let bad = cases.last_mut().expect("`Fixed` stands behind its `Bad`");
                let Kind::Bad { fixed: fixed @ None, .. } = &mut bad.kind else {
                    panic!("{name}: `Fixed` stands behind its `Bad`, once");
                };
                let mut after = bad.files.clone();
                for (file, bytes) in files {
                    assert!(after.insert(file.clone(), bytes).is_some(), "{name}: {file} is not in `Bad`");
                }
                *fixed = Some(after);
            }
            _ => {}
        }
    }
    cases
}

/// The text between the `+++` lines at the top of a page.
pub fn front_matter(page: &Path) -> toml::Table {
    let text = fs::read_to_string(page).expect("a readable page");
    let head = text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n")).map(|(head, _)| head);
    let head = head.unwrap_or_else(|| panic!("{}: no front matter between lines of +++", page.display()));
    head.parse().unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// A heading of the second level and what stands below it.
pub struct Section {
    pub title: String,
    /// 1-based line of the heading.
    line: usize,
    /// Name and text of each fence, in order.
    pub files: Vec<(String, String)>,
    arguments: Vec<String>,
    /// What a line ``Start: `-m tool` `` says.
    pub start: Option<String>,
}

pub fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            sections.push(Section {
                title: title.trim().to_owned(),
                line: index + 1,
                files: Vec::new(),
                arguments: Vec::new(),
                start: None,
            });
        }
        let Some(section) = sections.last_mut() else { continue };
        if let Some(rest) = line.strip_prefix("Run with: ") {
            section.arguments = rest.trim().trim_matches('`').split_whitespace().map(str::to_owned).collect();
        }
        if let Some(rest) = line.strip_prefix("Start: ") {
            section.start = Some(rest.trim().trim_matches('`').to_owned());
        }
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if ticks < 3 {
            continue;
        }
        let (fence, info) = line.split_at(ticks);
        let mut body = String::new();
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != fence) {
            body += line;
            body.push('\n');
        }
        if let Some((_, name)) = info.split_once(' ') {
            section.files.push((name.trim().to_owned(), body));
        }
    }
    sections
}

/// Takes the marks out of the files.
fn unmark(files: &[(String, String)]) -> (Files, Vec<Mark>) {
    let mut clean = Files::new();
    let mut marks = Vec::new();
    for (name, text) in files {
        let mut bytes = String::new();
        for (index, line) in text.lines().enumerate() {
            let code = match line.split_once(MARK) {
                None => line,
                Some((code, rest)) => {
                    for mark in rest.trim_end().trim_end_matches(']').split(',') {
                        marks.push((name.clone(), index as u64 + 1, mark.trim().to_owned()));
                    }
                    code.trim_end()
                }
            };
            bytes += code;
            bytes.push('\n');
        }
        clean.insert(name.clone(), bytes.into_bytes());
    }
    marks.sort();
    (clean, marks)
}
