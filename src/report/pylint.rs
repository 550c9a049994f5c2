//! Pylint's parseable lines, which many tools read: `main.py:14: [LC101] NiceGUI runs on …`.

use crate::report::{Report, visible};

pub fn render(report: &Report<'_>) -> String {
    let line = |finding: &&crate::finding::Finding| {
        format!(
            "{}:{}: [{}] {}\n",
            visible::line(&finding.place.path),
            finding.place.start.line,
            finding.code,
            visible::line(&finding.message),
        )
    };
    report.findings.iter().map(line).collect()
}
