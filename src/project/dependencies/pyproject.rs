//! `pyproject.toml`: PEP 621 and PEP 735, and the tables of uv, Poetry, PDM, Hatch and Pixi.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::requirement::{self, Requirement};
use super::text::{self, Lines};
use super::{Collected, Kind, Origin, PythonHint, Strength, poetry_constraint, requirements};
use crate::project::python_versions::classifier_minor;

type Table<'a> = DeTable<'a>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads the file if it is there. What stands before a syntax error still counts.
pub fn read(root: &Path, collected: &mut Collected) {
    let path = root.join("pyproject.toml");
    let Some(text) = text::read(&path, &mut collected.problems) else { return };
    let (table, mut reader) = Reader::open(root, &path, &text, collected);
    let table = table.get_ref();
    reader.project(table);
    reader.groups(table);
    if let Some(tool) = sub(table, "tool") {
        reader.poetry(tool);
        reader.others(tool);
    }
}

/// A table inside a table.
pub fn sub<'t, 'a>(table: &'t Table<'a>, key: &str) -> Option<&'t Table<'a>> {
    table.get(key)?.get_ref().as_table()
}

/// The values of an array, or of nothing when there is no such array.
fn items<'t, 'a>(table: &'t Table<'a>, key: &str) -> impl Iterator<Item = &'t Value<'a>> {
    table.get(key).and_then(|value| value.get_ref().as_array()).into_iter().flatten()
}

/// The tables that are values of a table.
fn tables<'t, 'a>(table: &'t Table<'a>) -> impl Iterator<Item = &'t Table<'a>> {
    table.values().filter_map(|value| value.get_ref().as_table())
}

/// Reads the tables of one TOML file.
pub struct Reader<'r> {
    root: &'r Path,
    path: &'r Path,
    lines: Lines,
    text: &'r str,
    collected: &'r mut Collected,
}

