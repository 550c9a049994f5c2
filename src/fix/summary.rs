//! What a program amounts to before and after a change, in the worlds that a fix must hold in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;

use crate::analysis::Workspace;
use crate::entry::{Launch, LoopKind};
use crate::fix::Change;
use crate::interpret::trace::{Event, EventKind, Guard, PathTrace, RootTrace, Site, Use};
use crate::interpret::{Limits, RunOptions, World, run_root};
use crate::knowledge::{Knowledge, LoopTable, Needed};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::dependencies::Answer;

/// What a run amounts to: the loops by place in the order of the runs, and whether names were missing.
#[derive(Clone, Default)]
pub struct Summary {
    /// Per way: the kinds in order, and the error the run died of.
    pub ways: BTreeMap<Vec<String>, (Vec<LoopKind>, Option<String>)>,
    /// Per way: where the loops were run, in the same order.
    pub sites: BTreeMap<Vec<String>, Vec<Option<Site>>>,
    /// The names that were missing, as often as they were, and where.
    pub missing: Vec<(Arc<str>, Option<Site>)>,
    /// Policies that a test of the platform keeps from being set.
    pub withheld: usize,
    pub misused: usize,
    /// What was called that works on Proactor alone.
    pub needs_proactor: Option<Use>,
}

impl Summary {
    /// What the runs of a trace on one platform amount to.
    fn of(trace: &RootTrace, platform: Platform) -> Summary {
        let is_withheld = |guard: &&Guard| guard.platform == platform && guard.withheld.is_some();
        let withheld = trace.guards.iter().filter(is_withheld).count();
        let mut summary = Summary { withheld, ..Summary::default() };
        for path in trace.paths_on(platform) {
            summary.add(path);
        }
        summary
    }

    fn add(&mut self, path: &PathTrace) {
        let assumed: Vec<String> = path.assumed.iter().map(|label| label.to_string()).collect();
        let (mut kinds, mut sites) = (Vec::new(), Vec::new());
        for event in &path.events {
            match &event.kind {
                EventKind::Run(run) => {
                    kinds.push(run.kind);
                    sites.push(event.site);
                }
                EventKind::Missing(name) => self.missing.push((name.clone(), event.site)),
                EventKind::Misused(_) => self.misused += 1,
                _ => {}
            }
        }
        if self.needs_proactor.is_none() {
            self.needs_proactor = path.events.iter().find_map(proactor_alone);
        }
        self.sites.insert(assumed.clone(), sites);
        self.ways.insert(assumed, (kinds, path.died.as_ref().map(|error| error.to_string())));
    }
}

fn proactor_alone(event: &Arc<Event>) -> Option<Use> {
    match &event.kind {
        EventKind::Need(used) if used.needs == Needed::Proactor => Some(used.clone()),
        _ => None,
    }
}

/// What programs amount to, by the index of their traces and the steps they may take. Findings come file
/// by file, and many are cured by the same change, so that little has to be kept for few runs.
#[derive(Default)]
pub struct Runs {
    /// The last program as it stands.
    before: Option<(Key, Summaries)>,
    /// The last changes that were tried, the latest one first.
    after: VecDeque<(Key, Changed)>,
}

type Key = (usize, u64);

/// So many changes are remembered: as many as are tried for one finding.
const CHANGES: usize = 4;

impl Runs {
    /// The program as it stands in every world, and with the changes.
    pub fn of(
        &mut self,
        workspace: &Workspace,
        (index, trace): (usize, &RootTrace),
        changes: &[Change],
        limits: Limits,
    ) -> (&[Summary], &mut Changed) {
        let key = (index, limits.steps);
        let known = self.before.take().filter(|(known, _)| *known == key);
        let before = known.unwrap_or_else(|| (key, as_it_stands(workspace, trace, limits)));
        let (_, Summaries { all: before, .. }) = self.before.insert(before);
        let is_known = |(known, after): &(Key, Changed)| *known == key && after.texts == texts_of(changes);
        let known = self.after.iter().position(is_known);
        let known = known.and_then(|known| self.after.remove(known));
        let changed = known.unwrap_or_else(|| (key, Changed::new(workspace, changes, limits)));
        self.after.truncate(CHANGES - 1);
        self.after.push_front(changed);
        (before, &mut self.after[0].1)
    }
}

/// A changed program, and what it amounts to.
pub struct Changed {
    pub workspace: Workspace,
    texts: Vec<(usize, Arc<str>)>,
    limits: Limits,
    summaries: Summaries,
}

/// What a program amounts to in the first worlds, as far as that was asked.
#[derive(Default)]
pub struct Summaries {
    pub all: Vec<Summary>,
    /// The packages it asked for, in any of them.
    asked: BTreeSet<String>,
}

impl Changed {
    pub fn new(workspace: &Workspace, changes: &[Change], limits: Limits) -> Changed {
        let texts = texts_of(changes);
        Changed { workspace: workspace.with_texts(&texts), texts, limits, summaries: Summaries::default() }
    }

