//! Which files an imported name may mean.
//!
//! Folders and modules form a tree. A name is looked up from the importing file's folder and every
//! folder above it, and in the `src` folder of each, as Python would find it there for one choice of
//! `sys.path` or another; a name found nowhere on that way is looked up in every folder.
//!
//! Modules of the standard library are known without their files, also where these are checked.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::knowledge::stdlib;

use super::imports::{Import, ImportKind, hash};
use super::walk::{FileKind, file_kind};

pub(super) const NONE: u32 = u32::MAX;

pub(super) struct Modules {
    /// Paths of the files, by number; those found on disk while resolving are added at the end.
    pub paths: Vec<PathBuf>,
    /// The folder of each file.
    dir_of: Vec<u32>,
    dirs: Vec<Dir>,
    /// The first so many of `dirs` are those that no other holds.
    tops: usize,
    dir_of_path: FxHashMap<PathBuf, u32>,
    /// First node of a name in a folder.
    heads: FxHashMap<(u32, u32), u32>,
    nodes: Vec<Node>,
    /// The folders that hold a name.
    by_name: FxHashMap<u32, Vec<u32>>,
    stdlib: FxHashSet<u32>,
    init: u32,
    src: u32,
    /// See [`is_standard_library`].
    of_stdlib: [u32; 3],
}

/// What names resolve to.
#[derive(Default)]
pub(super) struct Found {
    pub files: Vec<u32>,
    /// Folders that must be listed before the answer is complete; then ask again.
    pub unlisted: Vec<u32>,
}

impl Found {
    /// The files, each once.
    pub fn sorted(mut self) -> Box<[u32]> {
        self.files.sort_unstable();
        self.files.dedup();
        self.files.into()
    }
}

struct Dir {
    path: PathBuf,
    parent: u32,
    /// All its modules and folders are in the tree.
    listed: bool,
    modules: Vec<u32>,
}

/// A file or a folder (the other is [`NONE`]), and the next one of the same name.
struct Node {
    file: u32,
    dir: u32,
    next: u32,
}

impl Modules {
    /// A tree below `tops`, empty but for these.
    pub fn new(tops: &[PathBuf]) -> Modules {
        let mut modules = Modules {
            paths: Vec::new(),
            dir_of: Vec::new(),
            dirs: Vec::new(),
            tops: tops.len(),
            dir_of_path: FxHashMap::default(),
            heads: FxHashMap::default(),
            nodes: Vec::new(),
            by_name: FxHashMap::default(),
            stdlib: stdlib::MODULES.split_ascii_whitespace().map(|name| hash(name.as_bytes())).collect(),
            init: hash(b"__init__"),
            src: hash(b"src"),
            of_stdlib: ["asyncio", "os", "site"].map(|name| hash(name.as_bytes())),
        };
        for top in tops {
            modules.new_dir(top, NONE);
        }
        modules
    }

    /// Adds a file. `listed` says that everything else in its folder is added as well.
    pub fn add(&mut self, path: PathBuf, kind: FileKind, listed: bool) {
        let file = self.paths.len() as u32;
        let parent = path.parent().unwrap_or(&path);
        // Files come in order, so this one is mostly a neighbour of the last.
        let last = self
            .dir_of
            .last()
            .copied()
            .filter(|dir| self.dirs[*dir as usize].path.as_os_str() == parent.as_os_str());
        let dir = last.unwrap_or_else(|| self.add_dirs(parent, listed));
        self.dirs[dir as usize].listed |= listed;
        if kind == FileKind::Module {
            let name = stem(&path);
            self.add_node(dir, name, file, NONE);
            self.dirs[dir as usize].modules.push(file);
        }
        self.paths.push(path);
        self.dir_of.push(dir);
    }

