//! Builtin functions and the methods of builtin types.

use std::rc::Rc;

use crate::interpret::calls::Keywords;
use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::value::{Id, Mapping, Object, Sequence, Value};
use crate::ir::BinaryOp;
use crate::python;

/// Builtin functions and types that the program can name.
pub const NAMES: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "max",
    "memoryview",
    "min",
    "next",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "__import__",
    "aiter",
    "anext",
    "breakpoint",
];

/// Builtins that go through their arguments.
const ITERATES: &[&str] = &[
    "all",
    "any",
    "dict",
    "enumerate",
    "frozenset",
    "list",
    "max",
    "min",
    "reversed",
    "set",
    "sorted",
    "sum",
    "tuple",
    "zip",
];

impl<'p> Machine<'p> {
    /// Replaces generators by lists of what they yield.
    pub fn run_generators(&mut self, args: Vec<Value>) -> Flow<Vec<Value>> {
        let mut run = Vec::new();
        for arg in args {
            let arg = self.settle_value(arg);
            run.push(match self.as_generator(&arg) {
                Some(_) => self.collect("list", Some(arg))?,
                None => arg,
            });
        }
        Ok(run)
    }

    pub fn call_builtin(&mut self, name: &'static str, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        let args = if ITERATES.contains(&name) { self.run_generators(args)? } else { args };
        args.iter().for_each(|arg| self.count_reading(arg));
        let first = args.first().cloned();
        Ok(match (name, args.as_slice()) {
            ("getattr", [object, attribute, rest @ ..]) => {
                let attribute = self.settle_value(attribute.clone());
                let object = self.settle_value(object.clone());
                let Value::Str(attribute) = attribute else { return Ok(self.unknown("getattr()")) };
                match (self.find_attribute(&object, &attribute)?, rest) {
                    (Some(found), _) => found,
                    (None, [default, ..]) => default.clone(),
                    (None, []) => self.attribute(object, &attribute)?,
                }
            }
            ("hasattr", [object, Value::Str(attribute)]) => {
                let object = self.settle_value(object.clone());
                match &object {
                    Value::Unknown(unknown) => {
                        let label = format!("hasattr({}, {attribute:?})", unknown.label);
                        self.derive(unknown, &format!("has {attribute}"), label)
                    }
                    object => match self.find_attribute(object, attribute)? {
                        Some(found) => self.is_there(&found, object),
                        None => Value::Bool(false),
                    },
                }
            }
            ("setattr", [object, Value::Str(attribute), value]) => {
                self.set_attribute(object.clone(), attribute, value.clone())?;
                Value::None
            }
            // Which attribute it sets is not known: from here on there may be any.
            ("setattr", [Value::Object(id), ..]) => {
                if let Object::Instance { open, .. } = self.state.heap.get_mut(*id) {
                    *open = true;
                }
                Value::None
            }
            ("delattr", [object, Value::Str(attribute)]) => {
                self.delete_attribute(object, attribute);
                Value::None
            }
            ("isinstance", [value, class]) => {
                let value = self.settle_value(value.clone());
                match self.is_instance(&value, class) {
                    Some(answer) => Value::Bool(answer),
                    None => self.unknown(format!("isinstance({}, …)", self.shown(&value))),
                }
            }
            ("issubclass", [Value::Object(class), Value::Builtin(base)]) => {
                match self.is_subclass_of_builtin(*class, base) {
                    Some(answer) => Value::Bool(answer),
                    None => self.unknown("issubclass()"),
                }
            }
            ("issubclass", [Value::Object(class), Value::Object(base)]) => {
                match self.is_subclass(*class, *base) {
                    Some(answer) => Value::Bool(answer),
                    None => self.unknown("issubclass()"),
                }
            }
            ("callable", [value]) => match value {
                Value::Builtin(_) => Value::Bool(true),
                Value::Unknown(_) => self.unknown("callable()"),
                Value::Object(id) => match self.state.heap.get(*id) {
                    Object::Function(_) | Object::Method { .. } | Object::Class(_) | Object::Row(_) => {
                        Value::Bool(true)
                    }
                    Object::Instance { class, .. } => {
                        Value::Bool(self.class_attribute(*class, "__call__").is_some())
                    }
                    _ => Value::Bool(false),
                },
                _ => Value::Bool(false),
            },
            ("type", [value]) => self.type_of(value),
            ("len", [value]) => match (value, self.items(value)) {
                (Value::Str(text), _) => Value::Int(text.chars().count() as i64),
                (_, Some((items, false))) => Value::Int(items.len() as i64),
                (value, _) => {
                    let shown = self.shown(value);
                    match value {
                        Value::Unknown(unknown) => self.derive(unknown, "len", format!("len({shown})")),
                        _ => self.unknown(format!("len({shown})")),
                    }
                }
            },
            ("bool", []) => Value::Bool(false),
            ("bool", [value]) => {
                let value = self.truth_value(value.clone())?;
                self.truth(&value).map_or(value, Value::Bool)
            }
            ("str", []) => Value::str(""),
            ("str", [value]) => self.text_of(value)?,
            ("int", [Value::Int(n)]) => Value::Int(*n),
            ("int", [Value::Bool(b)]) => Value::Int(i64::from(*b)),
            ("int", [Value::Float(n)]) => Value::Int(*n as i64),
            ("int", [Value::Str(text)]) => match text.trim().parse() {
                Ok(n) => Value::Int(n),
                Err(_) => return self.doubt("ValueError", "invalid literal for int()"),
            },
            ("int", [Value::Unknown(unknown), ..]) => {
                self.state.may_raise += 1;
                let label = format!("int({})", unknown.label);
                self.derive(unknown, "int", label)
            }
            ("abs", [n]) if n.as_number().is_some_and(|n| n != i64::MIN) => {
                Value::Int(n.as_number().unwrap_or_default().abs())
            }
            ("divmod", [a, b]) => {
                let quotient = self.binary(a.clone(), BinaryOp::FloorDiv, b.clone())?;
                let rest = self.binary(a.clone(), BinaryOp::Mod, b.clone())?;
                Value::tuple(vec![quotient, rest])
            }
            ("min" | "max", [_, ..]) => self.extreme(name, &args, &keywords)?,
            ("sum", [values]) => self.sum(values, None)?,
            ("sum", [values, start]) => self.sum(values, Some(start))?,
            ("sorted", _) => self.sorted(first, &keywords)?,
            ("list" | "reversed" | "tuple" | "set" | "frozenset" | "iter", _) => self.collect(name, first)?,
            ("dict", _) => self.build_dict(first, keywords),
            ("any" | "all", [value]) => {
                let stops = name == "any";
                match self.items(value) {
                    Some((items, open)) => {
                        let truths: Vec<Option<bool>> = items.iter().map(|item| self.truth(item)).collect();
                        if truths.contains(&Some(stops)) {
                            Value::Bool(stops)
                        } else if open || truths.contains(&None) {
                            self.unknown(format!("{name}()"))
                        } else {
                            Value::Bool(!stops)
                        }
                    }
                    None => self.unknown(format!("{name}()")),
                }
            }
            ("enumerate", [iterable, ..]) => match self.items(iterable) {
                Some((items, false)) => {
                    let pairs = items
                        .into_iter()
                        .enumerate()
                        .map(|(n, item)| Value::tuple(vec![Value::Int(n as i64), item]));
                    let pairs = pairs.collect();
                    self.list(pairs)
                }
                _ => self.unknown("enumerate()"),
            },
            ("zip", [a, b]) => match (self.items(a), self.items(b)) {
                (Some((a, false)), Some((b, false))) => {
                    let pairs = a.into_iter().zip(b).map(|(a, b)| Value::tuple(vec![a, b])).collect();
                    self.list(pairs)
                }
                _ => self.unknown("zip()"),
            },
            ("range", bounds) => {
                let numbers: Option<Vec<i64>> =
                    bounds.iter().map(|n| if let Value::Int(n) = n { Some(*n) } else { None }).collect();
                match numbers.as_deref() {
                    Some([stop]) => self.numbers(0, *stop),
                    Some([start, stop]) => self.numbers(*start, *stop),
                    _ => self.unknown("range()"),
                }
            }
            ("next", [iterator, rest @ ..]) => {
                let iterator = self.settle_value(iterator.clone());
                match (self.as_generator(&iterator), self.items(&iterator)) {
                    (Some(generator), _) => match (self.first_yielded(generator)?, rest) {
                        (Some(item), _) => item,
                        (None, [default, ..]) => default.clone(),
                        (None, []) => return self.raise("StopIteration", ""),
                    },
                    (None, Some((items, false))) => match (items.first(), rest) {
                        (Some(item), _) => item.clone(),
                        (None, [default, ..]) => default.clone(),
                        (None, []) => return self.doubt("StopIteration", "next()"),
                    },
                    _ => self.unknown("next()"),
                }
            }
            ("staticmethod", [function]) => self.alloc(Object::StaticMethod(function.clone())),
            ("classmethod", [function]) => self.alloc(Object::ClassMethod(function.clone())),
            ("property", [function, ..]) => self.alloc(Object::Property(function.clone())),
            ("property_setter", _) => Value::Builtin("property_setter"),
            ("super", [class, receiver, ..]) => match class.as_id() {
                Some(after) => self.alloc(Object::Super { after, receiver: receiver.clone() }),
                None => self.unknown("super()"),
            },
            ("print" | "help" | "breakpoint" | "nothing", _) => Value::None,
            ("repr" | "ascii" | "format", _) => self.unknown("a string"),
            ("id" | "hash", _) => self.unknown(format!("{name}()")),
            ("object", _) => self.unknown("object()"),
            ("__import__", [Value::Str(module), ..]) => {
                self.import(module)?;
                let top = module.split('.').next().unwrap_or_default();
                match self.state.modules.get(top) {
                    Some(id) => Value::Object(*id),
                    None => self.unknown(&**module),
                }
            }
            ("dict.fromkeys", _) => self.unknown("dict.fromkeys()"),
            _ if name.starts_with("_l.") => return self.intrinsic(&name[3..], args, keywords),
            _ => self.call_unknown(format!("{name}()"), args, keywords),
        })
    }

