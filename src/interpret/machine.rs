//! The machine of the paper run: one program, one world, one way at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::entry::{LoopKind, Process};
use crate::interpret::env::Env;
use crate::interpret::explore::Tape;
use crate::interpret::later::Later;
use crate::interpret::meter::{Body, Given, Meter};
use crate::interpret::nearness::Distances;
use crate::interpret::prelude;
use crate::interpret::state::State;
use crate::interpret::steps::{Recorder, StepKind};
use crate::interpret::stuck::{End, Ends};
use crate::interpret::trace::{Event, EventKind, Guard, Root, Site};
use crate::interpret::value::{FunctionObject, Id, Names, Object, Unknown, Value};
use crate::interpret::world::World;
use crate::ir::{Name, Span};
use crate::knowledge::Knowledge;
use crate::project::Project;

/// Which code a span belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A module of the project, by index.
    Project(usize),
    /// A stub of the standard library, by index.
    Stub(usize),
    /// Text the program itself executes with `exec` or `eval`.
    Text,
}

/// Said where a limit on steps was reached.
pub const TOO_LARGE: &str = "the program is too large to follow";

pub type Flow<T> = Result<T, Stop>;

/// Why the code at hand does not go on to its next line.
#[derive(Clone, Debug)]
pub enum Stop {
    Return(Value),
    /// An exception object, or an unknown one.
    Raise(Value),
    Break,
    Continue,
    /// The process ends here without unwinding (`os._exit`, a loop that never ends).
    Exit,
    /// A limit of the analysis was reached.
    Bound(&'static str),
}

/// Limits of one root in one world. They count steps, never time, so that every machine and every
/// number of threads gives the same answer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Statements and expressions evaluated, over all ways together.
    pub steps: u64,
    /// The same for an import that many roots begin with; it is followed once for all of them.
    pub import_steps: u64,
    /// The same for a function that is called on its own after its module was imported.
    pub function_steps: u64,
    /// The same for each function that unknown code holds on to.
    pub escaped_steps: u64,
    /// Nested calls.
    pub depth: usize,
    /// Nested statements and expressions, over all calls: what keeps the stack of the thread from overflowing.
    pub nesting: usize,
    /// Nested activations of one function.
    pub recursion: usize,
    /// Ways followed from one root.
    pub ways: usize,
}

impl Limits {
    /// The limits of each of so many roots: a folder of a thousand scripts must not take a thousand
    /// times as long as one.
    pub fn of_one_in(roots: usize) -> Limits {
        let all = Limits::default();
        let share = TOGETHER / roots.max(1) as u64;
        Limits { steps: all.steps.min(share.max(all.function_steps / 4)), ..all }
    }

    /// What is left of a share to a program that is likely to come to no loop at all. Where many hundreds
    /// share, that is less than the others get.
    pub fn of_a_bystander(self) -> Limits {
        let is_small = self.steps < self.function_steps / 2;
        Limits { steps: if is_small { self.function_steps / 8 } else { self.steps }, ..self }
    }
}

/// Modules that import each other in a row: each takes six of CPython's thousand frames.
const IMPORTS: usize = 150;

/// Steps that so many roots may take together, on each platform, before their limits shrink.
const TOGETHER: u64 = 4_000_000;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            steps: 200_000,
            import_steps: 80_000,
            function_steps: 16_000,
            escaped_steps: 8_000,
            depth: 80,
            nesting: 4_000,
            recursion: 3,
            ways: 48,
        }
    }
}

pub struct Frame {
    pub unit: Unit,
    /// Where in the unit the run stands.
    pub span: Span,
    pub function: Option<Id>,
    /// Enclosing `try` statements with handlers, in this frame.
    pub handlers: usize,
}

