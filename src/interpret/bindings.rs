//! Names with their values: the variables of a scope, the attributes of an object.

use std::iter::Chain;

use imbl::GenericOrdMap;
use imbl::ordmap::ConsumingIter;
use imbl::shared_ptr::RcK;

use crate::interpret::value::Value;
use crate::ir::Name;

/// Names to values, in the order of the names, so that every run is the same.
///
/// Most scopes hold few: these stand in a list of their own. With more of them a copy shares what did
/// not change.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Sorted; empty where there are `many`.
    few: Vec<(Name, Value)>,
    many: GenericOrdMap<Name, Value, RcK>,
}

/// So many names are a list.
const FEW: usize = 16;

impl Names {
    pub fn new() -> Names {
        Names::default()
    }

    pub fn unit(name: Name, value: Value) -> Names {
        Names { few: vec![(name, value)], ..Names::default() }
    }

    pub fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        if self.many.is_empty() {
            return self.few.iter().find(|(other, _)| **other == *name).map(|(_, value)| value);
        }
        self.many.get(name)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn insert(&mut self, name: Name, value: Value) {
        if !self.many.is_empty() {
            self.many.insert(name, value);
            return;
        }
        match self.place(&name) {
            Ok(at) => self.few[at].1 = value,
            Err(at) if self.few.len() < FEW => self.few.insert(at, (name, value)),
            Err(_) => {
                self.many = std::mem::take(&mut self.few).into_iter().collect();
                self.many.insert(name, value);
            }
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        match self.place(name) {
            Ok(at) => Some(self.few.remove(at).1),
            Err(_) => self.many.remove(name),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.few.iter().map(|(name, value)| (name, value)).chain(self.many.iter())
    }

    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// Where a name stands in the list, or would.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.few.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

impl FromIterator<(Name, Value)> for Names {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(all: I) -> Names {
        let mut names = Names::new();
        all.into_iter().for_each(|(name, value)| names.insert(name, value));
        names
    }
}

impl IntoIterator for Names {
    type Item = (Name, Value);
    type IntoIter = Chain<std::vec::IntoIter<(Name, Value)>, ConsumingIter<Name, Value, RcK>>;

    fn into_iter(self) -> Self::IntoIter {
        self.few.into_iter().chain(self.many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(numbers: impl Iterator<Item = i64>) -> Names {
        numbers.map(|number| (format!("n{number:02}").into(), Value::Int(number))).collect()
    }

    /// In the order in which they are gone through.
    fn shown(names: &Names) -> Vec<String> {
        names.iter().map(|(name, value)| format!("{name} {value:?}")).collect()
    }

    #[test]
    fn few_and_many_names_are_kept_alike() {
        for size in [0, 1, FEW as i64, FEW as i64 + 1, 80] {
            let mut names = numbered((0..size).rev());
            assert_eq!(names.len(), size as usize);
            assert_eq!(shown(&names), shown(&numbered(0..size)));
            assert_eq!(names.contains_key("n00"), size > 0);
            names.insert("n00".into(), Value::None);
            assert!(matches!(names.get("n00"), Some(Value::None)));
            assert!(names.remove("n00").is_some() && names.remove("n00").is_none());
            assert!(names.get("n00").is_none());
            let mut copy = names.clone();
            copy.insert("other".into(), Value::None);
            assert!(!names.contains_key("other"));
            assert_eq!(names.into_iter().count() as i64, (size - 1).max(0));
        }
    }
}
