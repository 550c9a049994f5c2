//! LC102: another server on Proactor.

use crate::finding::Severity;
use crate::interpret::trace::Family;
use crate::rules::lc101::WHY;
use crate::rules::{Call, Draft, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let start = call.wrong().filter(|start| start.run.family == Family::Server)?;
    Some(Draft {
        code: "LC102",
        severity: call.severity(Severity::Error),
        message: format!(
            "`{}` runs on the Proactor event loop on Windows{}",
            start.run.runner,
            call.case(start)
        ),
        label: call.decided(start.run),
        why: WHY.into(),
        help: String::new(),
        related: causes(call.workspace, call.trace, start),
    })
}