    /// Adds the files that an import in `file` may run to `found`.
    pub fn resolve(&self, file: u32, import: Import<'_>, found: &mut Found) {
        let mut dir = self.dir_of[file as usize];
        if import.level > 0 {
            for _ in 1..import.level {
                dir = self.dirs[dir as usize].parent;
                if dir == NONE {
                    return;
                }
            }
            self.push_file(dir, self.init, found);
            return self.descend(dir, import.parts, import.kind, found);
        }
        let Some(first) = import.parts.first().copied() else { return };
        self.need_chain(dir, found);
        if !self.by_name.contains_key(&first) {
            return;
        }
        let before = found.files.len();
        let is_stdlib = self.stdlib.contains(&first);
        let mut above = dir;
        while above != NONE {
            if !is_stdlib || !self.is_standard_library(above) {
                self.descend(above, import.parts, import.kind, found);
            }
            if let Some(src) = self.child_dir(above, self.src) {
                self.descend(src, import.parts, import.kind, found);
            }
            above = self.dirs[above as usize].parent;
        }
        let is_text = matches!(import.kind, ImportKind::Text | ImportKind::Word);
        if found.files.len() == before && !is_text && !is_stdlib {
            for dir in self.by_name.get(&first).into_iter().flatten() {
                self.descend(*dir, import.parts, import.kind, found);
            }
        }
    }

    /// Adds the files that running `name` runs when it is looked up in `dir` or the `src` folder there.
    pub fn resolve_target(&self, dir: &Path, name: &str, found: &mut Found) {
        let Some(dir) = self.dir_of_path.get(dir).copied() else { return };
        let parts: Vec<u32> = name.split('.').map(|part| hash(part.as_bytes())).collect();
        self.need_chain(dir, found);
        for dir in [Some(dir), self.child_dir(dir, self.src)].into_iter().flatten() {
            self.descend(dir, &parts, ImportKind::Statement, found);
        }
    }

    /// The `__init__` of the package a file is in runs before the file does.
    pub fn package_of(&self, file: u32, found: &mut Found) {
        let mut dir = self.dir_of[file as usize];
        while dir != NONE {
            let before = found.files.len();
            self.push_file(dir, self.init, found);
            if found.files.len() == before {
                return;
            }
            dir = self.dirs[dir as usize].parent;
        }
    }

    fn descend(&self, dir: u32, parts: &[u32], kind: ImportKind, found: &mut Found) {
        let Some((part, rest)) = parts.split_first() else {
            if kind == ImportKind::Star {
                self.need(dir, found);
                found.files.extend(&self.dirs[dir as usize].modules);
            }
            return;
        };
        self.need(dir, found);
        let mut node = self.heads.get(&(dir, *part)).copied().unwrap_or(NONE);
        while node != NONE {
            let Node { file, dir, next } = self.nodes[node as usize];
            if file != NONE {
                found.files.push(file);
            }
            if dir != NONE {
                self.push_file(dir, self.init, found);
                self.descend(dir, rest, kind, found);
            }
            node = next;
        }
    }

    fn push_file(&self, dir: u32, name: u32, found: &mut Found) {
        self.need(dir, found);
        let mut node = self.heads.get(&(dir, name)).copied().unwrap_or(NONE);
        while node != NONE {
            let Node { file, next, .. } = self.nodes[node as usize];
            if file != NONE {
                found.files.push(file);
            }
            node = next;
        }
    }

    /// As the function of this name, from what is listed.
    fn is_standard_library(&self, dir: u32) -> bool {
        self.of_stdlib.iter().all(|name| self.heads.contains_key(&(dir, *name)))
    }

    fn child_dir(&self, dir: u32, name: u32) -> Option<u32> {
        let mut node = self.heads.get(&(dir, name)).copied().unwrap_or(NONE);
        while node != NONE {
            if self.nodes[node as usize].dir != NONE {
                return Some(self.nodes[node as usize].dir);
            }
            node = self.nodes[node as usize].next;
        }
        None
    }

