//! LC206: a Selector policy that something else replaces before the loop is made.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::LoopKind;
use crate::finding::{Related, Severity};
use crate::interpret::reach::{Start, reached};
use crate::interpret::trace::{Decided, Event, EventKind, PolicyKind, RootTrace, Site};
use crate::platform::Platform;
use crate::rules::lc101::WHY;
use crate::rules::{Call, Diagnosis, Draft, place, sets_selector};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    let mut found: BTreeMap<Site, Diagnosis> = BTreeMap::new();
    for reached in reached(trace) {
        let Some(call) = Call::new(workspace, trace, &reached) else { continue };
        if call.is_silent() {
            continue;
        }
        for start in reached.on(Platform::Windows) {
            let Some(over) = overridden(start) else { continue };
            let Some(place) = place(workspace, over.by) else { continue };
            let diagnosis = found
                .entry(over.by)
                .or_insert_with(|| draft(&call, start, &over).about(place, index, over.by));
            if !diagnosis.calls.contains(&(index, reached.site)) {
                diagnosis.calls.push((index, reached.site));
            }
        }
    }
    found.into_values().collect()
}

struct Overridden<'t> {
    selector: Site,
    by: Site,
    package: Option<&'t str>,
}

/// The Selector policy that no loop had asked yet when the one this start asks took its place.
fn overridden<'t>(start: &Start<'t>) -> Option<Overridden<'t>> {
    let run = start.run;
    if run.kind != LoopKind::Proactor || run.decided != Decided::Policy || run.older_than_policy {
        return None;
    }
    let before = start.path.events.iter().take_while(|event| !std::ptr::eq(&***event, start.event));
    let mut selector = None;
    let mut over = None;
    for event in before.filter(|event| event.process_number == start.event.process_number) {
        match (&event.kind, event.site) {
            (_, Some(site)) if sets_selector(event) => (selector, over) = (Some(site), None),
            // A loop that had the policy is what it was for; setting it back afterwards is tidy.
            (EventKind::Run(run), _) if run.kind == LoopKind::Selector => selector = None,
            (EventKind::PolicySet { .. }, Some(site)) => {
                over = selector.filter(|_| is_no_choice(event)).map(|selector| (selector, site, &**event));
            }
            _ => {}
        }
    }
    let (selector, by, event) = over.filter(|(_, by, _)| run.policy_set == Some(*by))?;
    let package = match &event.kind {
        EventKind::PolicySet { by: Some(package), .. } => Some(&**package),
        _ => None,
    };
    Some(Overridden { selector, by, package })
}

/// Whoever writes the Proactor policy down wants it; `None` and what a package does are no choice.
fn is_no_choice(event: &Event) -> bool {
    match &event.kind {
        EventKind::PolicySet { policy: PolicyKind::Default, .. } => true,
        EventKind::PolicySet { policy: PolicyKind::Proactor, by } => by.is_some(),
        _ => false,
    }
}

fn draft(call: &Call<'_>, start: &Start<'_>, over: &Overridden<'_>) -> Draft {
    let at =
        |site: Option<Site>, message: String| Some(Related { place: place(call.workspace, site?)?, message });
    let related = [
        at(Some(over.selector), "the Selector policy is set here".into()),
        at(start.event.site, format!("`{}` asks the policy here", start.run.runner)),
        call.evidence(),
    ];
    Draft {
        code: "LC206",
        severity: call.severity(Severity::Error),
        message: format!(
            "The Selector policy is replaced before `{}` asks it: Proactor on Windows{}",
            start.run.runner,
            call.case(start)
        ),
        label: match over.package {
            Some(package) => format!("{package} sets a policy of its own here"),
            None => "the default policy, which is Proactor on Windows, takes its place here".into(),
        },
        why: WHY.into(),
        help: "remove this line, or set the Selector policy below it".into(),
        related: related.into_iter().flatten().collect(),
    }
}
