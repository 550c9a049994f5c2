//! The rules: each a question asked of the traces.

mod causes;

use crate::analysis::Workspace;
use crate::finding::Finding;
use crate::interpret::trace::RootTrace;
use crate::settings::Settings;

pub use causes::causes;

/// A finding on its way to the report, with what its cure needs to know.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    pub finding: Finding,
}

pub fn check_all(_settings: &Settings, _workspace: &Workspace, _traces: &[RootTrace]) -> Vec<Diagnosis> {
    Vec::new()
}
