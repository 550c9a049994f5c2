//! What a paper run does, step by step: the record that `loopcheck explain` shows.
//!
//! A record is kept only when it is asked for. It is part of the state, so that the steps of a way
//! are those of the regions it went through, and ways share what they have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::entry::{LoopKind, Process};
use crate::interpret::machine::{Machine, Unit};
use crate::interpret::trace::{Event, Site};
use crate::interpret::value::{Id, Value};
use crate::interpret::world::Platform;

/// One thing the run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub kind: StepKind,
    /// The innermost code of the project that was running.
    pub site: Option<Site>,
    pub process: Process,
    /// 0 is the main thread.
    pub thread: u32,
    /// How much of its limit the run had used.
    pub taken: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// What follows, up to the [`StepKind::Close`] that belongs to it, happens inside.
    Open(Block),
    Close,
    /// The program does not decide; this is what was assumed on this way.
    Assumed(Arc<str>),
    /// What the rules see.
    Event(Arc<Event>),
    /// A loop object came to be.
    Created {
        kind: LoopKind,
        /// A policy was asked for it.
        by_policy: bool,
    },
    /// A case of the runner table said which loop a call gets.
    Decided(Case),
    /// Code that nobody sees was called or imported.
    Unseen(Arc<str>),
    Raised {
        error: Arc<str>,
        id: Option<Id>,
    },
    Caught(Arc<str>),
    /// Another way through the region that ends here, alike as far as loops go, or ending the program.
    Aside(Aside),
    /// Ways were left out or cut off, and why.
    GivenUp(Arc<str>),
    /// A call takes too many steps; the run goes on behind it.
    Skipped,
    /// The program has ended; what follows is run later by code nobody sees.
    End(End),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A module of the project is executed under this name.
    Module(Arc<str>, Unit),
    /// A function of the project is called: its name, and where that is defined.
    Call(Arc<str>, Site),
    /// A condition: its text, its answer when the program decides, and what it is the truth of.
    Test { text: Arc<str>, answer: Option<bool>, value: Option<Arc<str>> },
    /// A spawned process.
    Child,
    /// A new thread.
    Thread,
}

/// The case of the runner table that fits a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The runner, an index into the table.
    pub row: usize,
    pub package: Arc<str>,
    pub versions: Option<Arc<str>>,
    pub how: Arc<str>,
    /// Package version, file and line that the case was read from.
    pub evidence: Arc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aside {
    pub assumed: Vec<Arc<str>>,
    pub steps: Vec<Arc<Step>>,
    /// The program ends on this way.
    pub dead: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Finished,
    /// `os._exit`, or a loop that never ends.
    Stopped,
    Died(Arc<str>, Option<Id>),
    Bound(Arc<str>),
}

/// How much of its limit a run used on one platform, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    pub platform: Platform,
    pub taken: u64,
    /// Ways followed to an end.
    pub ways: usize,
    /// Why ways were left out or cut off, and where that was first so.
    pub given_up: Vec<(Arc<str>, Option<Site>)>,
    /// Every statement that was executed, on any way.
    pub ran: BTreeSet<Site>,
    /// By module or function, what was used in it and not in what it calls; the largest first.
    pub spent: Vec<(Arc<str>, Site, u64)>,
}

/// The steps so far, newest first, shared with the ways that branched off.
#[derive(Clone, Debug, Default)]
pub struct Log(Option<Rc<Node>>);

#[derive(Debug)]
struct Node {
    step: Arc<Step>,
    before: Log,
}

impl Log {
    /// The steps since a state this one came from, oldest first.
    pub fn since(&self, earlier: &Log) -> Vec<Arc<Step>> {
        let mut steps = Vec::new();
        let mut log = self;
        while let Some(node) = &log.0 {
            if earlier.0.as_ref().is_some_and(|earlier| Rc::ptr_eq(earlier, node)) {
                break;
            }
            steps.push(node.step.clone());
            log = &node.before;
        }
        steps.reverse();
        steps
    }

    /// The same steps, where those that no code of the project caused stand at a place.
    pub fn begun_at(&self, site: Option<Site>) -> Log {
        let mut log = Log::default();
        for step in self.since(&Log::default()) {
            log.push(Step { site: step.site.or(site), ..(*step).clone() });
        }
        log
    }

    pub fn push(&mut self, step: Step) {
        let before = std::mem::take(self);
        self.0 = Some(Rc::new(Node { step: Arc::new(step), before }));
    }
}

