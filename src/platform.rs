//! The platforms a program is run on, on paper.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
        if self == Platform::Windows { "nt" } else { "posix" }
    }

    /// `platform.system()`
    pub fn system(self) -> &'static str {
        match self {
            Platform::Windows => "Windows",
            Platform::Linux => "Linux",
            Platform::Darwin => "Darwin",
        }
    }

    /// The name people use.
    pub fn shown(self) -> &'static str {
        match self {
            Platform::Darwin => "macOS",
            other => other.system(),
        }
    }
}
