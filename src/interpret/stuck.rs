//! Roots that get no further than the packages around them.
//!
//! `python -m package.part.module` imports `package` and `package.part` first. Where that alone takes
//! all the steps a root has, it does so for each of the hundreds of modules in the package, in the same
//! way: so it is found out once on each thread, and told of the others.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Launch;
use crate::interpret::begin::Key;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::trace::{Guard, PathTrace, RootTrace};
use crate::interpret::world::Asked;
use crate::ir::Span;

thread_local! {
    static STUCK: RefCell<FxHashMap<Start, Rc<End>>> = RefCell::default();
}

/// All that the run of such a root depends on: the package, and how many steps there were of how many.
type Start = (Key, u64, u64);

/// What came of it.
struct End {
    paths: Vec<PathTrace>,
    incomplete: Option<Arc<str>>,
    executed: BTreeSet<(Unit, Span)>,
    entered: BTreeSet<(Unit, Span)>,
    loaded: BTreeSet<usize>,
    guards: BTreeSet<Guard>,
    asked: Asked,
}

/// Where the ways of a run ended.
#[derive(Default)]
pub struct Ends {
    pub ways: usize,
    /// The packages, with their names, whose import some of them did not leave.
    inside: Vec<String>,
}

impl<'p> Machine<'p> {
    /// Imports the packages around a module that is run with `-m`, outermost first.
    pub fn import_packages(&mut self, package: &str) -> Flow<()> {
        for package in outer_packages(package) {
            let imported = self.import(package);
            if matches!(imported, Err(Stop::Bound(_))) {
                self.ends.inside.push(package.to_string());
            }
            imported?;
        }
        Ok(())
    }

    /// Follows the program that begins at the root, or tells what came of another one that gets stuck
    /// where this one would.
    pub fn follow_program(&mut self, trace: &mut RootTrace) {
        let (limit, begun) = (self.limits.steps, self.meter.steps);
        let start = |machine: &Machine<'p>, package: &str| (machine.key_of_all(package), limit, begun);
        let is_shared = self.shares_packages();
        if is_shared {
            let dotted = self.project.dotted_name(self.root.module);
            let around = dotted.rsplit_once('.').map_or("", |(package, _)| package);
            let known = |start: &Start| STUCK.with_borrow(|known| known.get(start).cloned());
            let mut ends = outer_packages(around).filter_map(|package| known(&start(self, package)));
            if let Some(end) = ends.find(|end| !end.loaded.contains(&self.root.module)) {
                return self.end_like(&end, trace);
            }
        }
        let mut own = RootTrace::new(self.root.clone());
        self.follow(&[], &mut own, |machine| {
            machine.begin();
            machine.customize_site()?;
            machine.launch()
        });
        if is_shared && let Some(package) = self.always_stuck_in(&own) {
            let start = start(self, &package);
            let end = End {
                paths: own.paths.clone(),
                incomplete: own.incomplete.clone(),
                executed: self.executed.clone(),
                entered: self.entered.clone(),
                loaded: self.loaded.clone(),
                guards: self.guards.clone(),
                asked: self.world.asked(),
            };
            STUCK.with_borrow_mut(|known| {
                known.retain(|(key, ..), _| key.is_of(self.project));
                known.insert(start, Rc::new(end));
            });
        }
        add(trace, own);
    }

    /// Whether what the root imports before its own code is the same for others.
    fn shares_packages(&self) -> bool {
        self.root.launch == Launch::Module
            && self.recorder.is_none()
            && self.shares_imports()
            && self.project.modules[self.root.module].host().is_none()
            && self.project.sitecustomize(&self.root).is_none()
    }

    /// The package whose import no way left, neither at first nor in a hurry, if nothing of the root
    /// itself took part in that.
    fn always_stuck_in(&mut self, trace: &RootTrace) -> Option<String> {
        let Ends { ways, inside } = std::mem::take(&mut self.ends);
        let (first, rest) = inside.split_first()?;
        let everywhere = inside.len() == ways && rest.iter().all(|other| other == first);
        (everywhere && trace.is_quiet() && !self.loaded.contains(&self.root.module)).then(|| first.clone())
    }

    fn end_like(&mut self, end: &End, trace: &mut RootTrace) {
        self.executed.extend(&end.executed);
        self.entered.extend(&end.entered);
        self.loaded.extend(&end.loaded);
        self.guards.extend(end.guards.iter().cloned());
        self.world.note(&end.asked);
        let mut own = RootTrace::new(self.root.clone());
        own.paths.clone_from(&end.paths);
        own.incomplete.clone_from(&end.incomplete);
        add(trace, own);
    }
}

fn add(trace: &mut RootTrace, own: RootTrace) {
    trace.paths.extend(own.paths);
    trace.effort.extend(own.effort);
    if let Some(reason) = own.incomplete {
        trace.incomplete.get_or_insert(reason);
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

    /// What came of the last of some modules, run one after the other with `-m`.
    fn last_of(files: &[(&str, &str)], roots: &[&str]) -> String {
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
            format!("{:?}", run_root(&options, &Root { module, launch: Launch::Module, function: None }))
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
        let alone = last_of(&long, &["p/q/b.py"]);
        assert!(alone.contains("too large"), "{alone}");
        assert_eq!(last_of(&long, &["p/q/a.py", "p/q/b.py"]), alone);
        assert!(STUCK.with_borrow(|known| !known.is_empty()));
        assert!(!last_of(&short, &["p/q/a.py", "p/q/b.py"]).contains("too large"));
        // The package imports this one by itself.
        assert_eq!(last_of(&long, &["p/q/a.py", "p/q/early.py"]), last_of(&long, &["p/q/early.py"]));
    }
}
