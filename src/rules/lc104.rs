//! LC104: Selector only because reload is on.

use crate::entry::LoopKind;
use crate::finding::Severity;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Call, Draft, Scope, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test || call.needs_proactor() {
        return None;
    }
    let start = call.reached.on(Platform::Windows).find(|start| {
        let reload = start.run.settings.iter().any(|(name, value)| &**name == "reload" && &**value == "True");
        start.run.kind == LoopKind::Selector && start.run.without_child == Some(LoopKind::Proactor) && reload
    })?;
    Some(Draft {
        code: "LC104",
        severity: call.severity(Severity::Warning),
        message: format!("`{}` has a Selector loop on Windows only because reload is on", start.run.runner),
        label: "with reload=False, as in production, the same call runs on Proactor".into(),
        why: "the loop changes with a development switch: what works here fails with WinError 10054 once reload is off".into(),
        help: String::new(),
        related: causes(call.workspace, call.trace, start),
    })
}
