//! Runner rows at work: the classes, functions and methods of packages that `rules/runners.toml` describes.

use std::collections::BTreeMap;

use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::value::{ClassObject, Id, ModuleObject, Names, Object, Value};
use crate::ir::{Name, Span};
use crate::knowledge::{Creates, Kind, Row};

/// The arguments a runner works with, by parameter name.
pub type Settings = BTreeMap<Name, Value>;

impl<'p> Machine<'p> {
    /// What the table has under a dotted name, as a value.
    pub fn row_attribute(&mut self, dotted: &str) -> Flow<Option<Value>> {
        let knowledge = self.knowledge;
        let index =
            knowledge.runners.named(dotted).find(|index| self.row_applies(&knowledge.runners.rows[*index]));
        match index {
            Some(index) if knowledge.runners.rows[index].kind == Kind::Class => {
                self.row_class(index).map(Some)
            }
            Some(index) => Ok(Some(self.alloc(Object::Row(index)))),
            None if knowledge.runners.below(dotted).next().is_some() => {
                let scope = self.scope(Names::unit("__name__".into(), Value::str(dotted)));
                let module = ModuleObject { name: dotted.into(), scope, open: true, unit: None, path: None };
                let id = self.state.heap.alloc(Object::Module(module));
                self.state.modules.insert(dotted.into(), id);
                Ok(Some(Value::Object(id)))
            }
            None => Ok(None),
        }
    }

    fn row_applies(&self, row: &Row) -> bool {
        row.versions.as_ref().is_none_or(|versions| self.world.packages.version_in(&row.package, &versions.0))
    }

    /// The class a row describes: one object, whichever alias asked for it.
    fn row_class(&mut self, index: usize) -> Flow<Value> {
        let knowledge = self.knowledge;
        let row = &knowledge.runners.rows[index];
        let key: Name = format!("class {}", row.name).into();
        let Some(ours) = self.state.modules.get("_loopcheck").copied() else { return Ok(Value::None) };
        let store = self.module_scope(ours);
        if let Some(found) = self.state.heap.scope(store).get(&key) {
            return Ok(found.clone());
        }
        let bases = match &row.base {
            Some(base) => self.row_attribute(base)?.into_iter().collect(),
            None => Vec::new(),
        };
        let mut names = Names::new();
        let init = self.alloc(Object::Row(index));
        names.insert("__init__".into(), init);
        let methods: Vec<(String, usize)> = knowledge
            .runners
            .below(&row.name)
            .filter(|(rest, index)| !rest.contains('.') && self.row_applies(&knowledge.runners.rows[*index]))
            .map(|(rest, index)| (rest.to_string(), index))
            .collect();
        for (name, index) in methods {
            let method = self.alloc(Object::Row(index));
            if !names.contains_key(&name) {
                names.insert(name.as_str().into(), method);
            }
        }
        let scope = self.scope(names);
        let (module, name) = row.name.rsplit_once('.').unwrap_or(("", &row.name));
        let class = self.alloc(Object::Class(ClassObject {
            name: name.into(),
            qualname: name.into(),
            module: module.into(),
            bases,
            scope,
            unit: Unit::Text,
            span: Span::default(),
            row: Some(index),
        }));
        self.state.heap.scope_mut(store).insert(key, class.clone());
        Ok(class)
    }

    /// Calls what a row describes.
    pub fn call_row(
        &mut self,
        id: Id,
        receiver: Option<Value>,
        args: Vec<Value>,
        keywords: Keywords,
    ) -> Flow<Value> {
        let Object::Row(index) = *self.state.heap.get(id) else { return Ok(Value::None) };
        let knowledge = self.knowledge;
        let row = &knowledge.runners.rows[index];
        let mut args = args;
        let receiver = match (receiver, row.kind) {
            (Some(receiver), _) => Some(receiver),
            (None, Kind::Class) if !args.is_empty() => Some(args.remove(0)),
            (None, _) => None,
        };
        if let Some(registry) = &row.registers {
            return Ok(self.register(registry, Value::Object(id), receiver, args.into_iter().next()));
        }
        self.note_use(&row.name, &args, &keywords);
        let given = self.bind_row(row, args, keywords);
        if row.kind == Kind::Class {
            if let Some(receiver) = receiver {
                for (name, class) in &row.parts {
                    let class = self.row_attribute(class)?.unwrap_or(Value::None);
                    let part = self.call(class, Vec::new(), Vec::new())?;
                    self.set_plain(&receiver, name, part);
                }
                for (name, value) in given {
                    self.set_plain(&receiver, &name, value);
                }
                self.keep_loop(row, &receiver)?;
                self.note_made(&receiver);
            }
            return Ok(Value::None);
        }
        let created = match row.creates {
            Some(creates) => self.created(creates)?,
            None => Value::None,
        };
        if row.creates.is_some() && row.returns.is_none() {
            return Ok(created);
        }
        if row.returns.as_deref() == Some("self") {
            return Ok(receiver.unwrap_or(Value::None));
        }
        if let Some(class) = &row.returns {
            let class = self.row_attribute(class)?.unwrap_or(Value::None);
            return self.call(class, Vec::new(), Vec::new());
        }
        let settings = self.settings_of(row, receiver.as_ref(), given)?;
        self.start_row(index, settings)
    }

