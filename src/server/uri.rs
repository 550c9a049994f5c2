//! `file:` URIs ⇄ paths.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::files::absolute;

/// The absolute path of a file, without `.` and `..`; none for what is no file, such as a buffer
/// without a name.
pub fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let path = String::from_utf8(decoded(path)).ok()?;
    let path = match host {
        "" | "localhost" if cfg!(windows) => path.trim_start_matches('/').to_owned(),
        "" | "localhost" => path,
        // A share of another machine, which only Windows has paths for.
        host => format!("//{host}{path}"),
    };
    let path = Path::new(&path);
    path.is_absolute().then(|| absolute(path, Path::new("")))
}

/// The URI of an absolute path.
pub fn from_path(path: &Path) -> String {
    let path = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let mut uri = String::from(match () {
        () if path.starts_with("//") => "file:",
        () if path.starts_with('/') => "file://",
        () => "file:///",
    });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            // Writing to a string cannot fail.
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

/// Bytes for `%41`; a `%` that begins no such thing stays.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_come_back_from_their_uris() {
        for path in ["/a/b.py", "/über uns/50%/#1?.py", "/a b/😀.py"] {
            let uri = from_path(Path::new(path));
            assert!(uri.is_ascii() && !uri.contains(' '), "{uri}");
            assert_eq!(to_path(&uri).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(from_path(Path::new("/a b/ü.py")), "file:///a%20b/%C3%BC.py");
    }

    #[cfg(windows)]
    #[test]
    fn paths_with_a_drive() {
        assert_eq!(to_path("file:///c%3A/a/b.py").as_deref(), Some(Path::new(r"c:\a\b.py")));
        assert_eq!(from_path(Path::new(r"c:\a\b.py")), "file:///c%3A/a/b.py");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_oddly() {
        assert_eq!(to_path("file:///a/./b/../c.py").as_deref(), Some(Path::new("/a/c.py")));
        assert_eq!(to_path("file://localhost/c.py").as_deref(), Some(Path::new("/c.py")));
        assert_eq!(to_path("file:///100%.py").as_deref(), Some(Path::new("/100%.py")));
        for uri in ["untitled:Untitled-1", "file:", "file://", "file:///%FF", "", "http://a/b.py"] {
            assert_eq!(to_path(uri), None, "{uri}");
        }
    }
}
