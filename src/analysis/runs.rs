//! All paper runs of a workspace.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analysis::{Workspace, roots};
use crate::entry::Launch;
use crate::fault;
use crate::interpret::trace::{Root, RootTrace};
use crate::interpret::{
    Inherited, Limits, RunOptions, Unit, World, inherited, record_functions, record_root, run_functions,
    run_root,
};
use crate::ir::Span;
use crate::knowledge::Knowledge;
use crate::platform::Platform;

/// Runs every root, then the functions no root reached, on every platform.
pub fn run_all(workspace: &Workspace) -> Vec<RootTrace> {
    let first = roots::roots(workspace);
    let (mut traces, executed) = run_each(workspace, &first);
    let rest = roots::unreached(workspace, &executed);
    let programs = programs(workspace, &traces);
    let by_module: Vec<&[Root]> = rest.chunk_by(|a, b| a.module == b.module).collect();
    let limits = Limits::of_one_in(by_module.len());
    let functions: Vec<Vec<RootTrace>> = by_module
        .par_iter()
        .map(|roots| {
            let run = || functions_of(workspace, roots, limits, &programs, run_functions);
            workspace.guarded("functions", roots[0].module, run).unwrap_or_default()
        })
        .collect();
    traces.extend(functions.into_iter().flatten());
    traces
}

fn run_each(workspace: &Workspace, roots: &[Root]) -> (Vec<RootTrace>, BTreeSet<(Unit, Span)>) {
    let shares = Shares::among(workspace, roots);
    let runs: Vec<(RootTrace, BTreeSet<(Unit, Span)>)> = roots
        .par_iter()
        .map(|root| {
            let limits = shares.of(workspace, root);
            let ran = guarded(workspace, root, || {
                with_options(workspace, root.module, limits, None, |options| run_root(options, root))
            });
            match older_python(workspace, &ran.0) {
                Some(python) => with_options(workspace, root.module, limits, Some(python), |options| {
                    run_root(options, root)
                }),
                None => ran,
            }
        })
        .collect();
    let mut executed = BTreeSet::new();
    let mut traces = Vec::new();
    for (trace, mut ran) in runs {
        executed.append(&mut ran);
        traces.push(trace);
    }
    (traces, executed)
}

/// How many steps the roots get. What an application offers to be started is told apart from the
/// scripts, examples and tests that lie around it in any number: these share among themselves.
struct Shares {
    offered: Limits,
    others: Limits,
}

impl Shares {
    fn among(workspace: &Workspace, roots: &[Root]) -> Shares {
        let offered = roots.iter().filter(|root| is_offered(workspace, root)).count();
        Shares { offered: Limits::of_one_in(offered), others: Limits::of_one_in(roots.len() - offered) }
    }

    fn of(&self, workspace: &Workspace, root: &Root) -> Limits {
        if is_offered(workspace, root) { self.offered } else { self.others }
    }
}

/// Console scripts, packages that are run with `-m`, and command lines.
fn is_offered(workspace: &Workspace, root: &Root) -> bool {
    let path = &workspace.modules[root.module].path;
    let is_main = || path.file_name().is_some_and(|name| name == "__main__.py");
    (matches!(root.launch, Launch::ConsoleScript | Launch::Launcher) || is_main())
        && !is_test(workspace, root.module)
}

/// Runs again what gave one of `traces`, this time with a record of every step.
pub fn record(workspace: &Workspace, traces: &[RootTrace], index: usize) -> RootTrace {
    let (rest, first): (Vec<&RootTrace>, Vec<&RootTrace>) =
        traces.iter().partition(|trace| trace.root.launch == Launch::Function);
    let root = &traces[index].root;
    if root.launch != Launch::Function {
        let roots: Vec<Root> = first.iter().map(|trace| trace.root.clone()).collect();
        let limits = Shares::among(workspace, &roots).of(workspace, root);
        let again = |python| {
            with_options(workspace, root.module, limits, python, |options| record_root(options, root))
        };
        let trace = again(None);
        return older_python(workspace, &trace).map_or(trace, |python| again(Some(python)));
    }
    let modules: BTreeSet<usize> = rest.iter().map(|trace| trace.root.module).collect();
    let limits = Limits::of_one_in(modules.len());
    // What one function did may change what is left for the next: all of the module run again.
    let own = rest.into_iter().filter(|trace| trace.root.module == root.module);
    let roots: Vec<Root> = own.map(|trace| trace.root.clone()).collect();
    let programs = programs(workspace, first);
    let mut recorded = functions_of(workspace, &roots, limits, &programs, record_functions);
    recorded.retain(|trace| trace.root == *root);
    recorded.pop().unwrap_or_else(|| RootTrace::new(root.clone()))
}