pub struct Machine<'p> {
    pub project: &'p Project,
    pub knowledge: &'p Knowledge,
    pub world: &'p World<'p>,
    pub limits: Limits,
    pub state: State,
    pub tape: Tape,
    pub frames: Vec<Frame>,
    /// How many of the frames are those of modules that are being loaded.
    pub loading: usize,
    /// How many frames of generators wait while the code runs that asked for their values.
    pub waiting: usize,
    pub meter: Meter,
    /// The bodies that are being followed, outermost first.
    pub bodies: Vec<Body>,
    /// How far functions are from a loop, as far as it was asked.
    pub distances: Distances,
    /// Steps left, over all ways, to functions that are run because unknown code holds on to them.
    pub callback_steps: u64,
    /// Functions that were run because code we do not see holds on to them: once for the same loops is enough.
    pub called_back: BTreeMap<(Unit, Span), BTreeSet<Vec<LoopKind>>>,
    /// Where the ways through the program have ended so far.
    pub ends: Ends,
    /// What is known of a package that is too large for this program.
    pub stuck: Option<Rc<End>>,
    /// Where ways had ended inside regions that a limit cut off.
    pub cut_off: Vec<State>,
    /// What functions did that run at some time later, where they can take more than one way.
    pub later: Vec<Later>,
    /// Such functions that are running now, outermost first.
    pub later_now: Vec<(Unit, Span)>,
    /// Functions that are not followed again, because they took too many steps.
    pub given_up: BTreeMap<(Unit, Span), Given>,
    /// Steps that are kept back for the other ways when the first one takes all there are.
    pub reserve: u64,
    /// What leads to no loop is hardly looked at, because a patient run did not get as far as one.
    pub hurried: bool,
    /// How deeply statements and expressions are nested right now.
    nesting: usize,
    /// Enclosing `try` statements with handlers, over all frames.
    pub handlers: usize,
    /// Those among them that name an error of looking something up: `KeyError`, `AttributeError` …
    pub lookup_handlers: usize,
    /// Those among them that name the error with which a loop refuses something.
    pub refusal_handlers: usize,
    pub root: Root,
    /// Frameworks that the project publishes, and the root uses as everybody does.
    pub as_everybody: BTreeSet<Name>,
    pub process: Process,
    /// The number of that process, in the order of spawns.
    pub process_number: u32,
    /// A spawned child is executing its main module, before its work begins.
    pub preparing: bool,
    /// The package of a module started with `-m`.
    pub main_package: Option<Name>,
    /// The state after the builtins are in place: what a fresh process starts from.
    pub fresh: State,
    /// Functions of the project whose body ran at least once, on any way.
    pub executed: BTreeSet<(Unit, Span)>,
    /// The same with those that were given up half way, or only tried out.
    pub entered: BTreeSet<(Unit, Span)>,
    /// Top-level names that imports looked for on `sys.path`.
    pub looked_up: BTreeSet<Name>,
    /// Modules of the project that were loaded, on any way.
    pub loaded: BTreeSet<usize>,
    /// Tests of the platform, on any way.
    pub guards: BTreeSet<Guard>,
    /// The steps among those so far that were taken in regions.
    pub explored: u64,
    /// How often something was read that the platform decides.
    pub platform_reads: u64,
    /// Why some ways were not followed.
    pub incomplete: Option<Arc<str>>,
    /// Keeps a record of every step, if there is one.
    pub recorder: Option<Recorder>,
}

