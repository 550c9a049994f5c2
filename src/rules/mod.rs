//! The rules: each a question asked of the traces.
//!
//! A new rule is a page in `rules/`, a file here, and its line in [`RULES`]. Which of several rules
//! speaks about a call is settled in [`precedence`].

mod call;
mod causes;
mod lc000;
mod lc101;
mod lc102;
mod lc103;
mod lc104;
mod lc201;
mod lc202;
mod lc203;
mod lc204;
mod lc205;
mod lc206;
mod lc207;
mod lc301;
mod lc302;
mod lc303;
mod lc304;
mod lc401;
mod lc402;
mod lc403;
mod lc404;
mod lc405;
mod lc406;
mod lc501;
mod lc502;
mod lc503;
mod precedence;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::Workspace;
use crate::finding::{Finding, Fix, Place, Related, Severity};
use crate::fix::Cure;
use crate::interpret::reach::reached;
use crate::interpret::trace::{Event, RootTrace, Site};
use crate::knowledge::pages;

pub use call::{BESIDE_KERNEL, Call, Scope, deployment, is_program, scope_of, sets_selector};
pub use causes::{causes, line_place, place, policy_name, version};
pub use lc205::misuse_in_words;
pub use precedence::settle;

/// What a rule is asked about.
enum Rule {
    /// A call that starts a loop, once for each root that reaches it.
    Call(fn(&Call<'_>) -> Option<Draft>),
    /// What one root does; the number is the index of its trace.
    Root(fn(&Workspace, usize, &RootTrace) -> Vec<Diagnosis>),
    /// All there is, for rules that compare roots or say that something happens nowhere. The latter
    /// ask [`Workspace::is_whole`] first.
    Project(fn(&Workspace, &[RootTrace]) -> Vec<Diagnosis>),
}

/// Every rule, by code.
const RULES: &[(&str, Rule)] = &[
    ("LC000", Rule::Project(lc000::check)),
    ("LC101", Rule::Call(lc101::check)),
    ("LC102", Rule::Call(lc102::check)),
    ("LC103", Rule::Call(lc103::check)),
    ("LC104", Rule::Call(lc104::check)),
    ("LC201", Rule::Call(lc201::check)),
    ("LC202", Rule::Project(lc202::check)),
    ("LC203", Rule::Root(lc203::check)),
    ("LC204", Rule::Root(lc204::check)),
    ("LC205", Rule::Root(lc205::check)),
    ("LC206", Rule::Root(lc206::check)),
    ("LC207", Rule::Project(lc207::check)),
    ("LC301", Rule::Root(lc301::check)),
    ("LC302", Rule::Call(lc302::check)),
    ("LC303", Rule::Root(lc303::check)),
    ("LC304", Rule::Project(lc304::check)),
    ("LC401", Rule::Root(lc401::check)),
    ("LC402", Rule::Root(lc402::check)),
    ("LC403", Rule::Call(lc403::check)),
    ("LC404", Rule::Call(lc404::check)),
    ("LC405", Rule::Call(lc405::check)),
    ("LC406", Rule::Root(lc406::check)),
    ("LC501", Rule::Project(lc501::check)),
    ("LC502", Rule::Project(lc502::check)),
    ("LC503", Rule::Call(lc503::check)),
];

/// A call that starts a loop in the run of one root: the index of the trace, and the place.
pub type RunCall = (usize, Site);

/// A finding on its way to the report, with what its cure needs to know.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    pub finding: Finding,
    /// Index of the trace it was read from, and the place the rule speaks of.
    pub trace: Option<usize>,
    pub site: Option<Site>,
    /// The calls whose loop it explains. What another rule says about these has the same root cause.
    pub calls: Vec<RunCall>,
    /// What other rules said about the same calls and nobody is told twice.
    pub silenced: Vec<Diagnosis>,
    /// The cure that was proven, if there is one.
    pub cure: Option<Cure>,
}

impl Diagnosis {
    /// The finding is gone once its calls have another loop; others are about a line that is wrong by itself.
    pub fn is_about_calls(&self) -> bool {
        !matches!(self.finding.code, "LC204" | "LC205")
    }

