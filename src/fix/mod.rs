//! From findings to edits of the text.

pub mod apply;
pub mod intent;
pub mod render;

use crate::analysis::{Fixed, Workspace};
use crate::error::Error;
use crate::rules::Diagnosis;
use crate::settings::Settings;

pub fn plan_all(_settings: &Settings, _workspace: &Workspace, _diagnoses: &mut Vec<Diagnosis>) {}

pub fn apply_all(_settings: &Settings, _workspace: Workspace, _write: bool) -> Result<Fixed, Error> {
    Ok(Fixed::default())
}
