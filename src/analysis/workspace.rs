//! From settings to projects: walking, the universe, and the metadata of every root.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::analysis::Failure;
use crate::baseline::Baseline;
use crate::error::Error;
use crate::fault;
use crate::files::{
    self, FileKind, ReadError, Role, Source, Target, Universe, UniverseFile, WalkOptions, Walked,
    WalkedLauncher,
};
use crate::finding::ShownPath;
use crate::knowledge::Knowledge;
use crate::project::conventions::Conventions;
use crate::project::dependencies::Dependencies;
use crate::project::distribution::is_library;
use crate::project::evidence::{Deployment, Evidence, Texts};
use crate::project::launchers::{self, LauncherFile, Program, Server, Started, console_scripts, own_name};
use crate::project::{Modules, Neighbour, Project, Unreadable};
use crate::settings::{Settings, Windows};

/// What is analysed: all files that can matter, grouped into projects.
#[derive(Debug)]
pub struct Workspace {
    pub cwd: PathBuf,
    pub modules: Arc<Modules>,
    /// By the index a file's `root` names.
    pub projects: Vec<Project>,
    pub files_checked: usize,
    /// Files that command lines outside Python run, in the order of those.
    pub programs: Vec<Program>,
    pub notices: Vec<String>,
    pub baseline: Option<Arc<Baseline>>,
    walk_failures: Vec<Failure>,
    /// Roots of projects below which every file was walked.
    whole: Vec<PathBuf>,
    /// Modules over which loopcheck panicked, here or in the same workspace with other texts.
    faults: Arc<Mutex<BTreeSet<usize>>>,
    /// By folder, as far as a fix has asked.
    conventions: Arc<Mutex<BTreeMap<PathBuf, Conventions>>>,
}

impl Workspace {
    /// Does work that concerns one module. Where it panics, that is remembered and nothing comes back.
    pub fn guarded<T>(&self, stage: &str, module: usize, work: impl FnOnce() -> T) -> Option<T> {
        let done = fault::caught(stage, &self.modules[module].shown, work);
        if done.is_none() {
            self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(module);
        }
        done
    }

