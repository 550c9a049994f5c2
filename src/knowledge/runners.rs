//! The table of runners, `rules/runners.toml`. The file itself says what its keys mean.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use serde::Deserialize;

use crate::interpret::trace::Family;
use crate::platform::Platform;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runners {
    #[serde(rename = "runner")]
    pub rows: Vec<Row>,
    #[serde(rename = "loop")]
    pub loops: BTreeMap<String, LoopTable>,
    /// Loop factories of the standard library's runners.
    #[serde(rename = "factory", default)]
    pub knobs: Vec<Factory>,
    /// Every name and alias, sorted, with the index of its row.
    #[serde(skip)]
    names: Vec<(String, usize)>,
    /// The last parts of the names of everything that runs a loop, or sets a policy.
    #[serde(skip)]
    last_words: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub package: String,
    #[serde(default)]
    pub versions: Option<Versions>,
    pub kind: Kind,
    pub base: Option<String>,
    pub family: Option<Family>,
    #[serde(default)]
    pub parameters: Vec<String>,
    #[serde(default)]
    pub defaults: BTreeMap<String, toml::Value>,
    /// What it hands on whatever the caller says.
    #[serde(default)]
    pub fixed: BTreeMap<String, toml::Value>,
    pub settings: Option<String>,
    #[serde(rename = "loop")]
    pub loop_table: Option<String>,
    pub target: Option<String>,
    /// When one of these holds, it talks over its standard streams and serves no socket.
    #[serde(default)]
    pub streams: Vec<Condition>,
    pub runs: Option<String>,
    pub calls: Option<String>,
    pub returns: Option<String>,
    /// The call makes a loop, by the policy or as the current one, and runs nothing.
    pub creates: Option<Creates>,
    /// Attributes that an instance has from the start, by the row of their class.
    #[serde(default)]
    pub parts: BTreeMap<String, String>,
    /// The attribute in which an instance keeps the loop it was given or `creates`.
    pub keeps: Option<String>,
    #[serde(default)]
    pub fluent: bool,
    /// The loop runs in a thread of its own.
    #[serde(default)]
    pub in_thread: bool,
    /// The call makes a decorator, which files what it decorates here, under the first argument.
    pub registers: Option<String>,
    /// The flags that would spawn a child only change the choice of the loop.
    #[serde(default)]
    pub in_process: bool,
    /// What the call does in the child that its own parent spawned.
    #[serde(default)]
    pub in_child: InChild,
    /// What the call does while a loop runs.
    #[serde(default)]
    pub in_loop: InLoop,
    #[serde(default)]
    pub fails: Vec<Failure>,
    /// For people: what gives a Selector loop where no argument chooses one.
    pub instead: Option<String>,
    pub note: Option<String>,
    pub evidence: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Function,
    Method,
    Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Creates {
    Policy,
    Current,
    CurrentOrNew,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InChild {
    /// Spawning again while the child is being prepared is a RuntimeError.
    #[default]
    Raises,
    /// It returns at once.
    Returns,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InLoop {
    /// A loop cannot be started inside a loop.
    #[default]
    Raises,
    /// It gives back something to await.
    Returns,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub when: Vec<Condition>,
    pub error: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopTable {
    /// Whose version the cases speak of; absent: that of the row.
    pub package: Option<String>,
    pub argument: Option<String>,
    pub default: Option<String>,
    /// Any of these conditions puts the loop into a spawned child.
    #[serde(default)]
    pub child: Vec<Condition>,
    /// Where that child is spawned; elsewhere it is forked and goes on as this process.
    pub spawns_on: Option<Where>,
    /// The children accept from one listening socket.
    #[serde(default)]
    pub shares_socket: bool,
    /// From these versions on the application is imported before the loop exists (without children).
    pub imports_before: Option<Versions>,
    pub knob: Option<Knob>,
    #[serde(rename = "case", default)]
    pub cases: Vec<Case>,
}

/// How an argument chooses a Selector loop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knob {
    pub argument: String,
    /// Python text; `{asyncio}` stands for the module.
    pub value: String,
    /// The versions that understand it.
    pub versions: Option<Versions>,
    /// What stands for the other platforms where no value was.
    pub otherwise: String,
    /// A value that makes every version ask the policy.
    pub policy: Option<String>,
}

/// How a runner of the standard library is given a Selector loop without a policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factory {
    /// As people write it: `asyncio.run`.
    pub runner: String,
    #[serde(default)]
    pub argument: String,
    pub value: String,
    #[serde(default)]
    pub otherwise: String,
    /// The Pythons that know the argument.
    pub python: Option<Versions>,
    /// It is an argument of the construction that made the loop, not of the run call.
    #[serde(default)]
    pub on_construction: bool,
    /// The call that makes the loop is replaced on Windows by `value`; `runner` is what makes it.
    #[serde(default)]
    pub replaces: bool,
    pub evidence: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub versions: Option<Versions>,
    pub python: Option<Versions>,
    pub platform: Option<Where>,
    #[serde(default)]
    pub value: Vec<String>,
    pub child: Option<bool>,
    pub installed: Option<String>,
    /// The registry and key under which a row with `registers` filed the factory that is called.
    pub registered: Option<String>,
    #[serde(default)]
    pub when: Vec<Condition>,
    pub takes: Takes,
    pub sets: Option<Takes>,
    /// Like `sets`, but only where the Proactor policy is in force, as it is by default.
    pub sets_over_proactor: Option<Takes>,
    pub error: Option<String>,
    /// The module that the error is for want of.
    pub missing: Option<String>,
    #[serde(default)]
    pub how: String,
    #[serde(default)]
    pub evidence: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    #[default]
    Policy,
    Current,
    /// The current loop; where there is none, one by the policy, which becomes the current one.
    CurrentOrNew,
    Selector,
    Proactor,
    Uvloop,
    Winloop,
    Factory,
    Object,
    Own,
    Caller,
    Error,
    /// No asyncio loop at all.
    None,
}

/// Platforms, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    Windows,
    Linux,
    Darwin,
    Posix,
}

impl Where {
    pub fn is(self, platform: Platform) -> bool {
        match self {
            Where::Windows => platform == Platform::Windows,
            Where::Linux => platform == Platform::Linux,
            Where::Darwin => platform == Platform::Darwin,
            Where::Posix => platform != Platform::Windows,
        }
    }
}

/// Version specifiers in a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Versions(pub VersionSpecifiers);

impl TryFrom<String> for Versions {
    type Error = String;

    fn try_from(text: String) -> Result<Versions, String> {
        VersionSpecifiers::from_str(&text).map(Versions).map_err(|error| error.to_string())
    }
}

/// A question about an argument: `reload`, `not reload`, `workers > 1`, `app is not str`, `backend == "trio"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Condition {
    True(String),
    False(String),
    Above(String, i64),
    NotEqual(String, i64),
    Equals(String, String),
    NotString(String),
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Condition, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let number =
            |word: &str| word.parse::<i64>().map_err(|_| format!("`{word}` in `{text}` is no number"));
        Ok(match words.as_slice() {
            [name] => Condition::True((*name).into()),
            ["not", name] => Condition::False((*name).into()),
            [name, ">", n] => Condition::Above((*name).into(), number(n)?),
            [name, "!=", n] => Condition::NotEqual((*name).into(), number(n)?),
            [name, "==", value] => Condition::Equals((*name).into(), value.trim_matches('"').into()),
            [name, "is", "not", "str"] => Condition::NotString((*name).into()),
            _ => return Err(format!("`{text}` is no condition")),
        })
    }
}

