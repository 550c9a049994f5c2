//! What must hold of any run, whatever the project: fixing is idempotent, keeps the bytes that are not its
//! business, never breaks a file; threads and the prefilter change nothing; no input brings it down.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::Value;

use crate::cases::{self, Kind};
use crate::cli::sample_tree;
use crate::project::{Files, Project, Run, difference};

/// A way to write the same program with other bytes.
struct Dress {
    name: &'static str,
    put_on: fn(&str) -> Vec<u8>,
    /// Shows only in a file that has an indented line; without one, four spaces are right.
    indents: bool,
}

const DRESSES: [Dress; 5] = [
    Dress { name: "CRLF", put_on: |text| text.replace('\n', "\r\n").into_bytes(), indents: false },
    Dress { name: "BOM", put_on: |text| format!("\u{feff}{text}").into_bytes(), indents: false },
    Dress { name: "tabs", put_on: |text| tabs(text).into_bytes(), indents: true },
    Dress {
        name: "BOM, CRLF and tabs",
        put_on: |text| format!("\u{feff}{}", tabs(text).replace('\n', "\r\n")).into_bytes(),
        indents: true,
    },
    Dress {
        name: "no newline at the end",
        put_on: |text| text.trim_end_matches('\n').as_bytes().to_owned(),
        indents: false,
    },
];

/// Dressing and then fixing is the same as fixing and then dressing, so a fix keeps the line ends,
/// the byte-order mark, the indentation and the end of the file, and touches nothing else.
#[test]
fn a_fix_keeps_the_dress_of_the_file() {
    let compared = AtomicUsize::new(0);
    let failures: Vec<String> = fixable()
        .par_iter()
        .flat_map_iter(|(name, bad, arguments)| {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let plain = Project::new(bad);
            plain.fix(&arguments);
            let fixed = plain.files();
            let shows = indented(bad, &fixed);
            let mut failures = Vec::new();
            for dress in DRESSES.iter().filter(|dress| shows || !dress.indents) {
                let project = Project::new(&dressed(bad, dress));
                let run = project.fix(&arguments);
                compared.fetch_add(usize::from(&fixed != bad), Ordering::Relaxed);
                let difference = difference(&dressed(&fixed, dress), &project.files());
                if !difference.is_empty() {
                    failures.push(format!("\n=== {name}, {}\n{difference}{}", dress.name, run.stderr));
                }
            }
            failures
        })
        .collect();
    assert!(failures.is_empty(), "{} failures{}", failures.len(), failures.join("\n"));
    let compared = compared.into_inner();
    assert!(compared > 200, "only {compared} fixed projects were compared");
}

#[test]
fn fixing_twice_is_fixing_once_and_every_fixed_file_still_parses() {
    for tree in [sample_tree(), whole_tree()] {
        let project = Project::new(&tree);
        let errors = |project: &Project| {
            let json = project.check(&[]).json().unwrap_or_else(|why| panic!("{why}"));
            let findings = json["findings"].as_array().cloned().unwrap_or_default();
            findings
                .iter()
                .filter(|one| one["code"] == "LC000")
                .map(|one| one["path"].to_string())
                .collect::<Vec<_>>()
        };
        let broken_before = errors(&project);
        project.fix(&["--unsafe-fixes"]);
        let once = project.files();
        assert!(once != tree, "nothing was fixed");
        assert_eq!(errors(&project), broken_before, "a fix has broken a file");
        project.fix(&["--unsafe-fixes"]);
        let difference = difference(&once, &project.files());
        assert!(difference.is_empty(), "the second --fix changes something\n{difference}");
    }
}

#[test]
fn one_thread_says_what_many_say() {
    let project = Project::new(&whole_tree());
    same(&project.check(&["-j", "1"]), &project.check(&["-j", "8"]));
    same(&project.entries(&["-j", "1"]), &project.entries(&["-j", "8"]));
}

