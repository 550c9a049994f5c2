//! The findings of each file under its name.

use crate::report::paint::{BOLD, Paint, severity_style};
use crate::report::{Report, summary, visible};

pub fn render(report: &Report<'_>, paint: Paint) -> String {
    let mut text = String::new();
    for group in report.findings.chunk_by(|one, next| one.place.path == next.place.path) {
        text += &format!("{}:\n", paint.with(BOLD, visible::line(&group[0].place.path)));
        let width = group.iter().map(|finding| visible::position(&finding.place).len()).max().unwrap_or(0);
        for finding in group {
            text += &format!(
                "  {:<width$}  {} {}{}\n",
                visible::position(&finding.place),
                paint.code(severity_style(finding.severity), finding.code),
                report.marker(finding),
                visible::line(&finding.message),
            );
        }
        text.push('\n');
    }
    if report.summary {
        text += &summary::render(report, paint);
    }
    text
}
