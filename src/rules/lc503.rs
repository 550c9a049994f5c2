//! LC503: a frozen NiceGUI program that wants to reload.

use crate::entry::Launch;
use crate::finding::{Related, Severity};
use crate::interpret::reach::Start;
use crate::interpret::trace::Family;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Call, Draft, Scope, line_place};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    let silent = call.deployment == Deployment::Elsewhere || call.scope == Scope::Test;
    if silent || call.trace.root.launch != Launch::Script {
        return None;
    }
    let main = &call.workspace.modules[call.trace.root.module];
    let name = main.path.file_name()?.to_string_lossy().to_lowercase();
    let build = call.project.evidence.reasons.iter().find(|reason| reason.frozen.contains(&name))?;
    // A program that asks whether it is frozen has ways of its own for that.
    let asks = call.trace.paths.iter().any(|path| path.frozen);
    // One whose answer is lost on the way is no program that does not ask.
    let text = &main.source().text;
    if !asks && ["frozen", "_MEIPASS"].iter().any(|word| text.contains(word)) {
        return None;
    }
    let reloads = |start: &&Start<'_>| {
        start.run.family == Family::Nicegui
            && start.path.frozen == asks
            && start.run.setting("reload") == Some("True")
    };
    let start = call.reached.on(Platform::Windows).find(reloads)?;
    Some(Draft {
        code: "LC503",
        severity: call.severity(Severity::Error),
        message: format!("`{}` has reload on in a program that is frozen", start.run.runner),
        label: "reload starts the frozen program again, and not Python".into(),
        why: "without `freeze_support()` the frozen program starts itself without end, with it it ends in a RuntimeError".into(),
        help: "pass reload=False, or `reload=not getattr(sys, \"frozen\", False)`".into(),
        related: vec![Related {
            place: line_place(call.workspace, &build.path, build.line),
            message: "the program is frozen here".into(),
        }],
    })
}
