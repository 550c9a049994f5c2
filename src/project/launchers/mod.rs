//! Entry points that stand outside Python: command lines in start scripts, services, containers,
//! workflows and task tables, and the scripts that the package metadata installs.
//!
//! - One reader a format (`lines`, `xml`, `yaml`, `json`, `pyproject`, `docker`) gives scripts: a piece
//!   of shell text, or a list of words, with where and how it runs.
//! - `shell` cuts shell text into words; `script` follows it line by line through folders and variables.
//! - [`commands`] knows what programs do with their words; `rules/commands.toml` tells it.
//! - `started` looks up what they start in the project, and makes a server a module of one call.
//! - `scripts` reads the console and GUI scripts.

pub mod commands;
mod docker;
mod json;
mod lines;
mod pyproject;
mod script;
mod scripts;
mod shell;
mod started;
mod text;
pub(super) mod tree;
mod xml;
mod yaml;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::{self, LauncherKind};
use crate::ir::Span;
use crate::platform::Platform;

pub use scripts::{ConsoleScript, console_scripts, own_name};
pub use started::{COMMANDS, Program, Server, Started, started};

use script::command_lines;
use text::Mapped;

/// A file that starts programs, and the command lines in it.
#[derive(Clone, Debug)]
pub struct LauncherFile {
    /// Absolute.
    pub path: PathBuf,
    pub text: Arc<str>,
    pub commands: Vec<CommandLine>,
}

/// One command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program and its arguments, wrappers such as `poetry run` included.
    pub words: Vec<Word>,
    /// Where it stands in the text of its file.
    pub span: Span,
    /// Folders it may run in, the likeliest first, absolute.
    pub folders: Vec<PathBuf>,
    /// Variables that are set for it; those whose value is not known have none.
    pub environment: Environment,
    pub place: Place,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is passed; where it is not known, as it is written.
    pub text: String,
    pub is_known: bool,
}

pub type Environment = BTreeMap<String, Option<String>>;

/// On which platforms a command line is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub platforms: Vec<Platform>,
    /// Why Windows is not among them.
    pub reason: Option<Arc<str>>,
}

impl Place {
    pub fn anywhere() -> Place {
        Place { platforms: Platform::ALL.to_vec(), reason: None }
    }

    pub fn windows() -> Place {
        Place { platforms: vec![Platform::Windows], reason: None }
    }

    pub fn linux(reason: &str) -> Place {
        Place { platforms: vec![Platform::Linux], reason: Some(reason.into()) }
    }
}

/// The language of a piece of shell text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::project) enum Dialect {
    Batch,
    PowerShell,
    Posix,
}

/// What a reader finds: something that is run.
struct Script {
    code: Code,
    folders: Vec<PathBuf>,
    environment: Environment,
    place: Place,
}

enum Code {
    Shell(Mapped, Dialect),
    /// Words that no shell reads, with the span of all.
    Words(Vec<Word>, Span),
}

/// Longer files were not written by hand (bytes).
pub(super) const LIMIT: u64 = 256 << 10;
/// Most XML is data, and a project may hold a lot of it.
const XML_LIMIT: u64 = 32 << 10;

/// Reads a launcher file. What cannot be read or understood starts nothing.
pub fn read(path: &Path, kind: LauncherKind, top: &Path) -> Option<LauncherFile> {
    let text = load(path, if kind == LauncherKind::Xml { XML_LIMIT } else { LIMIT })?;
    let file = File { path, text: &text, folders: folders(path, top) };
    let scripts = match kind {
        LauncherKind::Batch => lines::whole(&file, Dialect::Batch, Place::windows()),
        LauncherKind::PowerShell => lines::whole(&file, Dialect::PowerShell, Place::windows()),
        LauncherKind::Procfile => lines::procfile(&file),
        LauncherKind::Dockerfile => docker::read(&file),
        LauncherKind::Compose => yaml::compose(&file),
        LauncherKind::Workflow => yaml::workflow(&file),
        LauncherKind::Xml => xml::read(&file),
        LauncherKind::VsCode => json::read(&file),
        LauncherKind::Pyproject => pyproject::read(&file),
    };
    let mut commands: Vec<CommandLine> =
        scripts.into_iter().flat_map(|script| command_lines(&file, script)).collect();
    commands.sort_by_key(|command| command.span);
    Some(LauncherFile { path: path.to_path_buf(), text: text.into(), commands })
}

/// A file that is being read.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
    /// Its own folder and those above it, up to the top of the project.
    folders: Vec<PathBuf>,
}

impl File<'_> {
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(self.path)
    }
}

fn folders(path: &Path, top: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1);
    above.take_while(|folder| folder.starts_with(top)).map(Path::to_path_buf).collect()
}

pub(super) fn load(path: &Path, limit: u64) -> Option<String> {
    let file = files::open(path).ok()?;
    if file.metadata().ok()?.len() > limit {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).ok()?;
    Some(crate::project::dependencies::text::decode(&bytes))
}

#[cfg(test)]
mod testing {
    use super::*;

    /// The command lines of a file: words joined by blanks, unknown ones in `‹›`.
    pub fn commands(name: &str, text: &str) -> Vec<CommandLine> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let kind = LauncherKind::of(&path).unwrap();
        let mut file = read(&path, kind, folder.path()).unwrap();
        for command in &mut file.commands {
            for at in &mut command.folders {
                *at = at.strip_prefix(folder.path()).unwrap_or(at).to_path_buf();
            }
        }
        file.commands
    }

    pub fn shown(name: &str, text: &str) -> Vec<String> {
        commands(name, text).iter().map(line).collect()
    }

    pub fn line(command: &CommandLine) -> String {
        let word =
            |word: &Word| if word.is_known { word.text.clone() } else { format!("‹{}›", word.text) };
        command.words.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The text under each command's span.
    pub fn spans(name: &str, text: &str) -> Vec<String> {
        let under =
            |command: &CommandLine| text[command.span.start as usize..command.span.end as usize].to_string();
        commands(name, text).iter().map(under).collect()
    }
}
