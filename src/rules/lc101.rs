//! LC101: `ui.run` on Proactor.

use crate::finding::Severity;
use crate::interpret::trace::Family;
use crate::rules::{Call, Draft, causes};

pub const WHY: &str = "a client that resets its connection raises WinError 10054 in the loop; the socket leaks, and from Python 3.12 on shutdown can hang";

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let start = call.wrong().filter(|start| start.run.family == Family::Nicegui)?;
    Some(Draft {
        code: "LC101",
        severity: call.severity(Severity::Error),
        message: format!("NiceGUI runs on the Proactor event loop on Windows{}", call.case(start)),
        label: call.decided(start.run),
        why: WHY.into(),
        help: String::new(),
        related: causes(call.workspace, call.trace, start),
    })
}
