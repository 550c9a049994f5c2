//! What must hold of any run, whatever the project: fixing is idempotent, keeps the bytes that are not its
//! business, never breaks a file; threads and the prefilter change nothing; no input brings it down.

use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::Value;

use crate::cases::{self, Kind};
use crate::cli::sample_tree;
use crate::project::{Files, Project, Run, difference};

/// A way to write the same program with other bytes.
type Dress = fn(&str) -> Vec<u8>;

const DRESSES: [(&str, Dress); 5] = [
    ("CRLF", |text| text.replace('\n', "\r\n").into_bytes()),
    ("BOM", |text| format!("\u{feff}{text}").into_bytes()),
    ("tabs", |text| tabs(text).into_bytes()),
    ("BOM, CRLF and tabs", |text| format!("\u{feff}{}", tabs(text).replace('\n', "\r\n")).into_bytes()),
    ("no newline at the end", |text| text.trim_end_matches('\n').as_bytes().to_owned()),
];

/// Dressing and then fixing is the same as fixing and then dressing, so a fix keeps the line ends,
/// the byte-order mark, the indentation and the end of the file, and touches nothing else.
#[test]
fn a_fix_keeps_the_dress_of_the_file() {
    let failures: Vec<String> = fixable()
        .par_iter()
        .flat_map_iter(|(name, bad, fixed, arguments)| {
            DRESSES.iter().filter_map(move |(dress, put_on)| {
                let project = Project::new(&dressed(bad, *put_on));
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let run = project.fix(&arguments);
                let difference = difference(&dressed(fixed, *put_on), &project.files());
                (!difference.is_empty()).then(|| format!("\n=== {name}, {dress}\n{difference}{}", run.stderr))
            })
        })
        .collect();
    assert!(failures.is_empty(), "{} failures{}", failures.len(), failures.join("\n"));
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
    same(&project.check(&[]), &project.check(&["--no-prefilter"]));
    same(&project.entries(&[]), &project.entries(&["--no-prefilter"]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

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
        let run = project.fix(&["--unsafe-fixes"]);
        prop_assert!(matches!(run.status, 0..=2), "status {}\n{}", run.status, run.stderr);
        prop_assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    }
}

/// Two runs said the same, and said something.
fn same(one: &Run, other: &Run) {
    let (first, second) = (one.json(), other.json());
    let (first, second) =
        (first.unwrap_or_else(|why| panic!("{why}")), second.unwrap_or_else(|why| panic!("{why}")));
    let lines = |json: Value| serde_json::to_string_pretty(&json).expect("JSON stays JSON");
    let difference = similar::TextDiff::from_lines(lines(first), lines(second)).unified_diff().to_string();
    assert!(difference.is_empty() && one.status == other.status, "{difference}");
}

/// Name, files before and after, arguments of every case that is fixed.
fn fixable() -> Vec<(String, Files, Files, Vec<String>)> {
    cases::all()
        .into_iter()
        .filter_map(|case| match case.kind {
            Kind::Bad { fixed: Some(fixed), arguments, .. } => {
                Some((case.name, case.files, fixed, arguments))
            }
            _ => None,
        })
        .collect()
}

/// The Python files in another dress; other files, which nothing rewrites, stay.
fn dressed(files: &Files, put_on: Dress) -> Files {
    let put = |name: &str, bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if name.ends_with(".py") => put_on(text),
        _ => bytes.to_owned(),
    };
    files.iter().map(|(name, bytes)| (name.clone(), put(name, bytes))).collect()
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
