//! `raise` and `try`: which handler an error meets, and when code is run for the sake of one.

use std::sync::Arc;

use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::steps::StepKind;
use crate::interpret::trace::EventKind;
use crate::interpret::value::{Object, Value};
use crate::ir::{Expr, ExprKind, Handler, Stmt};

impl<'p> Machine<'p> {
    /// Raises an exception, or again the one that is handled.
    pub fn exec_raise(&mut self, env: &Env<'_, 'p>, exception: Option<&Expr>) -> Flow<()> {
        let Some(exception) = exception else {
            let error = self.lookup(env, "__error__").unwrap_or(Value::None);
            return Err(Stop::Raise(error));
        };
        let value = self.eval(env, exception)?;
        let value = self.settle_value(value);
        let is_class = matches!(value.as_id().map(|id| self.state.heap.get(id)), Some(Object::Class(_)));
        let error = if is_class { self.call(value, Vec::new(), Vec::new())? } else { value };
        self.raised(error)
    }

    /// Runs a body, the handler its error meets, and what runs in any case.
    pub fn exec_try(
        &mut self,
        env: &Env<'_, 'p>,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
        finalbody: &[Stmt],
    ) -> Flow<()> {
        let result = if handlers.is_empty() {
            self.exec(env, body).and_then(|()| self.exec(env, orelse))
        } else {
            self.exec_handled(env, body, handlers, orelse)
        };
        if finalbody.is_empty() || matches!(result, Err(Stop::Bound(_) | Stop::Exit)) {
            return result;
        }
        self.exec(env, finalbody)?;
        result
    }

    fn exec_handled(
        &mut self,
        env: &Env<'_, 'p>,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
    ) -> Flow<()> {
        let worth = handlers.iter().any(worth_trying);
        let ready = Ready {
            lookups: handlers.iter().any(expects_lookup_error),
            refusals: handlers.iter().any(expects_refusal),
        };
        self.explore(|machine| {
            let (choice, way) = machine.open_choice("an exception is raised");
            if way > 0 {
                let error = machine.unknown("an exception");
                return machine.handle(env, handlers, error).map(|()| Value::None);
            }
            let may_raise = machine.state.may_raise;
            let result = machine.guarded(ready, |machine| machine.exec(env, body));
            if worth && machine.state.may_raise > may_raise {
                // Something in the body may raise although it did not here.
                machine.widen(choice);
            }
            match result {
                Ok(()) => machine.exec(env, orelse),
                Err(Stop::Raise(error)) => machine.handle(env, handlers, error),
                Err(stop) => Err(stop),
            }
            .map(|()| Value::None)
        })
        .map(drop)
    }

    /// Runs code that handlers stand ready for.
    pub fn guarded<T>(&mut self, ready: Ready, body: impl FnOnce(&mut Machine<'p>) -> Flow<T>) -> Flow<T> {
        let count = |machine: &mut Machine<'p>, by: isize| {
            machine.handlers = machine.handlers.saturating_add_signed(by);
            if ready.lookups {
                machine.lookup_handlers = machine.lookup_handlers.saturating_add_signed(by);
            }
            if ready.refusals {
                machine.refusal_handlers = machine.refusal_handlers.saturating_add_signed(by);
            }
            if let Some(frame) = machine.frames.last_mut() {
                frame.handlers = frame.handlers.saturating_add_signed(by);
            }
        };
        count(self, 1);
        let result = body(self);
        count(self, -1);
        result
    }

    fn handle(&mut self, env: &Env<'_, 'p>, handlers: &[Handler], error: Value) -> Flow<()> {
        for (index, handler) in handlers.iter().enumerate() {
            let matches = match &handler.kind {
                None => true,
                Some(kind) => {
                    let class = self.eval(env, kind)?;
                    match self.is_instance(&error, &class) {
                        Some(answer) => answer,
                        // Every handler has its turn; that some exception is caught is certain enough.
                        None if index + 1 == handlers.len() => true,
                        None => {
                            let text = self.text(env.unit, kind.span);
                            let label = |n: usize| -> Arc<str> {
                                if n == 0 { format!("{text} is raised").into() } else { "".into() }
                            };
                            self.choose(2, label) == 0
                        }
                    }
                }
            };
            if !matches {
                continue;
            }
            self.note(|machine| StepKind::Caught(machine.shown_error(&error).into()));
            self.forgive(Some(&error));
            if let Some(name) = &handler.name {
                self.bind(env, name, error.clone());
            }
            self.bind_hidden(env, "__error__", error);
            return self.exec(env, &handler.body);
        }
        Err(Stop::Raise(error))
    }

    /// An error that was caught is no complaint: takes back the note about a missing attribute.
    pub fn forgive(&mut self, error: Option<&Value>) {
        let Some(Object::Instance { attributes, .. }) =
            error.and_then(Value::as_id).map(|id| self.state.heap.get(id))
        else {
            return;
        };
        if let Some(Value::Str(missing)) = attributes.get("__missing__").cloned() {
            let last = self
                .state
                .events
                .iter()
                .rposition(|event| matches!(&event.kind, EventKind::Missing(name) if *name == missing));
            if let Some(last) = last {
                self.state.events.remove(last);
            }
        }
    }
}

/// What the handlers around some code are written for.
#[derive(Clone, Copy)]
pub struct Ready {
    pub lookups: bool,
    pub refusals: bool,
}

/// The handler names an error of looking something up, so its author knows that the thing may not be there.
fn expects_lookup_error(handler: &Handler) -> bool {
    names_one_of(handler, &["AttributeError", "KeyError", "IndexError", "LookupError", "TypeError"])
}

/// The handler names the error of a loop that cannot do what it is asked for.
fn expects_refusal(handler: &Handler) -> bool {
    names_one_of(handler, &["NotImplementedError"])
}

fn names_one_of(handler: &Handler, errors: &[&str]) -> bool {
    let named = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if errors.contains(&&**name));
    match handler.kind.as_ref().map(|expr| &expr.kind) {
        Some(ExprKind::Tuple(kinds)) => kinds.iter().any(named),
        _ => handler.kind.as_ref().is_some_and(named),
    }
}

/// Handlers that only end the program, or wait for the user to end it, need no way of their own.
fn worth_trying(handler: &Handler) -> bool {
    let interrupt = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if matches!(&**name, "KeyboardInterrupt" | "SystemExit" | "GeneratorExit"));
    match handler.kind.as_ref().map(|expr| &expr.kind) {
        Some(ExprKind::Tuple(kinds)) => !kinds.iter().all(interrupt),
        Some(ExprKind::Name(_)) => !handler.kind.as_ref().is_some_and(interrupt),
        _ => true,
    }
}
