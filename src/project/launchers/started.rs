//! What the command lines of a file start in this project: files that Python runs, and servers that
//! become programs of one call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::commands::{Argument, Commands, Meaning, Row};
use super::script::moved;
use super::{CommandLine, Environment, LauncherFile, Place};
use crate::files::absolute;
use crate::ir::{Alias, Arg, ArgKind, Constant, Expr, ExprKind, Module, Name, Span, Stmt, StmtKind};
use crate::platform::Platform;

#[derive(Clone, Debug)]
pub enum Started {
    Program(Program),
    Server(Server),
}

/// A file that Python runs, by its path or with `-m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Absolute.
    pub path: PathBuf,
    /// The name behind `-m`.
    pub module: Option<String>,
}

/// A command of `rules/commands.toml`.
#[derive(Clone, Debug)]
pub struct Server {
    /// Index of its row.
    pub row: usize,
    /// Where the command stands in its file.
    pub span: Span,
    pub arguments: BTreeMap<String, Argument>,
    /// Where modules are looked for, the working directory among them; absolute.
    pub folders: Vec<PathBuf>,
    /// The folders of `PYTHONPATH`; absolute.
    pub python_path: Vec<PathBuf>,
    /// The module of the application, where it is a file of the project.
    pub app: Option<App>,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub folder: PathBuf,
    pub dotted: String,
    pub file: PathBuf,
}

/// What a launcher file starts, in its order, each file of Python once.
pub fn started(file: &LauncherFile) -> Vec<Started> {
    let mut found: Vec<Started> = Vec::new();
    for line in &file.commands {
        match Commands::bundled().meaning(line) {
            Some(Meaning::Command { row, arguments, folders }) => {
                found.push(Started::Server(server(line, row, arguments, folders)));
            }
            Some(Meaning::Script { path, folders }) => {
                found.extend(script(&path, &folders).map(Started::Program))
            }
            Some(Meaning::Module { name, folders }) => {
                let folders = search(&line.environment, &folders);
                found.extend(module(&name, &folders).map(Started::Program));
            }
            None => {}
        }
    }
    found
}

fn script(path: &str, folders: &[PathBuf]) -> Option<Program> {
    let path = file_in(path, folders)?;
    Some(Program { path, module: None })
}

/// A file by its path, or, where that is a path of another machine, by the end of it.
fn file_in(path: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = path.replace('\\', "/");
    let at = |path: &str| {
        folders.iter().map(|folder| absolute(Path::new(path), folder)).find(|path| path.is_file())
    };
    let foreign = path.starts_with('/') || path.get(1..2) == Some(":") || path.starts_with(['%', '$']);
    at(&path).or_else(|| {
        let parts: Vec<&str> = path.split('/').filter(|_| foreign).collect();
        (1..parts.len()).find_map(|from| at(&parts[from..].join("/")))
    })
}

fn module(name: &str, folders: &[PathBuf]) -> Option<Program> {
    let found = locate(name, folders)?;
    let path = match found.file.file_name()? == "__init__.py" {
        true => found.file.with_file_name("__main__.py"),
        false => found.file,
    };
    path.is_file().then(|| Program { path, module: Some(name.to_string()) })
}

