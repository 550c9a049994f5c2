//! Where a run begins: a fresh process, or one that has already imported what the root imports first.
//!
//! The roots of a project mostly begin with the same import, and following it costs more than what
//! comes after. Where the import starts no loop and leaves nothing open, it makes no difference
//! whether it was followed for this root or for another one, so its outcome is kept. The same goes for
//! asyncio, which small programs begin with: it is the same in every project, and when a fix is proven.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::{Launch, Process};
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::seen::Seen;
use crate::interpret::state::State;
use crate::interpret::stuck::{Allowance, End};
use crate::interpret::trace::{Event, Site};
use crate::interpret::value::Value;
use crate::ir::{ExprKind, Name, StmtKind};
use crate::knowledge::stdlib::is_stdlib;
use crate::platform::Platform;
use crate::project::{Found, Project};

/// On each thread, outcomes are kept until they hold more objects than this all together.
const KEPT: usize = 200_000;

/// The one module outside of projects whose import is remembered.
const ASYNCIO: &str = "asyncio";

thread_local! {
    /// Several of one key where roots have folders of their own that make a difference.
    static IMPORTED: RefCell<FxHashMap<Key, Vec<Rc<Outcome>>>> = RefCell::default();
    /// Imports of packages that reach a limit, with the steps they were left.
    static TOO_LONG: RefCell<FxHashMap<(Key, u64), &'static str>> = RefCell::default();
}

/// All that the outcome of an import depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The modules of one analysis, with the texts they have in it, and their root; nothing for what is
    /// the same in all of them.
    project: Option<(u64, PathBuf)>,
    platform: Platform,
    python: (u8, u8),
    dotted: String,
    /// The folders that only some roots search, where they make a difference.
    own: Vec<PathBuf>,
    /// In the repository of a framework it depends on the root what the framework's name means.
    as_everybody: BTreeSet<Name>,
    /// The steps of the import are part of its outcome.
    recorded: bool,
}

impl Key {
    /// Whether it belongs to the analysis of a project.
    pub fn is_of(&self, project: &Project) -> bool {
        self.project.as_ref().is_some_and(|(modules, _)| *modules == project.modules.id())
    }
}

/// The import a root begins with.
struct First {
    dotted: String,
    /// The statement, where the root has one.
    site: Option<Site>,
    /// Nothing but the standard library is imported before it.
    alone: bool,
}

/// What came of an import.
pub struct Outcome {
    /// What was looked for on `sys.path`. A root gets the same outcome whose own folders hold none of it, but
    /// for those in `own`.
    names: BTreeSet<Name>,
    own: Vec<PathBuf>,
    /// Nothing where the import leaves something open, or makes a loop.
    imported: Option<Imported>,
    /// It was not followed to its end.
    is_cut_off: bool,
    /// The steps it took, on the one way that was followed.
    steps: u64,
    /// What comes of programs that get stuck in it, and nothing of those that do not, as far as it was tried.
    pub ends: RefCell<FxHashMap<Allowance, Option<Rc<End>>>>,
}

impl Outcome {
    /// Whether it was not left at all, or took more steps than that.
    pub fn takes_more_than(&self, steps: u64) -> bool {
        self.imported.is_none() && (self.is_cut_off || self.steps > steps)
    }

    /// How much there is to keep, as objects on the heap.
    fn objects(&self) -> usize {
        1_000 + self.imported.as_ref().map_or(0, |imported| imported.state.heap.len())
    }
}

/// What a process is like after an import.
struct Imported {
    state: State,
    seen: Seen,
}

impl<'p> Machine<'p> {
    /// Starts a process.
    pub fn begin(&mut self) {
        self.clear();
        self.state = self.fresh.clone();
        if self.project.sitecustomize(&self.root).is_some() {
            return;
        }
        let Some(first) = self.first_import() else { return };
        let outcome = self.imported(&first.dotted);
        let Some(imported) = outcome.as_ref().and_then(|outcome| outcome.imported.as_ref()) else { return };
        if !imported.state.events.is_empty() && !first.alone {
            return;
        }
        self.state = imported.state.clone();
        for event in self.state.events.iter_mut() {
            let stack = first.site.iter().chain(&event.stack).copied().collect();
            *event = Arc::new(Event { stack, ..(**event).clone() });
        }
        self.state.log = self.state.log.begun_at(first.site);
        self.renew_sys_path();
        self.has_seen(&imported.seen);
    }

