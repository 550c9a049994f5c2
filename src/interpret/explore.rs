//! Following the ways a program can take.
//!
//! The machine runs one way at a time. Where the program does not decide, it asks the tape; a run
//! is repeated until the tape has no way left. A region with one exit (an `if`, a loop, a call) is
//! explored on a tape of its own, and ways that are alike as far as loops go are merged, so that
//! only differences that matter reach the outer tape.

use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::machine::{Flow, Machine, Stop, TOO_LARGE, Unit};
use crate::interpret::meter::{Body, Given};
use crate::interpret::state::State;
use crate::interpret::steps::{Aside, StepKind};
use crate::interpret::value::{Id, Value};
use crate::ir::Span;

/// The choices of one run, in the order they were asked.
///
/// A way is followed by running again from the start of its region with one choice turned. What the
/// regions before that choice came to stands on the tape, so nothing is explored twice.
#[derive(Clone, Default)]
pub struct Tape {
    choices: Vec<Choice>,
    position: usize,
    /// Addresses and unknowns that earlier ways used.
    used: (usize, u64),
}

#[derive(Clone)]
struct Choice {
    taken: usize,
    of: usize,
    label: Arc<str>,
    /// Addresses and unknowns that were in use when it was turned: what comes after gets new ones.
    used: (usize, u64),
    /// Where the ways of a region ended. Empty for plain choices.
    groups: Rc<[Way]>,
    /// Of what [`Machine::once`] remembers.
    effort: Option<Effort>,
}

/// What it took to get to the end of something that is not run again.
#[derive(Clone, Copy)]
struct Effort {
    scope: Id,
    steps: u64,
    platform_reads: u64,
}

impl Choice {
    fn new(of: usize) -> Choice {
        Choice { taken: 0, of, label: "".into(), used: (0, 0), groups: Rc::new([]), effort: None }
    }
}

impl Tape {
    /// What was assumed so far, in words.
    pub fn labels(&self) -> Vec<Arc<str>> {
        self.choices[..self.position]
            .iter()
            .map(|choice| choice.label.clone())
            .filter(|label| !label.is_empty())
            .collect()
    }

    /// Turns to the next way; false when there is none.
    pub fn advance(&mut self) -> bool {
        self.position = 0;
        while let Some(last) = self.choices.last_mut() {
            if last.taken + 1 < last.of {
                last.taken += 1;
                last.used = self.used;
                return true;
            }
            self.choices.pop();
        }
        false
    }

    /// Where in the choices the run stands.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Nothing was left open on this way since it stood there.
    pub fn is_decided_since(&self, position: usize) -> bool {
        self.choices.iter().take(self.position).skip(position).all(|choice| choice.of == 1)
    }

    /// Nothing was left open on this way.
    pub fn is_decided(&self) -> bool {
        self.choices.iter().all(|choice| choice.of == 1)
    }
}

/// One way through a region.
#[derive(Clone)]
pub struct Way {
    pub outcome: Flow<Value>,
    pub state: State,
    pub labels: Vec<Arc<str>>,
    /// Where the innermost frame stood.
    pub span: Span,
}

/// Ways through one region, and kinds of them that differ.
const WAYS_IN_A_REGION: usize = 64;
const GROUPS_IN_A_REGION: usize = 16;
/// Less than so many steps are taken again rather than remembered.
const WORTH_REMEMBERING: u64 = 64;
/// With fewer steps it is not worth turning to another way.
const LEAST_RESERVE: u64 = 500;

impl<'p> Machine<'p> {
    /// Asks the tape for one of `of` ways; `label` says what taking way `n` assumes.
    pub fn choose(&mut self, of: usize, label: impl Fn(usize) -> Arc<str>) -> usize {
        if of <= 1 {
            return 0;
        }
        let position = self.next_choice(of);
        let taken = self.tape.choices[position].taken;
        self.tape.choices[position].label = label(taken);
        self.note_assumed(position);
        taken
    }

    /// Asks for a choice that has one way until [`Machine::widen`] gives it a second.
    pub fn open_choice(&mut self, label: &'static str) -> (usize, usize) {
        let position = self.next_choice(1);
        let taken = self.tape.choices[position].taken;
        if taken > 0 {
            self.tape.choices[position].label = label.into();
            self.note_assumed(position);
        }
        (position, taken)
    }

