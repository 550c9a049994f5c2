//! `--add-ignore`: a comment for every finding that is left.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::files::Source;
use crate::finding::{Finding, ShownPath};
use crate::fix::apply::{TextEdit, apply};
use crate::ir::Span;
use crate::python;
use crate::suppress::comment::{self, Directive, Reach};

/// What becomes of the files.
#[derive(Debug, Default)]
pub struct Added {
    /// The new text of each file that changes, and how many findings its comments silence.
    pub texts: BTreeMap<ShownPath, (String, usize)>,
    /// Places that no comment can be written to, and why.
    pub left: Vec<(String, &'static str)>,
}

/// Plans a comment for each finding that `wants`, in every file of Python; nothing is written.
pub fn add(analysis: &Analysis, reason: &str, wants: impl Fn(&Finding) -> bool) -> Added {
    let mut added = Added::default();
    for group in analysis.findings.chunk_by(|one, next| one.place.path == next.place.path) {
        let wanted: Vec<&Finding> = group.iter().filter(|finding| wants(finding)).collect();
        let (Some(first), Some(source)) = (wanted.first(), analysis.sources.get(&group[0].place.path)) else {
            continue;
        };
        if !is_python(source) {
            added.left.extend(wanted.iter().map(|finding| {
                let place = format!("{}:{}", finding.place.path, finding.place.start.line);
                (place, "comments are only written into Python files")
            }));
            continue;
        }
        let text = with_comments(source, &wanted, reason);
        added.texts.insert(first.place.path.clone(), (text, wanted.len()));
    }
    added
}

fn is_python(source: &Source) -> bool {
    let extension = source.path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("py" | "pyw"))
}

/// The text with a comment for each finding.
fn with_comments(source: &Source, findings: &[&Finding], reason: &str) -> String {
    let (_, statements) = python::comments(&source.text);
    let existing = comment::in_python(source);
    // By statement: its first and last line, and the codes it needs.
    let mut needed: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    for finding in findings {
        let line = finding.place.start.line;
        let lines = |span: &Span| (source.position(span.start).line, source.position(span.end).line);
        let around = statements.iter().map(lines).find(|(first, last)| (*first..=*last).contains(&line));
        let codes = needed.entry(around.unwrap_or((line, line))).or_default();
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    let mut edits: Vec<TextEdit> = Vec::new();
    for ((first, last), codes) in needed {
        let mine = |directive: &&Directive| {
            matches!(&directive.reach, Reach::Lines(lines) if lines.contains(&first))
                && directive.problem.is_none()
        };
        if let Some(directive) = existing.iter().find(mine) {
            let at = directive.codes.last().map_or(directive.list.end, |code| code.span.end);
            edits.push(insertion(at, format!(", {}", codes.join(", "))));
            continue;
        }
        let directive = format!("# loopcheck: ignore[{}]", codes.join(", "));
        let directive = if reason.is_empty() { directive } else { format!("{directive} {reason}") };
        let start = source.line_start(first);
        let line = source.line(first);
        let trimmed = line.trim_end();
        if first == last {
            edits.push(insertion(start + trimmed.len() as u32, format!("  {directive}")));
        } else {
            // A line within a statement may end in a string or a backslash, where no comment can stand.
            let indent = &line[..line.len() - line.trim_start().len()];
            edits.push(insertion(start, format!("{indent}{directive}{}", newline(&source.text))));
        }
    }
    apply(&source.text, &edits)
}

fn insertion(at: u32, content: String) -> TextEdit {
    TextEdit { start: at, end: at, content }
}

/// The line end of the file, by its first line.
fn newline(text: &str) -> &'static str {
    match text.find(['\r', '\n']).map(|at| &text[at..]) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::Draft;

    /// The text after a comment was added for each place where `code` stands.
    fn added(text: &str, code: &str, reason: &str) -> String {
        let source = Source::from_text("/main.py".into(), "main.py".into(), text.into());
        let finding = |(at, _): (usize, &str)| {
            let draft = Draft {
                code: "LC102",
                severity: Severity::Warning,
                message: String::new(),
                label: String::new(),
                why: String::new(),
                help: String::new(),
                related: Vec::new(),
            };
            draft.at(source.place(Span { start: at as u32, end: (at + code.len()) as u32 }))
        };
        let findings: Vec<Finding> = text.match_indices(code).map(finding).collect();
        with_comments(&source, &findings.iter().collect::<Vec<_>>(), reason)
    }

    #[test]
    fn a_line_gets_it_at_its_end_and_a_longer_statement_above() {
        assert_eq!(added("run(a)\n", "run", ""), "run(a)  # loopcheck: ignore[LC102]\n");
        assert_eq!(added("run(a)", "run", "slow"), "run(a)  # loopcheck: ignore[LC102] slow");
        assert_eq!(
            added("if a:\r\n\trun(\r\n\t\ta)\r\n", "run", ""),
            "if a:\r\n\t# loopcheck: ignore[LC102]\r\n\trun(\r\n\t\ta)\r\n"
        );
        assert_eq!(
            added("x = '''\n''' + \\\n  run(a)\n", "run", ""),
            "# loopcheck: ignore[LC102]\nx = '''\n''' + \\\n  run(a)\n"
        );
    }

    #[test]
    fn a_comment_that_is_there_is_kept() {
        assert_eq!(added("run(a)  # noqa\n", "run", ""), "run(a)  # noqa  # loopcheck: ignore[LC102]\n");
        assert_eq!(
            added("run(a)  # loopcheck: ignore[LC301] why\n", "run", "new"),
            "run(a)  # loopcheck: ignore[LC301, LC102] why\n"
        );
        assert_eq!(
            added("# loopcheck: ignore[LC301]\nrun(\n)\n", "run", ""),
            "# loopcheck: ignore[LC301, LC102]\nrun(\n)\n"
        );
    }

    #[test]
    fn one_comment_serves_a_whole_line() {
        assert_eq!(added("run(a); run(b)\n", "run", ""), "run(a); run(b)  # loopcheck: ignore[LC102]\n");
    }
}
