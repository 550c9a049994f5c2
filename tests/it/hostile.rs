//! Input that somebody wrote to do harm, and faults of our own.

#![cfg(unix)]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::project::{Files, Project, Run};

const PROGRAM: &str =
    "import asyncio\n\n\nasync def main():\n    await asyncio.sleep(1)\n\n\nasyncio.run(main())\n";

fn files(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_owned())).collect()
}

/// The codes of the findings in a file.
fn codes(run: &Run, path: &str) -> Vec<String> {
    let report = run.json().unwrap_or_else(|why| panic!("{why}"));
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let of_file = findings.iter().filter(|finding| finding["path"] == path);
    of_file.map(|finding| finding["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// How a check ends, if it ends at all.
fn ends(project: &Project, args: &[&str]) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_loopcheck"))
        .args(["--output-format", "concise"])
        .args(args)
        .current_dir(project.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary under test starts");
    let started = Instant::now();
    let ended = loop {
        match child.try_wait().expect("a child that can be asked") {
            Some(status) => break status.code(),
            None if started.elapsed() > Duration::from_secs(60) => break None,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let _ = child.kill();
    ended
}

/// A pipe without a writer keeps whoever opens it waiting for ever.
#[test]
fn pipes_are_not_opened() {
    let project = Project::new(&files(&[("main.py", PROGRAM)]));
    let names = [
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "requirements.txt",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "pylock.toml",
        "Pipfile",
        "Pipfile.lock",
        "environment.yml",
        ".python-version",
        "other.py",
        "loopcheck.toml",
        "start.bat",
        "web.config",
        "Dockerfile",
        "installer.iss",
    ];
    let made = Command::new("mkfifo").args(names).current_dir(project.path()).status();
    assert!(made.is_ok_and(|status| status.success()), "no pipes were made");
    assert_eq!(ends(&project, &[]), Some(1), "it waits for a pipe");
}

/// What is named in the command or the configuration is read as a whole, so it must have an end.
#[test]
fn named_files_must_have_an_end() {
    let project = Project::new(&files(&[("main.py", PROGRAM), ("sub/main.py", PROGRAM)]));
    fs::write(project.path().join("sub/loopcheck.toml"), "baseline = \"../pipe.py\"\n").expect("a file");
    let made = Command::new("mkfifo").arg("pipe.py").current_dir(project.path()).status();
    assert!(made.is_ok_and(|status| status.success()), "no pipe was made");
    for file in ["pipe.py", "/dev/zero", "/dev/full"] {
        for option in ["--config", "--baseline", "--write-baseline"] {
            assert_eq!(ends(&project, &[option, file, "main.py"]), Some(2), "{option} {file}");
        }
        assert_eq!(ends(&project, &["--isolated", file]), Some(2), "{file}");
    }
    assert_eq!(ends(&project, &["--config", "sub/loopcheck.toml", "."]), Some(2));
    let run = project.check(&["pipe.py"]);
    assert!(run.stderr.contains("pipe.py: it is not a regular file"), "{}", run.stderr);
}

/// What cannot be read may ignore anything, so the folder is not checked, and that is a failure.
#[test]
fn rules_of_what_to_ignore_are_not_read_from_a_pipe() {
    for name in [".gitignore", ".ignore"] {
        for folder in ["", "sub/"] {
            let project = Project::new(&files(&[("main.py", PROGRAM), ("sub/other.py", PROGRAM)]));
            let pipe = format!("{folder}{name}");
            let made = Command::new("mkfifo").arg(&pipe).current_dir(project.path()).status();
            assert!(made.is_ok_and(|status| status.success()), "no pipe was made");
            assert_eq!(ends(&project, &[]), Some(2), "{pipe}");
            assert_eq!(ends(&project, &["--no-respect-gitignore"]), Some(1), "{pipe}");
            assert!(ends(&project, &["--exclude", "sub"]).is_some(), "{pipe}");
            let run = project.check(&[]);
            assert!(run.stderr.contains(&format!("{pipe}: it is not a regular file")), "{}", run.stderr);
        }
        let project = Project::new(&files(&[("main.py", PROGRAM)]));
        std::os::unix::fs::symlink("/dev/null", project.path().join(name)).expect("a link");
        assert_eq!(ends(&project, &[]), Some(1), "{name} is empty");
    }
}

/// The cures of one program are proven in one run; a call that none fits does not take the others with it.
#[test]
fn many_calls_are_cured_one_and_all() {
    const CALLS: usize = 40;
    let calls = "asyncio.run(main())\n".repeat(CALLS);
    let program = format!(
        "import asyncio\n\nfrom elsewhere import options\n\n\nasync def main():\n    await asyncio.sleep(1)\n\n\n\
         {calls}asyncio.run(main(), **options)\n"
    );
    let python = "[project]\nname = \"a\"\nversion = \"1\"\nrequires-python = \">=3.12\"\n\
                  [tool.loopcheck]\nremedy = \"loop-factory\"\n";
    let project = Project::new(&files(&[("main.py", &program), ("pyproject.toml", python)]));
    let run = project.check(&["--fix", "--unsafe-fixes"]);
    let text = fs::read_to_string(project.path().join("main.py")).expect("the file is still there");
    let cured = text.lines().filter(|line| line.starts_with("asyncio.run(main(), loop_factory=")).count()
        + text.matches("    main(), loop_factory=").count();
    assert_eq!(cured, CALLS, "{}\n{text}", run.stderr);
}

#[test]
fn a_variable_of_a_loop_may_be_any_character() {
    for text in ["for %%ä in (a) do uvicorn app:app\n", "uvicorn -ä app:app\n", "echo %%\u{20ac}\n"] {
        let project = Project::new(&files(&[("main.py", PROGRAM), ("start.bat", text)]));
        let run = project.check(&[]);
        assert!(codes(&run, "main.py").contains(&"LC103".to_owned()), "{text}{}", run.stderr);
    }
}

/// A hundred modules, each of which imports the next before it does anything else.
#[test]
fn a_long_row_of_imports_is_no_deep_call() {
    let names: Vec<String> = (0..100).map(|number| format!("part{number}.py")).collect();
    let texts: Vec<String> = (1..101)
        .map(|next| match next {
            100 => "def start():\n    import asyncio\n    asyncio.run(asyncio.sleep(1))\n".to_string(),
            _ => format!("from part{next} import start\n"),
        })
        .collect();
    let mut all: Vec<(&str, &str)> =
        names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    all.push(("main.py", "from part0 import start\n\nstart()\n"));
    let project = Project::new(&files(&all));
    let run = project.check(&[]);
    assert!(codes(&run, "part99.py").contains(&"LC103".to_owned()), "{}", run.stderr);
}

/// Containers that hold each other, and are handed to code we do not see.
#[test]
fn what_holds_itself_is_handed_over() {
    let made = [
        "held = {}\nheld['it'] = held\n",
        "held = []\nheld.append(held)\n",
        "held = ([],)\nheld[0].append(held)\n",
        "held = {'children': []}\nheld['children'].append({'parent': held})\n",
    ];
    for text in made {
        let program = format!("import elsewhere\n{text}elsewhere.show(held)\n{PROGRAM}");
        let project = Project::new(&files(&[("main.py", &program)]));
        let run = project.check(&[]);
        assert!(codes(&run, "main.py").contains(&"LC103".to_owned()), "{text}{}", run.stderr);
    }
}

/// Few lines that would fill the memory or never come to an end; each says `proactor` or `unknown`.
#[test]
fn a_program_that_grows_is_given_up() {
    let doubled = |line: &str| format!("{}\n", line).repeat(200);
    let programs = [
        format!("x = 'x'\n{}", doubled("x = x + x")),
        format!("x = 'x' * 10**9\ny = 2 ** 10**9\nz = [0] * 10**9\n{}", doubled("x = x * 60")),
        format!("x = [0]\n{}", doubled("x = x + x")),
        format!("x = [0]\n{}", doubled("x.extend(x)")),
        format!("x = [0]\n{}", doubled("x += x")),
        format!("x = 'a' * 60\n{}", doubled("x = x.replace('a', x)")),
        format!("x = 'a' * 60\n{}", doubled("x = x.join([x, x, x])")),
        format!("x = '%s%s'\n{}", doubled("x = '%s%s' % (x, x)")),
        format!("x = 'x'\n{}", doubled("x = f'{x}{x}'")),
        format!("x = '%sx'\n{}", doubled("x = x % x")),
        format!("import elsewhere\nx = elsewhere.x\n{}", doubled("x = x[x]; x = x == x")),
        format!("a = (0, 0)\n{}if a == a:\n    pass\nf'{{a}}'\n", doubled("a = (a, a)")),
        format!("a = b = (0, 0)\n{}if a == b:\n    pass\n", doubled("a = (a, a); b = (b, b)")),
        "a = []\na.append(a)\nb = []\nb.append(b)\nif a == b:\n    pass\n".to_owned(),
        "def f(*a):\n    return f(*a, a, a)\n\n\nf()\n".to_owned(),
    ];
    for program in programs {
        let text = format!("{program}{PROGRAM}");
        let project = Project::new(&files(&[("main.py", &text)]));
        // Without a limit of its own, the machine would be what ends it.
        let script = "ulimit -v 2000000; exec timeout 60 \"$0\" entries . -j 1 --output-format json";
        let output = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_loopcheck")])
            .current_dir(project.path())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{program}{output:?}");
        assert!(said.contains("proactor") || said.contains("unknown"), "{program}{said}");
    }
}

/// A fault of ours stays with its file: told, counted as a failure, and nothing is written there.
#[test]
fn a_panic_takes_no_other_file_with_it() {
    for stage in ["lower", "run", "fix"] {
        let project = Project::new(&files(&[("bad.py", PROGRAM), ("good.py", PROGRAM)]));
        let output = Command::new(env!("CARGO_BIN_EXE_loopcheck"))
            .args([".", "--fix", "--unsafe-fixes", "--output-format", "json"])
            .current_dir(project.path())
            .env("LOOPCHECK_FAULT", format!("{stage}:bad.py"))
            .output()
            .expect("the binary under test starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stage}: {said}");
        assert!(said.contains("bad.py: loopcheck itself failed here; please report it"), "{stage}: {said}");
        let read = |name: &str| fs::read_to_string(project.path().join(name)).expect("a file");
        assert_eq!(read("bad.py"), PROGRAM, "{stage}: written in spite of a fault");
        assert_ne!(read("good.py"), PROGRAM, "{stage}: the other file was not fixed");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("LC000"), "{stage}: {told}");
    }
}
