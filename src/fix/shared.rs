//! One policy for all that a program starts.

use crate::analysis::Workspace;
use crate::fix::intent::Intent;
use crate::fix::proofs::Proofs;
use crate::fix::repair;
use crate::interpret::trace::RootTrace;
use crate::rules::Diagnosis;
use crate::settings::{Remedy, Settings};

/// Where one finding of a program is cured by a policy and another by an argument of its call, the
/// policy is tried for both: it is less to write, and what the program makes on its first loop can be
/// used on the second.
pub fn share_policies(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnoses: &mut [&mut Diagnosis],
    proofs: &mut Proofs,
) {
    for index in 0..diagnoses.len() {
        let (Some(program), Some(policy)) = (diagnoses[index].trace, diagnoses[index].cure.clone()) else {
            continue;
        };
        if !policy.intents.iter().all(|(_, intent)| sets_policy(intent)) {
            continue;
        }
        let of_program = diagnoses.iter_mut().filter(|diagnosis| diagnosis.trace == Some(program));
        for diagnosis in of_program {
            let Some(own) = &diagnosis.cure else { continue };
            let by_argument = own.intents.iter().all(|(_, intent)| chooses_loop(intent))
                && repair::asks_policy(&traces[program], diagnosis);
            let wish = settings.at_shown(&diagnosis.finding.place.path).remedy;
            if !by_argument || wish == Remedy::LoopFactory || policy.applicability < own.applicability {
                continue;
            }
            let concerned = diagnosis.concerned();
            let prove = || proofs.prove(settings, workspace, traces, &concerned, diagnosis, &policy).ok();
            let module = traces[program].root.module;
            if let Some(fix) = workspace.guarded("fix", module, prove).flatten() {
                diagnosis.finding.help = policy.message.clone();
                diagnosis.finding.fix = Some(fix);
                diagnosis.cure = Some(policy.clone());
            }
        }
    }
}

fn sets_policy(intent: &Intent) -> bool {
    matches!(intent, Intent::InsertPolicy { .. } | Intent::InsertPolicyHere { .. })
}

/// Whether it gives one call its loop.
fn chooses_loop(intent: &Intent) -> bool {
    matches!(intent, Intent::SetKeyword { .. } | Intent::ReplaceCall { .. })
}
