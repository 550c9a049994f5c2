//! From findings to edits of the text.
//!
//! - [`remedy`]: which cure fits a finding, as intents; [`repair`]: those that change a policy that stands there.
//! - [`leaving`]: how a policy leaves its place for another.
//! - [`intent`] and [`render`]: from intents to edits of one file.
//! - [`verify`]: the second paper run, on the changed text; [`proofs`]: which of them are needed.
//! - [`passes`]: applying all fixes of a run, until nothing changes.

pub mod apply;
pub mod intent;
mod leaving;
mod passes;
mod proofs;
mod remedy;
pub mod render;
mod repair;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::Workspace;
use crate::fault;
use crate::finding::{Applicability, Edit, Fix, Severity};
use crate::fix::apply::TextEdit;
use crate::fix::intent::{GuardStyle, Intent, Style};
use crate::interpret::trace::{RootTrace, Site};
use crate::ir::Span;
use crate::knowledge::pages::{self, FixAvailability};
use crate::project::line_length::line_length;
use crate::rules::Diagnosis;
use crate::settings::{Guard, Remedy, Settings};

use proofs::Proofs;

pub use passes::apply_all;

/// A cure before it is rendered: what is wanted of which module.
#[derive(Clone, Debug)]
pub struct Cure {
    pub applicability: Applicability,
    /// The imperative shown to people.
    pub message: String,
    pub intents: Vec<(usize, Intent)>,
}

/// Gives every diagnosis its fix, or the sentence that says why there is none.
pub fn plan_all(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnoses: &mut [Diagnosis],
) {
    by_programs(diagnoses)
        .into_par_iter()
        .for_each(|diagnoses| plan_each(settings, workspace, traces, diagnoses));
}

/// Findings that have programs in common, in their order. What is proven of one group tells nothing
/// about another.
fn by_programs(diagnoses: &mut [Diagnosis]) -> Vec<Vec<&mut Diagnosis>> {
    // The first program of the group that a program is in.
    let mut first_of: BTreeMap<usize, usize> = BTreeMap::new();
    for diagnosis in &*diagnoses {
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
    diagnoses: Vec<&mut Diagnosis>,
) {
    let mut proofs = Proofs::default();
    proofs.prove_together(settings, workspace, traces, diagnoses.iter().map(|diagnosis| &**diagnosis));
    for diagnosis in diagnoses {
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
            Ok((cure, fix)) => {
                diagnosis.finding.fix = Some(fix);
                diagnosis.finding.help = cure.message.clone();
                diagnosis.cure = Some(cure);
            }
            Err(help) => diagnosis.finding.help = help,
        }
    }
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
        let first = tidy.map_or_else(|| Err(String::new()), &mut prove);
        let second = first.or_else(|_| prove(cure));
        second.or_else(|why| guarded.map_or(Err(why.clone()), |cure| prove(cure).map_err(|_| why)))
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

/// Renders a cure that changes no code, so that no run could tell the difference.
///
/// # Errors
///
/// Why it cannot be rendered, for people.
pub fn render_cure(settings: &Settings, workspace: &Workspace, cure: &Cure) -> Result<Fix, String> {
    let changed = render_all(settings, workspace, &cure.intents)?;
    Ok(as_fix(workspace, cure, &changed))
}

fn as_fix(workspace: &Workspace, cure: &Cure, changed: &[Change]) -> Fix {
    let mut edits = Vec::new();
    for change in changed {
        let source = workspace.modules[change.module].source();
        edits.extend(change.edits.iter().map(|edit| Edit {
            place: source.place(Span { start: edit.start, end: edit.end }),
            content: edit.content.clone(),
        }));
    }
    Fix { applicability: cure.applicability, message: cure.message.clone(), edits }
}

/// One module with its edits, and the text they make.
pub struct Change {
    pub module: usize,
    pub edits: Vec<TextEdit>,
    pub text: Arc<str>,
}

/// Renders intents, module by module.
fn render_all(
    settings: &Settings,
    workspace: &Workspace,
    intents: &[(usize, Intent)],
) -> Result<Vec<Change>, String> {
    let mut by_module: BTreeMap<usize, Vec<Intent>> = BTreeMap::new();
    for (module, intent) in intents {
        let wanted = by_module.entry(*module).or_default();
        if !wanted.contains(intent) {
            wanted.push(intent.clone());
        }
    }
    let mut changes = Vec::new();
    for (module, intents) in by_module {
        if workspace.has_fault(module) {
            return Err(fault::MESSAGE.to_owned());
        }
        if workspace.modules[module].is_notebook() {
            return Err("loopcheck does not write into notebooks".to_owned());
        }
        if !workspace.modules[module].file.given {
            return Err(format!("{} is not among the files given", workspace.modules[module].shown));
        }
        let source = workspace.modules[module].source();
        let guard = match settings.at(&source.path).guard {
            Guard::SysPlatform => GuardStyle::SysPlatform,
            Guard::PlatformSystem => GuardStyle::PlatformSystem,
        };
        let folder = source.path.parent().unwrap_or(&source.path);
        let line_length = line_length(folder, &workspace.project_of(module).top);
        let text = &source.text;
        let edits = render::render(text, &intents, &Style { guard, line_length })?;
        let new = apply::apply(text, &edits);
        changes.push(Change { module, edits, text: new.into() });
    }
    Ok(changes)
}
