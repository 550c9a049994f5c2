//! Which Pythons a project runs on.

use std::ops::Bound;
use std::sync::OnceLock;

use pep440_rs::{Version, VersionSpecifiers, release_specifiers_to_ranges};
use serde::Deserialize;

use super::dependencies::{Answer, Origin, Problem};

/// Major and minor version of Python.
pub type Minor = (u8, u8);

/// The Pythons a project allows, and the one it gets today.
#[derive(Clone, Debug, PartialEq)]
pub struct Python {
    /// The lowest the metadata asks for; `None` when it does not say.
    pub floor: Option<Minor>,
    /// Ascending, never empty: released minor versions that are allowed, and later ones that the
    /// metadata or `--target-version` names.
    pub allowed: Vec<Minor>,
    /// One of `allowed`: what a fresh installation takes today. That is the newest released one,
    /// unless a `.python-version` file chooses among them.
    pub verdict: Minor,
    /// Pythons that are not released yet are allowed as well.
    pub open_ceiling: bool,
    /// The metadata says so, it is not assumed.
    pub declared: bool,
    pub origin: Option<Origin>,
}

impl Python {
    /// Whether every allowed Python is this one or later.
    pub fn at_least(&self, minor: Minor) -> Answer {
        Answer::of_all(self.allowed.iter().map(|allowed| *allowed >= minor))
    }

    /// Whether the Python of the verdict satisfies the specifiers, at any of its patch releases.
    pub fn verdict_in(&self, specifiers: &VersionSpecifiers) -> bool {
        has_release(self.verdict, specifiers)
    }

    /// Whether the allowed Pythons satisfy the specifiers.
    pub fn allowed_in(&self, specifiers: &VersionSpecifiers) -> Answer {
        Answer::of_all(self.allowed.iter().map(|minor| has_release(*minor, specifiers)))
    }
}

