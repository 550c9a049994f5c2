//! The Python files of an analysis, read and lowered when they are first needed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::fault;
use crate::files::{ReadError, Role, Source, UniverseFile, hash, is_standard_library};
use crate::finding::ShownPath;
use crate::ir::{self, Span};
use crate::knowledge::stdlib::is_stdlib;
use crate::knowledge::{Host, Knowledge, Needed};
use crate::project::kept::{Kept, Slot};
use crate::project::launchers::Server;
use crate::project::leading::leading_names;
use crate::project::main_guard::{has_main_guard, is_guarded_at_top};
use crate::project::python_versions::Minor;
use crate::project::{telling, version_tests};
use crate::python::{self, SyntaxError};

#[derive(Debug)]
pub struct Modules {
    id: u64,
    list: Vec<Arc<Module>>,
    by_path: Arc<FxHashMap<PathBuf, usize>>,
    /// Every folder that holds a module, directly or below.
    folders: Arc<FxHashSet<PathBuf>>,
    /// The standard libraries among the folders, whose modules are known without their files.
    stdlibs: Arc<[PathBuf]>,
    /// The folders that command lines put on `PYTHONPATH`; absolute, each once.
    python_paths: Vec<PathBuf>,
    /// Shared with what a fix changes: what it writes starts nothing that was not started.
    leading: Arc<OnceLock<FxHashSet<u32>>>,
    kept: Arc<Kept>,
}

#[derive(Debug)]
pub struct Module {
    /// Absolute.
    pub path: PathBuf,
    pub shown: ShownPath,
    pub file: UniverseFile,
    /// It is no file of Python: a command line, as a module of one call.
    pub command: Option<Arc<Server>>,
    kept: Arc<Kept>,
    loaded: OnceLock<Loaded>,
    has_main_guard: OnceLock<bool>,
    names_proactor: OnceLock<bool>,
    proactor_word: OnceLock<Option<usize>>,
}

/// A module as text and as IR.
#[derive(Debug)]
struct Loaded {
    source: Arc<Source>,
    code: Result<Arc<Slot>, Unreadable>,
    /// The innermost functions around such words; nothing where the module itself says one.
    unix_words: OnceLock<Vec<Option<Span>>>,
    /// What [`version_tests::version_tests`] found.
    version_tests: OnceLock<Vec<(Option<Span>, Minor)>>,
}

/// Why a module could not be understood.
#[derive(Clone, Debug)]
pub enum Unreadable {
    Read(ReadError),
    Syntax(SyntaxError),
    /// loopcheck panicked over it.
    Fault,
}

/// What an import finds.
#[derive(Debug)]
pub enum Found {
    /// A module, or the `__init__.py` of a package.
    Module(usize),
    /// A package without `__init__.py`, in one or more folders.
    Namespace(Vec<PathBuf>),
    Nothing,
}

impl Modules {
    pub fn new(files: Vec<(UniverseFile, ShownPath)>) -> Modules {
        let mut by_path = FxHashMap::default();
        let mut folders = FxHashSet::default();
        let mut list = Vec::new();
        let kept: Arc<Kept> = Arc::default();
        for (file, shown) in files {
            for folder in file.path.ancestors().skip(1) {
                if !folders.insert(folder.to_path_buf()) {
                    break;
                }
            }
            by_path.insert(file.path.clone(), list.len());
            list.push(Arc::new(Module::new(file, shown, None, kept.clone())));
        }
        let holding_asyncio = list.iter().filter(|module| module.path.ends_with("asyncio/__init__.py"));
        let stdlibs = holding_asyncio.filter_map(|module| module.path.parent()?.parent());
        let stdlibs = stdlibs.filter(|folder| is_standard_library(folder)).map(Path::to_path_buf).collect();
        let (by_path, folders, leading) = (Arc::new(by_path), Arc::new(folders), Arc::default());
        Modules { id: new_id(), list, by_path, folders, stdlibs, python_paths: Vec::new(), leading, kept }
    }

    /// No other list of modules in this process has the same, so that what was learnt from one is not
    /// used for another.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether calling something of this name, on an object nothing is known about, may lead to what
    /// `starts` knows. Answered from all modules, with the `starts` of the first question.
    pub fn may_lead(&self, name: &str, starts: impl Fn(&str, bool) -> bool + Sync) -> bool {
        self.leading.get_or_init(|| leading_names(self, starts)).contains(&hash(name.as_bytes()))
    }

    /// Adds a command line that stands in the file `source`. No import finds it.
    pub fn add_command(&mut self, root: u32, source: Arc<Source>, server: Server) {
        let file = UniverseFile {
            path: source.path.clone(),
            root,
            role: Role::Command,
            given: true,
            imported: false,
            main: false,
            imports: Box::default(),
        };
        let shown = source.shown.clone();
        let code = server.code();
        for folder in &server.python_path {
            if !self.python_paths.contains(folder) {
                self.python_paths.push(folder.clone());
            }
        }
        let module = Module::new(file, shown, Some(Arc::new(server)), self.kept.clone());
        let _ = module.loaded.set(Loaded::of_code(&module, source, Ok(code)));
        self.list.push(Arc::new(module));
    }

