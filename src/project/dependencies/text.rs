//! The text of a metadata file, whatever an editor or a shell made of it.

use std::io::Read;
use std::path::Path;

use super::Problem;
use crate::files::{self, error_text};

/// Larger files are not metadata that a person or a resolver wrote (bytes).
const LIMIT: u64 = 128 << 20;

/// Reads a file if it is there. UTF-16 (what `pip freeze > requirements.txt` writes in PowerShell)
/// and byte-order marks are understood; bytes that are not text become replacement characters.
/// `None` when there is no such file; a file that is there and cannot be read is a problem.
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<String> {
    match read_bytes(path) {
        Ok(bytes) => bytes.map(|bytes| decode(&bytes)),
        Err(message) => {
            problems.push(Problem { path: path.to_path_buf(), line: 1, message });
            None
        }
    }
}

fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    // A folder or a pipe of that name is no metadata.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(None);
    }
    let file = match files::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(&error)),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(format!(
            "is larger than {} MiB and was not read; its versions are not known",
            LIMIT >> 20
        ));
    }
    Ok(Some(bytes))
}

fn unread(error: &std::io::Error) -> String {
    format!("cannot be read: {}; its versions are not known", error_text(error))
}

/// Decodes by byte-order mark; without one, every second byte zero means UTF-16.
pub fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    let encoding = match bytes {
        [first, 0, ..] if *first != 0 => encoding_rs::UTF_16LE,
        [0, second, ..] if *second != 0 => encoding_rs::UTF_16BE,
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// The 1-based line on which a byte offset stands, for text that is asked many times.
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn new(text: &str) -> Lines {
        Lines(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    pub fn line(&self, offset: usize) -> u32 {
        self.0.partition_point(|newline| *newline < offset) as u32 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_text_with_and_without_a_mark() {
        let little: Vec<u8> = "uvicorn==0.29.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "uvicorn==0.29.0".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&little), "uvicorn==0.29.0");
        assert_eq!(decode(&big), "uvicorn==0.29.0");
        assert_eq!(decode(&[&[0xff, 0xfe][..], &little].concat()), "uvicorn==0.29.0");
        assert_eq!(decode(b"\xef\xbb\xbfuvicorn"), "uvicorn");
        assert_eq!(decode(b"caf\xe9"), "caf\u{fffd}");
    }

    #[test]
    fn lines_count_from_one() {
        let lines = Lines::new("a\nb\n");
        assert_eq!([lines.line(0), lines.line(1), lines.line(2), lines.line(4)], [1, 1, 2, 3]);
    }
}
