//! LC204: a test of the platform that no platform passes, around a Selector policy.

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::reach::reached;
use crate::interpret::trace::{Decided, Guard, PolicyKind, RootTrace, Site};
use crate::project::evidence::Deployment;
use crate::rules::{Call, Diagnosis, Draft, RunCall, Scope, place, scope_of};

/// The guard is wrong whatever the project is deployed on, and whether or not a loop follows it.
pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    if trace.root.launch == Launch::Function {
        return Vec::new();
    }
    let held: BTreeSet<Site> =
        trace.guards.iter().filter(|guard| guard.held).map(|guard| guard.site).collect();
    let mut found: Vec<Diagnosis> = Vec::new();
    for guard in trace.guards.iter().filter(|guard| !held.contains(&guard.site)) {
        let (Some(policy), Unit::Project(module)) = (guard.withheld, guard.site.unit) else { continue };
        let scope = scope_of(workspace, module);
        if !workspace.modules[module].file.given || scope == Scope::Test {
            continue;
        }
        let calls = unprotected(workspace, index, trace, guard);
        if let Some(known) = found.iter_mut().find(|known| known.site == Some(guard.site)) {
            known.calls.extend(calls);
            continue;
        }
        let Some(place) = place(workspace, guard.site) else { continue };
        let draft = draft(workspace, trace, guard, scope, policy);
        found.push(Diagnosis { calls, ..draft.about(place, index, guard.site) });
    }
    found
}

/// The calls whose loop would have asked the policy that the guard kept from being set.
fn unprotected(workspace: &Workspace, index: usize, trace: &RootTrace, guard: &Guard) -> Vec<RunCall> {
    let mut calls = Vec::new();
    for reached in reached(trace) {
        let Some(call) = Call::new(workspace, trace, &reached) else { continue };
        let explained = call.all_wrong().any(|start| {
            start.event.process_number == guard.process_number
                && start.event.loops_before >= guard.loops_before
                && start.run.decided == Decided::Policy
                && start.run.policy == PolicyKind::Default
        });
        if explained {
            calls.push((index, reached.site));
        }
    }
    calls
}

fn draft(workspace: &Workspace, trace: &RootTrace, guard: &Guard, scope: Scope, policy: Site) -> Draft {
    let here = place(workspace, policy);
    let severity = match (scope, workspace.project_of(trace.root.module).evidence.verdict) {
        (Scope::Application, Deployment::Windows) => Severity::Error,
        (Scope::Application, _) => Severity::Warning,
        _ => Severity::Info,
    };
    Draft {
        code: "LC204",
        severity,
        message: "This test of the platform is false everywhere, also on Windows".into(),
        label: match &guard.answer {
            Some(answer) => format!("the answer on Windows is \"{answer}\""),
            None => "the answer on Windows is no".into(),
        },
        why: "the Selector policy below it is never set".into(),
        help: "write `sys.platform == \"win32\"`, `os.name == \"nt\"` or `platform.system() == \"Windows\"`"
            .into(),
        related: here.map(|place| Related { place, message: "never reached".into() }).into_iter().collect(),
    }
}
