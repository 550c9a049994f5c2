//! Weighs what the readers found, for one platform.

use std::collections::{HashMap, HashSet, VecDeque};

use pep440_rs::{Version, VersionSpecifiers, release_specifiers_to_ranges};

use super::lock::Lock;
use super::marker::{self, Environment};
use super::requirement::{equal_to, exact};
use super::{Collected, Declaration, Kind, Origin, Package, Platform, Presence, brought};

/// What is worked out once a platform.
#[derive(Debug)]
pub struct Resolved {
    platform: Platform,
    python: (u8, u8),
    /// By lock, in their order: the names that an installation gets.
    locked: Vec<HashSet<String>>,
    /// By name: what known packages bring, where there is no lock.
    brought: HashMap<String, Brought>,
}

#[derive(Debug)]
struct Brought {
    specifiers: VersionSpecifiers,
    origin: Option<Origin>,
    optional: bool,
}

/// Whether `package`, were it asked for, would bring `other`.
pub fn brings(
    collected: &Collected,
    package: &str,
    other: &str,
    platform: Platform,
    python: (u8, u8),
) -> bool {
    let mut resolved = Resolved { platform, python, locked: Vec::new(), brought: HashMap::new() };
    resolved.follow(collected, vec![(package.to_string(), Vec::new())]);
    resolved.brought.contains_key(other)
}

impl Resolved {
    pub fn new(collected: &Collected, platform: Platform, python: (u8, u8)) -> Resolved {
        let mut resolved = Resolved { platform, python, locked: Vec::new(), brought: HashMap::new() };
        let asked: Vec<(String, Vec<String>)> = collected
            .declarations
            .iter()
            .filter(|declaration| declaration.kind != Kind::Constraint && resolved.counts(declaration))
            .map(|declaration| (declaration.requirement.name.clone(), declaration.requirement.extras.clone()))
            .collect();
        let environment = resolved.environment();
        resolved.locked = collected.locks.iter().map(|lock| lock.installed(&asked, environment)).collect();
        if collected.locks.is_empty() {
            resolved.follow(collected, asked);
        }
        resolved
    }

    fn environment(&self) -> Environment<'static> {
        Environment { platform: self.platform, python: self.python, extra: "" }
    }

    fn holds(&self, marker: Option<&str>) -> bool {
        marker.is_none_or(|marker| marker::holds(marker, self.environment()) != Some(false))
    }

    fn counts(&self, declaration: &Declaration) -> bool {
        self.holds(declaration.requirement.marker.as_deref())
    }

    /// Fills `brought`, from the packages that are asked for to those they bring in turn.
    fn follow(&mut self, collected: &Collected, asked: Vec<(String, Vec<String>)>) {
        let mut seen = HashSet::new();
        let mut waiting: VecDeque<(String, Option<String>)> = VecDeque::new();
        for (name, extras) in asked {
            waiting.extend(extras.into_iter().map(|extra| (name.clone(), Some(extra))));
            waiting.push_back((name, None));
        }
        while let Some(node) = waiting.pop_front() {
            if !seen.insert(node.clone()) {
                continue;
            }
            let (name, extra) = &node;
            let mut rows =
                brought::rows().iter().filter(|row| row.package == *name && row.extra == *extra).peekable();
            // Of the thousands that a project may pin, few bring anything.
            if rows.peek().is_none() {
                continue;
            }
            let package = self.package(collected, name);
            let allowed = release_specifiers_to_ranges(package.specifiers.clone());
            // One package may bring another by several rows, one for each range of its own versions.
            let mut needs: HashMap<&str, VersionSpecifiers> = HashMap::new();
            for row in rows {
                if allowed.is_disjoint(&release_specifiers_to_ranges(row.versions.clone())) {
                    continue;
                }
                for need in row.needs.iter().filter(|need| self.holds(need.marker.as_deref())) {
                    let specifiers = match needs.remove(need.name.as_str()) {
                        Some(other) => wider(other, need.specifiers.clone()),
                        None => need.specifiers.clone(),
                    };
                    needs.insert(&need.name, specifiers);
                    waiting.extend(need.extras.iter().map(|extra| (need.name.clone(), Some(extra.clone()))));
                    waiting.push_back((need.name.clone(), None));
                }
            }
            for (need, specifiers) in needs {
                let new = Brought { specifiers, origin: package.origin.clone(), optional: package.optional };
                match self.brought.remove(need) {
                    Some(old) => self.brought.insert(need.to_string(), both(old, new)),
                    None => self.brought.insert(need.to_string(), new),
                };
            }
        }
    }

    pub fn package(&self, collected: &Collected, name: &str) -> Package {
        let mut found = Found::default();
        let named = collected.declarations.iter().filter(|declaration| declaration.requirement.name == name);
        let mut declarations: Vec<&Declaration> =
            named.filter(|declaration| self.counts(declaration)).collect();
        declarations.sort_by_key(|declaration| declaration.kind);
        let is_declared =
            declarations.iter().any(|one| one.kind != Kind::Constraint && one.kind != Kind::Override);
        let optional = is_declared
            && declarations
                .iter()
                .all(|one| one.optional || matches!(one.kind, Kind::Constraint | Kind::Override));
        if declarations.first().is_some_and(|first| first.kind == Kind::Override) {
            declarations.retain(|declaration| declaration.kind == Kind::Override);
        }
        let (first, rest) =
            declarations.split_at(declarations.partition_point(|one| one.kind <= Kind::Manifest));
        first.iter().for_each(|declaration| found.declaration(declaration));
        let is_locked = self.lock(collected, name, &mut found);
        rest.iter().for_each(|declaration| found.declaration(declaration));
        let brought = self.brought.get(name);
        if let Some(brought) = brought {
            found.brought(brought);
        }
        let presence = match (is_declared, is_locked) {
            (true, true) => Presence::Locked,
            (true, false) => Presence::Declared,
            (false, true) => Presence::Transitive,
            (false, false) if brought.is_some() => Presence::Transitive,
            (false, false) if self.is_installed(collected, name) => Presence::Installed,
            (false, false) if collected.has_metadata => Presence::Absent,
            (false, false) => Presence::Unknown,
        };
        if matches!(presence, Presence::Absent | Presence::Unknown) {
            // Nothing asks for it; a constraint alone says nothing.
            found = Found::default();
        }
        let optional = if is_declared { optional } else { brought.is_some_and(|brought| brought.optional) };
        let mut origin = found.origin();
        let Found { specifiers, contradictions, .. } = found;
        let mut pinned = exact(&specifiers).cloned();
        let installed = collected.installed.get(name).filter(|_| self.is_installed(collected, name));
        if let Some((version, place)) = installed
            && pinned.is_none()
            && release_specifiers_to_ranges(specifiers.clone()).contains(&version.only_release())
        {
            (pinned, origin) = (Some(version.clone()), Some(place));
        }
        Package { presence, optional, pinned, specifiers, origin, contradictions }
    }

    /// Whether the virtual environment has it. One that was made on another platform counts as well,
    /// but not for packages of which a marker says that they are not for this one.
    fn is_installed(&self, collected: &Collected, name: &str) -> bool {
        let is_here = collected.installed.is_windows == (self.platform == Platform::Windows);
        let known = brought::rows().iter().flat_map(|row| &row.needs);
        let declared = collected.declarations.iter().map(|declaration| &declaration.requirement);
        let mut named = known.chain(declared).filter(|need| need.name == name);
        let is_excluded = named.any(|need| !self.holds(need.marker.as_deref()));
        collected.installed.get(name).is_some() && (is_here || !is_excluded)
    }

    /// Adds the version of the first lock that has the package; whether one has it.
    fn lock(&self, collected: &Collected, name: &str, found: &mut Found) -> bool {
        let all = collected.locks.iter().zip(&self.locked);
        let having: Vec<&Lock> =
            all.filter(|(_, installed)| installed.contains(name)).map(|(lock, _)| lock).collect();
        let mut versions = having.iter().filter_map(|lock| {
            // Forks that cannot be told apart here: the newest of them.
            let newest = lock.entries(name, self.environment()).max_by_key(|entry| entry.version.clone())?;
            Some((newest.version.as_ref()?, lock.origin(newest)))
        });
        if let Some((version, origin)) = versions.next() {
            found.locked(version, origin);
        }
        versions.for_each(|(version, origin)| found.narrow(&equal_to(version), origin, true));
        !having.is_empty()
    }
}