    /// Whether loopcheck panicked over a module: nothing is written there.
    pub fn has_fault(&self, module: usize) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).contains(&module)
    }

    /// The workspace, and the settings with those of the folders in it.
    pub fn open(settings: &Settings) -> Result<(Settings, Workspace), Error> {
        let baseline = match &settings.baseline {
            Some(path) => Some(Arc::new(Baseline::read(path, &settings.cwd)?)),
            None => None,
        };
        let (completed, walked) = walk(settings)?;
        let settings = &completed;
        let walk_failures = walked
            .errors
            .iter()
            .map(|error| Failure { path: error.path.clone(), message: error.message.clone() })
            .collect();
        let files_checked = walked.files.len();
        let launchers = read_launchers(&walked);
        let (programs, servers) = started(&launchers);
        let targets = targets(&walked, &programs, &servers);
        let needles = Knowledge::bundled().needles();
        let mut universe =
            files::universe(&walked, &needles, &targets, &settings.unsaved, settings.prefilter);
        if let Some(stdin) = &settings.stdin {
            add_new(&mut universe, &settings.cwd.join(&stdin.filename));
        }
        for path in settings.unsaved.keys().filter(|path| is_new(path, settings)) {
            add_new(&mut universe, path);
        }
        let files: Vec<(UniverseFile, ShownPath)> = universe
            .files
            .into_iter()
            .map(|file| {
                let shown = files::shown_path(&file.path, &settings.cwd);
                (file, shown)
            })
            .collect();
        let mut modules = Modules::new(files);
        add_commands(&mut modules, &mut universe.roots, servers, &launchers, settings);
        let texts: Arc<Texts> =
            Arc::new(launchers.into_iter().map(|launcher| (launcher.path, launcher.text)).collect());
        if let Some(stdin) = &settings.stdin {
            let path = settings.cwd.join(&stdin.filename);
            let shown = files::shown_path(&path, &settings.cwd);
            modules.put(&path, Source::from_bytes(path.clone(), shown, &stdin.bytes));
        }
        for (path, text) in &settings.unsaved {
            let shown = files::shown_path(path, &settings.cwd);
            modules.put(path, Ok(Source::from_text(path.clone(), shown, text.clone())));
        }
        let modules = Arc::new(modules);
        let mut notices = settings.unheeded();
        let projects = universe
            .roots
            .into_iter()
            .map(|root| {
                let here = settings.at(&root);
                let target = here.target_version.as_ref().map(|target| (3, target.minor));
                let dependencies = Arc::new(Dependencies::read(&root, target));
                for problem in &dependencies.problems {
                    let shown = files::shown_path(&problem.path, &settings.cwd);
                    notices.push(format!("{shown}:{}: {}", problem.line, problem.message));
                }
                let configured = match here.windows {
                    Windows::Yes => Some(Deployment::Windows),
                    Windows::No => Some(Deployment::Elsewhere),
                    Windows::Auto => None,
                };
                let evidence = Evidence::when_asked(&root, &dependencies, &texts, configured);
                let name = own_name(&root);
                let top = outermost(&root, walked.top_of(&root));
                Project {
                    top,
                    is_library: is_library(&root),
                    root,
                    name,
                    modules: modules.clone(),
                    dependencies,
                    evidence,
                    neighbours: Vec::new(),
                }
            })
            .collect();
        let projects = with_neighbours(projects);
        let cwd = settings.cwd.clone();
        let all = walked.roots.iter().enumerate();
        let whole = all.filter(|(index, _)| walked.is_whole(*index as u32));
        let whole = whole.map(|(_, root)| root.clone()).collect();
        let workspace = Workspace {
            cwd,
            modules,
            projects,
            files_checked,
            programs,
            notices,
            baseline,
            walk_failures,
            whole,
            faults: Arc::default(),
            conventions: Arc::default(),
        };
        Ok((completed, workspace))
    }

    /// The same workspace with some files changed in memory.
    pub fn with_texts(&self, texts: &[(usize, Arc<str>)]) -> Workspace {
        let modules = Arc::new(self.modules.with_texts(texts));
        let projects = self
            .projects
            .iter()
            .map(|project| Project { modules: modules.clone(), ..project.clone() })
            .collect();
        Workspace {
            cwd: self.cwd.clone(),
            modules,
            projects,
            files_checked: self.files_checked,
            programs: self.programs.clone(),
            notices: self.notices.clone(),
            baseline: self.baseline.clone(),
            walk_failures: self.walk_failures.clone(),
            whole: self.whole.clone(),
            faults: self.faults.clone(),
            conventions: self.conventions.clone(),
        }
    }

    pub fn project_of(&self, module: usize) -> &Project {
        &self.projects[self.modules[module].file.root as usize]
    }

    /// What the formatter and the type checker of a module are told.
    pub fn conventions(&self, module: usize) -> Conventions {
        let path = &self.modules[module].path;
        let folder = path.parent().unwrap_or(path);
        let mut known = self.conventions.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || Conventions::read(folder, &self.project_of(module).top);
        *known.entry(folder.to_path_buf()).or_insert_with(read)
    }

    /// Whether all of a project was looked at: only then does it mean something that a thing is nowhere.
    pub fn is_whole(&self, project: &Project) -> bool {
        self.whole.contains(&project.root)
    }

    /// It takes part: it matters by itself, or something that matters has asked for it.
    pub fn is_read(&self, module: usize) -> bool {
        let module = &self.modules[module];
        module.file.role == Role::Seed || module.is_loaded()
    }

    /// Files that could not be read at all.
    pub fn failures(&self) -> Vec<Failure> {
        let unread = self.modules.iter().filter(|module| module.file.given && module.is_loaded()).filter_map(
            |module| match module.readable() {
                Err(Unreadable::Read(ReadError::Io { message, .. })) => {
                    Some(Failure { path: module.shown.clone(), message: message.clone() })
                }
                _ => None,
            },
        );
        let faulty = self.modules.iter().enumerate().filter(|(index, module)| {
            self.has_fault(*index)
                || module.is_loaded() && matches!(module.readable(), Err(Unreadable::Fault))
        });
        let faulty = faulty
            .map(|(_, module)| Failure { path: module.shown.clone(), message: fault::MESSAGE.to_owned() });
        self.walk_failures.iter().cloned().chain(unread).chain(faulty).collect()
    }
}

