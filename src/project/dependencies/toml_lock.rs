//! `uv.lock`, `poetry.lock`, `pdm.lock` and `pylock.toml`, read line by line: a lock may have tens of
//! megabytes of hashes, and the four formats agree on everything that is asked here.

use std::path::{Path, PathBuf};

use toml::Value;

use super::lock::{Edge, Lock, Locked};
use super::requirement::{self, Requirement, normalise};
use super::{Collected, Origin, PythonHint, Strength, poetry_constraint, text};

/// Reads every such lock of the folder, in the order in which they count.
pub fn read_all(root: &Path, collected: &mut Collected) {
    for name in ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"] {
        let path = root.join(name);
        if let Some(text) = text::read(&path, &mut collected.problems) {
            read(&path, &text, collected);
        }
    }
    if collected.locks.is_empty()
        && let Some(path) = workspace_lock(root)
        && let Some(text) = text::read(&path, &mut collected.problems)
    {
        read(&path, &text, collected);
    }
}

/// A member of a uv workspace has its lock at the root of the workspace, not far above it.
fn workspace_lock(root: &Path) -> Option<PathBuf> {
    let is_repository = |folder: &&Path| folder.join(".git").exists();
    if !root.join("pyproject.toml").is_file() || is_repository(&root) {
        return None;
    }
    for folder in root.ancestors().skip(1).take(4) {
        let lock = folder.join("uv.lock");
        if lock.is_file() {
            // What is wrong with the manifest is said where it is a project's own.
            let manifest = text::read(&folder.join("pyproject.toml"), &mut Vec::new())?;
            return manifest.contains("[tool.uv.workspace]").then_some(lock);
        }
        if is_repository(&folder) {
            break;
        }
    }
    None
}

/// Where in the file the reader stands.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Top,
    Package,
    /// `[package.dependencies]` of Poetry: a name a line.
    Needs,
    /// `[package.optional-dependencies]` and `[package.dev-dependencies]` of uv: an extra a line.
    Extras,
    Metadata,
    Other,
}

fn read(path: &Path, text: &str, collected: &mut Collected) {
    let mut packages: Vec<Locked> = Vec::new();
    let mut section = Section::Top;
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let line = line.trim();
        if line.starts_with('[') {
            section = header(line);
            if line.starts_with("[[package]]") || line.starts_with("[[packages]]") {
                packages.push(Locked { line: number, ..Locked::default() });
            }
            continue;
        }
        // The long parts of a lock, files with their hashes, start with a brace or a quote.
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['{', '"', ']', '#']))
        else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let Some(package) = packages.last_mut().filter(|_| section != Section::Metadata) else {
            python(path, number, key, value, collected);
            continue;
        };
        match (section, key) {
            (Section::Package, "name") => package.name = normalise(&string(value).unwrap_or_default()),
            (Section::Package, "version") => {
                package.line = number;
                package.version = string(value).and_then(|version| requirement::version(&version));
            }
            (Section::Package, "marker") => package.markers.extend(string(value)),
            // Poetry writes one marker, or one a group of dependencies.
            (Section::Package, "markers") => match parse(value) {
                Some(Value::Table(groups)) => {
                    package.markers.extend(groups.into_iter().filter_map(|(_, m)| text_of(&m)))
                }
                other => package.markers.extend(other.as_ref().and_then(text_of)),
            },
            (Section::Package, "source") => {
                package.is_project = value.contains("editable =") || value.contains("virtual =");
            }
            (Section::Package, "resolution-markers") => {
                let markers = parse(&whole(value, &mut lines));
                package.markers.extend(values(&markers).filter_map(text_of));
            }
            (Section::Package, "dependencies") => {
                let needs = parse(&whole(value, &mut lines));
                package.edges.extend(values(&needs).filter_map(|need| edge(need, None)));
            }
            (Section::Extras, extra) => {
                let needs = parse(&whole(value, &mut lines));
                let through = Some(normalise(extra.trim_matches('"')));
                package.edges.extend(values(&needs).filter_map(|need| edge(need, through.clone())));
            }
            (Section::Needs, name) => {
                let need = parse(&whole(value, &mut lines));
                let name = normalise(name.trim_matches('"'));
                let choices = values(&need).chain(need.iter().filter(|need| !need.is_array()));
                package.edges.extend(choices.map(|choice| poetry_edge(&name, choice)));
            }
            _ => {}
        }
    }
    packages.retain(|package| !package.name.is_empty());
    collected.has_metadata = true;
    collected.locks.push(Lock::new(path.to_path_buf(), packages));
}

fn header(line: &str) -> Section {
    match line.split(['#', ' ']).next().unwrap_or(line) {
        "[[package]]" | "[[packages]]" => Section::Package,
        "[package.dependencies]" => Section::Needs,
        "[package.optional-dependencies]" | "[package.dev-dependencies]" => Section::Extras,
        "[metadata]" | "[[metadata.targets]]" => Section::Metadata,
        _ => Section::Other,
    }
}

