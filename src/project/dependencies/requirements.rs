//! `requirements*.txt` and what they include.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::requirement::Requirement;
use super::{Collected, Kind, Origin, text};

/// Includes nested deeper than this go in circles or are nobody's.
const DEEPEST: usize = 16;

/// Reads every requirements file of the project: `requirements.txt` first, then the others by name.
pub fn read_all(root: &Path, collected: &mut Collected) {
    let mut files = Vec::new();
    list(root, &mut files);
    for folder in ["requirements", "reqs", "requires"] {
        let folder = root.join(folder);
        if let Ok(entries) = folder.read_dir() {
            let texts = entries.flatten().map(|entry| entry.path());
            files
                .extend(texts.filter(|path| path.extension().is_some_and(|end| end == "txt" || end == "in")));
        }
    }
    // The files that a resolver compiled (.txt) come before what they were compiled from (.in).
    files.sort_by_key(|path| {
        let name = file_name(path);
        let compiled = !name.ends_with(".in");
        (is_side(path), name != "requirements.txt", !compiled, path.clone())
    });
    let mut seen = HashSet::new();
    for path in files {
        let reading =
            Reading { optional: is_side(&path), constraint: file_name(&path).contains("constraint") };
        read_file(&path, reading, 0, &mut seen, collected);
    }
}

/// Reads one file that the project's metadata names.
pub fn read_named(path: &Path, collected: &mut Collected) {
    read_file(path, Reading { optional: false, constraint: false }, 0, &mut HashSet::new(), collected);
}

#[derive(Clone, Copy)]
struct Reading {
    optional: bool,
    constraint: bool,
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = file_name(&path);
        let ends = name.ends_with(".txt") || name.ends_with(".in") || name.ends_with(".pip");
        let starts = ["requirements", "constraints"].iter().any(|word| name.contains(word));
        if ends && starts {
            files.push(path);
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or(String::new(), |name| name.to_string_lossy().to_lowercase())
}

/// For developers or tests, not for what is deployed.
fn is_side(path: &Path) -> bool {
    let name = file_name(path);
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| {
        let side =
            ["dev", "devel", "develop", "development", "test", "tests", "testing", "lint", "doc", "docs"];
        side.contains(&word)
            || ["ci", "optional", "extra", "extras", "build", "typing", "mypy"].contains(&word)
    })
}

fn read_file(
    path: &Path,
    reading: Reading,
    depth: usize,
    seen: &mut HashSet<PathBuf>,
    collected: &mut Collected,
) {
    let identity = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if depth > DEEPEST || !seen.insert(identity) {
        return;
    }
    let Some(text) = text::read(path, &mut collected.problems) else { return };
    let folder = path.parent().unwrap_or(Path::new(""));
    for (line, logical) in logical_lines(&text) {
        if let Some((option, value)) = option(&logical) {
            match option {
                "-r" | "--requirement" => read_file(&folder.join(value), reading, depth + 1, seen, collected),
                "-c" | "--constraint" => {
                    let reading = Reading { constraint: true, ..reading };
                    read_file(&folder.join(value), reading, depth + 1, seen, collected);
                }
                "-e" | "--editable" => add(path, line, value, reading, collected),
                _ => {}
            }
        } else {
            add(path, line, &logical, reading, collected);
        }
    }
    collected.has_metadata |= !reading.constraint;
}

fn add(path: &Path, line: u32, text: &str, reading: Reading, collected: &mut Collected) {
    // Options of one requirement (--hash=…) stand behind it.
    let text = text.split(" --").next().unwrap_or(text).trim();
    let Some(requirement) = Requirement::parse(text) else {
        if !text.is_empty()
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && !text.contains(['/', '\\', '{'])
        {
            collected.problem(
                path,
                line,
                format!("`{text}` is no requirement pip would understand; it was skipped"),
            );
        }
        return;
    };
    let origin = Origin { path: path.to_path_buf(), line, text: text.to_string() };
    let kind = if reading.constraint { Kind::Constraint } else { Kind::Requirements };
    collected.declare(requirement, origin, kind, reading.optional);
}

