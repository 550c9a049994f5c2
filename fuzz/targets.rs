//! What must hold of any bytes at all. libFuzzer drives these from `fuzz.rs`, and `cargo test` from
//! `tests/it/fuzz.rs`; each gets a folder that it may fill, and panics where something does not hold.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use loopcheck::analysis::{self, Analysis};
use loopcheck::baseline::Baseline;
use loopcheck::files::{LauncherKind, Source, project_root};
use loopcheck::finding::Severity;
use loopcheck::project::dependencies::Dependencies;
use loopcheck::project::{distribution, evidence, launchers};
use loopcheck::python;
use loopcheck::report::{self, Report, paint::Paint};
use loopcheck::settings::{OutputFormat, Request, Settings};
use loopcheck::suppress::add;

pub type Target = fn(&Path, &[u8]);

pub const TARGETS: &[(&str, Target)] = &[
    ("decode", decode),
    ("python", python),
    ("project", project),
    ("suppression", suppression),
    ("metadata", metadata),
    ("launcher", launcher),
    ("config", config),
    ("baseline", baseline),
];

/// Bytes that are text come back as they were, or are not written.
fn decode(_: &Path, bytes: &[u8]) {
    let Ok(source) = Source::from_bytes("/p/main.py".into(), "main.py".into(), bytes) else { return };
    if let Ok(again) = source.encode(&source.text) {
        assert_eq!(again, bytes, "decoded and encoded, the file is another");
    }
    let mut last = source.position(0);
    for (offset, _) in source.text.char_indices().step_by(7) {
        let position = source.position(offset as u32);
        assert!(position >= last && source.line(position.line).len() <= source.text.len());
        last = position;
    }
}

/// What lowers has a view and comments, whose places lie in the text.
fn python(_: &Path, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lowered = python::lower(text);
    let view = python::view::View::new(text);
    assert_eq!(lowered.is_ok(), view.is_ok(), "one of two parsers takes the text: {view:?}");
    for comment in python::comments(text).0 {
        assert!(text[comment.span.start as usize..comment.span.end as usize].starts_with('#'));
    }
    if let Err(error) = lowered {
        assert!(text.get(error.span.start as usize..error.span.end as usize).is_some(), "{error:?}");
    }
}

/// Names that a file of the `project` target may have.
const PROJECT: &[&str] = &[
    "main.py",
    "app.py",
    "b.py",
    "pkg/__init__.py",
    "pkg/__main__.py",
    "pkg/a.py",
    "pyproject.toml",
    "requirements.txt",
    "uv.lock",
    "start.bat",
    "Dockerfile",
];

/// A whole project, its files behind lines `#### name`: it is analysed, told in some format, and fixed.
fn project(folder: &Path, bytes: &[u8]) {
    empty(folder);
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut name = "main.py";
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"#### ") {
            Some(heading) => {
                let heading = heading.trim_ascii();
                name = PROJECT.iter().find(|name| name.as_bytes() == heading).unwrap_or(&"main.py");
            }
            None => files.entry(name).or_default().extend_from_slice(line),
        }
    }
    for (name, bytes) in &files {
        write(folder, name, bytes);
    }
    let Some(settings) = settings(folder) else { return };
    let Ok(analysis) = analysis::analyse(&settings) else { return };
    tell(&settings, &analysis, bytes.len());
    for (_, (text, _)) in add::add(&analysis, "reason", |finding| finding.code != "LC000").texts {
        assert!(python::lower(&text).is_ok(), "a suppression comment broke the file:\n{text}");
    }
    let Ok(fixed) = analysis::fix(&settings, false) else { return };
    for file in &fixed.changed {
        assert!(python::lower(&file.before.text).is_ok(), "a broken file was fixed:\n{}", file.before.text);
        assert!(python::lower(&file.after).is_ok(), "a fix broke the file:\n{}", file.after);
    }
}

/// A comment behind and above a call with a finding.
fn suppression(folder: &Path, bytes: &[u8]) {
    empty(folder);
    let mut program = b"import asyncio\n# loopcheck: ".to_vec();
    program.extend_from_slice(bytes);
    program.extend_from_slice(b"\nasyncio.run(main())  # loopcheck: ");
    program.extend_from_slice(bytes);
    write(folder, "main.py", &program);
    let Some(settings) = settings(folder) else { return };
    let Ok(fixed) = analysis::fix(&settings, false) else { return };
    for file in &fixed.changed {
        assert!(python::lower(&file.after).is_ok(), "a fix broke the file:\n{}", file.after);
    }
    tell(&settings, &fixed.remaining, bytes.len());
}

