//! Every finding's fix, or the sentence that says why there is none.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::analysis::Workspace;
use crate::finding::{Fix, Severity};
use crate::fix::proofs::Proofs;
use crate::fix::{Cure, remedy, repair, shared};
use crate::interpret::trace::{RootTrace, Site};
use crate::knowledge::pages::{self, FixAvailability};
use crate::rules::Diagnosis;
use crate::settings::{Remedy, Settings};

/// Gives every diagnosis that will be shown its fix, or the sentence that says why there is none. To prove
/// one takes several runs, which lesser findings are not worth that nobody asked to see.
pub fn plan_all(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnoses: &mut [Diagnosis],
) {
    let shown = diagnoses.iter_mut().filter(|diagnosis| settings.shows(&diagnosis.finding));
    by_programs(shown.collect())
        .into_par_iter()
        .for_each(|diagnoses| plan_each(settings, workspace, traces, diagnoses));
}

/// Findings that have programs in common, in their order. What is proven of one group tells nothing
/// about another.
fn by_programs(diagnoses: Vec<&mut Diagnosis>) -> Vec<Vec<&mut Diagnosis>> {
    // The first program of the group that a program is in.
    let mut first_of: BTreeMap<usize, usize> = BTreeMap::new();
    for diagnosis in &diagnoses {
        let all = diagnosis.programs();
        let firsts: BTreeSet<usize> = all.iter().map(|one| *first_of.entry(*one).or_insert(*one)).collect();
        if let (Some(first), 2..) = (firsts.first(), firsts.len()) {
            first_of.values_mut().filter(|other| firsts.contains(other)).for_each(|other| *other = *first);
        }
    }
    let mut groups: BTreeMap<usize, Vec<&mut Diagnosis>> = BTreeMap::new();
    for diagnosis in diagnoses {
        if let Some(first) = diagnosis.programs().first().and_then(|one| first_of.get(one)) {
            groups.entry(*first).or_default().push(diagnosis);
        }
    }
    groups.into_values().collect()
}

fn plan_each(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    mut diagnoses: Vec<&mut Diagnosis>,
) {
    let mut proofs = Proofs::default();
    proofs.prove_together(settings, workspace, traces, diagnoses.iter().map(|diagnosis| &**diagnosis));
    for diagnosis in diagnoses.iter_mut().map(|diagnosis| &mut **diagnosis) {
        // What cures the call cures its finding, whichever rule tells of it, unless that rule leaves the
        // cure to people.
        let has_fix =
            pages::find(diagnosis.finding.code).is_some_and(|page| page.fix != FixAvailability::None);
        let silenced = diagnosis.silenced.iter().filter(|_| diagnosis.is_about_calls() && has_fix);
        let all = std::iter::once(&*diagnosis).chain(silenced);
        let about = matches!(diagnosis.finding.code, "LC202" | "LC203").then_some(diagnosis.site).flatten();
        let mut plans = all.filter_map(|diagnosis| {
            let module = traces[diagnosis.trace?].root.module;
            workspace
                .guarded("fix", module, || plan(settings, workspace, traces, diagnosis, about, &mut proofs))
                .flatten()
        });
        // Without a cure, the first that has something to say to a person.
        let better = |best: Result<_, String>, next: Result<_, String>| match (best, next) {
            (Err(help), Err(other)) if help.is_empty() => Err(other),
            (Err(help), Err(_)) => Err(help),
            (best, next) => best.or(next),
        };
        let Some(first) = plans.next() else { continue };
        let plan = match first {
            Ok(plan) => Ok(plan),
            Err(help) => plans.fold(Err(help), better),
        };
        match plan {
            Ok((cure, fix)) => diagnosis.cure_by(cure, fix),
            Err(help) => diagnosis.finding.help = help,
        }
    }
    shared::share_policies(settings, workspace, traces, &mut diagnoses, &mut proofs);
}

/// The cure that a second paper run has proven, or what a person can do instead. `about` is the policy
/// that the finding is about, if it is one that no loop asks.
fn plan(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnosis: &Diagnosis,
    about: Option<Site>,
    proofs: &mut Proofs,
) -> Option<Result<(Cure, Fix), String>> {
    let trace = &traces[diagnosis.trace?];
    let wanted = settings.at_shown(&diagnosis.finding.place.path).remedy;
    let mut attempt = |wish| {
        let cure = match diagnosis.finding.code {
            // Who prefers policies keeps this one.
            // A note is about a program that works; who wrote it may have other Pythons in mind.
            "LC501" if wanted == Remedy::Policy || diagnosis.finding.severity == Severity::Info => {
                return Err(diagnosis.finding.help.clone());
            }
            "LC501" => remedy::without_policy(workspace, traces, diagnosis)?,
            _ => remedy::remedy(wish, workspace, trace, diagnosis)?,
        };
        let concerned = diagnosis.concerned();
        let mut prove =
            |cure: Cure| match proofs.prove(settings, workspace, traces, &concerned, diagnosis, &cure) {
                Ok(fix) => Ok((cure, fix)),
                Err(reason) => Err(format!("{}; not done by --fix: {reason}", cure.message)),
            };
        // A policy that is superfluous harms less than one that something else turns out to need.
        let tidy = repair::instead_of(workspace, trace, about, &cure);
        let guarded = repair::in_main_guard(workspace, &cure);
        let late = repair::below_another(workspace, trace, diagnosis, &cure);
        let first = tidy.map_or_else(|| Err(String::new()), &mut prove);
        let second = first.or_else(|_| prove(cure));
        let others = guarded.into_iter().chain(late);
        others.fold(second, |plan, cure| plan.or_else(|why| prove(cure).map_err(|_| why)))
    };
    // Who set a policy that no loop asks wants one that it does.
    let moves = about.is_some_and(|site| repair::may_move(workspace, trace, diagnosis, site));
    Some(match wanted {
        // Where no policy can hold, something else is better than nothing.
        wish if wish == Remedy::Policy || wish == Remedy::Auto && moves => {
            attempt(Remedy::Policy).or_else(|_| attempt(Remedy::Auto))
        }
        // Where an argument cannot be given, the policy may still hold.
        Remedy::Auto if repair::asks_policy(trace, diagnosis) => {
            attempt(Remedy::Auto).or_else(|why| attempt(Remedy::Policy).map_err(|_| why))
        }
        wish => attempt(wish),
    })
}
