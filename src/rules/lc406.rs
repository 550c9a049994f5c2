//! LC406: what no loop of asyncio can do on Windows.

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Severity;
use crate::interpret::Unit;
use crate::interpret::trace::{EventKind, RootTrace, Site};
use crate::knowledge::Needed;
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Diagnosis, Draft, Scope, call, place, scope_of, uses};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    // Many a program for Linux calls these. Only what else is known makes it a fault.
    let verdict = workspace.project_of(trace.root.module).evidence.verdict;
    if trace.root.launch == Launch::Function || verdict != Deployment::Windows {
        return Vec::new();
    }
    let mut found = Vec::new();
    for failing in uses::failing(workspace, trace, Needed::Unsupported) {
        let Some(severity) = failing.severity(workspace, trace, Severity::Error) else { continue };
        let Some(place) = failing.place(workspace) else { continue };
        let draft = Draft {
            related: failing.because(workspace, trace),
            ..draft(&failing.used.what, severity, format!("it {}", failing.need.fails))
        };
        found.push(draft.about(place, index, failing.site));
    }
    for (site, name) in missing(trace) {
        let Unit::Project(module) = site.unit else { continue };
        let scope = scope_of(workspace, module).max(scope_of(workspace, trace.root.module));
        if scope == Scope::Test || !workspace.modules[module].file.given {
            continue;
        }
        let Some(place) = place(workspace, site) else { continue };
        let severity = call::severity(scope, verdict, Severity::Error);
        found.push(draft(&name, severity, "AttributeError there".into()).about(place, index, site));
    }
    found
}

fn draft(what: &str, severity: Severity, label: String) -> Draft {
    Draft {
        code: "LC406",
        severity,
        message: format!("`{what}` does not work on Windows, on any loop of asyncio"),
        label,
        why: "the program fails here on Windows, and only there".into(),
        help: "put it behind `if sys.platform != \"win32\":`, with another way on Windows".into(),
        related: Vec::new(),
    }
}

/// Names of asyncio that Windows alone lacks.
fn missing(trace: &RootTrace) -> BTreeSet<(Site, String)> {
    let on = |windows: bool| {
        let paths = trace.paths.iter().filter(move |path| (path.platform == Platform::Windows) == windows);
        let events = paths.flat_map(|path| &path.events).filter_map(|event| match &event.kind {
            EventKind::Missing(name) if name.starts_with("asyncio.") => Some((event.site?, name.to_string())),
            _ => None,
        });
        events.collect::<BTreeSet<_>>()
    };
    let elsewhere = on(false);
    on(true).into_iter().filter(|one| !elsewhere.contains(one)).collect()
}
