//! Which versions of which packages a project runs on, from its metadata and its locks.
//!
//! The verdict is what a fresh installation would resolve today: the lock, else the newest version
//! that the specifiers allow. Every reader below puts what it finds into one [`Collected`]; only
//! [`Dependencies::package_on`] weighs it.

mod brought;
mod conda;
mod installed;
mod lock;
mod marker;
mod pinned_python;
mod pipfile;
mod poetry_constraint;
mod pyproject;
mod requirement;
mod requirements;
mod resolve;
mod setup_cfg;
mod setup_py;
pub(super) mod text;
mod toml_lock;

pub use crate::platform::Platform;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pep440_rs::{Version, VersionSpecifiers, release_specifiers_to_ranges};

use super::python_versions::{self, Python};
use installed::Installed;
use lock::Lock;
use python_versions::{Hint as PythonHint, Strength};
use requirement::Requirement;

/// A line of a metadata file that fixed a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Below the root that was given to [`Dependencies::read`].
    pub path: PathBuf,
    /// 1-based.
    pub line: u32,
    /// What to show: `uvicorn==0.54.0`.
    pub text: String,
}

/// A metadata file, or a part of it, that was not understood. Never fatal: what was understood counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: PathBuf,
    /// 1-based.
    pub line: u32,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    Maybe,
}

impl Answer {
    /// Yes when all say so, no when none does; maybe when they differ or nobody is asked.
    pub fn of_all(answers: impl IntoIterator<Item = bool>) -> Answer {
        let mut answers = answers.into_iter();
        let Some(first) = answers.next() else { return Answer::Maybe };
        match answers.all(|answer| answer == first) {
            true if first => Answer::Yes,
            true => Answer::No,
            false => Answer::Maybe,
        }
    }
}

/// How it is known that a package is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The project asks for it, no lock says which version.
    Declared,
    /// The project asks for it and a lock holds it.
    Locked,
    /// Only found in the project's virtual environment.
    Installed,
    /// A package that is there brings it: a lock says so, or `rules/platforms.toml`.
    Transitive,
    /// The project has metadata and, on this platform, does not have it.
    Absent,
    /// There is no metadata.
    Unknown,
}

/// One package of a project, on one platform.
#[derive(Clone, Debug)]
pub struct Package {
    pub presence: Presence,
    /// Asked for only by an extra, a group, or a file for developers.
    pub optional: bool,
    /// The version a fresh installation gets; `None` means the newest that is allowed.
    pub pinned: Option<Version>,
    /// Every version the project allows. A lock allows one.
    pub specifiers: VersionSpecifiers,
    /// The line that fixed the version, or else the one that asks for the package.
    pub origin: Option<Origin>,
    /// The lines that no version here satisfies, and that therefore do not count.
    pub contradictions: Vec<Origin>,
}

impl Package {
    /// Whether every allowed version is this one or newer.
    pub fn at_least(&self, version: &Version) -> Answer {
        let bound = pep440_rs::VersionSpecifier::greater_than_equal_version(version.clone());
        self.allowed_in(&bound.into())
    }

    /// Whether the version of the verdict satisfies the specifiers. Where nothing pins it, it is the
    /// newest allowed one, and an open ceiling is newer than any bound.
    pub fn verdict_in(&self, specifiers: &VersionSpecifiers) -> bool {
        let asked = release_specifiers_to_ranges(specifiers.clone());
        if let Some(pinned) = &self.pinned {
            return asked.contains(&pinned.only_release());
        }
        let allowed = release_specifiers_to_ranges(self.specifiers.clone());
        let both = allowed.intersection(&asked);
        // The newest allowed version is in both when both end where the allowed ones end.
        match (both.bounding_range(), allowed.bounding_range()) {
            (Some((_, newest)), Some((_, allowed))) => newest == allowed,
            _ => false,
        }
    }

    /// The lowest allowed version that satisfies the specifiers, or one close above their bound.
    pub fn lowest_in(&self, specifiers: &VersionSpecifiers) -> Option<Version> {
        let asked = release_specifiers_to_ranges(specifiers.clone());
        let both = release_specifiers_to_ranges(self.specifiers.clone()).intersection(&asked);
        let lowest = match both.bounding_range()?.0 {
            Bound::Included(version) => version.clone(),
            Bound::Excluded(version) => {
                Version::new(version.release().iter().copied().chain(std::iter::once(1)))
            }
            Bound::Unbounded => Version::new([0]),
        };
        both.contains(&lowest).then_some(lowest)
    }

