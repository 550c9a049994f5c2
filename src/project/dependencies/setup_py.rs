//! `setup.py`, as far as its arguments are written down as literals.
//!
//! This is a scan of its text, not an execution: `install_requires=[…]`, or the name of a list that
//! is assigned in the same file. What is computed stays unknown.

use std::path::Path;

use super::requirement::{self, Requirement};
use super::text::{self, Lines};
use super::{Collected, Kind, Origin, PythonHint, Strength};
use crate::project::python_versions::classifier_minor;

/// Reads the file if it is there.
pub fn read(root: &Path, collected: &mut Collected) {
    let path = root.join("setup.py");
    let Some(text) = text::read(&path, &mut collected.problems) else { return };
    let lines = Lines::new(&text);
    let origin = |offset: usize, text: &str| Origin {
        path: path.clone(),
        line: lines.line(offset),
        text: text.into(),
    };
    if let Some(at) = argument(&text, "python_requires") {
        let literal = literals(&text, at, true).into_iter().next();
        if let Some((offset, specifiers)) =
            literal.and_then(|(at, text)| Some((at, requirement::specifiers(text)?)))
        {
            let origin = origin(offset, text[offset..].lines().next().unwrap_or("").trim());
            collected.python(PythonHint { strength: Strength::Allows(specifiers), origin });
        }
    }
    for (name, optional) in [("install_requires", false), ("extras_require", true)] {
        let Some(at) = argument(&text, name).and_then(|at| display(&text, at)) else { continue };
        collected.has_metadata = true;
        for (offset, literal) in literals(&text, at, false) {
            if let Some(requirement) = Requirement::parse(literal) {
                collected.declare(requirement, origin(offset, literal), Kind::Manifest, optional);
            }
        }
    }
    if let Some(at) = argument(&text, "classifiers").and_then(|at| display(&text, at)) {
        for (offset, literal) in literals(&text, at, false) {
            if let Some(minor) = classifier_minor(literal) {
                let origin = origin(offset, literal);
                collected.python(PythonHint { strength: Strength::Names((3, minor)), origin });
            }
        }
    }
}

/// Where the value of `name = …` starts, for the last such place that is no comment.
fn argument(text: &str, name: &str) -> Option<usize> {
    let places = text.match_indices(name).filter_map(|(at, _)| {
        let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = &text[line..at];
        let is_whole =
            !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '\''));
        let rest = text[at + name.len()..].trim_start();
        let value = rest.strip_prefix('=').filter(|rest| !rest.starts_with('='))?;
        let start = text.len() - value.trim_start().len();
        (is_whole && !before.contains('#')).then_some(start)
    });
    places.last()
}

/// The bracket at which a list or dictionary starts; a plain name is followed to its assignment.
fn display(text: &str, at: usize) -> Option<usize> {
    let value = &text[at..];
    if value.starts_with(['[', '{', '(']) {
        return Some(at);
    }
    let end = value.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let (name, behind) = value.split_at(end);
    if name.is_empty() || behind.starts_with(['(', '[', '.']) {
        return None;
    }
    let assigned = argument(text, name)?;
    text[assigned..].starts_with(['[', '{', '(']).then_some(assigned)
}

/// The string literals of a value with their offsets, without those that are keys of a dictionary.
fn literals(text: &str, start: usize, first_only: bool) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut found) = (start, 0usize, Vec::new());
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' if depth <= 1 => break,
            b']' | b'}' | b')' => depth -= 1,
            b'#' => at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at - 1),
            b'\n' | b',' if depth == 0 => break,
            quote @ (b'"' | b'\'') => {
                let Some(length) = bytes[at + 1..].iter().position(|byte| byte == quote) else { break };
                let literal = &text[at + 1..at + 1 + length];
                let is_key = text[at + length + 2..].trim_start().starts_with(':');
                if !is_key {
                    found.push((at + 1, literal));
                }
                if first_only {
                    break;
                }
                at += length + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;
    use super::super::{Answer, Presence};

    #[test]
    fn literals_are_read() {
        let dependencies = dependencies(&[(
            "setup.py",
            r#"
from setuptools import setup
# install_requires = ["commented"]
REQUIRED = [
    "uvicorn==0.29.0",  # "not this"
    'pywin32; sys_platform == "win32"',
]
setup(
    name="app",
    python_requires=">=3.9,<3.12",
    install_requires=REQUIRED,
    extras_require={"ui": ["nicegui>=2"]},
    classifiers=["Programming Language :: Python :: 3.9"],
)
"#,
        )]);
        assert_eq!(dependencies.package("uvicorn").origin.unwrap().line, 5);
        assert_eq!(dependencies.package("pywin32").presence, Presence::Declared);
        assert_eq!(dependencies.package("not-this").presence, Presence::Absent);
        assert_eq!(dependencies.package("ui").presence, Presence::Absent);
        assert!(dependencies.package("nicegui").optional);
        assert_eq!(dependencies.python.allowed, [(3, 9), (3, 10), (3, 11)]);
        assert_eq!(dependencies.python.at_least((3, 9)), Answer::Yes);
    }

    #[test]
    fn what_is_computed_stays_unknown() {
        for text in [
            "setup(install_requires=read('r.txt'))",
            "setup(install_requires=reqs)",
            "install_requires=[\"",
            "install_requires=",
        ] {
            let dependencies = dependencies(&[("setup.py", text)]);
            assert_eq!(dependencies.package("read").specifiers.to_string(), "", "{text}");
        }
        assert_eq!(dependencies(&[("setup.py", "setup()")]).package("uvicorn").presence, Presence::Unknown);
    }
}