impl<'p> Machine<'p> {
    pub fn new(
        project: &'p Project,
        knowledge: &'p Knowledge,
        world: &'p World<'p>,
        root: Root,
    ) -> Machine<'p> {
        let mut machine = Machine {
            project,
            knowledge,
            world,
            limits: Limits::default(),
            state: State::default(),
            tape: Tape::default(),
            frames: Vec::new(),
            loading: 0,
            waiting: 0,
            meter: Meter::default(),
            bodies: Vec::new(),
            distances: Distances::default(),
            callback_steps: 0,
            called_back: BTreeMap::new(),
            ends: Ends::default(),
            stuck: None,
            cut_off: Vec::new(),
            later: Vec::new(),
            later_now: Vec::new(),
            given_up: BTreeMap::new(),
            reserve: 0,
            hurried: false,
            nesting: 0,
            handlers: 0,
            lookup_handlers: 0,
            refusal_handlers: 0,
            root,
            as_everybody: BTreeSet::new(),
            process: Process::Parent,
            process_number: 0,
            preparing: false,
            main_package: None,
            fresh: State::default(),
            executed: BTreeSet::new(),
            entered: BTreeSet::new(),
            looked_up: BTreeSet::new(),
            loaded: BTreeSet::new(),
            guards: BTreeSet::new(),
            explored: 0,
            platform_reads: 0,
            incomplete: None,
            recorder: None,
        };
        machine.as_everybody = machine.used_as_everybody();
        prelude::install(&mut machine);
        machine.fresh = machine.state.clone();
        machine
    }

    /// A limit is reached here.
    #[cold]
    pub fn bound<T>(&mut self, reason: &'static str) -> Flow<T> {
        if self.recorder.as_mut().is_some_and(|recorder| !std::mem::replace(&mut recorder.bound, true)) {
            self.note_given_up(reason);
        }
        Err(Stop::Bound(reason))
    }

    /// Runs what stands inside the code at hand.
    pub fn nested<T>(&mut self, body: impl FnOnce(&mut Machine<'p>) -> Flow<T>) -> Flow<T> {
        if self.nesting >= self.limits.nesting {
            return self.bound("the code is nested too deeply");
        }
        self.nesting += 1;
        let result = body(self);
        self.nesting -= 1;
        result
    }

    pub fn alloc(&mut self, object: Object) -> Value {
        self.count_copying(match &object {
            Object::List(items) | Object::Set(items) => items.items.len(),
            Object::Dict(mapping) => mapping.entries.len(),
            _ => 0,
        });
        Value::Object(self.state.heap.alloc(object))
    }

    pub fn scope(&mut self, names: Names) -> Id {
        self.state.heap.alloc(Object::Scope(names))
    }

    /// A value nothing is known about.
    pub fn unknown(&mut self, label: impl Into<Arc<str>>) -> Value {
        self.state.next_unknown += 1;
        let id = self.state.next_unknown;
        Value::Unknown(Rc::new(Unknown { id, label: short(label.into()), options: None }))
    }

    /// One of a few values.
    pub fn one_of(&mut self, label: impl Into<Arc<str>>, options: Vec<Value>) -> Value {
        self.state.next_unknown += 1;
        let id = self.state.next_unknown;
        let (label, options) = (short(label.into()), Some(options.into()));
        Value::Unknown(Rc::new(Unknown { id, label, options }))
    }

    /// The unknown that `what` (an attribute, a key, a comparison) makes of another: asked twice, the same.
    pub fn derive(&self, from: &Unknown, what: &str, label: String) -> Value {
        let id = Unknown::derived(from.id, what);
        Value::Unknown(Rc::new(Unknown { id, label: short(label.into()), options: None }))
    }

    /// The text of the code at a span, shortened to one line of at most 60 characters.
    pub fn text(&self, unit: Unit, span: Span) -> String {
        let text = match unit {
            Unit::Project(module) => &self.project.modules[module].source().text,
            Unit::Stub(_) | Unit::Text => return String::new(),
        };
        let text = text.get(span.start as usize..span.end as usize).unwrap_or("");
        let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() > 60 {
            line = line.chars().take(59).chain(['…']).collect();
        }
        line
    }

    /// The frames of the project's own code, outermost first.
    pub fn sites(&self) -> Vec<Site> {
        self.frames
            .iter()
            .filter(|frame| matches!(frame.unit, Unit::Project(_)))
            .map(|frame| Site { unit: frame.unit, span: frame.span })
            .collect()
    }

    /// The dotted name of the outermost function outside the project that the project called.
    pub fn called_as(&self) -> Option<Arc<str>> {
        let inner = self.frames.iter().rposition(|frame| matches!(frame.unit, Unit::Project(_)))?;
        let frame = self.frames.get(inner + 1)?;
        let Object::Function(function) = self.state.heap.get(frame.function?) else { return None };
        Some(self.shown_name(function))
    }

    /// `asyncio.run` for a stub's function; classes may say under which name people know them.
    fn shown_name(&self, function: &FunctionObject) -> Arc<str> {
        if let Some(class) = function.class
            && let Object::Class(class) = self.state.heap.get(class)
            && let Some(Value::Str(shown)) = self.state.heap.scope(class.scope).get("__shown__")
        {
            return format!("{shown}.{}", function.code.name).into();
        }
        match self.state.heap.scope(function.globals).get("__shown__") {
            Some(Value::Str(module)) => format!("{module}.{}", function.qualname).into(),
            _ => function.qualname.clone(),
        }
    }

    /// The loops that have run in this process.
    pub fn loops_before(&self) -> u32 {
        let here = |event: &&Arc<Event>| event.process_number == self.process_number;
        self.state.events.iter().filter(here).filter(|event| matches!(event.kind, EventKind::Run(_))).count()
            as u32
    }

    pub fn record(&mut self, kind: EventKind) {
        let stack = self.sites();
        let loops_before = self.loops_before();
        let event = Arc::new(Event {
            kind,
            site: stack.last().copied(),
            stack,
            process: self.process,
            process_number: self.process_number,
            thread: self.state.thread,
            loops_before,
            inside_loop: !self.state.running.is_empty(),
            called_back: !self.later_now.is_empty(),
        });
        self.note(|_| StepKind::Event(event.clone()));
        self.state.events.push_back(event);
    }

    /// Raises one of Python's own exceptions.
    pub fn raise<T>(&mut self, class: &str, message: impl Into<Arc<str>>) -> Flow<T> {
        let error = self.exception(class, message);
        self.raised(error)
    }

    /// An instance of one of Python's own exceptions.
    pub fn exception(&mut self, class: &str, message: impl Into<Arc<str>>) -> Value {
        let Some(class) = self.builtin(class).as_id() else { return self.unknown("an exception") };
        let mut attributes = Names::new();
        attributes.insert(Name::from("args"), Value::tuple(vec![Value::Str(message.into())]));
        self.alloc(Object::Instance { class, attributes, open: false })
    }

    /// An exception is on its way up.
    pub fn raised<T>(&mut self, error: Value) -> Flow<T> {
        self.note(|machine| StepKind::Raised {
            error: machine.shown_error(&error).into(),
            id: error.as_id(),
        });
        Err(Stop::Raise(error))
    }

    /// What the program does where it seems to fail at looking something up.
    ///
    /// A program that people ship does not fail there: rather we see less than there is. So the run
    /// goes on with a value nothing is known about, unless the code is ready for the error.
    pub fn doubt(&mut self, class: &str, message: impl Into<Arc<str>>) -> Flow<Value> {
        let message = message.into();
        if self.expects_errors() {
            return self.raise(class, message);
        }
        self.state.may_raise += 1;
        Ok(self.unknown(message))
    }

    /// Whether the code at hand is ready for an error.
    pub fn expects_errors(&self) -> bool {
        let ready = |frame: &Frame| frame.handlers > 0 || matches!(frame.unit, Unit::Stub(_));
        self.lookup_handlers > 0 || self.frames.last().is_none_or(ready)
    }

    /// A name of the `builtins` module.
    pub fn builtin(&self, name: &str) -> Value {
        self.state.heap.scope(prelude::BUILTINS).get(name).cloned().unwrap_or(Value::None)
    }

    /// Runs `body` as a frame of the given code.
    pub fn in_frame<T>(
        &mut self,
        unit: Unit,
        function: Option<Id>,
        body: impl FnOnce(&mut Machine<'p>) -> Flow<T>,
    ) -> Flow<T> {
        // Modules that import each other in a long row are no calls; Python follows such a row as well,
        // to about this length.
        let calls = self.frames.len().saturating_sub(self.loading) + self.waiting;
        if function.is_some() && calls >= self.limits.depth || self.loading > IMPORTS {
            return self.bound("calls are nested too deeply");
        }
        let loads = usize::from(function.is_none());
        self.loading += loads;
        self.frames.push(Frame { unit, span: Span::default(), function, handlers: 0 });
        let result = body(self);
        self.frames.pop();
        self.loading -= loads;
        result
    }

    /// Notes where the run stands; calls are more precise than the statements around them.
    pub fn stand_at(&mut self, env: &Env<'_, 'p>, span: Span) {
        if let Some(frame) = self.frames.last_mut()
            && frame.unit == env.unit
        {
            frame.span = span;
        }
    }
}

/// Labels are made of others, and may double with each.
const LONGEST_LABEL: usize = 400;

/// A label that no program makes longer and longer.
pub fn short(label: Arc<str>) -> Arc<str> {
    if label.len() <= LONGEST_LABEL {
        return label;
    }
    format!("{}…", &label[..label.floor_char_boundary(LONGEST_LABEL)]).into()
}
