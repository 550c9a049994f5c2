//! Entry points that stand outside Python: console and GUI scripts of the package metadata.

use std::path::{Path, PathBuf};

/// `name = "package.module:function"` in a `pyproject.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleScript {
    pub module: String,
    /// Dotted, inside the module.
    pub function: String,
    /// The file it stands in.
    pub path: PathBuf,
}

/// The name under which the project in `root` is published, lower-cased.
pub fn own_name(root: &Path) -> Option<String> {
    let table = std::fs::read_to_string(root.join("pyproject.toml")).ok()?.parse::<toml::Table>().ok()?;
    let project = table.get("project").or_else(|| table.get("tool")?.get("poetry"))?;
    Some(project.get("name")?.as_str()?.to_lowercase())
}

/// The console and GUI scripts that the project in `root` installs. A file that does not parse has
/// none; that it does not parse is said elsewhere.
pub fn console_scripts(root: &Path) -> Vec<ConsoleScript> {
    let path = root.join("pyproject.toml");
    let Ok(text) = std::fs::read_to_string(&path) else { return Vec::new() };
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let tables = [&["project", "scripts"][..], &["project", "gui-scripts"], &["tool", "poetry", "scripts"]];
    let mut found = Vec::new();
    for keys in tables {
        let mut value = toml::Value::Table(table.clone());
        for key in keys {
            value = value.get(*key).cloned().unwrap_or(toml::Value::Boolean(false));
        }
        let Some(scripts) = value.as_table() else { continue };
        for target in scripts.values() {
            // Poetry also writes `{ callable = "module:function" }`.
            let target = target.as_str().or_else(|| target.get("callable").and_then(toml::Value::as_str));
            let Some((module, function)) = target.and_then(|target| target.split_once(':')) else { continue };
            let function = function.split('[').next().unwrap_or(function).trim();
            let script =
                ConsoleScript { module: module.trim().into(), function: function.into(), path: path.clone() };
            if !found.contains(&script) {
                found.push(script);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_every_table_are_found_once() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"
[project.scripts]
app = "pkg.cli:main"
app2 = "pkg.cli:main"
[project.gui-scripts]
gui = "pkg.gui:Window.show"
[tool.poetry.scripts]
old = { callable = "pkg.old:run", extras = [] }
"#;
        std::fs::write(dir.path().join("pyproject.toml"), text).unwrap();
        let found = console_scripts(dir.path());
        let names: Vec<String> =
            found.iter().map(|script| format!("{}:{}", script.module, script.function)).collect();
        assert_eq!(names, ["pkg.cli:main", "pkg.gui:Window.show", "pkg.old:run"]);
    }

    #[test]
    fn a_project_without_metadata_has_none() {
        assert_eq!(console_scripts(Path::new("/nowhere")), []);
    }
}
