//! What is installed in the project's own virtual environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pep440_rs::Version;

use super::Origin;
use super::requirement::{normalise, version};

/// The packages of a virtual environment, by normalised name.
#[derive(Debug, Default)]
pub struct Installed {
    packages: HashMap<String, (Version, PathBuf)>,
    /// It was made on Windows.
    pub is_windows: bool,
}

impl Installed {
    /// Reads the first virtual environment of the folder; only names of folders, no files.
    pub fn read(root: &Path) -> Installed {
        let environments = [".venv", "venv", "env", ".env"].map(|name| root.join(name));
        environments.iter().find_map(|environment| Installed::of(environment)).unwrap_or_default()
    }

    fn of(environment: &Path) -> Option<Installed> {
        // `Lib` and `lib` are one name on some file systems, `Scripts` and `bin` are not.
        let is_windows = environment.join("Scripts").is_dir();
        let folder = match is_windows {
            true => environment.join("Lib").join("site-packages"),
            false => {
                let pythons = environment.join("lib").read_dir().ok()?.flatten();
                let mut folders: Vec<PathBuf> =
                    pythons.map(|python| python.path().join("site-packages")).collect();
                folders.sort();
                folders.into_iter().rfind(|folder| folder.is_dir())?
            }
        };
        let mut packages = HashMap::new();
        for entry in folder.read_dir().ok()?.flatten() {
            let file = entry.file_name();
            let Some(stem) = file.to_str().and_then(|name| name.strip_suffix(".dist-info")) else { continue };
            if let Some((name, number)) = stem.split_once('-')
                && let Some(number) = version(number)
            {
                packages.insert(normalise(name), (number, entry.path()));
            }
        }
        Some(Installed { packages, is_windows })
    }

    pub fn get(&self, name: &str) -> Option<(&Version, Origin)> {
        let (version, folder) = self.packages.get(name)?;
        // The third line of METADATA is the version, after its own format and the name.
        let origin = Origin { path: folder.join("METADATA"), line: 3, text: format!("{name} {version}") };
        Some((version, origin))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;
    use super::super::{Platform, Presence};

    #[test]
    fn what_is_installed_is_the_version_where_nothing_else_says() {
        let dependencies = dependencies(&[
            ("requirements.txt", "uvicorn>=0.20\nfastapi<0.100\n"),
            (".venv/lib/python3.12/site-packages/uvicorn-0.30.0.dist-info/METADATA", ""),
            (".venv/lib/python3.12/site-packages/fastapi-0.115.0.dist-info/METADATA", ""),
            (".venv/lib/python3.12/site-packages/uvloop-0.20.0.dist-info/METADATA", ""),
            (".venv/lib/python3.12/site-packages/click-8.0.dist-info/METADATA", ""),
        ]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(
            (uvicorn.presence, uvicorn.pinned.unwrap().to_string()),
            (Presence::Declared, "0.30.0".into())
        );
        assert_eq!(uvicorn.specifiers.to_string(), ">=0.20");
        assert_eq!(dependencies.package("fastapi").pinned, None);
        assert_eq!(dependencies.package("click").presence, Presence::Installed);
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert_eq!(dependencies.package_on("uvloop", Platform::Linux).presence, Presence::Installed);
    }
}