    fn note_assumed(&mut self, position: usize) {
        if !self.tape.choices[position].label.is_empty() {
            self.note(|machine| StepKind::Assumed(machine.tape.choices[position].label.clone()));
        }
    }

    pub fn widen(&mut self, position: usize) {
        self.tape.choices[position].of = 2;
    }

    /// Steps to the next choice of the tape.
    fn next_choice(&mut self, of: usize) -> usize {
        let position = self.tape.position;
        if position == self.tape.choices.len() {
            self.tape.choices.push(Choice::new(of));
        }
        self.tape.position += 1;
        let (len, unknowns) = self.tape.choices[position].used;
        self.use_up_to(len, unknowns);
        position
    }

    /// Runs what is worth remembering: a later way of the same run that comes here again goes on from
    /// its end, unless it left a choice open. What it took counts as if it had run again. `scope` tells
    /// it from what runs inside it first.
    pub fn once(&mut self, scope: Id, body: impl FnOnce(&mut Machine<'p>) -> Flow<()>) -> Flow<()> {
        let position = self.tape.position;
        let known = self.tape.choices.get(position);
        if let Some(effort) = known.and_then(|choice| choice.effort).filter(|effort| effort.scope == scope) {
            self.meter.steps += effort.steps;
            self.platform_reads += effort.platform_reads;
            self.next_choice(1);
            return self.take_group(position).map(drop);
        }
        let first_time = known.is_none();
        let (steps, explored) = (self.meter.steps, self.explored);
        let platform_reads = self.platform_reads;
        body(self)?;
        // A second run would not take the steps of the regions again.
        let explored = self.explored.saturating_sub(explored);
        let effort = Effort {
            scope,
            steps: self.meter.steps.saturating_sub(steps).saturating_sub(explored),
            platform_reads: self.platform_reads - platform_reads,
        };
        let worth = first_time && effort.steps >= WORTH_REMEMBERING && self.recorder.is_none();
        let mut inside = self.tape.choices.iter().skip(position);
        if worth && inside.all(|choice| choice.of == 1) {
            self.tape.choices.truncate(position);
            let span = self.frames.last().map_or(Span::default(), |frame| frame.span);
            let state = self.state.clone();
            let way = Way { outcome: Ok(Value::None), state, labels: Vec::new(), span };
            let choice = Choice { groups: Rc::new([way]), effort: Some(effort), ..Choice::new(1) };
            self.tape.choices.push(choice);
            self.tape.position = position + 1;
        }
        Ok(())
    }

    /// Runs a region along every way its unknowns can fall, and merges the ways that are alike.
    pub fn explore(&mut self, region: impl Fn(&mut Machine<'p>) -> Flow<Value>) -> Flow<Value> {
        self.explore_code(None, region)
    }

    /// The same for the body of a function, which is given up when it alone takes too many steps: the
    /// run then goes on behind it with what was seen of it.
    pub fn explore_body(
        &mut self,
        function: Id,
        region: impl Fn(&mut Machine<'p>) -> Flow<Value>,
    ) -> Flow<Value> {
        self.bodies.push(Body { begun: self.meter.steps, function });
        let result = self.explore_code(self.code_of(function), region);
        self.bodies.pop();
        result
    }

    fn explore_code(
        &mut self,
        code: Option<(Unit, Span)>,
        region: impl Fn(&mut Machine<'p>) -> Flow<Value>,
    ) -> Flow<Value> {
        // The same run has come to the same region before.
        if self.tape.choices.get(self.tape.position).is_some_and(|choice| !choice.groups.is_empty()) {
            let position = self.next_choice(1);
            return self.take_group(position);
        }
        if let Some(given) = code.and_then(|code| self.given_up.get(&code)) {
            return self.give_up(*given, None, Vec::new());
        }
        let before = self.state.clone();
        let (steps, explored) = (self.meter.steps, self.explored);
        let outer = std::mem::take(&mut self.tape);
        let mut groups: Vec<Way> = Vec::new();
        let mut dead: Option<Way> = None;
        let mut asides: Vec<Aside> = Vec::new();
        let mut ways = 0;
        let mut cut = false;
        loop {
            let outcome = region(self);
            if matches!(outcome, Err(Stop::Bound(_))) {
                if self.turns_back() {
                    let reached = std::mem::replace(&mut self.state, before.clone());
                    self.cut_off.push(reached);
                    ways += 1;
                    continue;
                }
                self.tape = outer;
                return match code.zip(self.gives_up()) {
                    Some((code, given)) => {
                        self.explored = explored + self.meter.steps.saturating_sub(steps);
                        self.given_up.insert(code, given);
                        let reached = std::mem::take(&mut self.state);
                        let inner = std::mem::take(&mut self.cut_off);
                        groups.extend(inner.into_iter().map(|state| self.way_of(&before, state)));
                        self.state = reached;
                        self.give_up(given, Some(&before), groups)
                    }
                    None => {
                        self.cut_off.extend(groups.into_iter().map(|way| way.state));
                        outcome
                    }
                };
            }
            ways += 1;
            let decided = ways == 1 && self.tape.is_decided();
            let labels = self.tape.labels();
            let state = std::mem::take(&mut self.state);
            let span = self.frames.last().map_or(Span::default(), |frame| frame.span);
            let way = Way { outcome, state, labels, span };
            if self.is_dead_end(&before, &way) {
                asides.extend(self.aside(&before, &way, true));
                dead.get_or_insert(way);
            } else {
                self.add_way(&before, &mut groups, way);
            }
            // Before the tape turns: what comes after the turn must not use the addresses of any way so far.
            for way in groups.iter().chain(&dead) {
                self.tape.used.0 = self.tape.used.0.max(way.state.heap.len());
                self.tape.used.1 = self.tape.used.1.max(way.state.next_unknown);
            }
            if decided || !self.tape.advance() {
                break;
            }
            if ways >= WAYS_IN_A_REGION || groups.len() > GROUPS_IN_A_REGION {
                cut = true;
                break;
            }
            self.state = before.clone();
        }
        self.tape = outer;
        self.explored = explored + self.meter.steps.saturating_sub(steps);
        if groups.is_empty() {
            groups.extend(dead);
        } else {
            self.set_aside(&mut groups, asides);
        }
        let outcome = self.settle(groups);
        if cut {
            self.cut_short("too many ways through the program");
        }
        outcome
    }

    /// Whether to leave a way that has used up all steps, and follow the next one of the region: the
    /// first arm of a condition in the program itself must not cost the other one everything.
    fn turns_back(&mut self) -> bool {
        let in_root = self.frames.last().is_some_and(|frame| frame.unit == Unit::Project(self.root.module));
        if !in_root || self.meter.is_left(self.limits.steps) || self.reserve < LEAST_RESERVE {
            return false;
        }
        self.tape.used.0 = self.tape.used.0.max(self.state.heap.len());
        self.tape.used.1 = self.tape.used.1.max(self.state.next_unknown);
        if !self.tape.advance() {
            return false;
        }
        self.cut_short(TOO_LARGE);
        self.allow(self.reserve);
        self.reserve /= 2;
        if let Some(recorder) = &mut self.recorder {
            recorder.bound = false;
        }
        true
    }

    /// Goes on behind a function that is not followed any further: from where its ways ended that
    /// came to something, and from where the one stands that was being followed.
    fn give_up(&mut self, given: Given, before: Option<&State>, finished: Vec<Way>) -> Flow<Value> {
        if given == Given::TooLarge {
            self.incomplete.get_or_insert_with(|| TOO_LARGE.into());
        }
        self.state.may_raise += 1;
        let state = std::mem::take(&mut self.state);
        let mut groups = Vec::new();
        match before {
            None => {
                let way = self.way_of(&state.clone(), state);
                groups.push(way);
            }
            Some(before) => {
                groups.push(self.way_of(before, state));
                for way in finished {
                    let happened = way.state.events.len() > before.events.len();
                    if happened && groups.len() <= GROUPS_IN_A_REGION {
                        self.add_way(before, &mut groups, way);
                    }
                }
            }
        }
        let outcome = self.settle(groups);
        if let Some(recorder) = &mut self.recorder {
            recorder.bound = false;
        }
        self.note(|_| StepKind::Skipped);
        outcome
    }

    /// A way that leaves the code that began in the state `before`, wherever it stands.
    fn way_of(&mut self, before: &State, mut state: State) -> Way {
        state.running = before.running.clone();
        state.thread = before.thread;
        state.left = before.left.clone();
        state.asking = before.asking.clone();
        state.framework = before.framework.clone();
        self.state = state;
        let outcome = Ok(self.unknown("a call that was not followed to its end"));
        let span = self.frames.last().map_or(Span::default(), |frame| frame.span);
        Way { outcome, state: std::mem::take(&mut self.state), labels: Vec::new(), span }
    }

    /// Goes on from the end of a region that was explored.
    fn take_group(&mut self, position: usize) -> Flow<Value> {
        let choice = &mut self.tape.choices[position];
        // Every region that stands on the tape has at least one way.
        let way = &choice.groups[choice.taken];
        if choice.of > 1 {
            choice.label = join_labels(&way.labels);
        }
        self.state = way.state.clone();
        if let Some(frame) = self.frames.last_mut() {
            frame.span = way.span;
        }
        let (len, unknowns) = choice.used;
        let outcome = way.outcome.clone();
        self.use_up_to(len, unknowns);
        outcome
    }

    /// What comes from here on gets addresses and unknowns of its own.
    fn use_up_to(&mut self, len: usize, unknowns: u64) {
        self.state.heap.pad_to(len);
        self.state.next_unknown = self.state.next_unknown.max(unknowns);
    }

    /// Goes on with what the ways have in common, or asks the outer tape which group of them to follow.
    fn settle(&mut self, mut groups: Vec<Way>) -> Flow<Value> {
        if let [_, _, ..] = &groups[..] {
            let len = groups.iter().map(|way| way.state.heap.len()).max().unwrap_or(0);
            let unknowns = groups.iter().map(|way| way.state.next_unknown).max().unwrap_or(0);
            for way in &mut groups {
                way.state.heap.pad_to(len);
                way.state.next_unknown = unknowns;
            }
        }
        let position = self.next_choice(groups.len());
        let choice = &mut self.tape.choices[position];
        // What was given up since the last way can leave fewer ways than there were to turn to.
        choice.of = groups.len();
        choice.taken = choice.taken.min(groups.len().saturating_sub(1));
        choice.groups = groups.into();
        self.take_group(position)
    }

    /// A way that ends the program before anything about loops happened says nothing about the others.
    fn is_dead_end(&self, before: &State, way: &Way) -> bool {
        way.state.events.len() == before.events.len()
            && match &way.outcome {
                Err(Stop::Exit) => true,
                Err(Stop::Raise(_)) => self.handlers == 0,
                _ => false,
            }
    }

    /// What the record says of a way that has none of its own to follow.
    fn aside(&self, before: &State, way: &Way, dead: bool) -> Option<Aside> {
        self.recorder.as_ref()?;
        Some(Aside { assumed: way.labels.clone(), steps: way.state.log.since(&before.log), dead })
    }

    fn set_aside(&mut self, groups: &mut [Way], asides: impl IntoIterator<Item = Aside>) {
        for aside in asides {
            for group in groups.iter_mut() {
                group.state.log.push(self.step_here(StepKind::Aside(aside.clone())));
            }
        }
    }

    fn add_way(&mut self, before: &State, groups: &mut Vec<Way>, way: Way) {
        match groups.iter().position(|group| self.alike(before, group, &way)) {
            Some(index) => {
                let group = groups.remove(index);
                let aside = self.aside(before, &way, false);
                let mut merged = [self.merge(group, way)];
                self.set_aside(&mut merged, aside);
                let [merged] = merged;
                groups.insert(index, merged);
            }
            None => groups.push(way),
        }
    }

    /// The value itself, or the option the tape takes; the same unknown always gives the same option.
    pub fn settle_value(&mut self, value: Value) -> Value {
        let Value::Unknown(unknown) = &value else { return value };
        let Some(options) = &unknown.options else { return value };
        let taken = match self.state.facts.get(&unknown.id) {
            Some(taken) => *taken,
            None => {
                let labels: Vec<Arc<str>> = options.iter().map(|option| self.shown(option).into()).collect();
                let of = options.len();
                let label = unknown.label.clone();
                let taken = self.choose(of, |n| format!("{label} = {}", labels[n]).into());
                self.state.facts.insert(unknown.id, taken);
                taken
            }
        };
        let chosen = options[taken.min(options.len() - 1)].clone();
        self.settle_value(chosen)
    }
}

fn join_labels(labels: &[Arc<str>]) -> Arc<str> {
    match labels {
        [one] => one.clone(),
        many => many.join(", ").into(),
    }
}
