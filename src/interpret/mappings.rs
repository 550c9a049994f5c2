//! Dictionaries as Python knows them: entries in the order in which their keys came.

use rustc_hash::FxHashMap;

use crate::interpret::collections::Plain;
use crate::interpret::value::{Mapping, Value};

/// More entries are not kept: keys that are objects are compared one by one.
const MAX_ENTRIES: usize = 1 << 12;

impl Mapping {
    /// Sets an entry.
    pub fn insert(&mut self, key: Value, value: Value) {
        let known = self.entries.iter().position(|(other, _)| other.same(&key));
        self.put(known, key, value);
    }

    /// Sets many entries: texts and numbers among the keys are looked up, not compared.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = (Value, Value)>) {
        let mut plain: FxHashMap<Plain, usize> = FxHashMap::default();
        let mut others: Vec<usize> = Vec::new();
        let mut read = 0;
        for (key, value) in entries {
            for (at, (key, _)) in self.entries.iter().enumerate().skip(read) {
                match Plain::of(key) {
                    Some(key) => drop(plain.entry(key).or_insert(at)),
                    None => others.push(at),
                }
            }
            read = self.entries.len();
            let known = match Plain::of(&key) {
                Some(key) => plain.get(&key).copied(),
                None => others.iter().copied().find(|at| self.entries[*at].0.same(&key)),
            };
            self.put(known, key, value);
        }
    }

    /// Sets an entry, at its place if it has one. A key nothing is known about may be any.
    fn put(&mut self, at: Option<usize>, key: Value, value: Value) {
        match at {
            _ if key.is_unknown() => self.open = true,
            Some(at) => self.entries[at].1 = value,
            None if self.entries.len() >= MAX_ENTRIES => self.open = true,
            None => self.entries.push((key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(keys: std::ops::Range<i64>) -> impl Iterator<Item = (Value, Value)> {
        keys.map(|key| (Value::Int(key), Value::Int(-key)))
    }

    #[test]
    fn a_key_keeps_its_place_and_gets_the_last_value() {
        let mut mapping = Mapping::default();
        mapping.extend([(Value::str("a"), Value::Int(1)), (Value::None, Value::Int(2))]);
        mapping.extend([(Value::None, Value::Int(3)), (Value::str("a"), Value::Int(4))]);
        mapping.insert(Value::str("b"), Value::Int(5));
        mapping.insert(Value::None, Value::Int(6));
        let values: Vec<Option<i64>> = mapping.entries.iter().map(|(_, value)| value.as_number()).collect();
        assert_eq!((values, mapping.open), (vec![Some(4), Some(6), Some(5)], false));
    }

    #[test]
    fn a_dictionary_too_large_to_look_at_is_left_open() {
        let mut mapping = Mapping::default();
        mapping.extend(numbered(0..MAX_ENTRIES as i64));
        assert!(!mapping.open);
        mapping.insert(Value::Int(0), Value::None);
        assert!(!mapping.open);
        mapping.extend(numbered(0..100_000));
        assert_eq!((mapping.entries.len(), mapping.open), (MAX_ENTRIES, true));
    }
}