fn python(path: &Path, line: u32, key: &str, value: &str, collected: &mut Collected) {
    if !matches!(key, "requires-python" | "python-versions" | "requires_python") {
        return;
    }
    let specifiers = string(value).and_then(|text| poetry_constraint::specifiers(&text));
    if let Some(specifiers) = specifiers {
        let origin = Origin { path: path.to_path_buf(), line, text: format!("{key} = {value}") };
        collected.python(PythonHint { strength: Strength::Allows(specifiers), origin });
    }
}

/// The text of a value that may go on over the following lines, up to its closing bracket.
fn whole<'t>(value: &str, lines: &mut impl Iterator<Item = (&'t str, u32)>) -> String {
    let mut text = value.to_string();
    let mut open = brackets(value);
    while open > 0 {
        let Some((line, _)) = lines.next() else { break };
        open += brackets(line);
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// Opening minus closing brackets outside strings.
fn brackets(line: &str) -> i64 {
    let mut open = 0;
    let mut quote = None;
    let mut escaped = false;
    for byte in line.bytes() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(b'"'), b'\\') => escaped = true,
            (Some(by), byte) if by == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'#') => break,
            (None, b'[' | b'{') => open += 1,
            (None, b']' | b'}') => open -= 1,
            _ => {}
        }
    }
    open
}

fn parse(value: &str) -> Option<Value> {
    toml::from_str::<toml::Table>(&format!("value = {value}")).ok()?.remove("value")
}

/// A string; the plain ones, nearly all of them, without a parser.
fn string(value: &str) -> Option<String> {
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(plain) if !plain.contains(['"', '\\']) => Some(plain.to_string()),
        _ => parse(value).as_ref().and_then(text_of),
    }
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_string)
}

fn values(value: &Option<Value>) -> impl Iterator<Item = &Value> {
    value.as_ref().and_then(Value::as_array).into_iter().flatten()
}

/// `{ name = "uvloop", extra = ["…"], marker = "…" }` of uv, or the requirement that PDM writes.
fn edge(need: &Value, through: Option<String>) -> Option<Edge> {
    if let Some(text) = need.as_str() {
        let requirement = Requirement::parse(text)?;
        let Requirement { name: to, extras, marker, .. } = requirement;
        return Some(Edge { to, extras, marker, through });
    }
    let to = normalise(need.get("name")?.as_str()?);
    let marker = need.get("marker").and_then(text_of);
    Some(Edge { to, extras: names(need.get("extra")), marker, through })
}

fn poetry_edge(name: &str, choice: &Value) -> Edge {
    let marker = choice.get("markers").and_then(text_of);
    Edge { to: name.to_string(), extras: names(choice.get("extras")), marker, through: None }
}

fn names(value: Option<&Value>) -> Vec<String> {
    let names = value.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(normalise).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dependencies, project};
    use super::super::{Dependencies, Platform, Presence};

    const UV: &str = r#"version = 1
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "uvicorn", extra = ["standard"] },
]

[package.optional-dependencies]
win = [{ name = "winloop" }]

[[package]]
name = "uvicorn"
version = "0.54.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "h11" },
]
wheels = [
    { url = "https://example.org/uvicorn-0.54.0.whl", hash = "sha256:00", size = 1 },
]

[package.optional-dependencies]
standard = [
    { name = "colorama", marker = "sys_platform == 'win32'" },
    { name = "uvloop", marker = "platform_python_implementation != 'PyPy' and sys_platform != 'win32'" },
]

[[package]]
name = "h11"
version = "0.16.0"

[[package]]
name = "colorama"
version = "0.4.6"

[[package]]
name = "uvloop"
version = "0.21.0"

[[package]]
name = "winloop"
version = "0.2.0"

[[package]]
name = "numpy"
version = "1.26.4"
resolution-markers = [
    "python_full_version < '3.13' and sys_platform == 'linux'",
]

