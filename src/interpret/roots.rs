//! Running one root on every platform, along every way.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::entry::Launch;
use crate::files::Role;
use crate::interpret::explore::Tape;
use crate::interpret::inherit::Inherited;
use crate::interpret::machine::{Flow, Limits, Machine, Stop, TOO_LARGE, Unit};
use crate::interpret::steps::{End, Log, Recorder, StepKind};
use crate::interpret::trace::{PathTrace, Root, RootTrace};
use crate::interpret::value::{Id, Object, Unknown, Value};
use crate::interpret::world::World;
use crate::ir::{Name, Span};
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::project::{Module, Project};

/// How the stub of `sys` names the question.
const FROZEN: &str = "whether the program is frozen";

pub struct RunOptions<'p> {
    pub project: &'p Project,
    pub worlds: &'p [World<'p>],
    pub knowledge: &'p Knowledge,
    pub limits: Limits,
}

/// Runs one root in every world. The second part names the functions whose bodies ran.
pub fn run_root(options: &RunOptions<'_>, root: &Root) -> (RootTrace, BTreeSet<(Unit, Span)>) {
    run_root_with(options, root, false)
}

/// As [`run_root`], with a record of the steps.
pub fn record_root(options: &RunOptions<'_>, root: &Root) -> RootTrace {
    run_root_with(options, root, true).0
}

fn run_root_with(options: &RunOptions<'_>, root: &Root, record: bool) -> (RootTrace, BTreeSet<(Unit, Span)>) {
    let mut trace = RootTrace { limits: options.limits, ..RootTrace::new(root.clone()) };
    let (mut executed, mut entered) = (BTreeSet::new(), BTreeSet::new());
    let module = &options.project.modules[root.module];
    // What stands in test functions is left to the test runner; the rest of a test module is small.
    let only_tests = module.is_test(&options.project.top) && !module.has_main_guard();
    let own = options.limits.steps;
    let steps = if only_tests { own.min(options.limits.function_steps / 2) } else { own };
    let command = module.command.as_ref();
    let is_run = |platform| command.is_none_or(|command| command.place.platforms.contains(&platform));
    for world in options.worlds {
        if !is_run(world.platform) {
            continue;
        }
        if is_run(Platform::Linux)
            && let Some(linux) = like_linux(options, world, &trace.modules, &entered)
        {
            trace.paths.extend(on_darwin(&trace, linux));
            continue;
        }
        let mut machine = Machine::new(options.project, options.knowledge, world, root.clone());
        machine.limits = options.limits;
        machine.allow(steps);
        machine.recorder = record.then(Recorder::default);
        if trace.given_up {
            machine.follow_first_import(&mut trace);
        } else {
            machine.follow_program(&mut trace);
        }
        executed.append(&mut machine.executed);
        entered.append(&mut machine.entered);
        trace.modules.append(&mut machine.loaded);
        trace.guards.append(&mut machine.guards);
        trace.asked.extend(world.asked().packages);
        if !names_a_loop(module) && is_given_up(world, &trace) {
            if trace.is_quiet() {
                break;
            }
            trace.given_up = machine.only_imported(&trace);
        }
    }
    (trace, executed)
}

/// Whether a file itself names what may start a loop, as a command line does that starts a server.
fn names_a_loop(module: &Module) -> bool {
    matches!(module.file.role, Role::Seed | Role::Command)
}

/// Calls functions of one module, each on its own after the module was imported, in every world.
pub fn run_functions(options: &RunOptions<'_>, roots: &[Root], inherited: Inherited) -> Vec<RootTrace> {
    run_functions_with(options, roots, inherited, false)
}

/// As [`run_functions`], with a record of the steps.
pub fn record_functions(options: &RunOptions<'_>, roots: &[Root], inherited: Inherited) -> Vec<RootTrace> {
    run_functions_with(options, roots, inherited, true)
}

fn run_functions_with(
    options: &RunOptions<'_>,
    roots: &[Root],
    inherited: Inherited,
    record: bool,
) -> Vec<RootTrace> {
    let mut traces: Vec<RootTrace> = roots.iter().cloned().map(RootTrace::new).collect();
    let Some(first) = roots.first() else { return traces };
    let (mut loaded, mut entered) = (BTreeSet::new(), BTreeSet::new());
    for world in options.worlds {
        if let Some(linux) = like_linux(options, world, &loaded, &entered) {
            for trace in &mut traces {
                trace.paths.extend(on_darwin(trace, linux));
            }
            continue;
        }
        let mut machine = Machine::new(options.project, options.knowledge, world, first.clone());
        machine.limits = options.limits;
        machine.recorder = record.then(Recorder::default);
        machine.allow(machine.limits.steps);
        machine.run_functions(&mut traces, inherited);
        loaded.append(&mut machine.loaded);
        entered.append(&mut machine.entered);
        if traces.iter().all(|trace| is_given_up(world, trace) && trace.is_quiet()) {
            break;
        }
    }
    traces
}

