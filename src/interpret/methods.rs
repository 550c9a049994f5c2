//! The methods of builtin types: lists, sets, dictionaries, coroutines.

use crate::interpret::machine::{Flow, Machine};
use crate::interpret::operators::MAX_ITEMS;
use crate::interpret::value::{Mapping, Object, Sequence, Value};

impl<'p> Machine<'p> {
    /// A method of a builtin type.
    pub fn call_builtin_method(
        &mut self,
        name: &'static str,
        receiver: Value,
        args: Vec<Value>,
    ) -> Flow<Value> {
        let (kind, method) = name.split_once('.').unwrap_or((name, ""));
        self.count_reading(&receiver);
        let args =
            if matches!(method, "join" | "extend" | "update") { self.run_generators(args)? } else { args };
        match kind {
            "str" => self.call_str(method, receiver, args),
            "tuple" => Ok(self.look_through(method, &receiver, &args)?.unwrap_or_else(|| self.unknown(name))),
            "list" | "set" => {
                let answer = match args.as_slice() {
                    [other] if kind == "set" => self.call_set_algebra(method, &receiver, other)?,
                    _ => self.look_through(method, &receiver, &args)?,
                };
                match answer {
                    Some(answer) => Ok(answer),
                    None => self.call_sequence(method, receiver, args),
                }
            }
            "dict" => self.call_dict(method, receiver, args),
            "fluent" => Ok(receiver),
            "coroutine" => match method {
                "send" | "__next__" | "__await__" => self.run_suspended(&receiver),
                _ => Ok(Value::None),
            },
            _ => Ok(self.call_unknown(format!("{name}()"), args, Vec::new())),
        }
    }

    /// `index` and `count`, where it is known which items are equal.
    fn look_through(&mut self, method: &str, receiver: &Value, args: &[Value]) -> Flow<Option<Value>> {
        // A list that grows must not be read through at each `append`.
        if !matches!(method, "index" | "count") {
            return Ok(None);
        }
        let (Some((items, false)), [wanted]) = (self.items(receiver), args) else { return Ok(None) };
        let Some(equal) = items.iter().map(|item| self.equal(item, wanted)).collect::<Option<Vec<bool>>>()
        else {
            return Ok(None);
        };
        match method {
            "count" => Ok(Some(Value::Int(equal.iter().filter(|same| **same).count() as i64))),
            _ => match equal.iter().position(|same| *same) {
                Some(at) => Ok(Some(Value::Int(at as i64))),
                None => self.doubt("ValueError", "the value is not in the list").map(Some),
            },
        }
    }

    fn call_sequence(&mut self, method: &str, receiver: Value, args: Vec<Value>) -> Flow<Value> {
        let Value::Object(id) = receiver else { return Ok(Value::None) };
        let extra = match (method, args.first()) {
            ("extend" | "update", Some(more)) => Some(self.items(more)),
            _ => None,
        };
        let present = match (method, args.first()) {
            ("add" | "discard" | "remove", Some(item)) => match self.state.heap.get(id) {
                Object::List(sequence) | Object::Set(sequence) => {
                    sequence.items.iter().position(|other| other.same(item))
                }
                _ => None,
            },
            _ => None,
        };
        let (Object::List(sequence) | Object::Set(sequence)) = self.state.heap.get_mut(id) else {
            return Ok(Value::None);
        };
        let result = match (method, args.as_slice()) {
            ("add", [_]) if present.is_some() => Value::None,
            ("append" | "add" | "insert", _) if sequence.items.len() >= MAX_ITEMS => {
                sequence.open = true;
                Value::None
            }
            ("append" | "add", [item]) => {
                sequence.items.push(item.clone());
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
                    Some((items, open)) if sequence.items.len() + items.len() <= MAX_ITEMS => {
                        sequence.items.extend(items);
                        sequence.open |= open;
                    }
                    _ => sequence.open = true,
                }
                Value::None
            }
            ("pop", []) if !sequence.open => match sequence.items.pop() {
                Some(item) => item,
                None => return self.doubt("IndexError", "pop from empty list"),
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
            ("reverse", _) => {
                sequence.items.reverse();
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
                    Some(None) => return self.doubt("KeyError", "pop"),
                    None => self.unknown("dict.pop()"),
                }
            }
            ("update", _) => {
                let more = args.first().map(|more| self.settle_value(more.clone()));
                let mut mapping = mapping;
                match more.and_then(|more| more.as_id()).map(|more| self.state.heap.get(more).clone()) {
                    Some(Object::Dict(other)) => {
                        mapping.open |= other.open;
                        mapping.extend(other.entries);
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
    pub fn entry(&self, mapping: &Mapping, key: &Value) -> Option<Option<Value>> {
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
}
