//! loopcheck tells which asyncio event loop each entry point of a Python project really gets when
//! it is deployed on Windows, and rewrites the main module where that loop is the wrong one.
//!
//! The map of the house, in the order data flows:
//!
//! - [`cli`]: arguments and the commands (check, entries, rule).
//! - [`settings`]: configuration file and arguments, merged once.
//! - [`files`]: walking, the prefilter and the import closure, bytes ⇄ text, the atomic writer.
//! - [`python`]: the only place that sees the parser's tree; lowers it to the IR.
//! - [`ir`]: a module without the parser's types.
//! - [`project`]: modules and imports, package versions, evidence of Windows.
//! - [`knowledge`]: a typed view of `rules/*.toml` and `rules/*.md`.
//! - [`interpret`]: the paper run: values, state, machine, trace.
//! - [`rules`]: one small file a rule, from traces to findings.
//! - [`fix`]: remedies, placement, edits, the second paper run that proves them.
//! - [`suppress`]: comments that silence a finding.
//! - [`baseline`]: findings that were there before.
//! - [`report`]: one small file an output format.
//! - [`analysis`]: the whole flow from settings to findings, called by the commands.
//! - [`server`]: the language server, which keeps the findings of an editor's folders up to date.
//! - [`platform`]: the three platforms a program is run on.
//! - [`fingerprint`]: what a finding is known by from one run to the next.
//! - [`fault`]: a panic of ours stays with the file it concerns.
//! - [`finding`] and [`entry`]: what passes to the report.

pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod entry;
pub mod error;
pub mod fault;
pub mod files;
pub mod finding;
pub mod fingerprint;
pub mod fix;
pub mod interpret;
pub mod ir;
pub mod knowledge;
pub mod platform;
pub mod project;
pub mod python;
pub mod report;
pub mod rules;
pub mod server;
pub mod settings;
pub mod suppress;