    /// Gives it a cure that was proven.
    pub fn cure_by(&mut self, cure: Cure, fix: Fix) {
        self.finding.help.clone_from(&cure.message);
        self.finding.fix = Some(fix);
        self.cure = Some(cure);
    }

    /// The indices of the traces that a cure must be proven on.
    pub fn concerned(&self) -> BTreeSet<usize> {
        let mut concerned: BTreeSet<usize> = self.trace.into_iter().collect();
        // A policy may decide for several programs.
        if self.finding.code == "LC501" {
            concerned.extend(self.calls.iter().map(|(index, _)| *index));
        }
        concerned
    }

    /// The same for the cures that may be tried for it.
    pub fn programs(&self) -> BTreeSet<usize> {
        std::iter::once(self).chain(&self.silenced).flat_map(Diagnosis::concerned).collect()
    }
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

/// Asks every rule. What they say may have one root cause still: see [`settle`].
pub fn check_all(workspace: &Workspace, traces: &[RootTrace]) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for (_, rule) in RULES {
        match rule {
            Rule::Project(check) => found.extend(check(workspace, traces)),
            Rule::Root(check) => found
                .extend(traces.iter().enumerate().flat_map(|(index, trace)| check(workspace, index, trace))),
            Rule::Call(_) => {}
        }
    }
    for (index, trace) in traces.iter().enumerate() {
        let mut loops = OneLoop::default();
        for reached in reached(trace) {
            let Some(call) = Call::new(workspace, trace, &reached) else { continue };
            let Some(place) = place(workspace, reached.site) else { continue };
            for (_, rule) in RULES {
                let Rule::Call(check) = rule else { continue };
                let Some(mut draft) = check(&call) else { continue };
                draft.related.extend(call.evidence());
                let calls = vec![(index, reached.site)];
                let diagnosis = Diagnosis { calls, ..draft.about(place.clone(), index, reached.site) };
                loops.add(diagnosis, &call, &mut found);
            }
        }
    }
    found
}

/// A loop that the program makes once and runs at several places is wrong once: the first run speaks
/// for the others.
#[derive(Default)]
struct OneLoop {
    /// By code and by where the loop is made: how far into its path the run stands that speaks, and
    /// which of the findings that is.
    spoken: BTreeMap<(&'static str, Site), (usize, usize)>,
}

impl OneLoop {
    fn add(&mut self, diagnosis: Diagnosis, call: &Call<'_>, found: &mut Vec<Diagnosis>) {
        // What LC1 says is about the loop; others are about what stands at the call.
        let start = call.wrong().filter(|_| diagnosis.finding.code.starts_with("LC1"));
        let Some((start, made)) = start.and_then(|start| Some((start, start.run.created?))) else {
            found.push(diagnosis);
            return;
        };
        let is_it = |event: &Arc<Event>| std::ptr::eq(&**event, start.event);
        let when = start.path.events.iter().position(is_it).unwrap_or(usize::MAX);
        let next = found.len();
        let (first, at) = self.spoken.entry((diagnosis.finding.code, made)).or_insert((when, next));
        if *at == next {
            found.push(diagnosis);
            return;
        }
        let mut calls = std::mem::take(&mut found[*at].calls);
        calls.extend(diagnosis.calls.iter().copied());
        if when < *first {
            *first = when;
            found[*at] = diagnosis;
        }
        found[*at].calls = calls;
    }
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

    /// The finding at a place of one trace. It explains no call yet.
    pub fn about(self, place: Place, trace: usize, site: Site) -> Diagnosis {
        let (trace, site) = (Some(trace), Some(site));
        let (calls, silenced) = (Vec::new(), Vec::new());
        Diagnosis { finding: self.at(place), trace, site, calls, silenced, cure: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_rule() {
        // Those about suppressions ask what the rules said; they are at home in `suppress`.
        let about_programs = |code: &&str| !code.starts_with("LC9");
        let pages: Vec<&str> = pages::rules().iter().map(|page| page.code).filter(about_programs).collect();
        let rules: Vec<&str> = RULES.iter().map(|(code, _)| *code).collect();
        assert_eq!(pages, rules);
    }
}
