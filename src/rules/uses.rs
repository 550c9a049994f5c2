//! What a program uses that not every loop can do, and the loop it is used on.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::entry::{Launch, LoopKind};
use crate::finding::{Place, Related, Severity};
use crate::interpret::Unit;
use crate::interpret::reach::Start;
use crate::interpret::trace::{Event, EventKind, Family, PathTrace, PolicyKind, RootTrace, Site, Use};
use crate::knowledge::{Knowledge, Need, Needed};
use crate::platform::Platform;
use crate::project::evidence::Deployment;
use crate::rules::{BESIDE_KERNEL, RunCall, Scope, call, causes, place, policy_name, scope_of};

/// Something used on Windows that fails on the loop it is used on, with nobody ready for the error.
pub struct Failing<'t> {
    pub used: &'t Use,
    pub need: &'static Need,
    pub site: Site,
    pub kind: LoopKind,
    /// The start of that loop, where a place of the program starts it.
    pub start: Option<Start<'t>>,
    /// Every call that starts a loop on which it fails.
    pub runs: BTreeSet<Site>,
    path: &'t PathTrace,
    /// Index of the event in the path.
    at: usize,
}

/// What fails in the runs of a root, each place and row once. Empty where no rule may speak.
pub fn failing<'t>(workspace: &'t Workspace, trace: &'t RootTrace, needed: Needed) -> Vec<Failing<'t>> {
    let mut found: BTreeMap<(Site, usize), Failing<'t>> = BTreeMap::new();
    for failing in all(workspace, trace).filter(|failing| failing.used.needs == needed) {
        let runs = failing.runs.clone();
        found.entry((failing.site, failing.used.row)).or_insert(failing).runs.extend(runs);
    }
    found.into_values().collect()
}

/// Whether something that a run uses needs the other loop, so that no loop is right.
pub fn is_torn(workspace: &Workspace, trace: &RootTrace, run: Site) -> bool {
    torn(workspace, trace, run).is_some()
}

/// What a run uses that needs Proactor, and what it uses that needs Selector; both or nothing.
pub fn torn<'t>(workspace: &'t Workspace, trace: &'t RootTrace, run: Site) -> Option<[Failing<'t>; 2]> {
    let of = |needed: Needed| {
        uses(workspace, trace).find(|one| {
            one.used.needs == needed && one.start.is_some_and(|start| start.event.site == Some(run))
        })
    };
    Some([of(Needed::Proactor)?, of(Needed::Selector)?])
}

fn all<'t>(workspace: &'t Workspace, trace: &'t RootTrace) -> impl Iterator<Item = Failing<'t>> {
    uses(workspace, trace).filter(|one| one.used.needs.fails_on(one.kind))
}

/// Everything used on Windows with nobody ready for the error, whose loop is known.
fn uses<'t>(workspace: &'t Workspace, trace: &'t RootTrace) -> impl Iterator<Item = Failing<'t>> {
    let spoken_of =
        trace.root.launch != Launch::Function && scope_of(workspace, trace.root.module) != Scope::Test;
    let paths = trace.paths.iter().filter(move |path| spoken_of && path.platform == Platform::Windows);
    paths.flat_map(move |path| {
        path.events.iter().enumerate().filter_map(move |(at, event)| {
            let (EventKind::Need(used), Some(site)) = (&event.kind, event.site) else { return None };
            let Unit::Project(module) = site.unit else { return None };
            let silent = used.handled
                || !workspace.modules[module].file.given
                || scope_of(workspace, module) == Scope::Test;
            if silent {
                return None;
            }
            let need = &Knowledge::bundled().needs.rows[used.row];
            let start = start_of(path, at, event, used, need);
            let kind = start.map(|start| start.run.kind).or(used.on)?;
            let runs = start.and_then(|start| start.event.site).into_iter().collect();
            Some(Failing { used, need, site, kind, start, runs, path, at })
        })
    })
}

