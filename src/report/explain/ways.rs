//! The ways of a run beside each other: those alike become one, and platforms share their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::analysis::{Explained, Workspace};
use crate::entry::Process;
use crate::interpret::reach::is_meant;
use crate::interpret::steps::{Block, StepKind};
use crate::interpret::trace::Site;
use crate::platform::Platform;
use crate::report::explain::lines::{At, Frame, Line, Part, lines};
use crate::report::explain::tree::{Choice, Guards, Node, chosen, is_call};

/// Ways that show the same lines.
#[derive(Clone, Debug)]
pub struct Way {
    pub platforms: Vec<Platform>,
    /// What each of the ways assumed.
    pub when: Vec<Vec<Arc<str>>>,
    /// It comes to the call that is explained.
    pub reaches: bool,
    pub rows: Vec<Row>,
}

/// A line on the platforms that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: At,
    pub kind: &'static str,
    pub name: String,
    /// What happened, each with the platforms on which that happened.
    pub remarks: Vec<(Vec<Platform>, String)>,
}

/// The ways of one platform that show the same lines.
struct Group {
    platform: Platform,
    when: Vec<Vec<Arc<str>>>,
    reaches: bool,
    lines: Vec<Line>,
}

/// The ways of a run, in the order they were followed.
pub fn ways(workspace: &Workspace, explained: &Explained, all: bool) -> Vec<Way> {
    let guards = if all { Guards::default() } else { guards(explained) };
    let choice = if all { Choice::All } else { Choice::Telling { guards: &guards } };
    let mut by_platform: Vec<Vec<Group>> = Vec::new();
    for platform in Platform::ALL {
        let mut groups: Vec<Group> = Vec::new();
        for path in explained.trace.paths_on(platform) {
            let lines = lines(workspace, explained, path, choice);
            let when: Vec<Arc<str>> = path.assumed.iter().filter_map(|label| told(label)).collect();
            match groups.iter_mut().find(|group| alike(&group.lines, &lines)) {
                Some(group) => group.when.push(when),
                None => {
                    let reaches = path.steps.iter().any(|step| is_call(explained, step));
                    groups.push(Group { platform, when: vec![when], reaches, lines });
                }
            }
        }
        by_platform.push(groups);
    }
    beside(by_platform)
}

/// An assumption as far as a person can read it; what a region assumed is joined by commas.
fn told(label: &str) -> Option<Arc<str>> {
    let parts: Vec<&str> = label.split(", ").filter(|part| is_meant(part)).collect();
    (!parts.is_empty()).then(|| parts.join(", ").into())
}

/// Ways that differ in nothing but what they assumed, and where, are one.
fn alike(a: &[Line], b: &[Line]) -> bool {
    fn told(lines: &[Line]) -> impl Iterator<Item = &Line> {
        lines.iter().filter(|line| !matches!(line.kind, "assumed" | "test" | "call" | "import"))
    }
    told(a).eq(told(b))
}

/// Joins the groups of the platforms that belong together.
fn beside(by_platform: Vec<Vec<Group>>) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    let single = by_platform.iter().all(|groups| groups.len() <= 1);
    for group in by_platform.into_iter().flatten() {
        let partner = ways.iter_mut().find(|way| {
            !way.platforms.contains(&group.platform)
                && (single || way.when.iter().any(|when| group.when.contains(when)))
        });
        match partner {
            Some(way) => {
                way.rows = join(std::mem::take(&mut way.rows), group.platform, group.lines);
                way.platforms.push(group.platform);
                way.reaches |= group.reaches;
                for when in group.when {
                    if !way.when.contains(&when) {
                        way.when.push(when);
                    }
                }
            }
            None => {
                let platforms = vec![group.platform];
                let rows = group.lines.into_iter().map(|line| row(line, &platforms)).collect();
                let (when, reaches) = (group.when, group.reaches);
                ways.push(Way { platforms, when, reaches, rows });
            }
        }
    }
    ways
}

fn row(line: Line, platforms: &[Platform]) -> Row {
    Row { at: line.at, kind: line.kind, name: line.name, remarks: vec![(platforms.to_vec(), line.remark)] }
}

/// What makes two lines the same step; within a line of source, columns are no difference.
type Key<'a> = (Part, &'a Frame, Option<u32>, &'a str, &'a str);

fn key<'a>(at: &'a At, kind: &'a str, name: &'a str) -> Key<'a> {
    (at.part, &at.frame, at.start.map(|start| start.line), kind, name)
}

