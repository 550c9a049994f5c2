//! Loops and policies: what class they are, and what is written down when one starts.

use std::sync::Arc;

use crate::entry::LoopKind;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::state::LoopInfo;
use crate::interpret::trace::{Decided, Event, EventKind, Family, Misuse, PolicyKind, Run, Site};
use crate::interpret::value::{ClassObject, Object, Value};

impl<'p> Machine<'p> {
    /// `loop.run_until_complete(awaitable)`
    pub fn run_loop(&mut self, running: Value, awaitable: Value) -> Flow<Value> {
        if !self.state.running.is_empty() && !self.state.nesting {
            return self.raise("RuntimeError", "This event loop is already running");
        }
        let runner =
            self.command().or_else(|| self.called_as()).unwrap_or_else(|| "loop.run_until_complete".into());
        let here = self.sites().last().copied();
        let family = if self.is_of_kernel(&running) { Family::Kernel } else { Family::Asyncio };
        let mut run = self.run_of(runner, family, &running);
        run.created = run.created.filter(|created| Some(*created) != here);
        self.record(EventKind::Run(run));
        self.while_running(running, |machine| match awaitable {
            Value::None => Ok(Value::None),
            awaitable => machine.wait_for(awaitable),
        })
    }

    /// The command whose own code stands at the innermost place of the project.
    pub fn command(&self) -> Option<Arc<str>> {
        let Unit::Project(module) = self.sites().last()?.unit else { return None };
        Some(self.project.modules[module].command.as_ref()?.name().into())
    }

    /// What is to say of a start that no runner row describes.
    pub fn run_of(&self, runner: Arc<str>, family: Family, running: &Value) -> Run {
        let (kind, reason) = self.loop_kind(running);
        let info = running.as_id().and_then(|id| self.state.loops.get(&id));
        Run {
            runner,
            family,
            kind,
            decided: if info.is_some_and(|info| info.by_policy) { Decided::Policy } else { Decided::Caller },
            reason,
            without_child: None,
            by_default: None,
            row: None,
            own_child: false,
            policy: self.policy_in_force(),
            policy_set: self.state.policy_set,
            older_than_policy: self.is_older_than_policy(info),
            open_arguments: false,
            settings: Vec::new(),
            configured: None,
            made_by: info.and_then(|info| info.made_by.clone()),
            created: info.and_then(|info| info.created),
        }
    }

    /// Writes down where a class stands for its instance, or the other way round; tells whether it does.
    pub fn note_misuse(&mut self, role: &str, given: &Value) -> bool {
        let has = |machine: &Machine<'_>, class, name| machine.class_attribute(class, name).is_some();
        let misuse = match (role, given.as_id().map(|id| (id, self.state.heap.get(id)))) {
            ("policy", Some((id, Object::Class(_)))) if has(self, id, "__policy__") => Misuse::PolicyClass,
            ("factory", Some((_, Object::Instance { class, .. }))) if has(self, *class, "__loop__") => {
                Misuse::LoopAsFactory
            }
            ("loop", Some((id, Object::Class(_)))) if has(self, id, "__loop__") => Misuse::ClassFromFactory,
            _ => return false,
        };
        self.record(EventKind::Misused(misuse));
        true
    }

    /// Whether a policy made a loop, and another one has been set since.
    pub fn is_older_than_policy(&self, info: Option<&LoopInfo>) -> bool {
        info.is_some_and(|info| info.by_policy && info.policy_set != self.state.policy_set)
    }

