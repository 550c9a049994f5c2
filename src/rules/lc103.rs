//! LC103: asyncio itself, bots and clients on Proactor.

use crate::finding::Severity;
use crate::interpret::trace::Family;
use crate::rules::{Call, Draft, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let start = call.wrong().filter(|start| start.run.family == Family::Asyncio)?;
    Some(Draft {
        code: "LC103",
        severity: call.severity(Severity::Warning),
        message: format!("`{}` runs on the Proactor event loop on Windows{}", start.run.runner, call.case(start)),
        label: call.decided(start.run),
        why: "a peer that resets its connection raises WinError 10054 in the loop and leaks the socket; add_reader is not there at all".into(),
        help: String::new(),
        related: causes(call.workspace, call.trace, start),
    })
}
