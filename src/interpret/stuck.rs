//! Roots that get no further than the packages they begin with.
//!
//! `python -m package.part.module` imports `package` and `package.part` first, and a script mostly begins
//! with the import of one package of the project. Where that alone takes all the steps a root has, it does
//! so for each of the hundreds of modules or scripts around it, in the same way: so it is found out once on
//! each thread, and told of the others.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::entry::Launch;
use crate::interpret::begin::Key;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::seen::Seen;
use crate::interpret::trace::RootTrace;

thread_local! {
    static STUCK: RefCell<FxHashMap<(Key, Allowance), Rc<End>>> = RefCell::default();
}

/// How many steps a root may take, as the count it begins at and the one it ends at.
pub type Allowance = (u64, u64);

/// What comes of a root that is stuck.
pub struct End {
    package: String,
    /// The limit that its import reaches.
    reason: &'static str,
    seen: Seen,
}

/// Where the ways of a run ended.
#[derive(Default)]
pub struct Ends {
    pub ways: usize,
    /// The packages, with their names, whose import some of them did not leave, and the limit it reached.
    inside: Vec<(String, &'static str)>,
}

impl<'p> Machine<'p> {
    /// Imports the packages around a module that is run with `-m`, outermost first.
    pub fn import_packages(&mut self, package: &str) -> Flow<()> {
        for package in outer_packages(package) {
            let imported = self.import(package);
            if let Err(Stop::Bound(reason)) = imported {
                self.ends.inside.push((package.to_string(), reason));
            }
            imported?;
        }
        Ok(())
    }

    /// Follows the program that begins at the root.
    pub fn follow_program(&mut self, trace: &mut RootTrace) {
        let allowance = (self.meter.steps, self.limits.steps);
        self.stuck = self.known_end(allowance).filter(|end| !end.seen.loads(self.root.module));
        let is_new = self.stuck.is_none() && self.root.launch == Launch::Module && self.shares_packages();
        let mut own = RootTrace::new(self.root.clone());
        let (stuck, seen) = self.apart(|machine| {
            machine.follow(&[], &mut own, |machine| {
                machine.begin();
                machine.customize_site()?;
                machine.launch()
            });
            machine.always_stuck_in(&own)
        });
        self.has_seen(&seen);
        if is_new && let Some((package, reason)) = stuck.filter(|_| !seen.loads(self.root.module)) {
            let key = (self.key_of_all(&package), allowance);
            STUCK.with_borrow_mut(|known| {
                known.retain(|(key, _), _| key.is_of(self.project));
                known.insert(key, Rc::new(End { package, reason, seen }));
            });
        }
        trace.paths.extend(own.paths);
        trace.effort.extend(own.effort);
        if let Some(reason) = own.incomplete {
            trace.incomplete.get_or_insert(reason);
        }
    }

    /// What another root has found out about the packages that this one begins with, or what is found out for
    /// it and others now.
    fn known_end(&mut self, allowance: Allowance) -> Option<Rc<End>> {
        if !self.shares_packages() {
            return None;
        }
        match self.root.launch {
            Launch::Module => {
                let dotted = self.project.dotted_name(self.root.module);
                let around = dotted.rsplit_once('.').map_or("", |(package, _)| package);
                let mut keys = outer_packages(around).map(|package| (self.key_of_all(package), allowance));
                STUCK.with_borrow(|known| keys.find_map(|key| known.get(&key).cloned()))
            }
            Launch::Script => {
                let (package, outcome) = self.first_outcome()?;
                let (begin, end) = allowance;
                if !outcome.takes_more_than(end.saturating_sub(begin)) {
                    return None;
                }
                let known = outcome.ends.borrow().get(&allowance).cloned();
                known.unwrap_or_else(|| {
                    let found = self.try_package(&package);
                    outcome.ends.borrow_mut().insert(allowance, found.clone());
                    found
                })
            }
            _ => None,
        }
    }

    /// Imports a package with the steps that a root has, and nothing else.
    fn try_package(&mut self, package: &str) -> Option<Rc<End>> {
        let mut own = RootTrace::new(self.root.clone());
        let (stuck, seen) = self.apart(|machine| {
            machine.follow(&[], &mut own, |machine| {
                machine.begin();
                machine.import_packages(package)
            });
            machine.always_stuck_in(&own)
        });
        self.forget_ways();
        stuck.map(|(package, reason)| Rc::new(End { package, reason, seen }))
    }

    /// Ends the import of a package that a root begins with, where it is known to be too large.
    pub fn end_where_stuck(&mut self, package: &str) -> Flow<()> {
        let is_here = |end: &&Rc<End>| self.frames.len() <= 1 && end.package == package;
        let Some(end) = self.stuck.as_ref().filter(is_here).cloned() else { return Ok(()) };
        self.has_seen(&end.seen);
        self.bound(end.reason)
    }

    /// Whether what the root imports before its own code is the same for others.
    fn shares_packages(&self) -> bool {
        self.recorder.is_none()
            && self.shares_imports()
            && self.project.modules[self.root.module].host().is_none()
            && self.project.sitecustomize(&self.root).is_none()
    }

