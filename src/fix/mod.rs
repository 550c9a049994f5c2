//! From findings to edits of the text.

pub mod apply;
pub mod intent;
pub mod render;