    /// An attribute that reads as unknown may not be there at all, unless the module just is not fully known to us.
    fn is_there(&mut self, found: &Value, object: &Value) -> Value {
        // What a module with a stub has is there, also when its value is not known to us; only what the
        // stub calls a question may be absent. Of a module without a stub nothing is known.
        let question = matches!(found, Value::Unknown(unknown) if unknown.label.starts_with("whether "));
        let module = !question
            && matches!(object.as_id().map(|id| self.state.heap.get(id)), Some(Object::Module(module)) if module.unit.is_some());
        match found {
            Value::Unknown(unknown) if unknown.options.is_none() && !module => {
                let label = format!("{} exists", unknown.label);
                self.derive(unknown, "exists", label)
            }
            _ => Value::Bool(true),
        }
    }

    fn numbers(&mut self, start: i64, stop: i64) -> Value {
        if stop.saturating_sub(start) > 256 {
            return self.alloc(Object::List(Sequence { items: vec![Value::Int(start)], open: true }));
        }
        let items = (start..stop).map(Value::Int).collect();
        self.list(items)
    }

    fn text_of(&mut self, value: &Value) -> Flow<Value> {
        Ok(match value {
            Value::Str(_) => value.clone(),
            Value::Int(n) => Value::str(n.to_string()),
            Value::Bool(_) | Value::None => Value::str(self.shown(value)),
            Value::Unknown(unknown) => {
                let label = format!("str({})", unknown.label);
                self.derive(unknown, "str", label)
            }
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::Instance { class, .. } if self.class_attribute(*class, "__str__").is_some() => {
                    let method = self.attribute(value.clone(), "__str__")?;
                    self.call(method, Vec::new(), Vec::new())?
                }
                _ => self.unknown("a string"),
            },
            _ => self.unknown("a string"),
        })
    }

    pub fn collect(&mut self, kind: &str, source: Option<Value>) -> Flow<Value> {
        let mut sequence = Sequence::default();
        if let Some(source) = source {
            let source = self.settle_value(source);
            if let Some(generator) = self.as_generator(&source) {
                let found = self.state.heap.alloc(Object::List(Sequence::default()));
                self.drive(generator, &|machine, item| {
                    if let Object::List(found) = machine.state.heap.get_mut(found) {
                        found.items.push(item);
                    }
                    Ok(Value::None)
                })?;
                if let Object::List(found) = self.state.heap.get(found) {
                    sequence = found.clone();
                }
            } else {
                match self.items(&source) {
                    Some((items, open)) => sequence = Sequence { items, open },
                    None => sequence.open = true,
                }
            }
        }
        if kind == "reversed" {
            sequence.items.reverse();
        }
        Ok(match kind {
            "tuple" if !sequence.open => self.tuple(sequence.items),
            "tuple" => self.unknown("a tuple"),
            "set" | "frozenset" => self.set_of(sequence),
            _ => self.alloc(Object::List(sequence)),
        })
    }

    fn build_dict(&mut self, source: Option<Value>, keywords: Keywords) -> Value {
        let mut mapping = Mapping::default();
        if let Some(source) = source {
            let source = self.settle_value(source);
            match source.as_id().map(|id| self.state.heap.get(id).clone()) {
                Some(Object::Dict(other)) => mapping = other,
                _ => match self.items(&source) {
                    Some((items, open)) => {
                        mapping.open = open;
                        let pairs = items.iter().map(|item| match self.items(item) {
                            Some((pair, false)) => <[Value; 2]>::try_from(pair).ok(),
                            _ => None,
                        });
                        let known: Vec<[Value; 2]> = pairs.flatten().collect();
                        mapping.open |= known.len() < items.len();
                        mapping.extend(known.into_iter().map(|[key, value]| (key, value)));
                    }
                    None => mapping.open = true,
                },
            }
        }
        let (open, named): (Keywords, Keywords) =
            keywords.into_iter().partition(|(name, _)| matches!(&**name, "*" | "**"));
        mapping.open |= !open.is_empty();
        mapping.extend(named.into_iter().map(|(name, value)| (Value::Str(name), value)));
        self.alloc(Object::Dict(mapping))
    }

    fn first_yielded(&mut self, generator: Id) -> Flow<Option<Value>> {
        let result = self.drive(generator, &|machine, item| {
            machine.state.left.push((generator, Stop::Return(item)));
            Err(Stop::Break)
        });
        match (self.take_left(generator), result) {
            (Some(Stop::Return(item)), _) => Ok(Some(item)),
            (_, Err(stop)) => Err(stop),
            (_, Ok(_)) => Ok(None),
        }
    }

    /// The items of something that can be iterated, and whether there may be more.
    pub fn items(&self, value: &Value) -> Option<(Vec<Value>, bool)> {
        match value {
            Value::Tuple(items) => Some((items.to_vec(), false)),
            Value::Str(text) => {
                let first = text.chars().take(256).map(|c| Value::str(c.to_string())).collect();
                Some((first, text.chars().nth(256).is_some()))
            }
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::List(sequence) | Object::Set(sequence) => {
                    Some((sequence.items.clone(), sequence.open))
                }
                Object::Dict(mapping) => {
                    Some((mapping.entries.iter().map(|(key, _)| key.clone()).collect(), mapping.open))
                }
                Object::Instance { attributes, .. } => match attributes.get("__items__") {
                    Some(Value::Tuple(items)) => Some((items.to_vec(), false)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Builtins that see the scopes of their caller.
    pub fn call_with_env(&mut self, env: &Env<'_, 'p>, name: &'static str, args: Vec<Value>) -> Flow<Value> {
        let scope = match name {
            "globals" => env.globals,
            _ => env.chain.scope,
        };
        match (name, args.as_slice()) {
            ("exec" | "eval", [code, ..]) => {
                let code = self.settle_value(code.clone());
                let Value::Str(text) = code else {
                    self.state.may_raise += 1;
                    return Ok(self.unknown(format!("{name}()")));
                };
                self.exec_text(env, name == "eval", &text)
            }
            ("vars", [object]) => self.attribute(object.clone(), "__dict__"),
            ("globals" | "locals" | "vars", _) => {
                let names = self.state.heap.scope(scope).clone();
                let entries = names.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
                Ok(self.alloc(Object::Dict(Mapping { entries, open: false })))
            }
            _ => Ok(self.unknown(format!("{name}()"))),
        }
    }

    /// `exec("…")`: the text runs in the scopes of the caller.
    fn exec_text(&mut self, env: &Env<'_, 'p>, expression: bool, text: &str) -> Flow<Value> {
        let text: String = if expression { format!("__value__ = ({text})\n") } else { text.to_string() };
        let Ok(module) = python::lower(&text) else { return self.raise("SyntaxError", "invalid syntax") };
        let inner = Env { unit: Unit::Text, globals: env.globals, chain: Rc::clone(&env.chain), hook: None };
        let body = module.body;
        self.exec(&inner, &body)?;
        if !expression {
            return Ok(Value::None);
        }
        Ok(self.lookup(&inner, "__value__").unwrap_or(Value::None))
    }
}
