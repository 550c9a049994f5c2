//! The postcondition of a fix, checked by running the changed program on paper.

use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;

use crate::analysis::Workspace;
use crate::entry::LoopKind;
use crate::fix::Change;
use crate::interpret::trace::{Event, EventKind, RootTrace, Site, Use};
use crate::interpret::{Limits, RunOptions, Unit, World, run_root};
use crate::knowledge::{Knowledge, LoopTable, Needed};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::dependencies::Answer;
use crate::rules::Diagnosis;

/// What programs amount to, by the index of their traces. Findings come file by file, and many are cured
/// by the same change, so that little has to be kept for few runs.
#[derive(Default)]
pub struct Runs {
    /// The last program as it stands.
    before: Option<(usize, Vec<Summary>)>,
    /// The last changes that were tried, the latest one first.
    after: VecDeque<Changed>,
}

/// So many changes are remembered: as many as are tried for one finding.
const CHANGES: usize = 4;

/// A changed program, and what it amounts to in the first worlds, as far as that was asked.
struct Changed {
    index: usize,
    texts: Vec<(usize, Arc<str>)>,
    workspace: Workspace,
    summaries: Vec<Summary>,
}

impl Runs {
    /// The program as it stands in every world, and with the changes.
    fn of(
        &mut self,
        workspace: &Workspace,
        index: usize,
        trace: &RootTrace,
        changes: &[Change],
    ) -> (&[Summary], &mut Changed) {
        let known = self.before.take().filter(|(known, _)| *known == index);
        let (_, before) = self.before.insert(known.unwrap_or_else(|| {
            let project = workspace.project_of(trace.root.module);
            (index, worlds(project).iter().map(|world| summary(project, world, trace)).collect())
        }));
        let texts: Vec<(usize, Arc<str>)> =
            changes.iter().map(|change| (change.module, change.text.clone())).collect();
        let known = self.after.iter().position(|known| known.index == index && known.texts == texts);
        let changed = known.and_then(|known| self.after.remove(known)).unwrap_or_else(|| {
            let workspace = workspace.with_texts(&texts);
            Changed { index, texts, workspace, summaries: Vec::new() }
        });
        self.after.truncate(CHANGES - 1);
        self.after.push_front(changed);
        (before, &mut self.after[0])
    }
}

/// Whether the changed program runs on Selector where it did not, on every version the project
/// allows, and as before everywhere else. The changes may be those of several findings, whose calls
/// must then be cured one and all.
///
/// # Errors
///
/// Why not, for people.
pub fn holds(
    workspace: &Workspace,
    runs: &mut Runs,
    (index, trace): (usize, &RootTrace),
    diagnoses: &[&Diagnosis],
    changes: &[Change],
) -> Result<(), String> {
    let (before, changed) = runs.of(workspace, index, trace, changes);
    if changes.iter().any(|change| changed.workspace.modules[change.module].code().is_err()) {
        return Err("the result would not parse".into());
    }
    let after = changed.workspace.project_of(trace.root.module);
    let worlds = worlds(after);
    let runs =
        |(world, was): (&World<'_>, &Summary)| world.platform == Platform::Windows && !runs_nothing(was);
    let runs_on_windows = worlds.iter().zip(before).any(runs);
    for (number, (world, was)) in worlds.iter().zip(before).enumerate() {
        if changed.summaries.len() == number {
            changed.summaries.push(summary(after, world, trace));
        }
        let is = &changed.summaries[number];
        if runs_on_windows && world.platform != Platform::Windows && runs_nothing(is) && died(is) < died(was)
        {
            return Err(format!("the program would do nothing {}", place(world)));
        }
        for diagnosis in diagnoses {
            compare(diagnosis, world, was, is, changes)?;
        }
        if world.platform == Platform::Windows {
            cures_each(index, diagnoses, world, was, is)?;
        }
    }
    Ok(())
}

/// Whether another program, which executes a changed module as well, still does what it did.
///
/// # Errors
///
/// Why not, for people.
pub fn leaves_alone(workspace: &Workspace, trace: &RootTrace, changes: &[Change]) -> Result<(), String> {
    let texts: Vec<(usize, Arc<str>)> =
        changes.iter().map(|change| (change.module, change.text.clone())).collect();
    let changed = workspace.with_texts(&texts);
    let (project, after) = (workspace.project_of(trace.root.module), changed.project_of(trace.root.module));
    for world in &worlds(after) {
        let (was, is) = (summary(project, world, trace), summary(after, world, trace));
        let same = match world.platform {
            Platform::Windows => kept(world, &was, &is),
            _ if kinds(&was) == kinds(&is) => Ok(()),
            _ => Err(format!("a loop would change {}", place(world))),
        };
        same.map_err(|why| format!("in {}, {why}", workspace.modules[trace.root.module].shown))?;
    }
    Ok(())
}

/// What a run amounts to: the loops by place in the order of the runs, and whether names were missing.
struct Summary {
    /// Per way: the kinds in order, and the error the run died of.
    ways: BTreeMap<Vec<String>, (Vec<LoopKind>, Option<String>)>,
    /// Per way: where the loops were run, in the same order.
    sites: BTreeMap<Vec<String>, Vec<Option<Site>>>,
    /// The names that were missing, as often as they were, and where.
    missing: Vec<(Arc<str>, Option<Site>)>,
    /// Policies that a test of the platform keeps from being set.
    withheld: usize,
    misused: usize,
    /// What was called that works on Proactor alone.
    needs_proactor: Option<Use>,
}

fn summary<'p>(project: &'p Project, world: &World<'p>, trace: &RootTrace) -> Summary {
    let worlds = std::slice::from_ref(world);
    let options = RunOptions { project, worlds, knowledge: Knowledge::bundled(), limits: Limits::default() };
    let (trace, _) = run_root(&options, &trace.root);
    let (mut ways, mut sites) = (BTreeMap::new(), BTreeMap::new());
    let (mut missing, mut misused) = (Vec::new(), 0);
    let mut needs_proactor = None;
    for path in &trace.paths {
        let kinds = path.events.iter().filter_map(|event| event.run()).map(|run| run.kind).collect();
        missing.extend(path.events.iter().filter_map(|event| match &event.kind {
            EventKind::Missing(name) => Some((name.clone(), event.site)),
            _ => None,
        }));
        misused += path.events.iter().filter(|event| matches!(event.kind, EventKind::Misused(_))).count();
        needs_proactor = needs_proactor.or_else(|| path.events.iter().find_map(proactor_alone));
        let assumed: Vec<String> = path.assumed.iter().map(|label| label.to_string()).collect();
        let runs = path.events.iter().filter(|event| event.run().is_some());
        sites.insert(assumed.clone(), runs.map(|event| event.site).collect());
        ways.insert(assumed, (kinds, path.died.as_ref().map(|error| error.to_string())));
    }
    let withheld = trace.guards.iter().filter(|guard| guard.withheld.is_some()).count();
    Summary { ways, sites, missing, withheld, misused, needs_proactor }
}

