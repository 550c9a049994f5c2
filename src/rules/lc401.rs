//! LC401: something that needs Proactor, on a Selector loop.

use crate::analysis::Workspace;
use crate::entry::LoopKind;
use crate::finding::Severity;
use crate::interpret::trace::RootTrace;
use crate::knowledge::Needed;
use crate::rules::uses::{self, Failing};
use crate::rules::{Diagnosis, Draft};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    let uses = uses::failing(workspace, trace, Needed::Proactor);
    uses.into_iter().filter_map(|failing| one(workspace, index, trace, &failing)).collect()
}

fn one(workspace: &Workspace, index: usize, trace: &RootTrace, failing: &Failing<'_>) -> Option<Diagnosis> {
    let run = failing.start.and_then(|start| start.event.site);
    // LC403 speaks where no loop is right, LC404 where a switch of the call chose the loop.
    let by_switch = failing.start.is_some_and(|start| start.run.without_child == Some(LoopKind::Proactor));
    if by_switch || run.is_some_and(|run| uses::is_torn(workspace, trace, run)) {
        return None;
    }
    let draft = Draft {
        code: "LC401",
        severity: failing.severity(workspace, trace, Severity::Error)?,
        message: format!(
            "`{}` fails on Windows: it needs Proactor and runs on a Selector loop",
            failing.used.what
        ),
        label: format!("it {}{}", failing.need.fails, failing.inferred()),
        why: "a Selector loop on Windows has neither subprocesses nor pipes".into(),
        help: failing
            .help("leave this loop Proactor on Windows, or start the process with `subprocess` in a thread"),
        related: failing.because(workspace, trace),
    };
    let diagnosis = draft.about(failing.place(workspace)?, index, failing.site);
    Some(Diagnosis { calls: failing.calls(index), ..diagnosis })
}
