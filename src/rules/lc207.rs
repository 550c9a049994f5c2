//! LC207: a Selector policy in a function that no entry point calls.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::reach::reached;
use crate::interpret::trace::{Decided, PolicyKind, RootTrace, Run, Site};
use crate::platform::Platform;
use crate::rules::lc101::WHY;
use crate::rules::{Call, Diagnosis, Draft, RunCall, Scope, place, scope_of, sets_selector};

pub fn check(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let policies = policies(traces);
    let root_of = |module: usize| workspace.modules[module].file.root;
    let mut found = Vec::new();
    for (site, policy) in &policies {
        let (Unit::Project(module), Some(function)) = (site.unit, policy.only_in) else { continue };
        let project = root_of(module);
        // Where another policy runs, this one may be a leftover.
        let is_ours = |site: &Site| matches!(site.unit, Unit::Project(other) if root_of(other) == project);
        let alone = policies.iter().all(|(other, policy)| policy.only_in.is_some() || !is_ours(other));
        if !alone || !may_speak(workspace, traces, module) {
            continue;
        }
        let unprotected = unprotected(workspace, traces, project);
        let (Some(first), Some(place)) = (unprotected.first(), place(workspace, *site)) else { continue };
        // Several programs have a loop of their own to cure each.
        let one = unprotected.iter().all(|other| other.call.0 == first.call.0);
        let calls = unprotected.iter().map(|other| other.call).filter(|_| one).collect();
        let draft = draft(workspace, function, first);
        found.push(Diagnosis { calls, ..draft.about(place, policy.trace, *site) });
    }
    found
}

/// What is known of a place that sets the policy.
struct Policy<'t> {
    trace: usize,
    /// The function that had to be called on its own to meet it; nothing where a program executes it.
    only_in: Option<&'t str>,
}

fn policies(traces: &[RootTrace]) -> BTreeMap<Site, Policy<'_>> {
    let mut policies: BTreeMap<Site, Policy<'_>> = BTreeMap::new();
    for (trace, root) in traces.iter().enumerate() {
        let function = root.root.function.as_ref().map(|(name, _)| &**name);
        let only_in = function.filter(|_| root.root.launch == Launch::Function);
        let windows = root.paths_on(Platform::Windows);
        let sets = windows.flat_map(|path| &path.events).filter(|event| sets_selector(event));
        for site in sets.filter_map(|event| event.site) {
            let policy = policies.entry(site).or_insert(Policy { trace, only_in });
            if only_in.is_none() {
                policy.only_in = None;
            }
        }
    }
    policies
}

/// That something happens nowhere can only be said where everything was followed.
fn may_speak(workspace: &Workspace, traces: &[RootTrace], module: usize) -> bool {
    let project = workspace.modules[module].file.root;
    let ours = |trace: &&RootTrace| workspace.modules[trace.root.module].file.root == project;
    workspace.is_whole(workspace.project_of(module))
        && workspace.modules[module].file.given
        && scope_of(workspace, module) == Scope::Application
        && traces.iter().filter(ours).all(|trace| trace.incomplete.is_none())
}

/// A call whose loop would have asked the policy.
struct Unprotected {
    call: RunCall,
    runner: String,
    severity: Severity,
}

fn unprotected(workspace: &Workspace, traces: &[RootTrace], project: u32) -> Vec<Unprotected> {
    let mut calls = Vec::new();
    for (index, trace) in traces.iter().enumerate() {
        if workspace.modules[trace.root.module].file.root != project {
            continue;
        }
        for reached in reached(trace) {
            let Some(call) = Call::new(workspace, trace, &reached) else { continue };
            let lacks = |run: &Run| run.decided == Decided::Policy && run.policy == PolicyKind::Default;
            let start = call.all_wrong().find(|start| lacks(start.run));
            if let (Some(start), Scope::Application) = (start, call.scope) {
                calls.push(Unprotected {
                    call: (index, reached.site),
                    runner: start.run.runner.to_string(),
                    severity: call.severity(Severity::Warning),
                });
            }
        }
    }
    calls
}

fn draft(workspace: &Workspace, function: &str, first: &Unprotected) -> Draft {
    let here = place(workspace, first.call.1);
    let message = format!("`{}` asks the policy here, and finds the default one", first.runner);
    Draft {
        code: "LC207",
        severity: first.severity,
        message: format!(
            "No entry point executes this Selector policy: `{}` runs on Proactor on Windows",
            first.runner
        ),
        label: format!("nothing that is started calls `{function}`"),
        why: WHY.into(),
        help: "call it before the loop starts".into(),
        related: here.map(|place| Related { place, message }).into_iter().collect(),
    }
}
