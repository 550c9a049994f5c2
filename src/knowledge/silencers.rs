//! Where code is put that hides what a loop reports, `rules/silencers.toml`.

use serde::Deserialize;

use crate::knowledge::Versions;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silencers {
    #[serde(rename = "silencer")]
    pub rows: Vec<Silencer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silencer {
    pub kind: SilencerKind,
    /// Dotted.
    pub names: Vec<String>,
    #[serde(default)]
    pub errors: Vec<String>,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub neutral: Vec<String>,
    #[serde(default)]
    pub hides: bool,
    pub outdated: Option<Versions>,
    pub evidence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilencerKind {
    /// An attribute of a class is replaced.
    Patch,
    /// A function is handed over.
    Call,
}

impl Silencers {
    pub fn bundled() -> Silencers {
        // A test parses the bundled table; without it nothing is known to hide anything.
        toml::from_str(include_str!("../../rules/silencers.toml")).unwrap_or_default()
    }

    /// The row about replacing an attribute of what has this dotted name.
    pub fn patch(&self, owner: &str, attribute: &str) -> Option<usize> {
        let named = |name: &str, last: &str| {
            name.strip_suffix(last).and_then(|rest| rest.strip_suffix('.')) == Some(owner)
        };
        let mut rows = self.rows.iter().enumerate().filter(|(_, row)| row.kind == SilencerKind::Patch);
        let by = |(_, row): &(usize, &Silencer), last: &str| row.names.iter().any(|name| named(name, last));
        let exact = rows.clone().find(|row| by(row, attribute));
        exact.or_else(|| rows.find(|row| by(row, "*"))).map(|(index, _)| index)
    }

    /// The row about a call of this dotted name.
    pub fn call(&self, name: &str) -> Option<usize> {
        self.rows
            .iter()
            .position(|row| row.kind == SilencerKind::Call && row.names.iter().any(|other| other == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_parses_and_the_nearest_row_is_found() {
        let table = Silencers::bundled();
        let owner = "asyncio.proactor_events._ProactorBasePipeTransport";
        let found = |attribute: &str| table.patch(owner, attribute).map(|row| &table.rows[row]);
        assert!(found("_call_connection_lost").is_some_and(|row| row.hides));
        assert!(found("__del__").is_some_and(|row| row.outdated.is_some()));
        assert!(found("close").is_some_and(|row| row.errors.is_empty()));
        assert!(table.patch("asyncio.proactor_events", "close").is_none());
        assert!(table.call("loop.set_exception_handler").is_some());
        assert!(table.rows.iter().all(|row| !row.evidence.is_empty()));
    }
}
