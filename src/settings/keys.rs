//! Every key of `[tool.loopcheck]`: what it is for, what it takes, what it is without being set.

use clap::ValueEnum;

use crate::files::DEFAULT_EXCLUDE;
use crate::finding::Severity;
use crate::settings::{Guard, OutputFormat, Remedy};

/// One key. `default` and `example` are TOML.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    pub about: &'static str,
    pub takes: Takes,
    pub default: &'static str,
    pub example: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Codes, prefixes or names of rules.
    Rules,
    /// Patterns to lists of rules.
    RulesByPattern,
    Patterns,
    Flag,
    FlagOrAuto,
    Version,
    File,
    /// One of some names.
    Choice(fn() -> Vec<String>),
}

pub const KEYS: &[Key] = &[
    key(
        "select",
        "rules to report: codes, prefixes or names",
        Takes::Rules,
        r#"["ALL"]"#,
        r#"["LC1", "policy-ignored"]"#,
    ),
    key("extend-select", "rules to report in addition", Takes::Rules, "[]", r#"["LC301"]"#),
    key("ignore", "rules not to report", Takes::Rules, "[]", r#"["LC104"]"#),
    key("fixable", "rules that --fix may fix", Takes::Rules, r#"["ALL"]"#, r#"["LC2"]"#),
    key("unfixable", "rules that --fix must not fix", Takes::Rules, "[]", r#"["LC103"]"#),
    key(
        "per-file-ignores",
        "rules not to report in files that match a pattern",
        Takes::RulesByPattern,
        "{}",
        r#"{ "scripts/*" = ["LC103"] }"#,
    ),
    key("exclude", "files and folders to leave out", Takes::Patterns, "", r#"["build", "examples"]"#),
    key(
        "extend-exclude",
        "files and folders to leave out in addition",
        Takes::Patterns,
        "[]",
        r#"["examples"]"#,
    ),
    key("force-exclude", "leave out also what is named on the command line", Takes::Flag, "true", "false"),
    key("respect-gitignore", "leave out what .gitignore leaves out", Takes::Flag, "true", "false"),
    key(
        "target-version",
        "the oldest Python to check for; without it, what the project says",
        Takes::Version,
        "",
        r#""py310""#,
    ),
    key(
        "windows",
        "is the project deployed on Windows: \"auto\", true or false",
        Takes::FlagOrAuto,
        r#""auto""#,
        "true",
    ),
    key(
        "fail-on",
        "the least severity that makes the exit status 1",
        Takes::Choice(names::<Severity>),
        r#""warning""#,
        r#""error""#,
    ),
    key(
        "min-severity",
        "the least severity that is reported",
        Takes::Choice(names::<Severity>),
        r#""warning""#,
        r#""info""#,
    ),
    key(
        "output-format",
        "how findings are written; without it \"github\" on GitHub Actions",
        Takes::Choice(names::<OutputFormat>),
        r#""full""#,
        r#""concise""#,
    ),
    key("baseline", "a file of known findings, which are not reported", Takes::File, "", r#""known.json""#),
    key("remedy", "what fixes insert", Takes::Choice(names::<Remedy>), r#""auto""#, r#""policy""#),
    key(
        "guard",
        "how fixes ask for Windows",
        Takes::Choice(names::<Guard>),
        r#""sys.platform""#,
        r#""platform.system""#,
    ),
    key(
        "unsafe-fixes",
        "apply and count fixes that may change more than the loop",
        Takes::Flag,
        "false",
        "true",
    ),
];

/// What a run has only once, so that it counts only in the configuration file of the run.
const OF_RUN: [&str; 7] = [
    "force-exclude",
    "respect-gitignore",
    "fail-on",
    "min-severity",
    "output-format",
    "baseline",
    "unsafe-fixes",
];

impl Key {
    /// Does it hold for a whole run, and not for the files below its configuration file?
    pub fn is_of_run(&self) -> bool {
        OF_RUN.contains(&self.name)
    }

    /// The default as TOML; empty where there is none.
    pub fn default(&self) -> String {
        match self.name {
            "exclude" => {
                let quoted: Vec<String> = DEFAULT_EXCLUDE.iter().map(|text| format!("{text:?}")).collect();
                format!("[{}]", quoted.join(", "))
            }
            _ => self.default.to_owned(),
        }
    }

    /// What it takes, for people.
    pub fn kind(&self) -> String {
        match self.takes {
            Takes::Rules => "a list of codes, prefixes or names of rules".to_owned(),
            Takes::RulesByPattern => "a table of patterns, each with a list of rules".to_owned(),
            Takes::Patterns => "a list of patterns".to_owned(),
            Takes::Flag => "true or false".to_owned(),
            Takes::FlagOrAuto => "\"auto\", true or false".to_owned(),
            Takes::Version => "a version of Python such as \"py310\" or \"3.10\"".to_owned(),
            Takes::File => "a path, from the folder of the configuration file".to_owned(),
            Takes::Choice(names) => {
                let quoted: Vec<String> = names().iter().map(|name| format!("{name:?}")).collect();
                quoted.join(" | ")
            }
        }
    }
}

const fn key(
    name: &'static str,
    about: &'static str,
    takes: Takes,
    default: &'static str,
    example: &'static str,
) -> Key {
    Key { name, about, takes, default, example }
}

fn names<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}