/// The repository a project is in, else the outermost project around it, no higher than what was asked about.
fn outermost(root: &Path, limit: &Path) -> PathBuf {
    let repository = root.ancestors().find(|dir| dir.join(".git").exists());
    let around = root.ancestors().skip(1).take_while(|dir| dir.starts_with(limit));
    let top = repository.or_else(|| around.filter(|dir| files::has_marker(dir)).last());
    top.unwrap_or(root).to_path_buf()
}

/// A workspace of more members than this is a collection, whose members do not import each other.
const NEIGHBOURS: usize = 64;

/// Tells each project which others it may import from.
fn with_neighbours(mut projects: Vec<Project>) -> Vec<Project> {
    let neighbour = |project: &Project| Neighbour { root: project.root.clone(), name: project.name.clone() };
    let all: BTreeMap<PathBuf, Neighbour> =
        projects.iter().map(|project| (project.root.clone(), neighbour(project))).collect();
    for project in &mut projects {
        let around: Vec<&Neighbour> =
            project.root.ancestors().skip(1).filter_map(|root| all.get(root)).collect();
        // What stands below the outermost root around a project is one workspace with it.
        let outermost = around.last().map_or(&project.root, |outermost| &outermost.root);
        let beside = all
            .range::<PathBuf, _>(outermost..)
            .map(|(_, other)| other)
            .take_while(|other| other.root.starts_with(outermost))
            .filter(|other| other.name.is_some() && !project.root.starts_with(&other.root))
            .take(NEIGHBOURS);
        project.neighbours = around.iter().copied().chain(beside).cloned().collect();
    }
    projects
}

/// The files outside Python that may start something, and their command lines.
fn read_launchers(walked: &Walked) -> Vec<LauncherFile> {
    let read = |launcher: &WalkedLauncher| {
        launchers::read(&launcher.path, launcher.kind, walked.top_of(&launcher.path))
    };
    walked.launchers.par_iter().filter_map(read).collect()
}

/// What those start: files of Python, and servers with the index of their launcher.
fn started(launchers: &[LauncherFile]) -> (Vec<Program>, Vec<(usize, Server)>) {
    let (mut programs, mut servers) = (Vec::new(), Vec::new());
    for (index, launcher) in launchers.iter().enumerate() {
        for started in launchers::started(launcher) {
            match started {
                Started::Program(program) if programs.contains(&program) => {}
                Started::Program(program) => programs.push(program),
                Started::Server(server) => servers.push((index, server)),
            }
        }
    }
    (programs, servers)
}

/// Makes a module of each server, in the project of its application, else in that of its launcher.
fn add_commands(
    modules: &mut Modules,
    roots: &mut Vec<PathBuf>,
    servers: Vec<(usize, Server)>,
    launchers: &[LauncherFile],
    settings: &Settings,
) {
    let mut sources: BTreeMap<usize, Arc<Source>> = BTreeMap::new();
    for (index, server) in servers {
        let launcher = &launchers[index];
        let source = sources.entry(index).or_insert_with(|| {
            let shown = files::shown_path(&launcher.path, &settings.cwd);
            Arc::new(Source::from_text(launcher.path.clone(), shown, launcher.text.clone()))
        });
        let of_app = server.app.as_ref().and_then(|app| modules.at(&app.file));
        let root = of_app.map(|module| modules[module].file.root).unwrap_or_else(|| {
            let around = |root: &&PathBuf| launcher.path.starts_with(root);
            let root = roots.iter().filter(around).max_by_key(|root| root.components().count()).cloned();
            let root =
                root.unwrap_or_else(|| files::project_root(launcher.path.parent().unwrap_or(&launcher.path)));
            root_index(roots, root)
        });
        modules.add_command(root, source.clone(), server);
    }
}

