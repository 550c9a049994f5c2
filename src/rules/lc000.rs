//! LC000: a file that cannot be understood.

use crate::analysis::Workspace;
use crate::fault;
use crate::files::ReadError;
use crate::finding::{Place, Severity};
use crate::interpret::trace::RootTrace;
use crate::ir::Span;
use crate::project::Unreadable;
use crate::rules::{Diagnosis, Draft, Scope, scope_of};

/// Files that can matter and are no Python, or are not in the encoding they say.
pub fn check(workspace: &Workspace, _: &[RootTrace]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for (index, module) in workspace.modules.iter().enumerate() {
        if !module.file.given || !workspace.is_read(index) {
            continue;
        }
        let start = || module.source().place(Span::default());
        let (place, message) = match module.readable() {
            Ok(_) if workspace.has_fault(index) => (start(), fault::MESSAGE.to_owned()),
            Err(Unreadable::Fault) => (start(), fault::MESSAGE.to_owned()),
            Ok(_) | Err(Unreadable::Read(ReadError::Io { .. })) => continue,
            // Data of tests, and templates that become Python once their names are filled in.
            Err(Unreadable::Syntax(_)) if scope_of(workspace, index) == Scope::Test => continue,
            Err(Unreadable::Syntax(_)) if module.shown.contains("{{") => continue,
            Err(Unreadable::Syntax(error)) => {
                (module.source().place(error.span), format!("Syntax error: {}", error.message))
            }
            Err(Unreadable::Read(ReadError::Decode { position, message, .. })) => {
                let place = Place {
                    path: module.shown.clone(),
                    cell: None,
                    start: *position,
                    end: *position,
                    span: None,
                };
                (place, message.clone())
            }
        };
        let draft = Draft {
            code: "LC000",
            severity: match scope_of(workspace, index) {
                Scope::Application => Severity::Error,
                Scope::Example | Scope::Test => Severity::Info,
            },
            help: match message == fault::MESSAGE {
                true => "the other files were checked".into(),
                false => "check that Python itself accepts the file".into(),
            },
            message,
            label: String::new(),
            why: "loopcheck cannot tell what this file does; nothing in it was checked or changed".into(),
            related: Vec::new(),
        };
        found.push(Diagnosis {
            finding: draft.at(place),
            trace: None,
            site: None,
            calls: Vec::new(),
            silenced: Vec::new(),
            cure: None,
        });
    }
    found
}
