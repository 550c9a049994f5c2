//! `Pipfile` and `Pipfile.lock`.

use std::path::Path;

use serde_json::Value;
use toml::de::DeTable;

use super::lock::{Lock, Locked};
use super::pyproject::{Reader, sub};
use super::requirement::{self, normalise};
use super::{Collected, Origin, PythonHint, Strength, text};

/// Reads both files if they are there.
pub fn read(root: &Path, collected: &mut Collected) {
    manifest(root, collected);
    lock(root, collected);
}

fn manifest(root: &Path, collected: &mut Collected) {
    let path = root.join("Pipfile");
    let Some(text) = text::read(&path, &mut collected.problems) else { return };
    let (table, mut reader) = Reader::open(root, &path, &text, collected);
    let table: &DeTable = table.get_ref();
    if let Some(packages) = sub(table, "packages") {
        reader.named(packages, false);
    }
    if let Some(packages) = sub(table, "dev-packages") {
        reader.named(packages, true);
    }
    if let Some(requires) = sub(table, "requires") {
        let version = requires.get("python_full_version").or_else(|| requires.get("python_version"));
        reader.python(version, |text| requirement::specifiers(&format!("=={text}.*")));
    }
}

fn lock(root: &Path, collected: &mut Collected) {
    let path = root.join("Pipfile.lock");
    let Some(text) = text::read(&path, &mut collected.problems) else { return };
    let document: Value = match serde_json::from_str(&text) {
        Ok(document) => document,
        Err(error) => {
            let line = u32::try_from(error.line()).unwrap_or(1).max(1);
            collected.problem(&path, line, format!("is not valid JSON, its versions are not known: {error}"));
            return;
        }
    };
    let mut packages = Vec::new();
    for section in ["default", "develop"] {
        for (name, entry) in document.get(section).and_then(Value::as_object).into_iter().flatten() {
            let version =
                entry.get("version").and_then(Value::as_str).map(|version| version.trim_start_matches('='));
            packages.push(Locked {
                name: normalise(name),
                version: version.and_then(requirement::version),
                markers: entry
                    .get("markers")
                    .and_then(Value::as_str)
                    .map(str::to_string)
                    .into_iter()
                    .collect(),
                ..Locked::default()
            });
        }
    }
    place(&text, &mut packages);
    if let Some(version) = document.pointer("/_meta/requires/python_version").and_then(Value::as_str) {
        let line = line_of(&text, "\"python_version\"");
        if let Some(specifiers) = requirement::specifiers(&format!("=={version}.*")) {
            let origin = Origin { path: path.clone(), line, text: format!("python_version {version}") };
            collected.python(PythonHint { strength: Strength::Allows(specifiers), origin });
        }
    }
    collected.has_metadata = true;
    collected.locks.push(Lock::new(path, packages));
}

/// Finds the lines of the versions: the file is always written one key a line.
fn place(text: &str, packages: &mut [Locked]) {
    let mut name = String::new();
    let mut lines = std::collections::HashMap::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if let Some(key) = line.strip_suffix(": {") {
            name = normalise(key.trim_matches('"'));
        } else if line.starts_with("\"version\"") {
            lines.entry(name.clone()).or_insert(number);
        }
    }
    for package in packages {
        package.line = lines.get(&package.name).copied().unwrap_or(1);
    }
}

fn line_of(text: &str, needle: &str) -> u32 {
    text.lines().zip(1..).find(|(line, _)| line.contains(needle)).map_or(1, |(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::super::Presence;
    use super::super::testing::dependencies;

    #[test]
    fn the_lock_fixes_what_the_pipfile_asks_for() {
        let dependencies = dependencies(&[
            (
                "Pipfile",
                "[packages]\nuvicorn = {version = \"*\", extras = [\"standard\"]}\nfastapi = \"~=0.100\"\n[dev-packages]\npytest = \"*\"\n[requires]\npython_version = \"3.11\"\n",
            ),
            (
                "Pipfile.lock",
                "{\n    \"_meta\": {\n        \"requires\": {\n            \"python_version\": \"3.11\"\n        }\n    },\n    \"default\": {\n        \"uvicorn\": {\n            \"hashes\": [],\n            \"version\": \"==0.30.0\"\n        },\n        \"uvloop\": {\n            \"markers\": \"sys_platform != 'win32'\",\n            \"version\": \"==0.19.0\"\n        }\n    }\n}\n",
            ),
        ]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(
            (uvicorn.pinned.unwrap().to_string(), uvicorn.origin.unwrap().line),
            ("0.30.0".into(), 10)
        );
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert_eq!(dependencies.package("fastapi").specifiers.to_string(), "~=0.100");
        assert!(dependencies.package("pytest").optional);
        assert_eq!(dependencies.python.allowed, [(3, 11)]);
    }

    #[test]
    fn a_broken_lock_is_reported() {
        let dependencies = dependencies(&[("Pipfile.lock", "{\n")]);
        assert_eq!(dependencies.problems.len(), 1);
    }
}
