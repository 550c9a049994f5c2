//! A project: its modules and how they import each other, its versions, and where it is deployed.

pub mod conventions;
pub mod dependencies;
mod deprecations;
pub mod distribution;
pub mod evidence;
mod kept;
pub mod launchers;
mod leading;
mod line_length;
mod main_guard;
mod modules;
pub mod python_versions;
mod site;
mod telling;
mod version_tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use modules::{Found, Module, Modules, Unreadable};

use crate::entry::Launch;
use crate::interpret::trace::Root;
use crate::project::dependencies::Dependencies;
use crate::project::evidence::LazyEvidence;

/// The files below one project root, with what its metadata says.
#[derive(Clone, Debug)]
pub struct Project {
    /// Absolute.
    pub root: PathBuf,
    /// The repository or outermost project around it, or itself. Folders below tell examples and tests.
    pub top: PathBuf,
    /// The name under which it is published, lower-cased.
    pub name: Option<String>,
    /// It is published for programs to import that nobody sees here.
    pub is_library: bool,
    /// All modules of the analysis, those of other roots included: imports may cross.
    pub modules: Arc<Modules>,
    pub dependencies: Arc<Dependencies>,
    /// Looked for when somebody asks.
    pub evidence: Arc<LazyEvidence>,
    /// Other projects in the same analysis whose packages this one may import, as where a workspace is
    /// installed as a whole: those around it, then those beside it that have a name.
    pub neighbours: Vec<Neighbour>,
}

/// A project around another one, or beside it.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// Absolute.
    pub root: PathBuf,
    /// The name under which it is published, lower-cased.
    pub name: Option<String>,
}

#[cfg(test)]
impl Project {
    /// A project with nothing around it.
    pub fn alone(root: PathBuf, modules: Modules) -> Project {
        Project {
            top: root.clone(),
            name: None,
            is_library: false,
            dependencies: Arc::new(Dependencies::read(&root, None)),
            neighbours: Vec::new(),
            evidence: Arc::new(LazyEvidence::new(Box::new(evidence::Evidence::default))),
            modules: Arc::new(modules),
            root,
        }
    }
}

impl Project {
    /// The folders in which a root's imports are looked for, in order.
    pub fn search_path(&self, root: &Root) -> Vec<PathBuf> {
        let module = &self.modules[root.module];
        let file = &module.path;
        let folder = file.parent().unwrap_or(&self.root).to_path_buf();
        let top = package_top(file);
        let first = if root.launch == Launch::Script { folder } else { top.clone() };
        let mut folders = Vec::new();
        let mut search = vec![first, top, self.root.clone(), self.root.join("src")];
        if let Some(command) = &module.command {
            search.splice(..2, command.folders.iter().cloned());
        }
        for folder in search {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// The dotted name under which a module is imported, from the first folder that is no package.
    pub fn dotted_name(&self, module: usize) -> String {
        let file = &self.modules[module].path;
        let top = package_top(file);
        let relative = file.strip_prefix(&top).unwrap_or(file).with_extension("");
        let mut parts: Vec<String> =
            relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if parts.last().is_some_and(|last| last == "__init__") && parts.len() > 1 {
            parts.pop();
        }
        parts.join(".")
    }

    /// Looks for a module or package of one undotted name.
    pub fn find(&self, folders: &[PathBuf], name: &str) -> Found {
        self.modules.find(folders, name)
    }

    /// A package of a project around or beside this one.
    pub fn find_in_neighbours(&self, name: &str) -> Option<usize> {
        let folders: Vec<PathBuf> =
            self.neighbours.iter().flat_map(|other| [other.root.clone(), other.root.join("src")]).collect();
        match self.find(&folders, name) {
            Found::Module(module) if self.package_folder(module).is_some() => Some(module),
            _ => None,
        }
    }

    /// The roots and names of this project and of its neighbours, as far as they are published.
    pub fn published(&self) -> impl Iterator<Item = (&Path, &str)> {
        let neighbours = self.neighbours.iter().map(|other| (&*other.root, other.name.as_deref()));
        let all = std::iter::once((&*self.root, self.name.as_deref())).chain(neighbours);
        all.filter_map(|(root, name)| Some((root, name?)))
    }

    /// The module a dotted name is imported from; of a package, its `__init__.py`.
    pub fn imported(&self, dotted: &str) -> Option<usize> {
        let mut folders = vec![self.root.clone(), self.root.join("src")];
        let mut found = None;
        for part in dotted.split('.') {
            (found, folders) = match self.find(&folders, part) {
                Found::Module(module) => (Some(module), self.package_folder(module).into_iter().collect()),
                Found::Namespace(folders) => (None, folders),
                Found::Nothing => return None,
            };
        }
        found
    }

    /// Looks for a dotted module; for `runpy`, a package is its `__main__`.
    pub fn find_dotted(&self, folders: &[PathBuf], dotted: &str) -> Option<(usize, Option<PathBuf>)> {
        let mut folders = folders.to_vec();
        let mut parts = dotted.split('.').peekable();
        while let Some(part) = parts.next() {
            match (self.find(&folders, part), parts.peek()) {
                (Found::Module(module), None) => {
                    return match self.package_folder(module) {
                        Some(folder) => self.modules.at(&folder.join("__main__.py")).map(|main| (main, None)),
                        None => Some((module, None)),
                    };
                }
                (Found::Module(module), Some(_)) => folders = vec![self.package_folder(module)?],
                (Found::Namespace(found), Some(_)) => folders = found,
                _ => return None,
            }
        }
        None
    }

    pub fn module_at(&self, path: &Path) -> Option<usize> {
        self.modules.at(path)
    }

    /// The folder of a package, given its `__init__.py`.
    pub fn package_folder(&self, module: usize) -> Option<PathBuf> {
        let path = &self.modules[module].path;
        let init = path.file_stem().is_some_and(|stem| stem == "__init__");
        if init { path.parent().map(Path::to_path_buf) } else { None }
    }
}

/// The first folder above a file that is no package.
pub(crate) fn package_top(file: &Path) -> PathBuf {
    let mut folder = file.parent().unwrap_or(file);
    while folder.join("__init__.py").is_file() {
        match folder.parent() {
            Some(parent) => folder = parent,
            None => break,
        }
    }
    folder.to_path_buf()
}
