//! What well-known packages bring, for projects without a lock file (`rules/platforms.toml`).

use std::sync::OnceLock;

use pep440_rs::VersionSpecifiers;
use serde::Deserialize;

use super::requirement::{self, Requirement};

/// One row: these versions of `package`, asked for with `extra`, require `needs`.
#[derive(Debug)]
pub struct Row {
    pub package: String,
    pub extra: Option<String>,
    pub versions: VersionSpecifiers,
    pub needs: Vec<Requirement>,
}

/// The rows of the table, in its order: of two rows for one package the newer versions stand first.
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| parse(include_str!("../../../rules/platforms.toml")))
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    brings: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    package: String,
    extra: Option<String>,
    #[serde(default)]
    versions: String,
    needs: Vec<String>,
}

/// Rows that do not read are left out; the test below proves that there are none in the table we ship.
fn parse(text: &str) -> Vec<Row> {
    let Ok(document) = toml::from_str::<Document>(text) else { return Vec::new() };
    let row = |written: Written| {
        Some(Row {
            versions: requirement::specifiers(&written.versions)?,
            needs: written.needs.iter().map(|need| Requirement::parse(need)).collect::<Option<_>>()?,
            package: requirement::normalise(&written.package),
            extra: written.extra,
        })
    };
    document.brings.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_row_reads() {
        let written = include_str!("../../../rules/platforms.toml").matches("[[brings]]").count();
        assert_eq!(super::rows().len(), written);
    }
}