fn root_index(roots: &mut Vec<PathBuf>, root: PathBuf) -> u32 {
    let index = roots.iter().position(|other| *other == root).unwrap_or_else(|| {
        roots.push(root);
        roots.len() - 1
    });
    index as u32
}

/// Modules that something outside Python starts matter, whatever they say themselves.
fn targets(walked: &Walked, programs: &[Program], servers: &[(usize, Server)]) -> Vec<Target> {
    let mut targets = Vec::new();
    let files = programs.iter().map(|program| &program.path);
    for file in files.chain(servers.iter().filter_map(|(_, server)| Some(&server.app.as_ref()?.file))) {
        // A package is its own folder, seen from the one above.
        let is_package = file.file_name().is_some_and(|name| name == "__init__.py");
        let place = if is_package { file.parent().unwrap_or(file) } else { file };
        if let (Some(dir), Some(stem)) = (place.parent(), place.file_stem()) {
            targets.push(Target { dir: dir.to_path_buf(), module: stem.to_string_lossy().into_owned() });
        }
    }
    for root in &walked.roots {
        for script in console_scripts(root) {
            targets.push(Target { dir: root.clone(), module: script.module });
        }
    }
    targets
}

/// A Python file below the given paths that an editor has not written yet.
fn is_new(path: &Path, settings: &Settings) -> bool {
    let is_python = path.extension().is_some_and(|extension| extension == "py" || extension == "pyw");
    let given = |given: &PathBuf| path.starts_with(files::absolute(given, &settings.cwd));
    is_python
        && !path.exists()
        && settings.paths.iter().any(given)
        && !settings.exclude.matches_within(path, &settings.cwd)
        && !settings.leaves_out(path)
}

/// Adds a file that may not be on disk: what standard input stands for, or a new one.
fn add_new(universe: &mut Universe, path: &Path) {
    if universe.files.iter().any(|file| file.path == path) {
        return;
    }
    let root = files::project_root(path.parent().unwrap_or(path));
    let index = root_index(&mut universe.roots, root);
    universe.files.push(UniverseFile {
        path: path.to_path_buf(),
        root: index,
        role: Role::Seed,
        given: true,
        imported: false,
        main: true,
        imports: Box::default(),
    });
}

/// The files that would be checked, sorted.
pub fn walked_files(settings: &Settings) -> Result<Vec<ShownPath>, Error> {
    let (_, walked) = walk(settings)?;
    Ok(walked.files.iter().map(|file| files::shown_path(&file.path, &settings.cwd)).collect())
}

/// The files, and the settings with those of their folders.
fn walk(settings: &Settings) -> Result<(Settings, Walked), Error> {
    let exclude = files::exclude_set(settings.exclude.globs()).map_err(Error::new)?;
    let threads = settings.jobs.map_or(0, std::num::NonZeroUsize::get);
    let options = WalkOptions {
        respect_gitignore: settings.respect_gitignore,
        exclude,
        force_exclude: settings.force_exclude,
        threads,
    };
    let paths: Vec<PathBuf> = match &settings.stdin {
        Some(stdin) => {
            let path = settings.cwd.join(&stdin.filename);
            if path.exists() { vec![path] } else { Vec::new() }
        }
        None => settings.paths.iter().map(|path| settings.cwd.join(path)).collect(),
    };
    let mut walked = files::walk(&paths, &options);
    walked.files.retain(|file| file.kind != FileKind::Stub);
    let settings = settings.with_nested(&walked)?;
    walked.leave_out(|path| settings.leaves_out(path));
    Ok((settings, walked))
}