/// `-r file`, `-rfile`, `--requirement=file` → the option and its value.
fn option(line: &str) -> Option<(&str, &str)> {
    if !line.starts_with('-') {
        return None;
    }
    let end = match line.strip_prefix("--") {
        Some(_) => line.find([' ', '=', '\t']).unwrap_or(line.len()),
        None => line.char_indices().nth(2).map_or(line.len(), |(at, _)| at),
    };
    let value = line[end..].trim_start_matches([' ', '=', '\t']).trim().trim_matches(['"', '\'']);
    Some((&line[..end], value))
}

/// Lines joined over trailing backslashes, without comments and blank lines; each with the number of
/// its first line.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = without_comment(line);
        let (number, mut joined) = open.take().unwrap_or((index as u32 + 1, String::new()));
        if let Some(start) = line.strip_suffix('\\') {
            joined.push_str(start);
            joined.push(' ');
            open = Some((number, joined));
        } else {
            joined.push_str(line);
            lines.push((number, joined.trim().to_string()));
        }
    }
    lines.extend(open.map(|(number, joined)| (number, joined.trim().to_string())));
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// A comment starts the line or follows white space, as pip has it (`#egg=` is none).
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').map(|(at, _)| at);
    let mut comments = comment.filter(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
    comments.next().map_or(line, |at| &line[..at]).trim_end()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dependencies, project};
    use super::super::{Dependencies, Presence};

    #[test]
    fn pins_includes_constraints_and_comments() {
        let dependencies = dependencies(&[
            (
                "requirements.txt",
                "# ours\n-r base.in  # shared\n-c limits.txt\nfastapi\nuvicorn[standard]==0.29.0 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\n",
            ),
            ("base.in", "nicegui>=2\n-r requirements.txt\n"),
            ("limits.txt", "fastapi<0.110\nunused==1\n"),
        ]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(uvicorn.pinned.unwrap().to_string(), "0.29.0");
        let origin = uvicorn.origin.unwrap();
        assert_eq!((origin.line, origin.text.as_str()), (5, "uvicorn[standard]==0.29.0"));
        assert_eq!(dependencies.package("nicegui").specifiers.to_string(), ">=2");
        assert_eq!(dependencies.package("fastapi").specifiers.to_string(), "<0.110");
        assert_eq!(dependencies.package("unused").presence, Presence::Absent);
        assert!(dependencies.problems.is_empty());
    }

    #[test]
    fn a_file_that_powershell_wrote() {
        let folder = project(&[]);
        let text: Vec<u8> = "\u{feff}uvicorn==0.30.1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(folder.path().join("requirements.txt"), text).unwrap();
        let dependencies = Dependencies::read(folder.path(), None);
        assert_eq!(dependencies.package("uvicorn").pinned.unwrap().to_string(), "0.30.1");
    }

    #[test]
    fn the_deployed_file_counts_before_the_one_for_developers() {
        let dependencies = dependencies(&[
            ("requirements-dev.txt", "uvicorn==0.20\n"),
            ("requirements/prod.txt", "uvicorn==0.40\n"),
        ]);
        let uvicorn = dependencies.package("uvicorn");
        assert_eq!(uvicorn.pinned.unwrap().to_string(), "0.40");
        assert_eq!(uvicorn.contradictions.len(), 1);
    }

    #[test]
    fn nonsense_is_reported_and_skipped() {
        let dependencies =
            dependencies(&[("requirements.txt", "uvicorn==\nfastapi==0.100\n./local\n{{ template }}\n")]);
        assert_eq!(dependencies.problems.len(), 1);
        assert_eq!(dependencies.problems[0].line, 1);
        assert_eq!(dependencies.package("fastapi").pinned.unwrap().to_string(), "0.100");
    }
}
