//! LC501: a policy where none is needed, or where there are none any more.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::entry::{Launch, LoopKind};
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::trace::{Decided, EventKind, PolicyKind, RootTrace, Run, Site};
use crate::knowledge::{Knowledge, Versions};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::dependencies::Answer;
use crate::rules::{Diagnosis, Draft, RunCall, Scope, call, place, scope_of};

/// The first Python without policies, and the first in which they warn.
const REMOVED: (u8, u8) = (3, 16);
const DEPRECATED: (u8, u8) = (3, 14);

/// The starts that ask a policy, by trace and place.
type Asking<'t> = BTreeMap<RunCall, &'t Run>;

/// A policy that every root which executes it could do without.
pub fn check(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let policies = policies(traces);
    policies.iter().filter_map(|(site, set)| one(workspace, traces, *site, set)).collect()
}

fn one(workspace: &Workspace, traces: &[RootTrace], site: Site, set: &Set<'_>) -> Option<Diagnosis> {
    let Unit::Project(module) = site.unit else { return None };
    let index = *set.by.first()?;
    let root = &traces[index].root;
    let project = workspace.project_of(root.module);
    let allowed = &project.dependencies.python.allowed;
    let scope = scope_of(workspace, module).max(scope_of(workspace, root.module));
    let silent = scope == Scope::Test || !workspace.modules[module].file.given;
    if silent || !allowed.iter().any(|python| *python >= DEPRECATED) {
        return None;
    }
    let removed = allowed.iter().any(|python| *python >= REMOVED);
    let knobs: Option<BTreeSet<String>> = set.asking.values().map(|run| knob(project, run)).collect();
    let deployment = call::deployment(workspace, &traces[index]);
    let (message, deployed, help) = match knobs.filter(|knobs| !knobs.is_empty()) {
        _ if removed => (
            "Python 3.16 has no event loop policies any more, and the project allows it",
            Severity::Error,
            "pass a loop factory to what starts the loop instead".to_string(),
        ),
        Some(knobs) => {
            let knobs: Vec<String> = knobs.into_iter().collect();
            (
                "A policy is not needed here: all that asks it can be given its loop",
                // Where it does not warn on every Python that is allowed, it is good to know and no more.
                if allowed.iter().all(|python| *python >= DEPRECATED) {
                    Severity::Warning
                } else {
                    Severity::Info
                },
                format!("pass {} on Windows, and remove the policy", knobs.join(" and ")),
            )
        }
        None => return None,
    };
    // Several programs may come to one call.
    let starts: BTreeMap<Site, &Run> = set.asking.iter().map(|((_, site), run)| (*site, *run)).collect();
    let related = starts.iter().filter_map(|(site, run)| {
        let message = format!("`{}` asks the policy", run.runner);
        Some(Related { place: place(workspace, *site)?, message })
    });
    let draft = Draft {
        code: "LC501",
        severity: call::severity(scope, deployment, deployed),
        message: message.into(),
        label: "warns from Python 3.14 on, and is an AttributeError from Python 3.16 on".into(),
        why: "event loop policies are deprecated in Python 3.14 and removed in Python 3.16".into(),
        help,
        related: related.collect(),
    };
    // What a rule of other needs says about these calls comes first: the policy goes with it.
    let calls = set.asking.keys().copied().collect();
    Some(Diagnosis { calls, ..draft.about(place(workspace, site)?, index, site) })
}

/// One place that sets a policy.
#[derive(Default)]
struct Set<'t> {
    /// The roots that execute it, by the index of their traces.
    by: BTreeSet<usize>,
    asking: Asking<'t>,
}

/// Where programs set a Selector policy on Windows, with the starts that it decides. A function that
/// no program reaches runs under it as well, but sets none.
fn policies(traces: &[RootTrace]) -> BTreeMap<Site, Set<'_>> {
    let mut policies: BTreeMap<Site, Set<'_>> = BTreeMap::new();
    for (index, trace) in traces.iter().enumerate() {
        let started = trace.root.launch != Launch::Function;
        let paths = trace.paths_on(Platform::Windows);
        for event in paths.flat_map(|path| &path.events) {
            match (&event.kind, event.site) {
                (EventKind::PolicySet { policy: PolicyKind::Selector, by: None }, Some(site)) if started => {
                    policies.entry(site).or_default().by.insert(index);
                }
                (EventKind::Run(run), Some(site)) if asks(run) => {
                    if let Some(set) = run.policy_set {
                        policies.entry(set).or_default().asking.insert((index, site), run);
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