/// Way by way, the loops that run.
fn kinds(summary: &Summary) -> Vec<Vec<LoopKind>> {
    summary.ways.values().map(|(kinds, _)| kinds.clone()).collect()
}

fn runs_nothing(summary: &Summary) -> bool {
    summary.ways.values().all(|(kinds, _)| kinds.is_empty())
}

/// How many ways end with an error before a loop runs.
fn died(summary: &Summary) -> usize {
    summary.ways.values().filter(|(kinds, died)| died.is_some() && kinds.is_empty()).count()
}

fn proactor_alone(event: &Arc<Event>) -> Option<Use> {
    match &event.kind {
        EventKind::Need(used) if used.needs == Needed::Proactor => Some(used.clone()),
        _ => None,
    }
}

fn compare(
    diagnosis: &Diagnosis,
    world: &World<'_>,
    was: &Summary,
    is: &Summary,
    changes: &[Change],
) -> Result<(), String> {
    let place = place(world);
    if diagnosis.finding.code == "LC301" {
        let own: Vec<&Arc<str>> =
            was.missing.iter().filter(|(_, site)| *site == diagnosis.site).map(|(name, _)| name).collect();
        return if own.is_empty() || !own.iter().any(|name| still_misses(diagnosis, name, is, changes)) {
            Ok(())
        } else {
            Err(format!("the name would still be missing {place}"))
        };
    }
    if diagnosis.finding.code == "LC302" {
        let right = kinds(was) == kinds(is) || world.platform != Platform::Windows;
        let here = "the loop would change";
        return if right && died(is) <= died(was) { Ok(()) } else { Err(format!("{here} {place}")) };
    }
    if world.platform != Platform::Windows {
        // A program that died of what was wrong comes to its loop.
        let mended = is.missing.len() < was.missing.len() || is.misused < was.misused;
        let revived = mended && died(is) < died(was);
        let same = kinds(was) == kinds(is) || revived;
        return if same { Ok(()) } else { Err(format!("the loop would change {place}")) };
    }
    if diagnosis.finding.code == "LC205" {
        return match is.misused {
            0 => Ok(()),
            _ => Err(format!("the policy would still be refused {place}")),
        };
    }
    kept(world, was, is)?;
    let (old, new) = (kinds(was), kinds(is));
    let left =
        |kinds: &[Vec<LoopKind>]| kinds.iter().flatten().filter(|kind| **kind == LoopKind::Proactor).count();
    let gone = match diagnosis.finding.code {
        "LC104" => true,
        // A policy that is set at last and then taken back cures nothing.
        "LC204" if is.withheld >= was.withheld => false,
        _ => left(&old) == 0 || left(&new) < left(&old),
    };
    if gone { Ok(()) } else { Err(format!("the loop would still be Proactor {place}")) }
}

