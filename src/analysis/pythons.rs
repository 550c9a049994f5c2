//! Which Pythons a root is run on.

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::interpret::Unit;
use crate::interpret::trace::{PathTrace, RootTrace};
use crate::ir::Span;
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::project::python_versions::Minor;

/// A program that comes to no loop on the newest Python, although the project never asked for one that
/// new, is run by its users on an older one, if it comes to a loop there: `asyncio.get_event_loop()` makes
/// no loop from Python 3.14 on.
pub fn older_python(workspace: &Workspace, trace: &RootTrace) -> Option<Minor> {
    let python = &workspace.project_of(trace.root.module).dependencies.python;
    if python.verdict < (3, 14) || !trace.paths_on(Platform::Windows).any(PathTrace::lacks_a_loop) {
        return None;
    }
    python.allowed.iter().rev().find(|allowed| **allowed < (3, 14)).copied()
}

/// Whether a program comes to a loop on Windows.
pub fn comes_to_a_loop(trace: &RootTrace) -> bool {
    trace.paths_on(Platform::Windows).any(PathTrace::runs_a_loop)
}

/// The other Pythons the project allows on which the code that ran goes another way to its loops: of
/// those that go the same way, the newest. None where the run was given up before anything about loops
/// happened: it would take as many steps on each of them.
pub fn other_pythons(
    workspace: &Workspace,
    trace: &RootTrace,
    executed: &BTreeSet<(Unit, Span)>,
) -> Vec<Minor> {
    let python = &workspace.project_of(trace.root.module).dependencies.python;
    if python.allowed.len() < 2 || trace.incomplete.is_some() && trace.is_quiet() {
        return Vec::new();
    }
    let starts = |name: &str| Knowledge::bundled().starts_or_chooses(name);
    let mut boundaries = BTreeSet::new();
    for module in trace.modules.iter().chain([&trace.root.module]) {
        let entered = |name| executed.contains(&(Unit::Project(*module), name));
        boundaries.extend(workspace.modules[*module].version_tests(entered, &starts));
    }
    let way = |minor: Minor| boundaries.range(..=minor).count();
    let mut ways = vec![way(trace.python.unwrap_or(python.verdict))];
    let mut others = Vec::new();
    for minor in python.allowed.iter().rev().copied() {
        if !ways.contains(&way(minor)) {
            ways.push(way(minor));
            others.push(minor);
        }
    }
    others
}