/// A fault of ours in one root must not take the others with it.
fn guarded(
    workspace: &Workspace,
    root: &Root,
    run: impl FnOnce() -> (RootTrace, BTreeSet<(Unit, Span)>),
) -> (RootTrace, BTreeSet<(Unit, Span)>) {
    workspace.guarded("run", root.module, run).unwrap_or_else(|| {
        let mut trace = RootTrace::new(root.clone());
        trace.incomplete = Some(fault::MESSAGE.into());
        (trace, BTreeSet::new())
    })
}

/// The traces of what people start, which tests are not.
fn programs<'t>(
    workspace: &Workspace,
    traces: impl IntoIterator<Item = &'t RootTrace>,
) -> Vec<&'t RootTrace> {
    traces.into_iter().filter(|trace| !is_test(workspace, trace.root.module)).collect()
}

fn functions_of(
    workspace: &Workspace,
    roots: &[Root],
    limits: Limits,
    programs: &[&RootTrace],
    run: fn(&RunOptions<'_>, &[Root], Inherited) -> Vec<RootTrace>,
) -> Vec<RootTrace> {
    let module = roots[0].module;
    let package = top_package(workspace, module);
    let inherited =
        inherited(programs, module, |other| package.is_some() && top_package(workspace, other) == package);
    let mut traces = with_options(workspace, module, limits, None, |options| run(options, roots, inherited));
    for (root, trace) in roots.iter().zip(&mut traces) {
        if let Some(python) = older_python(workspace, trace) {
            let again = |options: &RunOptions<'_>| run(options, std::slice::from_ref(root), inherited);
            if let Some(older) = with_options(workspace, root.module, limits, Some(python), again).pop() {
                *trace = older;
            }
        }
    }
    traces
}

/// The package a module is in, if it is in one; modules that lie side by side are none.
fn top_package(workspace: &Workspace, module: usize) -> Option<String> {
    let dotted = workspace.project_of(module).dotted_name(module);
    dotted.split_once('.').map(|(top, _)| top.to_string())
}

fn is_test(workspace: &Workspace, module: usize) -> bool {
    workspace.modules[module].is_test(&workspace.project_of(module).top)
}

/// A program that dies before its loop on the newest Python, although the project never asked for
/// one that new, is run by its users on an older one: `asyncio.get_event_loop()` makes no loop from
/// Python 3.14 on.
fn older_python(workspace: &Workspace, trace: &RootTrace) -> Option<(u8, u8)> {
    let python = &workspace.project_of(trace.root.module).dependencies.python;
    let dies = trace
        .paths
        .iter()
        .filter(|path| path.platform == Platform::Windows)
        .any(|path| path.died.as_ref().is_some_and(|error| error.contains("no current event loop")));
    if python.verdict < (3, 14) || !dies {
        return None;
    }
    python.allowed.iter().rev().find(|allowed| **allowed < (3, 14)).copied()
}

fn with_options<T>(
    workspace: &Workspace,
    module: usize,
    limits: Limits,
    python: Option<(u8, u8)>,
    run: impl FnOnce(&RunOptions<'_>) -> T,
) -> T {
    let project = workspace.project_of(module);
    let worlds = Platform::ALL.map(|platform| {
        let world = World::of(&project.dependencies, platform);
        World { python: python.unwrap_or(world.python), ..world }
    });
    run(&RunOptions { project, worlds: &worlds, knowledge: Knowledge::bundled(), limits })
}
