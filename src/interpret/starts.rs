//! Runner rows that start a loop: in which process, on which loop, and what runs inside.

use crate::entry::LoopKind;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::rows::Settings;
use crate::interpret::state::LoopInfo;
use crate::interpret::steps::{self, StepKind};
use crate::interpret::trace::{Decided, EventKind, Family, PolicyKind, Run, Site};
use crate::interpret::value::Value;
use crate::interpret::world::Platform;
use crate::ir::{Name, Span};
use crate::knowledge::{Case, InChild, InLoop, Row, Takes};

const NO_MAIN_GUARD: &str = "the child process runs this call again while it starts, and dies of a RuntimeError: it wants `if __name__ == \"__main__\":`";

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
                // A coroutine: it imports what it serves once it is awaited, in the loop that runs then.
                return match self.target_module(row, &settings) {
                    Some(module) => self.call_stub("_loopcheck.commands", "serve", vec![Value::str(module)]),
                    None => Ok(self.unknown(format!("{}()", row.name))),
                };
            }
            Some(Takes::None) => return Ok(self.unknown(format!("{}()", row.name))),
            None if row.loop_table.is_none() => return Ok(self.unknown(format!("{}()", row.name))),
            _ => {}
        }
        let table = row.loop_table.as_ref().and_then(|name| knowledge.runners.loops.get(name));
        if row.in_thread {
            return self.on_new_thread(|machine| machine.start_here(index, &settings, false, None));
        }
        if !self.state.running.is_empty() && row.in_loop == InLoop::Returns {
            return Ok(self.unknown(format!("{}()", row.name)));
        }
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
        let spawns = table.and_then(|table| table.spawns_on).is_none_or(|on| on.is(self.world.platform));
        if !child || row.in_process || !spawns {
            if !self.state.running.is_empty() && !self.state.nesting {
                return self
                    .raise("RuntimeError", "asyncio.run() cannot be called from a running event loop");
            }
            return self.start_here(index, &settings, child, without_child);
        }
        if self.preparing {
            let run = self.run_of(row.name.as_str().into(), row.family.unwrap_or_default(), &Value::None);
            self.record_start(
                row,
                Run {
                    kind: LoopKind::None,
                    reason: Some(NO_MAIN_GUARD.into()),
                    row: Some(index),
                    own_child: true,
                    ..run
                },
            );
            return self.raise("RuntimeError", "An attempt has been made to start a new process before the current process has finished its bootstrapping phase");
        }
        self.spawn(settings, |machine, settings| {
            let result = machine.start_here(index, &settings, true, without_child);
            // The memory of the child goes with it, and so do the handlers it serves with.
            machine.run_escaped_aside();
            result
        })
    }

    fn record_start(&mut self, row: &Row, run: Run) {
        if row.family.is_some() {
            self.record(EventKind::Run(run));
        }
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
            // Only the function imports early, the server's own method does so in its loop. uvicorn's
            // children import inside the loop; hypercorn's do not.
            early && !row.in_process && (!child || row.settings.as_deref() == Some("config"))
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
        self.note(|_| {
            StepKind::Decided(steps::Case {
                row: index,
                package: package.into(),
                versions: case.versions.as_ref().map(|versions| versions.0.to_string().into()),
                how: case.how.as_str().into(),
                evidence: case.evidence.as_str().into(),
            })
        });
        let argument =
            table.and_then(|table| table.argument.as_ref()).and_then(|name| self.argument(name, settings));
        let over_proactor = case.sets_over_proactor.filter(|_| {
            matches!(self.policy_in_force(), PolicyKind::Default | PolicyKind::Proactor)
                && self.world.platform == Platform::Windows
        });
        let sets = case.sets.or(over_proactor);
        match (sets, &argument) {
            (Some(Takes::Object), Some(policy)) => {
                self.call_stub("asyncio", "set_event_loop_policy", vec![policy.clone()])?;
            }
            (Some(policy), _) => self.set_policy_as(package, policy)?,
            (None, _) => {}
        }
        let by_default = match table {
            Some(table) => self.kind_by_default(row, table, settings, child)?,
            None => None,
        };
        let running = match case.takes {
            // Most of them call `asyncio.run`, which does not see a `new_event_loop` put into `asyncio`.
            Takes::Policy => self.call_stub("asyncio.events", "new_event_loop", Vec::new())?,
            Takes::Current => self.call_stub("asyncio", "get_event_loop", Vec::new())?,
            Takes::CurrentOrNew => self.current_or_new()?,
            Takes::Selector => self.call_stub("asyncio", "SelectorEventLoop", Vec::new())?,
            Takes::Proactor if self.world.platform == Platform::Windows => {
                self.call_stub("asyncio", "ProactorEventLoop", Vec::new())?
            }
            Takes::Uvloop => self.call_stub("uvloop", "new_event_loop", Vec::new())?,
            Takes::Winloop => self.call_stub("winloop", "new_event_loop", Vec::new())?,
            Takes::Factory => {
                let filed = case.registered.as_deref().and_then(|key| self.registered(key));
                self.loop_from(filed.or(argument).unwrap_or(Value::None))?
            }
            Takes::Object => argument.unwrap_or(Value::None),
            Takes::None => return Ok(Value::None),
            Takes::Error => {
                let error = case.error.as_deref().unwrap_or("RuntimeError");
                let message = format!("{package} {}", case.how);
                return match &case.missing {
                    Some(module) => self.raise_missing(module, error, message),
                    None => self.raise(error, message),
                };
            }
            Takes::Own | Takes::Caller | Takes::Proactor => self.unknown("a loop of its own"),
        };
        let (mut kind, mut reason) = self.loop_kind(&running);
        if case.takes == Takes::Own {
            (kind, reason) = (LoopKind::Custom, None);
        }
        let info = running.as_id().and_then(|id| self.state.loops.get(&id).cloned());
        let older_than_policy = self.is_older_than_policy(info.as_ref());
        let asks_policy = match case.takes {
            Takes::Policy | Takes::Current | Takes::CurrentOrNew => {
                matches!(sets, None | Some(Takes::Object))
            }
            // Who hands over a loop has not chosen one where a policy made it.
            Takes::Object => info.as_ref().is_some_and(|info| info.by_policy),
            _ => false,
        };
        let decided = match case.takes {
            _ if asks_policy => Decided::Policy,
            Takes::Factory | Takes::Object => Decided::Caller,
            _ => Decided::Framework { package: package.into(), how: case.how.as_str().into() },
        };
        let made_by = match (case.takes, &info) {
            (Takes::Object, Some(info)) => info.made_by.clone(),
            _ => None,
        };
        let created = match (case.takes, info) {
            (Takes::Object | Takes::Current | Takes::CurrentOrNew, Some(LoopInfo { created, .. })) => {
                created.filter(|created| Some(created) != self.sites().last())
            }
            _ => None,
        };
        let mut shown: Vec<(Name, std::sync::Arc<str>)> = Vec::new();
        let chooses = table.and_then(|table| table.argument.as_ref());
        let named = row.defaults.keys().chain(chooses.filter(|name| !row.defaults.contains_key(*name)));
        for name in named {
            if let Some(value) = settings.get(name.as_str()) {
                shown.push((name.as_str().into(), self.shown(value).into()));
            }
        }
        let mut family = row.family.unwrap_or_default();
        for condition in &row.streams {
            if self.holds(condition, settings)? {
                family = Family::Streams;
            }
        }
        let run = Run {
            runner: self.command().unwrap_or_else(|| row.name.as_str().into()),
            family,
            kind,
            decided,
            reason,
            without_child: without_child.filter(|_| child),
            by_default,
            row: Some(index),
            own_child: child && !row.in_process,
            policy: self.policy_in_force(),
            policy_set: self.state.policy_set,
            older_than_policy,
            open_arguments: settings.contains_key("**"),
            settings: shown,
            created,
            made_by,
            configured: made_at(settings.get("__made__")),
        };
        self.record_start(row, run);
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

    /// The current loop of the thread, else a new one that becomes it.
    pub fn current_or_new(&mut self) -> Flow<Value> {
        self.call_stub("asyncio.events", "_current_or_new", Vec::new())
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
        match self.target_module(row, settings) {
            Some(module) => self.import(&module).map(drop),
            None => Ok(()),
        }
    }

    /// The module of an import string: `main` of `main:app`.
    fn target_module(&mut self, row: &Row, settings: &Settings) -> Option<String> {
        let target = row.target.as_ref().and_then(|name| settings.get(name.as_str()).cloned())?;
        let Value::Str(text) = self.settle_value(target) else { return None };
        text.split(':').next().map(str::to_string)
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
