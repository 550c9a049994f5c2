//! What people and programs read: one small file an output format.
//!
//! Every format is a function from a [`Report`] to text, so the text can go to a screen, a pipe or a
//! file, and is the same on every run.

mod azure;
mod concise;
pub mod diff;
pub mod entries;
pub mod evidence;
pub mod explain;
pub mod fixes;
mod full;
mod github;
mod gitlab;
mod grouped;
mod json;
mod junit;
pub mod keys;
pub mod paint;
mod pylint;
mod rdjson;
pub mod rule;
mod sarif;
mod statistics;
mod summary;
pub mod visible;

use std::cmp::Reverse;

use crate::analysis::{Analysis, Failure, Sources};
use crate::entry::LoopKind;
use crate::finding::{Applicability, Finding, Severity};
use crate::report::paint::Paint;
use crate::settings::{OutputFormat, Settings};
use crate::suppress::Silenced;

/// What formats with a place for it call the tool.
const NAME: &str = "loopcheck";

/// Where the tool can be read about.
const HOME: &str = "https://github.com/loopcheck/loopcheck";

/// What is reported of an analysis.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Those at or above the least severity to report, sorted by place.
    pub findings: Vec<&'a Finding>,
    /// Those that a comment or the baseline silences, at or above the least severity to report.
    pub silenced: Vec<&'a Silenced>,
    /// Files that could not be read.
    pub failures: &'a [Failure],
    /// How many findings lie below it.
    pub hidden: usize,
    /// Some warning would be an error if the project were known to be deployed on Windows.
    pub is_deployment_open: bool,
    pub entries: usize,
    /// How many of them have a loop on Windows that loopcheck could not tell.
    pub unknown: usize,
    pub files: usize,
    pub sources: &'a Sources,
    /// Do unsafe fixes count as fixable?
    pub unsafe_fixes: bool,
    /// Write the summary below the findings of the formats for people?
    pub summary: bool,
}

impl<'a> Report<'a> {
    pub fn new(analysis: &'a Analysis, settings: &Settings) -> Report<'a> {
        let shown = |finding: &&Finding| settings.shows(finding);
        let findings: Vec<&Finding> = analysis.findings.iter().filter(shown).collect();
        Report {
            hidden: analysis.findings.len() - findings.len(),
            is_deployment_open: analysis.is_deployment_open && !findings.is_empty(),
            findings,
            silenced: analysis.silenced.iter().filter(|silenced| shown(&&silenced.finding)).collect(),
            failures: &analysis.failures,
            entries: analysis.entries.len(),
            unknown: analysis.entries.iter().filter(|entry| entry.loops.windows == LoopKind::Unknown).count(),
            files: analysis.files_checked,
            sources: &analysis.sources,
            unsafe_fixes: settings.unsafe_fixes,
            summary: true,
        }
    }

    /// The worst severity that is reported.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// The worst first, for readers who do not read on.
    fn errors_first(&self) -> Vec<&'a Finding> {
        let mut findings = self.findings.clone();
        findings.sort_by_key(|finding| Reverse(finding.severity));
        findings
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Would `--fix`, with the present arguments, fix it?
    fn is_fixable(&self, finding: &Finding) -> bool {
        finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe || self.unsafe_fixes)
    }

    /// `[*] ` before what `--fix` would fix.
    fn marker(&self, finding: &Finding) -> &'static str {
        if self.is_fixable(finding) { "[*] " } else { "" }
    }
}

/// The findings in the format that was asked for.
pub fn render(report: &Report<'_>, format: OutputFormat, paint: Paint) -> String {
    match format {
        OutputFormat::Full => full::render(report, paint),
        OutputFormat::Concise => concise::render(report, paint),
        OutputFormat::Grouped => grouped::render(report, paint),
        OutputFormat::Json => json::render(report),
        OutputFormat::JsonLines => json::render_lines(report),
        OutputFormat::Github => github::render(report),
        OutputFormat::Gitlab => gitlab::render(report),
        OutputFormat::Sarif => sarif::render(report),
        OutputFormat::Junit => junit::render(report),
        OutputFormat::Rdjson => rdjson::render(report),
        OutputFormat::Pylint => pylint::render(report),
        OutputFormat::Azure => azure::render(report),
    }
}

/// How often each rule was broken, instead of where.
pub fn render_statistics(report: &Report<'_>, format: OutputFormat, paint: Paint) -> String {
    match format {
        OutputFormat::Json => statistics::render_json(report),
        _ => statistics::render(report, paint),
    }
}

/// `1 error`, `2 errors`, `2 entries`, `2 ways`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else if let Some(stem) = noun.strip_suffix('y').filter(|stem| !stem.ends_with('a')) {
        format!("{count} {stem}ies")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests;
