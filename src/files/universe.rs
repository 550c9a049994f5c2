//! Which files can matter: the seeds, whatever imports them, and whatever those import.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;
use rayon::prelude::*;

use super::imports::{Import, ImportKind, Imports, imports};
use super::modules::{Found, Modules};
use super::notebook;
use super::open::open;
use super::prefilter::{Mention, Needles, Prefilter};
use super::role::{Linked, Role, roles};
use super::roots::roots_of;
use super::source::{MAX_BYTES, is_notebook};
use super::walk::{Walked, bytes};

#[derive(Clone, Debug)]
pub struct UniverseFile {
    /// Absolute.
    pub path: PathBuf,
    /// Index into [`Universe::roots`].
    pub root: u32,
    pub role: Role,
    /// In or below the given paths; findings in other files are not reported.
    pub given: bool,
    /// Some other file imports it, or may; that one only holds its name as a word says nothing.
    pub imported: bool,
    /// It mentions `__main__`: it may be meant to be run.
    pub main: bool,
    /// The files of the universe that it imports, anywhere in its text, or may; indices.
    pub imports: Box<[u32]>,
}

#[derive(Clone, Debug, Default)]
pub struct Universe {
    /// Sorted by the bytes of their paths.
    pub files: Vec<UniverseFile>,
    /// Absolute and sorted.
    pub roots: Vec<PathBuf>,
    pub stats: Stats,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Files in the given paths, notebooks included.
    pub walked: usize,
    /// Files found on disk because a file imports them.
    pub followed: usize,
    pub seeds: usize,
    pub importers: usize,
    /// Bytes read.
    pub bytes: u64,
}

/// A module that something outside Python starts: a console script, a service, a batch file.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where its name is looked up: the working directory of the launcher, or the project root.
    pub dir: PathBuf,
    /// `package.module`
    pub module: String,
}

/// Texts by the absolute paths of their files.
pub type Unsaved = BTreeMap<PathBuf, Arc<str>>;

/// Reads every walked file once, unless `unsaved` has its text, and computes the universe. With
/// `prefilter` off every file is taken for a seed.
pub fn universe(
    walked: &Walked,
    needles: &Needles,
    targets: &[Target],
    unsaved: &Unsaved,
    prefilter: bool,
) -> Universe {
    let filter = Prefilter::new(needles, walked.files.len());
    let mut modules = Modules::new(&walked.tops);
    for file in &walked.files {
        let listed = !walked.ignores && walked.walked_dirs.iter().any(|dir| file.path.starts_with(dir));
        modules.add(file.path.clone(), file.kind, listed);
    }
    let started = modules.complete(|modules, found| {
        for target in targets {
            modules.resolve_target(&target.dir, &target.module, found);
        }
    });
    let mut reached: Vec<u32> = (0..walked.files.len() as u32).collect();
    reached.extend(started.iter().filter(|file| **file as usize >= walked.files.len()));
    let mut graph = Graph::default();
    while !reached.is_empty() {
        reached = graph.grow(&mut modules, &filter, unsaved, reached);
    }
    for seed in &started {
        graph.files[*seed as usize].mention = Mention::Seed;
    }
    if !prefilter {
        graph.files.iter_mut().filter(|file| file.read).for_each(|file| file.mention = Mention::Seed);
    }
    assemble(walked, &modules, &graph, &roles(&graph.files))
}

/// What was learnt of each file, by its number.
#[derive(Default)]
struct Graph {
    files: Vec<Known>,
    bytes: u64,
}

#[derive(Clone, Default)]
struct Known {
    read: bool,
    mention: Mention,
    main: bool,
    /// The files it imports.
    imports: Box<[u32]>,
    /// Those of them that it only may import.
    maybe: Box<[u32]>,
}

impl Linked for Known {
    fn is_seed(&self) -> bool {
        self.mention == Mention::Seed
    }

    fn imports(&self) -> &[u32] {
        &self.imports
    }
}

