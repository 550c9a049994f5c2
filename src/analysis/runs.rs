//! All paper runs of a workspace.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::analysis::pythons::{comes_to_a_loop, older_python, other_pythons};
use crate::analysis::seeds::Seeds;
use crate::analysis::{Workspace, roots};
use crate::entry::Launch;
use crate::fault;
use crate::files::Role;
use crate::interpret::trace::{Root, RootTrace};
use crate::interpret::{
    Inherited, Limits, Program, RunOptions, Unit, World, inherited, record_functions, record_root,
    run_functions, run_root,
};
use crate::ir::Span;
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::project::python_versions::Minor;

/// Runs every root, then the functions no root reached, on every platform.
pub fn run_all(workspace: &Workspace) -> Vec<RootTrace> {
    let seeds = Seeds::of(workspace);
    let first = roots::roots(workspace, &seeds);
    let (mut traces, executed) = run_each(workspace, &first);
    let rest = roots::unreached(&seeds, &executed);
    let programs = programs(workspace, &traces);
    let by_module: Vec<&[Root]> = rest.chunk_by(|a, b| a.module == b.module).collect();
    let alone = Functions {
        workspace,
        limits: Limits::of_one_in(by_module.len()),
        programs: &programs,
        run: run_functions,
    };
    let functions: Vec<Vec<RootTrace>> = by_module
        .par_iter()
        .map(|roots| {
            let run = || alone.of_module(roots);
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
            let on = |python: Option<Minor>| {
                let (trace, executed) = guarded(workspace, root, || {
                    with_options(workspace, root.module, limits, python, |options| run_root(options, root))
                });
                (RootTrace { python, ..trace }, executed)
            };
            let (mut trace, mut executed) = on(None);
            let older = older_python(workspace, &trace).map(|python| on(Some(python)));
            if let Some(older) = older.filter(|(trace, _)| comes_to_a_loop(trace)) {
                (trace, executed) = older;
            }
            for python in other_pythons(workspace, &trace, &executed) {
                let (other, mut ran) = on(Some(python));
                executed.append(&mut ran);
                trace.on_other_pythons.push(other);
            }
            (trace, executed)
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
    /// Tests that name nothing that starts or chooses a loop.
    bystanders: Limits,
}

impl Shares {
    fn among(workspace: &Workspace, roots: &[Root]) -> Shares {
        let offered = roots.iter().filter(|root| is_offered(workspace, root)).count();
        let others = Limits::of_one_in(roots.len() - offered);
        Shares { offered: Limits::of_one_in(offered), others, bystanders: others.of_a_bystander() }
    }

    fn of(&self, workspace: &Workspace, root: &Root) -> Limits {
        let names_no_loop = || workspace.modules[root.module].file.role == Role::Importer;
        if is_offered(workspace, root) {
            self.offered
        } else if names_no_loop() && is_test(workspace, root.module) {
            self.bystanders
        } else {
            self.others
        }
    }
}

/// What people call the program of an application, at the top of their project.
const PROGRAMS: &[&str] = &["app.py", "bot.py", "main.py", "manage.py", "run.py", "server.py", "start.py"];

/// Console scripts, packages that are run with `-m`, command lines, and what has the name of a program.
fn is_offered(workspace: &Workspace, root: &Root) -> bool {
    let path = &workspace.modules[root.module].path;
    let is_named =
        |names: &[&str]| path.file_name().is_some_and(|name| names.iter().any(|other| name == *other));
    let at_top = || path.parent() == Some(&workspace.project_of(root.module).root);
    let is_started = match root.launch {
        Launch::ConsoleScript | Launch::Launcher => true,
        Launch::Script => is_named(PROGRAMS) && at_top(),
        _ => false,
    };
    (is_started || is_named(&["__main__.py"])) && !is_test(workspace, root.module)
}

/// Runs again what gave one of `traces`, or what is kept there for another Python, this time with a
/// record of every step.
pub fn record(
    workspace: &Workspace,
    traces: &[RootTrace],
    index: usize,
    other_python: Option<Minor>,
) -> RootTrace {
    let (rest, first): (Vec<&RootTrace>, Vec<&RootTrace>) =
        traces.iter().partition(|trace| trace.root.launch == Launch::Function);
    let root = &traces[index].root;
    let python = other_python.or(traces[index].python);
    if root.launch != Launch::Function {
        let roots: Vec<Root> = first.iter().map(|trace| trace.root.clone()).collect();
        let limits = Shares::among(workspace, &roots).of(workspace, root);
        let trace =
            with_options(workspace, root.module, limits, python, |options| record_root(options, root));
        return RootTrace { python, ..trace };
    }
    let modules: BTreeSet<usize> = rest.iter().map(|trace| trace.root.module).collect();
    let programs = programs(workspace, first);
    let again = Functions {
        workspace,
        limits: Limits::of_one_in(modules.len()),
        programs: &programs,
        run: record_functions,
    };
    let mut recorded = match python {
        Some(_) => again.on(python, std::slice::from_ref(root)),
        // What one function did may change what is left for the next: all of the module run again.
        None => {
            let own = rest.into_iter().filter(|trace| trace.root.module == root.module);
            again.on(None, &own.map(|trace| trace.root.clone()).collect::<Vec<_>>())
        }
    };
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

/// What people start, which tests are not.
fn programs<'t>(workspace: &Workspace, traces: impl IntoIterator<Item = &'t RootTrace>) -> Vec<Program<'t>> {
    let own = traces.into_iter().filter(|trace| !is_test(workspace, trace.root.module));
    own.filter_map(Program::of).collect()
}

/// How functions are run that no root reaches.
struct Functions<'r> {
    workspace: &'r Workspace,
    limits: Limits,
    /// What people start.
    programs: &'r [Program<'r>],
    run: fn(&RunOptions<'_>, &[Root], Inherited) -> Vec<RootTrace>,
}

