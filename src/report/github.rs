//! Annotations for GitHub Actions, then the same in words for whoever reads the log.

use crate::finding::{Finding, Severity};
use crate::report::{Report, paint::Paint, summary, visible};

/// GitHub shows only the first few annotations of a step, so errors come first.
pub fn render(report: &Report<'_>) -> String {
    let annotations = report.errors_first().into_iter().map(annotation);
    let lines = report.findings.iter().map(|finding| line(report, finding));
    let mut text: String = annotations.chain(lines).collect();
    if report.summary {
        text += &summary::render(report, Paint::PLAIN);
    }
    text
}

fn annotation(finding: &Finding) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (finding.place.start, finding.place.end);
    // GitHub draws columns only on a single line.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    let sentences = [&finding.message, &finding.label, &finding.why, &finding.help];
    let sentences = sentences.into_iter().filter(|sentence| !sentence.is_empty());
    let message = sentences.map(|sentence| data(sentence)).collect::<Vec<_>>().join("%0A");
    format!(
        "::{command} title=loopcheck ({}),file={},line={},endLine={}{columns}::{} {message}\n",
        finding.code,
        property(&finding.place.path),
        start.line,
        end.line,
        finding.code,
    )
}

/// Begins with the severity and never with `::`, so that no path can pass for a workflow command.
fn line(report: &Report<'_>, finding: &Finding) -> String {
    format!(
        "{}[{}]: {}:{}:{}: {}{}\n",
        finding.severity.name(),
        finding.code,
        visible::log_line(&finding.place.path),
        finding.place.start.line,
        finding.place.start.column,
        report.marker(finding),
        visible::log_line(&finding.message),
    )
}

/// A sentence as the text of a workflow command, on one line.
fn data(text: &str) -> String {
    visible::log_line(text).replace('%', "%25")
}

/// A text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
