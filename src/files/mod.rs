//! Everything that touches the disk: walking, reading, decoding, writing.
//!
//! - [`walk`](walk()): the files in the given paths.
//! - [`universe`](universe()): those of them that can matter, and what they import.
//! - [`Source`]: one file as text.

mod imports;
mod modules;
mod prefilter;
mod source;
mod universe;
mod walk;

pub use prefilter::Needles;
pub use source::{MAX_BYTES, Source};
pub use universe::{Role, Stats, Target, Universe, UniverseFile, universe};
pub use walk::{
    DEFAULT_EXCLUDE, FileKind, WalkError, WalkOptions, Walked, WalkedFile, exclude_set, project_root,
    shown_path, walk,
};
