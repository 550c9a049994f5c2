//! SARIF 2.1.0, as code scanning services and editors read it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::finding::{Applicability, Edit, Finding, Fix, Place, Related, Severity};
use crate::fingerprint::{Fingerprint, fingerprints};
use crate::knowledge::pages::{self, RulePage};
use crate::report::{HOME, NAME, Report, json as text, rule};
use crate::suppress::{Silenced, Silencer};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The folder that relative paths start from; who reads the file knows where it is.
const ROOT: &str = "SRCROOT";

pub fn render(report: &Report<'_>) -> String {
    let silenced = report.silenced.iter().map(|silenced| (&silenced.finding, Some(*silenced)));
    let mut all: Vec<(&Finding, Option<&Silenced>)> =
        report.findings.iter().map(|finding| (*finding, None)).chain(silenced).collect();
    all.sort_by_key(|(finding, _)| (&finding.place, finding.code));
    // Counted together, so that silencing one of two does not rename the other.
    let findings = all.iter().map(|(finding, _)| *finding);
    let known_by = fingerprints(findings, report.sources, |finding| finding.place.path.to_string());
    let results: Vec<Value> = all
        .iter()
        .zip(known_by)
        .map(|((finding, silenced), known_by)| result(finding, *silenced, known_by))
        .collect();
    text::text(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [json!({
            "tool": { "driver": {
                "name": NAME,
                "informationUri": HOME,
                "semanticVersion": VERSION,
                "version": VERSION,
                "rules": pages::rules().iter().map(description).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("{NAME}/") },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "The folder in which loopcheck was started." } } },
            "invocations": [{
                "executionSuccessful": report.failures.is_empty(),
                "toolExecutionNotifications": report.failures.iter().map(|failure| json!({
                    "level": "error",
                    "message": { "text": failure.message },
                    "locations": [{ "physicalLocation": { "artifactLocation": artifact(&failure.path) } }],
                })).collect::<Vec<_>>(),
            }],
            "results": results,
        })],
    })
}

/// A struct, so that the version stands at the top, where people look for it.
#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Value; 1],
}

fn description(page: &RulePage) -> Value {
    json!({
        "id": page.code,
        "name": page.name,
        "shortDescription": { "text": page.summary },
        "fullDescription": { "text": page.summary },
        "help": { "text": rule::render(page), "markdown": rule::render(page) },
        "helpUri": page.url,
        "defaultConfiguration": { "level": level(page.severity) },
        "properties": { "tags": ["asyncio", "windows"], "precision": "high" },
    })
}

fn result(finding: &Finding, silenced: Option<&Silenced>, known_by: Fingerprint) -> Value {
    let sentences = [&finding.message, &finding.label, &finding.why, &finding.help];
    let sentences: Vec<&str> =
        sentences.into_iter().map(String::as_str).filter(|sentence| !sentence.is_empty()).collect();
    let mut result = json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": sentences.join("\n") },
        "locations": [{ "physicalLocation": physical(&finding.place) }],
        "partialFingerprints": { "primaryLocationLineHash": known_by.to_string() },
    });
    if let Some(index) = pages::rules().iter().position(|page| page.code == finding.code) {
        result["ruleIndex"] = index.into();
    }
    if !finding.related.is_empty() {
        result["relatedLocations"] = finding.related.iter().enumerate().map(related).collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([fix_of(fix)]);
    }
    if let Some(silenced) = silenced {
        result["suppressions"] = json!([suppression(&silenced.by)]);
    }
    result
}

fn related((index, related): (usize, &Related)) -> Value {
    json!({
        "id": index + 1,
        "message": { "text": related.message },
        "physicalLocation": physical(&related.place),
    })
}

fn fix_of(fix: &Fix) -> Value {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        by_file.entry(&edit.place.path).or_default().push(edit);
    }
    let safety = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    };
    let replacement = |edit: &&Edit| json!({ "deletedRegion": region(&edit.place), "insertedContent": { "text": edit.content } });
    let change = |(path, edits): (&str, Vec<&Edit>)| {
        json!({
            "artifactLocation": artifact(path),
            "replacements": edits.iter().map(replacement).collect::<Vec<_>>(),
        })
    };
    json!({
        "description": { "text": format!("{} [{safety}]", fix.message) },
        "artifactChanges": by_file.into_iter().map(change).collect::<Vec<_>>(),
    })
}

fn suppression(by: &Silencer) -> Value {
    let (kind, justification) = match by {
        Silencer::Comment { reason } => ("inSource", reason.as_str()),
        Silencer::Baseline => ("external", "It stands in the baseline."),
    };
    let mut suppression = json!({ "kind": kind, "status": "accepted" });
    if !justification.is_empty() {
        suppression["justification"] = justification.into();
    }
    suppression
}

fn physical(place: &Place) -> Value {
    json!({ "artifactLocation": artifact(&place.path), "region": region(place) })
}

fn region(place: &Place) -> Value {
    match place.span {
        // Outside of Python a place is a line.
        None if place.start == place.end => json!({ "startLine": place.start.line }),
        _ => json!({
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
        }),
    }
}

fn artifact(path: &str) -> Value {
    let encoded = percent_encoded(path);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if path.starts_with('/') {
        json!({ "uri": format!("file://{encoded}") })
    } else if drive {
        json!({ "uri": format!("file:///{}", encoded.replacen("%3A", ":", 1)) })
    } else {
        json!({ "uri": encoded, "uriBaseId": ROOT })
    }
}

/// A path as a URI: all but letters, digits, `-._~` and slashes is written in hexadecimal.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            other => uri += &format!("%{other:02X}"),
        }
    }
    uri
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
