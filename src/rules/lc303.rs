//! LC303: uvloop where there is none.

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Severity;
use crate::interpret::Unit;
use crate::interpret::trace::{EventKind, RootTrace, Site};
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{Diagnosis, Draft, Scope, call, place, scope_of};

pub fn check(workspace: &Workspace, index: usize, trace: &RootTrace) -> Vec<Diagnosis> {
    // A program for Linux may well rely on it. Only what else is known makes it a fault.
    let verdict = workspace.project_of(trace.root.module).evidence.verdict;
    if trace.root.launch == Launch::Function || verdict != Deployment::Windows {
        return Vec::new();
    }
    let windows = trace.paths_on(Platform::Windows);
    let sites: BTreeSet<Site> = windows
        .flat_map(|path| &path.events)
        .filter(|event| matches!(&event.kind, EventKind::Missing(name) if &**name == "uvloop"))
        .filter_map(|event| event.site)
        .collect();
    sites.into_iter().filter_map(|site| one(workspace, index, trace, site)).collect()
}

fn one(workspace: &Workspace, index: usize, trace: &RootTrace, site: Site) -> Option<Diagnosis> {
    let Unit::Project(module) = site.unit else { return None };
    let scope = scope_of(workspace, module).max(scope_of(workspace, trace.root.module));
    if scope == Scope::Test || !workspace.modules[module].file.given {
        return None;
    }
    let draft = Draft {
        code: "LC303",
        severity: call::severity(scope, Deployment::Windows, Severity::Error),
        message: "uvloop is needed here, and there is none for Windows".into(),
        label: "ImportError there".into(),
        why: "uvloop has no build for Windows: the program ends here before its loop starts".into(),
        help: "put it behind `if sys.platform != \"win32\":`".into(),
        related: Vec::new(),
    };
    Some(draft.about(place(workspace, site)?, index, site))
}
