//! The methods of builtin types: strings, lists, sets, dictionaries, coroutines.

use std::sync::Arc;

use crate::interpret::machine::{Flow, Machine};
use crate::interpret::operators::{MAX_ITEMS, MAX_TEXT};
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
            ("replace", [Value::Str(from), Value::Str(to), ..])
                if text.matches(&**from).count() * to.len() + text.len() <= MAX_TEXT =>
            {
                Value::str(text.replace(&**from, to))
            }
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
            ("rpartition", [Value::Str(by)]) => match text.rsplit_once(&**by) {
                Some((head, tail)) => {
                    Value::tuple(vec![Value::str(head), Value::Str(by.clone()), Value::str(tail)])
                }
                None => Value::tuple(vec![Value::str(""), Value::str(""), receiver.clone()]),
            },
            ("rsplit", [Value::Str(by), Value::Int(n)]) if !by.is_empty() && *n >= 0 => {
                let mut parts: Vec<Value> = text.rsplitn(*n as usize + 1, &**by).map(Value::str).collect();
                parts.reverse();
                self.list(parts)
            }
            ("join", [parts]) => {
                let parts: Option<Vec<Arc<str>>> = match self.items(parts) {
                    Some((items, false)) => items
                        .into_iter()
                        .map(|item| if let Value::Str(part) = item { Some(part) } else { None })
                        .collect(),
                    _ => None,
                };
                match parts {
                    Some(parts)
                        if parts.iter().map(|part| part.len() + text.len()).sum::<usize>() <= MAX_TEXT =>
                    {
                        Value::str(parts.join(&*text))
                    }
                    _ => self.unknown("a string"),
                }
            }
            ("format", parts)
                if parts.iter().all(|part| part.as_str().is_some())
                    && text.matches('{').count() == text.matches("{}").count()
                    && parts.iter().filter_map(Value::as_str).map(str::len).sum::<usize>() + text.len()
                        <= MAX_TEXT =>
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