impl Runners {
    pub fn bundled() -> Runners {
        match Runners::parse(include_str!("../../rules/runners.toml")) {
            Ok(runners) => runners,
            // A test parses the bundled table, so this arm is never reached in a build that passes it.
            Err(_) => Runners {
                rows: Vec::new(),
                loops: BTreeMap::new(),
                knobs: Vec::new(),
                names: Vec::new(),
                last_words: BTreeSet::new(),
            },
        }
    }

    /// Reads a table; the error says what is wrong and where.
    pub fn parse(text: &str) -> Result<Runners, String> {
        let mut runners: Runners = toml::from_str(text).map_err(|error| error.to_string())?;
        for row in &runners.rows {
            let named = row.loop_table.as_deref();
            if let Some(named) = named
                && !runners.loops.contains_key(named)
                && word(named).is_none()
            {
                return Err(format!(
                    "the row `{}` names the loop table `{named}`, which does not exist",
                    row.name
                ));
            }
        }
        let mut names: Vec<(String, usize)> = Vec::new();
        for (index, row) in runners.rows.iter().enumerate() {
            names.push((row.name.clone(), index));
            names.extend(row.aliases.iter().map(|alias| (alias.clone(), index)));
        }
        names.sort();
        runners.names = names;
        let running = runners.rows.iter().filter(|row| row.family.is_some() && row.kind != Kind::Class);
        let running = running.flat_map(|row| std::iter::once(&row.name).chain(&row.aliases));
        let last_words = running.filter_map(|name| name.rsplit('.').next());
        let of_asyncio = ["run", "run_until_complete", "run_forever", "set_event_loop_policy"];
        runners.last_words = last_words.chain(of_asyncio).map(str::to_string).collect();
        Ok(runners)
    }

