//! `environment.yml` of conda, line by line: its dependencies are a flat list of strings.

use std::path::Path;

use super::requirement::{self, Requirement};
use super::{Collected, Kind, Origin, PythonHint, Strength, text};

/// Reads the file if it is there.
pub fn read(root: &Path, collected: &mut Collected) {
    for name in ["environment.yml", "environment.yaml", "conda.yml", "conda.yaml"] {
        let path = root.join(name);
        if let Some(text) = text::read(&path, &mut collected.problems) {
            read_text(&path, &text, collected);
        }
    }
}

fn read_text(path: &Path, text: &str, collected: &mut Collected) {
    let mut in_dependencies = false;
    // Deeper than this indentation stands what pip installs.
    let mut pip: Option<usize> = None;
    for (line, number) in text.lines().zip(1..) {
        let content = line.split(" #").next().unwrap_or(line).trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indentation = line.len() - line.trim_start().len();
        let Some(item) = content.strip_prefix("- ").map(|item| item.trim().trim_matches(['"', '\''])) else {
            in_dependencies = content == "dependencies:";
            collected.has_metadata |= in_dependencies;
            continue;
        };
        if !in_dependencies {
            continue;
        }
        pip = pip.filter(|pip| indentation > *pip);
        if item == "pip:" {
            pip = Some(indentation);
            continue;
        }
        let origin = Origin { path: path.to_path_buf(), line: number, text: item.to_string() };
        let parsed = if pip.is_some() { Requirement::parse(item) } else { conda(item) };
        match parsed {
            Some(requirement) if requirement.name == "python" => {
                let strength = Strength::Allows(requirement.specifiers);
                collected.python(PythonHint { strength, origin });
            }
            Some(requirement) => collected.declare(requirement, origin, Kind::Requirements, false),
            None => {}
        }
    }
}

/// `channel::name=1.2=build`, where one `=` means every version that starts so.
fn conda(item: &str) -> Option<Requirement> {
    let item = item.rsplit("::").next()?;
    let end = item.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(item.len());
    let (name, rest) = item.split_at(end);
    let rest = rest.trim();
    let specifiers = match rest.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        Some(version) => {
            let version = version.split('=').next()?.trim_end_matches(['*', '.']);
            requirement::specifiers(&format!("=={version}.*"))?
        }
        None => requirement::specifiers(rest)?,
    };
    Some(Requirement { name: requirement::normalise(name), extras: Vec::new(), specifiers, marker: None })
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;

    #[test]
    fn conda_and_pip_packages() {
        let dependencies = dependencies(&[(
            "environment.yml",
            "name: app\nchannels:\n  - defaults\ndependencies:\n  - python=3.11\n  - conda-forge::nicegui=2.1=py_0 # ui\n  - pip\n  - pip:\n      - uvicorn[standard]==0.29.0\nprefix: C:\\x\n",
        )]);
        assert_eq!(dependencies.python.allowed, [(3, 11)]);
        assert_eq!(dependencies.package("nicegui").specifiers.to_string(), "==2.1.*");
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!((uvicorn.pinned.unwrap().to_string(), uvicorn.origin.unwrap().line), ("0.29.0".into(), 9));
        assert_eq!(dependencies.package("defaults").presence, super::super::Presence::Absent);
    }
}
