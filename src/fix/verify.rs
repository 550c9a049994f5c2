//! The postcondition of a fix, checked by running the changed program on paper.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::Workspace;
use crate::entry::LoopKind;
use crate::fix::Change;
use crate::fix::summary::{Changed, Runs, Summary, as_it_stands, worlds};
use crate::interpret::trace::{RootTrace, Site};
use crate::interpret::{Limits, Unit, World};
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::rules::Diagnosis;

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
    within_limits(trace, |limits| {
        let (before, changed) = runs.of(workspace, (index, trace), changes, limits);
        if changes.iter().any(|change| changed.workspace.modules[change.module].readable().is_err()) {
            return Err("the result would not parse".into());
        }
        let worlds = worlds(workspace.project_of(trace.root.module));
        let is_windows = |world: &World<'_>| world.platform == Platform::Windows;
        let runs_on_windows =
            worlds.iter().zip(before).any(|(world, was)| is_windows(world) && !runs_nothing(was));
        for (number, (world, was)) in worlds.iter().zip(before).enumerate() {
            let is = changed.summary(trace, number);
            if runs_on_windows && !is_windows(world) && runs_nothing(is) && died(is) < died(was) {
                return Err(format!("the program would do nothing {}", place(world)));
            }
            for diagnosis in diagnoses {
                compare(diagnosis, world, was, is, changes)?;
            }
            if is_windows(world) {
                cures_each(index, diagnoses, world, was, is)?;
            }
        }
        Ok(())
    })
}

/// Whether another program, which executes a changed module as well, still does what it did.
///
/// # Errors
///
/// Why not, for people.
pub fn leaves_alone(workspace: &Workspace, trace: &RootTrace, changes: &[Change]) -> Result<(), String> {
    let shown = &workspace.modules[trace.root.module].shown;
    within_limits(trace, |limits| {
        let before = as_it_stands(workspace, trace, limits);
        let mut changed = Changed::new(workspace, changes, limits);
        let worlds = worlds(workspace.project_of(trace.root.module));
        for (number, (world, was)) in worlds.iter().zip(&before.all).enumerate() {
            let is = changed.summary(trace, number);
            let same = match world.platform {
                Platform::Windows => kept(world, was, is),
                _ if kinds(was) == kinds(is) => Ok(()),
                _ => Err(format!("a loop would change {}", place(world))),
            };
            same.map_err(|why| format!("in {shown}, {why}"))?;
        }
        Ok(())
    })
}

/// Proves something of a program on as much of it as its verdict was found on. Where that is a part, what
/// does not hold there may still hold of the whole: a change moves the place where a run is cut off.
fn within_limits(
    trace: &RootTrace,
    mut proof: impl FnMut(Limits) -> Result<(), String>,
) -> Result<(), String> {
    let whole = Limits::default();
    let own = if trace.incomplete.is_some() { trace.limits } else { whole };
    match proof(own) {
        Err(_) if own.steps < whole.steps => proof(whole),
        proven => proven,
    }
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
