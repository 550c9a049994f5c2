//! One line a finding: `main.py:14:1: LC101 [*] NiceGUI runs on …`.

use crate::finding::Finding;
use crate::report::paint::{BOLD, Paint, severity_style};
use crate::report::{Report, summary, visible};

pub fn render(report: &Report<'_>, paint: Paint) -> String {
    let mut text: String = report.findings.iter().map(|finding| line(report, finding, paint)).collect();
    if report.summary {
        text += &summary::render(report, paint);
    }
    text
}

fn line(report: &Report<'_>, finding: &Finding, paint: Paint) -> String {
    format!(
        "{}:{}: {} {}{}\n",
        paint.with(BOLD, visible::line(&finding.place.path)),
        visible::position(&finding.place),
        paint.code(severity_style(finding.severity), finding.code),
        report.marker(finding),
        visible::line(&finding.message),
    )
}
