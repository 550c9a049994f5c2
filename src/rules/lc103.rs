//! LC103: asyncio itself, bots and clients on Proactor.

use crate::finding::Severity;
use crate::interpret::trace::Family;
use crate::knowledge::Needed;
use crate::rules::{Call, Draft, causes, uses};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let start = call.wrong().filter(|start| match start.run.family {
        Family::Asyncio => true,
        // Nobody can reset its connections, so Proactor is a fault only for what it uses.
        Family::Streams => uses::failing(call.workspace, call.trace, Needed::Selector)
            .iter()
            .any(|failing| failing.runs.contains(&call.reached.site)),
        _ => false,
    })?;
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
