//! The whole flow, from settings to findings and to fixed files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::entry::Entry;
use crate::error::Error;
use crate::files::Source;
use crate::finding::{Finding, ShownPath};
use crate::settings::Settings;

/// The text of every file that a finding stands in.
pub type Sources = BTreeMap<ShownPath, Arc<Source>>;

/// What loopcheck knows about a project after the paper runs.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Sorted by path, line, column and code; those that the selection, the per-file ignores and the
    /// suppressions let through. Fixes of rules that may not be fixed are absent.
    pub findings: Vec<Finding>,
    /// Sorted by path, line, column, root; reached before unreached.
    pub entries: Vec<Entry>,
    pub files_checked: usize,
    pub sources: Sources,
    /// Files that could not be read: exit status 2.
    pub failures: Vec<Failure>,
    /// Sentences for the person that belong to no place.
    pub notices: Vec<String>,
}

/// A file that loopcheck could not read or write.
#[derive(Clone, Debug)]
pub struct Failure {
    pub path: ShownPath,
    pub message: String,
}

/// What became of the files after their fixes, written or not.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// Sorted by path.
    pub changed: Vec<ChangedFile>,
    /// What is still to say about the project as it stands after the fixes.
    pub remaining: Analysis,
    /// Files whose fixes were not applied, and why.
    pub left_alone: Vec<(ShownPath, String)>,
}

#[derive(Clone, Debug)]
pub struct ChangedFile {
    pub path: PathBuf,
    pub shown: ShownPath,
    pub before: Arc<Source>,
    pub after: String,
    /// How many findings of each rule the change cures, sorted by code.
    pub fixed: Vec<FixedRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedRule {
    pub code: &'static str,
    pub name: &'static str,
    pub count: usize,
}

/// Runs every entry point of the project on paper.
///
/// # Errors
///
/// When the project as a whole cannot be analysed; a single bad file is a [`Failure`].
pub fn analyse(_settings: &Settings) -> Result<Analysis, Error> {
    Ok(Analysis::default())
}

/// Analyses, applies the fixes that the settings allow, and analyses again.
///
/// Nothing is written to disk without `write`.
///
/// # Errors
///
/// As [`analyse`].
pub fn fix(_settings: &Settings, _write: bool) -> Result<Fixed, Error> {
    Ok(Fixed::default())
}

/// The files that would be checked, sorted.
///
/// # Errors
///
/// When a path that was named does not exist.
pub fn files(_settings: &Settings) -> Result<Vec<ShownPath>, Error> {
    Ok(Vec::new())
}
