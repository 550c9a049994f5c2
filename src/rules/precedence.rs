//! One root cause is one finding: which rule speaks where several explain the loop of a call.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::finding::Related;
use crate::rules::{Diagnosis, RunCall};

/// The first rule that explains the loop a call gets from a root is the one that speaks, by the
/// beginning of its code and then by the code: a conflict of needs, a policy that does nothing,
/// other platforms, what will fail later, and last that the loop is simply the wrong one. That
/// Proactor loops share a socket (LC405) is what a policy without effect leads to, and what hides the
/// faults of a loop (LC502) has no point once it is another one.
const PRECEDENCE: &[&str] = &["LC0", "LC4", "LC2", "LC405", "LC3", "LC5", "LC1", "LC502", "LC9"];

fn rank(code: &str) -> usize {
    let ranks = PRECEDENCE.iter().enumerate().filter(|(_, family)| code.starts_with(*family));
    ranks.max_by_key(|(_, family)| family.len()).map_or(PRECEDENCE.len(), |(rank, _)| rank)
}

/// Leaves one finding for each root cause, sorted by place and code, each place and code once. What
/// the others would have said stands beside it as related notes, and the worst of them gives the
/// severity.
pub fn settle(mut found: Vec<Diagnosis>) -> Vec<Diagnosis> {
    // Of two rules of one rank the one that explains more is nearer to the cause; of two programs that come
    // to one place, that one counts for which it is worse.
    found.sort_by_key(|diagnosis| {
        let (code, place) = (diagnosis.finding.code, diagnosis.finding.place.clone());
        (rank(code), code, Reverse(diagnosis.calls.len()), place, Reverse(diagnosis.finding.severity))
    });
    let mut settled: Vec<Diagnosis> = Vec::new();
    let mut spoken_for: BTreeMap<RunCall, usize> = BTreeMap::new();
    for diagnosis in found {
        let by: Vec<usize> =
            diagnosis.calls.iter().filter_map(|call| spoken_for.get(call).copied()).collect();
        let same = |other: &Diagnosis| {
            (other.finding.code, &other.finding.place) == (diagnosis.finding.code, &diagnosis.finding.place)
        };
        let speaks = match settled.iter().position(same) {
            Some(same) => same,
            None if by.len() < diagnosis.calls.len() || by.is_empty() => {
                settled.push(Diagnosis { calls: Vec::new(), ..diagnosis.clone() });
                settled.len() - 1
            }
            None => {
                settled[by[0]].silenced.push(diagnosis);
                continue;
            }
        };
        // What a program uses on Proactor fails where it stands; the call that starts the loop is
        // another line, where somebody has to decide.
        let is_aside = diagnosis.finding.code == "LC402";
        for call in diagnosis.calls {
            if !is_aside {
                spoken_for.entry(call).or_insert(speaks);
            }
            settled[speaks].calls.push(call);
        }
    }
    settled.iter_mut().for_each(tell_the_rest);
    settled.sort_by(|a, b| (&a.finding.place, a.finding.code).cmp(&(&b.finding.place, b.finding.code)));
    settled
}

/// Adds what a diagnosis silenced to what it says.
fn tell_the_rest(diagnosis: &mut Diagnosis) {
    let finding = &mut diagnosis.finding;
    for Diagnosis { finding: other, .. } in &diagnosis.silenced {
        finding.severity = finding.severity.max(other.severity);
        let told = other.place == finding.place
            || finding.related.iter().any(|related| related.place == other.place);
        if !told {
            finding.related.push(Related { place: other.place.clone(), message: other.message.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Place, Position, Severity};
    use crate::interpret::Unit;
    use crate::interpret::trace::Site;
    use crate::ir::Span;
    use crate::knowledge::pages;
    use crate::rules::Draft;

    /// `LC102` at a line, about calls that are told apart by root and line.
    fn diagnosis(code: &'static str, severity: Severity, line: u32, calls: &[(usize, u32)]) -> Diagnosis {
        let draft = Draft {
            code,
            severity,
            message: format!("{code} at {line}"),
            label: String::new(),
            why: String::new(),
            help: String::new(),
            related: Vec::new(),
        };
        let at = Position { line, column: 1 };
        let place = Place { path: "main.py".into(), cell: None, start: at, end: at, span: None };
        let site = |line| Site { unit: Unit::Project(0), span: Span { start: line, end: line } };
        let calls = calls.iter().map(|(root, line)| (*root, site(*line))).collect();
        Diagnosis { calls, ..draft.about(place, 0, site(line)) }
    }

    fn told(found: Vec<Diagnosis>) -> Vec<(&'static str, u32, Severity, Vec<String>)> {
        let told = |diagnosis: Diagnosis| {
            let Diagnosis { finding, .. } = diagnosis;
            let related = finding.related.into_iter().map(|related| related.message).collect();
            (finding.code, finding.place.start.line, finding.severity, related)
        };
        settle(found).into_iter().map(told).collect()
    }

    const WARNING: Severity = Severity::Warning;
    const ERROR: Severity = Severity::Error;

    #[test]
    fn conflicts_come_before_policies_before_platforms_before_loops() {
        let mut left = vec!["LC102", "LC302", "LC405", "LC201", "LC204", "LC403"];
        while let Some(first) = ["LC403", "LC201", "LC204", "LC405", "LC302", "LC102"].get(6 - left.len()) {
            let found = left.iter().map(|code| diagnosis(code, WARNING, 9, &[(0, 9)])).collect();
            let told: Vec<&str> = told(found).into_iter().map(|(code, ..)| code).collect();
            assert_eq!(told, [*first]);
            left.retain(|code| code != first);
        }
    }

    #[test]
    fn what_is_not_said_is_noted_with_its_severity() {
        let guard = diagnosis("LC204", WARNING, 4, &[(0, 9)]);
        let call = diagnosis("LC102", ERROR, 9, &[(0, 9)]);
        assert_eq!(told(vec![call, guard]), [("LC204", 4, ERROR, vec!["LC102 at 9".to_string()])]);
    }

    #[test]
    fn a_call_speaks_for_the_roots_that_nothing_else_explains() {
        let guard = diagnosis("LC204", WARNING, 4, &[(0, 9)]);
        let calls = [0, 1, 2].map(|root| diagnosis("LC102", WARNING, 9, &[(root, 9)]));
        let settled = settle([vec![guard], calls.to_vec()].concat());
        let codes: Vec<(&str, usize)> =
            settled.iter().map(|one| (one.finding.code, one.calls.len())).collect();
        assert_eq!(codes, [("LC204", 1), ("LC102", 2)]);
    }

    #[test]
    fn of_several_programs_the_one_speaks_for_which_it_is_worse() {
        let in_a_test = diagnosis("LC103", Severity::Info, 9, &[(0, 9)]);
        let in_a_program = diagnosis("LC103", WARNING, 9, &[(1, 9)]);
        assert_eq!(told(vec![in_a_test, in_a_program]), [("LC103", 9, WARNING, Vec::new())]);
    }

    #[test]
    fn a_finding_about_no_call_is_always_told() {
        let name = diagnosis("LC301", ERROR, 3, &[]);
        let call = diagnosis("LC103", WARNING, 9, &[(0, 9)]);
        assert_eq!(told(vec![name.clone(), call.clone(), name]).len(), 2);
    }

    #[test]
    fn every_rule_has_its_rank() {
        assert!(pages::rules().iter().all(|page| rank(page.code) < PRECEDENCE.len()));
    }
}