    /// Imports what Python imports before the program. Its errors are printed, and the program goes on.
    pub fn customize_site(&mut self) -> Flow<()> {
        let Some(module) = self.project.sitecustomize(&self.root) else { return Ok(()) };
        match self.load("sitecustomize", module, None) {
            Err(Stop::Raise(_)) | Ok(_) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    fn clear(&mut self) {
        self.process = Process::Parent;
        self.process_number = 0;
        self.preparing = false;
        self.leave_all();
    }

    /// Stands outside of all code, with no handler around.
    pub fn leave_all(&mut self) {
        self.frames.clear();
        self.loading = 0;
        self.handlers = 0;
        self.lookup_handlers = 0;
        self.refusal_handlers = 0;
    }

    /// The module of the project that the root imports before it does anything else.
    fn first_import(&self) -> Option<First> {
        // A command line imports no module of the project by itself.
        if self.root.launch == Launch::Launcher {
            return None;
        }
        let dotted = self.project.dotted_name(self.root.module);
        if self.root.launch != Launch::Script {
            let package = dotted.split_once('.')?.0.to_string();
            return Some(First { dotted: package, site: None, alone: true });
        }
        let code = self.project.modules[self.root.module].code().ok()?;
        let folders = self.project.search_path(&self.root);
        let is_ours = |dotted: &str| {
            let top = dotted.split('.').next().unwrap_or(dotted);
            matches!(self.project.find(&folders, top), Found::Module(module) if module != self.root.module)
                || self.project.find_in_neighbours(top).is_some()
        };
        let mut alone = true;
        let mut asyncio = None;
        for stmt in &code.body {
            let names: Vec<&str> = match &stmt.kind {
                StmtKind::Expr(expr) if matches!(expr.kind, ExprKind::Constant(_)) => Vec::new(),
                StmtKind::Import(names) => names.iter().map(|alias| &*alias.name).collect(),
                StmtKind::ImportFrom { module: Some(module), level: 0, .. } => vec![module],
                _ => break,
            };
            let site = Some(Site { unit: Unit::Project(self.root.module), span: stmt.span });
            for name in names {
                if is_ours(name) {
                    // The package, not its module: that is what most roots have in common.
                    let package = name.split('.').next().unwrap_or(name);
                    return Some(First { dotted: package.to_string(), site, alone });
                }
                let top = name.split('.').next().unwrap_or(name);
                if top == ASYNCIO && asyncio.is_none() {
                    asyncio = Some(First { dotted: top.to_string(), site, alone });
                }
                alone &= is_stdlib(top);
            }
        }
        asyncio
    }

    /// The package that the root imports before it does anything else, with what comes of that.
    pub fn first_outcome(&mut self) -> Option<(String, Rc<Outcome>)> {
        let dotted = self.first_import()?.dotted;
        let outcome = self.imported(&dotted)?;
        Some((dotted, outcome))
    }

    fn imported(&mut self, dotted: &str) -> Option<Rc<Outcome>> {
        if !self.shares_imports() {
            return None;
        }
        let mut key = self.key_of(dotted.to_string());
        let all = self.project.search_path(&self.root);
        let is_common = key.dotted == ASYNCIO;
        let own = if is_common { all.clone() } else { self.own_folders(&all) };
        let that_matter = |names: &BTreeSet<Name>| -> Vec<PathBuf> {
            let finds = |folder: &PathBuf, name: &Name| {
                !matches!(self.project.find(std::slice::from_ref(folder), name), Found::Nothing)
            };
            own.iter().filter(|folder| names.iter().any(|name| finds(folder, name))).cloned().collect()
        };
        if is_common {
            key.project = None;
            key.as_everybody.clear();
        }
        let known = |key: &Key| {
            let same = |outcome: &&Rc<Outcome>| that_matter(&outcome.names) == outcome.own;
            IMPORTED.with_borrow(|kept| kept.get(key).and_then(|all| all.iter().find(same).cloned()))
        };
        if let Some(outcome) = known(&key) {
            return Some(outcome);
        }
        // Every root runs on Windows first: what was too long there is so here.
        let on_windows = Key { platform: Platform::Windows, ..key.clone() };
        if known(&on_windows).is_some_and(|outcome| outcome.is_cut_off) {
            return None;
        }
        let mut outcome = self.follow_import(&key, &all);
        outcome.own = that_matter(&outcome.names);
        let outcome = Rc::new(outcome);
        IMPORTED.with_borrow_mut(|kept| {
            let objects: usize = kept.values().flatten().map(|outcome| outcome.objects()).sum();
            let old = |old: &Key| old.project.is_some() && !old.is_of(self.project);
            if objects > KEPT || kept.keys().any(old) {
                kept.clear();
            }
            kept.entry(key).or_default().push(outcome.clone());
        });
        Some(outcome)
    }

    /// Imports the module of a function that is called on its own, along the first way or a later one.
    ///
    /// Where the package is so large that its import reaches the limit before anything about loops
    /// happens, that is so for each of its modules, and found out once.
    pub fn import_for_function(&mut self, dotted: &str, first_way: bool) -> Flow<Value> {
        let package = dotted.split('.').next().unwrap_or(dotted);
        let begins = first_way && self.state.events.is_empty() && !self.state.modules.contains_key(package);
        if !begins || self.recorder.is_some() || !self.shares_imports() {
            return self.import(dotted);
        }
        let key = (self.key_of_all(package), self.limits.steps);
        if let Some(reason) = TOO_LONG.with_borrow(|known| known.get(&key).copied()) {
            return self.bound(reason);
        }
        let imported = self.import(package);
        let happened = |state: &State| !state.events.is_empty();
        if let Err(Stop::Bound(reason)) = &imported
            && !happened(&self.state)
            && !self.cut_off.iter().any(happened)
        {
            TOO_LONG.with_borrow_mut(|known| {
                known.retain(|(other, _), _| other.project == key.0.project);
                known.insert(key, *reason);
            });
        }
        imported.and_then(|_| self.import(dotted))
    }

    /// Whether an import is the same for other roots: not where other versions are tried.
    pub fn shares_imports(&self) -> bool {
        self.world.packages.instead.is_empty()
    }

    /// The folders among `all` that other roots do not search.
    fn own_folders(&self, all: &[PathBuf]) -> Vec<PathBuf> {
        let shared = [self.project.root.clone(), self.project.root.join("src")];
        all.iter().filter(|folder| !shared.contains(folder)).cloned().collect()
    }

    /// The key of an import that is to be the same in every folder that is searched.
    pub fn key_of_all(&self, dotted: &str) -> Key {
        let own = self.own_folders(&self.project.search_path(&self.root));
        Key { own, ..self.key_of(dotted.to_string()) }
    }

    fn key_of(&self, dotted: String) -> Key {
        Key {
            project: Some((self.project.modules.id(), self.project.root.clone())),
            platform: self.world.platform,
            python: self.world.python,
            dotted,
            own: Vec::new(),
            as_everybody: self.as_everybody.clone(),
            recorded: self.recorder.is_some(),
        }
    }

    /// Imports a module in a fresh process of its own.
    fn follow_import(&mut self, key: &Key, search_path: &[PathBuf]) -> Outcome {
        self.looked_up.clear();
        let ((outcome, decided, steps), seen) = self.apart(|machine| {
            machine.hurried = false;
            machine.limits.steps = machine.limits.import_steps;
            machine.allow(machine.limits.steps);
            let outcome = machine.import(&key.dotted);
            (outcome, machine.tape.is_decided(), machine.meter.steps)
        });
        let path_is_same = self.sys_path() == search_path;
        let state = std::mem::replace(&mut self.state, self.fresh.clone());
        let is_cut_off = self.incomplete.take().is_some() || matches!(outcome, Err(Stop::Bound(_)));
        let quiet = !is_cut_off && state.loops.is_empty();
        self.given_up.clear();
        self.cut_off.clear();
        self.clear();
        let same_for_all = outcome.is_ok() && decided && quiet && path_is_same;
        Outcome {
            names: std::mem::take(&mut self.looked_up),
            own: Vec::new(),
            imported: same_for_all.then_some(Imported { state, seen }),
            is_cut_off,
            steps,
            ends: RefCell::default(),
        }
    }

    /// `sys.path` of this root, where that of another one stands.
    fn renew_sys_path(&mut self) {
        let Some(sys) = self.state.modules.get("sys").copied() else { return };
        let folders = self.project.search_path(&self.root);
        let items = folders.iter().map(|folder| Value::str(&*folder.to_string_lossy())).collect();
        let list = self.list(items);
        let scope = self.module_scope(sys);
        self.state.heap.scope_mut(scope).insert("path".into(), list);
    }
}
