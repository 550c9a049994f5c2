//! What is shown over a finding: the page of its rule.

use std::path::Path;

use gen_lsp_types as lsp;
use serde_json::{Value, json};

use crate::knowledge::pages;
use crate::report::rule;
use crate::server::positions::touch;
use crate::server::snapshot::Snapshot;

/// Null where there is no finding.
pub fn hover(snapshot: &Snapshot, path: &Path, position: lsp::Position) -> Value {
    let cursor = lsp::Range { start: position, end: position };
    let told = snapshot.told.get(path).map_or(&[][..], Vec::as_slice);
    let here: Vec<_> = told.iter().filter(|told| touch(&told.diagnostic.range, &cursor)).collect();
    let Some(first) = here.first() else {
        return Value::Null;
    };
    let mut codes: Vec<&str> = here.iter().map(|told| told.finding.code).collect();
    codes.dedup();
    let texts = codes.iter().filter_map(|code| pages::find(code)).map(rule::render);
    let text = texts.collect::<Vec<_>>().join("\n---\n\n");
    json!({ "contents": { "kind": "markdown", "value": text }, "range": first.diagnostic.range })
}
