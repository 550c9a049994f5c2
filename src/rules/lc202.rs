//! LC202: a Selector policy that is set when the loop exists already.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::finding::{Related, Severity};
use crate::interpret::reach::{Start, reached};
use crate::interpret::trace::{Event, Family, PolicyKind, RootTrace, Site};
use crate::rules::lc101::WHY;
use crate::rules::{BESIDE_KERNEL, Call, Diagnosis, Draft, RunCall, is_program, place, sets_selector};

pub fn check(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let timely = timely(workspace, traces);
    let mut late: BTreeMap<Site, Late> = BTreeMap::new();
    for (index, trace) in traces.iter().enumerate() {
        for reached in reached(trace) {
            let Some(call) = Call::new(workspace, trace, &reached) else { continue };
            for start in call.all_wrong() {
                for (site, when) in too_late(start, &timely) {
                    let late = late.entry(site).or_insert_with(|| Late::new(&call, start, when));
                    late.calls.insert((index, reached.site));
                    late.severity = late.severity.max(call.severity(Severity::Error));
                }
            }
        }
    }
    late.into_iter().filter_map(|(site, late)| late.told(workspace, site)).collect()
}

/// A policy that no loop of any root asks, and the calls whose loop it was meant for.
struct Late {
    runner: String,
    label: &'static str,
    severity: Severity,
    calls: BTreeSet<RunCall>,
    help: &'static str,
    related: Vec<Related>,
}

impl Late {
    fn new(call: &Call<'_>, start: &Start<'_>, label: &'static str) -> Late {
        let runner = start.run.runner.to_string();
        let decided = call.decided(start.run);
        let at = |site: Option<Site>, message: String| {
            Some(Related { place: place(call.workspace, site?)?, message })
        };
        let related = [
            at(start.run.created, "the loop is made here".into()),
            at(start.event.site, format!("`{runner}` has its loop already: {decided}")),
            call.evidence(),
        ];
        let related = related.into_iter().flatten().collect();
        let help = if start.run.family == Family::Kernel { BESIDE_KERNEL } else { "" };
        Late { runner, label, severity: Severity::Info, calls: BTreeSet::new(), help, related }
    }

    fn told(self, workspace: &Workspace, site: Site) -> Option<Diagnosis> {
        let (trace, _) = *self.calls.first()?;
        let draft = Draft {
            code: "LC202",
            severity: self.severity,
            message: format!(
                "The Selector policy comes too late: `{}` runs on Proactor on Windows",
                self.runner
            ),
            label: self.label.into(),
            why: WHY.into(),
            help: self.help.into(),
            related: self.related,
        };
        let place = place(workspace, site)?;
        Some(Diagnosis { calls: self.calls.into_iter().collect(), ..draft.about(place, trace, site) })
    }
}

/// The places that set the policy of a loop that started after it, from any root.
fn timely(workspace: &Workspace, traces: &[RootTrace]) -> BTreeSet<Site> {
    let programs = traces.iter().filter(|trace| is_program(workspace, trace));
    let events = programs.flat_map(|trace| trace.paths.iter().flat_map(|path| &path.events));
    let runs = events.filter_map(|event| event.run());
    runs.filter(|run| !run.older_than_policy).filter_map(|run| run.policy_set).collect()
}

/// The policies that were set too late for one start, and when.
fn too_late(start: &Start<'_>, timely: &BTreeSet<Site>) -> Vec<(Site, &'static str)> {
    let events = &start.path.events;
    let Some(at) = events.iter().position(|event| std::ptr::eq(&**event, start.event)) else {
        return Vec::new();
    };
    let when = |(index, event): (usize, &Event)| {
        let same = (event.process_number, event.thread) == (start.event.process_number, start.event.thread);
        let site = event.site.filter(|site| same && sets_selector(event) && !timely.contains(site))?;
        if index < at {
            let older = start.run.older_than_policy && start.run.policy_set == Some(site);
            return older.then_some((site, "the loop exists when this line runs"));
        }
        // The policy that was in force already is the one to ask about.
        if start.event.called_back || start.run.policy == PolicyKind::Selector {
            return None;
        }
        match (event.inside_loop, event.called_back) {
            (true, _) => Some((site, "the loop is running when this line runs")),
            (false, false) => Some((site, "the loop has come to its end when this line runs")),
            // It may be called before the loop is made.
            (false, true) => None,
        }
    };
    events.iter().map(|event| &**event).enumerate().filter_map(when).collect()
}