/// Names that a file of the `metadata` target may have.
const METADATA: &[&str] = &[
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
    ".git/config",
];

/// One file of metadata or a lock; its name stands in the first line.
fn metadata(folder: &Path, bytes: &[u8]) {
    empty(folder);
    write_named(folder, METADATA, bytes);
    let dependencies = Dependencies::read(folder, None);
    assert!(dependencies.python.allowed.contains(&dependencies.python.verdict));
    for name in ["uvicorn", "nicegui", "uvloop"] {
        let package = dependencies.package(name);
        let _ = package.at_least(&"0.36".parse().expect("a version"));
    }
    let _ = evidence::evidence(folder, &dependencies, &evidence::Texts::default());
    let _ = (launchers::console_scripts(folder), launchers::own_name(folder));
    let _ = (distribution::is_library(folder), project_root(folder));
}

/// Names that a file of the `launcher` target may have.
const LAUNCHERS: &[&str] = &[
    "start.bat",
    "start.ps1",
    "web.config",
    "task.xml",
    "Dockerfile",
    "Procfile",
    "compose.yaml",
    ".github/workflows/ci.yml",
    ".vscode/launch.json",
    "pyproject.toml",
];

/// One file that starts programs; its name stands in the first line.
fn launcher(folder: &Path, bytes: &[u8]) {
    empty(folder);
    write(folder, "main.py", b"import asyncio\n\nasyncio.run(main())\n");
    let name = write_named(folder, LAUNCHERS, bytes);
    let path = folder.join(name);
    let kind = LauncherKind::of(&path).expect("each of these names is a launcher's");
    let Some(file) = launchers::read(&path, kind, folder) else { return };
    for command in &file.commands {
        assert!(file.text.get(command.span.start as usize..command.span.end as usize).is_some());
    }
    for started in launchers::started(&file) {
        if let launchers::Started::Server(server) = started {
            let _ = server.code();
        }
    }
}

/// Configuration: settings, or a reason for people.
fn config(folder: &Path, bytes: &[u8]) {
    empty(folder);
    let name = write_named(folder, &["loopcheck.toml", "pyproject.toml"], bytes);
    let request = Request { cwd: folder.to_owned(), config: Some(name.into()), ..Request::default() };
    match Settings::load(request, &[]) {
        Ok(settings) => assert!(!settings.describe().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn baseline(folder: &Path, bytes: &[u8]) {
    empty(folder);
    write(folder, "baseline.json", bytes);
    if let Err(error) = Baseline::read(&folder.join("baseline.json"), folder) {
        assert!(!error.to_string().is_empty());
    }
}

/// Every finding, every fix, one thread.
fn settings(folder: &Path) -> Option<Settings> {
    let jobs = NonZeroUsize::new(1);
    let request = Request { cwd: folder.to_owned(), jobs, isolated: true, ..Request::default() };
    let mut settings = Settings::load(request, &[]).ok()?;
    settings.min_severity = Severity::Info;
    settings.unsafe_fixes = true;
    Some(settings)
}

/// In one of the formats, which are all of strangers' text.
fn tell(settings: &Settings, analysis: &Analysis, which: usize) {
    use OutputFormat as F;
    const FORMATS: [OutputFormat; 12] = [
        F::Full,
        F::Concise,
        F::Grouped,
        F::Json,
        F::JsonLines,
        F::Github,
        F::Gitlab,
        F::Sarif,
        F::Junit,
        F::Rdjson,
        F::Pylint,
        F::Azure,
    ];
    let text = report::render(&Report::new(analysis, settings), FORMATS[which % FORMATS.len()], Paint::PLAIN);
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text.contains(control), "a control character gets out: {text:?}");
}

/// Writes what follows the first line into the file that it names, else into the first.
fn write_named(folder: &Path, names: &[&'static str], bytes: &[u8]) -> &'static str {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (heading, rest) = bytes.split_at(end);
    let name = names.iter().find(|name| name.as_bytes() == heading).unwrap_or(&names[0]);
    write(folder, name, rest.get(1..).unwrap_or_default());
    name
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.expect("what the target wrote");
    }
}
