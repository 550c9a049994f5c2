//! The circumstances of one paper run: platform, Python, and the packages that are installed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use pep440_rs::{Version, VersionSpecifiers};

use crate::knowledge::Where;
pub use crate::platform::Platform;
use crate::project::dependencies::{Dependencies, Presence};

#[derive(Clone, Debug)]
pub struct World<'p> {
    pub platform: Platform,
    /// The minor version that runs, for instance (3, 13).
    pub python: (u8, u8),
    pub packages: Packages<'p>,
    /// A run asked whether this is Linux or macOS, of what we know about frameworks.
    pub told_apart: Cell<bool>,
}

/// What runs asked of a world.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub packages: BTreeSet<String>,
    told_apart: bool,
}

/// Which version of each package runs.
#[derive(Clone, Debug)]
pub struct Packages<'p> {
    pub dependencies: &'p Dependencies,
    pub platform: Platform,
    /// Versions assumed instead of those the project resolves to, when a remedy is tried on what else is allowed.
    pub instead: Vec<(String, Version)>,
    /// The packages that runs asked for.
    asked: RefCell<BTreeSet<String>>,
}

impl<'p> World<'p> {
    /// What a fresh install of the project would run on.
    pub fn of(dependencies: &'p Dependencies, platform: Platform) -> World<'p> {
        World {
            platform,
            python: dependencies.python.verdict,
            packages: Packages { dependencies, platform, instead: Vec::new(), asked: RefCell::default() },
            told_apart: Cell::new(false),
        }
    }

    /// Whether this is the platform that a table names.
    pub fn is_on(&self, platform: Where) -> bool {
        if matches!(platform, Where::Linux | Where::Darwin) {
            self.told_apart.set(true);
        }
        platform.is(self.platform)
    }

    pub fn asked(&self) -> Asked {
        Asked { packages: self.packages.asked.borrow().clone(), told_apart: self.told_apart.get() }
    }

    /// Notes what another run asked whose outcome is used here.
    pub fn note(&self, asked: &Asked) {
        asked.packages.iter().for_each(|name| self.packages.note(name));
        self.told_apart.set(self.told_apart.get() || asked.told_apart);
    }

    /// Whether runs in this world, so far, would have gone the same way on another platform as far as
    /// packages and frameworks go.
    pub fn is_like(&self, platform: Platform) -> bool {
        !self.told_apart.get()
            && self.packages.asked.borrow().iter().all(|name| {
                let here = self.packages.dependencies.package_on(name, self.platform);
                let there = self.packages.dependencies.package_on(name, platform);
                (here.presence, here.optional, here.pinned, here.specifiers)
                    == (there.presence, there.optional, there.pinned, there.specifiers)
            })
    }
}

impl World<'_> {
    /// Whether the Python that runs satisfies the specifiers.
    pub fn python_in(&self, specifiers: &VersionSpecifiers) -> bool {
        specifiers.contains(&Version::new([u64::from(self.python.0), u64::from(self.python.1)]))
    }
}

impl Packages<'_> {
    pub fn version_in(&self, package: &str, specifiers: &VersionSpecifiers) -> bool {
        self.note(package);
        match self.instead.iter().find(|(name, _)| name == package) {
            Some((_, version)) => specifiers.contains(version),
            None => self.dependencies.package_on(package, self.platform).verdict_in(specifiers),
        }
    }

    fn note(&self, package: &str) {
        if !self.asked.borrow().contains(package) {
            self.asked.borrow_mut().insert(package.to_string());
        }
    }

    /// Whether a package is there, now that `user` runs. Where the project does not ask for `user`, it
    /// was installed with what it brings.
    pub fn comes_with(&self, package: &str, user: &str) -> bool {
        self.note(user);
        let asked = self.dependencies.package_on(user, self.platform).presence;
        self.presence(package) == Some(true)
            || (matches!(asked, Presence::Unknown | Presence::Absent)
                && self.dependencies.brings(user, package, self.platform))
    }

    /// Whether a package is there; `None` when the project does not say.
    pub fn presence(&self, package: &str) -> Option<bool> {
        self.note(package);
        let package = self.dependencies.package_on(package, self.platform);
        match package.presence {
            Presence::Unknown => None,
            _ if package.optional => None,
            Presence::Absent => Some(false),
            Presence::Declared | Presence::Locked | Presence::Installed | Presence::Transitive => Some(true),
        }
    }
}
