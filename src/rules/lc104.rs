//! LC104: Selector only because reload is on.

use crate::entry::LoopKind;
use crate::finding::Severity;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::lc404::chosen_proactor;
use crate::rules::{Call, Draft, Scope, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test || call.needs_proactor() {
        return None;
    }
    let start = call.reached.on(Platform::Windows).find(|start| {
        let reload = start.run.setting("reload") == Some("True");
        start.run.kind == LoopKind::Selector && start.run.without_child == Some(LoopKind::Proactor) && reload
    })?;
    if chosen_proactor(start).is_some() {
        return None;
    }
    // Whoever types `--reload` means it, and production has another command; one that always reloads
    // has nothing to be turned off.
    let (severity, off) = match call.command() {
        Some(command) if !command.arguments.contains_key("reload") => return None,
        Some(_) => {
            (Severity::Info, "without `--reload`, as in production, the same command runs on Proactor")
        }
        None => {
            let off = "with reload=False, as in production, the same call runs on Proactor";
            (call.severity(Severity::Warning), off)
        }
    };
    Some(Draft {
        code: "LC104",
        severity,
        message: format!("`{}` has a Selector loop on Windows only because reload is on", start.run.runner),
        label: off.into(),
        why: "the loop changes with a development switch: what works here fails with WinError 10054 once reload is off".into(),
        help: String::new(),
        related: causes(call.workspace, call.trace, start),
    })
}
