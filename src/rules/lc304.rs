//! LC304: a library whose import sets a policy.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Severity;
use crate::interpret::Unit;
use crate::interpret::trace::{Event, EventKind, Family, PolicyKind, RootTrace, Site};
use crate::ir::{self, Span, Stmt, StmtKind};
use crate::knowledge::Knowledge;
use crate::project::Project;
use crate::project::evidence::Deployment;
use crate::project::package_top;
use crate::rules::{Diagnosis, Draft, Scope, place, policy_name, scope_of};

pub fn check(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let libraries: Vec<bool> =
        (0..workspace.projects.len()).map(|project| is_library(workspace, traces, project)).collect();
    let mut found: BTreeMap<Site, Diagnosis> = BTreeMap::new();
    for (index, trace) in traces.iter().enumerate() {
        for event in trace.paths.iter().flat_map(|path| &path.events) {
            let EventKind::PolicySet { policy, by: None } = event.kind else { continue };
            let (Some(site), Some(module)) = (event.site, imported(workspace, event)) else { continue };
            let root = workspace.modules[module].file.root as usize;
            if !libraries[root] || !speaks_of(workspace, site, root) {
                continue;
            }
            let Some(place) = place(workspace, site) else { continue };
            let name = workspace.project_of(module).dotted_name(module);
            found.entry(site).or_insert_with(|| draft(&name, policy).about(place, index, site));
        }
    }
    found.into_values().collect()
}

/// Whether programs that nobody sees import the project, and none of its own decides about the loop:
/// it starts no loop, installs no program, and is no application that a server finds by its name.
fn is_library(workspace: &Workspace, traces: &[RootTrace], index: usize) -> bool {
    let project = &workspace.projects[index];
    let starts_a_loop = |trace: &RootTrace| {
        let mut runs = trace.paths.iter().flat_map(|path| &path.events).filter_map(|event| event.run());
        runs.any(|run| !matches!(run.family, Family::Tests | Family::Kernel))
    };
    let is_program = |trace: &&RootTrace| {
        let root = &trace.root;
        let main = workspace.modules[root.module].path.file_name().is_some_and(|name| name == "__main__.py");
        match root.launch {
            Launch::Function | Launch::Import | Launch::Notebook => false,
            Launch::ConsoleScript | Launch::Launcher => true,
            _ => main || starts_a_loop(trace),
        }
    };
    let mut own = traces.iter().filter(|trace| {
        let module = trace.root.module;
        workspace.modules[module].file.root as usize == index
            && scope_of(workspace, module) == Scope::Application
    });
    project.is_library
        && project.evidence.verdict != Deployment::Elsewhere
        && workspace.is_whole(project)
        && !is_served(project)
        && !own.any(|trace| is_program(&trace))
}

/// Whether it asks for a server that imports applications by their names.
fn is_served(project: &Project) -> bool {
    let serves = |name: &str| {
        let rows = &Knowledge::bundled().runners.rows;
        rows.iter().any(|row| {
            row.package == name
                && (row.family == Some(Family::Nicegui)
                    || (row.target.is_some() && row.family == Some(Family::Server)))
        })
    };
    project.dependencies.declared().any(|package| serves(package.name))
}

/// The module whose import does this; nothing where a function does it that the outside has called.
fn imported(workspace: &Workspace, event: &Event) -> Option<usize> {
    if event.called_back {
        return None;
    }
    event
        .stack
        .iter()
        .find_map(|site| {
            let Unit::Project(module) = site.unit else { return None };
            let at = &workspace.modules[module];
            // A single file is no library, and how others begin is their own affair.
            let in_package = at.path.parent().is_some_and(|folder| package_top(&at.path) != folder);
            let ours = in_package && workspace.project_of(module).is_library;
            (ours && scope_of(workspace, module) == Scope::Application).then_some((module, site.span))
        })
        .filter(|(module, span)| {
            let code = workspace.modules[*module].code();
            code.is_ok_and(|code| !is_in_function(&code.body, *span))
        })
        .map(|(module, _)| module)
}

fn is_in_function(body: &[Stmt], span: Span) -> bool {
    body.iter().filter(|stmt| stmt.span.contains(span)).any(|stmt| match &stmt.kind {
        StmtKind::FunctionDef(code) => code.body.iter().any(|inner| inner.span.contains(span)),
        _ => ir::suites(stmt).into_iter().any(|suite| is_in_function(suite, span)),
    })
}

fn speaks_of(workspace: &Workspace, site: Site, root: usize) -> bool {
    let Unit::Project(module) = site.unit else { return false };
    let file = &workspace.modules[module].file;
    file.given && file.root as usize == root && scope_of(workspace, module) == Scope::Application
}

fn draft(module: &str, policy: PolicyKind) -> Draft {
    Draft {
        code: "LC304",
        severity: Severity::Warning,
        message: format!("Importing `{module}` sets the {} for the whole program", policy_name(policy)),
        label: "a library decides here about loops that are not its own".into(),
        why: "there is one policy in a process: the program that imports this loses its own, or what only another loop can do".into(),
        help: "leave the policy to the program, and say in the documentation which loop is needed".into(),
        related: Vec::new(),
    }
}
