//! Ways that are alike as far as loops go become one.

use std::collections::BTreeSet;

use imbl::{ordmap, ordset};

use crate::interpret::explore::Way;
use crate::interpret::machine::{Machine, Stop, Unit};
use crate::interpret::needs::{add_uses, same_but_for_uses};
use crate::interpret::state::{Facts, State};
use crate::interpret::value::{Id, Mapping, Names, Object, Sequence, Value};

/// The label of a value that merged ways left open.
pub const MERGED: &str = "a value that differs by the way taken";
/// A value of more options than these is left open.
const OPTIONS: usize = 4;

impl<'p> Machine<'p> {
    /// Whether two ways differ in nothing that loops depend on.
    pub fn alike(&self, before: &State, a: &Way, b: &Way) -> bool {
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

    /// One way in the place of two that are alike; what differs is one of both.
    pub fn merge(&mut self, a: Way, b: Way) -> Way {
        let mut state = a.state;
        let changed = state.heap.adopt(&b.state.heap);
        state.next_unknown = state.next_unknown.max(b.state.next_unknown);
        state.may_raise = state.may_raise.max(b.state.may_raise);
        if !state.events.ptr_eq(&b.state.events) {
            add_uses(&mut state, &b.state);
        }
        keep_common(&mut state.facts, &b.state.facts);
        if !state.loops.ptr_eq(&b.state.loops) {
            state.loops = state.loops.union(b.state.loops.clone());
        }
        if !state.escaped.ptr_eq(&b.state.escaped) {
            let mine = state.escaped.clone();
            state.escaped.extend(mine.diff(&b.state.escaped).filter_map(|item| match item {
                ordset::DiffItem::Add(id) => Some(*id),
                _ => None,
            }));
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
        for (name, value) in y.iter() {
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

/// Takes away what the other way decided otherwise, or did not decide. Both began with the same facts, which
/// they share.
fn keep_common(facts: &mut Facts, others: &Facts) {
    let mine = facts.clone();
    for item in mine.diff(others) {
        match item {
            ordmap::DiffItem::Remove(id, _) | ordmap::DiffItem::Update { old: (id, _), .. } => {
                facts.remove(id);
            }
            ordmap::DiffItem::Add(..) => {}
        }
    }
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
