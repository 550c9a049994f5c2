use std::fs;

use super::*;
use crate::files::{WalkOptions, exclude_set, walk};
use crate::settings::keys::KEYS;
use crate::settings::layer::{Raw, read_file, read_inline};

/// Settings from the text of a loopcheck.toml and settings given to `--config`.
fn settings(file: &str, inline: &[&str]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("loopcheck.toml"), file).expect("a file in it");
    let request = Request { cwd: folder.path().to_owned(), ..Request::default() };
    let layers: Vec<Layer> = inline.iter().map(|text| read_inline(text).expect("good arguments")).collect();
    Settings::load(request, &layers)
}

fn refusal(file: &str) -> String {
    settings(file, &[]).expect_err("a refusal").to_string()
}

fn codes(file: &str, inline: &[&str]) -> Vec<&'static str> {
    settings(file, inline).expect("good settings").rules.codes()
}

#[test]
fn an_unknown_key_names_its_line_and_the_key_that_was_meant() {
    assert_eq!(
        refusal("windows = true\n\nfail_on = 'error'\n"),
        "unknown setting `fail_on`\n  loopcheck.toml:3\n  help: did you mean `fail-on`?"
    );
}

#[test]
fn a_value_of_the_wrong_kind_names_its_line() {
    assert_eq!(
        refusal("select = 'LC1'"),
        "`select` must be a list of strings, not a string\n  loopcheck.toml:1"
    );
    assert_eq!(
        refusal("select = [\n  'LC1',\n  7,\n]"),
        "`select` holds a number, and takes only strings\n  loopcheck.toml:3"
    );
    assert_eq!(refusal("windows = 'maybe'"), "`windows` must be \"auto\", true or false\n  loopcheck.toml:1");
}

#[test]
fn a_value_that_does_not_exist_names_the_one_that_was_meant() {
    assert_eq!(
        refusal("fail-on = 'warn'"),
        "`fail-on` cannot be `warn`\n  loopcheck.toml:1\n  help: did you mean `warning`?"
    );
    assert_eq!(
        refusal("target-version = '2.7'"),
        "`2.7` is not a version of Python\n  loopcheck.toml:1\n  help: write it as \"py310\" or \"3.10\""
    );
}

#[test]
fn broken_toml_names_its_line() {
    let text = refusal("select = [\n'LC1'\nignore = 1");
    assert!(text.starts_with("loopcheck.toml is not valid TOML\n  loopcheck.toml:3: "), "{text}");
}

#[test]
fn an_unknown_rule_names_its_line_and_the_rule_that_was_meant() {
    assert_eq!(
        refusal("ignore = [\n  'LC101',\n  'nicegui-on-proacto',\n]"),
        "unknown rule `nicegui-on-proacto`\n  loopcheck.toml:3\n  help: did you mean `nicegui-on-proactor`?"
    );
    assert_eq!(
        refusal("per-file-ignores = { 'tests/*' = ['E501'] }"),
        "unknown rule `E501`\n  loopcheck.toml:1\n  help: `loopcheck rule --all` lists the rules"
    );
}

#[test]
fn a_bad_pattern_names_its_line() {
    let text = refusal("exclude = ['a[']");
    assert!(text.starts_with("`a[` is not a valid pattern\n  loopcheck.toml:1: "), "{text}");
}

#[test]
fn rules_are_selected_by_code_prefix_and_name() {
    assert_eq!(codes("select = ['LC101']", &[]), ["LC000", "LC101"]);
    assert_eq!(codes("select = ['lc10']", &[]), ["LC000", "LC101", "LC102", "LC103", "LC104"]);
    assert_eq!(codes("select = ['policy-ignored']", &[]), ["LC000", "LC201"]);
    assert_eq!(codes("", &[]), RuleSet::all().codes());
    assert_eq!(codes("select = ['ALL']", &[]), RuleSet::all().codes());
}