    /// Whether the allowed versions satisfy the specifiers.
    pub fn allowed_in(&self, specifiers: &VersionSpecifiers) -> Answer {
        let asked = release_specifiers_to_ranges(specifiers.clone());
        let allowed = release_specifiers_to_ranges(self.specifiers.clone());
        if allowed.is_empty() {
            Answer::Maybe
        } else if allowed.subset_of(&asked) {
            Answer::Yes
        } else if allowed.is_disjoint(&asked) {
            Answer::No
        } else {
            Answer::Maybe
        }
    }
}

/// A package that the project itself asks for.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'d> {
    /// Normalised as PEP 503 says.
    pub name: &'d str,
    /// A marker, an extra, a group or a file for developers limits it.
    pub is_limited: bool,
    pub origin: &'d Origin,
}

/// What a project's metadata says.
#[derive(Debug)]
pub struct Dependencies {
    pub python: Python,
    /// Files and lines that could not be read: to be shown, never fatal.
    pub problems: Vec<Problem>,
    collected: Collected,
    /// By [`Platform`], worked out when first asked.
    resolved: [OnceLock<resolve::Resolved>; 3],
}

impl Dependencies {
    /// Reads the metadata of the project in `root`. `target_version` is the lowest Python the user
    /// asked about, as major and minor version.
    pub fn read(root: &Path, target_version: Option<(u8, u8)>) -> Dependencies {
        let mut collected = Collected::default();
        pyproject::read(root, &mut collected);
        setup_cfg::read(root, &mut collected);
        setup_py::read(root, &mut collected);
        toml_lock::read_all(root, &mut collected);
        pipfile::read(root, &mut collected);
        requirements::read_all(root, &mut collected);
        conda::read(root, &mut collected);
        pinned_python::read_all(root, &mut collected);
        collected.installed = Installed::read(root);
        let mut problems = std::mem::take(&mut collected.problems);
        let python = python_versions::settle(&collected.pythons, target_version, &mut problems);
        Dependencies { python, problems, collected, resolved: Default::default() }
    }

    /// A package as it is on Windows, under any spelling of its name.
    pub fn package(&self, name: &str) -> Package {
        self.package_on(name, Platform::Windows)
    }

    /// A package as it is on a platform, under any spelling of its name.
    pub fn package_on(&self, name: &str, platform: Platform) -> Package {
        let resolved = self.resolved[platform as usize]
            .get_or_init(|| resolve::Resolved::new(&self.collected, platform, self.python.verdict));
        resolved.package(&self.collected, &requirement::normalise(name))
    }

    /// Whether a package brings another one to a platform, by `rules/platforms.toml`.
    pub fn brings(&self, package: &str, other: &str, platform: Platform) -> bool {
        let package = requirement::normalise(package);
        resolve::brings(
            &self.collected,
            &package,
            &requirement::normalise(other),
            platform,
            self.python.verdict,
        )
    }

    /// What the project asks for itself, in the order of its files.
    pub fn declared(&self) -> impl Iterator<Item = Declared<'_>> {
        let asked = |kind| matches!(kind, Kind::Manifest | Kind::Requirements);
        let declarations = self.collected.declarations.iter().filter(move |one| asked(one.kind));
        declarations.map(|declaration| Declared {
            name: &declaration.requirement.name,
            is_limited: declaration.optional || declaration.requirement.marker.is_some(),
            origin: &declaration.origin,
        })
    }
}

/// What the readers found, in the order in which it counts.
#[derive(Debug, Default)]
struct Collected {
    declarations: Vec<Declaration>,
    locks: Vec<Lock>,
    installed: Installed,
    pythons: Vec<PythonHint>,
    problems: Vec<Problem>,
    /// Some file lists dependencies, be they none.
    has_metadata: bool,
}

#[derive(Debug)]
struct Declaration {
    requirement: Requirement,
    origin: Origin,
    kind: Kind,
    optional: bool,
}

/// In the order in which they count; locks stand between `Manifest` and `Requirements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Replaces what all others say of the version.
    Override,
    Manifest,
    Requirements,
    /// Limits a package that something else asks for.
    Constraint,
}

impl Collected {
    fn declare(&mut self, requirement: Requirement, origin: Origin, kind: Kind, optional: bool) {
        self.has_metadata |= !matches!(kind, Kind::Constraint | Kind::Override);
        self.declarations.push(Declaration { requirement, origin, kind, optional });
    }

    fn python(&mut self, hint: PythonHint) {
        self.pythons.push(hint);
    }

