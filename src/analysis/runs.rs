//! All paper runs of a workspace.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analysis::{Workspace, roots};
use crate::interpret::trace::{Root, RootTrace};
use crate::interpret::{RunOptions, Unit, World, run_functions, run_root};
use crate::ir::Span;
use crate::knowledge::Knowledge;
use crate::platform::Platform;

/// Runs every root, then the functions no root reached, on every platform.
pub fn run_all(workspace: &Workspace) -> Vec<RootTrace> {
    let first = roots::roots(workspace);
    let (mut traces, executed) = run_each(workspace, &first);
    let rest = roots::unreached(workspace, &executed);
    let by_module: Vec<&[Root]> = rest.chunk_by(|a, b| a.module == b.module).collect();
    let functions: Vec<Vec<RootTrace>> = by_module
        .par_iter()
        .map(|roots| with_options(workspace, roots[0].module, |options| run_functions(options, roots)))
        .collect();
    traces.extend(functions.into_iter().flatten());
    traces
}

fn run_each(workspace: &Workspace, roots: &[Root]) -> (Vec<RootTrace>, BTreeSet<(Unit, Span)>) {
    let runs: Vec<(RootTrace, BTreeSet<(Unit, Span)>)> = roots
        .par_iter()
        .map(|root| with_options(workspace, root.module, |options| run_root(options, root)))
        .collect();
    let mut executed = BTreeSet::new();
    let mut traces = Vec::new();
    for (trace, mut ran) in runs {
        executed.append(&mut ran);
        traces.push(trace);
    }
    (traces, executed)
}

fn with_options<T>(workspace: &Workspace, module: usize, run: impl FnOnce(&RunOptions<'_>) -> T) -> T {
    let project = workspace.project_of(module);
    let worlds = Platform::ALL.map(|platform| World::of(&project.dependencies, platform));
    run(&RunOptions { project, worlds: &worlds, knowledge: Knowledge::bundled() })
}