    /// The same files, some of them with other text; what has not changed is not read again.
    pub fn with_texts(&self, texts: &[(usize, Arc<str>)]) -> Modules {
        let list = self.list.iter().enumerate().map(|(index, module)| {
            let changed = texts.iter().find(|(changed, _)| *changed == index);
            if changed.is_none() && module.is_loaded() {
                return module.clone();
            }
            let (file, shown, command) = (module.file.clone(), module.shown.clone(), module.command.clone());
            let new = Module::new(file, shown, command, self.kept.clone());
            if let Some((_, text)) = changed {
                let source = Source::from_text(module.path.clone(), module.shown.clone(), text.clone());
                let _ = new.loaded.set(Loaded::of(&new, source));
            }
            Arc::new(new)
        });
        Modules {
            id: new_id(),
            list: list.collect(),
            by_path: self.by_path.clone(),
            folders: self.folders.clone(),
            stdlibs: self.stdlibs.clone(),
            python_paths: self.python_paths.clone(),
            leading: self.leading.clone(),
            kept: self.kept.clone(),
        }
    }

    /// Gives a file its text before anyone reads it from disk.
    pub fn put(&self, path: &Path, source: Result<Source, ReadError>) {
        if let Some(module) = self.at(path).map(|index| &self.list[index]) {
            let loaded = match source {
                Ok(source) => Loaded::of(module, source),
                Err(error) => Loaded::unread(module, error),
            };
            let _ = module.loaded.set(loaded);
        }
    }

    /// The folders above a file that the command lines of the project put on `PYTHONPATH`.
    pub fn python_paths_around(&self, path: &Path) -> Vec<PathBuf> {
        self.python_paths.iter().filter(|folder| path.starts_with(folder)).cloned().collect()
    }

    /// These modules and whatever they import, in functions that did not run as well.
    pub fn closure(&self, modules: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = modules.into_iter().collect();
        let mut closure: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(module) = open.pop() {
            let imports = self.list[module].file.imports.iter().map(|other| *other as usize);
            open.extend(imports.filter(|other| closure.insert(*other)));
        }
        closure
    }

    pub fn iter(&self) -> impl Iterator<Item = &Module> {
        self.list.iter().map(|module| &**module)
    }

    pub fn at(&self, path: &Path) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    pub fn find(&self, folders: &[PathBuf], name: &str) -> Found {
        let mut namespaces = Vec::new();
        let is_known = |folder: &PathBuf| self.stdlibs.contains(folder) && is_stdlib(name);
        for folder in folders.iter().filter(|folder| !is_known(folder)) {
            let inner = folder.join(name);
            let is_folder = self.folders.contains(&inner);
            let package = if is_folder { self.at(&inner.join("__init__.py")) } else { None };
            let module = || {
                [".py", ".pyw"].iter().find_map(|ending| {
                    let mut file = inner.clone().into_os_string();
                    file.push(ending);
                    self.at(Path::new(&file))
                })
            };
            if let Some(module) = package.or_else(module) {
                return Found::Module(module);
            }
            if is_folder {
                namespaces.push(inner);
            }
        }
        if namespaces.is_empty() { Found::Nothing } else { Found::Namespace(namespaces) }
    }
}

impl std::ops::Index<usize> for Modules {
    type Output = Module;

    fn index(&self, index: usize) -> &Module {
        &self.list[index]
    }
}

impl Module {
    fn new(file: UniverseFile, shown: ShownPath, command: Option<Arc<Server>>, kept: Arc<Kept>) -> Module {
        Module {
            path: file.path.clone(),
            shown,
            file,
            command,
            kept,
            loaded: OnceLock::new(),
            has_main_guard: OnceLock::new(),
            names_proactor: OnceLock::new(),
            proactor_word: OnceLock::new(),
        }
    }

    pub fn source(&self) -> &Arc<Source> {
        &self.loaded().source
    }

    /// The lowered module, or why there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or decoded, or is no Python.
    pub fn code(&self) -> Result<Arc<ir::Module>, &Unreadable> {
        let loaded = self.loaded();
        let slot = loaded.code.as_ref()?;
        Ok(slot.get(|| match &self.command {
            Some(server) => server.code(),
            // It was lowered before, from the same text.
            None => lower(&loaded.source).unwrap_or_default(),
        }))
    }

    /// The lowered module, or one without statements where there is none.
    pub fn code_if_any(&self) -> Arc<ir::Module> {
        self.code().unwrap_or_default()
    }

    /// As [`Module::code`], for who does not want the module itself.
    pub fn readable(&self) -> Result<(), &Unreadable> {
        self.loaded().code.as_ref().map(drop)
    }

    /// Whether the file, in a project at `root`, belongs to its tests.
    pub fn is_test(&self, root: &Path) -> bool {
        let path = self.path.strip_prefix(root).unwrap_or(&self.path);
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let folder =
            |part: &OsStr| ["tests", "test", "unittest", "unittests"].iter().any(|name| part == *name);
        let in_tests = path.parent().is_some_and(|folders| folders.iter().any(folder));
        let ending = ["_test.py", "_tests.py"].iter().any(|ending| name.ends_with(ending));
        in_tests || ending || name.starts_with("test_") || name == "conftest.py"
    }