/// Whether the name of a finding is still missing where it was. What is missing further on, the program
/// did not come to before.
fn still_misses(diagnosis: &Diagnosis, name: &str, is: &Summary, changes: &[Change]) -> bool {
    let Some(Site { unit: Unit::Project(module), .. }) = diagnosis.site else { return true };
    let Some(change) = changes.iter().find(|change| change.module == module) else { return true };
    let lines = |text: &str| text.matches('\n').count();
    let old = diagnosis.finding.place.start.line as usize;
    // The edits have moved the name by so many lines at most.
    let growth: usize = change.edits.iter().map(|edit| lines(&edit.content)).sum();
    let missing = is.missing.iter().filter(|(other, _)| **other == *name).filter_map(|(_, site)| *site);
    let may_be_it = |site: Site| {
        let line = change.text.get(..site.span.start as usize).map_or(0, lines) + 1;
        site.unit == Unit::Project(module) && (old..=old + growth).contains(&line)
    };
    missing.into_iter().any(may_be_it)
}

/// Whether a program that was right is, and still does what it did.
fn kept(world: &World<'_>, was: &Summary, is: &Summary) -> Result<(), String> {
    let place = place(world);
    if died(is) > died(was) {
        let error =
            is.ways.values().filter(|(kinds, _)| kinds.is_empty()).find_map(|(_, died)| died.as_deref());
        let error = error.map_or_else(String::new, |error| format!(" ({error})"));
        return Err(format!("the program would fail {place}{error}"));
    }
    let (old, new) = (kinds(was), kinds(is));
    if new.len() != old.len() || old.iter().zip(&new).any(|(old, new)| old.len() != new.len()) {
        return Err(format!("the program would run another way {place}"));
    }
    let worse = old
        .iter()
        .flatten()
        .zip(new.iter().flatten())
        .any(|(old, new)| *old != LoopKind::Proactor && old != new);
    if worse {
        return Err(format!("a loop that is right would change {place}"));
    }
    if let Some(used) = is.needs_proactor.as_ref().filter(|_| old != new) {
        let packages = &Knowledge::bundled().needs.rows[used.row].packages;
        let versions: Vec<String> =
            packages.iter().map(|(name, versions)| format!("{name} {}", versions.0)).collect();
        let with = match &versions[..] {
            [] => String::new(),
            versions => format!(" with {}, which the project allows", versions.join(" and ")),
        };
        return Err(format!("`{}` needs Proactor{with}", used.what));
    }
    Ok(())
}

/// Whether every finding's own calls run on Proactor less often than before. [`compare`] has seen
/// that the runs are the same ones in the same order; only that order is left to tell which is which,
/// for the changes have moved the calls.
fn cures_each(
    index: usize,
    diagnoses: &[&Diagnosis],
    world: &World<'_>,
    was: &Summary,
    is: &Summary,
) -> Result<(), String> {
    let mut change: BTreeMap<Site, (usize, usize)> = BTreeMap::new();
    for ((sites, (old, _)), (new, _)) in was.sites.values().zip(was.ways.values()).zip(is.ways.values()) {
        for ((site, old), new) in sites.iter().zip(old).zip(new) {
            let Some(site) = site else { continue };
            let (before, after) = change.entry(*site).or_default();
            *before += usize::from(*old == LoopKind::Proactor);
            *after += usize::from(*new == LoopKind::Proactor);
        }
    }
    // The others are about a line, and may leave the loops as they are.
    let about_loops = |code: &str| code.starts_with("LC1") || code.starts_with("LC2") && code != "LC205";
    for diagnosis in diagnoses.iter().filter(|diagnosis| about_loops(diagnosis.finding.code)) {
        let calls = diagnosis.calls.iter().filter(|(trace, _)| *trace == index);
        let counts = calls.filter_map(|(_, site)| change.get(site));
        let (before, after) = counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        if before > 0 && after >= before {
            return Err(format!("a loop would still be Proactor {}", place(world)));
        }
    }
    Ok(())
}

/// A world, for people.
fn place(world: &World<'_>) -> String {
    let (major, minor) = world.python;
    let mut place = format!("on {} with Python {major}.{minor}", world.platform.shown());
    for (package, version) in &world.packages.instead {
        place.push_str(&format!(" and {package} {version}"));
    }
    place
}

/// The verdict's world on every platform, and the corners of what else the project allows on Windows.
fn worlds(project: &Project) -> Vec<World<'_>> {
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
