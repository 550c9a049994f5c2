//! Sets as Python knows them, and what builtins make of many values: `min`, `max`, `sum`, `sorted`.

use std::cmp::Ordering;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::value::{Object, Sequence, Value};
use crate::ir::{BinaryOp, CompareOp};

/// Comparisons between two sets, after which the answer is left open.
const COMPARED: usize = 1 << 14;

/// Items of a set that a new one is compared with, where the values alone do not tell.
const RIVALS: usize = 64;

impl<'p> Machine<'p> {
    /// The set of some items: of those that are equal, one. Where two may be equal, its size is open.
    pub fn set_of(&mut self, sequence: Sequence) -> Value {
        let set = self.without_equals(sequence);
        self.alloc(Object::Set(set))
    }

    pub fn without_equals(&self, sequence: Sequence) -> Sequence {
        let mut set = Sequence { items: Vec::new(), open: sequence.open };
        let mut plain: FxHashSet<Plain> = FxHashSet::default();
        let mut others: Vec<Value> = Vec::new();
        for item in sequence.items {
            let key = Plain::of(&item);
            let is_plain = key.is_some();
            if key.is_some_and(|key| !plain.insert(key)) {
                continue;
            }
            let rivals = if is_plain { &others } else { &set.items };
            if rivals.len() > RIVALS {
                set.open = true;
                set.items.push(item);
                continue;
            }
            let answers: Vec<Option<bool>> = rivals.iter().map(|other| self.equal(other, &item)).collect();
            if answers.contains(&Some(true)) {
                continue;
            }
            set.open |= answers.contains(&None);
            if !is_plain {
                others.push(item.clone());
            }
            set.items.push(item);
        }
        set
    }