    /// What the program of a trace amounts to in the world of this index in [`worlds`]. It is always
    /// asked about the same program.
    pub fn summary(&mut self, trace: &RootTrace, index: usize) -> &Summary {
        let project = self.workspace.project_of(trace.root.module);
        add_runs(&mut self.summaries, index + 1, project, trace, self.limits);
        &self.summaries.all[index]
    }
}

fn texts_of(changes: &[Change]) -> Vec<(usize, Arc<str>)> {
    changes.iter().map(|change| (change.module, change.text.clone())).collect()
}

/// What the program of a trace amounts to in every world. What the trace tells is not run again.
pub fn as_it_stands(workspace: &Workspace, trace: &RootTrace, limits: Limits) -> Summaries {
    let project = workspace.project_of(trace.root.module);
    let ran = |platform: &Platform| trace.paths.iter().any(|path| path.platform == *platform);
    let is_told = trace.root.launch != Launch::Function
        && trace.python.is_none()
        && !trace.given_up
        && Platform::ALL.iter().all(ran)
        && (trace.incomplete.is_none() || trace.limits.steps == limits.steps);
    let mut summaries = Summaries::default();
    if is_told {
        summaries.all.extend(Platform::ALL.map(|platform| Summary::of(trace, platform)));
        summaries.asked.clone_from(&trace.asked);
    }
    add_runs(&mut summaries, worlds(project).len(), project, trace, limits);
    summaries
}

/// Runs the program in the next worlds, until at least so many are summed up.
fn add_runs(summaries: &mut Summaries, count: usize, project: &Project, trace: &RootTrace, limits: Limits) {
    // To find the worlds asks for every package that may matter; mostly all has been run.
    if summaries.all.len() >= count {
        return;
    }
    let worlds = worlds(project);
    while summaries.all.len() < count {
        let worlds = together(&worlds[summaries.all.len()..]);
        // The first world is the verdict's on Windows.
        if let ([world], Some(verdict)) = (worlds, summaries.all.first())
            && is_like_verdict(world, &summaries.asked)
        {
            summaries.all.push(verdict.clone());
            continue;
        }
        let options = RunOptions { project, worlds, knowledge: Knowledge::bundled(), limits };
        let (trace, _) = run_root(&options, &trace.root);
        summaries.all.extend(worlds.iter().map(|world| Summary::of(&trace, world.platform)));
        summaries.asked.extend(trace.asked);
    }
}

/// Whether a world differs from the verdict's on Windows in nothing but packages that were not asked for.
fn is_like_verdict(world: &World<'_>, asked: &BTreeSet<String>) -> bool {
    let instead = &world.packages.instead;
    !instead.is_empty() && !instead.iter().any(|(name, _)| asked.contains(name))
}

/// The first of the worlds, and those whose runs can be spared where they are like it.
fn together<'w, 'p>(worlds: &'w [World<'p>]) -> &'w [World<'p>] {
    let is_unix = |world: &World<'_>| world.platform != Platform::Windows;
    worlds.chunk_by(|a, b| is_unix(a) && is_unix(b)).next().unwrap_or_default()
}

/// The verdict's world on every platform, and the corners of what else the project allows on Windows.
pub fn worlds(project: &Project) -> Vec<World<'_>> {
    let verdict = |platform| World::of(&project.dependencies, platform);
    let mut worlds: Vec<World<'_>> = Platform::ALL.into_iter().map(verdict).collect();
    let allowed = &project.dependencies.python.allowed;
    for python in [allowed.first(), allowed.last()].into_iter().flatten() {
        if *python != project.dependencies.python.verdict {
            worlds.push(World { python: *python, ..verdict(Platform::Windows) });
        }
    }
    for (name, table) in boundaries() {
        let Some(versions) = table.knob.as_ref().and_then(|knob| knob.versions.as_ref()) else { continue };
        if project.dependencies.package(&name).allowed_in(&versions.0) != Answer::Maybe {
            continue;
        }
        for version in ["0.35.0", "0.36.0"].iter().filter(|_| name == "uvicorn") {
            let Ok(version) = Version::from_str(version) else { continue };
            let mut world = verdict(Platform::Windows);
            world.packages.instead.push((name.clone(), version));
            worlds.push(world);
        }
    }
    // What works on every loop today may have needed Proactor in a version that is allowed.
    let needs = Knowledge::bundled().needs.rows.iter().filter(|need| need.needs == Needed::Proactor);
    for (name, versions) in needs.flat_map(|need| &need.packages) {
        let package = project.dependencies.package(name);
        if let Some(version) = package.lowest_in(&versions.0).filter(|_| !package.verdict_in(&versions.0)) {
            let mut world = verdict(Platform::Windows);
            world.packages.instead.push((name.clone(), version));
            worlds.push(world);
        }
    }
    worlds
}

/// The tables whose knob is not understood by every version.
fn boundaries() -> Vec<(String, &'static LoopTable)> {
    let tables = &Knowledge::bundled().runners.loops;
    tables.values().filter_map(|table| Some((table.package.clone()?, table))).collect()
}
