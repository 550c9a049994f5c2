//! The command line as people meet it: the README's transcripts, exit statuses and streams.

use std::fs;
use std::path::Path;

use crate::project::{Files, Project, read_folder, repository, run_in};

/// How a transcript in the README may start the program.
const STARTS: [&str; 2] = ["cargo run --release -- ", "loopcheck "];

#[test]
fn the_transcripts_of_the_readme_are_what_the_program_prints() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    let mut checked = 0;
    let mut failures = String::new();
    for block in console_blocks(&readme) {
        // A block may fix files, so each works on a copy; paths are as in the repository.
        let project = Project::new(&sample_tree());
        for (command, expected) in commands(&block) {
            let Some(arguments) = STARTS.iter().find_map(|start| command.strip_prefix(start)) else {
                continue;
            };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let run = project.run(&arguments);
            let got = trimmed(&run.stdout);
            checked += 1;
            if got != expected {
                let difference = similar::TextDiff::from_lines(&expected, &got)
                    .unified_diff()
                    .header("README", "got")
                    .to_string();
                failures += &format!("\n=== $ {command}\n{difference}--- stderr\n{}", run.stderr);
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(checked > 0, "the README shows at least one run");
}

#[test]
fn the_exit_status_tells_findings_from_failures() {
    let clean = Project::new(&files(&[("main.py", "print('hello')\n")]));
    let broken =
        Project::new(&files(&[("main.py", "import asyncio\n\nif asyncio\n    pass\nasyncio.run(main())\n")]));
    let bad_settings = Project::new(&files(&[("loopcheck.toml", "windws = true\n"), ("main.py", "")]));
    assert_eq!(clean.run(&["."]).status, 0, "nothing to say");
    assert_eq!(broken.run(&["."]).status, 1, "a syntax error is a finding");
    assert_eq!(broken.run(&[".", "--exit-zero"]).status, 0, "--exit-zero");
    assert_eq!(clean.run(&["--no-such-option"]).status, 2, "bad arguments");
    assert_eq!(clean.run(&["no-such-folder"]).status, 2, "a path that is not there");
    assert_eq!(clean.run(&["no-such-folder", "--exit-zero"]).status, 2, "--exit-zero hides no failure");
    assert_eq!(bad_settings.run(&["."]).status, 2, "an unknown key in the configuration");
}

#[test]
fn check_is_the_default_command() {
    let project = Project::new(&sample_tree());
    assert_eq!(project.run(&["fixtures"]), project.run(&["check", "fixtures"]));
    assert_eq!(
        run_in(&project.path().join("fixtures/nicegui-windows-server"), &[]),
        run_in(&project.path().join("fixtures/nicegui-windows-server"), &["check", "."])
    );
}

#[test]
fn diff_writes_nothing_and_fix_writes_what_diff_shows() {
    let project = Project::new(&sample_tree());
    let before = project.files();
    let diff = project.run(&["check", "fixtures", "--diff"]);
    assert!(diff.stdout.contains("+++"), "the fixtures have something to fix\n{}", diff.stderr);
    assert!(project.files() == before, "--diff has written a file");
    project.run(&["check", "fixtures", "--fix"]);
    assert!(project.files() != before, "--fix has written nothing");
    let again = project.run(&["check", "fixtures", "--diff"]);
    assert_eq!(again.stdout, "", "after --fix there is no diff left");
}

#[test]
fn standard_output_carries_the_report_alone() {
    let project = Project::new(&sample_tree());
    for format in ["json", "sarif"] {
        let run = project.run(&["check", "fixtures", "--output-format", format]);
        if let Err(why) = run.json() {
            panic!("--output-format {format}: {why}");
        }
    }
}

#[test]
fn every_rule_has_a_page_the_program_can_show() {
    for page in crate::cases::pages().iter().filter(|page| page.starts_with("rules/")) {
        let path = repository().join(page);
        let head = crate::cases::front_matter(&path);
        let code = head["code"].as_str().expect("a code");
        let run = run_in(repository(), &["rule", code]);
        assert_eq!(run.status, 0, "loopcheck rule {code}: {}", run.stderr);
        assert!(run.stdout.contains(head["name"].as_str().expect("a name")), "loopcheck rule {code}");
        assert!(run.stdout.contains("Why is this bad"), "loopcheck rule {code} shows the whole page");
    }
}

#[test]
fn the_readme_lists_every_rule_with_its_summary() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    for page in crate::cases::pages().iter().filter(|page| page.starts_with("rules/")) {
        let head = crate::cases::front_matter(Path::new(&repository().join(page)));
        let text = |key: &str| head[key].as_str().unwrap_or("?").to_owned();
        let row = format!(
            "| [{0}](rules/{0}.md) | {1} | {2} | {3} |",
            text("code"),
            text("name"),
            text("summary"),
            text("fix")
        );
        assert!(readme.contains(&row), "the README lacks the row\n{row}");
    }
}

/// `fixtures/` as it stands in the repository, without what the tests expect of it.
pub fn sample_tree() -> Files {
    let files = read_folder(&repository().join("fixtures")).into_iter();
    files
        .filter(|(name, _)| !name.contains("/expected."))
        .map(|(name, bytes)| (format!("fixtures/{name}"), bytes))
        .collect()
}

fn files(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_owned())).collect()
}

fn console_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    for part in text.split("```console\n").skip(1) {
        let block = part.split("```").next().unwrap_or_default();
        blocks.push(block.to_owned());
    }
    blocks
}

/// The commands of a block, each with the output below it.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => {
                output.push_str(line);
                output.push('\n');
            }
            (None, None) => {}
        }
    }
    commands.into_iter().map(|(command, output)| (command, trimmed(&output))).collect()
}

/// Without blank lines at the end and without spaces at the ends of lines, which editors remove.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
