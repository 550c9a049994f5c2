//! The rules: each a question asked of the traces.
//!
//! One root cause is one finding: of the rules that could speak about a call, the first in
//! [`ABOUT_CALLS`] that does is the only one.

mod call;
mod causes;
mod lc000;
mod lc101;
mod lc102;
mod lc103;
mod lc104;
mod lc201;
mod lc301;

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::finding::{Finding, Place, Related, Severity};
use crate::fix::Cure;
use crate::interpret::reach::reached;
use crate::interpret::trace::{RootTrace, Site};
use crate::knowledge::pages;

pub use call::{Call, Scope, scope_of};
pub use causes::{causes, line_place, place, policy_name, version};

/// The rules about calls that start a loop, in the order of precedence.
const ABOUT_CALLS: &[fn(&Call<'_>) -> Option<Draft>] =
    &[lc201::check, lc101::check, lc102::check, lc103::check, lc104::check];

/// A finding on its way to the report, with what its cure needs to know.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    pub finding: Finding,
    /// Index of the trace it was read from, and the place the rule speaks of.
    pub trace: Option<usize>,
    pub site: Option<Site>,
    /// The cure that was proven, if there is one.
    pub cure: Option<Cure>,
}

/// What a rule says, before places and severities are settled.
#[derive(Clone, Debug)]
pub struct Draft {
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub label: String,
    pub why: String,
    pub help: String,
    pub related: Vec<Related>,
}

/// Asks every rule. Sorted by place and code; each place and code once.
pub fn check_all(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let mut found = lc000::check(workspace);
    for (index, trace) in traces.iter().enumerate() {
        for reached in reached(trace) {
            let Some(call) = Call::new(workspace, trace, &reached) else { continue };
            let Some(draft) = ABOUT_CALLS.iter().find_map(|rule| rule(&call)) else { continue };
            let Some(place) = place(workspace, reached.site) else { continue };
            let mut draft = draft;
            draft.related.extend(call.evidence());
            found.push(Diagnosis {
                finding: draft.at(place),
                trace: Some(index),
                site: Some(reached.site),
                cure: None,
            });
        }
        found.extend(lc301::check(workspace, index, trace));
    }
    found.sort_by(|a, b| (&a.finding.place, a.finding.code).cmp(&(&b.finding.place, b.finding.code)));
    let mut seen = BTreeSet::new();
    found.retain(|diagnosis| seen.insert((diagnosis.finding.place.clone(), diagnosis.finding.code)));
    found
}

impl Draft {
    pub fn at(self, place: Place) -> Finding {
        let related = self.related.into_iter().filter(|related| related.place != place).collect();
        Finding {
            code: self.code,
            name: pages::find(self.code).map_or("", |page| page.name),
            severity: self.severity,
            message: self.message,
            label: self.label,
            why: self.why,
            help: self.help,
            place,
            related,
            fix: None,
        }
    }
}
