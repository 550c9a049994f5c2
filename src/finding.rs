//! What a rule says: a finding with its place, its causes and its cure.

use std::sync::Arc;

use serde::Serialize;

use crate::ir::Span;

/// How bad a finding is, from good to know to certain failure.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A file as it is shown to people: relative to the working directory, forward slashes, with bytes
/// that are not UTF-8 replaced.
pub type ShownPath = Arc<str>;

/// A place in a Python module, by bytes, or in any other file, by line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub path: ShownPath,
    /// Of a notebook the number of the cell, from 1, in which the lines count.
    pub cell: Option<u32>,
    /// 1-based; columns in characters. The end is exclusive.
    pub start: Position,
    pub end: Position,
    /// Where in the decoded text of a Python module; absent for other files.
    pub span: Option<Span>,
}

/// 1-based line, and 1-based column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// A place that explains a finding: a cause, or a fact that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    pub place: Place,
    pub message: String,
}

#[derive(Clone, Debug)]
pub struct Finding {
    /// `LC101`
    pub code: &'static str,
    /// `nicegui-on-proactor`
    pub name: &'static str,
    pub severity: Severity,
    /// One line: what is wrong.
    pub message: String,
    /// What stands under the underlined code: who decided it.
    pub label: String,
    /// What happens because of it, one line; empty when the message says it all.
    pub why: String,
    /// What to do, one line.
    pub help: String,
    pub place: Place,
    pub related: Vec<Related>,
    pub fix: Option<Fix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Only applied with `--unsafe-fixes`.
    Unsafe,
    /// Changes nothing but the loop on Windows.
    Safe,
}

#[derive(Clone, Debug)]
pub struct Fix {
    pub applicability: Applicability,
    /// The imperative shown to people: `pass loop="asyncio:SelectorEventLoop" on Windows`.
    pub message: String,
    /// Sorted by path and offset, never overlapping.
    pub edits: Vec<Edit>,
}

/// Replaces a range of the decoded text of a Python module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    pub content: String,
}