    /// The loop that a call makes and does not run.
    fn created(&mut self, creates: Creates) -> Flow<Value> {
        match creates {
            Creates::Policy => self.call_stub("asyncio", "new_event_loop", Vec::new()),
            Creates::Current => self.call_stub("asyncio", "get_event_loop", Vec::new()),
            Creates::CurrentOrNew => self.current_or_new(),
        }
    }

    /// Some classes fix their loop when an instance is constructed, also when they are inherited from.
    fn keep_loop(&mut self, row: &Row, receiver: &Value) -> Flow<()> {
        let knowledge = self.knowledge;
        if let (Some(attribute), Some(creates)) = (&row.keeps, row.creates) {
            let given = match receiver.as_id().map(|id| self.state.heap.get(id)) {
                Some(Object::Instance { attributes, .. }) => attributes.get(attribute.as_str()).cloned(),
                _ => None,
            };
            if matches!(given, None | Some(Value::None)) {
                let made = self.created(creates)?;
                self.set_plain(receiver, attribute, made);
            }
            return Ok(());
        }
        let rows = &knowledge.runners.rows;
        let base = row
            .base
            .as_deref()
            .and_then(|base| knowledge.runners.named(base).find(|index| self.row_applies(&rows[*index])));
        match base {
            Some(base) => self.keep_loop(&rows[base], receiver),
            None => Ok(()),
        }
    }

    /// `@registry.register("name")`: the first call names the place, the second fills it.
    fn register(&mut self, registry: &str, row: Value, place: Option<Value>, given: Option<Value>) -> Value {
        let given = given.unwrap_or(Value::None);
        let Some(place) = place else {
            return self.alloc(Object::Method { function: row, receiver: given });
        };
        if let (Value::Str(name), Some(ours)) = (&place, self.state.modules.get("_loopcheck").copied()) {
            let store = self.module_scope(ours);
            self.state.heap.scope_mut(store).insert(format!("{registry}:{name}").into(), given.clone());
        }
        given
    }

    /// What was filed under `registry:name`.
    pub fn registered(&self, key: &str) -> Option<Value> {
        let ours = self.state.modules.get("_loopcheck").copied()?;
        self.state.heap.scope(self.module_scope(ours)).get(key).cloned()
    }

    /// Remembers which call of the project constructed an object.
    fn note_made(&mut self, made: &Value) {
        if let Some(site) = self.sites().last()
            && let Unit::Project(module) = site.unit
        {
            let numbers = [module as i64, site.span.start.into(), site.span.end.into()];
            self.set_plain(made, "__made__", Value::tuple(numbers.map(Value::Int).into()));
        }
    }

    /// Arguments by parameter name, with the defaults that matter.
    fn bind_row(&mut self, row: &Row, args: Vec<Value>, keywords: Keywords) -> Settings {
        let mut settings = Settings::new();
        let open = keywords.iter().any(|(name, _)| matches!(&**name, "*" | "**"));
        for (name, value) in row.parameters.iter().zip(args.iter()) {
            settings.insert(name.as_str().into(), value.clone());
        }
        for value in args.iter().skip(row.parameters.len()) {
            self.escape_value(value);
        }
        for (name, value) in keywords {
            if !matches!(&*name, "*" | "**") {
                settings.insert(name, value);
            }
        }
        if open {
            settings.insert("**".into(), Value::None);
        }
        for (name, default) in &row.defaults {
            let name: Name = name.as_str().into();
            if settings.contains_key(&name) {
                continue;
            }
            let default = plain(default);
            let value = if open { self.unknown(format!("{name}=")) } else { default };
            settings.insert(name, value);
        }
        for (name, value) in &row.fixed {
            settings.insert(name.as_str().into(), plain(value));
        }
        let values: Vec<Value> = settings.values().cloned().collect();
        values.iter().for_each(|value| self.escape_value(value));
        settings
    }

    /// Where a method keeps what it was constructed with.
    fn settings_of(&mut self, row: &Row, receiver: Option<&Value>, given: Settings) -> Flow<Settings> {
        let source = match (row.settings.as_deref(), receiver) {
            (Some("self"), Some(receiver)) => receiver.clone(),
            (Some("self.config"), Some(receiver)) => self.attribute(receiver.clone(), "config")?,
            (Some(parameter), _) => given.get(parameter).cloned().unwrap_or(Value::None),
            (None, _) => return Ok(given),
        };
        let source = self.settle_value(source);
        let mut settings = match source.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { attributes, .. }) => attributes.clone().into_iter().collect(),
            _ => Settings::new(),
        };
        if settings.is_empty() && source.is_unknown() {
            for name in ["loop", "reload", "workers"] {
                let value = self.attribute(source.clone(), name)?;
                settings.insert(name.into(), value);
            }
        }
        for (name, value) in given {
            settings.entry(name).or_insert(value);
        }
        Ok(settings)
    }
}

fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Integer(n) => Value::Int(*n),
        toml::Value::String(text) => Value::str(text.as_str()),
        _ => Value::None,
    }
}
