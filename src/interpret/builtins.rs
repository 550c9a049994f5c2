//! Builtin functions and the methods of builtin types.

use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::calls::Keywords;
use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::value::{Id, Mapping, Object, Sequence, Value};
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
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "filter",
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
    "map",
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
    "filter",
    "frozenset",
    "list",
    "map",
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
    fn run_generators(&mut self, args: Vec<Value>) -> Flow<Vec<Value>> {
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
            ("bool", [value]) => match self.truth(value) {
                Some(truth) => Value::Bool(truth),
                None => value.clone(),
            },
            ("str", []) => Value::str(""),
            ("str", [value]) => self.text_of(value)?,
            ("int", [Value::Int(n)]) => Value::Int(*n),
            ("int", [Value::Bool(b)]) => Value::Int(i64::from(*b)),
            ("int", [Value::Float(n)]) => Value::Int(*n as i64),
            ("int", [Value::Str(text)]) => match text.trim().parse() {
                Ok(n) => Value::Int(n),
                Err(_) => return self.raise("ValueError", "invalid literal for int()"),
            },
            ("int", [Value::Unknown(unknown), ..]) => {
                self.state.may_raise += 1;
                let label = format!("int({})", unknown.label);
                self.derive(unknown, "int", label)
            }
            ("list" | "sorted" | "reversed" | "tuple" | "set" | "frozenset" | "iter", _) => {
                self.collect(name, first)?
            }
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
            ("map", [function, iterable]) => match self.items(iterable) {
                Some((items, open)) => {
                    let mut results = Vec::new();
                    for item in items.into_iter().take(64) {
                        results.push(self.call(function.clone(), vec![item], Vec::new())?);
                    }
                    self.alloc(Object::List(Sequence { items: results, open }))
                }
                None => self.call_unknown("map()".into(), args, keywords),
            },
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
                    (Some(generator), _) => self.first_yielded(generator)?,
                    (None, Some((items, false))) => match (items.first(), rest) {
                        (Some(item), _) => item.clone(),
                        (None, [default, ..]) => default.clone(),
                        (None, []) => return self.raise("StopIteration", ""),
                    },
                    _ => self.unknown("next()"),
                }
            }
            ("min" | "max", _) => self.unknown(format!("{name}()")),
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
        // What a module has is there, also when its value is not known to us; only what a stub calls
        // a question may be absent.
        let question = matches!(found, Value::Unknown(unknown) if unknown.label.starts_with("whether "));
        let module =
            !question && matches!(object.as_id().map(|id| self.state.heap.get(id)), Some(Object::Module(_)));
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

    fn collect(&mut self, kind: &str, source: Option<Value>) -> Flow<Value> {
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
            "tuple" if !sequence.open => Value::tuple(sequence.items),
            "tuple" => self.unknown("a tuple"),
            "set" | "frozenset" => self.alloc(Object::Set(sequence)),
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
                        for item in items {
                            match self.items(&item) {
                                Some((pair, false)) if pair.len() == 2 => {
                                    self.insert(&mut mapping, pair[0].clone(), pair[1].clone());
                                }
                                _ => mapping.open = true,
                            }
                        }
                    }
                    None => mapping.open = true,
                },
            }
        }
        for (name, value) in keywords {
            match &*name {
                "*" | "**" => mapping.open = true,
                _ => self.insert(&mut mapping, Value::Str(name), value),
            }
        }
        self.alloc(Object::Dict(mapping))
    }

    fn first_yielded(&mut self, generator: Id) -> Flow<Value> {
        let result = self.drive(generator, &|machine, item| {
            machine.state.left.push((generator, Stop::Return(item)));
            Err(Stop::Break)
        });
        match (self.take_left(generator), result) {
            (Some(Stop::Return(item)), _) => Ok(item),
            (_, Err(stop)) => Err(stop),
            (_, Ok(_)) => self.raise("StopIteration", ""),
        }
    }

    /// The items of something that can be iterated, and whether there may be more.
    pub fn items(&self, value: &Value) -> Option<(Vec<Value>, bool)> {
        match value {
            Value::Tuple(items) => Some((items.to_vec(), false)),
            Value::Str(text) => {
                Some((text.chars().take(256).map(|c| Value::str(c.to_string())).collect(), false))
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

    /// A method of a builtin type.
    pub fn call_builtin_method(
        &mut self,
        name: &'static str,
        receiver: Value,
        args: Vec<Value>,
    ) -> Flow<Value> {
        let (kind, method) = name.split_once('.').unwrap_or((name, ""));
        let args =
            if matches!(method, "join" | "extend" | "update") { self.run_generators(args)? } else { args };
        match kind {
            "str" => self.call_str(method, receiver, args),
            "list" | "set" => self.call_sequence(method, receiver, args),
            "dict" => self.call_dict(method, receiver, args),
            "fluent" => Ok(receiver),
            "coroutine" => match method {
                "send" | "__next__" | "__await__" => self.run_suspended(&receiver),
                _ => Ok(Value::None),
            },
            _ => Ok(self.call_unknown(format!("{name}()"), args, Vec::new())),
        }
    }

    fn call_str(&mut self, method: &str, receiver: Value, args: Vec<Value>) -> Flow<Value> {
        let Value::Str(text) = &receiver else { return Ok(self.unknown("a string")) };
        let text = text.clone();
        let strip = |chars: Option<&Value>, start: bool, end: bool| {
            let set: Vec<char> = match chars {
                Some(Value::Str(chars)) => chars.chars().collect(),
                _ => vec![' ', '\t', '\n', '\r'],
            };
            let mut result = &*text;
            if start {
                result = result.trim_start_matches(|c| set.contains(&c));
            }
            if end {
                result = result.trim_end_matches(|c| set.contains(&c));
            }
            Value::str(result)
        };
        Ok(match (method, args.as_slice()) {
            ("lower" | "casefold", _) => Value::str(text.to_lowercase()),
            ("upper", _) => Value::str(text.to_uppercase()),
            ("swapcase", _) => Value::str(
                text.chars()
                    .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
                    .collect::<String>(),
            ),
            ("capitalize" | "title", _) => {
                let mut chars = text.chars();
                let head: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
                Value::str(head + &chars.as_str().to_lowercase())
            }
            ("strip", chars) => strip(chars.first(), true, true),
            ("lstrip", chars) => strip(chars.first(), true, false),
            ("rstrip", chars) => strip(chars.first(), false, true),
            ("startswith" | "endswith", [affix, ..]) => {
                let fits = |affix: &str| {
                    if method == "startswith" { text.starts_with(affix) } else { text.ends_with(affix) }
                };
                match affix {
                    Value::Str(affix) => Value::Bool(fits(affix)),
                    Value::Tuple(affixes) if affixes.iter().all(|affix| affix.as_str().is_some()) => {
                        Value::Bool(affixes.iter().filter_map(Value::as_str).any(fits))
                    }
                    _ => self.unknown(format!("{text:?}.{method}()")),
                }
            }
            ("__eq__", [other]) => match self.equal(&receiver, other) {
                Some(answer) => Value::Bool(answer),
                None => self.unknown("a comparison"),
            },
            ("__contains__", [Value::Str(part)]) => Value::Bool(text.contains(&**part)),
            ("replace", [Value::Str(from), Value::Str(to), ..]) => Value::str(text.replace(&**from, to)),
            ("removeprefix", [Value::Str(affix)]) => Value::str(text.strip_prefix(&**affix).unwrap_or(&text)),
            ("removesuffix", [Value::Str(affix)]) => Value::str(text.strip_suffix(&**affix).unwrap_or(&text)),
            ("split", []) => {
                let parts = text.split_whitespace().map(Value::str).collect();
                self.list(parts)
            }
            ("split", [Value::Str(by)]) if !by.is_empty() => {
                let parts = text.split(&**by).map(Value::str).collect();
                self.list(parts)
            }
            ("split", [Value::Str(by), Value::Int(n)]) if !by.is_empty() && *n >= 0 => {
                let parts = text.splitn(*n as usize + 1, &**by).map(Value::str).collect();
                self.list(parts)
            }
            ("partition", [Value::Str(by)]) => match text.split_once(&**by) {
                Some((head, tail)) => {
                    Value::tuple(vec![Value::str(head), Value::Str(by.clone()), Value::str(tail)])
                }
                None => Value::tuple(vec![receiver.clone(), Value::str(""), Value::str("")]),
            },
            ("join", [parts]) => {
                let parts: Option<Vec<Arc<str>>> = match self.items(parts) {
                    Some((items, false)) => items
                        .into_iter()
                        .map(|item| if let Value::Str(part) = item { Some(part) } else { None })
                        .collect(),
                    _ => None,
                };
                match parts {
                    Some(parts) => Value::str(parts.join(&*text)),
                    None => self.unknown("a string"),
                }
            }
            ("format", parts)
                if parts.iter().all(|part| part.as_str().is_some())
                    && text.matches('{').count() == text.matches("{}").count() =>
            {
                let mut result = text.to_string();
                for part in parts.iter().filter_map(Value::as_str) {
                    result = result.replacen("{}", part, 1);
                }
                Value::str(result)
            }
            ("isdigit", _) => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
            ("count", [Value::Str(part)]) if !part.is_empty() => {
                Value::Int(text.matches(&**part).count() as i64)
            }
            ("find", [Value::Str(part)]) => {
                Value::Int(text.find(&**part).map_or(-1, |at| text[..at].chars().count() as i64))
            }
            _ => self.unknown(format!("{text:?}.{method}()")),
        })
    }

    fn call_sequence(&mut self, method: &str, receiver: Value, args: Vec<Value>) -> Flow<Value> {
        let Value::Object(id) = receiver else { return Ok(Value::None) };
        let extra = match (method, args.first()) {
            ("extend" | "update", Some(more)) => Some(self.items(more)),
            _ => None,
        };
        let present = match (method, args.first()) {
            ("add" | "discard" | "remove", Some(item)) => match self.items(&Value::Object(id)) {
                Some((items, _)) => items.iter().position(|other| other.same(item)),
                None => None,
            },
            _ => None,
        };
        let (Object::List(sequence) | Object::Set(sequence)) = self.state.heap.get_mut(id) else {
            return Ok(Value::None);
        };
        let result = match (method, args.as_slice()) {
            ("append", [item]) => {
                sequence.items.push(item.clone());
                Value::None
            }
            ("add", [item]) => {
                if present.is_none() {
                    sequence.items.push(item.clone());
                }
                Value::None
            }
            ("discard" | "remove", _) => {
                if let Some(at) = present {
                    sequence.items.remove(at);
                }
                Value::None
            }
            ("insert", [Value::Int(at), item]) => {
                let at = usize::try_from(*at).unwrap_or(0).min(sequence.items.len());
                sequence.items.insert(at, item.clone());
                Value::None
            }
            ("extend" | "update", _) => {
                match extra.flatten() {
                    Some((items, open)) => {
                        sequence.items.extend(items);
                        sequence.open |= open;
                    }
                    None => sequence.open = true,
                }
                Value::None
            }
            ("pop", []) if !sequence.open => match sequence.items.pop() {
                Some(item) => item,
                None => return self.raise("IndexError", "pop from empty list"),
            },
            ("pop", [Value::Int(0)]) if !sequence.open && !sequence.items.is_empty() => {
                sequence.items.remove(0)
            }
            ("clear", _) => {
                *sequence = Sequence::default();
                Value::None
            }
            ("copy", _) => {
                let copy = sequence.clone();
                let object = match self.state.heap.get(id) {
                    Object::Set(_) => Object::Set(copy),
                    _ => Object::List(copy),
                };
                self.alloc(object)
            }
            ("sort" | "reverse", _) => {
                if method == "reverse" {
                    sequence.items.reverse();
                }
                Value::None
            }
            _ => {
                sequence.open = true;
                self.unknown(format!("list.{method}()"))
            }
        };
        Ok(result)
    }

    fn call_dict(&mut self, method: &str, receiver: Value, args: Vec<Value>) -> Flow<Value> {
        let Value::Object(id) = receiver else { return Ok(Value::None) };
        let Object::Dict(mapping) = self.state.heap.get(id).clone() else { return Ok(Value::None) };
        let found = match args.first() {
            Some(key) => self.entry(&mapping, key),
            None => Some(None),
        };
        Ok(match (method, args.as_slice()) {
            ("get", [key, rest @ ..]) => match found {
                Some(Some(value)) => value,
                Some(None) => rest.first().cloned().unwrap_or(Value::None),
                None => {
                    let label = format!("dict.get({})", self.shown(key));
                    self.unknown(label)
                }
            },
            ("setdefault", [key, rest @ ..]) => match found {
                Some(Some(value)) => value,
                _ => {
                    let value = rest.first().cloned().unwrap_or(Value::None);
                    self.set_item(Value::Object(id), key.clone(), value.clone())?;
                    value
                }
            },
            ("pop", [key, rest @ ..]) => {
                self.delete_item(&Value::Object(id), key);
                match found {
                    Some(Some(value)) => value,
                    Some(None) if !rest.is_empty() => rest[0].clone(),
                    Some(None) => return self.raise("KeyError", "pop"),
                    None => self.unknown("dict.pop()"),
                }
            }
            ("update", _) => {
                let more = args.first().map(|more| self.settle_value(more.clone()));
                let mut mapping = mapping;
                match more.and_then(|more| more.as_id()).map(|more| self.state.heap.get(more).clone()) {
                    Some(Object::Dict(other)) => {
                        mapping.open |= other.open;
                        other
                            .entries
                            .into_iter()
                            .for_each(|(key, value)| self.insert(&mut mapping, key, value));
                    }
                    _ => mapping.open = true,
                }
                *self.state.heap.get_mut(id) = Object::Dict(mapping);
                Value::None
            }
            ("items", _) => {
                let items = mapping
                    .entries
                    .iter()
                    .map(|(key, value)| Value::tuple(vec![key.clone(), value.clone()]))
                    .collect();
                self.alloc(Object::List(Sequence { items, open: mapping.open }))
            }
            ("keys", _) => {
                let items = mapping.entries.iter().map(|(key, _)| key.clone()).collect();
                self.alloc(Object::List(Sequence { items, open: mapping.open }))
            }
            ("values", _) => {
                let items = mapping.entries.iter().map(|(_, value)| value.clone()).collect();
                self.alloc(Object::List(Sequence { items, open: mapping.open }))
            }
            ("copy", _) => self.alloc(Object::Dict(mapping)),
            ("clear", _) => {
                *self.state.heap.get_mut(id) = Object::Dict(Mapping::default());
                Value::None
            }
            _ => self.unknown(format!("dict.{method}()")),
        })
    }

    /// The value of a key: there, not there (`Some(None)`), or undecided (`None`).
    fn entry(&self, mapping: &Mapping, key: &Value) -> Option<Option<Value>> {
        let mut undecided = mapping.open;
        for (other, value) in &mapping.entries {
            match self.equal(other, key) {
                Some(true) => return Some(Some(value.clone())),
                Some(false) => {}
                None => undecided = true,
            }
        }
        if undecided { None } else { Some(None) }
    }

    /// `value[index]`
    pub fn subscript(&mut self, value: Value, index: Value) -> Flow<Value> {
        let value = self.settle_value(value);
        let index = self.settle_value(index);
        match (&value, &index) {
            (Value::Unknown(unknown), index) => {
                self.state.may_raise += 1;
                let shown = self.shown(index);
                return Ok(self.derive(
                    unknown,
                    &format!("[{shown}]"),
                    format!("{}[{shown}]", unknown.label),
                ));
            }
            (Value::Object(id), _) => match self.state.heap.get(*id).clone() {
                Object::Dict(mapping) => {
                    return match self.entry(&mapping, &index) {
                        Some(Some(found)) => Ok(found),
                        Some(None) => {
                            let shown = self.shown(&index);
                            self.raise("KeyError", shown)
                        }
                        None => {
                            self.state.may_raise += 1;
                            // One of the values, if every key is known.
                            let mut options: Vec<Value> = Vec::new();
                            mapping.entries.into_iter().for_each(|(_, v)| {
                                if !options.iter().any(|other| other.same(&v)) {
                                    options.push(v);
                                }
                            });
                            if mapping.open || options.is_empty() || options.len() > 4 {
                                Ok(self.unknown("an item"))
                            } else {
                                Ok(self.one_of("an item", options))
                            }
                        }
                    };
                }
                Object::Instance { class, .. } if self.class_attribute(class, "__getitem__").is_some() => {
                    let method = self.attribute(value, "__getitem__")?;
                    return self.call(method, vec![index], Vec::new());
                }
                // `Generic[T]` is the class itself as far as we care.
                Object::Class(_) => return Ok(value),
                _ => {}
            },
            (Value::Builtin(_), _) => return Ok(value),
            _ => {}
        }
        match (self.items(&value), &index) {
            (Some((items, open)), Value::Int(at)) => {
                let position = if *at < 0 { items.len() as i64 + at } else { *at };
                match usize::try_from(position).ok().and_then(|position| items.get(position)) {
                    Some(item) if !(open && *at < 0) => Ok(item.clone()),
                    _ if open => Ok(self.unknown("an item")),
                    _ => self.raise("IndexError", "index out of range"),
                }
            }
            (Some((items, false)), Value::Bool(at)) => match items.get(usize::from(*at)) {
                Some(item) => Ok(item.clone()),
                None => self.raise("IndexError", "index out of range"),
            },
            _ => Ok(self.unknown("an item")),
        }
    }

    pub fn slice(&mut self, value: Value, bounds: [Option<Value>; 3]) -> Flow<Value> {
        let value = self.settle_value(value);
        let number = |bound: &Option<Value>| match bound {
            None => Some(None),
            Some(Value::None) => Some(None),
            Some(Value::Int(n)) => Some(Some(*n)),
            Some(_) => None,
        };
        let (Some(lower), Some(upper), Some(None)) =
            (number(&bounds[0]), number(&bounds[1]), number(&bounds[2]))
        else {
            return Ok(self.unknown("a slice"));
        };
        let cut = |len: usize| {
            let at = |bound: Option<i64>, default: usize| match bound {
                None => default,
                Some(n) if n < 0 => len.saturating_sub(n.unsigned_abs() as usize),
                Some(n) => (n as usize).min(len),
            };
            let (start, end) = (at(lower, 0), at(upper, len));
            start..end.max(start)
        };
        Ok(match &value {
            Value::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                Value::str(chars[cut(chars.len())].iter().collect::<String>())
            }
            Value::Tuple(items) => Value::tuple(items[cut(items.len())].to_vec()),
            _ => match self.items(&value) {
                Some((items, false)) => {
                    let part = items[cut(items.len())].to_vec();
                    self.list(part)
                }
                _ => self.unknown("a slice"),
            },
        })
    }

    /// `value[index] = item`
    pub fn set_item(&mut self, value: Value, index: Value, item: Value) -> Flow<()> {
        let value = self.settle_value(value);
        let Value::Object(id) = value else { return Ok(()) };
        match self.state.heap.get(id).clone() {
            Object::Instance { class, .. } if self.class_attribute(class, "__setitem__").is_some() => {
                let method = self.attribute(value, "__setitem__")?;
                self.call(method, vec![index, item], Vec::new())?;
            }
            Object::Dict(mut mapping) => {
                self.insert(&mut mapping, index, item);
                *self.state.heap.get_mut(id) = Object::Dict(mapping);
            }
            Object::List(mut sequence) => {
                match index {
                    Value::Int(at) if at >= 0 && (at as usize) < sequence.items.len() => {
                        sequence.items[at as usize] = item
                    }
                    _ => sequence = Sequence { items: Vec::new(), open: true },
                }
                *self.state.heap.get_mut(id) = Object::List(sequence);
            }
            _ => self.escape_value(&item),
        }
        Ok(())
    }

    pub fn delete_item(&mut self, value: &Value, index: &Value) {
        let Value::Object(id) = value else { return };
        if let Object::Dict(mapping) = self.state.heap.get_mut(*id) {
            mapping.entries.retain(|(key, _)| !key.same(index));
            mapping.open |= index.is_unknown();
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