/// The start of the loop something is used on. Where the program leaves open which of several that
/// is, and they differ, there is none.
fn start_of<'t>(
    path: &'t PathTrace,
    at: usize,
    event: &'t Event,
    used: &Use,
    need: &Need,
) -> Option<Start<'t>> {
    let starts = path.events.iter().enumerate().filter_map(|(index, other)| {
        let run = other.run().filter(|run| run.family != Family::Tests && run.kind != LoopKind::None)?;
        (other.process == event.process).then_some((index, Start { path, event: other, run }))
    });
    let starts: Vec<(usize, Start<'t>)> = starts.collect();
    if let Some(kind) = used.on {
        if need.own_loop && !event.inside_loop {
            return None;
        }
        let fits =
            |start: &&(usize, Start<'t>)| start.1.event.thread == event.thread && start.1.run.kind == kind;
        let before = starts.iter().filter(fits).rfind(|(index, _)| *index < at);
        return before.or_else(|| starts.iter().find(fits)).map(|(_, start)| *start);
    }
    let serves = |start: &Start<'t>| matches!(start.run.family, Family::Nicegui | Family::Server);
    let serving: Vec<Start<'t>> = starts.iter().map(|(_, start)| *start).filter(serves).collect();
    let candidates = match serving.is_empty() {
        true => starts.into_iter().map(|(_, start)| start).collect(),
        false => serving,
    };
    let first = candidates.first()?;
    candidates.iter().all(|other| other.run.kind == first.run.kind).then_some(*first)
}

impl<'t> Failing<'t> {
    /// The calls whose loop it explains, in the terms of the trace with this index.
    pub fn calls(&self, index: usize) -> Vec<RunCall> {
        self.runs.iter().map(|run| (index, *run)).collect()
    }

    pub fn place(&self, workspace: &Workspace) -> Option<Place> {
        place(workspace, self.site)
    }

    /// The severity for the evidence and for the folder the use or its program stands in; nothing
    /// where the project is not for Windows.
    pub fn severity(&self, workspace: &Workspace, trace: &RootTrace, deployed: Severity) -> Option<Severity> {
        let Unit::Project(module) = self.site.unit else { return None };
        let deployment = call::deployment(workspace, trace);
        let scope = scope_of(workspace, module).max(scope_of(workspace, trace.root.module));
        (deployment != Deployment::Elsewhere).then(|| call::severity(scope, deployment, deployed))
    }

    /// `; read from the URL: …`, where no call says it.
    pub fn inferred(&self) -> String {
        self.need.inferred.as_ref().map_or(String::new(), |inferred| format!("; {inferred}"))
    }

    /// What to do: `otherwise`, unless the loop is that of a notebook's kernel.
    pub fn help(&self, otherwise: &str) -> String {
        let in_cells = self.start.is_some_and(|start| start.run.family == Family::Kernel);
        match (in_cells, self.kind) {
            (false, _) => otherwise,
            (true, LoopKind::Proactor) => BESIDE_KERNEL,
            (true, _) => {
                "start the process with `subprocess` in a thread; from ipykernel 7.4 on the loop is Proactor"
            }
        }
        .to_owned()
    }

    /// The run call, and who chose its loop.
    pub fn because(&self, workspace: &Workspace, trace: &RootTrace) -> Vec<Related> {
        let mut because = Vec::new();
        match &self.start {
            Some(start) => {
                if let Some(place) = start.event.site.and_then(|site| place(workspace, site)) {
                    let message = format!("`{}` runs the {} loop here", start.run.runner, shown(self.kind));
                    because.push(Related { place, message });
                }
                because.extend(causes(workspace, trace, start));
            }
            None => because.extend(self.policy(workspace)),
        }
        for name in self.need.packages.keys() {
            because.extend(crate::rules::version(workspace, trace, name));
        }
        because
    }

    /// The policy in force where it is used.
    fn policy(&self, workspace: &Workspace) -> Option<Related> {
        let process = self.path.events.get(self.at)?.process;
        let before = self.path.events[..self.at].iter().rev().filter(|event| event.process == process);
        let (kind, site) = before.into_iter().find_map(|event| match &event.kind {
            EventKind::PolicySet { policy, .. } => Some((*policy, event.site?)),
            _ => None,
        })?;
        let message = format!("the {} is set here", policy_name(kind));
        (kind != PolicyKind::Default).then_some(Related { place: place(workspace, site)?, message })
    }
}

/// As people call it.
pub fn shown(kind: LoopKind) -> &'static str {
    match kind {
        LoopKind::Proactor => "Proactor",
        LoopKind::Selector => "Selector",
        other => other.name(),
    }
}
