//! Runner rows at work: the classes, functions and methods of packages that `rules/runners.toml` describes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::entry::LoopKind;
use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::state::LoopInfo;
use crate::interpret::trace::{Decided, EventKind, Family, PolicyKind, Run, Site};
use crate::interpret::value::{ClassObject, Id, ModuleObject, Names, Object, Value};
use crate::interpret::world::Platform;
use crate::ir::{Name, Span};
use crate::knowledge::{Case, Condition, Creates, InChild, Kind, LoopTable, Row, Takes};

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
            names.entry(name.as_str().into()).or_insert(method);
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
        let given = self.bind_row(row, args, keywords);
        if row.kind == Kind::Class {
            if let Some(receiver) = receiver {
                for (name, value) in given {
                    self.set_plain(&receiver, &name, value);
                }
                self.note_made(&receiver);
            }
            return Ok(Value::None);
        }
        match row.creates {
            Some(Creates::Policy) if row.returns.is_none() => {
                return self.call_stub("asyncio", "new_event_loop", Vec::new());
            }
            Some(Creates::Policy) => {
                self.call_stub("asyncio", "new_event_loop", Vec::new())?;
            }
            Some(Creates::Current) => {
                self.call_stub("asyncio", "get_event_loop", Vec::new())?;
            }
            None => {}
        }
        if let Some(class) = &row.returns {
            let class = self.row_attribute(class)?.unwrap_or(Value::None);
            return self.call(class, Vec::new(), Vec::new());
        }
        let settings = self.settings_of(row, receiver.as_ref(), given)?;
        self.start_row(index, settings)
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

    /// Starts what a row starts, in this process or in a child.
    fn start_row(&mut self, index: usize, settings: Settings) -> Flow<Value> {
        let knowledge = self.knowledge;
        let row = &knowledge.runners.rows[index];
        if self.preparing && row.in_child == InChild::Returns {
            return Ok(Value::None);
        }
        for failure in &row.fails {
            if self.all_hold(&failure.when, &settings)? {
                return self.raise(&failure.error, format!("{} cannot run with these arguments", row.name));
            }
        }
        let takes = row.takes();
        match takes {
            Some(Takes::Caller) => {
                self.import_target(row, &settings)?;
                return Ok(self.unknown(format!("{}()", row.name)));
            }
            Some(Takes::None) => return Ok(self.unknown(format!("{}()", row.name))),
            None if row.loop_table.is_none() => return Ok(self.unknown(format!("{}()", row.name))),
            _ => {}
        }
        if !self.state.running.is_empty() && !self.state.nesting {
            return self.raise("RuntimeError", "asyncio.run() cannot be called from a running event loop");
        }
        let table = row.loop_table.as_ref().and_then(|name| knowledge.runners.loops.get(name));
        let mut child = false;
        for condition in table.map_or(&[][..], |table| &table.child) {
            if self.holds(condition, &settings)? {
                child = true;
                break;
            }
        }
        let without_child = match table {
            Some(table) if child => self.kind_without_child(row, table, &settings)?,
            _ => None,
        };
        if !child || row.in_process {
            return self.start_here(index, &settings, child, without_child);
        }
        if self.preparing {
            return self.raise("RuntimeError", "An attempt has been made to start a new process before the current process has finished its bootstrapping phase");
        }
        self.spawn(settings, |machine, settings| machine.start_here(index, &settings, true, without_child))
    }

    /// What the same call would run on in this very process.
    fn kind_without_child(
        &mut self,
        row: &Row,
        table: &'p LoopTable,
        settings: &Settings,
    ) -> Flow<Option<LoopKind>> {
        let Some(case) = self.case_of(row, table, settings, false)? else { return Ok(None) };
        let kind = match (case.takes, case.sets) {
            (Takes::Policy | Takes::Current, Some(Takes::Selector)) | (Takes::Selector, _) => {
                LoopKind::Selector
            }
            (Takes::Policy | Takes::Current, _) => match self.policy_in_force() {
                PolicyKind::Selector => LoopKind::Selector,
                PolicyKind::Proactor => LoopKind::Proactor,
                PolicyKind::Default if self.world.platform == Platform::Windows => LoopKind::Proactor,
                PolicyKind::Default => LoopKind::Selector,
                PolicyKind::Winloop => LoopKind::Winloop,
                PolicyKind::Uvloop => LoopKind::Uvloop,
                PolicyKind::Custom | PolicyKind::Unknown => LoopKind::Custom,
            },
            (Takes::Proactor, _) => LoopKind::Proactor,
            (Takes::Uvloop, _) => LoopKind::Uvloop,
            (Takes::Winloop, _) => LoopKind::Winloop,
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// Chooses the loop, writes the start down and runs what runs inside.
    fn start_here(
        &mut self,
        index: usize,
        settings: &Settings,
        child: bool,
        without_child: Option<LoopKind>,
    ) -> Flow<Value> {
        let knowledge = self.knowledge;
        let row = &knowledge.runners.rows[index];
        let table = row.loop_table.as_ref().and_then(|name| knowledge.runners.loops.get(name));
        let before = table.is_some_and(|table| {
            let package = table.package.as_deref().unwrap_or(&row.package);
            let early = table
                .imports_before
                .as_ref()
                .is_some_and(|versions| self.world.packages.version_in(package, &versions.0));
            // uvicorn's children import inside the loop; hypercorn's do not.
            early && (!child || row.settings.as_deref() == Some("config"))
        });
        if before {
            self.import_target(row, settings)?;
        }
        let word = Case { takes: row.takes().unwrap_or_default(), ..Case::default() };
        let (case, package) = match table {
            Some(table) => {
                let Some(case) = self.case_of(row, table, settings, child)? else {
                    return self.raise("RuntimeError", "no loop");
                };
                (case, table.package.as_deref().unwrap_or(&row.package))
            }
            None => (&word, &*row.package),
        };
        if let Some(policy) = case.sets {
            self.set_policy_as(package, policy)?;
        }
        let argument =
            table.and_then(|table| table.argument.as_ref()).and_then(|name| self.argument(name, settings));
        let running = match case.takes {
            Takes::Policy => self.call_stub("asyncio", "new_event_loop", Vec::new())?,
            Takes::Current => self.call_stub("asyncio", "get_event_loop", Vec::new())?,
            Takes::Selector => self.call_stub("asyncio", "SelectorEventLoop", Vec::new())?,
            Takes::Proactor if self.world.platform == Platform::Windows => {
                self.call_stub("asyncio", "ProactorEventLoop", Vec::new())?
            }
            Takes::Uvloop => self.call_stub("uvloop", "new_event_loop", Vec::new())?,
            Takes::Winloop => self.call_stub("winloop", "new_event_loop", Vec::new())?,
            Takes::Factory => self.loop_from(argument.unwrap_or(Value::None))?,
            Takes::Object => argument.unwrap_or(Value::None),
            Takes::None => return Ok(Value::None),
            Takes::Error => {
                let error = case.error.as_deref().unwrap_or("RuntimeError");
                return self.raise(error, format!("{package} {}", case.how));
            }
            Takes::Own | Takes::Caller | Takes::Proactor => self.unknown("a loop of its own"),
        };
        let (mut kind, mut reason) = self.loop_kind(&running);
        if case.takes == Takes::Own {
            (kind, reason) = (LoopKind::Custom, None);
        }
        let decided = match case.takes {
            Takes::Policy | Takes::Current if case.sets.is_none() => Decided::Policy,
            Takes::Factory | Takes::Object => Decided::Caller,
            _ => Decided::Framework { package: package.into(), how: case.how.as_str().into() },
        };
        let info = running.as_id().and_then(|id| self.state.loops.get(&id).cloned());
        let created = match (case.takes, info) {
            (Takes::Object | Takes::Current, Some(LoopInfo { created, .. })) => {
                created.filter(|created| Some(created) != self.sites().last())
            }
            _ => None,
        };
        let mut shown: Vec<(Name, std::sync::Arc<str>)> = Vec::new();
        for name in row.defaults.keys() {
            if let Some(value) = settings.get(name.as_str()) {
                shown.push((name.as_str().into(), self.shown(value).into()));
            }
        }
        let run = Run {
            runner: self.command().unwrap_or_else(|| row.name.as_str().into()),
            family: row.family.unwrap_or(Family::Asyncio),
            kind,
            decided,
            reason,
            without_child: without_child.filter(|_| child),
            row: Some(index),
            own_child: child && !row.in_process,
            policy: self.policy_in_force(),
            policy_set: self.state.policy_set,
            open_arguments: settings.contains_key("**"),
            settings: shown,
            created,
            made_by: None,
            configured: made_at(settings.get("__made__")),
        };
        if row.family.is_some() {
            self.record(EventKind::Run(run));
        }
        let (runs, calls) = (row.runs.clone(), row.calls.clone());
        self.while_running(running, |machine| {
            if !before {
                machine.import_target(row, settings)?;
            }
            if let Some(value) = runs.and_then(|name| settings.get(name.as_str()).cloned()) {
                machine.wait_for(value)?;
            }
            if let Some(function) = calls.and_then(|name| settings.get(name.as_str()).cloned()) {
                let result = machine.call(
                    function,
                    Vec::new(),
                    vec![("*".into(), Value::None), ("**".into(), Value::None)],
                )?;
                machine.wait_for(result)?;
            }
            Ok(machine.unknown(format!("{}()", row.name)))
        })
    }

    /// `"asyncio:SelectorEventLoop"` or a callable: called with nothing, it gives the loop.
    fn loop_from(&mut self, factory: Value) -> Flow<Value> {
        let factory = match &factory {
            Value::Str(text) => {
                let Some((module, attribute)) = text.split_once(':') else {
                    return Ok(self.unknown(&**text));
                };
                let mut found = self.import(module)?;
                for part in attribute.split('.') {
                    found = self.attribute(found, part)?;
                }
                found
            }
            other => other.clone(),
        };
        self.call(factory, Vec::new(), Vec::new())
    }

    /// Imports the application a server is told by name.
    fn import_target(&mut self, row: &Row, settings: &Settings) -> Flow<()> {
        let target = row.target.as_ref().and_then(|name| settings.get(name.as_str()).cloned());
        let Some(Value::Str(text)) = target.map(|target| self.settle_value(target)) else { return Ok(()) };
        let module = text.split(':').next().unwrap_or_default();
        self.import(module).map(drop)
    }

    /// The framework sets a policy on its own account.
    fn set_policy_as(&mut self, package: &str, policy: Takes) -> Flow<()> {
        let class = match policy {
            Takes::Proactor => "WindowsProactorEventLoopPolicy",
            _ => "WindowsSelectorEventLoopPolicy",
        };
        self.state.framework = Some(package.into());
        let policy = self.call_stub("asyncio", class, Vec::new())?;
        self.call_stub("asyncio", "set_event_loop_policy", vec![policy])?;
        self.state.framework = None;
        Ok(())
    }

    /// The first case of a loop table that fits.
    fn case_of(
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
            let platform = match case.platform.as_deref() {
                None => true,
                Some("windows") => self.world.platform == Platform::Windows,
                Some("posix") => self.world.platform != Platform::Windows,
                Some(unix) => {
                    self.world.told_apart.set(true);
                    self.world.platform == if unix == "linux" { Platform::Linux } else { Platform::Darwin }
                }
            };
            let installed =
                case.installed.as_deref().is_none_or(|name| self.world.packages.presence(name) == Some(true));
            if !versions || !platform || !installed || case.child.is_some_and(|wanted| wanted != child) {
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
    fn value_fits(&mut self, table: &LoopTable, values: &[String], settings: &Settings) -> Flow<bool> {
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

    /// An argument, or an entry of an argument that is a dictionary: `backend_options.loop_factory`.
    fn argument(&mut self, name: &str, settings: &Settings) -> Option<Value> {
        let (name, key) = name.split_once('.').map_or((name, None), |(name, key)| (name, Some(key)));
        let value = settings.get(name).cloned().map(|value| self.settle_value(value))?;
        let Some(key) = key else { return Some(value) };
        match value.as_id().map(|id| self.state.heap.get(id).clone()) {
            Some(Object::Dict(mapping)) => {
                let entry = mapping.entries.into_iter().find(|(other, _)| other.as_str() == Some(key));
                entry.map(|(_, value)| self.settle_value(value))
            }
            _ => None,
        }
    }

    fn all_hold(&mut self, conditions: &[Condition], settings: &Settings) -> Flow<bool> {
        for condition in conditions {
            if !self.holds(condition, settings)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&mut self, condition: &Condition, settings: &Settings) -> Flow<bool> {
        let get = |machine: &mut Machine<'p>, name: &str| {
            let value = settings.get(name).cloned().unwrap_or(Value::None);
            machine.settle_value(value)
        };
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
}

fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Integer(n) => Value::Int(*n),
        toml::Value::String(text) => Value::str(text.as_str()),
        _ => Value::None,
    }
}

/// The site that [`Machine::note_made`] remembered.
fn made_at(made: Option<&Value>) -> Option<Site> {
    let Some(Value::Tuple(parts)) = made else { return None };
    let [Value::Int(module), Value::Int(start), Value::Int(end)] = &parts[..] else { return None };
    let span = Span { start: *start as u32, end: *end as u32 };
    Some(Site { unit: Unit::Project(*module as usize), span })
}