    fn problem(&mut self, path: &Path, line: u32, message: String) {
        self.problems.push(Problem { path: path.to_path_buf(), line, message });
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::Dependencies;

    /// A folder with these files.
    pub fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    pub fn dependencies(files: &[(&str, &str)]) -> Dependencies {
        Dependencies::read(project(files).path(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::dependencies;
    use super::*;

    fn specifiers(text: &str) -> VersionSpecifiers {
        text.parse().unwrap()
    }

    #[test]
    fn without_metadata_nothing_is_known() {
        let package = dependencies(&[]).package("uvicorn");
        assert_eq!((package.presence, &package.pinned), (Presence::Unknown, &None));
        assert_eq!(package.at_least(&"0.36".parse().unwrap()), Answer::Maybe);
        assert!(package.verdict_in(&specifiers(">=0.36")));
    }

    #[test]
    fn the_verdict_is_the_newest_that_is_allowed() {
        let declared = |line: &str| dependencies(&[("requirements.txt", line)]).package("uvicorn");
        let open = declared("uvicorn>=0.30\n");
        assert!(open.verdict_in(&specifiers(">=0.36")) && !open.verdict_in(&specifiers("<0.36")));
        assert_eq!(open.allowed_in(&specifiers(">=0.36")), Answer::Maybe);
        let closed = declared("uvicorn<0.36,>=0.20\n");
        assert!(closed.verdict_in(&specifiers(">=0.18,<0.36")) && !closed.verdict_in(&specifiers(">=0.36")));
        assert_eq!(closed.at_least(&"0.36".parse().unwrap()), Answer::No);
        let one = declared("uvicorn<1\n");
        assert!(one.verdict_in(&specifiers(">=0.36")));
        let compatible = declared("uvicorn~=0.40\n");
        assert_eq!(compatible.at_least(&"0.36".parse().unwrap()), Answer::Yes);
    }

    #[test]
    fn a_lock_narrows_and_wins_where_the_project_asks_for_something_else() {
        let lock = "[[package]]\nname = \"uvicorn\"\nversion = \"0.34.0\"\n";
        let project = "[project]\ndependencies = [\"uvicorn>=0.30\"]\n";
        let fresh = dependencies(&[("uv.lock", lock), ("pyproject.toml", project)]).package("uvicorn");
        assert_eq!(
            (fresh.presence, fresh.at_least(&"0.36".parse().unwrap())),
            (Presence::Locked, Answer::No)
        );
        let project = "[project]\ndependencies = [\"uvicorn>=0.36\"]\n";
        let stale = dependencies(&[("uv.lock", lock), ("pyproject.toml", project)]).package("uvicorn");
        assert_eq!(stale.pinned, Some("0.34.0".parse().unwrap()));
        assert_eq!(stale.origin.unwrap().line, 3);
        assert_eq!(stale.contradictions[0].text, "uvicorn>=0.36");
    }

    #[test]
    fn what_a_known_package_brings() {
        let dependencies = dependencies(&[("requirements.txt", "nicegui==1.4.5\nfastapi[standard]\n")]);
        let uvicorn = dependencies.package("Uvicorn");
        assert_eq!(uvicorn.presence, Presence::Transitive);
        assert_eq!(uvicorn.at_least(&"0.23".parse().unwrap()), Answer::No);
        assert_eq!(uvicorn.origin.unwrap().text, "nicegui==1.4.5");
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert_eq!(dependencies.package_on("uvloop", Platform::Linux).presence, Presence::Transitive);
        let open = dependencies_of("nicegui\n").package("uvicorn");
        assert!(open.verdict_in(&specifiers(">=0.36")));
        assert_eq!(open.at_least(&"0.36".parse().unwrap()), Answer::Maybe);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 64, ..Default::default() })]
        #[test]
        fn no_text_makes_a_reader_fail(
            text in "([a-z=<>~!^*.,;:#@'\"\\[\\]{}()\\\\ |\n\u{e9}0-9-]{0,80}|(uvicorn|python|install_requires|dependencies|\\[project\\]|\\[\\[package\\]\\]|name|version|extra|sys_platform|  - |\n|[=:>~^'\"\\[\\]{}. 0-9é]){0,60})",
        ) {
            let names = [
                "pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "uv.lock", "poetry.lock",
                "Pipfile", "Pipfile.lock", "environment.yml", ".python-version",
            ];
            let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, text.as_str())).collect();
            let dependencies = dependencies(&files);
            let package = dependencies.package("uvicorn");
            package.at_least(&"0.36".parse().unwrap());
            assert!(dependencies.python.allowed.contains(&dependencies.python.verdict));
        }
    }

    fn dependencies_of(requirements: &str) -> Dependencies {
        dependencies(&[("requirements.txt", requirements)])
    }
}
