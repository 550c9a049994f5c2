//! Following the ways a program can take.
//!
//! The machine runs one way at a time. Where the program does not decide, it asks the tape; a run
//! is repeated until the tape has no way left. A region with one exit (an `if`, a loop, a call) is
//! explored on a tape of its own, and ways that are alike as far as loops go are merged, so that
//! only differences that matter reach the outer tape.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::machine::{Flow, Machine, Stop, TOO_LARGE, Unit};
use crate::interpret::meter::{Body, Given};
use crate::interpret::needs::{add_uses, same_but_for_uses};
use crate::interpret::state::State;
use crate::interpret::steps::{Aside, StepKind};
use crate::interpret::value::{Id, Mapping, Names, Object, Sequence, Value};
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

    /// Nothing was left open on this way.
    pub fn is_decided(&self) -> bool {
        self.choices.iter().all(|choice| choice.of == 1)
    }
}

/// One way through a region.
#[derive(Clone)]
struct Way {
    outcome: Flow<Value>,
    state: State,
    labels: Vec<Arc<str>>,
    /// Where the innermost frame stood.
    span: Span,
}

/// Ways through one region, and kinds of them that differ.
/// The label of a value that merged ways left open.
pub const MERGED: &str = "a value that differs by the way taken";
const WAYS_IN_A_REGION: usize = 64;
/// Less than so many steps are taken again rather than remembered.
const WORTH_REMEMBERING: u64 = 64;
const GROUPS_IN_A_REGION: usize = 16;
const OPTIONS: usize = 4;
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

    fn alike(&self, before: &State, a: &Way, b: &Way) -> bool {
        let outcome = matches!(
            (&a.outcome, &b.outcome),
            (Ok(_), Ok(_))
                | (Err(Stop::Return(_)), Err(Stop::Return(_)))
                | (Err(Stop::Break), Err(Stop::Break))
                | (Err(Stop::Continue), Err(Stop::Continue))
                | (Err(Stop::Raise(_)), Err(Stop::Raise(_)))
                | (Err(Stop::Exit), Err(Stop::Exit))
        );
        if !outcome
            || !same_but_for_uses(&a.state, &b.state)
            || a.state.thread != b.state.thread
            || a.state.running.len() != b.state.running.len()
            || !same_left(&a.state, &b.state)
        {
            return false;
        }
        let changed = a.state.heap.changed(&b.state.heap);
        let old = before.heap.len() as Id;
        let apart: Vec<Id> = changed.iter().copied().filter(|id| !self.mergeable(a, b, *id)).collect();
        if apart.iter().any(|id| *id < old) {
            return false;
        }
        // What the region made and nobody holds on to does not keep its ways apart.
        apart.is_empty() || {
            let held = changed.into_iter().filter(|id| *id < old);
            !reaches(a, old, held.clone(), &apart) && !reaches(b, old, held, &apart)
        }
    }

    /// What the standard library remembers (policies, current loops) must be the same on both ways.
    fn mergeable(&self, a: &Way, b: &Way, id: Id) -> bool {
        match (a.state.heap.get(id), b.state.heap.get(id)) {
            (Object::Scope(x), Object::Scope(y)) => {
                !matches!(x.get("__shown__").or(y.get("__shown__")), Some(Value::Str(_))) || same_names(x, y)
            }
            (Object::Instance { class, attributes: x, .. }, Object::Instance { attributes: y, .. }) => {
                let ours = matches!(a.state.heap.get(*class), Object::Class(class) if matches!(class.unit, Unit::Stub(_)));
                !ours || same_names(x, y)
            }
            // A dictionary is often the arguments of a call: which keys it has must stay known.
            (Object::Dict(x), Object::Dict(y)) => {
                let same_keys = x.entries.len() == y.entries.len()
                    && x.entries.iter().zip(&y.entries).all(|((a, _), (b, _))| a.same(b));
                same_keys || x.open || y.open || x.entries.len().max(y.entries.len()) > 12
            }
            _ => true,
        }
    }

    fn merge(&mut self, a: Way, b: Way) -> Way {
        let mut state = a.state;
        let changed = state.heap.adopt(&b.state.heap);
        state.next_unknown = state.next_unknown.max(b.state.next_unknown);
        state.may_raise = state.may_raise.max(b.state.may_raise);
        if !state.events.ptr_eq(&b.state.events) {
            add_uses(&mut state, &b.state);
        }
        if !state.facts.ptr_eq(&b.state.facts) {
            state.facts = state
                .facts
                .iter()
                .filter(|(id, way)| b.state.facts.get(*id) == Some(*way))
                .map(|(id, way)| (*id, *way))
                .collect();
        }
        if !state.loops.ptr_eq(&b.state.loops) {
            state.loops = state.loops.union(b.state.loops.clone());
        }
        if !state.escaped.ptr_eq(&b.state.escaped) {
            state.escaped = state.escaped.union(b.state.escaped.clone());
        }
        if !state.modules.ptr_eq(&b.state.modules) {
            state.modules = state.modules.union(b.state.modules.clone());
        }
        self.state = state;
        for id in changed {
            let joined = self.join_objects(id, b.state.heap.get(id));
            *self.state.heap.get_mut(id) = joined;
        }
        let outcome = match (a.outcome, b.outcome) {
            (Ok(x), Ok(y)) => Ok(self.join(x, y)),
            (Err(Stop::Return(x)), Err(Stop::Return(y))) => Err(Stop::Return(self.join(x, y))),
            (Err(Stop::Raise(x)), Err(Stop::Raise(y))) => Err(Stop::Raise(self.join(x, y))),
            (outcome, _) => outcome,
        };
        Way { outcome, state: std::mem::take(&mut self.state), labels: Vec::new(), span: a.span }
    }

    fn join_objects(&mut self, id: Id, other: &Object) -> Object {
        let mine = self.state.heap.get(id).clone();
        match (mine, other) {
            (Object::Scope(x), Object::Scope(y)) => Object::Scope(self.join_names(x, y)),
            (Object::Instance { class, attributes, open }, Object::Instance { attributes: y, .. }) => {
                Object::Instance { class, attributes: self.join_names(attributes, y), open }
            }
            (Object::List(x), Object::List(y)) => Object::List(join_sequences(x, y)),
            (Object::Set(x), Object::Set(y)) => Object::Set(join_sequences(x, y)),
            (Object::Dict(x), Object::Dict(y)) => Object::Dict(self.join_mappings(x, y)),
            (mine, _) => mine,
        }
    }

    fn join_names(&mut self, mut x: Names, y: &Names) -> Names {
        for (name, value) in y {
            let joined = match x.get(name) {
                Some(mine) if mine.same(value) => continue,
                Some(mine) => self.join(mine.clone(), value.clone()),
                None => self.join(value.clone(), value.clone()),
            };
            x.insert(name.clone(), joined);
        }
        x
    }

    fn join_mappings(&mut self, x: Mapping, y: &Mapping) -> Mapping {
        let mut open = x.open || y.open || x.entries.len() != y.entries.len();
        let mut entries = Vec::new();
        for (key, value) in x.entries {
            match y.entries.iter().find(|(other, _)| other.same(&key)) {
                Some((_, other)) => {
                    let value = self.join(value, other.clone());
                    entries.push((key, value));
                }
                None => open = true,
            }
        }
        Mapping { entries, open }
    }

    /// A value that is one of two.
    pub fn join(&mut self, a: Value, b: Value) -> Value {
        if a.same(&b) {
            return a;
        }
        let options = |value: &Value| match value {
            Value::Unknown(unknown) => unknown.options.as_ref().map(|options| options.to_vec()),
            known => Some(vec![known.clone()]),
        };
        let (Some(mut all), Some(more)) = (options(&a), options(&b)) else {
            return self.unknown(MERGED);
        };
        for value in more {
            if !all.iter().any(|other| other.same(&value)) {
                all.push(value);
            }
        }
        if all.len() > OPTIONS {
            return self.unknown(MERGED);
        }
        self.one_of(MERGED, all)
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

/// Whether what a way gives back, or an older object it changed, leads to one of `wanted`.
fn reaches(way: &Way, old: Id, held: impl Iterator<Item = Id>, wanted: &[Id]) -> bool {
    let heap = &way.state.heap;
    let mut seen: BTreeSet<Id> = BTreeSet::new();
    let mut rest: Vec<Id> = held.collect();
    if let Ok(value) | Err(Stop::Return(value) | Stop::Raise(value)) = &way.outcome {
        value.ids(&mut rest);
    }
    while let Some(id) = rest.pop() {
        if wanted.contains(&id) {
            return true;
        }
        let mut inside = Vec::new();
        heap.get(id).ids(&mut inside);
        // Older objects that did not change lead to nothing new.
        rest.extend(inside.into_iter().filter(|id| *id >= old && seen.insert(*id)));
    }
    false
}

fn same_left(a: &State, b: &State) -> bool {
    let value = |stop: &Stop| match stop {
        Stop::Return(value) | Stop::Raise(value) => value.clone(),
        _ => Value::None,
    };
    a.left.len() == b.left.len()
        && a.left.iter().zip(&b.left).all(|((x, left), (y, other))| {
            x == y
                && std::mem::discriminant(left) == std::mem::discriminant(other)
                && value(left).same(&value(other))
        })
}

fn same_names(a: &Names, b: &Names) -> bool {
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| value.same(other)))
}

fn join_sequences(x: Sequence, y: &Sequence) -> Sequence {
    let common = x.items.iter().zip(&y.items).take_while(|(a, b)| a.same(b)).count();
    let open = x.open || y.open || common < x.items.len() || common < y.items.len();
    Sequence { items: x.items.into_iter().take(common).collect(), open }
}

fn join_labels(labels: &[Arc<str>]) -> Arc<str> {
    match labels {
        [one] => one.clone(),
        many => many.join(", ").into(),
    }
}
