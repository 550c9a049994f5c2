//! LC405: a Proactor loop in processes that share a listening socket.

use crate::entry::LoopKind;
use crate::finding::Severity;
use crate::interpret::reach::Start;
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Call, Draft, Scope, causes};

pub fn check(call: &Call<'_>) -> Option<Draft> {
    if call.deployment == Deployment::Elsewhere || call.scope == Scope::Test {
        return None;
    }
    let runners = &Knowledge::bundled().runners;
    let shares = |start: &&Start<'_>| {
        let table = start.run.row.and_then(|row| runners.loops.get(runners.rows[row].loop_table.as_deref()?));
        start.run.kind == LoopKind::Proactor
            && start.run.own_child
            && table.is_some_and(|table| table.shares_socket)
    };
    let start = call.reached.on(Platform::Windows).find(shares)?;
    let reload = start.run.setting("reload") == Some("True");
    let (switch, second) = match reload {
        true => ("reload", "the first child serves, the one after the first change does not"),
        false => ("workers", "one child serves, the others do not"),
    };
    Some(Draft {
        code: "LC405",
        severity: call.severity(Severity::Error),
        message: format!(
            "`{}` shares its socket among Proactor loops on Windows because of {switch}{}",
            start.run.runner,
            call.case(start)
        ),
        label: format!("{}: {second}", call.decided(start.run)),
        why: "a socket can be tied to one completion port only: accept fails with WinError 87 in every later process".into(),
        help: format!("turn {switch} off on Windows, or leave the choice of the loop to the server"),
        related: causes(call.workspace, call.trace, start),
    })
}