#[test]
fn what_says_more_wins_and_ignoring_wins_a_tie() {
    assert_eq!(codes("select = ['LC101']\nignore = ['LC1']", &[]), ["LC000", "LC101"]);
    assert_eq!(codes("select = ['LC1']\nignore = ['LC102', 'LC103']", &[]), ["LC000", "LC101", "LC104"]);
    assert_eq!(codes("select = ['LC101']\nignore = ['LC101']", &[]), ["LC000"]);
    assert_eq!(codes("ignore = ['LC000']\nselect = ['LC201']", &[]), ["LC201"]);
}

#[test]
fn arguments_add_to_the_file_and_a_select_begins_anew() {
    assert_eq!(
        codes("ignore = ['LC101']", &["ignore = ['LC2', 'LC3', 'LC4', 'LC5', 'LC9']"]),
        ["LC000", "LC102", "LC103", "LC104"]
    );
    assert_eq!(codes("select = ['LC1']", &["select = ['LC201']"]), ["LC000", "LC201"]);
    assert_eq!(codes("select = ['LC201']", &["extend-select = ['LC301']"]), ["LC000", "LC201", "LC301"]);
}

#[test]
fn every_key_of_the_documentation_can_be_set() {
    for key in KEYS {
        let settings = settings(&format!("{} = {}", key.name, key.example), &[]);
        let key = key.name;
        let settings = settings.unwrap_or_else(|error| panic!("{key}: {error}"));
        assert!(settings.origins.contains_key(key));
        assert!(settings.describe().contains("loopcheck.toml:1"), "{key}:\n{}", settings.describe());
    }
}

#[test]
fn the_default_that_is_told_is_the_one_that_counts() {
    let without = settings("", &[]).expect("settings").describe();
    for key in KEYS.iter().filter(|key| !key.default().is_empty()) {
        let with = settings(&format!("{} = {}", key.name, key.default()), &[]).expect("settings");
        let values = |text: &str| -> Vec<String> {
            text.lines()
                .skip(1)
                .map(|line| line.split("  # ").next().unwrap_or_default().to_owned())
                .collect()
        };
        assert_eq!(values(&with.describe()), values(&without), "{}", key.name);
    }
}

#[test]
fn the_settings_tell_where_they_come_from() {
    let settings = settings("windows = true\nselect = ['LC101']", &["fail-on = 'error'"]).expect("settings");
    let text = settings.describe();
    assert!(text.starts_with("# configuration file: loopcheck.toml\n"), "{text}");
    assert!(text.contains("\nselect = [\"LC000\", \"LC101\"]  # select: loopcheck.toml:2\n"), "{text}");
    assert!(text.contains("\nwindows = true  # loopcheck.toml:1\n"), "{text}");
    assert!(text.contains("\nfail-on = \"error\"  # --config 'fail-on = 'error''\n"), "{text}");
    assert!(text.contains("\nguard = \"sys.platform\"  # default\n"), "{text}");
}

#[test]
fn failing_on_notes_shows_notes() {
    assert_eq!(settings("fail-on = 'info'", &[]).map(|settings| settings.min_severity), Ok(Severity::Info));
    let explicit = settings("fail-on = 'info'\nmin-severity = 'error'", &[]);
    assert_eq!(explicit.map(|settings| settings.min_severity), Ok(Severity::Error));
}

#[test]
fn a_pyproject_counts_only_with_a_section_of_ours() {
    assert!(matches!(read_file("[tool.ruff]\n", "pyproject.toml"), Ok(None)));
    let layer = read_file("\u{feff}[tool.loopcheck]\nwindows = true\n", "pyproject.toml");
    let layer = layer.expect("good settings").expect("a section");
    assert!(matches!(layer[0].value.raw, Raw::Flag(true)));
    assert_eq!(layer[0].value.origin.to_string(), "pyproject.toml:2");
    let error = read_file("[tool]\nloopcheck = 3\n", "pyproject.toml").expect_err("not a table");
    assert_eq!(error.what, "`tool.loopcheck` must be a table, not integer");
}

