//! From traces to the rows of `loopcheck entries`.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::analysis::standing::{Standing, standing};
use crate::entry::{Entry, Launch, LoopCase, LoopKind, Loops, Process};
use crate::finding::Related;
use crate::interpret::Unit;
use crate::interpret::reach::{Reached, Start, reached};
use crate::interpret::trace::{Family, RootTrace, Site};
use crate::platform::Platform;
use crate::rules::causes;

/// One row per call and root, sorted by place and root, reached before unreached.
pub fn entries(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Entry> {
    let mut found = located(workspace, traces);
    for (index, trace) in traces.iter().enumerate() {
        for standing in standing(workspace, trace) {
            if !found.iter().any(|located| located.call == standing.call)
                && let Some(entry) = unknown(workspace, trace, &standing)
            {
                found.push(Located { entry, trace: index, call: standing.call });
            }
        }
    }
    found.sort_by_cached_key(|located| order(&located.entry));
    found.into_iter().map(|located| located.entry).collect()
}

/// By place; of one place reached before unreached, and the newest Python first.
fn order(entry: &Entry) -> impl Ord + use<> {
    let newest_first = std::cmp::Reverse(entry.python);
    (entry.place.clone(), entry.launch == Launch::Function, entry.root.clone(), entry.process, newest_first)
}

/// An entry, and where in the traces it was read from.
pub struct Located {
    pub entry: Entry,
    /// An index into the traces.
    pub trace: usize,
    pub call: Site,
}

/// What was reached, each with its origin.
pub fn located(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Located> {
    let mut found = Vec::new();
    for (index, trace) in traces.iter().enumerate() {
        for call in reached(trace) {
            if let Some(entry) = entry(workspace, trace, &call) {
                found.push(Located { entry, trace: index, call: call.site });
            }
        }
    }
    // A call that the Python of the verdict does not come to, but another one does.
    let known: BTreeSet<Site> = found.iter().map(|located| located.call).collect();
    for (index, trace) in traces.iter().enumerate() {
        for other in &trace.on_other_pythons {
            for call in reached(other).into_iter().filter(|call| !known.contains(&call.site)) {
                if let Some(entry) = entry(workspace, other, &call) {
                    let entry = Entry { python: other.python, ..entry };
                    found.push(Located { entry, trace: index, call: call.site });
                }
            }
        }
    }
    found.sort_by_cached_key(|located| order(&located.entry));
    found.dedup_by(|a, b| {
        let (a, b) = (&a.entry, &b.entry);
        a.place == b.place && a.root == b.root && a.process == b.process
    });
    found
}

fn entry(workspace: &Workspace, trace: &RootTrace, call: &Reached<'_>) -> Option<Entry> {
    let Unit::Project(module) = call.site.unit else { return None };
    if !workspace.modules[module].file.given {
        return None;
    }
    let example = call.example()?;
    let command = workspace.modules[trace.root.module].command.as_deref();
    let is_run = |platform| command.is_none_or(|command| command.place.platforms.contains(&platform));
    let on = |platform| match (call.kind(platform), &trace.incomplete) {
        (LoopKind::None, Some(_)) if is_run(platform) => LoopKind::Unknown,
        (kind, _) => kind,
    };
    let loops =
        Loops { windows: on(Platform::Windows), linux: on(Platform::Linux), darwin: on(Platform::Darwin) };
    let launch = match (trace.root.launch, example.event.process, example.run.own_child) {
        (Launch::Script | Launch::Module | Launch::ConsoleScript, Process::Child, false) => Launch::Child,
        (launch, _, _) => launch,
    };
    // Where a command line never runs on Windows, nothing else is the reason.
    let never =
        command.and_then(|command| command.place.reason.clone()).filter(|_| loops.windows == LoopKind::None);
    let found = || {
        let told = call.starts.iter().find_map(|start| start.run.reason.clone()).or(trace.incomplete.clone());
        told.filter(|_| matches!(loops.windows, LoopKind::Unknown | LoopKind::None))
    };
    let reason = never.or_else(found).map(|reason| reason.to_string());
    let place = workspace.modules[module].source().place(call.site.span);
    let because: Vec<Related> =
        if example.run.family == Family::Tests { Vec::new() } else { causes(workspace, trace, example) };
    Some(Entry {
        place,
        runner: example.run.runner.to_string(),
        launch,
        root: workspace.modules[trace.root.module].shown.clone(),
        process: example.event.process,
        python: None,
        loops,
        cases: cases(call),
        reason,
        because,
    })
}

/// The row of a call that the run was given up before.
fn unknown(workspace: &Workspace, trace: &RootTrace, standing: &Standing) -> Option<Entry> {
    let module = &workspace.modules[trace.root.module];
    if !module.file.given {
        return None;
    }
    let unknown = LoopKind::Unknown;
    Some(Entry {
        place: module.source().place(standing.call.span),
        runner: standing.runner.clone(),
        launch: trace.root.launch,
        root: module.shown.clone(),
        process: Process::Parent,
        python: None,
        loops: Loops { windows: unknown, linux: unknown, darwin: unknown },
        cases: Vec::new(),
        reason: trace.incomplete.as_ref().map(|reason| reason.to_string()),
        because: Vec::new(),
    })
}

/// The outcomes of a call that has more than one, by what was assumed.
fn cases(call: &Reached<'_>) -> Vec<LoopCase> {
    if Platform::ALL.iter().all(|platform| call.kinds(*platform).len() < 2) {
        return Vec::new();
    }
    let mut by_when: BTreeMap<String, Vec<&Start<'_>>> = BTreeMap::new();
    // A platform with one outcome has no case of its own.
    let varies = |platform: &Platform| call.kinds(*platform).len() > 1;
    for start in Platform::ALL.into_iter().filter(varies).flat_map(|platform| call.usual(platform)) {
        let when: Vec<String> = start.assumed().iter().map(|label| label.to_string()).collect();
        let when = if when.is_empty() { "otherwise".to_string() } else { when.join(", ") };
        by_when.entry(when).or_default().push(start);
    }
    by_when
        .into_iter()
        .map(|(when, starts)| {
            let kind = |platform| {
                let mut kinds: Vec<LoopKind> = starts
                    .iter()
                    .filter(|start| start.path.platform == platform)
                    .map(|start| start.run.kind)
                    .collect();
                kinds.sort();
                kinds.dedup();
                match kinds.as_slice() {
                    // This was not a question on that platform.
                    [] => call.kind(platform),
                    [one] => *one,
                    _ => LoopKind::Depends,
                }
            };
            let loops = Loops {
                windows: kind(Platform::Windows),
                linux: kind(Platform::Linux),
                darwin: kind(Platform::Darwin),
            };
            LoopCase { when, loops }
        })
        .collect()
}