impl Graph {
    /// Reads files, and returns those they import that have not been read.
    fn grow(
        &mut self,
        modules: &mut Modules,
        filter: &Prefilter,
        unsaved: &Unsaved,
        files: Vec<u32>,
    ) -> Vec<u32> {
        let shared = &*modules;
        let scans: Vec<Scan> =
            files.par_iter().with_min_len(16).map(|file| scan(*file, shared, filter, unsaved)).collect();
        let mut reached = Vec::new();
        for (file, scan) in files.into_iter().zip(scans) {
            let found = match scan.imports {
                Resolved::Files(files) => files,
                Resolved::Names(names) => modules.complete(|modules, found| {
                    resolve(file, &names, modules, found);
                }),
            };
            self.files.resize(self.files.len().max(modules.paths.len()), Known::default());
            self.bytes += scan.bytes;
            reached.extend(found.iter().filter(|file| !self.files[**file as usize].read));
            self.files[file as usize] = Known {
                read: true,
                mention: scan.mention,
                main: scan.main,
                imports: found,
                maybe: scan.maybe,
            };
        }
        reached.sort_unstable();
        reached.dedup();
        reached.retain(|file| !self.files[*file as usize].read);
        reached
    }
}

/// What one read of a file gives.
struct Scan {
    mention: Mention,
    main: bool,
    imports: Resolved,
    /// The files that only a word in a string names.
    maybe: Box<[u32]>,
    bytes: u64,
}

enum Resolved {
    Files(Box<[u32]>),
    /// A name may lead into a folder that has not been listed.
    Names(Imports),
}

fn scan(file: u32, modules: &Modules, filter: &Prefilter, unsaved: &Unsaved) -> Scan {
    thread_local!(static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 << 10]));
    BUFFER.with_borrow_mut(|buffer| match read(&modules.paths[file as usize], unsaved, buffer) {
        Ok(length) if length <= MAX_BYTES => {
            let text = &buffer[..length];
            let is_notebook = is_notebook(&modules.paths[file as usize]);
            // What is no notebook is told by whoever reads it next.
            let code = is_notebook.then(|| notebook::read(text).ok()).flatten().map(|cells| cells.text);
            let text = code.as_ref().map_or(text, |code| code.as_bytes());
            let mention = match filter.mention(text) {
                // The loop that a cell waits in is started by none.
                Mention::Package if is_notebook && memmem::find(text, b"await ").is_some() => Mention::Seed,
                mention => mention,
            };
            let names = imports(text, mention != Mention::Nothing);
            let mut found = Found::default();
            let sure = resolve(file, &names, modules, &mut found);
            let (sure, words) = found.files.split_at(sure);
            let maybe = words.iter().filter(|file| !sure.contains(file)).copied().collect();
            let imports = if found.unlisted.is_empty() {
                Resolved::Files(found.sorted())
            } else {
                Resolved::Names(names)
            };
            let main = memmem::find(text, b"__main__").is_some();
            Scan { mention, main, imports, maybe, bytes: length as u64 }
        }
        // Whoever reads it next can say what is wrong.
        _ => Scan {
            mention: Mention::Seed,
            main: false,
            imports: Resolved::Files(Box::default()),
            maybe: Box::default(),
            bytes: 0,
        },
    })
}

/// Finds what a file imports, and says how many of the files were found by more than a word.
fn resolve(file: u32, names: &Imports, modules: &Modules, found: &mut Found) -> usize {
    modules.package_of(file, found);
    let is_word = |import: &Import<'_>| import.kind == ImportKind::Word;
    names.iter().filter(|import| !is_word(import)).for_each(|import| modules.resolve(file, import, found));
    let sure = found.files.len();
    names.iter().filter(is_word).for_each(|import| modules.resolve(file, import, found));
    sure
}

