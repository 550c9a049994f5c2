//! Console and GUI scripts: functions that the package metadata installs as programs.

use std::path::{Path, PathBuf};

use super::tree::{self, Node};
use crate::ir::{Constant, Expr, ExprKind};
use crate::python;

/// `name = "package.module:function"` in the metadata of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleScript {
    pub module: String,
    /// Dotted, inside the module.
    pub function: String,
    /// The file it stands in.
    pub path: PathBuf,
}

/// The tables of `pyproject.toml` that name functions; the last ones are tasks that run one.
const TABLES: [(&[&str], &str); 7] = [
    (&["project", "scripts"], ""),
    (&["project", "gui-scripts"], ""),
    (&["tool", "poetry", "scripts"], "callable"),
    (&["tool", "flit", "scripts"], ""),
    (&["tool", "poe", "tasks"], "script"),
    (&["tool", "pdm", "scripts"], "call"),
    (&["tool", "rye", "scripts"], "call"),
];

/// The groups of entry points that become programs.
const GROUPS: [&str; 2] = ["console_scripts", "gui_scripts"];

/// The name under which the project in `root` is published, lower-cased.
pub fn own_name(root: &Path) -> Option<String> {
    let tree = tree::toml(&super::load(&root.join("pyproject.toml"), super::LIMIT)?);
    let project = tree.get("project").or_else(|| tree.at(&["tool", "poetry"]))?;
    Some(project.get("name")?.text()?.to_lowercase())
}

/// The console and GUI scripts that the project in `root` installs, each once. A file that does not
/// parse has none; that it does not parse is said elsewhere.
pub fn console_scripts(root: &Path) -> Vec<ConsoleScript> {
    let mut found: Vec<ConsoleScript> = Vec::new();
    for (file, read) in [
        ("pyproject.toml", pyproject as fn(&str) -> Vec<String>),
        ("setup.cfg", setup_cfg),
        ("setup.py", setup_py),
    ] {
        let path = root.join(file);
        let Some(text) = super::load(&path, super::LIMIT) else { continue };
        for target in read(&text) {
            // `package.module:function [extra]`, of a task with its arguments.
            let Some((module, function)) = target.split_once(':') else { continue };
            let function = function.split(['[', '(']).next().unwrap_or(function).trim();
            let script =
                ConsoleScript { module: module.trim().into(), function: function.into(), path: path.clone() };
            let is_new =
                !found.iter().any(|one| (&one.module, &one.function) == (&script.module, &script.function));
            if is_new && !script.module.contains(' ') {
                found.push(script);
            }
        }
    }
    found
}

fn pyproject(text: &str) -> Vec<String> {
    let tree = tree::toml(text);
    let of_table = |(keys, inner): &(&[&str], &str)| {
        let entries = tree.at(keys).map(Node::entries).into_iter().flatten();
        // A task that is a plain text is a command line.
        let is_task = matches!(*inner, "script" | "call");
        let target = |(_, node): (&str, &Node)| {
            let text = node.text().filter(|_| !is_task).or_else(|| node.get(inner)?.text());
            text.map(str::to_string)
        };
        entries.filter_map(target).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(of_table).collect()
}

/// `name = module:function` of the lines below `console_scripts =`.
fn setup_cfg(text: &str) -> Vec<String> {
    let (mut section, mut group, mut found) = ("", "", Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end().trim_end_matches(']');
        } else if section == "options.entry_points" && !line.starts_with([' ', '\t']) {
            group = line.split('=').next().unwrap_or_default().trim();
        } else if section == "options.entry_points" && GROUPS.contains(&group) {
            found.extend(line.split_once('=').map(|(_, target)| target.trim().to_string()));
        }
    }
    found
}

/// The literals of `entry_points={"console_scripts": ["name = module:function"]}`, wherever they stand.
fn setup_py(text: &str) -> Vec<String> {
    let Ok(module) = python::lower(text) else { return Vec::new() };
    let mut found = Vec::new();
    let literal = |expr: &Expr| match &expr.kind {
        ExprKind::Constant(Constant::Str(text)) => Some(text.clone()),
        _ => None,
    };
    for stmt in &module.body {
        crate::ir::walk(stmt, &mut |expr| {
            let ExprKind::Dict(entries) = &expr.kind else { return };
            for (key, value) in entries {
                let group = key.as_ref().and_then(literal);
                if !group.is_some_and(|group| GROUPS.contains(&&*group)) {
                    continue;
                }
                let items = match &value.kind {
                    ExprKind::List(items) | ExprKind::Tuple(items) => {
                        items.iter().filter_map(literal).collect()
                    }
                    _ => literal(value).into_iter().collect::<Vec<_>>(),
                };
                let lines = items.iter().flat_map(|item| item.lines());
                found.extend(lines.filter_map(|line| Some(line.split_once('=')?.1.trim().to_string())));
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[(&str, &str)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let found = console_scripts(dir.path());
        found.iter().map(|script| format!("{}:{}", script.module, script.function)).collect()
    }

    #[test]
    fn scripts_of_every_table_are_found_once() {
        let text = r#"
[project.scripts]
app = "pkg.cli:main"
app2 = "pkg.cli:main"
[project.gui-scripts]
gui = "pkg.gui:Window.show"
[tool.poetry.scripts]
old = { callable = "pkg.old:run", extras = [] }
[tool.poe.tasks]
serve = { script = "pkg.web:serve(port=80)" }
plain = "uvicorn main:app"
[tool.pdm.scripts]
work = { call = "pkg.work:go" }
"#;
        assert_eq!(
            names(&[("pyproject.toml", text)]),
            ["pkg.cli:main", "pkg.gui:Window.show", "pkg.old:run", "pkg.web:serve", "pkg.work:go"]
        );
    }

    #[test]
    fn older_metadata() {
        let cfg = "[metadata]\nname = x\n[options.entry_points]\nconsole_scripts =\n    a = pkg.a:main\n    b = pkg.b:main [extra]\npytest11 =\n    p = pkg.p:plugin\n[options]\nc = d:e\n";
        let py = "from setuptools import setup\nEP = {\"console_scripts\": [\"c = pkg.c:main\", \"a = pkg.a:main\"], \"x\": [\"y = z:z\"]}\nsetup(entry_points=EP, extra={'gui_scripts': '''\n  d = pkg.d:main\n'''})\n";
        assert_eq!(
            names(&[("setup.cfg", cfg), ("setup.py", py)]),
            ["pkg.a:main", "pkg.b:main", "pkg.c:main", "pkg.d:main"]
        );
        assert_eq!(names(&[("setup.py", "setup(")]), [""; 0]);
    }

    #[test]
    fn a_project_without_metadata_has_none() {
        assert_eq!(console_scripts(Path::new("/nowhere")), []);
    }
}
