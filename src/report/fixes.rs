//! What `--fix` did, or would do.

use crate::analysis::Fixed;
use crate::report::paint::{BOLD, Paint};
use crate::report::{plural, visible};

/// How many findings the fixes cure.
pub fn count(fixed: &Fixed) -> usize {
    fixed.changed.iter().flat_map(|file| &file.fixed).map(|rule| rule.count).sum()
}

/// `Fixed 2 findings in 1 file.`, with a list by file and rule when `listed`; empty without fixes.
pub fn render(fixed: &Fixed, verb: &str, listed: bool, paint: Paint) -> String {
    if fixed.changed.is_empty() {
        return String::new();
    }
    let (findings, files) = (plural(count(fixed), "finding"), plural(fixed.changed.len(), "file"));
    let end = if listed { ":" } else { "." };
    let mut text = paint.with(BOLD, format!("{verb} {findings} in {files}{end}")) + "\n";
    if listed {
        for file in &fixed.changed {
            text += &format!("- {}:\n", visible::line(&file.shown));
            for rule in &file.fixed {
                text += &format!("    {} × {} ({})\n", rule.count, paint.with(BOLD, rule.code), rule.name);
            }
        }
    }
    text
}
