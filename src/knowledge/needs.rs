//! What code needs of the loop on Windows, `rules/libraries.toml`.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::entry::LoopKind;
use crate::knowledge::Versions;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    #[serde(rename = "need")]
    pub rows: Vec<Need>,
    /// The rows that speak of a name, by index.
    #[serde(skip)]
    by_name: FxHashMap<String, Vec<usize>>,
    /// The last parts of all names.
    #[serde(skip)]
    last_words: FxHashSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    #[serde(rename = "loop")]
    pub needs: Needed,
    /// Dotted, as people import them. `loop.` stands for whatever loop object there is.
    pub names: Vec<String>,
    /// The versions of packages in which it is so; all must hold. Without any it always is.
    #[serde(default)]
    pub packages: BTreeMap<String, Versions>,
    /// Only where the project is known to have this package, which the code does not name.
    pub present: Option<String>,
    /// Only where the project is known not to have this package.
    pub absent: Option<String>,
    /// Only where the first argument, or the one named `url`, begins with one of these.
    #[serde(default)]
    pub begins: Vec<String>,
    /// Only where this keyword is there and true.
    pub keyword: Option<String>,
    /// Not where this keyword is passed.
    pub unless: Option<String>,
    /// It makes a loop of its own, as the policy says.
    #[serde(default)]
    pub own_loop: bool,
    /// It is read from a text and not from a call; the message says so.
    pub inferred: Option<String>,
    /// What happens on the wrong loop, behind "it".
    pub fails: String,
    pub evidence: String,
}

/// What kind of loop something works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needed {
    Proactor,
    Selector,
    /// No loop of asyncio on Windows can do it.
    Unsupported,
}

impl Needed {
    /// Whether it fails on such a loop on Windows. A loop that nothing is known about is not accused.
    pub fn fails_on(self, kind: LoopKind) -> bool {
        match self {
            Needed::Proactor => kind == LoopKind::Selector,
            Needed::Selector => kind == LoopKind::Proactor,
            Needed::Unsupported => matches!(kind, LoopKind::Selector | LoopKind::Proactor),
        }
    }
}

impl Needs {
    pub fn bundled() -> Needs {
        // A test parses the bundled table; without it nothing is known to need anything.
        let mut needs: Needs = toml::from_str(include_str!("../../rules/libraries.toml")).unwrap_or_default();
        for (index, need) in needs.rows.iter().enumerate() {
            for name in &need.names {
                needs.by_name.entry(name.clone()).or_default().push(index);
                needs.last_words.extend(name.rsplit('.').next().map(str::to_string));
            }
        }
        needs
    }

    /// The rows that speak of a dotted name, by index.
    pub fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        self.by_name.get(name).into_iter().flatten().copied()
    }

    /// Whether the name of something that needs a certain loop ends with this word.
    pub fn is_last_word(&self, word: &str) -> bool {
        self.last_words.contains(word)
    }

    /// The words that [`Needs::is_last_word`] says yes to.
    pub fn last_words(&self) -> impl Iterator<Item = &str> {
        self.last_words.iter().map(String::as_str)
    }

    /// The last parts of all names that need this loop: text without any of them cannot need it.
    pub fn words(&self, needed: Needed) -> impl Iterator<Item = &str> {
        let rows = self.rows.iter().filter(move |need| need.needs == needed);
        rows.flat_map(|need| &need.names).filter_map(|name| name.rsplit('.').next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_parses() {
        let needs = Needs::bundled();
        let first = needs.named("asyncio.create_subprocess_exec").next().unwrap();
        assert_eq!(needs.rows[first].needs, Needed::Proactor);
        assert!(needs.rows.iter().all(|need| !need.fails.is_empty() && !need.evidence.is_empty()));
    }
}
