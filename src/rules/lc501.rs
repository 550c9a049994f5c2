//! LC501: a policy where none is needed, or where there are none any more.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::{Launch, LoopKind};
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::trace::{Decided, EventKind, PolicyKind, RootTrace, Run, Site};
use crate::knowledge::{Knowledge, Versions};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::dependencies::Answer;
use crate::rules::{Diagnosis, Draft, Scope, call, place, scope_of};

/// The first Python without policies, and the first in which they warn.
const REMOVED: (u8, u8) = (3, 16);
const DEPRECATED: (u8, u8) = (3, 14);

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    let project = workspace.project_of(trace.root.module);
    let allowed = &project.dependencies.python.allowed;
    if trace.root.launch == Launch::Function || !allowed.iter().any(|python| *python >= DEPRECATED) {
        return Vec::new();
    }
    let removed = allowed.iter().any(|python| *python >= REMOVED);
    let mut found = Vec::new();
    for (site, runs) in policies(trace) {
        let Unit::Project(module) = site.unit else { continue };
        let scope = scope_of(workspace, module).max(scope_of(workspace, trace.root.module));
        if scope == Scope::Test || !workspace.modules[module].file.given {
            continue;
        }
        let knobs: Option<Vec<String>> = runs.values().map(|run| knob(project, run)).collect();
        let deployment = call::deployment(workspace, trace);
        let (message, severity, help) = match knobs.filter(|knobs| !knobs.is_empty()) {
            _ if removed => (
                "Python 3.16 has no event loop policies any more, and the project allows it".to_string(),
                call::severity(scope, deployment, Severity::Error),
                "pass a loop factory to what starts the loop instead".to_string(),
            ),
            Some(knobs) => (
                "A policy is not needed here: all that asks it can be given its loop".to_string(),
                call::severity(scope, deployment, Severity::Warning),
                format!("pass {} on Windows, and remove the policy", knobs.join(" and ")),
            ),
            None => continue,
        };
        let Some(at) = place(workspace, site) else { continue };
        let related = runs.iter().filter_map(|(site, run)| {
            let message = format!("`{}` asks the policy", run.runner);
            Some(Related { place: place(workspace, *site)?, message })
        });
        let draft = Draft {
            code: "LC501",
            severity,
            message,
            label: "warns from Python 3.14 on, and is an AttributeError from Python 3.16 on".into(),
            why: "event loop policies are deprecated in Python 3.14 and removed in Python 3.16".into(),
            help,
            related: related.collect(),
        };
        found.push(draft.about(at, index, site));
    }
    found
}

/// Where the program sets a policy on Windows, with the starts that it decides there.
fn policies(trace: &RootTrace) -> BTreeMap<Site, BTreeMap<Site, &Run>> {
    let mut policies: BTreeMap<Site, BTreeMap<Site, &Run>> = BTreeMap::new();
    for path in trace.paths.iter().filter(|path| path.platform == Platform::Windows) {
        for event in &path.events {
            match (&event.kind, event.site) {
                (EventKind::PolicySet { policy: PolicyKind::Selector, by: None }, Some(site)) => {
                    policies.entry(site).or_default();
                }
                (EventKind::Run(run), Some(site)) if asks(run) => {
                    if let Some(set) = run.policy_set {
                        policies.entry(set).or_default().insert(site, run);
                    }
                }
                _ => {}
            }
        }
    }
    policies
}

/// Whether the policy gave the loop, whoever asked it.
fn asks(run: &Run) -> bool {
    matches!(run.decided, Decided::Policy) && run.kind == LoopKind::Selector
}

/// What a runner can be given instead, in words, where every allowed version understands it.
fn knob(project: &Project, run: &Run) -> Option<String> {
    let runners = &Knowledge::bundled().runners;
    let python = &project.dependencies.python;
    let understood = |versions: &Option<Versions>| match versions {
        None => true,
        Some(versions) => python.declared && python.allowed_in(&versions.0) == Answer::Yes,
    };
    let shown = |argument: &str, value: &str| {
        let value = value.replace("{asyncio}", "asyncio");
        if argument.is_empty() { value } else { format!("{argument}={value}") }
    };
    if let Some(row) = run.row.map(|row| &runners.rows[row]) {
        let table = runners.loops.get(row.loop_table.as_deref()?)?;
        let knob = table.knob.as_ref().filter(|knob| !row.fixed.contains_key(&knob.argument))?;
        // An argument that makes the runner ask the policy was written for versions without the knob.
        let package = project.dependencies.package(table.package.as_deref().unwrap_or(&row.package));
        let known = knob.policy.is_none()
            && knob.versions.as_ref().is_none_or(|versions| package.allowed_in(&versions.0) == Answer::Yes);
        return known.then(|| shown(&knob.argument, &knob.value));
    }
    let by_maker =
        runners.knobs.iter().find(|knob| knob.replaces && Some(&*knob.runner) == run.made_by.as_deref());
    let knob = by_maker
        .or_else(|| runners.knobs.iter().find(|knob| !knob.replaces && *knob.runner == *run.runner))?;
    understood(&knob.python).then(|| shown(&knob.argument, &knob.value))
}
