//! Reading, writing and deleting `value[index]`.

use crate::interpret::machine::{Flow, Machine};
use crate::interpret::value::{Object, Sequence, Value};

impl<'p> Machine<'p> {
    /// `value[index]`
    pub fn subscript(&mut self, value: Value, index: Value) -> Flow<Value> {
        let value = self.settle_value(value);
        let index = self.settle_value(index);
        self.count_reading(&value);
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
                            self.doubt("KeyError", shown)
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
                    _ => self.doubt("IndexError", "index out of range"),
                }
            }
            (Some((items, false)), Value::Bool(at)) => match items.get(usize::from(*at)) {
                Some(item) => Ok(item.clone()),
                None => self.doubt("IndexError", "index out of range"),
            },
            _ => Ok(self.unknown("an item")),
        }
    }

    pub fn slice(&mut self, value: Value, bounds: [Option<Value>; 3]) -> Flow<Value> {
        let value = self.settle_value(value);
        self.count_reading(&value);
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
        self.count_reading(&value);
        if let Object::Instance { class, .. } = self.state.heap.get(id)
            && self.class_attribute(*class, "__setitem__").is_some()
        {
            let method = self.attribute(value, "__setitem__")?;
            return self.call(method, vec![index, item], Vec::new()).map(drop);
        }
        match self.state.heap.get_mut(id) {
            Object::Dict(mapping) => mapping.insert(index, item),
            Object::List(sequence) => match index {
                Value::Int(at) if at >= 0 && (at as usize) < sequence.items.len() => {
                    sequence.items[at as usize] = item
                }
                _ => *sequence = Sequence { items: Vec::new(), open: true },
            },
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
}
