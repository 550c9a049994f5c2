//! LC302: a loop argument that takes uvloop away on Linux and macOS.

use crate::entry::LoopKind;
use crate::finding::Severity;
use crate::interpret::reach::Start;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Call, Draft, Scope, version};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test || call.command().is_some() {
        return None;
    }
    // What is wrong on Windows comes first; its cure is another argument.
    if call.wrong().is_some() {
        return None;
    }
    let mut linux = call.reached.usual(Platform::Linux).peekable();
    let first: &Start<'_> = linux.peek()?;
    let given = first.run.setting("loop")?;
    let dropped = |start: &Start<'_>| {
        start.run.kind == LoopKind::Selector && start.run.by_default == Some(LoopKind::Uvloop)
    };
    // An argument that is another one on Windows was written with the platforms in mind.
    let same = |start: &Start<'_>| start.run.setting("loop") == Some(given);
    if !linux.all(|start| dropped(start) && same(start)) || !call.reached.usual(Platform::Windows).all(same) {
        return None;
    }
    // Whoever writes the plain word often means just that.
    let severity = match given.trim_matches(['\'', '"']) {
        "asyncio" => Severity::Info,
        _ => call.severity(Severity::Warning),
    };
    Some(Draft {
        code: "LC302",
        severity,
        message: format!("loop={given} takes uvloop away on Linux and macOS"),
        label: "uvloop is installed there and would be taken without the argument".into(),
        why: "what was meant for Windows makes the program slower everywhere else".into(),
        help: String::new(),
        related: version(call.workspace, call.trace, "uvloop").into_iter().collect(),
    })
}
