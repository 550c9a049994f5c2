//! What libraries need of the loop on Windows, `rules/libraries.toml`.

use serde::Deserialize;

use crate::entry::LoopKind;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    #[serde(rename = "need")]
    needs: Vec<Need>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    #[serde(rename = "loop")]
    pub kind: LoopKind,
    pub names: Vec<String>,
    pub why: String,
    pub evidence: String,
}

impl Needs {
    pub fn bundled() -> Needs {
        // A test parses the bundled table; without it nothing is known to need anything.
        toml::from_str(include_str!("../../rules/libraries.toml")).unwrap_or_default()
    }

    /// The loop that a call of this dotted name needs.
    pub fn of(&self, name: &str) -> Option<LoopKind> {
        self.needs.iter().find(|need| need.names.iter().any(|other| other == name)).map(|need| need.kind)
    }

    /// The last parts of all names that need this loop: text without any of them cannot need it.
    pub fn words(&self, kind: LoopKind) -> impl Iterator<Item = &str> {
        let needs = self.needs.iter().filter(move |need| need.kind == kind);
        needs.flat_map(|need| &need.names).filter_map(|name| name.rsplit('.').next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_parses() {
        let needs: Needs = toml::from_str(include_str!("../../rules/libraries.toml")).unwrap();
        assert_eq!(needs.of("asyncio.create_subprocess_exec"), Some(LoopKind::Proactor));
    }
}
