//! A finding as a diagnostic of the protocol.

use gen_lsp_types as lsp;

use crate::finding::{Finding, Related, Severity};
use crate::knowledge::pages;
use crate::server::snapshot::Snapshot;
use crate::server::uri;

pub fn diagnostic(snapshot: &Snapshot, part: usize, finding: &Finding) -> lsp::Diagnostic {
    let path = snapshot.path(part, &finding.place.path);
    let range = snapshot.view(part, &path).map(|view| view.range(&finding.place)).unwrap_or_default();
    let severity = match finding.severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Info => lsp::DiagnosticSeverity::Information,
    };
    let related = finding.related.iter().map(|related| related_place(snapshot, part, related)).collect();
    lsp::Diagnostic {
        range,
        severity: Some(severity),
        code: Some(finding.code.into()),
        code_description: Some(lsp::CodeDescription { href: pages::url(finding.code).into() }),
        source: Some("loopcheck".to_owned()),
        message: message(finding).into(),
        related_information: Some(related),
        ..lsp::Diagnostic::default()
    }
}

/// What is wrong, and below it who decided it, why it matters and what to do.
fn message(finding: &Finding) -> String {
    let cure = match &finding.fix {
        Some(fix) => ("fix: ", &fix.message),
        None => ("help: ", &finding.help),
    };
    let lines = [("", &finding.message), ("", &finding.label), ("why: ", &finding.why), cure];
    let lines = lines.iter().filter(|(_, text)| !text.is_empty());
    lines.map(|(word, text)| format!("{word}{text}")).collect::<Vec<_>>().join("\n")
}

fn related_place(snapshot: &Snapshot, part: usize, related: &Related) -> lsp::DiagnosticRelatedInformation {
    let path = snapshot.path(part, &related.place.path);
    let range = snapshot.view(part, &path).map(|view| view.range(&related.place)).unwrap_or_default();
    let uri = uri_of(snapshot, &path);
    lsp::DiagnosticRelatedInformation {
        location: lsp::Location { uri: uri.into(), range },
        message: related.message.clone(),
    }
}

/// The URI of a file, as the editor writes it where it has the file open.
pub fn uri_of(snapshot: &Snapshot, path: &std::path::Path) -> String {
    let open = snapshot.input.documents.get(path);
    open.map_or_else(|| uri::from_path(path), |document| document.uri.clone())
}