/// Whether the runs on Windows, which are the first, were given up. Where nothing about loops has happened by
/// then, they would take as many steps elsewhere, for an answer that nobody asks for alone.
fn is_given_up(world: &World<'_>, trace: &RootTrace) -> bool {
    let withheld = || trace.guards.iter().any(|guard| guard.withheld.is_some());
    world.platform == Platform::Windows && trace.incomplete.is_some() && !withheld()
}

/// The world of Linux, when the runs there have been through and nothing they met can tell it from
/// this one, which is macOS.
fn like_linux<'w>(
    options: &RunOptions<'w>,
    world: &World<'_>,
    loaded: &BTreeSet<usize>,
    entered: &BTreeSet<(Unit, Span)>,
) -> Option<&'w World<'w>> {
    let linux = options.worlds.iter().take_while(|other| other.platform != world.platform);
    let linux = linux.into_iter().find(|other| other.platform == Platform::Linux)?;
    let same = world.platform == Platform::Darwin
        && linux.python == world.python
        && linux.is_like(world.platform)
        && !loaded.iter().any(|module| {
            let entered = |function| entered.contains(&(Unit::Project(*module), function));
            options.project.modules[*module].tells_unixes_apart(entered)
        });
    same.then_some(linux)
}

/// What happened on Linux, as it would have happened on macOS.
fn on_darwin(trace: &RootTrace, linux: &World<'_>) -> Vec<PathTrace> {
    let paths = trace.paths_on(linux.platform);
    paths.map(|path| PathTrace { platform: Platform::Darwin, ..path.clone() }).collect()
}

impl<'p> Machine<'p> {
    /// Whether nothing about loops happened but in the first import of the program.
    fn only_imported(&mut self, trace: &RootTrace) -> bool {
        self.begin();
        trace.paths.iter().all(|path| path.events.len() <= self.state.events.len())
    }

