//! The circumstances of one paper run: platform, Python, and the packages that are installed.

use pep440_rs::{Version, VersionSpecifiers};

pub use crate::platform::Platform;
use crate::project::dependencies::{Dependencies, Presence};

#[derive(Clone, Debug)]
pub struct World<'p> {
    pub platform: Platform,
    /// The minor version that runs, for instance (3, 13).
    pub python: (u8, u8),
    pub packages: Packages<'p>,
}

/// Which version of each package runs.
#[derive(Clone, Debug)]
pub struct Packages<'p> {
    pub dependencies: &'p Dependencies,
    pub platform: Platform,
    /// Versions assumed instead of those the project resolves to, when a remedy is tried on what else is allowed.
    pub instead: Vec<(String, Version)>,
}

impl<'p> World<'p> {
    /// What a fresh install of the project would run on.
    pub fn of(dependencies: &'p Dependencies, platform: Platform) -> World<'p> {
        World {
            platform,
            python: dependencies.python.verdict,
            packages: Packages { dependencies, platform, instead: Vec::new() },
        }
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
        match self.instead.iter().find(|(name, _)| name == package) {
            Some((_, version)) => specifiers.contains(version),
            None => self.dependencies.package_on(package, self.platform).verdict_in(specifiers),
        }
    }

    /// Whether a package is there, now that `user` runs. Where the project does not ask for `user`, it
    /// was installed with what it brings.
    pub fn comes_with(&self, package: &str, user: &str) -> bool {
        let asked = self.dependencies.package_on(user, self.platform).presence;
        self.presence(package) == Some(true)
            || (matches!(asked, Presence::Unknown | Presence::Absent)
                && self.dependencies.brings(user, package, self.platform))
    }

    /// Whether a package is there; `None` when the project does not say.
    pub fn presence(&self, package: &str) -> Option<bool> {
        let package = self.dependencies.package_on(package, self.platform);
        match package.presence {
            Presence::Unknown => None,
            _ if package.optional => None,
            Presence::Absent => Some(false),
            Presence::Declared | Presence::Locked | Presence::Installed | Presence::Transitive => Some(true),
        }
    }
}
