//! The circumstances of one paper run: platform, Python, and the packages that are installed.

use crate::project::dependencies::Dependencies;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    Windows,
    Linux,
    Darwin,
}

impl Platform {
    pub const ALL: [Platform; 3] = [Platform::Windows, Platform::Linux, Platform::Darwin];

    /// `sys.platform`
    pub fn sys_platform(self) -> &'static str {
        match self {
            Platform::Windows => "win32",
            Platform::Linux => "linux",
            Platform::Darwin => "darwin",
        }
    }

    /// `os.name`
    pub fn os_name(self) -> &'static str {
        match self {
            Platform::Windows => "nt",
            _ => "posix",
        }
    }

    /// `platform.system()`
    pub fn system(self) -> &'static str {
        match self {
            Platform::Windows => "Windows",
            Platform::Linux => "Linux",
            Platform::Darwin => "Darwin",
        }
    }

    pub fn shown(self) -> &'static str {
        match self {
            Platform::Windows => "Windows",
            Platform::Linux => "Linux",
            Platform::Darwin => "macOS",
        }
    }
}

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
    /// Versions assumed instead of those the project resolves to, when a remedy is tried on what else is allowed.
    pub instead: Vec<(&'static str, pep440_rs::Version)>,
}
