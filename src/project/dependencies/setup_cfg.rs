//! `setup.cfg` of setuptools.

use std::path::Path;

use super::requirement::{self, Requirement};
use super::{Collected, Kind, Origin, PythonHint, Strength, text};
use crate::project::python_versions::classifier_minor;

/// Reads the file if it is there.
pub fn read(root: &Path, collected: &mut Collected) {
    let path = root.join("setup.cfg");
    let Some(text) = text::read(&path, &mut collected.problems) else { return };
    let (mut section, mut key) = (String::new(), String::new());
    for (line, number) in text.lines().zip(1..) {
        let content = line.split(" #").next().unwrap_or(line).trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[').filter(|_| line.starts_with('[')) {
            section = header.trim_end_matches(']').trim().to_string();
            key.clear();
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            content
        } else {
            let Some((name, value)) = content.split_once(['=', ':']) else { continue };
            key = name.trim().to_string();
            value.trim()
        };
        if !value.is_empty() {
            let origin = Origin { path: path.clone(), line: number, text: value.to_string() };
            entry(&section, &key, value, origin, collected);
        }
    }
}

fn entry(section: &str, key: &str, value: &str, origin: Origin, collected: &mut Collected) {
    match (section, key) {
        ("options", "python_requires") => {
            if let Some(specifiers) = requirement::specifiers(value) {
                collected.python(PythonHint { strength: Strength::Allows(specifiers), origin });
            }
        }
        // `file: requirements.txt` names a file that is read anyway.
        ("options", "install_requires") if !value.starts_with("file:") => {
            declare(value, origin, false, collected);
        }
        ("options.extras_require", _) => declare(value, origin, true, collected),
        ("metadata", "classifiers" | "classifier") => {
            if let Some(minor) = classifier_minor(value) {
                collected.python(PythonHint { strength: Strength::Names((3, minor)), origin });
            }
        }
        _ => {}
    }
}

fn declare(value: &str, origin: Origin, optional: bool, collected: &mut Collected) {
    if let Some(requirement) = Requirement::parse(value) {
        collected.declare(requirement, origin, Kind::Manifest, optional);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;

    #[test]
    fn options_of_setuptools() {
        let dependencies = dependencies(&[(
            "setup.cfg",
            "[metadata]\nname = app\n[options]\npython_requires = >=3.9\ninstall_requires =\n    # web\n    uvicorn==0.29.0\n    pywin32; sys_platform == 'win32'\npackages = find:\n[options.extras_require]\nui = nicegui>=2\n[flake8]\nignore = E501\n",
        )]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!((uvicorn.origin.unwrap().line, uvicorn.pinned.unwrap().to_string()), (7, "0.29.0".into()));
        assert!(dependencies.package("nicegui").optional);
        assert_eq!(dependencies.python.floor, Some((3, 9)));
    }
}