[[package]]
name = "numpy"
version = "2.1.0"
resolution-markers = [
    "python_full_version >= '3.13'",
    "sys_platform == 'win32'",
]
"#;

    #[test]
    fn uv_gives_versions_lines_and_what_is_not_installed_on_windows() {
        let dependencies = dependencies(&[
            ("uv.lock", UV),
            ("pyproject.toml", "[project]\ndependencies = ['uvicorn[standard]']\n"),
        ]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(
            (uvicorn.presence, uvicorn.pinned.unwrap().to_string()),
            (Presence::Locked, "0.54.0".into())
        );
        let origin = uvicorn.origin.unwrap();
        assert_eq!((origin.line, origin.text.as_str()), (17, "uvicorn 0.54.0"));
        assert_eq!(dependencies.package("h11").presence, Presence::Transitive);
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert_eq!(dependencies.package_on("uvloop", Platform::Linux).presence, Presence::Transitive);
        assert_eq!(dependencies.package("colorama").presence, Presence::Transitive);
        assert_eq!(dependencies.package_on("colorama", Platform::Linux).presence, Presence::Absent);
        assert_eq!(dependencies.package("winloop").presence, Presence::Transitive);
        assert_eq!(dependencies.package("numpy").pinned.unwrap().to_string(), "2.1.0");
        assert_eq!(dependencies.python.floor, Some((3, 12)));
    }

    #[test]
    fn poetry_with_and_without_markers_on_the_package() {
        let dependencies = dependencies(&[
            ("pyproject.toml", "[tool.poetry.dependencies]\npython = \"^3.10\"\nnicegui = \"^1.4\"\n"),
            (
                "poetry.lock",
                r#"
[[package]]
name = "nicegui"
version = "1.4.37"
description = "A = B"
optional = false
python-versions = "<4.0,>=3.8"
files = [
    {file = "nicegui-1.4.37-py3-none-any.whl", hash = "sha256:00"},
]

[package.dependencies]
uvicorn = {version = ">=0.22.0", extras = ["standard"]}
pywin32 = [
    {version = "*", markers = "sys_platform == \"linux\""},
]

[package.extras]
native = ["pywebview"]

[[package]]
name = "uvicorn"
version = "0.30.6"

[package.dependencies]
uvloop = {version = ">=0.14.0", optional = true, markers = "sys_platform != \"win32\" and extra == \"standard\""}
httptools = {version = ">=0.5.0", optional = true, markers = "extra == \"standard\""}

[[package]]
name = "uvloop"
version = "0.20.0"

[[package]]
name = "httptools"
version = "0.6.0"
markers = "sys_platform == \"linux\""

[[package]]
name = "pywin32"
version = "306"

[metadata]
lock-version = "2.0"
python-versions = "^3.10"
"#,
            ),
        ]);
        assert_eq!(dependencies.package("uvicorn").pinned.unwrap().to_string(), "0.30.6");
        assert_eq!(dependencies.package("uvloop").presence, Presence::Absent);
        assert_eq!(dependencies.package_on("uvloop", Platform::Darwin).presence, Presence::Transitive);
        assert_eq!(dependencies.package("httptools").presence, Presence::Absent);
        assert_eq!(dependencies.package("pywin32").presence, Presence::Absent);
        assert!(dependencies.problems.is_empty());
    }

    #[test]
    fn pdm_and_pylock() {
        let pdm = dependencies(&[(
            "pdm.lock",
            "[metadata]\nlock_version = \"4.5\"\n\n[[metadata.targets]]\nrequires_python = \"==3.11.*\"\n\n[[package]]\nname = \"uvicorn\"\nversion = \"0.31.0\"\nextras = [\"standard\"]\ndependencies = [\n    \"uvloop>=0.14; sys_platform != 'win32'\",\n]\n\n[[package]]\nname = \"uvloop\"\nversion = \"0.20.0\"\n",
        )]);
        assert_eq!(pdm.package("uvicorn").pinned.unwrap().to_string(), "0.31.0");
        assert_eq!(pdm.package("uvloop").presence, Presence::Absent);
        assert_eq!(pdm.python.allowed, [(3, 11)]);
        let pylock = dependencies(&[(
            "pylock.toml",
            "lock-version = '1.0'\nrequires-python = '>=3.12'\n\n[[packages]]\nname = 'uvicorn'\nversion = '0.35.0'\n[[packages.wheels]]\nname = 'x.whl'\n\n[[packages]]\nname = 'uvloop'\nversion = '0.20.0'\nmarker = \"sys_platform != 'win32'\"\n",
        )]);
        assert_eq!(pylock.package("uvicorn").pinned.unwrap().to_string(), "0.35.0");
        assert_eq!(pylock.package("uvloop").presence, Presence::Absent);
        assert_eq!(pylock.python.floor, Some((3, 12)));
    }

    #[test]
    fn a_workspace_has_one_lock() {
        let lock = "[[package]]\nname = \"uvicorn\"\nversion = \"0.34.0\"\n";
        let member = "[project]\ndependencies = [\"uvicorn\"]\n";
        let folder = project(&[
            ("uv.lock", lock),
            ("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"packages/*\"]\n"),
            ("packages/a/pyproject.toml", member),
        ]);
        let dependencies = Dependencies::read(&folder.path().join("packages/a"), None);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(
            (uvicorn.presence, uvicorn.pinned.unwrap().to_string()),
            (Presence::Locked, "0.34.0".into())
        );
    }

    #[test]
    fn odd_content_never_fails() {
        for text in [
            "[[package]]",
            "[[package]]\nname = \nversion = 7\ndependencies = [[[",
            "= = =\n[\n\"\"\"",
            "[[package]]\nname = \"uvicorn\"\nversion = \"latest\"\n",
        ] {
            let dependencies = dependencies(&[("uv.lock", text)]);
            assert_eq!(dependencies.package("uvicorn").pinned, None, "{text}");
        }
    }
}
