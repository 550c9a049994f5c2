//! Generators and context managers: code that is left in its middle, and gone back to.

use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::value::{Id, Object, Value};

impl<'p> Machine<'p> {
    /// A generator object that has not been started.
    pub fn as_generator(&self, value: &Value) -> Option<Id> {
        let id = value.as_id()?;
        match self.state.heap.get(id) {
            Object::Suspended(suspended) if !suspended.started => {
                match self.state.heap.get(suspended.function) {
                    Object::Function(function) if function.code.is_generator => Some(id),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Runs a generator, handing each value it yields to `hook`, which runs where the generator is asked
    /// for its values: its own frames do not stand while it waits.
    pub fn drive(
        &mut self,
        generator: Id,
        hook: &dyn Fn(&mut Machine<'p>, Value) -> Flow<Value>,
    ) -> Flow<Value> {
        let Object::Suspended(suspended) = self.state.heap.get_mut(generator) else { return Ok(Value::None) };
        suspended.started = true;
        let (function, scope) = (suspended.function, suspended.scope);
        let asked = self.frames.len();
        let hook = |machine: &mut Machine<'p>, value| {
            let waiting = machine.frames.split_off(asked.min(machine.frames.len()));
            machine.waiting += waiting.len();
            let result = hook(machine, value);
            machine.waiting -= waiting.len();
            machine.frames.extend(waiting);
            result
        };
        match self.run_body(function, scope, Some(&hook)) {
            Err(Stop::Return(value)) => Ok(value),
            other => other,
        }
    }

    /// The generator behind a `@contextmanager` object.
    pub fn context_generator(&self, context: &Value) -> Option<Id> {
        let id = context.as_id()?;
        match self.state.heap.get(id) {
            Object::Instance { attributes, .. } => {
                attributes.get("__generator__").and_then(|value| self.as_generator(value))
            }
            _ => None,
        }
    }

    /// Enters a context manager, synchronous or not.
    pub fn enter(&mut self, context: &Value) -> Flow<Value> {
        let class = match context.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { class, .. }) => Some(*class),
            _ => None,
        };
        let Some(class) = class else {
            self.state.may_raise += 1;
            return Ok(match context {
                Value::Unknown(unknown) => self.derive(unknown, "entered", unknown.label.to_string()),
                other => other.clone(),
            });
        };
        for (name, awaited) in [("__enter__", false), ("__aenter__", true)] {
            if self.class_attribute(class, name).is_some() {
                let method = self.attribute(context.clone(), name)?;
                let entered = self.call(method, Vec::new(), Vec::new())?;
                return if awaited { self.wait_for(entered) } else { Ok(entered) };
            }
        }
        // A context manager of a package: it gives back itself more often than not.
        Ok(context.clone())
    }

    /// Leaves a context manager; true when it swallows the error.
    pub fn leave(&mut self, context: &Value, error: Option<Value>) -> Flow<bool> {
        let class = match context.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { class, .. }) => *class,
            _ => return Ok(false),
        };
        for (name, awaited) in [("__exit__", false), ("__aexit__", true)] {
            if self.class_attribute(class, name).is_some() {
                let method = self.attribute(context.clone(), name)?;
                let kind = match &error {
                    Some(error) => self.type_of(error),
                    None => Value::None,
                };
                let args = vec![kind, error.clone().unwrap_or(Value::None), Value::None];
                let answer = self.call(method, args, Vec::new())?;
                let answer = if awaited { self.wait_for(answer)? } else { answer };
                return match (error.is_some(), self.truth(&answer)) {
                    (false, _) => Ok(false),
                    (true, Some(answer)) => Ok(answer),
                    (true, None) => self.decide(&answer, "the error is suppressed"),
                };
            }
        }
        Ok(false)
    }
}
