//! The command line as people meet it: the README's transcripts, exit statuses and streams.

use std::fs;

use serde_json::Value;

use crate::project::{Files, Project, read_folder, repository, run_in};

/// How a transcript in the README may start the program.
const STARTS: [&str; 2] = ["cargo run --release -- ", "loopcheck "];

#[test]
fn the_transcripts_of_the_readme_are_what_the_program_prints() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    let mut checked = 0;
    let mut failures = String::new();
    for block in blocks(&readme, "console") {
        // A block may fix files, so each works on a copy; paths are as in the repository.
        let project = Project::new(&sample_tree());
        for (command, expected) in commands(&block) {
            let Some(arguments) = STARTS.iter().find_map(|start| command.strip_prefix(start)) else {
                continue;
            };
            let arguments = words(arguments);
            let run = project.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            let got = trimmed(&format!("{}{}", run.stdout, run.stderr));
            checked += 1;
            if got != expected {
                let difference = similar::TextDiff::from_lines(&expected, &got)
                    .unified_diff()
                    .header("README", "got")
                    .to_string();
                failures += &format!("\n=== $ {command}\n{difference}");
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(checked > 0, "the README shows at least one run");
}

/// Commands in blocks of `sh` and in the text, and those of the hooks. A line above one that the tests cannot
/// run says why: `# not run here: …`.
#[test]
fn the_commands_of_the_readme_work() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    let mut commands: Vec<String> = Vec::new();
    for block in blocks(&readme, "sh") {
        let mut excused = false;
        for line in block.lines().filter(|line| !line.trim().is_empty()) {
            match line.starts_with("# not run here: ") {
                true => excused = true,
                false if line.starts_with('#') => {}
                false if excused => {}
                false => commands.push(line.split(" #").next().unwrap_or(line).trim().to_owned()),
            }
        }
    }
    commands.extend(readme.split('`').filter(|code| code.starts_with("loopcheck ")).map(str::to_owned));
    // `server.rs` has a conversation with that one.
    commands.retain(|command| command != "loopcheck server");
    let hooks = fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).expect("the hooks");
    let entries = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: "));
    commands.extend(entries.map(str::to_owned));
    for command in &commands {
        let arguments = command.strip_prefix("loopcheck").unwrap_or_else(|| panic!("not run: {command}"));
        let project = Project::new(&sample_tree());
        let arguments = words(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (run, _) = project.pipe(b"print('standard input')\n", &arguments);
        assert!(matches!(run.status, 0 | 1), "{command}: {}", run.stderr);
        assert!(!run.stdout.is_empty(), "{command} prints nothing");
    }
    assert!(commands.len() > 3, "the README shows how to use the program");
}

#[test]
fn the_configuration_in_the_readme_does_what_it_says() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    let blocks = blocks(&readme, "toml").into_iter();
    let ours: Vec<String> = blocks.filter(|block| block.contains("[tool.loopcheck]")).collect();
    let [block] = &ours[..] else { panic!("one block of configuration") };
    let mut tree = sample_tree();
    tree.insert("pyproject.toml".to_owned(), block.clone().into_bytes());
    let project = Project::new(&tree);
    let run = project.run(&["fixtures", "--show-settings"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let table: toml::Table = block.parse().expect("TOML");
    let keys = table["tool"]["loopcheck"].as_table().expect("the table of loopcheck").keys();
    for key in keys {
        let set =
            run.stdout.lines().any(|line| line.contains(key.as_str()) && line.contains("pyproject.toml"));
        assert!(set, "{key} is not taken from pyproject.toml\n{}", run.stdout);
    }
}

/// What people copy into other tools names hooks and commands that are there, and this version.
#[test]
fn what_the_readme_says_to_other_tools_fits_this_version() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("the README");
    let hooks = fs::read_to_string(repository().join(".pre-commit-hooks.yaml")).expect("the hooks");
    let tag = format!("v{}", env!("CARGO_PKG_VERSION"));
    let named = blocks(&readme, "yaml").concat();
    assert!(named.contains(&format!("rev: {tag}\n")), "{named}");
    assert!(named.contains(&format!("uses: loopcheck/loopcheck@{tag}\n")), "{named}");
    let ids: Vec<&str> = named.lines().filter_map(|line| line.trim().strip_prefix("- id: ")).collect();
    assert!(!ids.is_empty(), "the README shows a hook");
    for id in ids {
        let id = id.split(' ').next().unwrap_or(id);
        assert!(hooks.contains(&format!("- id: {id}\n")), "there is no hook {id}");
    }

    let code: Value = serde_json::from_str(
        blocks(&readme, "json").iter().find(|block| block.contains("glspc")).expect("settings of VS Code"),
    )
    .expect("JSON");
    let helix = blocks(&readme, "toml").into_iter().find(|block| block.contains("language-server"));
    let helix: toml::Table = helix.expect("settings of Helix").parse().expect("TOML");
    let server = &helix["language-server"]["loopcheck"];
    let started = [
        (code["glspc.server.command"].as_str(), code["glspc.server.commandArguments"][0].as_str()),
        (server["command"].as_str(), server["args"][0].as_str()),
    ];
    assert_eq!(started, [(Some("loopcheck"), Some("server")); 2]);
    assert!(blocks(&readme, "lua").concat().contains(r#"cmd = { "loopcheck", "server" }"#));
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
    let whole = project.run(&["fixtures"]);
    assert_eq!(whole, project.run(&["check", "fixtures"]));
    assert!(whole.stdout.contains("error[LC201]") && whole.status == 1, "the fixtures are not healthy");

    let inside = project.path().join("fixtures/nicegui-windows-server");
    let here = run_in(&inside, &[]);
    assert_eq!(here, run_in(&inside, &["check", "."]));
    assert!(here.stdout.contains("--> main.py:24:1"), "without a path it checks the working directory");
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
    let run = |format: &str| {
        let run = project.run(&["check", "fixtures", "-v", "--output-format", format]);
        assert_eq!(run.status, 1, "--output-format {format}: {}", run.stderr);
        run
    };
    let json = run("json").json().unwrap_or_else(|why| panic!("{why}"));
    let findings = json["findings"].as_array().expect("a list of findings");
    assert!(findings.iter().any(|one| one["code"] == "LC201"), "{json}");
    let lines = run("json-lines").stdout;
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
        assert!(row["code"].is_string(), "{row}");
    }
    assert_eq!(lines.lines().count(), findings.len(), "a line for each finding");
    // The runner hides annotations from its log, so the log gets a plain line for each below them.
    let github = run("github").stdout;
    assert_eq!(github.matches("\n::").count() + 1, findings.len(), "a line for each finding\n{github}");
    assert!(github.starts_with("::") && github.contains("LC201") && lines.contains("LC201"));
}

#[test]
fn what_shows_or_measures_something_is_a_note_also_where_it_is_a_project_of_its_own() {
    let program = "import uvicorn\n\nif __name__ == \"__main__\":\n    uvicorn.run(\"app:app\")\n";
    let folders = [
        "examples/chat",
        "docs_src/first",
        "samples/apps/web",
        "benches",
        "load_testing",
        "code-examples/a",
        "app/templates/async",
    ];
    for folder in folders {
        let (main, requirements) = (format!("{folder}/main.py"), format!("{folder}/requirements.txt"));
        let sources = [
            ("pyproject.toml", "[project]\nname = \"lib\"\n"),
            (&*main, program),
            (&*requirements, "uvicorn\n"),
        ];
        let project = Project::new(&files(&sources));
        let found = project.check(&[]).json().expect("a report");
        assert_eq!(found["findings"][0]["severity"], "info", "{folder}");
    }
    let project = Project::new(&files(&[("contest/main.py", program), ("pyproject.toml", "")]));
    let found = project.check(&[]).json().expect("a report");
    assert_eq!(found["findings"][0]["severity"], "warning");
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

/// The bodies of the fences with this information string.
fn blocks(text: &str, info: &str) -> Vec<String> {
    let fence = format!("```{info}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
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

/// The words of a command as a shell splits it: at blanks outside of quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.trim().chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (mark, Some(open)) if mark == open => quote = None,
            (' ', None) => words.push(String::new()),
            (other, _) => words.last_mut().expect("never empty").push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Without blank lines at the end and without spaces at the ends of lines, which editors remove.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

#[test]
fn where_a_run_was_given_up_the_call_that_stands_there_is_unknown_and_the_summary_says_so() {
    let mut files: Files = (0..200)
        .map(|n| (format!("m{n}.py"), format!("from asyncio import run\nimport m{}\n", n + 1).into_bytes()))
        .collect();
    files.insert("m200.py".into(), b"".to_vec());
    let main = "import asyncio\nfrom asyncio import run\n\nimport m0\n\n\ndef main():\n    run(asyncio.sleep(1))\n\n\nmain()\n";
    files.insert("main.py".into(), main.as_bytes().to_vec());
    let project = Project::new(&files);
    let entries = project.entries(&[]).json().expect("JSON");
    let rows = entries["entries"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{entries:#}");
    assert_eq!(rows[0]["runner"], "asyncio.run");
    assert_eq!(rows[0]["loop"]["windows"], "unknown");
    assert_eq!(rows[0]["reason"], "calls are nested too deeply");
    let run = project.run(&["check", "."]);
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains("1 loop could not be told"), "{}", run.stdout);
}

#[test]
fn a_call_that_two_programs_come_to_is_told_once() {
    let start = "import asyncio\nimport sys\n\nif sys.platform == \"win32\":\n    \
                 asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n\n\n\
                 async def main():\n    pass\n\n\ndef go():\n    asyncio.run(main())\n";
    let program = "from start import go\n\nif __name__ == \"__main__\":\n    go()\n";
    let python = "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.12\"\n";
    let project = Project::new(&files(&[
        ("pyproject.toml", python),
        ("start.py", start),
        ("one.py", program),
        ("two.py", program),
    ]));
    let run = project.run(&["check", "--min-severity", "info", "--select", "LC501", "."]);
    assert_eq!(run.stdout.matches("asks the policy").count(), 1, "{}", run.stdout);
}
