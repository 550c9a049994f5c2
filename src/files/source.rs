//! One Python file, or the code of a notebook, as text: bytes ⇄ text, and offsets ⇄ lines and columns.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::encoding::{BOM, Encoding};
use super::notebook::{self, Cell};
use super::open::open;
use super::walk::error_text;
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
    pub encoding: Encoding,
    /// The file begins with a byte-order mark, which is not part of the text.
    pub bom: bool,
    /// Encoding the text gives the bytes of the file.
    lossless: bool,
    /// Byte offsets of the first character of each line, once somebody has asked.
    line_starts: OnceLock<Vec<u32>>,
    /// The cells of a notebook, whose text is their code.
    cells: Option<Vec<Cell>>,
}

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file could be read but is not text: a finding (LC000).
    Decode { path: ShownPath, position: Position, message: String },
    /// The file could not be read: loopcheck did not do its work (exit status 2).
    Io { path: ShownPath, message: String },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Decode { path, position, message } => {
                write!(f, "{path}:{}:{}: {message}", position.line, position.column)
            }
            ReadError::Io { path, message } => write!(f, "{path}: cannot be read: {message}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Why a text cannot be written in the encoding of its file; says so in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError(pub String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl Source {
    /// Reads a file of at most [`MAX_BYTES`] bytes and decodes it as Python would.
    pub fn read(path: PathBuf, shown: ShownPath) -> Result<Source, ReadError> {
        let failed = |message| ReadError::Io { path: shown.clone(), message };
        let bytes = read_whole(&path).map_err(|error| failed(error_text(&error)))?;
        Source::from_bytes(path, shown, &bytes)
    }

    /// A source from the bytes of a file, byte-order mark included.
    pub fn from_bytes(path: PathBuf, shown: ShownPath, bytes: &[u8]) -> Result<Source, ReadError> {
        if is_notebook(&path) {
            return Source::from_notebook(path, shown, bytes);
        }
        let failed = |offset, message| {
            let position = position_in_bytes(bytes, offset);
            ReadError::Decode { path: shown.clone(), position, message }
        };
        let (encoding, bom) = Encoding::of(bytes).map_err(|error| failed(error.offset, error.message))?;
        let start = if bom { BOM.len() } else { 0 };
        let text =
            encoding.decode(&bytes[start..]).map_err(|error| failed(start + error.offset, error.message))?;
        let lossless = match encoding {
            Encoding::Table(_) => encoding.encode(&text).is_ok_and(|again| again == bytes[start..]),
            Encoding::Utf8 | Encoding::Ascii | Encoding::Latin1 => true,
        };
        Ok(Source { encoding, bom, lossless, ..Source::from_text(path, shown, text.into()) })
    }

    fn from_notebook(path: PathBuf, shown: ShownPath, bytes: &[u8]) -> Result<Source, ReadError> {
        match notebook::read(bytes.strip_prefix(BOM).unwrap_or(bytes)) {
            Ok(read) => {
                let source = Source::from_text(path, shown, read.text.into());
                Ok(Source { lossless: false, cells: Some(read.cells), ..source })
            }
            Err((message, line)) => {
                Err(ReadError::Decode { path: shown, position: Position { line, column: 1 }, message })
            }
        }
    }

    /// A source from text that is already decoded (tests, a fix being verified).
    pub fn from_text(path: PathBuf, shown: ShownPath, text: Arc<str>) -> Source {
        Source {
            path,
            shown,
            text,
            encoding: Encoding::Utf8,
            bom: false,
            lossless: true,
            line_starts: OnceLock::new(),
            cells: None,
        }
    }

    /// The bytes of a new text in this file's encoding, with its byte-order mark. Given the text as
    /// it is, these are the bytes of the file.
    ///
    /// # Errors
    ///
    /// When the encoding lacks a character of the new text, or when the file holds bytes that would
    /// not come back as they were.
    pub fn encode(&self, new_text: &str) -> Result<Vec<u8>, EncodeError> {
        let name = self.encoding.name();
        if !self.lossless {
            return Err(EncodeError(format!(
                "not written: some of its {name} characters have a second spelling in bytes and would change; \
                 the file is unchanged; save it as UTF-8 to have it fixed"
            )));
        }
        let text = self.encoding.encode(new_text).map_err(|lacking| {
            EncodeError(format!("not written: {name} has no `{lacking}`; the file is unchanged"))
        })?;
        Ok(if self.bom { [BOM, &text].concat() } else { text })
    }

    /// The 1-based line and column (in characters) of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts().partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.line_starts().get(line).copied().unwrap_or(0);
        let column = self.text.get(start as usize..offset as usize).map_or(0, |text| text.chars().count());
        Position { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// A line by its number, from 1, without its line end; empty where there is none.
    pub fn line(&self, line: u32) -> &str {
        let (from, to) = (self.line_start(line), self.line_start(line + 1));
        self.text[from as usize..to as usize].trim_end_matches(['\r', '\n'])
    }

    /// The line in which a place begins, also where that is counted within a cell.
    pub fn line_of(&self, place: &Place) -> &str {
        self.line(self.lines_before(place) + place.start.line)
    }

    /// Where a line begins, by its number from 1; past the last one, the end of the text.
    pub fn line_start(&self, line: u32) -> u32 {
        let start = self.line_starts().get((line as usize).wrapping_sub(1));
        start.copied().unwrap_or(self.text.len() as u32)
    }

    pub fn place(&self, span: Span) -> Place {
        Place {
            path: self.shown.clone(),
            cell: None,
            start: self.position(span.start),
            end: self.position(span.end),
            span: Some(span),
        }
    }

    pub fn is_notebook(&self) -> bool {
        self.cells.is_some()
    }

    /// A place in a notebook as its reader finds it: by cell, and by line within the cell.
    pub fn in_cell(&self, place: &mut Place) {
        let line = place.start.line;
        let before = |cell: &&Cell| cell.line <= line;
        let Some(cell) = self.cells.iter().flatten().take_while(before).last() else { return };
        if place.cell.is_none() {
            place.cell = Some(cell.number);
            place.start.line -= cell.line - 1;
            place.end.line -= cell.line - 1;
        }
    }

    /// How many lines of the text stand before the cell of a place; none where it counts from the
    /// beginning of the text.
    pub fn lines_before(&self, place: &Place) -> u32 {
        let mut cells = self.cells.iter().flatten();
        cells.find(|cell| Some(cell.number) == place.cell).map_or(0, |cell| cell.line - 1)
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| line_starts(&self.text))
    }
}