    /// Runs `body` as code inside a running loop.
    pub fn while_running(
        &mut self,
        running: Value,
        body: impl FnOnce(&mut Machine<'p>) -> Flow<Value>,
    ) -> Flow<Value> {
        self.state.running.push(running);
        let result = body(self);
        self.state.running.pop();
        result
    }

    /// The loop of a test class, noted where the class is defined.
    pub fn record_tests(&mut self, running: &Value, site: Option<Site>) {
        let run = Run {
            made_by: None,
            created: None,
            ..self.run_of("unittest.IsolatedAsyncioTestCase".into(), Family::Tests, running)
        };
        self.record(EventKind::Run(run));
        if let (Some(site), Some(last)) = (site, self.state.events.pop_back()) {
            self.state.events.push_back(Arc::new(Event { site: Some(site), ..(*last).clone() }));
        }
    }

    pub fn class_site(&self, class: &ClassObject) -> Option<Site> {
        Some(Site { unit: class.unit, span: class.span })
    }

    /// The class of a loop object, and why it is unknown.
    pub fn loop_kind(&self, value: &Value) -> (LoopKind, Option<Arc<str>>) {
        let Some(Object::Instance { class, .. }) = value.as_id().map(|id| self.state.heap.get(id)) else {
            return (LoopKind::Unknown, Some(unknown_loop(value)));
        };
        match self.class_attribute(*class, "__loop__") {
            Some((Value::Str(kind), _)) if &*kind == "unknown" => {
                let origin = match value.as_id().map(|id| self.state.heap.get(id)) {
                    Some(Object::Instance { attributes, .. }) => attributes.get("_origin"),
                    _ => None,
                };
                (LoopKind::Unknown, Some(unknown_loop(origin.unwrap_or(value))))
            }
            Some((Value::Str(kind), _)) => (named_kind(&kind), None),
            _ if self.has_unknown_base(*class) => {
                let shown = self.shown(value);
                (
                    LoopKind::Unknown,
                    Some(format!("the loop is a {shown} of a package loopcheck does not know").into()),
                )
            }
            _ => (LoopKind::Custom, None),
        }
    }

    /// Whether the program has the word from which it is known that somebody chose Proactor:
    /// `DefaultEventLoopPolicy` and `EventLoop` are other names of the same classes, and no choice.
    fn names_proactor(&self) -> bool {
        self.loaded.iter().any(|module| self.project.modules[*module].names_proactor())
    }

    /// The policy of this process as it stands.
    pub fn policy_in_force(&self) -> PolicyKind {
        let Some(events) = self.state.modules.get("asyncio.events") else { return PolicyKind::Default };
        match self.state.heap.scope(self.module_scope(*events)).get("_event_loop_policy") {
            None | Some(Value::None) => PolicyKind::Default,
            // The default policy is made when it is first asked for.
            Some(policy) if self.state.policy_set.is_none() || self.state.policy_unset => {
                match policy_kind(self, policy) {
                    PolicyKind::Selector => PolicyKind::Selector,
                    _ => PolicyKind::Default,
                }
            }
            Some(policy) => policy_kind(self, policy),
        }
    }
}

/// Why the class of a loop is not known.
fn unknown_loop(value: &Value) -> Arc<str> {
    match value {
        Value::Unknown(unknown) => format!("the loop comes from `{}`", unknown.label).into(),
        _ => "the loop object is not known".into(),
    }
}

/// What kind of policy a value is.
pub fn policy_kind(machine: &Machine<'_>, policy: &Value) -> PolicyKind {
    if matches!(policy, Value::None) {
        return PolicyKind::Default;
    }
    let Some(Object::Instance { class, .. }) = policy.as_id().map(|id| machine.state.heap.get(id)) else {
        return PolicyKind::Unknown;
    };
    let overridden = machine
        .class_attribute(*class, "new_event_loop")
        .or_else(|| machine.class_attribute(*class, "_loop_factory"))
        .is_some_and(|(_, owner)| !matches!(machine.state.heap.get(owner), Object::Class(class) if matches!(class.unit, crate::interpret::machine::Unit::Stub(_))));
    if overridden {
        return PolicyKind::Custom;
    }
    match machine.class_attribute(*class, "__policy__") {
        Some((Value::Str(kind), _)) => match &*kind {
            "selector" => PolicyKind::Selector,
            "proactor" if machine.names_proactor() => PolicyKind::Proactor,
            "winloop" => PolicyKind::Winloop,
            "uvloop" => PolicyKind::Uvloop,
            _ => PolicyKind::Default,
        },
        _ if machine.has_unknown_base(*class) => PolicyKind::Unknown,
        _ => PolicyKind::Custom,
    }
}

pub fn named_kind(kind: &str) -> LoopKind {
    match kind {
        "proactor" => LoopKind::Proactor,
        "selector" => LoopKind::Selector,
        "uvloop" => LoopKind::Uvloop,
        "winloop" => LoopKind::Winloop,
        _ => LoopKind::Custom,
    }
}

impl Event {
    /// The run this event tells of, if it tells of one.
    pub fn run(&self) -> Option<&Run> {
        match &self.kind {
            EventKind::Run(run) => Some(run),
            _ => None,
        }
    }
}