fn server(
    line: &CommandLine,
    index: usize,
    arguments: BTreeMap<String, Argument>,
    folders: Vec<PathBuf>,
) -> Server {
    let row = &Commands::bundled().rows[index];
    let mut arguments = arguments;
    let python_path = python_path(&line.environment, &folders);
    let mut folders = search(&line.environment, &folders);
    let name = row.app.as_deref().unwrap_or_default();
    if line.place.platforms == [Platform::Linux] {
        // A container has folders of its own; what is copied into it often is a folder of the project.
        folders.extend(inner_folders(&folders));
    }
    let app = match arguments.get(name) {
        Some(Argument::Text(text)) if row.app_is_file && !text.contains(':') => file_in(text, &folders)
            .or_else(|| default_file(&[format!("{text}/__init__.py")], &folders))
            .and_then(|file| of_file(&file)),
        Some(Argument::Text(text)) => locate(text.split(':').next().unwrap_or(text), &folders),
        None => default_file(&row.default_files, &folders).and_then(|file| of_file(&file)),
        _ => None,
    };
    if let (true, Some(app)) = (row.app_is_file || !arguments.contains_key(name), &app)
        && !name.is_empty()
    {
        arguments.insert(name.to_string(), Argument::Text(app.dotted.clone()));
    }
    let mut search: Vec<PathBuf> = app.iter().map(|app| app.folder.clone()).collect();
    search.extend(
        folders.first().filter(|first| !search.contains(first)).cloned().into_iter().collect::<Vec<_>>(),
    );
    let platforms = row.platforms.as_ref();
    let place = match platforms {
        Some(platforms) => Place {
            platforms: line.place.platforms.iter().copied().filter(|one| platforms.contains(one)).collect(),
            reason: row.reason.as_deref().map(Into::into),
        },
        None => line.place.clone(),
    };
    Server { row: index, span: line.span, arguments, folders: search, python_path, app, place }
}

fn inner_folders(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders.iter().take(2) {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let is_own = |path: &PathBuf| {
            path.is_dir() && path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        };
        let mut inner: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_own).take(200).collect();
        inner.sort();
        found.extend(inner);
    }
    found
}

/// The folders of `PYTHONPATH`, then the working directory.
fn search(environment: &Environment, folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = python_path(environment, folders);
    found.extend(folders.iter().cloned());
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|folder| seen.insert(folder.clone()));
    found
}

fn python_path(environment: &Environment, folders: &[PathBuf]) -> Vec<PathBuf> {
    let Some(Some(path)) = environment.get("PYTHONPATH") else { return Vec::new() };
    let split = if path.contains('\\') || path.contains(';') { ';' } else { ':' };
    path.split(split).filter(|part| !part.is_empty()).flat_map(|part| moved(folders, part)).collect()
}

/// A dotted module in the first of some folders that has it.
fn locate(dotted: &str, folders: &[PathBuf]) -> Option<App> {
    let is_name = dotted
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'));
    if !is_name {
        return None;
    }
    let path = dotted.replace('.', "/");
    let with_src = folders.iter().flat_map(|folder| [folder.clone(), folder.join("src")]);
    with_src.into_iter().find_map(|folder| {
        let files = [folder.join(&path).join("__init__.py"), folder.join(format!("{path}.py"))];
        let file = files.into_iter().find(|file| file.is_file())?;
        Some(App { folder, dotted: dotted.to_string(), file })
    })
}

fn default_file(files: &[String], folders: &[PathBuf]) -> Option<PathBuf> {
    folders
        .iter()
        .flat_map(|folder| files.iter().map(move |file| folder.join(file)))
        .find(|file| file.is_file())
}

/// A file under the name it is imported by, from the first folder above it that is no package.
fn of_file(file: &Path) -> Option<App> {
    let folder = crate::project::package_top(file);
    let relative = file.strip_prefix(&folder).ok()?.with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "__init__") {
        parts.pop();
    }
    Some(App { folder, dotted: parts.join("."), file: file.to_path_buf() })
}