    /// The package whose import no way left, neither at first nor in a hurry, and the limit it reached first.
    fn always_stuck_in(&mut self, trace: &RootTrace) -> Option<(String, &'static str)> {
        let Ends { ways, inside } = std::mem::take(&mut self.ends);
        let (first, rest) = inside.split_first()?;
        let everywhere = inside.len() == ways && rest.iter().all(|(other, _)| *other == first.0);
        (everywhere && trace.is_quiet()).then(|| first.clone())
    }
}

/// `a`, `a.b` and `a.b.c` of `a.b.c`.
fn outer_packages(package: &str) -> impl Iterator<Item = &str> {
    let ends = package.match_indices('.').map(|(at, _)| at).chain([package.len()]);
    ends.map(|end| &package[..end]).filter(|package| !package.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Role, UniverseFile, shown_path};
    use crate::interpret::trace::Root;
    use crate::interpret::{Limits, RunOptions, World, run_root};
    use crate::knowledge::Knowledge;
    use crate::platform::Platform;
    use crate::project::{Modules, Project};

    #[test]
    fn packages_from_the_outermost() {
        let packages = |package| outer_packages(package).collect::<Vec<_>>();
        assert_eq!(packages("a.b.c"), ["a", "a.b", "a.b.c"]);
        assert!(packages("").is_empty());
    }

    /// What came of the last of some modules, run one after the other.
    fn last_of(launch: Launch, files: &[(&str, &str)], roots: &[&str]) -> String {
        // Which folders are packages is looked up on the disk.
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        let path = |name: &str| root.join(name);
        let file = |name: &str| UniverseFile {
            path: path(name),
            root: 0,
            role: Role::Seed,
            given: true,
            imported: false,
            main: true,
            imports: Box::default(),
        };
        let shown = |name: &str| shown_path(&path(name), &root);
        let modules = Modules::new(files.iter().map(|(name, _)| (file(name), shown(name))).collect());
        for (name, text) in files {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), text).unwrap();
        }
        let project = Project::alone(root.clone(), modules);
        let run = |name: &&str| {
            let worlds = Platform::ALL.map(|platform| World::of(&project.dependencies, platform));
            let limits = Limits { steps: 3_000, ..Limits::default() };
            let knowledge = Knowledge::bundled();
            let options = RunOptions { project: &project, worlds: &worlds, knowledge, limits };
            // All these modules are in the list.
            let module = project.modules.at(&path(name)).expect("a module of the project");
            format!("{:?}", run_root(&options, &Root { module, launch, function: None }))
        };
        roots.iter().map(run).collect::<Vec<_>>().pop().unwrap_or_default()
    }

    const LONG: &str = "
import sys
import p.q.early
def wider():
    if sys.platform == 'win32':
        return 1
    return 0
width = 20 + wider()
for row in range(100):
    for column in range(width):
        place = [row, column]
";

    #[test]
    fn what_one_root_tells_of_the_next_is_what_that_would_have_found_out() {
        let run = "import asyncio\nasyncio.run(asyncio.sleep(0))\n";
        let all = |package| {
            let early = ("p/q/early.py", "import asyncio\n");
            [("p/__init__.py", ""), ("p/q/__init__.py", package), ("p/q/a.py", run), ("p/q/b.py", run), early]
        };
        let (long, short) = (all(LONG), all("import p.q.early\n"));
        let alone = last_of(Launch::Module, &long, &["p/q/b.py"]);
        assert!(alone.contains("too large"), "{alone}");
        assert_eq!(last_of(Launch::Module, &long, &["p/q/a.py", "p/q/b.py"]), alone);
        assert!(STUCK.with_borrow(|known| !known.is_empty()));
        assert!(!last_of(Launch::Module, &short, &["p/q/a.py", "p/q/b.py"]).contains("too large"));
        // The package imports this one by itself.
        assert_eq!(
            last_of(Launch::Module, &long, &["p/q/a.py", "p/q/early.py"]),
            last_of(Launch::Module, &long, &["p/q/early.py"])
        );
    }

    #[test]
    fn scripts_are_told_as_well_where_they_begin_with_the_same_package() {
        let script = "import json\nimport p\nimport asyncio\nasyncio.run(asyncio.sleep(0))\n";
        let open = format!(
            "import asyncio, os\nif os.environ.get('A'):\n    loop = asyncio.new_event_loop()\n{LONG}"
        );
        let all = |package| {
            let early = ("p/q/early.py", "import asyncio\n");
            [("p/__init__.py", package), ("a.py", script), ("b.py", script), early, ("p/q/__init__.py", "")]
        };
        let (long, short) = (all(&open), all("import p.q.early\n"));
        let last_of = |files, roots| last_of(Launch::Script, files, roots);
        let told = |roots| {
            let found = last_of(&long, roots);
            assert!(found.contains("too large") && !found.contains("Run("), "{found}");
            found
        };
        assert_eq!(told(&["a.py", "b.py"]), told(&["b.py"]));
        assert!(last_of(&short, &["a.py", "b.py"]).contains("Run("));
    }
}
