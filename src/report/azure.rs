//! Logging commands of Azure Pipelines.

use crate::finding::{Finding, Severity};
use crate::report::{Report, visible};

/// Errors come first, as a page of the pipeline shows only so many.
pub fn render(report: &Report<'_>) -> String {
    report.errors_first().into_iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    // There is no third type.
    let kind = if finding.severity == Severity::Error { "error" } else { "warning" };
    format!(
        "##vso[task.logissue type={kind};sourcepath={};linenumber={};columnnumber={};code={};]{}\n",
        property(&finding.place.path),
        finding.place.start.line,
        finding.place.start.column,
        finding.code,
        data(&finding.message),
    )
}

/// A sentence behind a command, on one line.
fn data(text: &str) -> String {
    visible::log_line(text).replace('%', "%AZP25")
}

/// A text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
