//! One Python file as text: bytes ⇄ text, and offsets ⇄ lines and columns.

use std::path::PathBuf;
use std::sync::Arc;

use crate::finding::{Place, Position, ShownPath};
use crate::ir::Span;

/// Files longer than this many bytes are not read.
pub const MAX_BYTES: usize = 64 << 20;

/// A decoded Python file.
///
/// The text is exactly what stands in the file, decoded and without byte-order mark: line ends are
/// kept as they are, so that offsets map back to the file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Absolute path on disk.
    pub path: PathBuf,
    pub shown: ShownPath,
    pub text: Arc<str>,
    /// Byte offsets of the first character of each line.
    line_starts: Vec<u32>,
}

impl Source {
    /// A source from text that is already decoded (standard input, tests, a fix being verified).
    pub fn from_text(path: PathBuf, shown: ShownPath, text: Arc<str>) -> Source {
        let line_starts = line_starts(&text);
        Source { path, shown, text, line_starts }
    }

    /// The 1-based line and column (in characters) of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let column = self.text.get(start as usize..offset as usize).map_or(0, |text| text.chars().count());
        Position { line: line as u32 + 1, column: column as u32 + 1 }
    }

    pub fn place(&self, span: Span) -> Place {
        Place {
            path: self.shown.clone(),
            start: self.position(span.start),
            end: self.position(span.end),
            span: Some(span),
        }
    }
}

/// Lines end at `\n`, `\r\n` or `\r`, as in Python's own tokenizer.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            starts.push(at as u32 + 1);
        }
    }
    starts
}