    /// Whether every item of one collection is in another.
    fn has_all(&self, whole: &Sequence, part: &Sequence) -> Option<bool> {
        if whole.items.len() * part.items.len() > COMPARED {
            return None;
        }
        let mut answer = if part.open { None } else { Some(true) };
        for item in &part.items {
            match self.has(whole, item) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => answer = None,
            }
        }
        answer
    }

    fn has(&self, whole: &Sequence, item: &Value) -> Option<bool> {
        let mut answer = if whole.open { None } else { Some(false) };
        for other in &whole.items {
            match self.equal(other, item) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => answer = None,
            }
        }
        answer
    }

    pub fn equal_sets(&self, left: &Sequence, right: &Sequence) -> Option<bool> {
        match (self.has_all(left, right), self.has_all(right, left)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// `<`, `<=`, `>` and `>=` between sets: whether one is a part of the other.
    pub fn order_sets(&self, left: &Sequence, op: CompareOp, right: &Sequence) -> Option<bool> {
        let (part, whole) = match op {
            CompareOp::Lt | CompareOp::LtE => (left, right),
            _ => (right, left),
        };
        let inside = self.has_all(whole, part)?;
        match op {
            CompareOp::Lt | CompareOp::Gt if inside => self.equal_sets(left, right).map(|same| !same),
            _ => Some(inside),
        }
    }

    /// `|`, `&`, `-` and `^` between sets.
    pub fn join_sets(&mut self, left: &Sequence, op: BinaryOp, right: &Sequence) -> Option<Value> {
        if left.items.len() * right.items.len() > COMPARED {
            return None;
        }
        let only = |machine: &Machine<'p>, items: &Sequence, other: &Sequence, wanted: bool| {
            let mut found = Vec::new();
            for item in &items.items {
                if machine.has(other, item)? == wanted {
                    found.push(item.clone());
                }
            }
            (!items.open).then_some(found)
        };
        let items = match op {
            BinaryOp::BitOr => {
                let items = left.items.iter().chain(&right.items).cloned().collect();
                return Some(self.set_of(Sequence { items, open: left.open || right.open }));
            }
            BinaryOp::BitAnd => only(self, left, right, true)?,
            BinaryOp::Sub => only(self, left, right, false)?,
            BinaryOp::BitXor => {
                let mut items = only(self, left, right, false)?;
                items.extend(only(self, right, left, false)?);
                items
            }
            _ => return None,
        };
        Some(self.set_of(Sequence { items, open: false }))
    }

    /// A method of a set that is an operator by another name.
    pub fn call_set_algebra(&mut self, method: &str, receiver: &Value, other: &Value) -> Flow<Option<Value>> {
        let (join, order) = match method {
            "union" => (Some(BinaryOp::BitOr), None),
            "intersection" | "isdisjoint" => (Some(BinaryOp::BitAnd), None),
            "difference" => (Some(BinaryOp::Sub), None),
            "symmetric_difference" => (Some(BinaryOp::BitXor), None),
            "issubset" => (None, Some(CompareOp::LtE)),
            "issuperset" => (None, Some(CompareOp::GtE)),
            // A set that grows must not be read through at each `add`.
            _ => return Ok(None),
        };
        let both = (self.items(receiver), self.items(other));
        let (Some((left, left_open)), Some((right, right_open))) = both else { return Ok(None) };
        let left = Sequence { items: left, open: left_open };
        let right = Sequence { items: right, open: right_open };
        let joined = join.and_then(|op| self.join_sets(&left, op, &right));
        Ok(match (order, joined) {
            (Some(op), _) => self.order_sets(&left, op, &right).map(Value::Bool),
            (None, Some(common)) if method == "isdisjoint" => {
                self.truth(&common).map(|some| Value::Bool(!some))
            }
            (None, joined) => joined,
        })
    }

    /// `min` and `max`, of arguments or of what one argument holds.
    pub fn extreme(&mut self, name: &str, args: &[Value], keywords: &Keywords) -> Flow<Value> {
        let default = keywords.iter().find(|(key, _)| &**key == "default").map(|(_, value)| value.clone());
        let unknown = |machine: &mut Machine<'p>| Ok(machine.unknown(format!("{name}()")));
        if keywords.len() > usize::from(default.is_some()) {
            return unknown(self);
        }
        let values = match args {
            [one] => match self.items(one) {
                Some((items, false)) => items,
                _ => return unknown(self),
            },
            several => several.to_vec(),
        };
        let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
        let mut best: Option<Value> = None;
        for value in values {
            let better = match &best {
                Some(best) => self.order(&value, best).map(|order| order == wanted),
                None => Some(true),
            };
            match better {
                Some(true) => best = Some(value),
                Some(false) => {}
                None => return unknown(self),
            }
        }
        match best.or(default) {
            Some(best) => Ok(best),
            None => self.doubt("ValueError", format!("{name}() arg is an empty sequence")),
        }
    }

    pub fn sum(&mut self, values: &Value, start: Option<&Value>) -> Flow<Value> {
        let Some((items, false)) = self.items(values) else { return Ok(self.unknown("sum()")) };
        let mut total = start.cloned().unwrap_or(Value::Int(0));
        for item in items {
            total = self.binary(total, BinaryOp::Add, item)?;
        }
        Ok(total)
    }

    /// `sorted`: with a key, or where two items cannot be compared, the order is not known.
    pub fn sorted(&mut self, values: Option<Value>, keywords: &Keywords) -> Flow<Value> {
        let list = self.collect("list", values)?;
        let Some((mut items, open)) = self.items(&list) else { return Ok(list) };
        let reverse = match keywords.as_slice() {
            [] => Some(false),
            [(key, value)] if &**key == "reverse" => self.truth(value),
            _ => None,
        };
        let ordered = items.is_sorted_by(|a, b| self.order(a, b).is_some());
        let known = items.len() < 2 || (reverse.is_some() && ordered);
        if known {
            items.sort_by(|a, b| self.order(a, b).unwrap_or(Ordering::Equal));
            if reverse == Some(true) {
                items.reverse();
            }
        }
        Ok(self.alloc(Object::List(Sequence { items, open: open || !known })))
    }
}

/// A value that equals another one only when the two are the same.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Plain {
    Text(Arc<str>),
    /// `True` is 1.
    Number(i64),
}

impl Plain {
    pub(super) fn of(value: &Value) -> Option<Plain> {
        match value {
            Value::Str(text) => Some(Plain::Text(text.clone())),
            other => other.as_number().map(Plain::Number),
        }
    }
}