    /// What the first import of a program does that is not followed any further.
    fn follow_first_import(&mut self, trace: &mut RootTrace) {
        self.follow_ways(&[], trace, &|machine: &mut Machine<'p>| {
            machine.begin();
            Err(Stop::Bound(TOO_LARGE))
        });
    }

    /// Runs something along every way, and adds what happened to a trace. When it is too large to get
    /// as far as a loop, it is run again in a hurry, where that is likely to help.
    pub fn follow(
        &mut self,
        assumed: &[Arc<str>],
        trace: &mut RootTrace,
        run: impl Fn(&mut Machine<'p>) -> Flow<()>,
    ) {
        let steps = self.limits.steps.saturating_sub(self.meter.steps);
        let known = trace.clone();
        let complete = self.follow_ways(assumed, trace, &run);
        let reaches = |trace: &RootTrace| trace.paths[known.paths.len()..].iter().any(PathTrace::runs_a_loop);
        if complete || reaches(trace) || steps == 0 || !self.may_hurry() {
            return;
        }
        let mut again = known.clone();
        self.hurried = true;
        self.allow(steps / 2);
        self.forget_ways();
        self.follow_ways(assumed, &mut again, &run);
        self.hurried = false;
        if reaches(&again) {
            again.incomplete.clone_from(&trace.incomplete);
            *trace = again;
        }
    }

    /// One of many programs that only import what may start a loop comes to none in a hurry either: a
    /// thousand scripts of a large package must not be run twice for that.
    fn may_hurry(&self) -> bool {
        names_a_loop(&self.project.modules[self.root.module]) || self.limits.steps == Limits::default().steps
    }

    /// What was learnt on the ways so far is not for those that come.
    pub fn forget_ways(&mut self) {
        self.given_up.clear();
        self.called_back.clear();
        self.cut_off.clear();
        self.tape = Tape::default();
    }

    /// Whether all ways were followed to their ends.
    fn follow_ways(
        &mut self,
        assumed: &[Arc<str>],
        trace: &mut RootTrace,
        run: &impl Fn(&mut Machine<'p>) -> Flow<()>,
    ) -> bool {
        let (mut ways, start) = (0, self.meter.steps);
        self.reserve = self.limits.steps.saturating_sub(start) / 4;
        self.callback_steps = self.limits.steps.saturating_sub(start) / 4;
        loop {
            let outcome = run(self);
            ways += 1;
            self.ends.ways += 1;
            let bound = matches!(outcome, Err(Stop::Bound(_)));
            self.finish(assumed, trace, outcome);
            if bound || !self.tape.advance() {
                break;
            }
            if ways >= self.limits.ways {
                self.cut_short("too many ways through the program");
                break;
            }
        }
        let (platform, taken) = (self.world.platform, self.meter.steps.saturating_sub(start));
        if let Some(recorder) = &mut self.recorder {
            trace.effort.push(recorder.effort(platform, taken, ways));
        }
        let given_up = self.incomplete.take();
        let complete = given_up.is_none();
        if let Some(reason) = given_up {
            trace.incomplete.get_or_insert(reason);
        }
        complete
    }

    /// Writes down one way that has come to its end.
    fn finish(&mut self, assumed: &[Arc<str>], trace: &mut RootTrace, outcome: Flow<()>) {
        let died = match &outcome {
            Err(Stop::Raise(error)) => Some(Arc::from(self.shown_error(error))),
            _ => None,
        };
        self.note(|machine| StepKind::End(machine.end(&outcome)));
        if let Some(recorder) = &mut self.recorder {
            recorder.bound = false;
        }
        match outcome {
            Err(Stop::Bound(reason)) => {
                self.incomplete.get_or_insert_with(|| reason.into());
            }
            _ => self.run_escaped(),
        }
        for later in std::mem::take(&mut self.later) {
            trace.paths.push(PathTrace {
                platform: self.world.platform,
                frozen: self.assumes_frozen(),
                assumed: assumed.iter().cloned().chain(self.tape.labels()).chain(later.assumed).collect(),
                events: later.state.events.into_iter().collect(),
                died: None,
                steps: later.state.log.since(&Log::default()),
            });
        }
        let cut_off = std::mem::take(&mut self.cut_off);
        for state in cut_off.into_iter().filter(|state| state.events.len() > self.state.events.len()) {
            trace.paths.push(PathTrace {
                platform: self.world.platform,
                frozen: false,
                assumed: assumed.to_vec(),
                events: state.events.into_iter().collect(),
                died: None,
                steps: state.log.since(&Log::default()),
            });
        }
        trace.paths.push(PathTrace {
            platform: self.world.platform,
            frozen: self.assumes_frozen(),
            assumed: assumed.iter().cloned().chain(self.tape.labels()).collect(),
            events: std::mem::take(&mut self.state.events).into_iter().collect(),
            died,
            steps: self.state.log.since(&Log::default()),
        });
    }

    fn end(&self, outcome: &Flow<()>) -> End {
        match outcome {
            Err(Stop::Raise(error)) => End::Died(self.shown_error(error).into(), error.as_id()),
            Err(Stop::Bound(reason)) => End::Bound((*reason).into()),
            Err(Stop::Exit) => End::Stopped,
            _ => End::Finished,
        }
    }

    /// Imports the module once for each way the import can take, and calls every function from there.
    fn run_functions(&mut self, traces: &mut [RootTrace], inherited: Inherited) {
        let dotted = self.project.dotted_name(self.root.module);
        for way in 0..self.limits.ways {
            self.begin();
            let import = |machine: &mut Machine<'p>| match inherited {
                Inherited::Default | Inherited::Unseen => machine.import_for_function(&dotted, way == 0),
                _ => machine.import(&dotted),
            };
            let module = match self.inherit(inherited).and_then(|()| import(self)) {
                Ok(module) => module,
                Err(stop) => {
                    let log = self.state.log.clone();
                    for trace in traces {
                        self.state.log = log.clone();
                        let stop = stop.clone();
                        self.follow(&[], trace, |_| Err(stop.clone()));
                    }
                    return;
                }
            };
            // Functions that the import handed away are run where the module itself is a root.
            self.state.escaped = Default::default();
            let (state, assumed, meter) = (self.state.clone(), self.tape.labels(), self.meter);
            let imported = self.recorder.as_ref().map(|recorder| recorder.ran.clone());
            let tape = std::mem::take(&mut self.tape);
            for trace in traces.iter_mut() {
                let Some((function, _)) = trace.root.function.clone() else { continue };
                // The import has left at least what one function may take, or is at the limit itself.
                self.allow(self.limits.function_steps.min(self.limits.steps.saturating_sub(meter.steps)));
                self.given_up.clear();
                self.tape = Tape::default();
                if let (Some(recorder), Some(ran)) = (&mut self.recorder, &imported) {
                    recorder.ran = ran.clone();
                }
                self.follow(&assumed, trace, |machine| {
                    machine.state = state.clone();
                    machine.leave_all();
                    machine.call_root(module.clone(), &function)
                });
            }
            self.tape = tape;
            self.meter = meter;
            if !self.tape.advance() {
                return;
            }
        }
        for trace in traces {
            trace.incomplete.get_or_insert_with(|| "too many ways through the program".into());
        }
    }

    pub fn launch(&mut self) -> Flow<()> {
        let root = self.root.clone();
        let project = self.project;
        match root.launch {
            Launch::Script | Launch::Child | Launch::Launcher => {
                let host = project.modules[root.module].host();
                let name = host.map_or("__main__", |host| &host.module);
                self.load(name, root.module, None).map(drop)
            }
            Launch::Notebook => self.run_cells(root.module),
            Launch::Module => {
                let dotted = project.dotted_name(root.module);
                if let Some((package, _)) = dotted.rsplit_once('.') {
                    self.import_packages(package)?;
                }
                self.load_as_main(root.module, &dotted)
            }
            _ => {
                let dotted = project.dotted_name(root.module);
                let module = self.import(&dotted)?;
                match &root.function {
                    Some((function, _)) => self.call_root(module, function),
                    None => Ok(()),
                }
            }
        }
    }

    /// `python -m package.module`
    fn load_as_main(&mut self, module: usize, dotted: &str) -> Flow<()> {
        let package: Name = dotted.rsplit_once('.').map_or("", |(package, _)| package).into();
        self.main_package = Some(package);
        self.load("__main__", module, None).map(drop)
    }

    /// Calls a function nothing is known about the arguments of; a method on an object nothing is known about.
    fn call_root(&mut self, module: Value, dotted: &str) -> Flow<()> {
        let mut found = module;
        let mut class: Option<Id> = None;
        for part in dotted.split('.') {
            class = found.as_id().filter(|id| matches!(self.state.heap.get(*id), Object::Class(_)));
            found = match self.find_attribute(&found, part)? {
                Some(found) => found,
                None => return Ok(()),
            };
        }
        // A console script calls its function with nothing.
        let anything = match self.root.launch {
            Launch::ConsoleScript => Vec::new(),
            _ => vec![("*".into(), Value::None), ("**".into(), Value::None)],
        };
        let function = match found.as_id().map(|id| self.state.heap.get(id).clone()) {
            Some(Object::Function(_)) | Some(Object::Method { .. }) => found,
            Some(
                Object::StaticMethod(function) | Object::ClassMethod(function) | Object::Property(function),
            ) => function,
            _ => return Ok(()),
        };
        let is_method = class.is_some()
            && matches!(function.as_id().map(|id| self.state.heap.get(id)), Some(Object::Function(f)) if f.class.is_some());
        let args = match class {
            Some(class) if is_method => {
                vec![self.alloc(Object::Instance { class, attributes: Default::default(), open: true })]
            }
            _ => Vec::new(),
        };
        let result = self.call(function, args, anything)?;
        if let Some(generator) = self.as_generator(&result) {
            self.drive(generator, &|_, _| Ok(Value::None))?;
        } else if matches!(result.as_id().map(|id| self.state.heap.get(id)), Some(Object::Suspended(_))) {
            let anywhere = self.unknown("the caller's loop");
            self.while_running(anywhere, |machine| machine.wait_for(result))?;
        }
        Ok(())
    }

    /// Whether this way assumed that `sys.frozen` is there and true.
    fn assumes_frozen(&self) -> bool {
        let question = Unknown::derived(0, FROZEN);
        let exists = Unknown::derived(question, "exists");
        let fact = |id| self.state.facts.get(&id).copied();
        fact(question) == Some(0) || fact(exists) == Some(0) && fact(question).is_none()
    }

    pub fn code_of(&self, id: Id) -> Option<(Unit, Span)> {
        match self.state.heap.get(id) {
            Object::Function(function) => Some((function.unit, function.code.name_span)),
            Object::Method { function: Value::Object(function), .. } => self.code_of(*function),
            _ => None,
        }
    }

    pub fn shown_error(&self, error: &Value) -> String {
        let Some(Object::Instance { class, attributes, .. }) =
            error.as_id().map(|id| self.state.heap.get(id))
        else {
            return "an exception".into();
        };
        let class = self.shown(&Value::Object(*class));
        match attributes.get("args") {
            Some(Value::Tuple(args)) if !args.is_empty() => match &args[0] {
                Value::Str(text) if !text.is_empty() => format!("{class}: {text}"),
                _ => class,
            },
            _ => class,
        }
    }
}
