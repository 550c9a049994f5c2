//! The rule pages: one Markdown page a rule, with its facts in TOML front matter.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// Every page, by code.
pub static PAGES: &[(&str, &str)] = &[
    ("LC000", include_str!("../../rules/LC000.md")),
    ("LC101", include_str!("../../rules/LC101.md")),
    ("LC102", include_str!("../../rules/LC102.md")),
    ("LC103", include_str!("../../rules/LC103.md")),
    ("LC104", include_str!("../../rules/LC104.md")),
    ("LC201", include_str!("../../rules/LC201.md")),
    ("LC202", include_str!("../../rules/LC202.md")),
    ("LC203", include_str!("../../rules/LC203.md")),
    ("LC204", include_str!("../../rules/LC204.md")),
    ("LC205", include_str!("../../rules/LC205.md")),
    ("LC206", include_str!("../../rules/LC206.md")),
    ("LC207", include_str!("../../rules/LC207.md")),
    ("LC301", include_str!("../../rules/LC301.md")),
    ("LC302", include_str!("../../rules/LC302.md")),
    ("LC303", include_str!("../../rules/LC303.md")),
    ("LC304", include_str!("../../rules/LC304.md")),
    ("LC401", include_str!("../../rules/LC401.md")),
    ("LC402", include_str!("../../rules/LC402.md")),
    ("LC403", include_str!("../../rules/LC403.md")),
    ("LC404", include_str!("../../rules/LC404.md")),
    ("LC405", include_str!("../../rules/LC405.md")),
    ("LC406", include_str!("../../rules/LC406.md")),
    ("LC501", include_str!("../../rules/LC501.md")),
    ("LC502", include_str!("../../rules/LC502.md")),
    ("LC503", include_str!("../../rules/LC503.md")),
    ("LC901", include_str!("../../rules/LC901.md")),
    ("LC902", include_str!("../../rules/LC902.md")),
];

/// Where a rule page can be read on the web; the page's file name follows.
const HOME: &str = "https://github.com/loopcheck/loopcheck/blob/main/rules/";

/// One rule as its page describes it.
#[derive(Clone, Debug, Serialize)]
pub struct RulePage {
    pub code: &'static str,
    pub name: &'static str,
    /// One line: what the rule reports.
    pub summary: String,
    /// How bad a finding is in a project that is deployed on Windows.
    pub severity: Severity,
    pub fix: FixAvailability,
    /// The first version of loopcheck that has the rule.
    pub since: String,
    pub url: String,
    /// The Markdown below the front matter.
    #[serde(rename = "explanation")]
    pub body: &'static str,
}

/// What `--fix` does about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FixAvailability {
    Safe,
    Unsafe,
    None,
}

impl FixAvailability {
    /// A sentence about it.
    pub fn sentence(self) -> &'static str {
        match self {
            FixAvailability::Safe => "Fix is available.",
            FixAvailability::Unsafe => "Fix is available with `--unsafe-fixes`.",
            FixAvailability::None => "No fix is available.",
        }
    }
}

/// Every rule, sorted by code.
pub fn rules() -> &'static [RulePage] {
    // A page that does not parse would be missing here; a test parses every page.
    static RULES: LazyLock<Vec<RulePage>> =
        LazyLock::new(|| PAGES.iter().filter_map(|(_, text)| parse(text).ok()).collect());
    &RULES
}

/// The rule with this code or name, in any case.
pub fn find(code_or_name: &str) -> Option<&'static RulePage> {
    rules().iter().find(|rule| {
        rule.code.eq_ignore_ascii_case(code_or_name) || rule.name.eq_ignore_ascii_case(code_or_name)
    })
}

/// Where the page of a rule can be read on the web.
pub fn url(code: &str) -> String {
    format!("{HOME}{code}.md")
}

/// Why a page cannot be used.
#[derive(Debug)]
pub enum PageError {
    NoFrontMatter,
    Toml(toml::de::Error),
}

impl fmt::Display for PageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageError::NoFrontMatter => {
                out.write_str("the page must begin with front matter between `+++` lines")
            }
            PageError::Toml(error) => error.fmt(out),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    code: String,
    name: String,
    summary: String,
    severity: Severity,
    fix: FixAvailability,
    since: String,
}

fn parse(text: &'static str) -> Result<RulePage, PageError> {
    let rest = text.strip_prefix("+++").ok_or(PageError::NoFrontMatter)?;
    let (front, body) = rest.split_once("\n+++").ok_or(PageError::NoFrontMatter)?;
    let facts: FrontMatter = toml::from_str(front).map_err(PageError::Toml)?;
    Ok(RulePage {
        url: url(&facts.code),
        // Pages are parsed once in a run, and findings name their rule by `&'static str`.
        code: facts.code.leak(),
        name: facts.name.leak(),
        summary: facts.summary,
        severity: facts.severity,
        fix: facts.fix,
        since: facts.since,
        body: body.trim_start_matches(['\r', '\n']),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_parses_and_carries_its_own_code() {
        for (code, text) in PAGES {
            let page = parse(text).unwrap_or_else(|error| panic!("rules/{code}.md: {error}"));
            assert_eq!(page.code, *code);
            assert!(!page.summary.is_empty(), "{code} has no summary");
            assert!(page.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}: {}", page.name);
        }
        assert!(PAGES.is_sorted());
    }

    #[test]
    fn rules_are_found_by_code_and_by_name_in_any_case() {
        assert_eq!(find("lc101").map(|rule| rule.name), Some("nicegui-on-proactor"));
        assert_eq!(find("nicegui-on-proactor").map(|rule| rule.code), Some("LC101"));
        assert!(find("LC1").is_none());
    }

    #[test]
    fn pages_without_front_matter_are_refused() {
        assert!(matches!(parse("# LC101\n"), Err(PageError::NoFrontMatter)));
        assert!(matches!(parse("+++\ncode = 1\n+++\n"), Err(PageError::Toml(_))));
    }
}