/// The bytes of a file that may be anything.
///
/// # Errors
///
/// Also when it is a pipe or a device, or longer than [`MAX_BYTES`].
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let mut bytes = Vec::with_capacity((file.metadata()?.len() as usize).min(MAX_BYTES) + 1);
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

/// Whether a file is a notebook, by its name.
pub(super) fn is_notebook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ipynb")
}

/// Lines end at `\n`, `\r\n` or `\r`, as in Python's own tokenizer.
pub(super) fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            starts.push(at as u32 + 1);
        }
    }
    starts
}

/// The place of a byte in a file that is not text, its line counted as far as it can be read.
fn position_in_bytes(bytes: &[u8], offset: usize) -> Position {
    let mark = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let bytes = &bytes[mark..];
    let offset = offset.saturating_sub(mark).min(bytes.len());
    let before = &bytes[..offset];
    let line_end =
        |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    let line = (0..offset).filter(line_end).count();
    let start = (0..offset).rfind(line_end).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count();
    Position { line: line as u32 + 1, column: column as u32 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(bytes: &[u8]) -> Result<Source, ReadError> {
        Source::from_bytes(PathBuf::from("/p/a.py"), "a.py".into(), bytes)
    }

    #[test]
    fn the_text_is_what_stands_in_the_file() {
        let source = source(b"\xEF\xBB\xBFa = 1\r\nb = '\xC3\xA9'\r").unwrap();
        assert_eq!(&*source.text, "a = 1\r\nb = 'é'\r");
        assert!(source.bom);
        assert_eq!(source.position(7), Position { line: 2, column: 1 });
        assert_eq!(source.position(14), Position { line: 2, column: 7 });
    }

    #[test]
    fn encoding_keeps_mark_and_encoding() {
        let bytes = b"\xEF\xBB\xBFx = 1\r\n";
        let with_mark = source(bytes).unwrap();
        assert_eq!(with_mark.encode(&with_mark.text).unwrap(), bytes);
        let latin = source(b"# coding: latin-1\n# caf\xE9\n").unwrap();
        assert_eq!(
            latin.encode("# coding: latin-1\n# \u{e9}t\u{e9}\n").unwrap(),
            b"# coding: latin-1\n# \xE9t\xE9\n"
        );
        let error = latin.encode("€").unwrap_err();
        assert_eq!(error.to_string(), "not written: Latin-1 has no `€`; the file is unchanged");
    }

    #[test]
    fn bytes_that_would_not_come_back_are_never_written() {
        // Two spellings of one character: NEC row 13 and IBM extensions share characters.
        let twice = source(b"# coding: shift_jis\n# \xED\x40\n").unwrap();
        let error = twice.encode(&twice.text).unwrap_err();
        assert!(error.to_string().contains("second spelling"), "{error}");
    }

    #[test]
    fn what_is_not_text_is_a_finding_with_a_place() {
        let error = source(b"a = 1\nb = '\xC3\xA9\xFF'\n").unwrap_err();
        assert_eq!(error.to_string(), "a.py:2:7: byte 0xff is not valid UTF-8");
    }

    #[test]
    fn what_cannot_be_read_is_another_error() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Source::read(dir.path().join("no.py"), "no.py".into()).unwrap_err();
        assert_eq!(missing.to_string(), "no.py: cannot be read: no such file or directory");
        let folder = Source::read(dir.path().to_path_buf(), "d".into()).unwrap_err();
        assert_eq!(folder.to_string(), "d: cannot be read: it is not a regular file");
    }
}
