//! LC502: code that only hides what the Proactor loop reports, or changes transports that no loop has.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::LoopKind;
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::trace::{Effect, Event, EventKind, Family, PathTrace, RootTrace, Run, Silencing, Site};
use crate::knowledge::{Knowledge, SilencerKind};
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Diagnosis, Draft, RunCall, Scope, call, is_program, place, scope_of};

pub fn check(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let mut met: BTreeMap<Site, Met<'_>> = BTreeMap::new();
    for (index, trace) in traces.iter().enumerate().filter(|(_, trace)| is_program(workspace, trace)) {
        if call::deployment(workspace, trace) == Deployment::Elsewhere {
            continue;
        }
        for path in trace.paths_on(Platform::Windows) {
            for event in &path.events {
                let (EventKind::Silencer(put), Some(site)) = (&event.kind, event.site) else { continue };
                if speaks_of(workspace, site) {
                    let met = met.entry(site).or_insert_with(|| Met::new(index, put));
                    met.add(workspace, index, trace, path, event);
                }
            }
        }
    }
    met.into_iter().filter_map(|(site, met)| diagnosis(workspace, site, met)).collect()
}

/// What is known of one place, over all programs that come by.
struct Met<'t> {
    trace: usize,
    put: &'t Silencing,
    effect: Effect,
    severity: Severity,
    /// The calls that start a Proactor loop, with their runners.
    proactor: BTreeMap<RunCall, &'t str>,
    /// Some loop may be one, or none was seen.
    open: bool,
}

impl<'t> Met<'t> {
    fn new(trace: usize, put: &'t Silencing) -> Met<'t> {
        let (proactor, severity) = (BTreeMap::new(), Severity::Info);
        Met { trace, put, effect: put.effect, severity, proactor, open: false }
    }

    fn add(
        &mut self,
        workspace: &Workspace,
        index: usize,
        trace: &'t RootTrace,
        path: &'t PathTrace,
        event: &'t Event,
    ) {
        let is_its = |other: &&'t Event| other.process_number == event.process_number;
        let runs = path.events.iter().map(|event| &**event).filter(is_its);
        let runs: Vec<(Site, &'t Run)> = runs
            .filter_map(|event| Some((event.site?, event.run()?)))
            .filter(|(_, run)| run.family != Family::Tests && run.kind != LoopKind::None)
            .collect();
        let is_other = |kind: LoopKind| matches!(kind, LoopKind::Selector | LoopKind::Winloop);
        self.open |= trace.incomplete.is_some()
            || runs.is_empty()
            || runs.iter().any(|(_, run)| !is_other(run.kind) && run.kind != LoopKind::Proactor);
        for (site, run) in runs.into_iter().filter(|(_, run)| run.kind == LoopKind::Proactor) {
            self.proactor.insert((index, site), &run.runner);
            let serves = matches!(run.family, Family::Nicegui | Family::Server);
            if serves && self.effect == Effect::Hides {
                let (scope, deployment) =
                    (scope_of_both(workspace, trace, site), call::deployment(workspace, trace));
                self.severity = self.severity.max(call::severity(scope, deployment, Severity::Warning));
            }
        }
    }
}

fn scope_of_both(workspace: &Workspace, trace: &RootTrace, site: Site) -> Scope {
    let root = scope_of(workspace, trace.root.module);
    match site.unit {
        Unit::Project(module) => scope_of(workspace, module).max(root),
        Unit::Stub(_) | Unit::Text => root,
    }
}

fn speaks_of(workspace: &Workspace, site: Site) -> bool {
    let Unit::Project(module) = site.unit else { return false };
    workspace.modules[module].file.given && scope_of(workspace, module) != Scope::Test
}

fn diagnosis(workspace: &Workspace, site: Site, met: Met<'_>) -> Option<Diagnosis> {
    let what = &met.put.what;
    let is_patch = Knowledge::bundled().silencers.rows[met.put.row].kind == SilencerKind::Patch;
    let has_proactor = !met.proactor.is_empty();
    let (message, label, why, help) = match met.effect {
        Effect::Hides if has_proactor => (
            format!("`{what}` hides the lost connection, and leaves its socket open"),
            "it drops the error, and what the error kept from being done stays undone",
            "the socket stays open and its server counts it: from Python 3.12 on, a shutdown can wait for it for ever",
            "remove it where the loop can be Selector; else bound the shutdown, for uvicorn with timeout_graceful_shutdown",
        ),
        Effect::Outdated if has_proactor => (
            format!("The patch of `{what}` hides an error that this Python does not raise"),
            "from Python 3.11 on, this method closes the socket and asks no loop",
            "it does nothing but hide what else may go wrong there",
            "remove it",
        ),
        _ if is_patch && !has_proactor && !met.open => (
            format!("The patch of `{what}` does nothing: no loop here is Proactor"),
            "only Proactor loops have these transports",
            "it reads as if it mattered",
            "remove it",
        ),
        _ => return None,
    };
    let related = met.proactor.iter().filter_map(|((_, run), runner)| {
        let message = format!("`{runner}` runs the Proactor loop here");
        Some(Related { place: place(workspace, *run)?, message })
    });
    let draft = Draft {
        code: "LC502",
        severity: met.severity,
        message,
        label: label.into(),
        why: why.into(),
        help: help.into(),
        related: related.take(1).collect(),
    };
    // Once the loop is another one there is nothing left to hide.
    let calls = if met.effect == Effect::Hides { met.proactor.keys().copied().collect() } else { Vec::new() };
    Some(Diagnosis { calls, ..draft.about(place(workspace, site)?, met.trace, site) })
}
