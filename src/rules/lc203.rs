//! LC203: a Selector policy that the process of the loop never executes.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Process;
use crate::finding::{Related, Severity};
use crate::interpret::reach::{Start, reached};
use crate::interpret::trace::{Decided, PolicyKind, RootTrace, Site};
use crate::rules::lc101::WHY;
use crate::rules::{Call, Diagnosis, Draft, place, sets_selector};

/// Asks about one root at a time: a process of it sets the policy, and the one with the loop does not.
pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    let mut found: BTreeMap<Site, Diagnosis> = BTreeMap::new();
    for reached in reached(trace) {
        let Some(call) = Call::new(workspace, trace, &reached) else { continue };
        for start in call.all_wrong() {
            let Some(site) = set_elsewhere(start) else { continue };
            let Some(place) = place(workspace, site) else { continue };
            let diagnosis =
                found.entry(site).or_insert_with(|| draft(&call, start).about(place, index, site));
            if !diagnosis.calls.contains(&(index, reached.site)) {
                diagnosis.calls.push((index, reached.site));
            }
        }
    }
    found.into_values().collect()
}

/// Where the first process sets the policy, when the loop of a child asks for one and finds none.
fn set_elsewhere(start: &Start<'_>) -> Option<Site> {
    let asks = start.run.decided == Decided::Policy && start.run.policy == PolicyKind::Default;
    if start.event.process != Process::Child || !asks || start.run.policy_set.is_some() {
        return None;
    }
    let before = start.path.events.iter().take_while(|event| !std::ptr::eq(&***event, start.event));
    let parents = before.filter(|event| event.process == Process::Parent && !event.called_back);
    parents.filter(|event| sets_selector(event)).filter_map(|event| event.site).last()
}

fn draft(call: &Call<'_>, start: &Start<'_>) -> Draft {
    let here = start.event.site.and_then(|site| place(call.workspace, site));
    let message = format!("`{}` runs in another process: {}", start.run.runner, call.decided(start.run));
    let loop_here = here.map(|place| Related { place, message });
    Draft {
        code: "LC203",
        severity: call.severity(Severity::Error),
        message: format!(
            "The Selector policy is not set in the process of the loop: `{}` runs on Proactor on Windows{}",
            start.run.runner,
            call.case(start)
        ),
        label: "the process of the loop does not execute this line, and begins with the default policy"
            .into(),
        why: WHY.into(),
        help: String::new(),
        related: loop_here.into_iter().chain(call.evidence()).collect(),
    }
}
