//! `rules/evidence.toml`, typed.

use std::sync::OnceLock;

use serde::Deserialize;

use super::listing::Listed;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub evidence: Vec<FileRow>,
    pub package: Vec<PackageRow>,
}

/// What a file tells. All texts are in lower case, as the head of the table explains.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileRow {
    files: Vec<String>,
    within: Option<String>,
    #[serde(default)]
    not_within: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    #[serde(default)]
    none: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    /// The file says how a program is frozen.
    #[serde(default)]
    pub freezes: bool,
    pub points: i32,
    pub message: String,
}

/// What it tells that the project asks for one of these packages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRow {
    pub names: Vec<String>,
    pub points: i32,
    pub marked: i32,
    pub message: String,
}

/// The table we ship; the test below proves that it reads.
pub fn shipped() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| toml::from_str(include_str!("../../../rules/evidence.toml")).unwrap_or_default())
}

impl FileRow {
    pub fn wants(&self, file: &Listed) -> bool {
        let is_named = self.files.iter().any(|pattern| match pattern.strip_prefix('/') {
            Some(pattern) => file.folders.is_empty() && matches(pattern, &file.name),
            None => matches(pattern, &file.name),
        });
        is_named
            && self.within.as_ref().is_none_or(|within| file.folders.join("/") == *within)
            && !file.folders.iter().any(|folder| self.not_within.contains(folder))
    }

    pub fn asks_text(&self) -> bool {
        !(self.any.is_empty() && self.all.is_empty())
    }

    /// The 1-based line that is the evidence, in text in lower case.
    pub fn line(&self, text: &str) -> Option<u32> {
        if !self.asks_text() {
            return Some(1);
        }
        if self.unless.iter().any(|word| text.contains(word)) {
            return None;
        }
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !is_comment(line));
        let found = lines.find(|(line, _)| {
            self.all.iter().all(|word| line.contains(word))
                && (self.any.is_empty() || self.any.iter().any(|word| line.contains(word)))
                && !self.none.iter().any(|word| line.contains(word))
        });
        found.map(|(_, number)| number)
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches('@');
    ["#", "rem ", "::", "<!--", "//"].iter().any(|start| line.starts_with(start))
}

/// Whether a name is the pattern, where `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    // Splitting gives at least one piece, the end of the pattern.
    let end = pieces.pop().unwrap_or("");
    for piece in pieces {
        let Some(at) = name.find(piece) else { return false };
        name = &name[at + piece.len()..];
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_is_in_lower_case() {
        let table: Table = toml::from_str(include_str!("../../../rules/evidence.toml")).unwrap();
        for row in table.evidence {
            for text in row.files.iter().chain(&row.any).chain(&row.all).chain(&row.none).chain(&row.unless) {
                assert_eq!(*text, text.to_lowercase());
            }
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("*.bat", "start.bat") && !matches("*.bat", "start.bat.txt"));
        assert!(
            matches("requirements*.txt", "requirements.txt")
                && matches("*compose*.yml", "docker-compose.prod.yml")
        );
        assert!(matches("web.config", "web.config") && !matches("ab*ba", "aba"));
    }
}
