//! Of which type a value is: `type`, `isinstance` and `issubclass`.

use crate::interpret::machine::Machine;
use crate::interpret::value::{Id, Object, Value};

impl Machine<'_> {
    pub fn is_error(&self, error: &Value, class: &str) -> bool {
        let class = self.builtin(class);
        self.is_instance(error, &class) == Some(true)
    }

    /// Whether handlers for `class` catch the builtin error `error`.
    pub fn is_error_class(&self, class: Id, error: &str) -> bool {
        self.builtin(error).as_id().is_some_and(|error| self.mro(error).contains(&class))
    }

    /// `isinstance(value, class)`; `None` when the program does not decide.
    pub fn is_instance(&self, value: &Value, class: &Value) -> Option<bool> {
        if let Value::Tuple(classes) = class {
            let answers: Vec<Option<bool>> =
                classes.iter().map(|class| self.is_instance(value, class)).collect();
            return any(&answers);
        }
        if value.is_unknown() || class.is_unknown() {
            return None;
        }
        match (value, class) {
            (_, Value::Builtin("object")) => Some(true),
            (value, Value::Builtin(name)) => {
                let kind = self.type_of(value);
                match kind {
                    Value::Builtin(kind) => Some(kind == *name || (kind == "bool" && *name == "int")),
                    Value::Object(id) => self.is_subclass_of_builtin(id, name),
                    _ => Some(false),
                }
            }
            (value, Value::Object(class)) => {
                if !matches!(self.state.heap.get(*class), Object::Class(_)) {
                    return None;
                }
                match value.as_id().map(|id| self.state.heap.get(id)) {
                    Some(Object::Instance { class: own, .. }) => self.is_subclass(*own, *class),
                    _ => Some(self.builtin("object").as_id() == Some(*class)),
                }
            }
            _ => None,
        }
    }

    /// `class Level(str, Enum)`: the builtin type stands among its bases.
    pub fn is_subclass_of_builtin(&self, class: Id, builtin: &str) -> Option<bool> {
        let among_bases = self.mro(class).into_iter().any(|id| match self.state.heap.get(id) {
            Object::Class(class) => {
                class.bases.iter().any(|base| matches!(base, Value::Builtin(name) if *name == builtin))
            }
            _ => false,
        });
        match among_bases || builtin == "object" {
            true => Some(true),
            false if self.has_unknown_base(class) => None,
            false => Some(false),
        }
    }

    pub fn is_subclass(&self, class: Id, base: Id) -> Option<bool> {
        if self.mro(class).contains(&base) || self.builtin("object").as_id() == Some(base) {
            return Some(true);
        }
        if self.has_unknown_base(class) { None } else { Some(false) }
    }

    /// `type(value)`
    pub fn type_of(&self, value: &Value) -> Value {
        match value {
            Value::None => Value::Builtin("NoneType"),
            Value::Ellipsis => Value::Builtin("ellipsis"),
            Value::NotImplemented => Value::Builtin("NotImplementedType"),
            Value::Bool(_) => Value::Builtin("bool"),
            Value::Int(_) => Value::Builtin("int"),
            Value::Float(_) => Value::Builtin("float"),
            Value::Str(_) => Value::Builtin("str"),
            Value::Bytes(_) => Value::Builtin("bytes"),
            Value::Tuple(_) => Value::Builtin("tuple"),
            Value::Builtin(_) => Value::Builtin("builtin_function_or_method"),
            Value::Unknown(_) => value.clone(),
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::List(_) => Value::Builtin("list"),
                Object::Set(_) => Value::Builtin("set"),
                Object::Dict(_) => Value::Builtin("dict"),
                Object::Class(_) => Value::Builtin("type"),
                Object::Module(_) => Value::Builtin("module"),
                Object::Instance { class, .. } => Value::Object(*class),
                Object::Suspended(_) => Value::Builtin("coroutine"),
                _ => Value::Builtin("function"),
            },
        }
    }
}

fn any(answers: &[Option<bool>]) -> Option<bool> {
    if answers.contains(&Some(true)) {
        Some(true)
    } else if answers.contains(&None) {
        None
    } else {
        Some(false)
    }
}
