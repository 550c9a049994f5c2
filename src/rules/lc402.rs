//! LC402: something that needs Selector, on a Proactor loop.

use crate::analysis::Workspace;
use crate::finding::Severity;
use crate::interpret::trace::RootTrace;
use crate::knowledge::Needed;
use crate::rules::uses::{self, Failing};
use crate::rules::{Diagnosis, Draft};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    let uses = uses::failing(workspace, trace, Needed::Selector);
    uses.into_iter().filter_map(|failing| one(workspace, index, trace, &failing)).collect()
}

fn one(workspace: &Workspace, index: usize, trace: &RootTrace, failing: &Failing<'_>) -> Option<Diagnosis> {
    let run = failing.start.and_then(|start| start.event.site);
    // LC403 speaks where no loop is right.
    if run.is_some_and(|run| uses::is_torn(workspace, trace, run)) {
        return None;
    }
    let draft = Draft {
        code: "LC402",
        severity: failing.severity(workspace, trace, Severity::Error)?,
        message: format!(
            "`{}` fails on Windows: it needs Selector and runs on a Proactor loop",
            failing.used.what
        ),
        label: format!("it {}{}", failing.need.fails, failing.inferred()),
        why: "a Proactor loop has no add_reader, on which this is built".into(),
        help: failing.help("give the loop that runs it a Selector loop on Windows"),
        related: failing.because(workspace, trace),
    };
    let diagnosis = draft.about(failing.place(workspace)?, index, failing.site);
    Some(Diagnosis { calls: failing.calls(index), ..diagnosis })
}
