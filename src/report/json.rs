//! JSON, version 1: field names and their order are a promise to scripts.

use serde::Serialize;

use crate::entry::{Entry, Launch, LoopCase, LoopKind, Loops, Process};
use crate::finding::{Applicability, Finding, Fix, Position, Related, Severity};
use crate::knowledge::pages;
use crate::report::{Report, visible};

const VERSION: u8 = 1;

/// One object with all findings and their sum.
pub fn render(report: &Report<'_>) -> String {
    let findings: Vec<FindingView<'_>> = report.findings.iter().map(|finding| view(finding)).collect();
    let fixable = report.findings.iter().filter(|finding| report.is_fixable(finding)).count();
    let summary = Summary {
        files: report.files,
        entries: report.entries,
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        infos: report.count(Severity::Info),
        fixable,
    };
    text(&Document { version: VERSION, findings, summary })
}

/// One object a line, one line a finding.
pub fn render_lines(report: &Report<'_>) -> String {
    report.findings.iter().map(|finding| finish(serde_json::to_string(&view(finding)))).collect()
}

/// The answer of `loopcheck entries`.
pub fn render_entries(entries: &[Entry]) -> String {
    let entries = entries.iter().map(entry_view).collect();
    text(&Entries { version: VERSION, entries })
}

/// Any value as indented JSON with a line end.
pub fn text(value: &impl Serialize) -> String {
    finish(serde_json::to_string_pretty(value))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    findings: Vec<FindingView<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    entries: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    fixable: usize,
}

#[derive(Serialize)]
struct FindingView<'a> {
    code: &'a str,
    name: &'a str,
    severity: Severity,
    message: &'a str,
    help: &'a str,
    url: String,
    path: &'a str,
    /// Only in notebooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    related: Vec<RelatedView<'a>>,
    fix: Option<FixView<'a>>,
}

#[derive(Serialize)]
struct RelatedView<'a> {
    path: &'a str,
    /// Only in notebooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    column: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct FixView<'a> {
    applicability: Applicability,
    message: &'a str,
    edits: Vec<EditView<'a>>,
}

#[derive(Serialize)]
struct EditView<'a> {
    path: &'a str,
    start: Position,
    end: Position,
    content: &'a str,
}

#[derive(Serialize)]
struct Entries<'a> {
    version: u8,
    entries: Vec<EntryView<'a>>,
}

#[derive(Serialize)]
pub struct EntryView<'a> {
    path: &'a str,
    /// Only in notebooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    line: u32,
    column: u32,
    runner: &'a str,
    launch: Launch,
    root: &'a str,
    process: Process,
    #[serde(skip_serializing_if = "Option::is_none")]
    python: Option<String>,
    #[serde(rename = "loop")]
    loops: Loops,
    cases: Vec<CaseView<'a>>,
    reason: Option<&'a str>,
    because: Vec<RelatedView<'a>>,
}

#[derive(Serialize)]
struct CaseView<'a> {
    when: &'a str,
    windows: LoopKind,
    linux: LoopKind,
    darwin: LoopKind,
}

fn view(finding: &Finding) -> FindingView<'_> {
    FindingView {
        code: finding.code,
        name: finding.name,
        severity: finding.severity,
        message: &finding.message,
        help: &finding.help,
        url: pages::url(finding.code),
        path: &finding.place.path,
        cell: finding.place.cell,
        line: finding.place.start.line,
        column: finding.place.start.column,
        end_line: finding.place.end.line,
        end_column: finding.place.end.column,
        related: finding.related.iter().map(related_view).collect(),
        fix: finding.fix.as_ref().map(fix_view),
    }
}

fn related_view(related: &Related) -> RelatedView<'_> {
    RelatedView {
        path: &related.place.path,
        cell: related.place.cell,
        line: related.place.start.line,
        column: related.place.start.column,
        message: &related.message,
    }
}

fn fix_view(fix: &Fix) -> FixView<'_> {
    let edits = fix.edits.iter().map(|edit| EditView {
        path: &edit.place.path,
        start: edit.place.start,
        end: edit.place.end,
        content: &edit.content,
    });
    FixView { applicability: fix.applicability, message: &fix.message, edits: edits.collect() }
}

pub fn entry_view(entry: &Entry) -> EntryView<'_> {
    EntryView {
        path: &entry.place.path,
        cell: entry.place.cell,
        line: entry.place.start.line,
        column: entry.place.start.column,
        runner: &entry.runner,
        launch: entry.launch,
        root: &entry.root,
        process: entry.process,
        python: entry.python.map(|(major, minor)| format!("{major}.{minor}")),
        loops: entry.loops,
        cases: entry.cases.iter().map(case_view).collect(),
        reason: entry.reason.as_deref(),
        because: entry.because.iter().map(related_view).collect(),
    }
}

fn case_view(case: &LoopCase) -> CaseView<'_> {
    let Loops { windows, linux, darwin } = case.loops;
    CaseView { when: &case.when, windows, linux, darwin }
}

fn finish(json: serde_json::Result<String>) -> String {
    // Plain structs of strings and numbers always serialize.
    let json = json.unwrap_or_default() + "\n";
    // Outside of strings JSON has no such character, so escaping it here keeps the meaning.
    if !json.contains(visible::acts_on_terminals) {
        return json;
    }
    let escaped = |character: char| match character {
        control if visible::acts_on_terminals(control) => format!("\\u{:04x}", control as u32),
        other => other.to_string(),
    };
    json.chars().map(escaped).collect()
}