#[test]
fn the_prefilter_changes_nothing() {
    let project = Project::new(&whole_tree());
    // That a file which has to do with no loop is broken is nobody's business; without the prefilter it is told.
    let ignore = ["--ignore", "LC000"];
    same(&project.check(&ignore), &project.check(&[&ignore[..], &["--no-prefilter"]].concat()));
    same(&project.entries(&[]), &project.entries(&["--no-prefilter"]));
}

proptest! {
    #![proptest_config(cases::tried(48))]

    /// A truncated or damaged file is a finding at worst.
    #[test]
    fn no_damage_to_a_file_brings_the_program_down(
        case in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..24,
        instead in prop::collection::vec(any::<u8>(), 0..4),
        to_the_end in any::<bool>(),
    ) {
        let cases = cases::all();
        let mut files = cases[case.index(cases.len())].files.clone();
        for bytes in files.values_mut() {
            let from = at.index(bytes.len() + 1);
            let to = if to_the_end { bytes.len() } else { (from + length).min(bytes.len()) };
            bytes.splice(from..to, instead.iter().copied());
        }
        let project = Project::new(&files);
        for run in [project.check(&[]), project.fix(&["--unsafe-fixes", "--output-format", "json"])] {
            prop_assert!(matches!(run.status, 0..=2), "status {}\n{}", run.status, run.stderr);
            prop_assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            match run.json() {
                Ok(report) => prop_assert!(report["summary"]["files"].as_u64() > Some(0), "{report}"),
                // Damaged configuration ends the run with a reason.
                Err(why) => prop_assert!(run.status == 2 && !run.stderr.is_empty(), "{why}"),
            }
        }
    }
}

/// Two runs said the same, and said something.
fn same(one: &Run, other: &Run) {
    let (first, second) = (one.json(), other.json());
    let (first, second) =
        (first.unwrap_or_else(|why| panic!("{why}")), second.unwrap_or_else(|why| panic!("{why}")));
    for key in ["findings", "entries"] {
        assert!(first[key].as_array().is_none_or(|rows| !rows.is_empty()), "no {key} to compare");
    }
    let lines = |json: Value| serde_json::to_string_pretty(&json).expect("JSON stays JSON");
    let difference = similar::TextDiff::from_lines(lines(first), lines(second)).unified_diff().to_string();
    assert!(difference.is_empty() && one.status == other.status, "{difference}");
}

/// Name, files and arguments of every case that is fixed.
fn fixable() -> Vec<(String, Files, Vec<String>)> {
    cases::all()
        .into_iter()
        .filter_map(|case| match case.kind {
            Kind::Bad { fixed: Some(_), arguments, .. } => Some((case.name, case.files, arguments)),
            _ => None,
        })
        .collect()
}

/// The Python files in another dress; other files, which nothing rewrites, stay.
fn dressed(files: &Files, dress: &Dress) -> Files {
    let put = |name: &str, bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if name.ends_with(".py") => (dress.put_on)(text),
        _ => bytes.to_owned(),
    };
    files.iter().map(|(name, bytes)| (name.clone(), put(name, bytes))).collect()
}

/// Every file that was fixed had an indented line before.
fn indented(bad: &Files, fixed: &Files) -> bool {
    bad.iter()
        .filter(|(name, bytes)| fixed.get(*name) != Some(*bytes))
        .all(|(_, bytes)| bytes.windows(2).any(|pair| pair == b"\n "))
}

/// Four spaces at the start of a line become one tab.
fn tabs(text: &str) -> String {
    let mut tabbed = String::new();
    for line in text.split_inclusive('\n') {
        let code = line.trim_start_matches(' ');
        let depth = (line.len() - code.len()) / 4;
        tabbed += &"\t".repeat(depth);
        tabbed += &" ".repeat((line.len() - code.len()) % 4);
        tabbed += code;
    }
    tabbed
}

/// Every case of every page as a project of its own, side by side.
fn whole_tree() -> Files {
    let mut tree = Files::new();
    for (index, case) in cases::all().into_iter().enumerate() {
        for (name, bytes) in case.files {
            tree.insert(format!("case{index:03}/{name}"), bytes);
        }
    }
    tree
}