#[test]
fn the_nearest_file_wins_and_a_broken_stranger_is_passed_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (root, app) = (folder.path(), folder.path().join("app"));
    fs::create_dir(&app).expect("a folder");
    fs::write(root.join("pyproject.toml"), "[tool.loopcheck]\nwindows = false\n").expect("a file");
    fs::write(app.join("pyproject.toml"), "this is not TOML").expect("a file");
    let load = || {
        let request = Request {
            cwd: root.to_owned(),
            paths: vec!["./app/../app/main.py".into()],
            ..Request::default()
        };
        Settings::load(request, &[]).expect("good settings")
    };
    assert_eq!(load().windows, Windows::No);
    fs::write(app.join(".loopcheck.toml"), "windows = true\n").expect("a file");
    assert_eq!(load().windows, Windows::Yes);
    assert_eq!(load().origins["windows"].to_string(), "app/.loopcheck.toml:1");
}

#[test]
fn patterns_match_names_anywhere_and_paths_from_their_folder() {
    let settings = settings("extend-exclude = ['gen_*.py', 'app/old/']", &[]).expect("good settings");
    let excluded = |path: &str| settings.exclude.matches_within(&settings.cwd.join(path), &settings.cwd);
    assert!(excluded("gen_a.py") && excluded("deep/down/gen_b.py"));
    assert!(excluded("app/old") && excluded("app/old/main.py"));
    assert!(!excluded("lib/app/old/main.py") && !excluded("main.py"));
    assert!(excluded("node_modules/x/setup.py"));
}

#[test]
fn per_file_ignores_silence_a_rule_where_they_match() {
    let file = "[per-file-ignores]\n'tests/**' = ['LC1']\n'!app/*' = ['policy-ignored']\n";
    let settings = settings(file, &[]).expect("good settings");
    assert!(!settings.reports("LC101", "tests/unit/test_a.py"));
    assert!(settings.reports("LC101", "app/main.py"));
    assert!(settings.reports("LC201", "app/main.py"));
    assert!(!settings.reports("LC201", "main.py"));
}

#[test]
fn target_versions_are_written_in_two_ways() {
    assert_eq!("py39".parse(), Ok(TargetVersion { minor: 9 }));
    assert_eq!("3.14".parse(), Ok(TargetVersion { minor: 14 }));
    for bad in ["3", "py27", "3.x", "py3", "3.1000", "python3.9"] {
        assert_eq!(bad.parse::<TargetVersion>(), Err(()), "{bad}");
    }
}

/// Settings of a run in a folder with these configuration files, with those of the folders walked.
fn walked_with(
    files: &[(&str, &str)],
    request: Request,
    arguments: &[Layer],
) -> (tempfile::TempDir, Result<Settings, Error>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("a file");
    }
    let request = Request { cwd: folder.path().to_owned(), ..request };
    let settings = Settings::load(request, arguments).expect("a good configuration of the run");
    let options = WalkOptions {
        respect_gitignore: true,
        exclude: exclude_set(settings.exclude.globs()).expect("good patterns"),
        force_exclude: true,
        threads: 1,
    };
    let given: Vec<PathBuf> = settings.paths.iter().map(|path| folder.path().join(path)).collect();
    let settings = settings.with_nested(&walk(&given, &options));
    (folder, settings)
}

fn walked(files: &[(&str, &str)], paths: &[&str]) -> (tempfile::TempDir, Result<Settings, Error>) {
    let paths = paths.iter().map(PathBuf::from).collect();
    walked_with(files, Request { paths, ..Request::default() }, &[])
}

