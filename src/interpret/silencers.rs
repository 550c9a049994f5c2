//! Code that is put where it hides what a loop reports.

use crate::interpret::machine::Machine;
use crate::interpret::quiet::{Dropped, dropped};
use crate::interpret::trace::{Effect, EventKind, Silencing};
use crate::interpret::value::{Id, Object, Value};
use crate::knowledge::{Silencer, SilencerKind};

impl<'p> Machine<'p> {
    /// Notes that an attribute of something we know by its name only is replaced.
    pub fn note_patch(&mut self, owner: &str, attribute: &str, new: &Value) {
        let knowledge = self.knowledge;
        let Some(row) = knowledge.silencers.patch(owner, attribute) else { return };
        let effect = match self.dropped_by(new) {
            Some(dropped) => self.effect(&knowledge.silencers.rows[row], &dropped),
            None => Effect::Other,
        };
        let owner = owner.rsplit('.').next().unwrap_or(owner);
        self.record_silencer(row, format!("{owner}.{attribute}"), effect);
    }

    /// Notes that a function which hides something is handed over to a call of this dotted name.
    pub fn note_silencer(&mut self, name: &str, args: &[Value]) {
        let knowledge = self.knowledge;
        let (Some(row), Some(first)) = (knowledge.silencers.call(name), args.first()) else { return };
        let found = self.dropped_by(first);
        if found.is_some_and(|dropped| is_meant(&knowledge.silencers.rows[row], &dropped)) {
            let last = name.rsplit('.').next().unwrap_or(name);
            self.record_silencer(row, last.to_string(), Effect::Hides);
        }
    }

    fn record_silencer(&mut self, row: usize, what: String, effect: Effect) {
        self.record(EventKind::Silencer(Silencing { row, what: what.into(), effect }));
    }

    fn effect(&self, row: &Silencer, dropped: &Dropped) -> Effect {
        let is_meant = |error: &str| row.errors.iter().any(|meant| meant == error);
        // What is replaced by nothing drops everything.
        let everything = !dropped.hands_on && dropped.errors.is_empty();
        let outdated = row.outdated.as_ref().is_some_and(|versions| self.world.python_in(&versions.0));
        let only_meant = !dropped.errors.is_empty() && dropped.errors.iter().all(|error| is_meant(error));
        match row.kind {
            SilencerKind::Patch if outdated && only_meant => Effect::Outdated,
            SilencerKind::Patch if row.hides => {
                let hides = everything || dropped.errors.iter().any(|error| is_meant(error));
                if hides { Effect::Hides } else { Effect::Other }
            }
            _ => Effect::Other,
        }
    }

    /// What the function drops that a value is, or the method `filter` of an object.
    fn dropped_by(&self, value: &Value) -> Option<Dropped> {
        match self.state.heap.get(value.as_id()?) {
            Object::Function(function) => dropped(&function.code),
            Object::Method { function, .. } | Object::StaticMethod(function) => self.dropped_by(function),
            Object::Instance { class, .. } => self.dropped_by_filter(*class),
            _ => None,
        }
    }

    fn dropped_by_filter(&self, class: Id) -> Option<Dropped> {
        let (filter, _) = self.class_attribute(class, "filter")?;
        match self.state.heap.get(filter.as_id()?) {
            Object::Function(function) => dropped(&function.code),
            _ => None,
        }
    }
}

/// Whether it drops what the row means, and nothing else.
fn is_meant(row: &Silencer, dropped: &Dropped) -> bool {
    let errors = dropped.errors.iter().all(|error| row.errors.iter().any(|meant| **meant == **error));
    let tells = |word: &str| row.words.iter().any(|meant| word.contains(meant.as_str()));
    let is_neutral = |word: &str| word.len() < 3 || row.neutral.iter().any(|neutral| neutral == word);
    let mut words = dropped.words.iter().map(String::as_str);
    errors
        && words.clone().all(|word| tells(word) || is_neutral(word))
        && (words.any(tells) || dropped.errors.iter().any(|error| tells(&error.to_lowercase())))
}
