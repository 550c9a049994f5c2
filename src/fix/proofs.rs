//! Which paper runs prove the cures: as few as will do.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::Fix;
use crate::fix::intent::Intent;
use crate::fix::summary::Runs;
use crate::fix::{Cure, as_fix, remedy, render_all, verify};
use crate::interpret::trace::{RootTrace, Site};
use crate::rules::Diagnosis;
use crate::settings::{Remedy, Settings};

/// What the second paper runs have shown so far.
#[derive(Default)]
pub struct Proofs {
    runs: Runs,
    /// Cures that hold because they held together with others.
    together: BTreeMap<Told, Vec<(usize, Intent)>>,
    /// How many cures in a row did not hold, by program and code.
    refused: BTreeMap<(usize, &'static str), usize>,
}

/// Where so many cures of one kind in a row did not hold in a program, the next are not tried: a program
/// that takes many ways must not take as many runs for each of its findings.
const REFUSALS: usize = 8;

/// Which finding it is: its code, trace and place.
type Told = (&'static str, Option<usize>, Option<Site>);

fn told(diagnosis: &Diagnosis) -> Told {
    (diagnosis.finding.code, diagnosis.trace, diagnosis.site)
}

/// A finding and what is to cure it.
pub type Wish<'d> = (&'d Diagnosis, Cure);

impl Proofs {
    /// Proves the cures of one program in one run where each sets arguments of its own call: such
    /// cures do not touch each other. What does not hold together is proven by halves, so that one
    /// call without a cure costs the others little.
    pub fn prove_together<'d>(
        &mut self,
        settings: &Settings,
        workspace: &Workspace,
        traces: &[RootTrace],
        diagnoses: impl Iterator<Item = &'d Diagnosis>,
    ) {
        let mut by_program: BTreeMap<(usize, &str), Vec<Wish<'_>>> = BTreeMap::new();
        for diagnosis in diagnoses {
            let code = diagnosis.finding.code;
            let Some(index) = diagnosis.trace.filter(|_| code.starts_with("LC1")) else { continue };
            let wish = settings.at_shown(&diagnosis.finding.place.path).remedy;
            // With this wish, the first cure is not always the one that is taken.
            if wish == Remedy::Policy {
                continue;
            }
            let module = traces[index].root.module;
            let find = || remedy::remedy(wish, workspace, &traces[index], diagnosis).ok();
            let Some(cure) = workspace.guarded("fix", module, find).flatten() else { continue };
            if cure.intents.iter().all(|(_, intent)| matches!(intent, Intent::SetKeyword { .. })) {
                by_program.entry((index, code)).or_default().push((diagnosis, cure));
            }
        }
        for ((index, _), wishes) in by_program {
            self.prove_wishes(settings, workspace, (index, &traces[index]), &wishes);
        }
    }

    /// Proves cures of one program in as few runs as will do.
    pub fn prove_wishes(
        &mut self,
        settings: &Settings,
        workspace: &Workspace,
        program: (usize, &RootTrace),
        wishes: &[Wish<'_>],
    ) {
        let prove = || self.prove_halves(settings, workspace, program, wishes);
        workspace.guarded("fix", program.1.root.module, prove);
    }

    fn prove_halves(
        &mut self,
        settings: &Settings,
        workspace: &Workspace,
        program: (usize, &RootTrace),
        wishes: &[Wish<'_>],
    ) {
        // A single one is proven when its turn comes.
        if wishes.len() < 2 {
            return;
        }
        let diagnoses: Vec<&Diagnosis> = wishes.iter().map(|(diagnosis, _)| *diagnosis).collect();
        let intents: Vec<_> = wishes.iter().flat_map(|(_, cure)| cure.intents.iter().cloned()).collect();
        let holds = render_all(settings, workspace, &intents)
            .and_then(|changes| verify::holds(workspace, &mut self.runs, program, &diagnoses, &changes));
        if holds.is_ok() {
            self.together
                .extend(wishes.iter().map(|(diagnosis, cure)| (told(diagnosis), cure.intents.clone())));
            return;
        }
        let (first, second) = wishes.split_at(wishes.len() / 2);
        self.prove_halves(settings, workspace, program, first);
        self.prove_halves(settings, workspace, program, second);
    }

    /// Renders a cure and, unless it is known to hold, runs the programs it concerns again with it.
    ///
    /// # Errors
    ///
    /// Why it does not hold, for people.
    pub fn prove(
        &mut self,
        settings: &Settings,
        workspace: &Workspace,
        traces: &[RootTrace],
        concerned: &BTreeSet<usize>,
        diagnosis: &Diagnosis,
        cure: &Cure,
    ) -> Result<Fix, String> {
        let changed = render_all(settings, workspace, &cure.intents)?;
        if self.together.get(&told(diagnosis)) != Some(&cure.intents) {
            for index in concerned {
                let refused = self.refused.entry((*index, diagnosis.finding.code)).or_default();
                if *refused == REFUSALS {
                    return Err(format!(
                        "it did not hold at the {REFUSALS} places of the program tried before"
                    ));
                }
                let program = (*index, &traces[*index]);
                let held = verify::holds(workspace, &mut self.runs, program, &[diagnosis], &changed);
                *refused = if held.is_ok() { 0 } else { *refused + 1 };
                held?;
            }
            for trace in others(workspace, traces, concerned, cure) {
                verify::leaves_alone(workspace, trace, &changed)?;
            }
        }
        Ok(as_fix(workspace, cure, &changed))
    }
}

/// So many other programs are asked what a policy would change for them.
const OTHERS: usize = 8;

/// The programs that are not to be cured, and execute a module whose top is to set the policy.
fn others<'t>(
    workspace: &Workspace,
    traces: &'t [RootTrace],
    concerned: &BTreeSet<usize>,
    cure: &Cure,
) -> Vec<&'t RootTrace> {
    let sets_at_top = |(module, intent): &(usize, Intent)| {
        let at_top = matches!(intent, Intent::InsertPolicy { .. } | Intent::MovePolicy { .. });
        (at_top && workspace.modules[*module].file.imported).then_some(*module)
    };
    let modules: Vec<usize> = cure.intents.iter().filter_map(sets_at_top).collect();
    let is_other = |(index, trace): &(usize, &RootTrace)| {
        !concerned.contains(index)
            && trace.root.launch != Launch::Function
            && modules.iter().any(|module| trace.modules.contains(module))
    };
    traces.iter().enumerate().filter(is_other).map(|(_, trace)| trace).take(OTHERS).collect()
}
