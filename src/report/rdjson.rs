//! The Diagnostic Format of reviewdog, for review comments with suggestions.

use serde::Serialize;

use crate::finding::{Finding, Place, Position, Severity};
use crate::knowledge::pages;
use crate::report::{HOME, NAME, Report, json};

pub fn render(report: &Report<'_>) -> String {
    let diagnostics = report.findings.iter().map(|finding| diagnostic(report, finding)).collect();
    json::text(&Document { source: Source { name: NAME, url: HOME }, diagnostics })
}

#[derive(Serialize)]
struct Document<'a> {
    source: Source,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic<'a> {
    message: &'a str,
    location: Location<'a>,
    severity: &'static str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    range: Range,
}

/// The end is exclusive.
#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    url: String,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location<'a>,
}

fn diagnostic<'a>(report: &Report<'_>, finding: &'a Finding) -> Diagnostic<'a> {
    let place = &finding.place;
    // A suggestion has no path of its own: it is one for the file of its finding.
    let edits = finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| edit.place.path == place.path);
    Diagnostic {
        message: &finding.message,
        location: location(report, place),
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        code: Code { value: finding.code, url: pages::url(finding.code) },
        suggestions: edits
            .map(|edit| Suggestion { range: range(report, &edit.place), text: &edit.content })
            .collect(),
        related_locations: finding
            .related
            .iter()
            .map(|related| Related { message: &related.message, location: location(report, &related.place) })
            .collect(),
    }
}

fn location<'a>(report: &Report<'_>, place: &'a Place) -> Location<'a> {
    Location { path: &place.path, range: range(report, place) }
}

fn range(report: &Report<'_>, place: &Place) -> Range {
    Range { start: in_bytes(report, place, place.start), end: in_bytes(report, place, place.end) }
}

/// The format counts columns in bytes of UTF-8.
fn in_bytes(report: &Report<'_>, place: &Place, position: Position) -> Position {
    let line = report.sources.get(&place.path).map_or("", |source| source.line(position.line));
    let before = position.column.saturating_sub(1);
    let wider: usize = line.chars().take(before as usize).map(|character| character.len_utf8() - 1).sum();
    Position { line: position.line, column: position.column + wider as u32 }
}
