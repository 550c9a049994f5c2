//! The only place that sees the parser's tree.
//!
//! [`lower`] turns the text of a module into the IR and drops the tree before it returns, so that
//! nothing above this module depends on the parser. [`view`] is the second parse, for fixes;
//! [`comments`] reads comments alone; [`outline`] tells functions from the text, without the parser.

mod comments;
mod lower;
mod nesting;
mod outline;
pub mod view;

pub use comments::{Comment, comments};
pub use lower::{lower, lower_cells};
pub use nesting::MAX_DEPTH;
pub use outline::{Outlined, outline};

use crate::ir::Span;

/// Why a module could not be read as Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in the parser's words, without a final full stop.
    pub message: String,
    /// Byte offsets into the text; empty where something is missing.
    pub span: Span,
}