impl Functions<'_> {
    /// Runs functions of one module, and again on the other Pythons that matter to them.
    fn of_module(&self, roots: &[Root]) -> Vec<RootTrace> {
        let again = |python, root| self.on(Some(python), std::slice::from_ref(root)).pop();
        let mut traces = self.on(None, roots);
        for (root, trace) in roots.iter().zip(&mut traces) {
            let older = older_python(self.workspace, trace).and_then(|python| again(python, root));
            if let Some(older) = older.filter(comes_to_a_loop) {
                *trace = older;
            }
            let own = root.function.iter().map(|(_, name)| (Unit::Project(root.module), *name)).collect();
            let pythons = other_pythons(self.workspace, trace, &own);
            trace.on_other_pythons = pythons.into_iter().filter_map(|python| again(python, root)).collect();
        }
        traces
    }

    fn on(&self, python: Option<Minor>, roots: &[Root]) -> Vec<RootTrace> {
        let Some(module) = roots.first().map(|root| root.module) else { return Vec::new() };
        let package = top_package(self.workspace, module);
        let together = |other| package.is_some() && top_package(self.workspace, other) == package;
        let inherited = inherited(self.programs, module, together);
        let run = |options: &RunOptions<'_>| (self.run)(options, roots, inherited);
        let traces = with_options(self.workspace, module, self.limits, python, run);
        traces.into_iter().map(|trace| RootTrace { python, ..trace }).collect()
    }
}

/// The package a module is in, if it is in one; modules that lie side by side are none.
fn top_package(workspace: &Workspace, module: usize) -> Option<String> {
    let dotted = workspace.project_of(module).dotted_name(module);
    dotted.split_once('.').map(|(top, _)| top.to_string())
}

fn is_test(workspace: &Workspace, module: usize) -> bool {
    workspace.modules[module].is_test(&workspace.project_of(module).top)
}

fn with_options<T>(
    workspace: &Workspace,
    module: usize,
    limits: Limits,
    python: Option<Minor>,
    run: impl FnOnce(&RunOptions<'_>) -> T,
) -> T {
    let project = workspace.project_of(module);
    let worlds = Platform::ALL.map(|platform| {
        let world = World::of(&project.dependencies, platform);
        World { python: python.unwrap_or(world.python), ..world }
    });
    run(&RunOptions { project, worlds: &worlds, knowledge: Knowledge::bundled(), limits })
}
