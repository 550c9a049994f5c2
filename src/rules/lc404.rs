//! LC404: reload or workers chose a Selector loop, and the code needs Proactor.

use crate::entry::LoopKind;
use crate::finding::{Related, Severity};
use crate::interpret::reach::Start;
use crate::interpret::trace::{Decided, EventKind, PolicyKind, Site};
use crate::knowledge::Needed;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Call, Draft, Scope, causes, place, uses};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test {
        return None;
    }
    if uses::is_torn(call.workspace, call.trace, call.reached.site) {
        return None;
    }
    let switched = |start: &&Start<'_>| {
        let run = start.run;
        run.kind == LoopKind::Selector
            && run.own_child
            && run.without_child == Some(LoopKind::Proactor)
            && matches!(run.decided, Decided::Framework { .. })
    };
    let start = call.reached.on(Platform::Windows).find(switched)?;
    let switch = if start.run.setting("reload") == Some("True") { "reload" } else { "workers" };
    let failing = uses::failing(call.workspace, call.trace, Needed::Proactor)
        .into_iter()
        .find(|one| one.start.is_some_and(|start| start.event.site == Some(call.reached.site)));
    let help = match switch {
        "reload" => "turn reload off on Windows: `reload=sys.platform != \"win32\"`",
        _ => "serve with one process on Windows",
    };
    let (message, label, first) = match failing {
        Some(failing) => {
            let what = &failing.used.what;
            let related = failing.place(call.workspace).map(|place| {
                let message = format!("`{what}` {}{}", failing.need.fails, failing.inferred());
                Related { place, message }
            });
            let message = format!("{switch} makes the loop Selector on Windows, where `{what}` fails");
            (message, format!("without {switch} the same call runs on Proactor"), related)
        }
        None => {
            let chosen = chosen_proactor(start)?;
            let related = place(call.workspace, chosen)
                .map(|place| Related { place, message: "the Proactor policy is set here".into() });
            let message = format!("{switch} overrides the Proactor policy on Windows: the loop is Selector");
            (message, call.decided(start.run), related)
        }
    };
    let mut related: Vec<Related> = first.into_iter().collect();
    related.extend(causes(call.workspace, call.trace, start));
    Some(Draft {
        code: "LC404",
        severity: call.severity(Severity::Error),
        message,
        label,
        why: "a Selector loop on Windows has neither subprocesses nor pipes; what works with the switch off fails with it on".into(),
        help: help.into(),
        related,
    })
}

/// Where the author asked for the Proactor policy, in whatever process, before the start.
pub fn chosen_proactor(start: &Start<'_>) -> Option<Site> {
    start.path.events.iter().find_map(|event| match event.kind {
        EventKind::PolicySet { policy: PolicyKind::Proactor, by: None } => event.site,
        _ => None,
    })
}
