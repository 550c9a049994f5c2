//! What a name can hold on paper.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::env::Chain;
use crate::interpret::machine::Unit;
use crate::ir::{self, Name};

/// The address of an object on the heap of one paper run.
pub type Id = u32;

#[derive(Clone, Debug)]
pub enum Value {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Rc<[Value]>),
    Object(Id),
    /// A builtin function or type, by name.
    Builtin(&'static str),
    Unknown(Rc<Unknown>),
}

/// A value the program does not decide. Copies keep the identity, so that the same unknown asked
/// twice gives the same answer.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// Made by [`Unknown::derived`] and [`Unknown::negation`] from other unknowns, or counted.
    pub id: u64,
    /// Where it came from, in the user's terms: `args.reload`, `os.environ["PORT"]`.
    pub label: Arc<str>,
    /// The values it may have, when they are few and known.
    pub options: Option<Rc<[Value]>>,
}

pub use crate::interpret::bindings::Names;

#[derive(Clone, Debug)]
pub enum Object {
    /// The variables of a module, a class body or a call.
    Scope(Names),
    Module(ModuleObject),
    List(Sequence),
    Set(Sequence),
    Dict(Mapping),
    Function(FunctionObject),
    /// `self` (or the class) bound to a function.
    Method {
        function: Value,
        receiver: Value,
    },
    Class(ClassObject),
    Instance {
        class: Id,
        attributes: Names,
        /// Attributes that nobody has set read as unknown instead of raising.
        open: bool,
    },
    /// A call of an `async def` or a generator function whose body has not run yet.
    Suspended(Suspended),
    StaticMethod(Value),
    ClassMethod(Value),
    Property(Value),
    /// `super()` seen from a class and an instance.
    Super {
        after: Id,
        receiver: Value,
    },
    /// An address that only another way of the run uses.
    Vacant,
    /// What a runner row describes (an index into [`crate::knowledge::Runners`]).
    Row(usize),
}

#[derive(Clone, Debug)]
pub struct ModuleObject {
    pub name: Name,
    pub scope: Id,
    /// Attributes nobody has bound read as unknown (code we do not see).
    pub open: bool,
    /// What the module is made of; absent for packages we know only by name.
    pub unit: Option<Unit>,
    /// `__path__`: folders in which submodules are looked for. Absent for plain modules.
    pub path: Option<Rc<[PathBuf]>>,
}

#[derive(Clone, Debug, Default)]
pub struct Sequence {
    pub items: Vec<Value>,
    /// It may hold more than `items`.
    pub open: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Mapping {
    pub entries: Vec<(Value, Value)>,
    pub open: bool,
}

#[derive(Clone, Debug)]
pub struct FunctionObject {
    pub code: Arc<ir::Function>,
    pub unit: Unit,
    pub globals: Id,
    pub chain: Rc<Chain>,
    /// Values of the defaults, in parameter order; empty where there is none.
    pub defaults: Rc<[Option<Value>]>,
    /// Dotted: `Server.run`.
    pub qualname: Name,
    /// The class whose body defined it, for zero-argument `super()`.
    pub class: Option<Id>,
    pub attributes: Names,
}

#[derive(Clone, Debug)]
pub struct ClassObject {
    pub name: Name,
    pub qualname: Name,
    pub module: Name,
    pub bases: Vec<Value>,
    pub scope: Id,
    /// The unit whose code defined it, and where its name stands.
    pub unit: Unit,
    pub span: ir::Span,
    /// Made from runner rows: constructing an instance keeps the arguments.
    pub row: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Suspended {
    pub function: Id,
    pub scope: Id,
    pub started: bool,
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    pub fn tuple(items: Vec<Value>) -> Value {
        Value::Tuple(items.into())
    }

    /// Whether it has at most so many parts, which are taken off. Tuples share theirs, so that a few
    /// of them may have more than could ever be counted.
    pub fn has_within(&self, parts: &mut usize) -> bool {
        let Some(left) = parts.checked_sub(1) else { return false };
        *parts = left;
        match self {
            Value::Tuple(items) => items.iter().all(|item| item.has_within(parts)),
            _ => true,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// An integer; `True` is 1.
    pub fn as_number(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }

    pub fn as_id(&self) -> Option<Id> {
        match self {
            Value::Object(id) => Some(*id),
            _ => None,
        }
    }

    /// The addresses it names, also as one of its options.
    pub fn ids(&self, ids: &mut Vec<Id>) {
        match self {
            Value::Object(id) => ids.push(*id),
            Value::Tuple(items) => items.iter().for_each(|item| item.ids(ids)),
            Value::Unknown(unknown) => {
                unknown.options.iter().flat_map(|options| &**options).for_each(|option| option.ids(ids))
            }
            _ => {}
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_))
    }

    /// The same value beyond doubt: equal plain data, the same object, the same unknown.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None)
            | (Value::Ellipsis, Value::Ellipsis)
            | (Value::NotImplemented, Value::NotImplemented) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Tuple(a), Value::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.same(y))
            }
            (Value::Object(a), Value::Object(b)) => a == b,
            (Value::Builtin(a), Value::Builtin(b)) => a == b,
            (Value::Unknown(a), Value::Unknown(b)) => a.id == b.id,
            _ => false,
        }
    }
}

impl Object {
    /// The addresses it leads to.
    pub fn ids(&self, ids: &mut Vec<Id>) {
        let mut names = |names: &Names| names.values().for_each(|value| value.ids(ids));
        match self {
            Object::Scope(scope) => names(scope),
            Object::Instance { class, attributes, .. } => {
                names(attributes);
                ids.push(*class);
            }
            Object::Function(function) => {
                names(&function.attributes);
                function.defaults.iter().flatten().for_each(|value| value.ids(ids));
                let mut chain = Some(&function.chain);
                while let Some(link) = chain {
                    ids.push(link.scope);
                    chain = link.parent.as_ref();
                }
                ids.push(function.globals);
            }
            Object::Class(class) => {
                class.bases.iter().for_each(|base| base.ids(ids));
                ids.push(class.scope);
            }
            Object::Module(module) => ids.push(module.scope),
            Object::List(items) | Object::Set(items) => items.items.iter().for_each(|item| item.ids(ids)),
            Object::Dict(mapping) => mapping.entries.iter().for_each(|(key, value)| {
                key.ids(ids);
                value.ids(ids);
            }),
            Object::Method { function: value, receiver: other } => {
                value.ids(ids);
                other.ids(ids);
            }
            Object::Super { after, receiver } => {
                ids.push(*after);
                receiver.ids(ids);
            }
            Object::Suspended(suspended) => ids.extend([suspended.function, suspended.scope]),
            Object::StaticMethod(value) | Object::ClassMethod(value) | Object::Property(value) => {
                value.ids(ids)
            }
            Object::Vacant | Object::Row(_) => {}
        }
    }
}

/// Set in the identity of an unknown that is the negation of another.
const NEGATED: u64 = 1 << 63;
/// Set in the identity of an unknown that was made from another, so that it is never one that was counted.
const DERIVED: u64 = 1 << 62;

impl Unknown {
    /// The identity of what `what` (an attribute, a key, a comparison) makes of an unknown.
    pub fn derived(id: u64, what: &str) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        (id, what).hash(&mut hasher);
        (hasher.finish() & !NEGATED) | DERIVED
    }

    /// The identity of `not self`.
    pub fn negation(&self) -> u64 {
        self.id ^ NEGATED
    }

    /// The identity under which its truth is remembered, and whether that truth is the opposite of its own.
    pub fn base(&self) -> (u64, bool) {
        (self.id & !NEGATED, self.id & NEGATED != 0)
    }
}
