//! Why a call gets the loop it gets: the places a person can look at.

use crate::analysis::Workspace;
use crate::entry::Process;
use crate::finding::{Place, Position, Related};
use crate::interpret::Unit;
use crate::interpret::reach::Start;
use crate::interpret::trace::{Decided, PolicyKind, RootTrace, Site};
use crate::knowledge::Knowledge;

/// The chain of causes of one start, the nearest first.
pub fn causes(workspace: &Workspace, trace: &RootTrace, start: &Start<'_>) -> Vec<Related> {
    let mut causes = Vec::new();
    let run = start.run;
    let mut add = |site: Option<Site>, message: String| {
        if let Some(place) = site.and_then(|site| place(workspace, site)) {
            causes.push(Related { place, message });
        }
    };
    if let Decided::Policy = run.decided {
        match run.policy {
            PolicyKind::Default => {}
            kind => add(run.policy_set, format!("the {} is set here", policy_name(kind))),
        }
    }
    add(run.created, "the loop is created here".into());
    if run.own_child && start.event.process == Process::Child {
        add(start.event.site, "the loop runs in a child process that this call spawns".into());
    }
    if let Some(index) = run.row {
        let knowledge = Knowledge::bundled();
        let row = &knowledge.runners.rows[index];
        let table = row.loop_table.as_ref().and_then(|name| knowledge.runners.loops.get(name));
        let package = table.and_then(|table| table.package.as_deref()).unwrap_or(&row.package);
        causes.extend(version(workspace, trace, package));
    }
    causes
}

/// The line that fixed the version of a package.
pub fn version(workspace: &Workspace, trace: &RootTrace, package: &str) -> Option<Related> {
    let project = workspace.project_of(trace.root.module);
    let found = project.dependencies.package(package);
    let origin = found.origin?;
    let mut message = match found.pinned {
        Some(version) => format!("{package} {version}"),
        None => format!("{package}: the newest that `{}` allows", origin.text),
    };
    if let Some(other) = found.contradictions.first() {
        let path = crate::files::shown_path(&other.path, &workspace.cwd);
        message.push_str(&format!(", although {path}:{} says `{}`", other.line, other.text));
    }
    Some(Related { place: line_place(workspace, &origin.path, origin.line), message })
}

/// A whole line of a file that is no Python.
pub fn line_place(workspace: &Workspace, path: &std::path::Path, line: u32) -> Place {
    let at = Position { line, column: 1 };
    Place { path: crate::files::shown_path(path, &workspace.cwd), cell: None, start: at, end: at, span: None }
}

pub fn place(workspace: &Workspace, site: Site) -> Option<Place> {
    match site.unit {
        Unit::Project(module) => Some(workspace.modules[module].source().place(site.span)),
        Unit::Stub(_) | Unit::Text => None,
    }
}

pub fn policy_name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Selector => "Selector policy",
        PolicyKind::Proactor => "Proactor policy",
        PolicyKind::Default => "default policy",
        PolicyKind::Winloop => "winloop policy",
        PolicyKind::Uvloop => "uvloop policy",
        PolicyKind::Custom => "project's own policy",
        PolicyKind::Unknown => "policy",
    }
}
