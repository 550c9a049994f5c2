//! One policy for all that a program starts.

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::fix::intent::Intent;
use crate::fix::proofs::Proofs;
use crate::fix::{Cure, repair};
use crate::interpret::trace::RootTrace;
use crate::rules::Diagnosis;
use crate::settings::{Remedy, Settings};

/// Where one finding of a program is cured by a policy and others by an argument of their call, the
/// policy is tried for all: it is less to write, and what the program makes on its first loop can be
/// used on the second.
pub fn share_policies(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnoses: &mut [&mut Diagnosis],
    proofs: &mut Proofs,
) {
    let mut policies: BTreeMap<usize, Cure> = BTreeMap::new();
    for diagnosis in &*diagnoses {
        if let (Some(program), Some(cure)) = (diagnosis.trace, &diagnosis.cure)
            && cure.intents.iter().all(|(_, intent)| intent.sets_policy())
        {
            policies.entry(program).or_insert_with(|| cure.clone());
        }
    }
    for (program, policy) in policies {
        let may_share = |diagnosis: &Diagnosis| {
            diagnosis.trace == Some(program)
                && diagnosis.cure.as_ref().is_some_and(|own| {
                    own.intents.iter().all(|(_, intent)| chooses_loop(intent))
                        && own.applicability <= policy.applicability
                })
                && settings.at_shown(&diagnosis.finding.place.path).remedy != Remedy::LoopFactory
                && repair::asks_policy(&traces[program], diagnosis)
        };
        let wishes = diagnoses
            .iter()
            .filter(|diagnosis| may_share(diagnosis))
            .map(|diagnosis| (&**diagnosis, policy.clone()));
        proofs.prove_wishes(settings, workspace, (program, &traces[program]), &wishes.collect::<Vec<_>>());
        for diagnosis in diagnoses.iter_mut().filter(|diagnosis| may_share(diagnosis)) {
            let concerned = diagnosis.concerned();
            let prove = || proofs.prove(settings, workspace, traces, &concerned, diagnosis, &policy).ok();
            let module = traces[program].root.module;
            if let Some(fix) = workspace.guarded("fix", module, prove).flatten() {
                diagnosis.cure_by(policy.clone(), fix);
            }
        }
    }
}

/// Whether it gives one call its loop.
fn chooses_loop(intent: &Intent) -> bool {
    matches!(intent, Intent::SetKeyword { .. } | Intent::ReplaceCall { .. })
}
