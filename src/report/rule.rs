//! A rule page, for people and for programs.

use crate::knowledge::pages::RulePage;
use crate::report::json;

/// The page as Markdown: its facts as a heading, then the text.
pub fn render(rule: &RulePage) -> String {
    format!(
        "# {} ({})\n\n{}.\n\nSeverity: {}. {} Since {}.\n\n{}",
        rule.name,
        rule.code,
        rule.summary.trim_end_matches('.'),
        rule.severity.name(),
        rule.fix.sentence(),
        rule.since,
        rule.body,
    )
}

/// The pages one after the other.
pub fn render_all(rules: &[RulePage]) -> String {
    rules.iter().map(render).collect::<Vec<_>>().join("\n")
}

pub fn render_json(rule: &RulePage) -> String {
    json::text(rule)
}

pub fn render_all_json(rules: &[RulePage]) -> String {
    json::text(&rules)
}
