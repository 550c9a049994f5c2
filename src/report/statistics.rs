//! How often each rule was broken.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::paint::{BOLD, Paint};
use crate::report::{Report, json, summary};

#[derive(Serialize)]
struct Row {
    code: &'static str,
    name: &'static str,
    count: usize,
    fixable: bool,
}

pub fn render(report: &Report<'_>, paint: Paint) -> String {
    let rows = rows(report);
    let width = rows.iter().map(|row| row.count.to_string().len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let marker = if row.fixable { "[*]" } else { "[ ]" };
        text += &format!("{:>width$}\t{}\t{marker} {}\n", row.count, paint.code(BOLD, row.code), row.name);
    }
    if report.summary {
        text += &summary::render(report, paint);
    }
    text
}

pub fn render_json(report: &Report<'_>) -> String {
    json::text(&rows(report))
}

/// The most frequent first, then by code.
fn rows(report: &Report<'_>) -> Vec<Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for finding in &report.findings {
        let row = rows.entry(finding.code).or_insert(Row {
            code: finding.code,
            name: finding.name,
            count: 0,
            fixable: false,
        });
        row.count += 1;
        row.fixable |= report.is_fixable(finding);
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| Reverse(row.count));
    rows
}