impl Server {
    pub fn row(&self) -> &'static Row {
        &Commands::bundled().rows[self.row]
    }

    /// As people type it.
    pub fn name(&self) -> &'static str {
        &self.row().name
    }

    /// The command as a module of one call, all of which stands where the command stands.
    pub fn code(&self) -> Module {
        let span = self.span;
        let expr = |kind| Expr { kind, span };
        let named = |name: &str| expr(ExprKind::Name(name.into()));
        let import = |module: &str, name: &str| Stmt {
            kind: StmtKind::ImportFrom {
                module: Some(module.into()),
                level: 0,
                names: [Alias { name: name.into(), asname: None, span }].into(),
            },
            span,
        };
        let constant = |constant| expr(ExprKind::Constant(constant));
        let value = |argument: &Argument| match argument {
            Argument::Text(text) => constant(Constant::Str(text.as_str().into())),
            Argument::Number(number) => constant(Constant::Int(*number)),
            Argument::Bool(truth) => constant(Constant::Bool(*truth)),
            Argument::Unknown(text) => {
                let label = constant(Constant::Str(text.as_str().into()));
                let args = [Arg { kind: ArgKind::Positional, value: label, span }].into();
                expr(ExprKind::Call { func: Box::new(named("unknown")), args })
            }
        };
        let args = self.arguments.iter().map(|(name, argument)| Arg {
            kind: ArgKind::Keyword(Name::from(name.as_str())),
            value: value(argument),
            span,
        });
        let function = &self.row().function;
        let call = expr(ExprKind::Call { func: Box::new(named(function)), args: args.collect() });
        let body = [
            import("_loopcheck", "unknown"),
            import(COMMANDS, function),
            Stmt { kind: StmtKind::Expr(call), span },
        ];
        Module { body: body.into() }
    }
}

/// The name under which `rules/stubs/commands.py` is imported; no module of a project has it.
pub const COMMANDS: &str = "_loopcheck.commands";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::LauncherKind;

    /// What a file starts in a project with some other files.
    fn of(name: &str, text: &str, files: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files.iter().map(|file| (*file, "")).chain([(name, text)]) {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let path = dir.path().join(name);
        let file = super::super::read(&path, LauncherKind::of(&path).unwrap(), dir.path()).unwrap();
        let below = |path: &Path| path.strip_prefix(dir.path()).unwrap().display().to_string();
        started(&file)
            .iter()
            .map(|started| match started {
                Started::Program(program) => format!("run {}", below(&program.path)),
                Started::Server(server) => match &server.app {
                    Some(app) => format!("{} {} in {:?}", server.name(), app.dotted, below(&app.folder)),
                    None => format!("{} ?", server.name()),
                },
            })
            .collect()
    }

    #[test]
    fn applications_are_found_from_the_working_directory() {
        let files = ["backend/app/main.py", "main.py", "src/late.py"];
        assert_eq!(of("a.bat", "uvicorn main:app\n", &files), ["uvicorn main in \"\""]);
        assert_eq!(
            of("a.bat", "cd backend\nuvicorn app.main:app\n", &files),
            ["uvicorn app.main in \"backend\""]
        );
        assert_eq!(of("bin/a.bat", "cd /d %~dp0..\nuvicorn late:app\n", &files), ["uvicorn late in \"src\""]);
        assert_eq!(
            of("a.bat", "uvicorn --app-dir backend app.main:app\n", &files),
            ["uvicorn app.main in \"backend\""]
        );
        assert_eq!(
            of("a.bat", "set PYTHONPATH=backend\nuvicorn app.main:app\n", &files),
            ["uvicorn app.main in \"backend\""]
        );
        assert_eq!(
            of("a.bat", "fastapi run backend/app/main.py\n", &files),
            ["fastapi run main in \"backend/app\""]
        );
        assert_eq!(of("a.bat", "fastapi dev\n", &files), ["fastapi dev main in \"\""]);
        assert_eq!(of("a.bat", "uvicorn nowhere:app\n", &files), ["uvicorn ?"]);
        assert_eq!(
            of("Dockerfile", "FROM a\nCOPY backend /app\nCMD uvicorn app.main:app\n", &files),
            ["uvicorn app.main in \"backend\""]
        );
    }

    #[test]
    fn programs_of_python() {
        let files = ["main.py", "pkg/__init__.py", "pkg/__main__.py", "pkg/tool.py"];
        let text = "python main.py\npy -m pkg\npython -m pkg.tool\npython C:\\app\\pkg\\tool.py\npython -m json.tool\n";
        assert_eq!(
            of("a.bat", text, &files),
            ["run main.py", "run pkg/__main__.py", "run pkg/tool.py", "run pkg/tool.py"]
        );
    }
}