/// Reads a file into a buffer that only grows, and returns its length, or any length beyond
/// [`MAX_BYTES`] where the file is longer than that. A plain loop of reads is the fastest way there
/// is for files of this size; mapping them costs four times as much.
fn read(path: &Path, unsaved: &Unsaved, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    if let Some(text) = unsaved.get(path) {
        buffer.resize(buffer.len().max(text.len()), 0);
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        return Ok(text.len());
    }
    let mut file = open(path)?;
    let mut length = 0;
    loop {
        match file.read(&mut buffer[length..]) {
            Ok(0) => return Ok(length),
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if length > MAX_BYTES {
            return Ok(length);
        }
        if length == buffer.len() {
            buffer.resize(length * 2, 0);
        }
    }
}

fn assemble(walked: &Walked, modules: &Modules, graph: &Graph, roles: &[Option<Role>]) -> Universe {
    let mut imported = vec![false; graph.files.len()];
    for (importer, file) in graph.files.iter().enumerate() {
        file.imports
            .iter()
            .filter(|other| **other as usize != importer && !file.maybe.contains(other))
            .for_each(|other| imported[*other as usize] = true);
    }
    let mut kept: Vec<usize> = (0..roles.len()).filter(|file| roles[*file].is_some()).collect();
    kept.sort_unstable_by(|a, b| bytes(&modules.paths[*a]).cmp(bytes(&modules.paths[*b])));
    let mut index_of: Vec<Option<u32>> = vec![None; roles.len()];
    kept.iter().enumerate().for_each(|(index, file)| index_of[*file] = Some(index as u32));
    let mut files: Vec<UniverseFile> = kept
        .iter()
        .filter_map(|file| {
            let imports = graph.files[*file].imports.iter().filter_map(|other| index_of[*other as usize]);
            Some(UniverseFile {
                path: modules.paths[*file].clone(),
                root: 0,
                role: roles[*file]?,
                given: *file < walked.files.len(),
                imported: imported[*file],
                main: graph.files[*file].main,
                imports: imports.collect(),
            })
        })
        .collect();
    let (roots, root_of) = roots_of(files.iter().map(|file| file.path.as_path()), walked);
    for (file, root) in files.iter_mut().zip(root_of) {
        file.root = root;
    }
    let count = |role| roles.iter().filter(|is| **is == Some(role)).count();
    let stats = Stats {
        walked: walked.files.len(),
        followed: graph.files.iter().skip(walked.files.len()).filter(|file| file.read).count(),
        seeds: count(Role::Seed),
        importers: count(Role::Importer),
        bytes: graph.bytes,
    };
    Universe { files, roots, stats }
}

#[cfg(test)]
mod tests {
    use super::super::prefilter::Needle;
    use super::super::walk::{WalkOptions, exclude_set, walk};
    use super::*;
    use std::fs;

    const SEED: &str = "import asyncio\nasyncio.run(main())\n";

    struct Project(tempfile::TempDir);

    impl Project {
        fn new(files: &[(&str, &str)]) -> Project {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("pyproject.toml"), "").unwrap();
            for (name, text) in files {
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Project(dir)
        }

        fn universe(&self, given: &str, targets: &[&str], prefilter: bool) -> Universe {
            let needle = |package: &str| Needle {
                package: package.to_owned(),
                functions: vec!["run".to_owned()],
                ..Needle::default()
            };
            let needles = Needles { packages: vec![needle("asyncio"), needle("uvicorn")], alone: Vec::new() };
            let exclude = exclude_set([]).unwrap();
            let options = WalkOptions { respect_gitignore: true, exclude, force_exclude: true, threads: 2 };
            let walked = walk(&[self.0.path().join(given)], &options);
            let target =
                |module: &&str| Target { dir: self.0.path().to_path_buf(), module: (*module).to_owned() };
            let targets: Vec<Target> = targets.iter().map(target).collect();
            super::universe(&walked, &needles, &targets, &Unsaved::new(), prefilter)
        }

        /// `name role` of every file, not given ones in brackets.
        fn roles(&self, universe: &Universe) -> Vec<String> {
            let show = |file: &UniverseFile| {
                let name = file.path.strip_prefix(self.0.path()).unwrap().display();
                let text = format!("{name} {:?}", file.role);
                if file.given { text } else { format!("({text})") }
            };
            universe.files.iter().map(show).collect()
        }

        #[track_caller]
        fn check(&self, given: &str, expected: &[&str]) {
            assert_eq!(self.roles(&self.universe(given, &[], true)), expected);
        }
    }

    #[test]
    fn importers_of_seeds_and_what_they_import() {
        let project = Project::new(&[
            ("flag.py", "FLAG = True"),
            ("loops.py", SEED),
            ("main.py", "import middle, flag"),
            ("middle.py", "from loops import main"),
            ("other.py", "import flag"),
        ]);
        project.check(".", &["flag.py Imported", "loops.py Seed", "main.py Importer", "middle.py Importer"]);
        let all = project.universe(".", &[], false);
        assert!(project.roles(&all).iter().all(|file| file.ends_with("Seed")));
        assert_eq!((all.stats.walked, all.files.len(), all.stats.seeds), (5, 5, 5));
    }

    #[test]
    fn a_word_of_a_file_that_imports_by_name_takes_no_other_for_imported() {
        let project = Project::new(&[
            ("main.py", SEED),
            ("plugin.py", SEED),
            ("tool.py", "import_module(name)\nlog('main')\nload('p.plugin')\nload('.plugin')"),
        ]);
        let universe = project.universe(".", &[], true);
        let imported: Vec<bool> = universe.files.iter().map(|file| file.imported).collect();
        assert_eq!(imported, [false, true, false]);
    }

    #[test]
    fn names_are_found_in_packages_src_and_other_folders() {
        let project = Project::new(&[
            ("a.py", "import p.q"),
            ("lib/deep.py", SEED),
            ("p/__init__.py", ""),
            ("p/q.py", SEED),
            ("src/r.py", SEED),
            ("tests/b.py", "import r"),
            ("tests/c.py", "import deep"),
            ("tests/d.py", "import typing"),
            ("lib/typing.py", SEED),
        ]);
        let roles = project.roles(&project.universe(".", &[], true));
        assert_eq!(
            roles,
            [
                "a.py Importer",
                "lib/deep.py Seed",
                "lib/typing.py Seed",
                "p/__init__.py Imported",
                "p/q.py Seed",
                "src/r.py Seed",
                "tests/b.py Importer",
                "tests/c.py Importer"
            ]
        );
    }

    #[test]
    fn a_package_runs_before_its_modules() {
        let project = Project::new(&[("p/__init__.py", SEED), ("p/m.py", "")]);
        project.check(".", &["p/__init__.py Seed", "p/m.py Importer"]);
    }

    #[test]
    fn imports_lead_out_of_the_given_paths() {
        let project = Project::new(&[
            ("app/main.py", "from app.sub import run_it\nfrom . import x"),
            ("app/sub/__init__.py", "from ..y import z"),
            ("app/x.py", ""),
            ("app/y.py", SEED),
            ("app/unrelated.py", SEED),
        ]);
        project.check(
            "app/main.py",
            &[
                "app/main.py Importer",
                "(app/sub/__init__.py Importer)",
                "(app/x.py Imported)",
                "(app/y.py Seed)",
            ],
        );
    }

    #[test]
    fn imports_lead_to_ignored_files() {
        let project = Project::new(&[
            (".git/HEAD", ""),
            (".gitignore", "local.py"),
            ("local.py", SEED),
            ("main.py", "import local"),
        ]);
        project.check(".", &["(local.py Seed)", "main.py Importer"]);
    }

    #[test]
    fn servers_and_launchers_name_modules() {
        let project = Project::new(&[
            ("main.py", "import uvicorn\nuvicorn.run('web.app:app')"),
            ("web/app.py", ""),
            ("src/tool/cli.py", "import helper"),
            ("helper.py", ""),
        ]);
        project.check(".", &["main.py Seed", "web/app.py Imported"]);
        let roles = project.roles(&project.universe(".", &["tool.cli"], true));
        assert_eq!(
            roles,
            ["helper.py Imported", "main.py Seed", "src/tool/cli.py Seed", "web/app.py Imported"]
        );
    }
}
