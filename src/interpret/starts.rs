//! Runner rows that start a loop: in which process, on which loop, and what runs inside.

use crate::entry::LoopKind;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::rows::Settings;
use crate::interpret::state::LoopInfo;
use crate::interpret::trace::{Decided, EventKind, Family, Run, Site};
use crate::interpret::value::Value;
use crate::interpret::world::Platform;
use crate::ir::{Name, Span};
use crate::knowledge::{Case, InChild, Row, Takes};

impl<'p> Machine<'p> {
    /// Starts what a row starts, in this process or in a child.
    pub fn start_row(&mut self, index: usize, settings: Settings) -> Flow<Value> {
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
            runner: row.name.as_str().into(),
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
}

/// The site that [`Machine::note_made`] remembered.
fn made_at(made: Option<&Value>) -> Option<Site> {
    let Some(Value::Tuple(parts)) = made else { return None };
    let [Value::Int(module), Value::Int(start), Value::Int(end)] = &parts[..] else { return None };
    let span = Span { start: *start as u32, end: *end as u32 };
    Some(Site { unit: Unit::Project(*module as usize), span })
}
