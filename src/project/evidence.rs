//! Is this project deployed on Windows? Its files are asked; `rules/evidence.toml` says what counts.
//! What the Python code says is added by the rules, which see how it ran.

mod listing;
mod table;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::dependencies::{Dependencies, text};
use crate::files;
use table::{FileRow, Table};

/// Where a project runs, as far as its files tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deployment {
    Windows,
    #[default]
    Unknown,
    /// On other platforms only.
    Elsewhere,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Below the root that was given.
    pub path: PathBuf,
    /// 1-based.
    pub line: u32,
    /// Positive speaks for Windows; 3 and more settle it.
    pub points: i32,
    pub message: String,
    /// The scripts, by their file names in lower case, that are frozen here.
    pub frozen: Vec<String>,
}

/// The evidence for and against Windows, and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    pub verdict: Deployment,
    /// The sum of all points.
    pub score: i32,
    /// The strongest first.
    pub reasons: Vec<Reason>,
}

/// This many points settle it: for Windows in one reason, against it in sum.
const SETTLED: i32 = 3;

impl Evidence {
    fn from_reasons(mut reasons: Vec<Reason>) -> Evidence {
        reasons.sort_by(|a, b| {
            (b.points.abs(), &a.path, a.line, &a.message).cmp(&(a.points.abs(), &b.path, b.line, &b.message))
        });
        // One line is one piece of evidence, be it of two kinds.
        let mut places = HashSet::new();
        reasons.retain(|reason| reason.line == 1 || places.insert((reason.path.clone(), reason.line)));
        let score = reasons.iter().map(|reason| reason.points).sum();
        let verdict = if reasons.iter().any(|reason| reason.points >= SETTLED) {
            Deployment::Windows
        } else if score <= -SETTLED && reasons.iter().all(|reason| reason.points < 0) {
            Deployment::Elsewhere
        } else {
            Deployment::Unknown
        };
        Evidence { verdict, score, reasons }
    }
}

/// Files that somebody has read already.
pub type Texts = HashMap<PathBuf, Arc<str>>;

/// What is known once somebody asks: most projects have nothing to tell that depends on it.
pub type LazyEvidence = LazyLock<Evidence, Box<dyn FnOnce() -> Evidence + Send + Sync>>;

impl Evidence {
    /// Gathers what the files of a project and its dependencies tell. Looks at a bounded number of files,
    /// those near the root first; what cannot be read tells nothing. What is configured is the verdict.
    pub fn when_asked(
        root: &Path,
        dependencies: &Arc<Dependencies>,
        texts: &Arc<Texts>,
        configured: Option<Deployment>,
    ) -> Arc<LazyEvidence> {
        let (root, dependencies, texts) = (root.to_path_buf(), dependencies.clone(), texts.clone());
        Arc::new(LazyLock::new(Box::new(move || {
            let evidence = evidence(&root, &dependencies, &texts);
            Evidence { verdict: configured.unwrap_or(evidence.verdict), ..evidence }
        })))
    }
}

/// As [`Evidence::when_asked`], now, and with nothing configured.
pub fn evidence(root: &Path, dependencies: &Dependencies, texts: &Texts) -> Evidence {
    let table = table::shipped();
    let mut reasons = from_packages(table, dependencies);
    reasons.extend(from_files(table, root, texts));
    Evidence::from_reasons(reasons)
}

fn from_packages(table: &Table, dependencies: &Dependencies) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for row in &table.package {
        let mut asked: Vec<_> =
            dependencies.declared().filter(|one| row.names.iter().any(|name| name == one.name)).collect();
        // Where one file asks for it always and another with a marker, the marker is the better knowledge.
        asked.sort_by_key(|one| !one.is_limited);
        let Some(first) = asked.first() else { continue };
        let points = if first.is_limited { row.marked } else { row.points };
        if points != 0 {
            let message = format!("{}: {}", first.name, row.message);
            let (path, line) = (first.origin.path.clone(), first.origin.line);
            reasons.push(Reason { path, line, points, message, frozen: Vec::new() });
        }
    }
    reasons
}

/// No more text than this is read (bytes), per project and per file.
const ALL_TEXT: usize = 8 << 20;
const ONE_TEXT: u64 = 256 << 10;

fn from_files(table: &Table, root: &Path, texts: &Texts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut left: Vec<&FileRow> = table.evidence.iter().collect();
    let mut budget = ALL_TEXT;
    for file in listing::files(root) {
        let interested = left.iter().filter(|row| row.wants(&file));
        if interested.clone().next().is_none() {
            continue;
        }
        let path = root.join(&file.path);
        let asks_text = interested.clone().any(|row| row.asks_text());
        let content = match texts.get(&path) {
            _ if !asks_text || budget == 0 => String::new(),
            Some(text) => text.to_lowercase(),
            None => read(&path),
        };
        budget = budget.saturating_sub(content.len());
        let found: Vec<(&FileRow, u32)> =
            interested.filter_map(|row| Some((*row, row.line(&content)?))).collect();
        for (row, line) in &found {
            reasons.push(Reason {
                path: path.clone(),
                line: *line,
                points: row.points,
                message: row.message.clone(),
                frozen: if row.freezes { scripts(&content) } else { Vec::new() },
            });
        }
        left.retain(|row| !found.iter().any(|(done, _)| std::ptr::eq(*done, *row)));
    }
    reasons
}

