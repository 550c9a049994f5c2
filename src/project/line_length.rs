//! How long the lines of a file may be, as its formatter is told.

use std::path::Path;

use toml::{Table, Value};

use super::launchers::{LIMIT, load};

/// As `ruff format` and black do by default. In characters.
const DEFAULT: usize = 88;

/// How far `extend` of ruff is followed.
const EXTENDED: usize = 5;

/// The line length of the nearest folder, from that of the file up to `top`, that has settings for a
/// formatter, or for flake8 where none has.
pub fn line_length(folder: &Path, top: &Path) -> usize {
    let folders = || folder.ancestors().take_while(|folder| folder.starts_with(top));
    let found = folders().find_map(formatted).or_else(|| folders().find_map(checked));
    found.unwrap_or(DEFAULT)
}

/// What ruff or black does in this folder.
fn formatted(folder: &Path) -> Option<usize> {
    let own = [".ruff.toml", "ruff.toml"].iter().find_map(|name| {
        let table = read(&folder.join(name))?;
        Some(of_ruff(folder, &table, EXTENDED).unwrap_or(DEFAULT))
    });
    own.or_else(|| {
        let table = read(&folder.join("pyproject.toml"))?;
        let (ruff, black) = (tool(&table, "ruff"), tool(&table, "black"));
        let of_black = || length(black?.get("line-length").or_else(|| black?.get("line_length"))?);
        let set = ruff.and_then(|ruff| of_ruff(folder, ruff, EXTENDED)).or_else(of_black);
        set.or_else(|| ruff.or(black).map(|_| DEFAULT))
    })
}

/// The setting of ruff, or that of the file it extends.
fn of_ruff(folder: &Path, ruff: &Table, more: usize) -> Option<usize> {
    if let Some(set) = ruff.get("line-length").and_then(length) {
        return Some(set);
    }
    let extended = folder.join(ruff.get("extend")?.as_str().filter(|_| more > 0)?);
    let table = read(&extended)?;
    let is_pyproject = extended.file_name().is_some_and(|name| name == "pyproject.toml");
    let ruff = if is_pyproject { tool(&table, "ruff")? } else { &table };
    of_ruff(extended.parent()?, ruff, more - 1)
}

fn read(path: &Path) -> Option<Table> {
    load(path, LIMIT)?.parse().ok()
}

fn tool<'t>(table: &'t Table, name: &str) -> Option<&'t Table> {
    table.get("tool")?.get(name)?.as_table()
}

fn length(value: &Value) -> Option<usize> {
    usize::try_from(value.as_integer()?).ok()
}

/// What flake8 or pycodestyle lets pass in this folder.
fn checked(folder: &Path) -> Option<usize> {
    [".flake8", "setup.cfg", "tox.ini"].iter().find_map(|name| {
        let text = load(&folder.join(name), LIMIT)?;
        let mut is_theirs = false;
        text.lines().find_map(|line| {
            if line.starts_with('[') {
                is_theirs = ["[flake8]", "[pycodestyle]"].contains(&line.trim_end());
            }
            let (key, value) = line.split_once(['=', ':']).filter(|_| is_theirs)?;
            let is_length = ["max-line-length", "max_line_length"].contains(&key.trim());
            value.split_whitespace().next().filter(|_| is_length)?.parse().ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::dependencies::testing::project;
    use super::line_length;

    #[test]
    fn the_nearest_formatter_counts_then_flake8_then_the_default() {
        let of = |files: &[(&str, &str)]| {
            let folder = project(files);
            line_length(&folder.path().join("app"), folder.path())
        };
        let ruff = ("pyproject.toml", "[tool.ruff]\nline-length = 120\n");
        let flake8 = (".flake8", "[flake8]\nignore = E1\nmax-line-length = 79\n");
        assert_eq!(of(&[("main.py", "")]), 88);
        assert_eq!(of(&[ruff]), 120);
        assert_eq!(of(&[ruff, flake8]), 120);
        assert_eq!(of(&[flake8]), 79);
        assert_eq!(
            of(&[("setup.cfg", "[metadata]\nmax-line-length = 1\n[pycodestyle]\nmax_line_length=99\n")]),
            99
        );
        assert_eq!(of(&[("pyproject.toml", "[tool.black]\nline-length = 100\n"), flake8]), 100);
        assert_eq!(
            of(&[("pyproject.toml", "[tool.ruff.lint]\nselect = []\n[tool.black]\nline-length = 100\n")]),
            100
        );
        // Whoever runs a formatter as it comes wants its lines.
        assert_eq!(of(&[("pyproject.toml", "[tool.ruff.lint]\nselect = []\n"), flake8]), 88);
        assert_eq!(of(&[ruff, ("ruff.toml", "line-length = 100\n")]), 100);
        assert_eq!(
            of(&[ruff, (".ruff.toml", "line-length = 70\n"), ("ruff.toml", "line-length = 100\n")]),
            70
        );
        assert_eq!(of(&[ruff, ("app/ruff.toml", "extend = \"../pyproject.toml\"\n")]), 120);
        assert_eq!(of(&[("ruff.toml", "extend = \"ruff.toml\"\n")]), 88);
        assert_eq!(of(&[ruff, ("app/pyproject.toml", "[project]\nname = \"app\"\n")]), 120);
        assert_eq!(of(&[("pyproject.toml", "[tool.ruff]\nline-length = \"wide\"\n")]), 88);
    }
}
