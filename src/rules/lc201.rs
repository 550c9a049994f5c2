//! LC201: a Selector policy that the runner never asks.

use crate::finding::{Related, Severity};
use crate::interpret::trace::{Decided, PolicyKind};
use crate::rules::lc101::WHY;
use crate::rules::{Call, Draft, causes, place};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let start = call.wrong()?;
    let Decided::Framework { package, .. } = &start.run.decided else { return None };
    if start.run.policy != PolicyKind::Selector {
        return None;
    }
    let mut related = Vec::new();
    if let Some(place) = start.run.policy_set.and_then(|site| place(call.workspace, site)) {
        related.push(Related {
            place,
            message: format!("the Selector policy set here has no effect on {}", call.package(package)),
        });
    }
    related.extend(causes(call.workspace, call.trace, start));
    Some(Draft {
        code: "LC201",
        severity: call.severity(Severity::Error),
        message: format!(
            "The Selector policy does nothing: `{}` runs on Proactor on Windows{}",
            start.run.runner,
            call.case(start)
        ),
        label: call.decided(start.run),
        why: WHY.into(),
        help: String::new(),
        related,
    })
}