/// The file names of Python scripts in a text.
fn scripts(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
    words.filter(|word| word.ends_with(".py") || word.ends_with(".pyw")).map(str::to_string).collect()
}

/// The beginning of a file in lower case, or nothing.
fn read(path: &Path) -> String {
    use std::io::Read;
    let mut bytes = Vec::new();
    let Ok(file) = files::open(path) else { return String::new() };
    if file.take(ONE_TEXT).read_to_end(&mut bytes).is_err() {
        return String::new();
    }
    text::decode(&bytes).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::dependencies::testing::project;
    use super::*;

    fn of(files: &[(&str, &str)]) -> Evidence {
        let folder = project(files);
        evidence(folder.path(), &Dependencies::read(folder.path(), None), &Texts::new())
    }

    fn verdict(path: &str, text: &str) -> Deployment {
        of(&[(path, text)]).verdict
    }

    #[test]
    fn what_settles_windows() {
        let cases = [
            ("web.config", "<configuration>\n<httpPlatform processPath=\"C:\\py\\python.exe\" />\n"),
            ("deploy/install.ps1", "nssm install App C:\\app\\python.exe\n"),
            ("service/app.xml", "<service>\n  <executable>python</executable>\n"),
            ("install.bat", "schtasks /create /tn app\n"),
            ("start.bat", "@echo off\ncd /d %~dp0\nvenv\\Scripts\\python.exe main.py\n"),
            ("run.cmd", "uvicorn main:app --port 80\r\n"),
            ("setup.iss", "[Setup]\n"),
            ("app.spec", "exe = EXE(pyz, icon='app.ico')\n"),
            ("Dockerfile", "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n"),
            ("requirements.txt", "pywin32==306\n"),
            ("pyproject.toml", "[tool.briefcase.app.demo.windows]\nrequires = []\n"),
            (".github/workflows/build-exe.yml", "jobs:\n  a:\n    runs-on: windows-latest\n"),
        ];
        for (path, text) in cases {
            assert_eq!(verdict(path, text), Deployment::Windows, "{path}");
        }
    }

    #[test]
    fn what_only_hints_leaves_it_open() {
        let cases = [
            ("README.md", "On Windows run venv\\Scripts\\activate\n"),
            ("docs/make.bat", "%SPHINXBUILD%\npython -m sphinx\n"),
            ("install.bat", "python -m venv venv\nREM python main.py\npip install -r requirements.txt\n"),
            (".github/workflows/test.yml", "os: [ubuntu-latest, windows-latest]\n"),
            ("pyproject.toml", "[project]\nclassifiers = [\"Operating System :: Microsoft :: Windows\"]\n"),
            ("requirements.txt", "pywin32; sys_platform == 'win32'\n"),
            ("app.spec", "a = Analysis(['main.py'])\n"),
            ("Dockerfile", "FROM python:3.12-slim\n"),
            ("requirements.txt", "uvloop; sys_platform != 'win32'\n"),
            ("node_modules/x/run.bat", "python main.py\n"),
            ("a/b/c/d/e/run.bat", "python main.py\n"),
            ("main.py", "import asyncio\n"),
        ];
        for (path, text) in cases {
            assert_eq!(verdict(path, text), Deployment::Unknown, "{path}: {text}");
        }
    }

    #[test]
    fn what_speaks_for_other_platforms_only() {
        assert_eq!(
            verdict("deploy/app.service", "[Service]\nExecStart=/usr/bin/python3 main.py\n"),
            Deployment::Elsewhere
        );
        assert_eq!(verdict("requirements.txt", "uvloop==0.21.0\n"), Deployment::Elsewhere);
        assert_eq!(
            verdict("setup.cfg", "[metadata]\nclassifiers =\n    Operating System :: POSIX :: Linux\n"),
            Deployment::Elsewhere
        );
        let gunicorn = of(&[("requirements.txt", "gunicorn\n"), ("Procfile", "web: gunicorn main:app\n")]);
        assert_eq!(gunicorn.verdict, Deployment::Elsewhere);
        let both = of(&[
            ("requirements.txt", "gunicorn\n"),
            ("Procfile", "web: x\n"),
            ("README.md", "Start it on Windows\n"),
        ]);
        assert_eq!(both.verdict, Deployment::Unknown);
        let classifiers = "Operating System :: POSIX\nOperating System :: Microsoft :: Windows\n";
        assert_eq!(of(&[("setup.cfg", classifiers)]).score, 2);
    }

    #[test]
    fn a_reason_names_its_line_once() {
        let evidence =
            of(&[("start.bat", "@echo off\npython main.py\npython other.py\n"), ("z.bat", "python z.py\n")]);
        let strongest = &evidence.reasons[0];
        assert!(strongest.path.ends_with("start.bat"));
        assert_eq!((strongest.line, strongest.points), (2, 3));
        assert_eq!(evidence.reasons.len(), 2);
    }
}