    /// Asks until every folder that matters for the answer is listed.
    pub fn complete(&mut self, ask: impl Fn(&Modules, &mut Found)) -> Box<[u32]> {
        loop {
            let mut found = Found::default();
            ask(self, &mut found);
            if found.unlisted.is_empty() {
                return found.sorted();
            }
            for dir in found.unlisted {
                self.list(dir);
            }
        }
    }

    fn need(&self, dir: u32, found: &mut Found) {
        if !self.dirs[dir as usize].listed {
            found.unlisted.push(dir);
        }
    }

    /// Asks for a folder and all above it, and their `src` folders.
    fn need_chain(&self, dir: u32, found: &mut Found) {
        let mut above = dir;
        while above != NONE {
            self.need(above, found);
            if let Some(src) = self.child_dir(above, self.src) {
                self.need(src, found);
            }
            above = self.dirs[above as usize].parent;
        }
    }

    /// Reads a folder that was not walked, once. What cannot be read holds no modules.
    fn list(&mut self, dir: u32) {
        if std::mem::replace(&mut self.dirs[dir as usize].listed, true) {
            return;
        }
        let path = self.dirs[dir as usize].path.clone();
        let Ok(entries) = std::fs::read_dir(&path) else { return };
        // The order on disk must not show in the result.
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_unstable();
        for path in paths {
            let module = path.file_name().and_then(file_kind) == Some(FileKind::Module);
            if module && path.is_file() {
                if !self.file_named(dir, &path) {
                    self.add(path, FileKind::Module, true);
                }
            } else if !module && path.extension().is_none() && path.is_dir() {
                self.add_dirs(&path, false);
            }
        }
    }

    fn file_named(&self, dir: u32, path: &Path) -> bool {
        let mut node = self.heads.get(&(dir, stem(path))).copied().unwrap_or(NONE);
        while node != NONE {
            let Node { file, next, .. } = self.nodes[node as usize];
            if file != NONE && self.paths[file as usize] == path {
                return true;
            }
            node = next;
        }
        false
    }

    /// The folder of a path, with all folders between it and its top.
    fn add_dirs(&mut self, path: &Path, listed: bool) -> u32 {
        if let Some(dir) = self.dir_of_path.get(path) {
            return *dir;
        }
        let parent = match path.parent() {
            Some(parent) if self.dirs[..self.tops].iter().any(|top| path.starts_with(&top.path)) => {
                self.add_dirs(parent, false)
            }
            _ => NONE,
        };
        let dir = self.new_dir(path, parent);
        self.dirs[dir as usize].listed = listed;
        if parent != NONE {
            let name = path.file_name().map_or(0, |name| hash(name.as_encoded_bytes()));
            self.add_node(parent, name, NONE, dir);
        }
        dir
    }

    fn new_dir(&mut self, path: &Path, parent: u32) -> u32 {
        let dir = self.dirs.len() as u32;
        self.dirs.push(Dir { path: path.to_path_buf(), parent, listed: false, modules: Vec::new() });
        self.dir_of_path.insert(path.to_path_buf(), dir);
        dir
    }

    fn add_node(&mut self, parent: u32, name: u32, file: u32, dir: u32) {
        let node = self.nodes.len() as u32;
        let next = self.heads.insert((parent, name), node).unwrap_or(NONE);
        if next == NONE {
            self.by_name.entry(name).or_default().push(parent);
        }
        self.nodes.push(Node { file, dir, next });
    }
}

/// Whether a folder is Python's own `Lib`, as in CPython's repository. What is imported from there is
/// what every program imports.
pub fn is_standard_library(dir: &Path) -> bool {
    ["asyncio/__init__.py", "os.py", "site.py"].iter().all(|file| dir.join(file).is_file())
}

/// The hash of a file's name without its extension.
fn stem(path: &Path) -> u32 {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let end = memchr::memrchr(b'.', name).unwrap_or(name.len());
    hash(&name[..end])
}
