//! What a folder's formatter and type checker are told, which fixes heed.

use std::path::Path;

use super::deprecations::are_reported;
use super::line_length::line_length;

/// The conventions of the files in one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conventions {
    /// How long lines may be. In characters.
    pub line_length: usize,
    /// The type checker reports what later Pythons deprecate.
    pub reports_deprecated: bool,
}

impl Conventions {
    /// Those of the nearest configuration files from `folder` up to `top`.
    pub fn read(folder: &Path, top: &Path) -> Conventions {
        Conventions { line_length: line_length(folder, top), reports_deprecated: are_reported(folder, top) }
    }
}
