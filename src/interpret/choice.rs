//! Which case of a loop table fits a call.

use std::sync::Arc;

use crate::entry::LoopKind;
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::rows::Settings;
use crate::interpret::value::{Object, Value};
use crate::knowledge::{Case, Condition, LoopTable, Row, Takes};

impl<'p> Machine<'p> {
    /// The first case of a loop table that fits.
    pub fn case_of(
        &mut self,
        row: &Row,
        table: &'p LoopTable,
        settings: &Settings,
        child: bool,
    ) -> Flow<Option<&'p Case>> {
        let package = table.package.as_deref().unwrap_or(&row.package);
        for case in &table.cases {
            let versions = case
                .versions
                .as_ref()
                .is_none_or(|versions| self.world.packages.version_in(package, &versions.0));
            let python = case.python.as_ref().is_none_or(|versions| self.world.python_in(&versions.0));
            let platform = case.platform.is_none_or(|platform| self.world.is_on(platform));
            let installed = case
                .installed
                .as_deref()
                .is_none_or(|name| self.world.packages.comes_with(name, &row.package));
            let registered = case.registered.as_deref().is_none_or(|key| self.registered(key).is_some());
            let child = case.child.is_none_or(|wanted| wanted == child);
            if !(versions && python && platform && installed && registered && child) {
                continue;
            }
            if !case.value.is_empty() && !self.value_fits(table, &case.value, settings)? {
                continue;
            }
            if self.all_hold(&case.when, settings)? {
                return Ok(Some(case));
            }
        }
        Ok(None)
    }

    /// Whether the choosing argument is one of the values of a case.
    pub fn value_fits(&mut self, table: &LoopTable, values: &[String], settings: &Settings) -> Flow<bool> {
        let default = || table.default.as_deref().map_or(Value::None, Value::str);
        let value = match &table.argument {
            Some(name) => self.argument(name, settings).unwrap_or_else(default),
            None => default(),
        };
        let value = self.settle_value(value);
        Ok(match &value {
            Value::None => values.iter().any(|value| value == "none"),
            Value::Str(text) if text.contains(':') => values.iter().any(|value| value == "*:*"),
            Value::Str(text) => values.iter().any(|value| **value == **text),
            // It may be any of the words; the tape says which.
            Value::Unknown(unknown) => {
                let is_word = values.iter().any(|value| value == "auto");
                if !is_word {
                    return Ok(false);
                }
                let _ = unknown;
                true
            }
            _ => values.iter().any(|value| value == "object"),
        })
    }

    /// An argument, or an entry of a dictionary or an attribute of an object: `backend_options.loop_factory`.
    pub fn argument(&mut self, name: &str, settings: &Settings) -> Option<Value> {
        let (name, key) = name.split_once('.').map_or((name, None), |(name, key)| (name, Some(key)));
        let value = settings.get(name).cloned().map(|value| self.settle_value(value))?;
        let Some(key) = key else { return Some(value) };
        match value.as_id().map(|id| self.state.heap.get(id).clone()) {
            Some(Object::Dict(mapping)) => {
                let entry = mapping.entries.into_iter().find(|(other, _)| other.as_str() == Some(key));
                entry.map(|(_, value)| self.settle_value(value))
            }
            Some(Object::Instance { attributes, .. }) => {
                attributes.get(key).cloned().map(|value| self.settle_value(value))
            }
            _ => None,
        }
    }

    pub fn all_hold(&mut self, conditions: &[Condition], settings: &Settings) -> Flow<bool> {
        for condition in conditions {
            if !self.holds(condition, settings)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn holds(&mut self, condition: &Condition, settings: &Settings) -> Flow<bool> {
        let get =
            |machine: &mut Machine<'p>, name: &str| machine.argument(name, settings).unwrap_or(Value::None);
        Ok(match condition {
            Condition::True(name) => {
                let value = get(self, name);
                self.decide_setting(&value, name)?
            }
            Condition::False(name) => {
                let value = get(self, name);
                !self.decide_setting(&value, name)?
            }
            Condition::Above(name, limit) => match get(self, name) {
                Value::Int(n) => n > *limit,
                Value::Bool(b) => i64::from(b) > *limit,
                Value::Unknown(unknown)
                    if unknown.label.contains("os.environ") || unknown.options.is_none() =>
                {
                    let label = format!("{name} > {limit}");
                    let question = self.derive(&unknown, &format!("> {limit}"), label.clone());
                    self.decide(&question, &label)?
                }
                _ => false,
            },
            Condition::NotEqual(name, other) => match get(self, name) {
                Value::Int(n) => n != *other,
                _ => true,
            },
            Condition::Equals(name, other) => get(self, name).as_str() == Some(other),
            Condition::NotString(name) => {
                !matches!(get(self, name), Value::Str(_) | Value::Unknown(_) | Value::None)
            }
        })
    }

    /// Truth of an argument, with the answer named as the user would: `reload=False`.
    fn decide_setting(&mut self, value: &Value, name: &str) -> Flow<bool> {
        if let Some(truth) = self.truth(value) {
            return Ok(truth);
        }
        let Value::Unknown(unknown) = value else { return self.decide(value, name) };
        let label =
            |n: usize| -> Arc<str> { format!("{name}={}", if n == 0 { "True" } else { "False" }).into() };
        let taken = self.choose(2, label);
        self.note_truth(unknown, taken == 0);
        Ok(taken == 0)
    }

    /// What the same call would run on in this very process.
    pub fn kind_without_child(
        &mut self,
        row: &Row,
        table: &'p LoopTable,
        settings: &Settings,
    ) -> Flow<Option<LoopKind>> {
        Ok(self.case_of(row, table, settings, false)?.and_then(|case| self.kind_of(case)))
    }

    /// What the same call would run on without the argument that chooses its loop.
    pub fn kind_by_default(
        &mut self,
        row: &Row,
        table: &'p LoopTable,
        settings: &Settings,
        child: bool,
    ) -> Flow<Option<LoopKind>> {
        let (Some(argument), Some(default)) = (&table.argument, &table.default) else { return Ok(None) };
        let given = self.argument(argument, settings).is_some_and(|given| given.as_str() != Some(default));
        if !given {
            return Ok(None);
        }
        let mut settings = settings.clone();
        settings.insert(argument.as_str().into(), Value::str(default.as_str()));
        Ok(self.case_of(row, table, &settings, child)?.and_then(|case| self.kind_of(case)))
    }

    /// The loop that a case gives, where the case alone says it.
    fn kind_of(&self, case: &Case) -> Option<LoopKind> {
        let kind = match (case.takes, case.sets) {
            (Takes::Policy | Takes::Current | Takes::CurrentOrNew, Some(Takes::Selector))
            | (Takes::Selector, _) => LoopKind::Selector,
            (Takes::Policy | Takes::Current | Takes::CurrentOrNew, _) => self.kind_by_policy(),
            (Takes::Proactor, _) => LoopKind::Proactor,
            (Takes::Uvloop, _) => LoopKind::Uvloop,
            (Takes::Winloop, _) => LoopKind::Winloop,
            _ => return None,
        };
        Some(kind)
    }
}
