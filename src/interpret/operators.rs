//! Truth, equality, order and arithmetic of paper values. `None` means the program does not decide.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::interpret::machine::{Flow, Machine, short};
use crate::interpret::value::{Object, Sequence, Unknown, Value};
use crate::ir::{BinaryOp, CompareOp};

/// Longer strings (bytes) and collections (items) are not made: a program of two lines can double one
/// until no machine holds it.
pub(super) const MAX_TEXT: usize = 1 << 16;
pub(super) const MAX_ITEMS: usize = 1 << 14;

/// Parts of two values that are compared before the answer is left open. Parts may be shared, or
/// contain themselves.
const COMPARED: usize = 1 << 14;

impl<'p> Machine<'p> {
    pub fn truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Ellipsis | Value::NotImplemented | Value::Builtin(_) => Some(true),
            Value::Bool(truth) => Some(*truth),
            Value::Int(n) => Some(*n != 0),
            Value::Float(n) => Some(*n != 0.0),
            Value::Str(text) => Some(!text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Unknown(unknown) => self.truth_of_unknown(unknown),
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::List(items) | Object::Set(items) => known_length(items.items.len(), items.open),
                Object::Dict(mapping) => known_length(mapping.entries.len(), mapping.open),
                Object::Instance { class, open, .. } => {
                    let defines = |name| self.class_attribute(*class, name).is_some();
                    let decided = defines("__bool__") || defines("__len__");
                    if decided || *open || self.has_unknown_base(*class) { None } else { Some(true) }
                }
                _ => Some(true),
            },
        }
    }

    fn truth_of_unknown(&self, unknown: &Unknown) -> Option<bool> {
        match &unknown.options {
            None => {
                let (base, negated) = unknown.base();
                self.state.facts.get(&base).map(|way| (*way == 0) != negated)
            }
            Some(options) => match self.state.facts.get(&unknown.id) {
                Some(way) => options.get(*way).and_then(|option| self.truth(option)),
                None => {
                    let mut truths = options.iter().map(|option| self.truth(option));
                    let first = truths.next()??;
                    truths.all(|truth| truth == Some(first)).then_some(first)
                }
            },
        }
    }

    /// What a condition asks of a value: `__bool__`, else `__len__`, of a class of the program.
    pub fn truth_value(&mut self, value: Value) -> Flow<Value> {
        // Plain values answer as they are: which of them it is stays a question of the condition.
        let plain = |options: &[Value]| options.iter().all(|option| option.as_id().is_none());
        if let Value::Unknown(unknown) = &value
            && unknown.options.as_deref().is_none_or(plain)
        {
            return Ok(value);
        }
        let value = self.settle_value(value);
        let Value::Object(id) = &value else { return Ok(value) };
        let Object::Instance { class, .. } = self.state.heap.get(*id) else { return Ok(value) };
        let class = *class;
        let Some(name) =
            ["__bool__", "__len__"].into_iter().find(|name| self.class_attribute(class, name).is_some())
        else {
            return Ok(value);
        };
        let method = self.attribute(value, name)?;
        self.call(method, Vec::new(), Vec::new())
    }

    /// `not value`
    pub fn negate(&mut self, value: Value) -> Value {
        match (self.truth(&value), &value) {
            (Some(truth), _) => Value::Bool(!truth),
            (None, Value::Unknown(unknown)) if unknown.options.is_none() => {
                let label = short(format!("not {}", unknown.label).into());
                Value::Unknown(Rc::new(Unknown { id: unknown.negation(), label, options: None }))
            }
            _ => self.unknown("a condition"),
        }
    }

    pub fn compare(&mut self, left: Value, op: CompareOp, right: Value) -> Flow<Value> {
        let (left, right) = (self.settle_value(left), self.settle_value(right));
        self.count_reading(&left);
        self.count_reading(&right);
        let answer = match op {
            CompareOp::Eq | CompareOp::NotEq => {
                for (asked, other) in [(&left, &right), (&right, &left)] {
                    if let Some(answer) = self.own_comparison(asked, op, other)? {
                        return Ok(answer);
                    }
                }
                self.equal(&left, &right).map(|same| same == (op == CompareOp::Eq))
            }
            CompareOp::Is | CompareOp::IsNot => {
                identical(&left, &right).map(|same| same == (op == CompareOp::Is))
            }
            CompareOp::In | CompareOp::NotIn => {
                self.contains(&right, &left)?.map(|found| found == (op == CompareOp::In))
            }
            CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE => {
                match self.both_sets(&left, &right) {
                    Some((left, right)) => self.order_sets(left, op, right),
                    None => self.order(&left, &right).map(|order| match op {
                        CompareOp::Lt => order.is_lt(),
                        CompareOp::LtE => order.is_le(),
                        CompareOp::Gt => order.is_gt(),
                        _ => order.is_ge(),
                    }),
                }
            }
        };
        Ok(match answer {
            Some(answer) => Value::Bool(answer),
            None => self.undecided(&left, op, &right),
        })
    }

    fn both_sets(&self, left: &Value, right: &Value) -> Option<(&Sequence, &Sequence)> {
        match (self.state.heap.get(left.as_id()?), self.state.heap.get(right.as_id()?)) {
            (Object::Set(left), Object::Set(right)) => Some((left, right)),
            _ => None,
        }
    }

    /// A class of the program that says itself what equality is.
    fn own_comparison(&mut self, left: &Value, op: CompareOp, right: &Value) -> Flow<Option<Value>> {
        let Value::Object(id) = left else { return Ok(None) };
        let Object::Instance { class, .. } = self.state.heap.get(*id) else { return Ok(None) };
        if self.class_attribute(*class, "__eq__").is_none() {
            return Ok(None);
        }
        let method = self.attribute(left.clone(), "__eq__")?;
        let answer = self.call(method, vec![right.clone()], Vec::new())?;
        Ok(Some(if op == CompareOp::Eq { answer } else { self.negate(answer) }))
    }

    /// The same question asked twice is one unknown.
    fn undecided(&mut self, left: &Value, op: CompareOp, right: &Value) -> Value {
        let (unknown, other) = match (left, right) {
            (Value::Unknown(unknown), other) | (other, Value::Unknown(unknown)) => (unknown.clone(), other),
            _ => return self.unknown("a comparison"),
        };
        let shown = self.shown(other);
        let (op, negated) = match op {
            CompareOp::NotEq => (CompareOp::Eq, true),
            CompareOp::IsNot => (CompareOp::Is, true),
            CompareOp::NotIn => (CompareOp::In, true),
            op => (op, false),
        };
        let label = format!("{} {} {shown}", unknown.label, symbol(op));
        let answer = self.derive(&unknown, &format!("{op:?} {shown}"), label);
        if negated { self.negate(answer) } else { answer }
    }

    pub fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let mut parts = COMPARED;
        self.equal_within(left, right, &mut parts)
    }

    fn equal_within(&self, left: &Value, right: &Value, parts: &mut usize) -> Option<bool> {
        *parts = parts.checked_sub(1)?;
        if left.same(right) {
            return Some(true);
        }
        match (left, right) {
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
            (Value::Bool(a), Value::Int(b)) | (Value::Int(b), Value::Bool(a)) => Some(i64::from(*a) == *b),
            (Value::Float(a), Value::Int(b)) | (Value::Int(b), Value::Float(a)) => Some(*a == *b as f64),
            (Value::Tuple(a), Value::Tuple(b)) => self.equal_items(a, b, parts),
            (Value::Object(a), Value::Object(b)) => {
                match (self.state.heap.get(*a), self.state.heap.get(*b)) {
                    (Object::List(x), Object::List(y)) if !x.open && !y.open => {
                        self.equal_items(&x.items, &y.items, parts)
                    }
                    (Object::Set(x), Object::Set(y)) => self.equal_sets(x, y),
                    (Object::List(_), Object::List(_)) | (Object::Dict(_), Object::Dict(_)) => None,
                    (Object::Instance { .. }, _) | (_, Object::Instance { .. }) => None,
                    _ => Some(false),
                }
            }
            (Value::Object(id), _) | (_, Value::Object(id)) => match self.state.heap.get(*id) {
                Object::Instance { class, open, .. } => {
                    let plain = !open
                        && !self.has_unknown_base(*class)
                        && self.class_attribute(*class, "__eq__").is_none();
                    if plain { Some(false) } else { None }
                }
                _ => Some(false),
            },
            _ => Some(false),
        }
    }

    fn equal_items(&self, a: &[Value], b: &[Value], parts: &mut usize) -> Option<bool> {
        if a.len() != b.len() {
            return Some(false);
        }
        let mut answer = Some(true);
        for (x, y) in a.iter().zip(b) {
            match self.equal_within(x, y, parts) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => answer = None,
            }
        }
        answer
    }

    pub fn order(&self, left: &Value, right: &Value) -> Option<Ordering> {
        match (left, right) {
            (Value::Int(_) | Value::Bool(_), Value::Int(_) | Value::Bool(_)) => {
                Some(left.as_number()?.cmp(&right.as_number()?))
            }
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Float(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Value::Int(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Tuple(a), Value::Tuple(b)) => {
                for (x, y) in a.iter().zip(b.iter()) {
                    if self.equal(x, y)? {
                        continue;
                    }
                    return self.order(x, y);
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => None,
        }
    }

    fn contains(&mut self, container: &Value, item: &Value) -> Flow<Option<bool>> {
        if let (Value::Str(text), Value::Str(part)) = (container, item) {
            return Ok(Some(text.contains(&**part)));
        }
        if let Value::Object(id) = container
            && let Object::Instance { class, .. } = self.state.heap.get(*id)
            && self.class_attribute(*class, "__contains__").is_some()
        {
            let method = self.attribute(container.clone(), "__contains__")?;
            let answer = self.call(method, vec![item.clone()], Vec::new())?;
            return Ok(self.truth(&answer));
        }
        let Some((items, open)) = self.items(container) else { return Ok(None) };
        let mut answer = if open { None } else { Some(false) };
        for other in &items {
            match self.equal(other, item) {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => answer = None,
            }
        }
        Ok(answer)
    }

    pub fn augmented(&mut self, old: Value, op: BinaryOp, more: Value) -> Flow<Value> {
        if let (BinaryOp::Add, Value::Object(id)) = (op, &old) {
            let more = self.items(&more);
            if let Object::List(list) = self.state.heap.get_mut(*id) {
                match more {
                    Some((items, open)) if list.items.len() + items.len() <= MAX_ITEMS => {
                        list.items.extend(items);
                        list.open |= open;
                    }
                    _ => list.open = true,
                }
                self.count_making(&old);
                return Ok(old);
            }
        }
        let new = self.binary(old, op, more)?;
        self.count_making(&new);
        Ok(new)
    }

    pub fn binary(&mut self, left: Value, op: BinaryOp, right: Value) -> Flow<Value> {
        let (left, right) = (self.settle_value(left), self.settle_value(right));
        self.count_reading(&left);
        self.count_reading(&right);
        let divides = matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod);
        if let (true, Some(_), Some(0)) = (divides, left.as_number(), right.as_number()) {
            return self.raise("ZeroDivisionError", "division by zero");
        }
        let result = match (&left, op, &right) {
            (Value::Bool(a), _, Value::Bool(b)) => match op {
                BinaryOp::BitAnd => Some(Value::Bool(*a & *b)),
                BinaryOp::BitOr => Some(Value::Bool(*a | *b)),
                BinaryOp::BitXor => Some(Value::Bool(*a ^ *b)),
                _ => integers(i64::from(*a), op, i64::from(*b)),
            },
            (Value::Int(_) | Value::Bool(_), _, Value::Int(_) | Value::Bool(_)) => {
                match (left.as_number(), right.as_number()) {
                    (Some(a), Some(b)) => integers(a, op, b),
                    _ => None,
                }
            }
            (Value::Str(a), BinaryOp::Add, Value::Str(b)) if a.len() + b.len() <= MAX_TEXT => {
                Some(Value::str(format!("{a}{b}")))
            }
            (Value::Str(format), BinaryOp::Mod, value) => percent(format, value),
            (Value::Str(a), BinaryOp::Mul, Value::Int(b))
                if (0..64).contains(b) && a.len() * 64 <= MAX_TEXT =>
            {
                Some(Value::str(a.repeat(*b as usize)))
            }
            (Value::Tuple(a), BinaryOp::Add, Value::Tuple(b)) => {
                Some(self.tuple(a.iter().chain(b.iter()).cloned().collect()))
            }
            (Value::Object(a), _, Value::Object(b)) => {
                match (self.state.heap.get(*a), self.state.heap.get(*b)) {
                    (Object::Set(x), Object::Set(y)) => {
                        let (x, y) = (x.clone(), y.clone());
                        self.join_sets(&x, op, &y)
                    }
                    (Object::List(x), Object::List(y))
                        if op == BinaryOp::Add && x.items.len() + y.items.len() <= MAX_ITEMS =>
                    {
                        let items = x.items.iter().chain(&y.items).cloned().collect();
                        let joined = Sequence { items, open: x.open || y.open };
                        Some(self.alloc(Object::List(joined)))
                    }
                    (Object::Dict(x), Object::Dict(y)) if op == BinaryOp::BitOr => {
                        let mut mapping = x.clone();
                        mapping.open |= y.open;
                        mapping.extend(y.entries.iter().cloned());
                        Some(self.alloc(Object::Dict(mapping)))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(result) = result {
            return Ok(result);
        }
        let (method, reflected) = match op {
            BinaryOp::Div => ("__truediv__", "__rtruediv__"),
            BinaryOp::Add => ("__add__", "__radd__"),
            BinaryOp::BitOr => ("__or__", "__ror__"),
            _ => ("", ""),
        };
        for (receiver, name, other) in [(&left, method, &right), (&right, reflected, &left)] {
            if let Value::Object(id) = receiver
                && let Object::Instance { class, .. } = self.state.heap.get(*id)
                && self.class_attribute(*class, name).is_some()
            {
                let method = self.attribute(receiver.clone(), name)?;
                return self.call(method, vec![other.clone()], Vec::new());
            }
        }
        Ok(self.unknown("a computed value"))
    }

    /// A tuple, unless it has more parts than anyone would look at.
    pub fn tuple(&mut self, items: Vec<Value>) -> Value {
        let mut parts = MAX_ITEMS;
        if items.iter().all(|item| item.has_within(&mut parts)) {
            Value::tuple(items)
        } else {
            self.unknown("a large tuple")
        }
    }

    /// A value as the person would write it, for messages.
    pub fn shown(&self, value: &Value) -> String {
        match value {
            Value::None => "None".into(),
            Value::Ellipsis => "...".into(),
            Value::NotImplemented => "NotImplemented".into(),
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Int(n) => n.to_string(),
            Value::Float(n) => n.to_string(),
            Value::Str(text) => format!("{:?}", &**text),
            Value::Bytes(_) => "bytes".into(),
            Value::Tuple(items) => {
                format!("({})", items.iter().map(|item| self.shown(item)).collect::<Vec<_>>().join(", "))
            }
            Value::Builtin(name) => (*name).into(),
            Value::Unknown(unknown) => unknown.label.to_string(),
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::Function(function) => function.qualname.to_string(),
                Object::Class(class) => class.name.to_string(),
                Object::Module(module) => module.name.to_string(),
                Object::Instance { class, .. } => match self.state.heap.get(*class) {
                    Object::Class(class) => format!("{}()", class.name),
                    _ => "an object".into(),
                },
                Object::List(_) => "a list".into(),
                Object::Dict(_) => "a dict".into(),
                _ => "an object".into(),
            },
        }
    }
}

/// `"…%s…" % value` with plain directives and plain values.
fn percent(format: &str, value: &Value) -> Option<Value> {
    let mut values = match value {
        Value::Tuple(items) => items.iter(),
        value => std::slice::from_ref(value).iter(),
    };
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        text += before;
        if text.len() > MAX_TEXT {
            return None;
        }
        rest = after.get(1..)?;
        match (after.as_bytes()[0], after.starts_with('%')) {
            (_, true) => text.push('%'),
            (b's', _) => match values.next()? {
                Value::Str(part) => text += part,
                Value::Int(part) => text += &part.to_string(),
                _ => return None,
            },
            (b'd' | b'i', _) => match values.next()? {
                Value::Int(part) => text += &part.to_string(),
                _ => return None,
            },
            _ => return None,
        }
    }
    let fits = text.len() + rest.len() <= MAX_TEXT;
    (fits && values.next().is_none()).then(|| Value::str(text + rest))
}

fn known_length(len: usize, open: bool) -> Option<bool> {
    match (len, open) {
        (0, true) => None,
        (len, _) => Some(len > 0),
    }
}

fn identical(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Unknown(a), Value::Unknown(b)) if a.id == b.id => Some(true),
        // The stubs say with it that an argument was not given; what a program passes is something else.
        (Value::Unknown(unknown), Value::NotImplemented)
        | (Value::NotImplemented, Value::Unknown(unknown))
            if unknown.options.is_none() =>
        {
            Some(false)
        }
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (a, b) => Some(a.same(b)),
    }
}

fn integers(a: i64, op: BinaryOp, b: i64) -> Option<Value> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::FloorDiv => floored(a, b).map(|(quotient, _)| quotient),
        BinaryOp::Mod => floored(a, b).map(|(_, rest)| rest),
        BinaryOp::BitOr => Some(a | b),
        BinaryOp::BitXor => Some(a ^ b),
        BinaryOp::BitAnd => Some(a & b),
        BinaryOp::LShift => u32::try_from(b).ok().filter(|b| *b < 63).and_then(|b| a.checked_mul(1 << b)),
        BinaryOp::RShift => u32::try_from(b).ok().and_then(|b| a.checked_shr(b)),
        BinaryOp::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        BinaryOp::Div | BinaryOp::MatMul => None,
    };
    result.map(Value::Int)
}

/// Quotient and rest as Python has them: the rest has the sign of the divisor.
fn floored(a: i64, b: i64) -> Option<(i64, i64)> {
    let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
    let is_floor = rest == 0 || (rest < 0) == (b < 0);
    Some(if is_floor { (quotient, rest) } else { (quotient - 1, rest + b) })
}

fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::NotEq => "!=",
        CompareOp::Lt => "<",
        CompareOp::LtE => "<=",
        CompareOp::Gt => ">",
        CompareOp::GtE => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}
