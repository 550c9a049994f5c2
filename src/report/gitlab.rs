//! A Code Quality report of GitLab, as its `codequality` artifact takes it.

use serde::Serialize;

use crate::finding::{Finding, Position, Severity};
use crate::fingerprint::fingerprints;
use crate::report::{Report, json};

pub fn render(report: &Report<'_>) -> String {
    let findings = report.findings.iter().copied();
    let known_by = fingerprints(findings.clone(), report.sources, |finding| finding.place.path.to_string());
    let issues: Vec<Issue<'_>> = findings
        .zip(known_by)
        .map(|(finding, fingerprint)| issue(finding, fingerprint.to_string()))
        .collect();
    json::text(&issues)
}

#[derive(Serialize)]
struct Issue<'a> {
    check_name: &'a str,
    description: String,
    severity: &'static str,
    fingerprint: String,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

fn issue(finding: &Finding, fingerprint: String) -> Issue<'_> {
    let severity = match finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Info => "info",
    };
    Issue {
        check_name: finding.code,
        description: format!("{}: {}", finding.code, finding.message),
        severity,
        fingerprint,
        location: Location {
            path: &finding.place.path,
            positions: Positions { begin: finding.place.start, end: finding.place.end },
        },
    }
}
