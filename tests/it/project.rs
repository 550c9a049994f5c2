//! A small Python project in a folder of its own, and the built binary run in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// File names, with forward slashes, to bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The root of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A project that is deleted when it goes out of scope.
pub struct Project {
    folder: TempDir,
}

impl Project {
    pub fn new(files: &Files) -> Project {
        let folder = tempfile::Builder::new().prefix("loopcheck-").tempdir().expect("a temporary folder");
        let project = Project { folder };
        for (name, bytes) in files {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders of the project");
            fs::write(path, bytes).expect("files of the project");
        }
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn files(&self) -> Files {
        read_folder(self.path())
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.path(), arguments)
    }

    /// Runs the binary with `input` as its standard input, and gives its standard output as it is.
    pub fn pipe(&self, input: &[u8], arguments: &[&str]) -> (Run, Vec<u8>) {
        let mut child = command(self.path(), arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test starts");
        let written = child.stdin.take().expect("a pipe").write_all(input);
        // A command that reads nothing may be gone already.
        let failed = written.is_err_and(|error| error.kind() != ErrorKind::BrokenPipe);
        assert!(!failed, "the input was not written");
        let output = child.wait_with_output().expect("it ends");
        (Run::from(&output), output.stdout)
    }

    /// The findings of every severity as JSON.
    pub fn check(&self, more: &[&str]) -> Run {
        let mut arguments = vec!["check", ".", "--output-format", "json", "--min-severity", "info"];
        arguments.extend(more);
        self.run(&arguments)
    }

    pub fn fix(&self, more: &[&str]) -> Run {
        let mut arguments = vec!["check", ".", "--fix", "--min-severity", "info"];
        arguments.extend(more);
        self.run(&arguments)
    }

    pub fn entries(&self, more: &[&str]) -> Run {
        let mut arguments = vec!["entries", ".", "--output-format", "json"];
        arguments.extend(more);
        self.run(&arguments)
    }
}

/// What one run of the binary said.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// The exit status; −1 when a signal ended the process.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<&Output> for Run {
    fn from(output: &Output) -> Run {
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// The standard output as JSON, or a sentence that shows what came instead.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| {
            format!(
                "the output is not JSON ({error}); exit status {}\n--- stdout\n{}\n--- stderr\n{}",
                self.status, self.stdout, self.stderr
            )
        })
    }
}

/// Runs the binary in `folder`, without colour and without anything to read.
pub fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    let output =
        command(folder, arguments).stdin(Stdio::null()).output().expect("the binary under test starts");
    Run::from(&output)
}

/// The binary in `folder`, without colour.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loopcheck"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("GITHUB_ACTIONS");
    command
}

/// Every file below `folder`.
pub fn read_folder(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name =
                path.strip_prefix(folder).expect("below the folder").to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read(&path).expect("a readable file"));
        }
    }
    files
}

/// How two projects differ, as unified diffs; empty when they are equal byte for byte.
pub fn difference(expected: &Files, got: &Files) -> String {
    let mut names: Vec<&String> = expected.keys().chain(got.keys()).collect();
    names.sort();
    names.dedup();
    let none = Vec::new();
    let mut text = String::new();
    for name in names {
        let (old, new) = (expected.get(name).unwrap_or(&none), got.get(name).unwrap_or(&none));
        if old == new {
            continue;
        }
        let (old, new) = (visible(old), visible(new));
        text += &similar::TextDiff::from_lines(&old, &new)
            .unified_diff()
            .header(&format!("{name} expected"), &format!("{name} got"))
            .to_string();
    }
    text
}

/// Text with the characters shown that a diff would hide.
fn visible(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "␍").replace('\u{feff}', "<BOM>").replace('\t', "→")
}
