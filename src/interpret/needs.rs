//! Things that not every loop can do: noted where they are called, with the loop they are used on.

use crate::entry::LoopKind;
use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Machine, Unit};
use crate::interpret::state::{Events, State};
use crate::interpret::trace::{Event, EventKind, PolicyKind, Use};
use crate::interpret::value::{Id, Object, Value};
use crate::interpret::world::Platform;
use crate::knowledge::{Need, Needed};

/// The loop in which a function runs that unknown code holds on to.
pub const RUNNING: &str = "the running loop";

impl<'p> Machine<'p> {
    /// Notes what calling something of this dotted name asks of the loop.
    pub fn note_use(&mut self, name: &str, args: &[Value], keywords: &Keywords) {
        let method = name.strip_prefix(RUNNING).filter(|rest| rest.starts_with('.'));
        match method.map(|rest| format!("loop{rest}")) {
            Some(method) => self.note_use_on(&method, None, args, keywords),
            None => self.note_use_on(name, None, args, keywords),
        }
    }

    /// The same for a class that is constructed through one of the project that inherits from it.
    pub fn note_use_of_bases(&mut self, class: Id, args: &[Value], keywords: &Keywords) {
        let mut names = Vec::new();
        for id in self.mro(class) {
            let Object::Class(class) = self.state.heap.get(id) else { continue };
            names.extend(class.bases.iter().filter_map(|base| match base {
                Value::Unknown(unknown) => Some(unknown.label.clone()),
                _ => None,
            }));
        }
        for name in names {
            self.note_use(&name, args, keywords);
        }
    }

    /// The same for a method of a loop object.
    pub fn note_use_on(&mut self, name: &str, receiver: Option<&Value>, args: &[Value], keywords: &Keywords) {
        let knowledge = self.knowledge;
        self.note_silencer(name, args);
        for row in knowledge.needs.named(name) {
            let need = &knowledge.needs.rows[row];
            if !self.need_holds(need, args, keywords) {
                continue;
            }
            let on = match receiver {
                Some(receiver) => Some(self.loop_kind(receiver).0),
                None => self.state.running.last().map(|running| self.loop_kind(running).0),
            };
            let on = match on.filter(|kind| *kind != LoopKind::Unknown) {
                None if need.own_loop => Some(self.kind_by_policy()),
                on => on,
            };
            // Nothing on Windows can do it: whoever stands around it with a handler knows that it may fail.
            let mut ours = self.frames.iter().rev().filter(|frame| matches!(frame.unit, Unit::Project(_)));
            let here = ours.next().is_some_and(|frame| frame.handlers > 0);
            let handled = self.refusal_handlers > 0 || (here && need.needs == Needed::Unsupported);
            self.record(EventKind::Need(Use { needs: need.needs, row, what: name.into(), on, handled }));
        }
    }

    fn need_holds(&self, need: &Need, args: &[Value], keywords: &Keywords) -> bool {
        let packages = &self.world.packages;
        let keyword =
            |name: &str| keywords.iter().find(|(other, _)| &**other == name).map(|(_, value)| value);
        let begins = |text: &str| need.begins.iter().any(|begins| text.starts_with(begins.as_str()));
        need.packages.iter().all(|(name, versions)| packages.version_in(name, &versions.0))
            && need.present.as_deref().is_none_or(|name| packages.presence(name) == Some(true))
            && need.absent.as_deref().is_none_or(|name| packages.presence(name) == Some(false))
            && need
                .keyword
                .as_deref()
                .is_none_or(|name| keyword(name).and_then(|value| self.truth(value)) == Some(true))
            && need.unless.as_deref().is_none_or(|name| keyword(name).is_none())
            && (need.begins.is_empty()
                || match args.first().or_else(|| keyword("url")) {
                    Some(Value::Str(text)) => begins(text),
                    Some(Value::Unknown(unknown)) => begins(&unknown.label),
                    _ => false,
                })
    }

    /// The loop that the policy in force makes.
    pub fn kind_by_policy(&self) -> LoopKind {
        match self.policy_in_force() {
            PolicyKind::Selector => LoopKind::Selector,
            PolicyKind::Proactor => LoopKind::Proactor,
            PolicyKind::Default if self.world.platform == Platform::Windows => LoopKind::Proactor,
            PolicyKind::Default => LoopKind::Selector,
            PolicyKind::Winloop => LoopKind::Winloop,
            PolicyKind::Uvloop => LoopKind::Uvloop,
            PolicyKind::Custom | PolicyKind::Unknown => LoopKind::Custom,
        }
    }
}

/// Whether the same happened as far as loops go. What is merely used does not keep ways apart.
pub fn same_but_for_uses(a: &State, b: &State) -> bool {
    let others = |state: &State| {
        let events = state.events.iter().filter(|event| !event.is_use());
        events.cloned().collect::<Vec<_>>()
    };
    let (a, b) = (others(a), others(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| std::sync::Arc::ptr_eq(x, y) || x == y)
}

/// Adds what is used on another way, in which the same happened otherwise, where it was used there.
pub fn add_uses(state: &mut State, other: &State) {
    let mut merged = Events::new();
    let mut theirs = other.events.iter().peekable();
    let mut ours = state.events.iter().peekable();
    loop {
        let stretch = merged.len();
        while let Some(used) = ours.next_if(|event| event.is_use()) {
            merged.push_back(used.clone());
        }
        while let Some(used) = theirs.next_if(|event| event.is_use()) {
            if !merged.iter().skip(stretch).any(|event: &std::sync::Arc<Event>| event == used) {
                merged.push_back(used.clone());
            }
        }
        theirs.next();
        match ours.next() {
            Some(event) => merged.push_back(event.clone()),
            None => break,
        }
    }
    state.events = merged;
}

impl Event {
    pub fn is_use(&self) -> bool {
        matches!(self.kind, EventKind::Need(_) | EventKind::Silencer(_))
    }
}