#[test]
fn for_each_file_the_nearest_configuration_counts_alone() {
    let files = [
        ("loopcheck.toml", "windows = true\nignore = ['LC103']\n"),
        ("a/pyproject.toml", "[tool.loopcheck]\nignore = ['LC101']\n"),
        ("a/b/loopcheck.toml", "ignore = ['LC102']\n"),
        ("a/b/.loopcheck.toml", "ignore = ['LC201']\n"),
        ("c/pyproject.toml", "[project]\nname = 'c'\n"),
        ("c/main.py", ""),
    ];
    let (_folder, settings) = walked(&files, &["."]);
    let settings = settings.expect("good settings");
    let silent = |path: &str| -> Vec<&str> {
        let codes = ["LC101", "LC102", "LC103", "LC201"];
        codes.into_iter().filter(|code| !settings.reports(code, path)).collect()
    };
    assert_eq!(silent("main.py"), ["LC103"]);
    assert_eq!(silent("c/main.py"), ["LC103"], "a pyproject.toml that says nothing of loopcheck");
    assert_eq!(silent("a/main.py"), ["LC101"]);
    assert_eq!(silent("a/b/deep/main.py"), ["LC201"]);
    let windows = |path: &str| settings.at_shown(path).windows;
    assert_eq!((windows("c/main.py"), windows("a/main.py")), (Windows::Yes, Windows::Auto));
}

#[test]
fn every_given_path_has_the_configuration_above_it() {
    let files = [
        ("a/loopcheck.toml", "windows = true\nexclude = ['old']\n"),
        ("a/main.py", ""),
        ("b/app/main.py", ""),
        ("b/loopcheck.toml", "windows = false\n"),
        ("c/main.py", ""),
    ];
    let (_folder, settings) = walked(&files, &["a/main.py", "b/app/main.py", "c/main.py"]);
    let settings = settings.expect("good settings");
    let windows = |path: &str| settings.at_shown(path).windows;
    assert_eq!(windows("a/main.py"), Windows::Yes);
    assert_eq!(windows("b/app/main.py"), Windows::No);
    assert_eq!(windows("c/main.py"), Windows::Auto, "the configuration of the first path is not that of all");
    let excluded = exclude_set(settings.exclude.globs()).expect("good patterns");
    let is_out = |path: &str| excluded.is_match(settings.cwd.join(path));
    assert!(is_out("a/old") && is_out("a/deep/old") && !is_out("b/old"));
}

#[test]
fn arguments_win_over_every_configuration_file() {
    let files = [("loopcheck.toml", "ignore = ['LC1']"), ("a/loopcheck.toml", "windows = true")];
    let inline = read_inline("windows = false").expect("a setting");
    let (_folder, found) = walked_with(&files, Request::default(), &[inline]);
    let found = found.expect("good settings");
    assert_eq!((found.nested().count(), found.at_shown("a/main.py").windows), (1, Windows::No));
    assert!(found.reports("LC101", "a/main.py"));
    let (_folder, isolated) = walked_with(&files, Request { isolated: true, ..Request::default() }, &[]);
    assert_eq!(isolated.expect("good settings").nested().count(), 0);
    let named = Request { config: Some("loopcheck.toml".into()), ..Request::default() };
    let (_folder, named) = walked_with(&files, named, &[]);
    assert!(!named.expect("good settings").reports("LC101", "a/main.py"));
}

#[test]
fn a_bad_configuration_of_a_folder_names_its_line() {
    let (_folder, settings) = walked(&[("a/pyproject.toml", "[tool.loopcheck]\nignroe = []\n")], &["."]);
    assert_eq!(
        settings.expect_err("a refusal").to_string(),
        "unknown setting `ignroe`\n  a/pyproject.toml:2\n  help: did you mean `ignore`?"
    );
}

#[test]
fn what_holds_for_a_run_is_not_heeded_in_a_folder() {
    let (_folder, settings) =
        walked(&[("loopcheck.toml", ""), ("a/loopcheck.toml", "windows = true\nfail-on = 'info'\n")], &["."]);
    let settings = settings.expect("good settings");
    assert_eq!(settings.fail_on, Severity::Warning);
    assert_eq!(
        settings.unheeded(),
        [
            "a/loopcheck.toml:2: `fail-on` counts only in the configuration file of the run, here in loopcheck.toml"
        ]
    );
}
