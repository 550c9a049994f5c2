//! Everything that touches the disk: walking, reading, decoding, writing.
//!
//! - [`walk`](walk()): the files in the given paths.
//! - [`universe`](universe()): those of them that can matter, and what they import.
//! - [`Source`]: one file as text.

mod encoding;
mod imports;
mod launchers;
mod modules;
mod notebook;
mod open;
mod prefilter;
mod role;
mod roots;
mod source;
mod universe;
mod walk;
mod write;

pub use encoding::Encoding;
pub use imports::hash;
pub use launchers::LauncherKind;
pub use modules::is_standard_library;
pub use open::open;
pub use prefilter::{Needle, Needles, is_identifier};
pub use role::Role;
pub use roots::{has_marker, project_root};
pub use source::{EncodeError, MAX_BYTES, ReadError, Source, read_whole};
pub use universe::{Stats, Target, Universe, UniverseFile, Unsaved, universe};
pub use walk::{
    CONFIGURATIONS, DEFAULT_EXCLUDE, FileKind, WalkError, WalkOptions, Walked, WalkedFile, WalkedLauncher,
    absolute, error_text, exclude_set, shown_path, walk,
};
pub use write::{WriteError, replace, store};
