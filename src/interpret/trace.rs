//! What a paper run writes down. Rules ask questions of this record and of nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::entry::{Launch, LoopKind, Process};
use crate::interpret::machine::{Limits, Unit};
use crate::interpret::steps::{Effort, Step};
use crate::interpret::world::Platform;
use crate::ir::{Name, Span};
use crate::knowledge::Needed;
use crate::project::python_versions::Minor;

/// The runs that begin at one root, on every platform and along every way its unknowns can fall.
#[derive(Clone, Debug)]
pub struct RootTrace {
    pub root: Root,
    /// The Python it was run on, where that is not the one of the project's verdict.
    pub python: Option<Minor>,
    /// What it was allowed to take.
    pub limits: Limits,
    pub paths: Vec<PathTrace>,
    /// The modules of the project that ran, on any way.
    pub modules: BTreeSet<usize>,
    /// The tests of the platform that were met, on any way.
    pub guards: BTreeSet<Guard>,
    /// The packages whose version or presence was asked for, on any way.
    pub asked: BTreeSet<String>,
    /// Some ways were not followed to the end; absence of an event proves nothing.
    pub incomplete: Option<Arc<str>>,
    /// Elsewhere than on Windows nothing but the first import was followed.
    pub given_up: bool,
    /// What the run took on each platform, when it was recorded.
    pub effort: Vec<Effort>,
    /// The same root on other Pythons the project allows, where the code asks for their version. Rules
    /// do not look at them.
    pub on_other_pythons: Vec<RootTrace>,
}

impl RootTrace {
    /// A trace in which nothing has happened yet.
    pub fn new(root: Root) -> RootTrace {
        RootTrace {
            root,
            python: None,
            limits: Limits::default(),
            paths: Vec::new(),
            modules: BTreeSet::new(),
            guards: BTreeSet::new(),
            asked: BTreeSet::new(),
            incomplete: None,
            given_up: false,
            effort: Vec::new(),
            on_other_pythons: Vec::new(),
        }
    }

    pub fn paths_on(&self, platform: Platform) -> impl Iterator<Item = &PathTrace> {
        self.paths.iter().filter(move |path| path.platform == platform)
    }

    /// Nothing about loops happened, on any way.
    pub fn is_quiet(&self) -> bool {
        self.paths.iter().all(|path| path.events.is_empty())
    }
}

/// A test that asks about the platform, or the operand of an `and` that does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    pub site: Site,
    pub platform: Platform,
    /// Whether its answer was yes.
    pub held: bool,
    /// Where the body that did not run would have set the Selector policy, and nothing else about loops.
    pub withheld: Option<Site>,
    /// What the question was answered with, where that is a text: `win32`.
    pub answer: Option<Arc<str>>,
    /// As in [`Event`].
    pub process_number: u32,
    pub loops_before: u32,
}

/// Where a run begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Root {
    /// The module that is executed or imported first.
    pub module: usize,
    pub launch: Launch,
    /// The function called after the import, dotted, with the span of its name.
    pub function: Option<(Name, Span)>,
}

/// One way through the program on one platform.
#[derive(Clone, Debug)]
pub struct PathTrace {
    pub platform: Platform,
    /// It was assumed that the program is frozen (PyInstaller and the like).
    pub frozen: bool,
    /// What was assumed on this way, in the user's terms.
    pub assumed: Vec<Arc<str>>,
    pub events: Vec<Arc<Event>>,
    /// The exception that ended the run, if one did.
    pub died: Option<Arc<str>>,
    /// What was done on this way; empty unless the run was recorded.
    pub steps: Vec<Arc<Step>>,
}

impl PathTrace {
    pub fn runs_a_loop(&self) -> bool {
        self.events.iter().any(|event| event.run().is_some())
    }