impl<'r> Reader<'r> {
    /// Parses the text; what stands before a syntax error still counts, the error is reported.
    pub fn open(
        root: &'r Path,
        path: &'r Path,
        text: &'r str,
        collected: &'r mut Collected,
    ) -> (Spanned<Table<'r>>, Reader<'r>) {
        let lines = Lines::new(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        if let Some(error) = errors.first() {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            collected.problem(path, line, format!("is not valid TOML: {}", error.message().trim()));
        }
        (table, Reader { root, path, lines, text, collected })
    }

    fn project(&mut self, table: &Table) {
        let Some(project) = sub(table, "project") else { return };
        self.python(project.get("requires-python"), requirement::specifiers);
        self.classifiers(project);
        let dynamic: Vec<&str> =
            items(project, "dynamic").filter_map(|value| value.get_ref().as_str()).collect();
        // A [project] table without dependencies has none, unless a backend computes them.
        self.collected.has_metadata |= !dynamic.contains(&"dependencies");
        self.array(project, "dependencies", Kind::Manifest, false);
        if let Some(extras) = sub(project, "optional-dependencies") {
            for name in extras.keys() {
                self.array(extras, name.get_ref(), Kind::Manifest, true);
            }
        }
        let files = sub(table, "tool").and_then(|tool| sub(tool, "setuptools"));
        let files = files.and_then(|setuptools| sub(setuptools, "dynamic"));
        let files = files.and_then(|dynamic| sub(dynamic, "dependencies"));
        let Some(file) = files.and_then(|dependencies| dependencies.get("file")) else { return };
        let named = file.get_ref().as_array().into_iter().flatten();
        for file in named.chain([file]).filter_map(|file| file.get_ref().as_str()) {
            requirements::read_named(&self.root.join(file), self.collected);
        }
    }

    fn groups(&mut self, table: &Table) {
        let Some(groups) = sub(table, "dependency-groups") else { return };
        for name in groups.keys() {
            self.array(groups, name.get_ref(), Kind::Manifest, true);
        }
    }

    fn poetry(&mut self, tool: &Table) {
        let Some(poetry) = sub(tool, "poetry") else { return };
        self.classifiers(poetry);
        if let Some(dependencies) = sub(poetry, "dependencies") {
            self.python(dependencies.get("python"), poetry_constraint::specifiers);
            self.named(dependencies, false);
        }
        if let Some(dependencies) = sub(poetry, "dev-dependencies") {
            self.named(dependencies, true);
        }
        let groups = sub(poetry, "group").into_iter().flat_map(tables);
        for dependencies in groups.filter_map(|group| sub(group, "dependencies")) {
            self.named(dependencies, true);
        }
    }

    fn others(&mut self, tool: &Table) {
        if let Some(uv) = sub(tool, "uv") {
            self.array(uv, "dev-dependencies", Kind::Manifest, true);
            self.array(uv, "constraint-dependencies", Kind::Constraint, false);
            self.array(uv, "override-dependencies", Kind::Override, false);
        }
        if let Some(groups) = sub(tool, "pdm").and_then(|pdm| sub(pdm, "dev-dependencies")) {
            for name in groups.keys() {
                self.array(groups, name.get_ref(), Kind::Manifest, true);
            }
        }
        let environments = sub(tool, "hatch").and_then(|hatch| sub(hatch, "envs"));
        for environment in environments.into_iter().flat_map(tables) {
            self.array(environment, "dependencies", Kind::Manifest, true);
            self.array(environment, "extra-dependencies", Kind::Manifest, true);
        }
        if let Some(pixi) = sub(tool, "pixi") {
            for key in ["dependencies", "pypi-dependencies"] {
                let Some(dependencies) = sub(pixi, key) else { continue };
                self.python(dependencies.get("python"), poetry_constraint::specifiers);
                self.named(dependencies, false);
            }
        }
        let target = sub(tool, "ruff").and_then(|ruff| ruff.get("target-version"));
        if let Some((minor, value)) = target.and_then(|value| Some((value.get_ref().as_str()?, value))) {
            let digits = minor.strip_prefix("py3").and_then(|digits| digits.parse().ok());
            if let Some(minor) = digits {
                let origin = self.origin(value, minor_text(minor));
                self.collected.python(PythonHint { strength: Strength::Floor((3, minor)), origin });
            }
        }
    }

    fn array(&mut self, table: &Table, key: &str, kind: Kind, optional: bool) {
        for value in items(table, key) {
            // `{include-group = "…"}` names a group that is read anyway.
            let Some(text) = value.get_ref().as_str() else { continue };
            let origin = self.origin(value, text.to_string());
            match Requirement::parse(text) {
                Some(requirement) => self.collected.declare(requirement, origin, kind, optional),
                None => self.skipped(value, text),
            }
        }
    }

    /// Poetry's tables, and those alike: `uvicorn = "^0.22"`, `uvicorn = {version = "…", extras = […], markers = "…"}`, or an array of those.
    pub fn named(&mut self, table: &Table, optional: bool) {
        self.collected.has_metadata = true;
        for (name, value) in table {
            let name = name.get_ref();
            if name == "python" {
                continue;
            }
            match value.get_ref().as_array() {
                Some(choices) => choices.iter().for_each(|choice| self.poetry_entry(name, choice, optional)),
                None => self.poetry_entry(name, value, optional),
            }
        }
    }

    fn poetry_entry(&mut self, name: &str, value: &Value, optional: bool) {
        let detail = value.get_ref().as_table();
        let text = |key: &str| detail.and_then(|detail| detail.get(key)?.get_ref().as_str());
        let version = value.get_ref().as_str().or_else(|| text("version")).unwrap_or("*");
        let Some(specifiers) = poetry_constraint::specifiers(version) else {
            self.skipped(value, version);
            return;
        };
        let extras = detail.into_iter().flat_map(|detail| items(detail, "extras"));
        let extras =
            extras.filter_map(|extra| extra.get_ref().as_str()).map(requirement::normalise).collect();
        let mut markers: Vec<String> =
            text("markers").map(|marker| format!("({marker})")).into_iter().collect();
        if let Some(platform) = text("platform") {
            markers.push(format!("sys_platform == '{platform}'"));
        }
        // Poetry splits one package by Python; the marker language can say the same where it is plain.
        if let Some(python) = text("python").and_then(poetry_constraint::specifiers) {
            let bounds =
                python.iter().map(|one| format!("python_version {} '{}'", one.operator(), one.version()));
            markers.extend(bounds);
        }
        let is_optional = detail.and_then(|detail| detail.get("optional")?.get_ref().as_bool());
        let marker = Some(markers.join(" and ")).filter(|marker| !marker.is_empty());
        let requirement = Requirement { name: requirement::normalise(name), extras, specifiers, marker };
        let origin = self.origin(value, format!("{name} = \"{version}\""));
        self.collected.declare(requirement, origin, Kind::Manifest, optional || is_optional == Some(true));
    }

    pub fn python(
        &mut self,
        value: Option<&Value>,
        parse: impl Fn(&str) -> Option<pep440_rs::VersionSpecifiers>,
    ) {
        let Some(value) = value else { return };
        let detail = value.get_ref().as_table().and_then(|detail| detail.get("version"));
        let Some(text) = detail.unwrap_or(value).get_ref().as_str() else { return };
        match parse(text) {
            Some(specifiers) => {
                let origin = self.origin(value, self.line_text(value));
                self.collected.python(PythonHint { strength: Strength::Allows(specifiers), origin });
            }
            None => self.skipped(value, text),
        }
    }

    fn classifiers(&mut self, project: &Table) {
        let found = items(project, "classifiers").filter_map(|value| {
            let minor = classifier_minor(value.get_ref().as_str()?)?;
            Some((value, minor))
        });
        let found: Vec<_> = found.collect();
        for (value, minor) in found {
            let origin = self.origin(value, minor_text(minor));
            self.collected.python(PythonHint { strength: Strength::Names((3, minor)), origin });
        }
    }

    fn skipped(&mut self, value: &Value, text: &str) {
        let line = self.lines.line(value.span().start);
        self.collected.problem(
            self.path,
            line,
            format!("`{text}` is no version or requirement; it was skipped"),
        );
    }

    fn origin(&self, value: &Value, text: String) -> Origin {
        Origin { path: self.path.to_path_buf(), line: self.lines.line(value.span().start), text }
    }

    fn line_text(&self, value: &Value) -> String {
        let start = self.text.get(..value.span().start).unwrap_or("").rfind('\n').map_or(0, |at| at + 1);
        self.text[start..].lines().next().unwrap_or("").trim().to_string()
    }
}

fn minor_text(minor: u8) -> String {
    format!("Python 3.{minor}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;
    use super::super::{Answer, Presence};

    #[test]
    fn pep_621_and_groups() {
        let dependencies = dependencies(&[(
            "pyproject.toml",
            r#"
[project]
name = "app"
requires-python = ">=3.10"
dependencies = [
    "fastapi>=0.100",
    "uvicorn[standard]==0.29.0",
]
[project.optional-dependencies]
ui = ["nicegui~=2.0"]
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
"#,
        )]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(uvicorn.presence, Presence::Declared);
        assert_eq!(uvicorn.origin.as_ref().unwrap().line, 7);
        assert_eq!(uvicorn.at_least(&"0.36".parse().unwrap()), Answer::No);
        assert!(dependencies.package("nicegui").optional);
        assert!(dependencies.package("pytest").optional);
        assert_eq!(dependencies.package("flask").presence, Presence::Absent);
        assert_eq!(dependencies.python.floor, Some((3, 10)));
        assert_eq!(dependencies.python.origin.as_ref().unwrap().line, 4);
    }

    #[test]
    fn poetry_tables() {
        let dependencies = dependencies(&[(
            "pyproject.toml",
            r#"
[tool.poetry.dependencies]
python = "^3.11"
nicegui = "^1.4"
uvicorn = {version = "~0.29", extras = ["standard"]}
pywin32 = {version = "*", markers = "sys_platform == 'win32'"}
uvloop = {version = "*", markers = "sys_platform != 'win32'"}
redis = {version = "^5", optional = true}
[tool.poetry.group.dev.dependencies]
pytest = "*"
"#,
        )]);
        assert_eq!(dependencies.package("nicegui").specifiers.to_string(), ">=1.4, <2");
        assert_eq!(dependencies.package("uvicorn").specifiers.to_string(), ">=0.29, <0.30");
        assert_eq!(dependencies.package("pywin32").presence, Presence::Declared);
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert!(dependencies.package("redis").optional);
        assert_eq!(dependencies.python.floor, Some((3, 11)));
        assert!(dependencies.python.open_ceiling);
    }

    #[test]
    fn a_broken_file_is_reported_and_what_can_be_read_counts() {
        let dependencies =
            dependencies(&[("pyproject.toml", "[project]\ndependencies = [\"uvicorn==0.29.0\"]\n[tool.\n")]);
        assert_eq!(dependencies.problems[0].line, 3);
        assert_eq!(dependencies.package("uvicorn").pinned.unwrap().to_string(), "0.29.0");
    }

    #[test]
    fn a_pyproject_for_tools_only_is_no_metadata() {
        let dependencies = dependencies(&[("pyproject.toml", "[tool.ruff]\nline-length = 99\n")]);
        assert_eq!(dependencies.package("uvicorn").presence, Presence::Unknown);
    }

    #[test]
    fn dynamic_dependencies_come_from_the_named_file() {
        let dependencies = dependencies(&[
            (
                "pyproject.toml",
                "[project]\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\ndependencies = {file = [\"deps/run.txt\"]}\n",
            ),
            ("deps/run.txt", "uvicorn==0.31.0\n"),
        ]);
        assert_eq!(dependencies.package("uvicorn").pinned.unwrap().to_string(), "0.31.0");
    }
}