/// A place that says something about Python, and what.
#[derive(Clone, Debug)]
pub struct Hint {
    pub strength: Strength,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub enum Strength {
    /// `requires-python` in any of its forms.
    Allows(VersionSpecifiers),
    /// `.python-version` and its like: the one that is installed.
    Installs(Minor),
    /// A classifier.
    Names(Minor),
    /// The target of another tool.
    Floor(Minor),
}

/// `Programming Language :: Python :: 3.11` → 11.
pub fn classifier_minor(classifier: &str) -> Option<u8> {
    let version = classifier.trim().strip_prefix("Programming Language :: Python :: 3.")?;
    version.trim().parse().ok()
}

/// `3.11`, `3.11.4`, `python-3.11`, `cpython@3.11` → (3, 11). `None` for another implementation.
pub fn minor_of(text: &str) -> Option<Minor> {
    let text = text.trim().to_ascii_lowercase();
    let digits =
        text.trim_start_matches("cpython").trim_start_matches("python").trim_start_matches(['-', '@', ' ']);
    let mut parts = digits.split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Puts together what the metadata says. `target_version` is the user's own floor.
pub fn settle(hints: &[Hint], target_version: Option<Minor>, problems: &mut Vec<Problem>) -> Python {
    let mut specifiers: Vec<pep440_rs::VersionSpecifier> = Vec::new();
    let mut origin = None;
    for hint in hints {
        let Strength::Allows(more) = &hint.strength else { continue };
        let both: VersionSpecifiers = specifiers.iter().chain(more.iter()).cloned().collect();
        if release_specifiers_to_ranges(both).is_empty() {
            let message = format!("`{}` contradicts what was read before; it was not used", hint.origin.text);
            problems.push(Problem { path: hint.origin.path.clone(), line: hint.origin.line, message });
            continue;
        }
        specifiers.extend(more.iter().cloned());
        origin = origin.or(Some(&hint.origin));
    }
    let mut declared = origin.is_some();
    let mut specifiers: VersionSpecifiers = specifiers.into_iter().collect();
    let installs = hints.iter().find_map(|hint| match hint.strength {
        Strength::Installs(minor) => Some((minor, &hint.origin)),
        _ => None,
    });
    if let (false, Some((minor, place))) = (declared, installs) {
        // The only thing the project says: then it is this one.
        specifiers = minor_specifiers(minor);
        (declared, origin) = (true, Some(place));
    }
    let weak = hints.iter().filter(|_| !declared).filter_map(|hint| match hint.strength {
        Strength::Names(minor) | Strength::Floor(minor) => Some((minor, &hint.origin)),
        _ => None,
    });
    let weak = weak.min_by_key(|(minor, _)| *minor);
    let floor = target_version.or(floor_of(&specifiers)).or(weak.map(|(minor, _)| minor));
    let named = hints.iter().filter_map(|hint| match hint.strength {
        Strength::Names(minor) => Some(minor),
        _ => None,
    });
    let named: Vec<Minor> =
        named.chain(target_version).chain(specifiers.iter().filter_map(named_by)).collect();

    let lowest = floor.unwrap_or(if declared { (0, 0) } else { released().oldest_assumed });
    let is_allowed = |minor: &Minor| *minor >= lowest && has_release(*minor, &specifiers);
    let newest = *released().minors.last().unwrap_or(&lowest);
    let mut allowed: Vec<Minor> = released().minors.iter().copied().filter(is_allowed).collect();
    allowed.extend(named.iter().copied().filter(|minor| *minor > newest && is_allowed(minor)));
    if allowed.is_empty() {
        // Only Pythons that are long gone, or a target above the project's own ceiling.
        allowed.extend(named.iter().copied().filter(is_allowed));
        let last_resort = target_version.or(floor).unwrap_or(newest);
        allowed.extend(Some(last_resort).filter(|_| allowed.is_empty()));
    }
    allowed.sort_unstable();
    allowed.dedup();

    let chosen = installs.map(|(minor, _)| minor).filter(|minor| allowed.contains(minor));
    let released = allowed.iter().copied().rfind(|minor| *minor <= newest);
    // `allowed` was just filled where it was empty.
    let verdict = chosen.or(released).unwrap_or_else(|| allowed.first().copied().unwrap_or(newest));
    Python {
        floor,
        verdict,
        open_ceiling: is_open(&specifiers),
        declared,
        origin: origin.or(weak.map(|(_, place)| place)).cloned(),
        allowed,
    }
}

/// Whether some release of a minor version satisfies the specifiers.
fn has_release(minor: Minor, specifiers: &VersionSpecifiers) -> bool {
    let ours = release_specifiers_to_ranges(minor_specifiers(minor));
    !ours.is_disjoint(&release_specifiers_to_ranges(specifiers.clone()))
}

fn minor_specifiers((major, minor): Minor) -> VersionSpecifiers {
    pep440_rs::VersionSpecifier::equals_star_version(version((major, minor))).into()
}

fn version((major, minor): Minor) -> Version {
    Version::new([u64::from(major), u64::from(minor)])
}

fn minor((major, minor): (u64, u64)) -> Option<Minor> {
    Some((major.try_into().ok()?, minor.try_into().ok()?))
}

fn floor_of(specifiers: &VersionSpecifiers) -> Option<Minor> {
    let ranges = release_specifiers_to_ranges(specifiers.clone());
    let (low, _) = ranges.bounding_range()?;
    match low {
        Bound::Included(version) | Bound::Excluded(version) => {
            let release = version.release();
            minor((*release.first()?, release.get(1).copied().unwrap_or(0)))
        }
        Bound::Unbounded => None,
    }
}

/// The highest minor version a specifier speaks of as allowed: `<3.17` speaks of 3.16.
fn named_by(specifier: &pep440_rs::VersionSpecifier) -> Option<Minor> {
    let release = specifier.version().release();
    let (major, second) = (*release.first()?, *release.get(1)?);
    let patch = release.get(2).copied().unwrap_or(0);
    match specifier.operator() {
        pep440_rs::Operator::LessThan if patch == 0 => minor((major, second.checked_sub(1)?)),
        pep440_rs::Operator::NotEqual | pep440_rs::Operator::NotEqualStar => None,
        _ => minor((major, second)),
    }
}

/// A ceiling at 4 is no ceiling: Poetry writes it unasked.
fn is_open(specifiers: &VersionSpecifiers) -> bool {
    let ranges = release_specifiers_to_ranges(specifiers.clone());
    match ranges.bounding_range() {
        Some((_, Bound::Included(high) | Bound::Excluded(high))) => *high >= Version::new([4]),
        _ => true,
    }
}

struct Released {
    minors: Vec<Minor>,
    oldest_assumed: Minor,
}

/// The `[python]` table of `rules/platforms.toml`; the test below proves that it reads.
fn released() -> &'static Released {
    #[derive(Deserialize, Default)]
    struct Document {
        python: Table,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "kebab-case")]
    struct Table {
        released: Vec<String>,
        oldest_assumed: String,
    }
    static RELEASED: OnceLock<Released> = OnceLock::new();
    RELEASED.get_or_init(|| {
        let document: Document =
            toml::from_str(include_str!("../../rules/platforms.toml")).unwrap_or_default();
        Released {
            minors: document.python.released.iter().filter_map(|text| minor_of(text)).collect(),
            oldest_assumed: minor_of(&document.python.oldest_assumed).unwrap_or((3, 9)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(requires: &str) -> Python {
        settle(&[allows(requires)], None, &mut Vec::new())
    }

    fn allows(requires: &str) -> Hint {
        hint(Strength::Allows(requires.parse().unwrap()))
    }

    fn hint(strength: Strength) -> Hint {
        Hint { strength, origin: Origin { path: "pyproject.toml".into(), line: 1, text: "here".into() } }
    }

    #[test]
    fn the_table_reads() {
        assert_eq!(released().minors.first(), Some(&(3, 8)));
        assert_eq!(released().minors.last(), Some(&(3, 15)));
    }

    #[test]
    fn every_spelling_of_one_minor_version() {
        for requires in ["==3.11.*", "~=3.11.0", ">=3.11,<3.12", "==3.11.4", ">=3.11.2,<3.12.0"] {
            let python = settled(requires);
            assert_eq!(
                (python.allowed, python.verdict, python.open_ceiling),
                (vec![(3, 11)], (3, 11), false),
                "{requires}"
            );
        }
    }

    #[test]
    fn released_pythons_above_the_floor() {
        let python = settled(">=3.12");
        assert_eq!(python.allowed, [(3, 12), (3, 13), (3, 14), (3, 15)]);
        assert_eq!((python.floor, python.verdict, python.open_ceiling), (Some((3, 12)), (3, 15), true));
        assert_eq!(python.at_least((3, 12)), Answer::Yes);
        assert_eq!(python.at_least((3, 14)), Answer::Maybe);
        assert_eq!(python.at_least((3, 16)), Answer::No);
        assert!(settled(">=3.9,<4").open_ceiling);
        assert_eq!(settled(">=3.6").floor, Some((3, 6)));
        assert_eq!(settled(">=3.6").allowed[0], (3, 8));
    }

    #[test]
    fn a_later_python_counts_when_it_is_named() {
        assert_eq!(settled(">=3.15,<3.17").allowed, [(3, 15), (3, 16)]);
        assert_eq!(settled(">=3.15,<3.17").verdict, (3, 15));
        assert_eq!(settled(">=3.16").allowed, [(3, 16)]);
        assert_eq!(settled(">=3.15,<3.16").allowed, [(3, 15)]);
        let classified = settle(&[allows(">=3.15"), hint(Strength::Names((3, 16)))], None, &mut Vec::new());
        assert_eq!(classified.allowed, [(3, 15), (3, 16)]);
        let targeted = settle(&[allows(">=3.9")], Some((3, 16)), &mut Vec::new());
        assert_eq!((targeted.allowed, targeted.verdict), (vec![(3, 16)], (3, 16)));
    }

    #[test]
    fn pythons_that_are_long_gone() {
        assert_eq!(settled(">=3.6,<3.8").verdict, (3, 7));
        assert_eq!(settled("==3.7.*").allowed, [(3, 7)]);
    }

    #[test]
    fn nothing_declared() {
        let python = settle(&[], None, &mut Vec::new());
        assert_eq!((python.floor, python.declared, python.open_ceiling), (None, false, true));
        assert_eq!((python.allowed[0], python.verdict), ((3, 9), (3, 15)));
        let classified =
            settle(&[hint(Strength::Names((3, 11))), hint(Strength::Names((3, 10)))], None, &mut Vec::new());
        assert_eq!((classified.floor, classified.declared), (Some((3, 10)), false));
    }

    #[test]
    fn a_python_version_file_chooses() {
        let both = settle(&[allows(">=3.10"), hint(Strength::Installs((3, 12)))], None, &mut Vec::new());
        assert_eq!((both.verdict, both.allowed.len()), ((3, 12), 6));
        let alone = settle(&[hint(Strength::Installs((3, 12)))], None, &mut Vec::new());
        assert_eq!((alone.allowed, alone.declared), (vec![(3, 12)], true));
        let outside = settle(&[allows(">=3.13"), hint(Strength::Installs((3, 12)))], None, &mut Vec::new());
        assert_eq!(outside.verdict, (3, 15));
    }

    #[test]
    fn a_contradiction_is_reported() {
        let mut problems = Vec::new();
        let python = settle(&[allows(">=3.12"), allows("<3.10")], None, &mut problems);
        assert_eq!((python.verdict, problems.len()), ((3, 15), 1));
    }

    #[test]
    fn versions_as_people_write_them() {
        for text in
            ["3.11", "3.11.4", "python-3.11.4", "cpython@3.11", "cpython-3.11.4-linux-x86_64-gnu", "3.11-dev"]
        {
            assert_eq!(minor_of(text), Some((3, 11)), "{text}");
        }
        assert_eq!(minor_of("pypy3.10"), None);
        assert_eq!(minor_of("3"), None);
    }
}