    /// Whether it is a notebook, whose cells a kernel runs. Their text is not asked for.
    pub fn is_notebook(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "ipynb")
    }

    /// Whether it is meant to be run: it asks whether it is. What cannot be read is taken for that if
    /// `__main__` stands anywhere.
    pub fn has_main_guard(&self) -> bool {
        // Most guards are seen without the parser.
        let in_text = || self.glance(is_guarded_at_top).unwrap_or(true);
        let in_code = || self.code().map_or(true, |code| has_main_guard(&code.body));
        self.file.main && *self.has_main_guard.get_or_init(|| in_text() || in_code())
    }

    /// The program that runs the file because of its name.
    pub fn host(&self) -> Option<&'static Host> {
        let name = self.path.file_name()?.to_str()?;
        Knowledge::bundled().hosts.of(name, || &self.source().text)
    }

    /// Whether the text names the Proactor loop or policy.
    pub fn names_proactor(&self) -> bool {
        *self.names_proactor.get_or_init(|| self.glance(|text| text.contains("Proactor")).unwrap_or_default())
    }

    /// The first of the words for what needs Proactor that stands in the text, as its place among them.
    /// Short words such as `start` say nothing on their own.
    pub fn proactor_word(&self) -> Option<usize> {
        let word_in = |text: &str| {
            let mut words = Knowledge::bundled().needs.words(Needed::Proactor);
            words.position(|word| word.len() > 12 && text.contains(word))
        };
        *self.proactor_word.get_or_init(|| self.glance(word_in).flatten())
    }

    /// Whether neither it nor what it imports names anything that starts or chooses a loop.
    pub fn leads_nowhere(&self) -> bool {
        matches!(self.file.role, Role::Imported | Role::Command)
    }

    /// Whether code that ran holds a word by which Linux and macOS can be told apart. `entered` says of
    /// a function, by the span of its name, whether it ran.
    pub fn tells_unixes_apart(&self, entered: impl Fn(Span) -> bool) -> bool {
        let loaded = self.loaded();
        let places = loaded
            .unix_words
            .get_or_init(|| telling::functions_with_unix_words(&loaded.source.text, || self.code_if_any()));
        places.iter().any(|function| function.is_none_or(&entered))
    }

    /// The Pythons from which on code that ran goes another way to a loop. `entered` as above; `starts`
    /// knows the names that start or choose a loop, the same at every call.
    pub fn version_tests(&self, entered: impl Fn(Span) -> bool, starts: &dyn Fn(&str) -> bool) -> Vec<Minor> {
        let loaded = self.loaded();
        let tests = loaded.version_tests.get_or_init(|| match &loaded.code {
            Ok(_) if loaded.source.text.contains("version_info") => {
                version_tests::version_tests(&self.code_if_any().body, starts)
            }
            _ => Vec::new(),
        });
        let ran = tests.iter().filter(|(function, _)| function.is_none_or(&entered));
        ran.map(|(_, minor)| *minor).collect()
    }

    /// Looks at the text without keeping it, or what is made of it, for a module that takes no part so far.
    /// Nothing where it cannot be read.
    pub fn glance<T>(&self, look: impl FnOnce(&str) -> T) -> Option<T> {
        match self.loaded.get() {
            Some(loaded) => Some(look(&loaded.source.text)),
            None => Some(look(&Source::read(self.path.clone(), self.shown.clone()).ok()?.text)),
        }
    }

    /// Whether somebody asked for the text so far.
    pub fn is_loaded(&self) -> bool {
        self.loaded.get().is_some()
    }

    fn loaded(&self) -> &Loaded {
        self.loaded.get_or_init(|| match Source::read(self.path.clone(), self.shown.clone()) {
            Ok(source) => Loaded::of(self, source),
            Err(error) => Loaded::unread(self, error),
        })
    }
}

fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Loaded {
    fn unread(module: &Module, error: ReadError) -> Loaded {
        let source = Source::from_text(module.path.clone(), module.shown.clone(), "".into());
        Loaded::of_code(module, Arc::new(source), Err(Unreadable::Read(error)))
    }

    fn of(module: &Module, source: Source) -> Loaded {
        let code = lower(&source);
        Loaded::of_code(module, Arc::new(source), code)
    }

    fn of_code(module: &Module, source: Arc<Source>, code: Result<ir::Module, Unreadable>) -> Loaded {
        let code = code.map(|code| module.kept.add(source.text.len(), code));
        Loaded { source, code, unix_words: OnceLock::new(), version_tests: OnceLock::new() }
    }
}

fn lower(source: &Source) -> Result<ir::Module, Unreadable> {
    let lower = if source.is_notebook() { python::lower_cells } else { python::lower };
    let lowered = fault::caught("lower", &source.shown, || lower(&source.text));
    lowered.map_or(Err(Unreadable::Fault), |lowered| lowered.map_err(Unreadable::Syntax))
}
