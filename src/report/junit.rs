//! JUnit's XML, for servers that show test results: a file is a suite, a finding a failed test.

use std::borrow::Cow;

use crate::finding::Finding;
use crate::report::{NAME, Report, visible};

pub fn render(report: &Report<'_>) -> String {
    let count = report.findings.len();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    if count == 0 {
        // Some servers take a report without a test for a broken one.
        text += &format!("<testsuites name=\"{NAME}\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        text += &format!("    <testsuite name=\"{NAME}\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        text += &format!("        <testcase name=\"No errors found\" classname=\"{NAME}\"/>\n");
        return text + "    </testsuite>\n</testsuites>\n";
    }
    text += &format!("<testsuites name=\"{NAME}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">\n");
    for group in report.findings.chunk_by(|one, next| one.place.path == next.place.path) {
        let (path, count) = (escaped(&group[0].place.path), group.len());
        text += &format!(
            "    <testsuite name=\"{path}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\" package=\"{NAME}\">\n"
        );
        text.extend(group.iter().map(|finding| test(finding, &path)));
        text += "    </testsuite>\n";
    }
    text + "</testsuites>\n"
}

fn test(finding: &Finding, path: &str) -> String {
    let start = finding.place.start;
    let sentences = [&finding.message, &finding.label, &finding.why, &finding.help];
    let sentences: Vec<Cow<'_, str>> =
        sentences.into_iter().filter(|sentence| !sentence.is_empty()).map(|text| escaped(text)).collect();
    format!(
        "        <testcase name=\"{NAME}.{}\" classname=\"{path}\">\n            \
         <failure type=\"{}\" message=\"{}\">line {}, col {}, {}</failure>\n        </testcase>\n",
        finding.code,
        finding.severity.name(),
        sentences[0],
        start.line,
        start.column,
        sentences.join("\n"),
    )
}

/// XML has no way to write most control characters, so they become visible ones.
fn escaped(text: &str) -> Cow<'_, str> {
    let text = visible::line(text);
    // These two are no characters to XML.
    let special = |c: char| matches!(c, '<' | '>' | '&' | '"' | '\'' | '\u{fffe}' | '\u{ffff}');
    if !text.contains(special) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe.into()
}
