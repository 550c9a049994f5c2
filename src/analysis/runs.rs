//! All paper runs of a workspace.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analysis::{Workspace, roots};
use crate::interpret::trace::{Root, RootTrace};
use crate::interpret::{RunOptions, Unit, World, run_root};
use crate::ir::Span;
use crate::knowledge::Knowledge;
use crate::platform::Platform;

/// Runs every root, then the functions no root reached, on every platform.
pub fn run_all(workspace: &Workspace) -> Vec<RootTrace> {
    let first = roots::roots(workspace);
    let (mut traces, executed) = run_each(workspace, &first);
    let rest = roots::unreached(workspace, &executed);
    traces.extend(run_each(workspace, &rest).0);
    traces
}

fn run_each(workspace: &Workspace, roots: &[Root]) -> (Vec<RootTrace>, BTreeSet<(Unit, Span)>) {
    let runs: Vec<(RootTrace, BTreeSet<(Unit, Span)>)> =
        roots.par_iter().map(|root| run_one(workspace, root)).collect();
    let mut executed = BTreeSet::new();
    let mut traces = Vec::new();
    for (trace, mut ran) in runs {
        executed.append(&mut ran);
        traces.push(trace);
    }
    (traces, executed)
}

fn run_one(workspace: &Workspace, root: &Root) -> (RootTrace, BTreeSet<(Unit, Span)>) {
    let project = workspace.project_of(root.module);
    let worlds = Platform::ALL.map(|platform| World::of(&project.dependencies, platform));
    let options = RunOptions { worlds: &worlds, knowledge: Knowledge::bundled() };
    run_root(project, &options, root)
}
