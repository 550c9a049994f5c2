//! The last line: how much, and what to do next.

use crate::finding::Severity;
use crate::report::paint::{BOLD, GOOD, Paint};
use crate::report::{Report, plural};

/// `1 entry point, 1 error. 1 fixable with `--fix`.`
pub fn render(report: &Report<'_>, paint: Paint) -> String {
    let mut text = if report.findings.is_empty() { clean(report, paint) } else { counts(report, paint) };
    if report.hidden > 0 {
        let them = if report.hidden == 1 { "it" } else { "them" };
        let lesser = plural(report.hidden, "lesser finding");
        text += &format!(" {lesser} hidden, `--min-severity info` shows {them}.");
    }
    text += "\n";
    // Who reads that all is well should know of what was not judged.
    if report.findings.is_empty() && report.unknown > 0 {
        let loops = plural(report.unknown, "loop");
        text += &format!("{loops} could not be told: `loopcheck entries` says which, and why.\n");
    }
    if report.is_deployment_open {
        text += "No file tells whether this runs on Windows: `windows = true` in [tool.loopcheck] makes errors of such warnings, `windows = false` silences them.\n";
    }
    text
}

fn clean(report: &Report<'_>, paint: Paint) -> String {
    let checked = match (report.entries, report.files) {
        (_, 0) => String::new(),
        (0, files) => format!(" No entry point in {}.", plural(files, "file")),
        (entries, files) => {
            format!(" {} in {}.", plural(entries, "entry point"), plural(files, "file"))
        }
    };
    match report.failures {
        [] => paint.with(GOOD, "All checks passed!") + &checked,
        _ => format!("Nothing found in what could be read.{checked}"),
    }
}

fn counts(report: &Report<'_>, paint: Paint) -> String {
    let mut parts = vec![plural(report.entries, "entry point")];
    for (severity, noun) in
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")]
    {
        match report.count(severity) {
            0 => {}
            count => parts.push(plural(count, noun)),
        }
    }
    let mut text = paint.with(BOLD, parts.join(", ") + ".");
    let fixable = report.findings.iter().filter(|finding| report.is_fixable(finding)).count();
    let unsafe_only = report.findings.iter().filter(|finding| finding.fix.is_some()).count() - fixable;
    text += &match (fixable, unsafe_only) {
        (0, 0) => String::new(),
        (0, more) => format!(" {more} fixable with `--fix --unsafe-fixes`."),
        (some, 0) => format!(" {some} fixable with `--fix`."),
        (some, more) => format!(" {some} fixable with `--fix` ({more} more with `--unsafe-fixes`)."),
    };
    text
}
