//! Functions that code we do not see holds on to: handlers, commands, callbacks. When they run, and with
//! what, nobody knows; so each is run on its own after what is known, along every way it can take.

use std::sync::Arc;

use crate::entry::LoopKind;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::nearness::{Distance, FARTHEST, MAYBE};
use crate::interpret::needs::RUNNING;
use crate::interpret::state::State;
use crate::interpret::value::{Id, Object, Value};

/// One way through such a function that did something about loops, where there is more than one way.
pub struct Later {
    /// What was assumed in the function, in words.
    pub assumed: Vec<Arc<str>>,
    pub state: State,
}

/// So many of them are run, those that are nearest to a loop.
const FUNCTIONS: usize = 64;
/// Ways followed through one of them.
const WAYS: usize = 8;
/// Functions that such a function hands away in turn.
const DEPTH: usize = 3;

impl<'p> Machine<'p> {
    /// Runs what code we do not see holds on to, at the end of a way through the program.
    pub fn run_escaped(&mut self) {
        self.run_escaped_at(0, &[]);
    }

    /// As [`Machine::run_escaped`], in the middle of a run: what is running goes on behind it.
    pub fn run_escaped_aside(&mut self) {
        let (frames, loading) = (std::mem::take(&mut self.frames), std::mem::take(&mut self.loading));
        let handlers = (self.handlers, self.lookup_handlers, self.refusal_handlers);
        self.run_escaped();
        (self.frames, self.loading) = (frames, loading);
        (self.handlers, self.lookup_handlers, self.refusal_handlers) = handlers;
    }

    fn run_escaped_at(&mut self, depth: usize, assumed: &[Arc<str>]) {
        let escaped = std::mem::take(&mut self.state.escaped);
        let loops = self.loops_started();
        let module = &self.project.modules[self.root.module];
        let is_test = module.is_test(&self.project.top);
        if is_test && !module.has_main_guard() {
            return;
        }
        // The tests of a file are many, and words such as `run` stand in most of them.
        let farthest = if is_test { FARTHEST } else { MAYBE };
        // They get steps of their own, so that none costs another one, or the next way, its end.
        let left = self.meter;
        let mut escaped: Vec<(Distance, Id)> =
            escaped.into_iter().map(|id| (self.distance(id), id)).collect();
        escaped.sort_unstable();
        for (distance, id) in
            escaped.into_iter().take_while(|(distance, _)| *distance <= farthest).take(FUNCTIONS)
        {
            let Some(code) = self.code_of(id) else { continue };
            // A process that it spawns registers it again, and does not call it.
            if self.later_now.contains(&code) {
                continue;
            }
            let by_the_program = self.executed.contains(&code) && !self.called_back.contains_key(&code);
            if by_the_program || !self.called_back.entry(code).or_default().insert(loops.clone()) {
                continue;
            }
            let steps = self.limits.escaped_steps / if distance < MAYBE { 1 } else { 2 };
            let begun = self.allow(steps.min(self.callback_steps));
            let end = self.state.clone();
            let tape = std::mem::take(&mut self.tape);
            let mut ways: Vec<Later> = Vec::new();
            self.later_now.push(code);
            loop {
                let outcome = self.call_later(id);
                let bound = match outcome {
                    Err(Stop::Bound(reason)) => {
                        self.incomplete.get_or_insert_with(|| reason.into());
                        true
                    }
                    _ => false,
                };
                let assumed: Vec<Arc<str>> = assumed.iter().cloned().chain(self.tape.labels()).collect();
                if depth < DEPTH {
                    self.run_escaped_at(depth + 1, &assumed);
                }
                // What one callback does to the policy does not happen before another one.
                let state = std::mem::replace(&mut self.state, end.clone());
                ways.push(Later { assumed, state });
                if bound || ways.len() == WAYS || !self.tape.advance() {
                    break;
                }
            }
            self.later_now.pop();
            self.callback_steps -= self.meter.steps.saturating_sub(begun).min(self.callback_steps);
            self.cut_off.clear();
            self.tape = tape;
            let acts = |way: &Later| way.state.events.len() > end.events.len();
            if ways.len() == 1 || !ways.iter().any(acts) {
                if let Some(only) = ways.into_iter().next() {
                    self.state.events = only.state.events;
                    self.state.log = only.state.log;
                }
            } else {
                self.later.extend(ways.into_iter().filter(acts));
            }
        }
        self.meter = left;
    }

    /// Calls it with arguments nobody knows; a coroutine runs in a loop that is somewhere else.
    fn call_later(&mut self, id: Id) -> Flow<Value> {
        self.state.running.clear();
        self.leave_all();
        let anything = vec![("*".into(), Value::None), ("**".into(), Value::None)];
        let mut outcome = self.call(Value::Object(id), Vec::new(), anything);
        if let Some(generator) = outcome.as_ref().ok().and_then(|result| self.as_generator(result)) {
            let anywhere = self.unknown(RUNNING);
            outcome =
                self.while_running(anywhere, |machine| machine.drive(generator, &|_, _| Ok(Value::None)));
        } else if let Ok(result) = &outcome
            && matches!(result.as_id().map(|id| self.state.heap.get(id)), Some(Object::Suspended(_)))
        {
            let (anywhere, result) = (self.unknown(RUNNING), result.clone());
            outcome = self.while_running(anywhere, |machine| machine.wait_for(result));
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.bound = false;
        }
        outcome
    }

    /// The kinds of loops that this process has started, in order.
    fn loops_started(&self) -> Vec<LoopKind> {
        let own = self.state.events.iter().filter(|event| event.process == self.process);
        own.filter_map(|event| event.run()).map(|run| run.kind).collect()
    }
}
