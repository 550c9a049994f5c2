//! What a person types and what comes back: suppressions, baselines, selection, and every mistake.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::project::{Project, repository};

const MAIN: &str = "import asyncio\n\n\nasync def main():\n    print(\"tick\")\n\n\nasyncio.run(main())\nasyncio.run(\n    main()\n)\n";
const PYPROJECT: &str = "[project]\nname = \"ticker\"\nversion = \"1.0\"\nrequires-python = \">=3.12\"\n";

fn ticker() -> Project {
    project(&[("main.py", MAIN), ("pyproject.toml", PYPROJECT)])
}

fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_owned()));
    Project::new(&files.collect())
}

/// The report in one line a finding.
fn concise(project: &Project, more: &[&str]) -> String {
    let mut arguments = vec!["check", "-q", "--output-format", "concise"];
    arguments.extend(more);
    let run = project.run(&arguments);
    assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
    run.stdout
}

fn text(project: &Project, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).expect("a file of the project")
}

/// What standard error says to a mistake, which ends with status 2 and without a report.
fn refusal(project: &Project, arguments: &[&str]) -> String {
    let run = project.run(arguments);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    run.stderr
}

#[test]
fn ignores_are_added_once_and_only_where_they_are_needed() {
    let project = ticker();
    let run = project.run(&["--add-ignore=console only"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(run.stderr, "Added suppression comments for 2 findings in 1 file.\n");
    let once = text(&project, "main.py");
    let comment = "# loopcheck: ignore[LC103] console only";
    let expected = MAIN
        .replace("asyncio.run(main())\n", &format!("asyncio.run(main())  {comment}\n"))
        .replace("asyncio.run(\n", &format!("{comment}\nasyncio.run(\n"));
    assert_eq!(once, expected);
    assert_eq!(concise(&project, &[]), "", "neither a finding nor an unused comment is left");
    assert_eq!(project.run(&["--add-ignore"]).stderr, "Nothing to ignore.\n");
    assert_eq!(text(&project, "main.py"), once);
    assert_eq!(concise(&project, &["--no-ignores"]).lines().count(), 2);
}

#[test]
fn added_ignores_keep_encoding_mark_and_line_ends() {
    let body = MAIN.replace('\n', "\r\n");
    for (head, tail) in [
        (&b"\xef\xbb\xbf"[..], &b"# caf\xc3\xa9\r\n"[..]),
        (b"# -*- coding: latin-1 -*-\r\n", b"# caf\xe9\r\n"),
    ] {
        let bytes = [head, body.as_bytes(), tail].concat();
        let project = ticker();
        fs::write(project.path().join("main.py"), &bytes).expect("a file");
        assert_eq!(project.run(&["--add-ignore=caf\u{e9}"]).status, 0);
        let after = fs::read(project.path().join("main.py")).expect("the file");
        assert!(after.starts_with(head) && after.ends_with(tail));
        let lone = after.iter().enumerate().filter(|(at, byte)| **byte == b'\n' && after[at - 1] != b'\r');
        assert_eq!(lone.count(), 0, "every line still ends as before");
        let e_acute: &[u8] = if head.len() == 3 { b"caf\xc3\xa9" } else { b"caf\xe9" };
        assert_eq!(after.windows(e_acute.len()).filter(|part| *part == e_acute).count(), 3);
    }
}

#[test]
fn an_ignore_that_the_encoding_lacks_is_a_failure_and_changes_nothing() {
    let project = ticker();
    let source = format!("# -*- coding: latin-1 -*-\n{MAIN}");
    fs::write(project.path().join("main.py"), &source).expect("a file");
    let run = project.run(&["--add-ignore=100 €"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("Latin-1 has no `€`; the file is unchanged"), "{}", run.stderr);
    assert_eq!(text(&project, "main.py"), source);
}

#[test]
fn unused_ignores_are_fixed_once_the_finding_is() {
    let project = project(&[
        (
            "main.py",
            &MAIN.replace(
                "main())",
                "main(), loop_factory=asyncio.SelectorEventLoop)  # loopcheck: ignore[LC103]",
            ),
        ),
        ("pyproject.toml", PYPROJECT),
    ]);
    assert!(concise(&project, &[]).starts_with("main.py:8:"), "{}", concise(&project, &[]));
    assert!(concise(&project, &[]).contains("LC901 [*] Unused suppression"));
    assert_eq!(concise(&project, &["--ignore", "LC103"]), "", "a rule that was not looked for");
    assert_eq!(concise(&project, &["main.py", "--select", "LC9"]), "", "only a part of the project");
    project.run(&["--fix"]);
    assert!(!text(&project, "main.py").contains("loopcheck"), "{}", text(&project, "main.py"));
}

#[test]
fn a_code_that_looks_like_a_slip_is_repaired_only_when_asked() {
    let slip = MAIN.replacen("main())\n", "main())  # loopcheck: ignore[LC1033] console\n", 1);
    let project = project(&[("main.py", &slip), ("pyproject.toml", PYPROJECT)]);
    assert!(concise(&project, &[]).contains("LC902 Unknown suppression: there is no rule `LC1033`"));
    project.run(&["--fix", "--fixable", "LC902"]);
    assert_eq!(text(&project, "main.py"), slip, "the comment would silence what is reported now");
    project.run(&["--fix", "--fixable", "LC902", "--unsafe-fixes"]);
    assert_eq!(text(&project, "main.py"), slip.replace("LC1033", "LC103"));
    assert!(!concise(&project, &[]).contains("main.py:8:"), "{}", concise(&project, &[]));
}

#[test]
fn fixed_standard_input_goes_to_standard_output_and_no_file_is_written() {
    let project = ticker();
    let before = project.files();
    // The file has the same text, another text, or is not there at all.
    for name in ["main.py", "pyproject.toml", "new.py"] {
        for fix in ["--fix", "--fix-only"] {
            let arguments = ["-", fix, "--stdin-filename", name, "--ignore", "LC104"];
            let (run, _) = project.pipe(MAIN.as_bytes(), &arguments);
            assert_eq!(run.status, 0, "{name} {fix}: {}", run.stderr);
            assert!(run.stdout.contains("loop_factory="), "{name} {fix}: {}", run.stdout);
            assert!(run.stderr.contains("Fixed 2 findings in 1 file."), "{name} {fix}: {}", run.stderr);
        }
    }
    assert!(project.files() == before, "a file was written");
    let healthy = "print('tick')\r\n";
    let (run, _) = project.pipe(healthy.as_bytes(), &["-", "--fix"]);
    assert_eq!((run.status, &*run.stdout), (0, healthy), "what needs no fix comes back as it was");
}

#[test]
fn standard_input_leaves_in_the_encoding_it_came_in() {
    let head: &[u8] = b"# -*- coding: latin-1 -*-\r\n# caf\xe9\r\n";
    let input = [head, MAIN.replace('\n', "\r\n").as_bytes()].concat();
    let (run, output) = ticker().pipe(&input, &["-", "--fix", "-q"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(output.starts_with(head) && output.len() > input.len(), "{}", run.stdout);
    let marked = [b"\xef\xbb\xbf", MAIN.as_bytes()].concat();
    let (_, output) = ticker().pipe(&marked, &["-", "--fix", "-q"]);
    assert!(output.starts_with(b"\xef\xbb\xbfimport asyncio\n"));
}

#[test]
fn the_last_of_two_opposites_counts() {
    let project = project(&[
        ("main.py", MAIN),
        ("pyproject.toml", PYPROJECT),
        ("loopcheck.toml", "force-exclude = false\nrespect-gitignore = false\nunsafe-fixes = true\n"),
    ]);
    let shown = |arguments: &[&str], line: &str| {
        let settings = project.run(&[&["--show-settings"], arguments].concat()).stdout;
        assert!(settings.lines().any(|shown| shown == line), "{arguments:?}: {line}\n{settings}");
    };
    shown(&["--force-exclude"], "force-exclude = true  # --force-exclude");
    shown(&["--force-exclude", "--no-force-exclude"], "force-exclude = false  # --no-force-exclude");
    shown(&["--respect-gitignore"], "respect-gitignore = true  # --respect-gitignore");
    shown(&["--unsafe-fixes", "--no-unsafe-fixes"], "unsafe-fixes = false  # --no-unsafe-fixes");
    shown(&[], "unsafe-fixes = true  # loopcheck.toml:3");
    assert_eq!(project.run(&["--fix", "--no-fix"]).status, 1);
    assert_eq!(text(&project, "main.py"), MAIN);
}

#[test]
fn a_baseline_knows_findings_again_when_lines_have_moved() {
    let project = ticker();
    let written = project.run(&["--write-baseline", "known.json"]);
    assert_eq!((written.status, written.stdout.as_str()), (0, ""));
    assert_eq!(concise(&project, &["--baseline", "known.json"]), "");
    assert_eq!(concise(&project, &["--config", "baseline = 'known.json'"]), "");

    let moved =
        format!("import sys\n\n{}", MAIN.replace("asyncio.run(main())", "if sys:\n    asyncio.run(main())"));
    fs::write(project.path().join("main.py"), moved + "asyncio.run(main())\n").expect("a file");
    let left = concise(&project, &["--baseline", "known.json"]);
    assert_eq!(left.lines().count(), 1, "a second call of the same text is new\n{left}");
    assert!(left.starts_with("main.py:15:1: LC103"), "{left}");

    fs::write(project.path().join("main.py"), MAIN.replace("asyncio.run(main())\n", "")).expect("a file");
    let run = project.run(&["--baseline", "known.json"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("known.json: 1 entry no longer found"), "{}", run.stderr);
    let elsewhere = project.run(&["--baseline", "known.json", "pyproject.toml"]);
    assert!(
        !elsewhere.stderr.contains("no longer found"),
        "a file that was not looked at\n{}",
        elsewhere.stderr
    );
}

#[test]
fn a_baseline_means_the_same_from_every_folder() {
    let project = project(&[
        ("app/main.py", MAIN),
        ("pyproject.toml", &format!("{PYPROJECT}[tool.loopcheck]\nbaseline = \"ci/known.json\"\n")),
        ("ci/readme.txt", ""),
    ]);
    assert_eq!(refusal(&project, &[]).lines().next(), Some("error: cannot read the baseline ci/known.json"));
    assert_eq!(project.run(&["entries"]).status, 0, "entries needs no baseline");
    assert_eq!(project.run(&["--write-baseline", "ci/known.json"]).status, 0);
    assert_eq!(concise(&project, &[]), "");
    let inside = crate::project::run_in(&project.path().join("app"), &["-q", "--output-format", "concise"]);
    assert_eq!((inside.status, inside.stdout.as_str()), (0, ""), "{}", inside.stderr);
    let before = text(&project, "ci/known.json");
    let written =
        crate::project::run_in(&project.path().join("app"), &["..", "--write-baseline", "../ci/known.json"]);
    assert_eq!(written.status, 0, "{}", written.stderr);
    assert_eq!(text(&project, "ci/known.json"), before);
}

#[test]
fn a_baseline_never_replaces_another_file() {
    let project = ticker();
    let said = refusal(&project, &["--write-baseline", "main.py"]);
    assert!(said.contains("the file that is there is no baseline of loopcheck"), "{said}");
    assert_eq!(text(&project, "main.py"), MAIN);
    let said = refusal(&project, &["--baseline", "pyproject.toml"]);
    assert!(said.starts_with("error: pyproject.toml is not a baseline of loopcheck\n"), "{said}");
}

#[test]
fn fixes_leave_what_the_baseline_knows() {
    let project = ticker();
    project.run(&["--write-baseline", "known.json"]);
    let run = project.run(&["--fix", "--baseline", "known.json"]);
    assert_eq!((run.status, text(&project, "main.py")), (0, MAIN.to_owned()));
}

#[test]
fn sarif_tells_what_was_silenced_and_why() {
    let project = ticker();
    project.run(&["--write-baseline", "known.json"]);
    let ignored =
        MAIN.replace("asyncio.run(main())\n", "asyncio.run(main())  # loopcheck: ignore[LC103] console\n");
    fs::write(project.path().join("main.py"), ignored).expect("a file");
    let run = project.run(&["--baseline", "known.json", "--output-format", "sarif"]);
    let log: Value = run.json().unwrap_or_else(|why| panic!("{why}"));
    let results = log["runs"][0]["results"].as_array().expect("results");
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|result| &result["suppressions"][0])
        .map(|by| (by["kind"].as_str().unwrap_or("?"), by["justification"].as_str().unwrap_or("?")))
        .collect();
    assert_eq!(told, [("inSource", "console"), ("external", "It stands in the baseline.")]);
    assert_eq!(run.status, 0);
}

#[test]
fn github_actions_gets_annotations_unless_a_format_was_chosen() {
    let project = ticker();
    let on_github = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loopcheck"));
        command.args(more).current_dir(project.path()).env("GITHUB_ACTIONS", "true").stdin(Stdio::null());
        String::from_utf8(command.output().expect("the binary starts").stdout).expect("text")
    };
    assert!(on_github(&[]).starts_with("::warning title=loopcheck (LC103),file=main.py,line=8,"));
    assert!(on_github(&[]).contains("\nwarning[LC103]: main.py:8:1: [*] "), "and the same in words");
    assert!(on_github(&["--output-format", "full"]).starts_with("warning[LC103]: "));
    assert!(on_github(&["--show-settings"]).contains("output-format = \"github\"  # GITHUB_ACTIONS"));
    assert_eq!(on_github(&["-o", "report.txt"]), "");
    assert!(text(&project, "report.txt").starts_with("warning[LC103]: "));
}

#[test]
fn exclude_binds_named_files_unless_told_otherwise() {
    let project = project(&[("app/gen/x.py", MAIN), ("app/main.py", MAIN), ("pyproject.toml", PYPROJECT)]);
    let shown = |folder: &str, more: &[&str]| {
        let mut arguments = vec!["--show-files"];
        arguments.extend(more);
        crate::project::run_in(&project.path().join(folder), &arguments).stdout
    };
    assert_eq!(shown(".", &["--exclude", "app/gen"]), "app/main.py\n");
    assert_eq!(
        shown("app", &["--exclude", "gen/*.py"]),
        "main.py\n",
        "patterns start from where they are given"
    );
    assert_eq!(shown(".", &["--exclude", "gen", "app/gen/x.py"]), "");
    assert_eq!(shown(".", &["--exclude", "gen", "--no-force-exclude", "app/gen/x.py"]), "app/gen/x.py\n");
}

#[test]
fn projects_of_one_repository_have_their_own_configuration() {
    let py = |more: &str| format!("{PYPROJECT}\n{more}");
    let quiet = py("[tool.loopcheck]\nignore = [\"LC103\"]\n");
    let strict = py("[tool.loopcheck]\nwindows = true\nremedy = \"policy\"\nextend-exclude = [\"old\"]\n");
    let server = "import asyncio\n\nimport psycopg\n\n\nasync def main():\n    await psycopg.AsyncConnection.connect()\n\n\nasyncio.run(main())\n";
    let project = project(&[
        ("loopcheck.toml", "guard = \"platform.system\"\n"),
        ("a/main.py", MAIN),
        ("a/pyproject.toml", &quiet),
        ("b/main.py", server),
        ("b/old/main.py", MAIN),
        ("b/pyproject.toml", &strict),
        ("c/main.py", server),
        ("c/pyproject.toml", PYPROJECT),
    ]);
    let severities = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["check", "--output-format", "json"];
        all.extend(arguments);
        let report = project.run(&all).json().expect("a report");
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let line = |one: &Value| format!("{} {} {}", one["path"], one["code"], one["severity"]);
        findings.iter().map(|one| line(one).replace('"', "")).collect()
    };
    let both = [
        "b/main.py LC402 error",
        "b/main.py LC103 warning",
        "c/main.py LC402 warning",
        "c/main.py LC103 warning",
    ];
    assert_eq!(severities(&["."]), both);
    assert_eq!(severities(&["a", "b", "c"]), both, "the first path does not decide for the others");
    assert_eq!(severities(&["c/main.py", "b/old/main.py", "b/main.py", "a/main.py"]), both);
    assert_eq!(severities(&["--isolated", "-q", "."]).len(), 8);
    assert_eq!(project.run(&["--show-files", "b"]).stdout, "b/main.py\n");
    let settings = project.run(&["--show-settings"]).stdout;
    let told = "# configuration file below b: b/pyproject.toml\n#   exclude = [";
    assert!(
        settings.contains(told) && settings.contains("#   windows = true  # b/pyproject.toml:"),
        "{settings}"
    );
    assert_eq!(project.run(&["--fix", "-q"]).status, 0);
    assert!(
        text(&project, "b/main.py")
            .contains("if sys.platform == \"win32\":\n    asyncio.set_event_loop_policy")
    );
    assert!(text(&project, "c/main.py").contains("if platform.system() == \"Windows\" else None"));
    fs::write(project.path().join("a/loopcheck.toml"), "ignroe = []\n").expect("a file");
    let refused = refusal(&project, &["."]);
    assert_eq!(
        refused,
        "error: unknown setting `ignroe`\n  a/loopcheck.toml:1\n  help: did you mean `ignore`?\n"
    );
}

#[test]
fn verbose_says_what_was_read() {
    let project = project(&[("main.py", MAIN), ("loopcheck.toml", "fail-on = \"error\"\n")]);
    let run = project.run(&["-v"]);
    assert_eq!(run.stderr, "configuration file: loopcheck.toml\n1 file checked\n");
    assert_eq!(run.stdout, project.run(&[]).stdout);
}

#[cfg(unix)]
#[test]
fn a_fix_that_cannot_be_written_leaves_its_finding_and_names_the_file_once() {
    let (project, beyond) = (ticker(), ticker());
    fs::remove_file(project.path().join("main.py")).expect("a file");
    let link = project.path().join("main.py");
    std::os::unix::fs::symlink(beyond.path().join("main.py"), link).expect("a link");
    let run = project.run(&["--fix", "--output-format", "concise"]);
    assert_eq!(run.status, 2);
    assert!(run.stdout.contains("main.py:8:1: LC103 [*]"), "{}", run.stdout);
    let said = "error: main.py: not written: it is a link that leads out of the project, to ";
    assert!(run.stderr.starts_with(said), "{}", run.stderr);
    assert_eq!(text(&beyond, "main.py"), MAIN);
    let run = project.run(&["--add-ignore"]);
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
    assert!(run.stderr.starts_with(said), "{}", run.stderr);
}

#[test]
fn arguments_may_stand_in_a_file() {
    let project = ticker();
    fs::write(project.path().join("args.txt"), "\u{feff}--output-format\r\nconcise\r\n\r\n-q\r\n")
        .expect("a file");
    assert_eq!(project.run(&["@args.txt", "main.py"]).stdout, concise(&project, &["main.py"]));
    let said = refusal(&project, &["@no.txt"]);
    assert_eq!(
        said,
        "error: cannot read the arguments in no.txt\n  no such file or directory\n  \
         help: a path that begins with `@` is written `./@no.txt`\n"
    );
}

/// Standard output is no terminal here, so that colour is there only for who asks for it.
#[test]
fn colour_obeys_the_usual_variables_and_the_argument_above_them() {
    let project = ticker();
    let coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loopcheck"));
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .current_dir(project.path())
            .stdin(Stdio::null());
        command.output().expect("the binary starts").stdout.contains(&b'\x1b')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[("FORCE_COLOR", "1")], &[]) && coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR", "1")], &[]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!coloured(&[("FORCE_COLOR", "1")], &["--color=never"]));
}

#[test]
fn a_reader_who_leaves_is_no_trouble() {
    for arguments in [&["rule", "--all"][..], &["completions", "bash"], &["schema"], &["--color", "always"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_loopcheck"))
            .args(arguments)
            .current_dir(repository().join("fixtures"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let said: Vec<String> = stderr.lines().map(|line| line.expect("text")).collect();
        assert_eq!(said, [""; 0], "{arguments:?}");
        assert!(matches!(child.wait().expect("it ends").code(), Some(0 | 1)), "{arguments:?}");
    }
}

#[test]
fn mistakes_get_a_helpful_answer() {
    let project = ticker();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--outptu-format", "json"], &["unexpected argument", "'--output-format'"]),
        (&["--output-format", "sarf"], &["invalid value 'sarf'", "'sarif'"]),
        (&["--select", "LC10X"], &["unknown rule `LC10X`", "--select", "did you mean"]),
        (&["--ignore", "asyncio-on-proacto"], &["did you mean `asyncio-on-proactor`?"]),
        (&["--config", "fial-on = 'error'"], &["unknown setting `fial-on`", "did you mean `fail-on`?"]),
        (&["--config", "no.toml"], &["cannot read the configuration file no.toml", "no such file"]),
        (&["--config", "fail-on"], &["--config takes a file, or one setting such as 'fail-on = \"error\"'"]),
        (&["--config", "fail-on = error"], &["neither a file nor a setting", "in quotes"]),
        (&["--isolated", "--config", "pyproject.toml"], &["--isolated reads no configuration file"]),
        (&["--baseline", "no.json"], &["cannot read the baseline no.json", "--write-baseline no.json"]),
        (&["--baseline", "a", "--write-baseline", "b"], &["cannot be used with"]),
        (&["--add-ignore", "--fix"], &["cannot be used with"]),
        (&["--add-ignore", "-"], &["--add-ignore cannot write into standard input"]),
        (&["--add-ignore=a\nb"], &["must stand on one line"]),
        (&["--per-file-ignores", "x"], &["does not say which rule to ignore", "'tests/*.py:LC1'"]),
        (&["--target-version", "2.7"], &["not a version of Python", "\"py310\""]),
        (&["-j", "0"], &["invalid value '0'", "a number of threads from 1 on"]),
        (&["-", "main.py"], &["standard input is checked alone"]),
        (&["rule", "LC999"], &["unknown rule `LC999`", "`loopcheck rule --all` lists the rules"]),
        (&["rule", "LC1033"], &["did you mean `LC103`?"]),
        (&["config", "winodws"], &["unknown setting `winodws`", "did you mean `windows`?"]),
        (&["completions", "tcsh"], &["bash, elvish, fish, powershell, zsh"]),
    ];
    for (arguments, expected) in cases {
        let said = refusal(&project, arguments);
        for part in *expected {
            assert!(said.contains(part), "{arguments:?} does not say {part:?}\n{said}");
        }
    }
}

#[test]
fn a_mistyped_command_is_told_from_a_path() {
    let project = ticker();
    let run = project.run(&["entires"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, "Nothing found in what could be read.\n"));
    assert!(run.stderr.contains(
        "error: entires: no such file or directory\n  help: did you mean the command `entries`?\n"
    ));
}

#[test]
fn every_setting_is_explained() {
    let list = ticker().run(&["config"]).stdout;
    for line in list.lines() {
        let (key, about) = line.split_once("  ").expect("a key and what it is for");
        let one = ticker().run(&["config", key]).stdout;
        assert!(one.starts_with(&format!("{key}: {}\n", about.trim())), "{one}");
        let full = ticker().run(&["config", &format!("tool.loopcheck.{key}")]).stdout;
        assert_eq!(full, one);
    }
    assert!(list.lines().count() > 10, "{list}");
}

#[test]
fn the_schema_in_the_repository_is_the_one_of_the_program() {
    let schema = ticker().run(&["schema"]).stdout;
    let path = repository().join("loopcheck.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &schema).expect("the schema is written");
    }
    let committed = fs::read_to_string(&path).expect("the schema");
    assert!(committed.replace('\r', "") == schema, "UPDATE=1 cargo test --test it schema writes it anew");
}

#[test]
fn shells_and_the_manual_know_every_option() {
    let project = ticker();
    let help = project.run(&["check", "--help"]).stdout;
    let words = help.split(|c: char| c.is_whitespace() || "[=,]".contains(c));
    let options: Vec<&str> = words.filter(|word| word.len() > 3 && word.starts_with("--")).collect();
    assert!(options.len() > 30, "{options:?}");
    let bash = project.run(&["completions", "bash"]).stdout;
    let bare = bash.split_once("        loopcheck)\n").and_then(|(_, rest)| rest.lines().next());
    assert!(
        bare.is_some_and(|opts| opts.contains(" --fix ")),
        "`loopcheck --fix` is completed too: {bare:?}"
    );
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = project.run(&["completions", shell]).stdout;
        for option in &options {
            assert!(script.contains(option.trim_start_matches('-')), "{shell} does not know {option}");
        }
    }
    let manual = project.run(&["man"]).stdout.replace("\\-", "-");
    for option in &options {
        assert!(manual.contains(option), "the manual does not know {option}");
    }
}
