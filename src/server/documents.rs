//! What the editor has open.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Open files by their absolute paths.
pub type Documents = BTreeMap<PathBuf, Document>;

#[derive(Clone, Debug)]
pub struct Document {
    /// As the editor writes it, which is how it wants to see it again.
    pub uri: String,
    pub version: i32,
    /// Without byte-order mark.
    pub text: Arc<str>,
    /// The editor's text begins with a byte-order mark, so its first line is one unit longer.
    pub mark: bool,
}

impl Document {
    pub fn new(uri: String, version: i32, text: &str) -> Document {
        let stripped = text.strip_prefix('\u{feff}');
        Document { uri, version, text: stripped.unwrap_or(text).into(), mark: stripped.is_some() }
    }
}
