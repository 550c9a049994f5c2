//! Everything that touches the disk: walking, reading, decoding, writing.

mod source;

pub use source::Source;