/// A long list must not be dropped one stack frame a step.
impl Drop for Node {
    fn drop(&mut self) {
        let mut next = self.before.0.take();
        while let Some(node) = next {
            match Rc::try_unwrap(node) {
                Ok(mut node) => next = node.before.0.take(),
                Err(_) => break,
            }
        }
    }
}

/// What a recording machine remembers over all ways.
#[derive(Debug, Default)]
pub struct Recorder {
    spent: BTreeMap<Site, (Arc<str>, u64)>,
    /// What the calls inside the present one used.
    inside: u64,
    given_up: Vec<(Arc<str>, Option<Site>)>,
    /// Every statement that was executed, on any way.
    pub ran: BTreeSet<Site>,
    /// The way at hand has reached a limit; what it does on its way up is not told.
    pub bound: bool,
}

impl Recorder {
    /// Where the effort went, and forgets it.
    pub fn effort(&mut self, platform: Platform, taken: u64, ways: usize) -> Effort {
        let mut spent: Vec<_> =
            std::mem::take(&mut self.spent).into_iter().map(|(site, (name, n))| (name, site, n)).collect();
        spent.sort_by_key(|(_, site, n)| (std::cmp::Reverse(*n), *site));
        spent.truncate(20);
        let given_up = std::mem::take(&mut self.given_up);
        Effort { platform, taken, ways, given_up, ran: self.ran.clone(), spent }
    }
}

impl<'p> Machine<'p> {
    /// Writes a step down, if a record is kept.
    pub fn note(&mut self, kind: impl FnOnce(&Machine<'p>) -> StepKind) {
        if self.recorder.is_some() {
            let step = self.step_here(kind(self));
            self.state.log.push(step);
        }
    }

    /// A step at the place where the run stands.
    pub fn step_here(&self, kind: StepKind) -> Step {
        Step {
            kind,
            site: self.sites().last().copied(),
            process: self.process,
            thread: self.state.thread,
            taken: self.meter.steps,
        }
    }

    /// Runs what hangs on a condition.
    pub fn tested<T>(
        &mut self,
        site: Site,
        value: &Value,
        answer: Option<bool>,
        body: impl FnOnce(&mut Machine<'p>) -> T,
    ) -> T {
        if self.recorder.is_none() || !matches!(site.unit, Unit::Project(_)) {
            return body(self);
        }
        let text: Arc<str> = self.text(site.unit, site.span).into();
        let value = match value {
            Value::Bool(_) => None,
            value => Some(Arc::from(self.shown(value))),
        };
        let step = self.step_here(StepKind::Open(Block::Test { text, answer, value }));
        self.state.log.push(Step { site: Some(site), ..step });
        let result = body(self);
        self.note(|_| StepKind::Close);
        result
    }

    /// Runs a module or function of the project and counts what that takes.
    pub fn measured<T>(
        &mut self,
        site: Site,
        block: impl FnOnce(&Machine<'p>) -> Block,
        body: impl FnOnce(&mut Machine<'p>) -> T,
    ) -> T {
        if self.recorder.is_none() || !matches!(site.unit, Unit::Project(_)) {
            return body(self);
        }
        let block = block(self);
        let name = match &block {
            Block::Module(name, _) | Block::Call(name, _) => name.clone(),
            Block::Test { .. } | Block::Child | Block::Thread => "".into(),
        };
        self.note(|_| StepKind::Open(block));
        let start = self.meter.steps;
        let outside = self.recorder.as_mut().map_or(0, |recorder| std::mem::take(&mut recorder.inside));
        let result = body(self);
        let total = self.meter.steps.saturating_sub(start);
        if let Some(recorder) = &mut self.recorder {
            let own = total.saturating_sub(recorder.inside);
            recorder.spent.entry(site).or_insert((name, 0)).1 += own;
            recorder.inside = outside + total;
        }
        self.note(|_| StepKind::Close);
        result
    }

    /// Notes that not every way is followed to its end.
    pub fn cut_short(&mut self, reason: &str) {
        self.incomplete.get_or_insert_with(|| reason.into());
        self.note_given_up(reason);
    }

    pub fn note_given_up(&mut self, reason: &str) {
        self.note(|_| StepKind::GivenUp(reason.into()));
        let site = self.sites().last().copied();
        if let Some(recorder) = &mut self.recorder
            && recorder.given_up.iter().all(|(other, _)| **other != *reason)
        {
            recorder.given_up.push((reason.into(), site));
        }
    }
}