/// Puts the lines of one more platform beside those of others.
fn join(rows: Vec<Row>, platform: Platform, lines: Vec<Line>) -> Vec<Row> {
    let old: Vec<Key<'_>> = rows.iter().map(|row| key(&row.at, row.kind, &row.name)).collect();
    let new: Vec<Key<'_>> = lines.iter().map(|line| key(&line.at, line.kind, &line.name)).collect();
    let mut joined = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (gone, come) = (operation.old_range(), operation.new_range());
        match operation {
            DiffOp::Equal { .. } => {
                for (row, line) in rows[gone].iter().zip(&lines[come]) {
                    let mut row = row.clone();
                    match row.remarks.iter_mut().find(|(_, remark)| *remark == line.remark) {
                        Some((platforms, _)) => platforms.push(platform),
                        None => row.remarks.push((vec![platform], line.remark.clone())),
                    }
                    joined.push(row);
                }
            }
            _ => {
                joined.extend(rows[gone].iter().cloned());
                joined.extend(lines[come].iter().map(|line| self::row(line.clone(), &[platform])));
            }
        }
    }
    joined
}

fn guards(explained: &Explained) -> Guards {
    fn collect(nodes: &[Node<'_>], sites: &mut BTreeSet<Site>) {
        for node in nodes {
            if let (StepKind::Open(Block::Test { .. }), Some(site), true) =
                (&node.step.kind, node.step.site, node.shown)
            {
                sites.insert(site);
            }
            collect(&node.inside, sites);
        }
    }
    let nothing = Guards::default();
    let mut leading = BTreeSet::new();
    for path in &explained.trace.paths {
        collect(&chosen(explained, path, Choice::Telling { guards: &nothing }), &mut leading);
    }
    let differing = differing(explained);
    Guards { leading: leading.intersection(&differing).copied().collect(), differing }
}

/// Conditions that are true on one platform, or in one process, and false in another.
fn differing(explained: &Explained) -> BTreeSet<Site> {
    let mut answers: BTreeMap<Site, BTreeMap<(Platform, Process), BTreeSet<bool>>> = BTreeMap::new();
    for path in &explained.trace.paths {
        for step in &path.steps {
            if let (StepKind::Open(Block::Test { answer: Some(answer), .. }), Some(site)) =
                (&step.kind, step.site)
            {
                let here = answers.entry(site).or_default().entry((path.platform, step.process));
                here.or_default().insert(*answer);
            }
        }
    }
    let differs = |answers: &BTreeMap<(Platform, Process), BTreeSet<bool>>| {
        let mut answers = answers.values();
        let first = answers.next();
        answers.any(|other| Some(other) != first)
    };
    answers.into_iter().filter(|(_, answers)| differs(answers)).map(|(site, _)| site).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Position;

    fn line(number: u32, kind: &'static str, remark: &str) -> Line {
        let frame = Arc::new(Frame { path: "main.py".into(), code: "".into() });
        let start = Some(Position { line: number, column: 1 });
        let at = At { part: Part::Process(Process::Parent), frame, start };
        Line { at, kind, name: String::new(), remark: remark.into() }
    }

    fn group(platform: Platform, when: &[&str], lines: Vec<Line>) -> Group {
        let when = vec![when.iter().map(|label| Arc::from(*label)).collect()];
        Group { platform, when, reaches: true, lines }
    }

    #[test]
    fn platforms_share_the_lines_they_have_in_common() {
        let windows = vec![line(1, "test", "true"), line(2, "policy-set", "set"), line(3, "run", "proactor")];
        let other = vec![line(1, "test", "false"), line(3, "run", "selector")];
        let ways = beside(vec![
            vec![group(Platform::Windows, &[], windows)],
            vec![group(Platform::Linux, &[], other.clone())],
            vec![group(Platform::Darwin, &[], other)],
        ]);
        let [way] = &ways[..] else { panic!("{ways:?}") };
        assert_eq!(way.platforms, Platform::ALL);
        let (windows, rest) = (vec![Platform::Windows], vec![Platform::Linux, Platform::Darwin]);
        let remarks: Vec<_> = way.rows.iter().map(|row| row.remarks.clone()).collect();
        assert_eq!(
            remarks,
            [
                vec![(windows.clone(), "true".to_owned()), (rest.clone(), "false".to_owned())],
                vec![(windows.clone(), "set".to_owned())],
                vec![(windows, "proactor".to_owned()), (rest, "selector".to_owned())],
            ]
        );
    }

    #[test]
    fn ways_of_different_assumptions_stay_apart() {
        let ways = beside(vec![
            vec![
                group(Platform::Windows, &["A"], vec![line(1, "run", "selector")]),
                group(Platform::Windows, &["not (A)"], vec![line(1, "run", "proactor")]),
            ],
            vec![group(Platform::Linux, &["not (A)"], vec![line(1, "run", "selector")])],
        ]);
        let platforms: Vec<_> = ways.iter().map(|way| way.platforms.clone()).collect();
        assert_eq!(platforms, [vec![Platform::Windows], vec![Platform::Windows, Platform::Linux]]);
    }
}