/// A package on its way.
#[derive(Default)]
struct Found {
    specifiers: VersionSpecifiers,
    /// Where what counts so far was asked for, and whether that line names one version.
    from: Vec<(Origin, bool)>,
    contradictions: Vec<Origin>,
}

impl Found {
    fn declaration(&mut self, declaration: &Declaration) {
        let is_pin = declaration.requirement.exact().is_some();
        self.narrow(&declaration.requirement.specifiers, declaration.origin.clone(), is_pin);
    }

    fn brought(&mut self, brought: &Brought) {
        if let Some(origin) = &brought.origin {
            let is_pin = exact(&brought.specifiers).is_some();
            self.narrow(&brought.specifiers, origin.clone(), is_pin);
        }
    }

    /// A lock holds what is installed: where the project asks for something else, that does not count.
    fn locked(&mut self, version: &Version, origin: Origin) {
        let is_allowed =
            release_specifiers_to_ranges(self.specifiers.clone()).contains(&version.only_release());
        if !is_allowed {
            let from = std::mem::take(self).from;
            self.contradictions = from.into_iter().map(|(origin, _)| origin).collect();
        }
        self.narrow(&equal_to(version), origin, true);
    }

    /// Takes the specifiers over, unless they leave no version; then they are a contradiction.
    fn narrow(&mut self, more: &VersionSpecifiers, origin: Origin, is_pin: bool) {
        let known = release_specifiers_to_ranges(self.specifiers.clone());
        let asked = release_specifiers_to_ranges(more.clone());
        if known.is_disjoint(&asked) {
            self.contradictions.push(origin);
            return;
        }
        if !known.subset_of(&asked) {
            self.specifiers = self.specifiers.iter().chain(more.iter()).cloned().collect();
        }
        self.from.push((origin, is_pin));
    }

    /// The line that fixed the version, or else the first that asks for the package.
    fn origin(&self) -> Option<Origin> {
        let pin = self.from.iter().find(|(_, is_pin)| *is_pin);
        pin.or(self.from.first()).map(|(origin, _)| origin.clone())
    }
}

/// The specifiers that allow what the other ones allow as well; where neither does, everything.
fn wider(left: VersionSpecifiers, right: VersionSpecifiers) -> VersionSpecifiers {
    let ranges = [&left, &right].map(|one| release_specifiers_to_ranges(one.clone()));
    if ranges[0].subset_of(&ranges[1]) {
        right
    } else if ranges[1].subset_of(&ranges[0]) {
        left
    } else {
        VersionSpecifiers::empty()
    }
}

/// Two packages bring the same one.
fn both(old: Brought, new: Brought) -> Brought {
    let specifiers: VersionSpecifiers = old.specifiers.iter().chain(new.specifiers.iter()).cloned().collect();
    if release_specifiers_to_ranges(specifiers.clone()).is_empty() {
        return old;
    }
    Brought { specifiers, origin: old.origin.or(new.origin), optional: old.optional && new.optional }
}
