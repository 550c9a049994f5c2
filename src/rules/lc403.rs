//! LC403: one loop that is asked for what no single loop on Windows can do.

use crate::entry::LoopKind;
use crate::finding::{Related, Severity};
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::uses::{self, shown};
use crate::rules::{Call, Draft, Scope, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test {
        return None;
    }
    let asyncio = |kind: LoopKind| matches!(kind, LoopKind::Proactor | LoopKind::Selector);
    let start = call.reached.on(Platform::Windows).find(|start| asyncio(start.run.kind))?;
    let needs = uses::torn(call.workspace, call.trace, call.reached.site)?;
    let [proactor, selector] = &needs;
    let mut related: Vec<Related> = Vec::new();
    for one in &needs {
        let needed = if one.used.needs == proactor.used.needs { "Proactor" } else { "Selector" };
        let message = format!("`{}` needs {needed}{}", one.used.what, one.inferred());
        related.extend(one.place(call.workspace).map(|place| Related { place, message }));
    }
    related.extend(causes(call.workspace, call.trace, start));
    let fails = if proactor.used.needs.fails_on(start.run.kind) { proactor } else { selector };
    Some(Draft {
        code: "LC403",
        severity: call.severity(Severity::Error),
        message: format!(
            "No loop is right on Windows: `{}` needs Proactor and `{}` needs Selector",
            proactor.used.what, selector.used.what
        ),
        label: format!(
            "both run on this {} loop, where `{}` {}",
            shown(start.run.kind),
            fails.used.what,
            fails.need.fails
        ),
        why: "on Windows only Proactor has subprocesses, and only Selector has add_reader".into(),
        help: "run one of the two on a loop of its own in a second thread, start processes with `subprocess` in a thread, or use winloop, which can do both".into(),
        related,
    })
}