    /// An older Python would have made a loop that this one refused, and none has run since.
    pub fn lacks_a_loop(&self) -> bool {
        let refused = self.events.iter().rposition(|event| event.kind == EventKind::NoLoop);
        refused.is_some_and(|at| self.events[at..].iter().all(|event| event.run().is_none()))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: EventKind,
    /// The innermost code of the project that was running.
    pub site: Option<Site>,
    /// The project's frames, outermost first; the last is `site`.
    pub stack: Vec<Site>,
    pub process: Process,
    /// Which process of this run it is, in the order of spawns; 0 is the first one.
    pub process_number: u32,
    /// 0 is the main thread.
    pub thread: u32,
    /// Loops that ran before this in the same process.
    pub loops_before: u32,
    /// The event happened while a loop was running in the same thread.
    pub inside_loop: bool,
    /// It happened in a function that code we do not see holds on to: when that runs is not known.
    pub called_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    pub unit: Unit,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// `set_event_loop_policy`, or a framework that does so.
    PolicySet {
        policy: PolicyKind,
        /// The framework that did it on its own account.
        by: Option<Arc<str>>,
    },
    /// `set_event_loop`
    LoopSet(LoopKind),
    /// The current loop was asked for where there is none, which older Pythons would have made: a RuntimeError.
    NoLoop,
    /// An attribute that does not exist on this platform was read, and nobody caught the error.
    Missing(Arc<str>),
    /// A class stands where an instance belongs, or the other way round: a TypeError, or an
    /// AssertionError up to Python 3.10.
    Misused(Misuse),
    /// A loop started to run.
    Run(Run),
    /// Something was used that not every loop can do on Windows. Along merged ways it *may* be used.
    Need(Use),
    /// Code was put where it hides what a loop reports, or changes how its transports work.
    Silencer(Silencing),
}

/// Something put in a place that `rules/silencers.toml` describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Silencing {
    /// Row of the table of silencers.
    pub row: usize,
    /// What was replaced or called.
    pub what: Arc<str>,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It drops an error that leaves something behind on a Proactor loop, and does nothing else.
    Hides,
    /// It drops an error that this Python does not raise.
    Outdated,
    Other,
}

/// A call of something that `rules/libraries.toml` describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub needs: Needed,
    /// Row of the table of needs.
    pub row: usize,
    /// What was called, dotted.
    pub what: Arc<str>,
    /// The loop it is used on: the running one, or the one it is a method of. `None` where the call
    /// waits for a loop that runs later.
    pub on: Option<LoopKind>,
    /// Somebody around it is ready for the error of the wrong loop.
    pub handled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misuse {
    /// The class of a policy is set as the policy.
    PolicyClass,
    /// A loop is given where a factory is asked for.
    LoopAsFactory,
    /// The loop factory gives back the class of a loop.
    ClassFromFactory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    Selector,
    Proactor,
    /// The default policy, also `None`.
    Default,
    Winloop,
    Uvloop,
    Custom,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Dotted, as people write it: `uvicorn.run`, `loop.run_until_complete`.
    pub runner: Arc<str>,
    pub family: Family,
    pub kind: LoopKind,
    pub decided: Decided,
    /// Why the kind is unknown.
    pub reason: Option<Arc<str>>,
    /// What the same call gives in this process when nothing spawns a child (reload and workers off).
    pub without_child: Option<LoopKind>,
    /// What the same call gives without the argument that chooses its loop, where it has that argument.
    pub by_default: Option<LoopKind>,
    /// Row of the runner table, when a table row describes this runner.
    pub row: Option<usize>,
    /// The runner itself spawned the process its loop runs in (reload, workers).
    pub own_child: bool,
    /// The policy in force in this process when the loop started.
    pub policy: PolicyKind,
    /// Where that policy was set.
    pub policy_set: Option<Site>,
    /// A policy made the loop, before the one in force was set.
    pub older_than_policy: bool,
    /// Some arguments come from a `*` or `**` nothing is known about.
    pub open_arguments: bool,
    /// The arguments that matter, rendered: `reload` → `False`.
    pub settings: Vec<(Name, Arc<str>)>,
    /// The loop was created at this place, when that is not the run call itself.
    pub created: Option<Site>,
    /// What the project called to get the loop: `asyncio.new_event_loop`.
    pub made_by: Option<Arc<str>>,
    /// The call that made the configuration object the runner works with.
    pub configured: Option<Site>,
}

impl Run {
    /// One of the arguments that matter, as it is shown.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(other, _)| &**other == name).map(|(_, value)| &**value)
    }
}

/// Which rule speaks for a runner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Nicegui,
    Server,
    /// asyncio itself, bots, clients.
    #[default]
    Asyncio,
    /// Runs test functions.
    Tests,
    /// The kernel of a notebook, whose loop runs before the first cell.
    Kernel,
    /// Talks over its standard streams to who started it: it serves nobody who could reset a connection.
    Streams,
}

/// Who chose the loop.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// The policy in force was asked.
    Policy,
    /// The caller named a class, a factory or an object.
    Caller,
    /// The framework takes its own and asks nobody.
    Framework {
        package: Arc<str>,
        /// What it does, for people: `takes a ProactorEventLoop and never asks the policy`.
        how: Arc<str>,
    },
}