    /// The rows of a dotted name, in the order of the file.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let start = self.names.partition_point(|(other, _)| other.as_str() < name);
        self.names[start..].iter().take_while(move |(other, _)| other == name).map(|(_, index)| *index)
    }

    /// Whether the name of something that runs a loop ends with this word.
    pub fn is_last_word(&self, word: &str) -> bool {
        self.last_words.contains(word)
    }

    /// The words that [`Runners::is_last_word`] says yes to.
    pub fn last_words(&self) -> impl Iterator<Item = &str> {
        self.last_words.iter().map(String::as_str)
    }

    /// The last parts of the names directly or further below a dotted name: `run` below `uvicorn`.
    pub fn below<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, usize)> + 'a {
        self.names.iter().filter_map(move |(other, index)| {
            let rest = other.strip_prefix(name)?.strip_prefix('.')?;
            Some((rest, *index))
        })
    }

    /// What stands before the first dot in the names of a package's rows: `discord` for `discord.py`.
    pub fn imported_as<'a>(&'a self, package: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let rows = self.names.iter().filter(move |(_, index)| self.rows[*index].package == package);
        rows.filter_map(|(name, _)| Some(name.split_once('.')?.0))
    }
}

impl Row {
    /// The single choice of a row that names no table.
    pub fn takes(&self) -> Option<Takes> {
        self.loop_table.as_deref().and_then(word)
    }
}

fn word(text: &str) -> Option<Takes> {
    Some(match text {
        "policy" => Takes::Policy,
        "current" => Takes::Current,
        "current-or-new" => Takes::CurrentOrNew,
        "selector" => Takes::Selector,
        "proactor" => Takes::Proactor,
        "own" => Takes::Own,
        "caller" => Takes::Caller,
        "none" => Takes::None,
        "uvloop" => Takes::Uvloop,
        "winloop" => Takes::Winloop,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_parses() {
        let runners = Runners::parse(include_str!("../../rules/runners.toml")).unwrap();
        assert!(runners.named("uvicorn.run").next().is_some());
        assert!(runners.named("uvicorn.main.run").next().is_some());
    }

    #[test]
    fn rows_lead_to_rows_and_tables_and_say_where_they_come_from() {
        let runners = Runners::parse(include_str!("../../rules/runners.toml")).unwrap();
        let names_a_row = |name: &str| name == "self" || runners.named(name).next().is_some();
        for row in &runners.rows {
            assert!(row.base.as_deref().is_none_or(names_a_row), "{}: its base has no row", row.name);
            assert!(
                row.returns.as_deref().is_none_or(names_a_row),
                "{}: what it returns has no row",
                row.name
            );
            let parts = row.parts.values().all(|part| names_a_row(part));
            assert!(parts, "{}: a part has no row", row.name);
            assert!(row.family.is_none() || row.loop_table.is_some(), "{}: starts no loop", row.name);
            assert!(row.family.is_none() || row.evidence.is_some(), "{}: no evidence", row.name);
        }
        for name in runners.loops.keys() {
            let used = runners.rows.iter().any(|row| row.loop_table.as_ref() == Some(name));
            assert!(used, "no row takes its loop from the table {name}");
        }
    }

    #[test]
    fn a_row_that_names_no_table_is_refused() {
        let text = "[loop]\n[[runner]]\nname = \"a.run\"\npackage = \"a\"\nkind = \"function\"\nloop = \"nowhere\"\n";
        assert!(Runners::parse(text).unwrap_err().contains("nowhere"));
    }
}
