//! The names a file imports, found without a parser.
//!
//! Every import contains the word `import`, so the file is searched for that one word and only what
//! stands around it is read. Words in comments and strings are taken for imports as well: a module
//! too many costs a little time, a module too few would cost the truth.

use memchr::{memchr2_iter, memmem};

use super::prefilter::is_identifier;

/// An imported name as hashes of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Import<'a> {
    /// Leading dots; 0 for an absolute name.
    pub level: u8,
    pub kind: ImportKind,
    /// Hashes of the parts: `from a.b import c` gives a, b, c.
    pub parts: &'a [u32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportKind {
    Statement,
    /// `from a import *`: may import the modules in `a`.
    Star,
    /// A string that looks like a module.
    Text,
    /// A string of one word, which may mean anything.
    Word,
}

/// Imports in compact form: for each one a header and the hashes of its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Imports(Vec<u32>);

impl Imports {
    pub fn iter(&self) -> impl Iterator<Item = Import<'_>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (header, after) = rest.split_first()?;
            let (parts, after) = after.split_at_checked((header & 0xFFFF) as usize)?;
            rest = after;
            let kind = match header >> 24 {
                0 => ImportKind::Statement,
                1 => ImportKind::Star,
                2 => ImportKind::Text,
                _ => ImportKind::Word,
            };
            Some(Import { level: (header >> 16) as u8, kind, parts })
        })
    }

    fn push(&mut self, level: usize, kind: ImportKind, module: &[&[u8]], name: Option<&[u8]>) {
        let length = module.len() + usize::from(name.is_some());
        let start = self.0.len();
        self.0.push((kind as u32) << 24 | (level.min(255) as u32) << 16 | length.min(0xFFFF) as u32);
        self.0.extend(module.iter().copied().chain(name).take(0xFFFF).map(hash));
        // `import os` stands in one file many times, but mostly in a row.
        let length = self.0.len() - start;
        if start >= length && self.0[start - length..start] == self.0[start..] {
            self.0.truncate(start);
        }
    }
}

/// The hash of a name, or of one part of it (FNV-1a). Two names with one hash are taken for each other.
pub fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Collects the imports of a file. With `targets`, strings of the form `"package.module:name"` are
/// taken for imports too, as servers do.
pub(super) fn imports(bytes: &[u8], targets: bool) -> Imports {
    // Bytes above 127 are taken for parts of names, a mark at the beginning is none.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut found = Imports::default();
    let mut dynamic = false;
    for at in memmem::find_iter(bytes, "import") {
        let end = at + "import".len();
        let joined_before = at.checked_sub(1).is_some_and(|before| is_identifier(bytes[before]));
        let joined_after = bytes.get(end).copied().is_some_and(is_identifier);
        if joined_before || joined_after {
            let rest = &bytes[end..];
            dynamic |= rest.starts_with(b"lib") || rest.starts_with(b"_module") || rest.starts_with(b"__");
        } else {
            statement(bytes, at, end, &mut found);
        }
    }
    if dynamic || targets {
        texts(bytes, dynamic, &mut found);
    }
    found.0.shrink_to_fit();
    found
}

/// Reads the statement around the word `import`, which stands at `at..end`.
fn statement(bytes: &[u8], at: usize, end: usize, found: &mut Imports) {
    let mut module: Vec<&[u8]> = Vec::new();
    let mut cursor = Cursor { bytes, at: end, lines: false };
    let Some(level) = from_part(bytes, at, &mut module) else {
        loop {
            module.clear();
            if !cursor.dotted(&mut module) {
                return;
            }
            found.push(0, ImportKind::Statement, &module, None);
            cursor.alias();
            if !cursor.eat(b',') {
                return;
            }
        }
    };
    cursor.lines = cursor.eat(b'(');
    if cursor.eat(b'*') {
        found.push(level, ImportKind::Star, &module, None);
        return;
    }
    // The module is imported even where the names cannot be read.
    found.push(level, ImportKind::Statement, &module, None);
    while let Some(name) = cursor.name() {
        found.push(level, ImportKind::Statement, &module, Some(name));
        cursor.alias();
        if !cursor.eat(b',') {
            return;
        }
    }
}

/// Reads `from ..a.b` backwards from the word `import`: the level, and the parts of the module.
fn from_part<'a>(bytes: &'a [u8], import: usize, module: &mut Vec<&'a [u8]>) -> Option<usize> {
    let mut start = import;
    while let Some(before) = start.checked_sub(1) {
        let byte = bytes[before];
        let line_end = byte == b'\n' || byte == b'\r';
        let continued = line_end && {
            let line = bytes[..before].strip_suffix(b"\r").unwrap_or(&bytes[..before]);
            line.ends_with(b"\\")
        };
        if !(is_identifier(byte) || is_blank(byte) || matches!(byte, b'.' | b'\\') || continued) {
            break;
        }
        start = before;
    }
    let segment = &bytes[start..import];
    let from = memmem::rfind_iter(segment, "from").find(|at| {
        super::prefilter::is_word(segment, *at, at + "from".len())
            && !segment[..*at].trim_ascii_end().ends_with(b".")
    })?;
    let mut level = 0;
    for part in segment[from + "from".len()..].split_inclusive(|byte| !is_identifier(*byte)) {
        let dot = part.ends_with(b".");
        let name =
            part.strip_suffix(&[part[part.len() - 1]]).filter(|_| !is_identifier(part[part.len() - 1]));
        let name = name.unwrap_or(part);
        if !name.is_empty() {
            module.push(name);
        }
        level += usize::from(dot && module.is_empty());
    }
    Some(level)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Inside brackets: line ends and comments are blanks.
    lines: bool,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek() {
            let next = self.bytes.get(self.at + 1);
            if is_blank(byte) || (self.lines && matches!(byte, b'\n' | b'\r')) {
                self.at += 1;
            } else if byte == b'\\' && matches!(next, Some(b'\n' | b'\r')) {
                self.at += if self.bytes[self.at + 1..].starts_with(b"\r\n") { 3 } else { 2 };
            } else if self.lines && byte == b'#' {
                let line = &self.bytes[self.at..];
                self.at += memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
            } else {
                return;
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !is_identifier(*byte)).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| &rest[..length])
    }

    fn dotted(&mut self, parts: &mut Vec<&'a [u8]>) -> bool {
        while let Some(name) = self.name() {
            parts.push(name);
            if !self.eat(b'.') {
                break;
            }
        }
        !parts.is_empty()
    }

    /// Skips `as name`.
    fn alias(&mut self) {
        let before = self.at;
        if self.name() == Some(b"as") {
            self.name();
        } else {
            self.at = before;
        }
    }
}

/// Strings that name modules: `"package.module:name"`, and every `"package.module"` in a file that
/// imports by name at run time.
fn texts(bytes: &[u8], dynamic: bool, found: &mut Imports) {
    let mut parts: Vec<&[u8]> = Vec::new();
    for quote in memchr2_iter(b'"', b'\'', bytes) {
        let rest = &bytes[quote + 1..];
        let inside = |byte: &u8| is_identifier(*byte) || matches!(*byte, b'.' | b':');
        let length = rest.iter().position(|byte| !inside(byte)).unwrap_or(rest.len());
        if length == 0 || rest.get(length) != Some(&bytes[quote]) {
            continue;
        }
        let text = &rest[..length];
        let colon = memchr::memchr(b':', text);
        if colon.is_none() && !dynamic {
            continue;
        }
        let module = &text[..colon.unwrap_or(length)];
        let level = module.iter().take_while(|byte| **byte == b'.').count();
        parts.clear();
        parts.extend(module[level..].split(|byte| *byte == b'.'));
        // `"worker.py"` is a file that is run, not a module that is imported.
        let is_file = colon.is_none() && parts.last() == Some(&b"py".as_slice());
        if !is_file && parts.iter().all(|part| !part.is_empty()) {
            let is_word = colon.is_none() && level == 0 && parts.len() == 1;
            found.push(level, if is_word { ImportKind::Word } else { ImportKind::Text }, &parts, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u8, Vec<u32>)> {
        imports(text.as_bytes(), true).iter().map(|import| (import.level, import.parts.to_vec())).collect()
    }

    #[track_caller]
    fn check(text: &str, level: u8, name: &str) {
        let parts: Vec<u32> = name.split('.').map(|part| hash(part.as_bytes())).collect();
        assert!(found(text).contains(&(level, parts)), "{name} (level {level}) is missing in {text:?}");
    }

    #[test]
    fn statements() {
        check("\u{feff}from .core import search", 1, "core.search");
        check("\u{feff}import core", 0, "core");
        check("import a", 0, "a");
        check("import a, b.c as d, e", 0, "e");
        check("import a, b.c as d, e", 0, "b.c");
        check("import a . b", 0, "a.b");
        check("import\\\n a.b", 0, "a.b");
        check("import a, \\\r\n  b", 0, "b");
        check("from a.b import c", 0, "a.b.c");
        check("from a import b as c, d", 0, "a.d");
        check("from a \\\n  import b", 0, "a.b");
        check("from a . b import(c)", 0, "a.b.c");
    }

    #[test]
    fn several_on_a_line() {
        check("try: import x\nexcept ImportError: pass", 0, "x");
        check("x = 1; import y; from z import w", 0, "y");
        check("x = 1; import y; from z import w", 0, "z.w");
        check("if x:\r    from a import b\r", 0, "a.b");
    }

    #[test]
    fn relative() {
        check("from . import (a,\n  # why\n  b, # there\n  c)", 1, "c");
        check("from .import a", 1, "a");
        check("from.a import b", 1, "a.b");
        check("from ...a.b import c", 3, "a.b.c");
        check("from . . a import c", 2, "a.c");
        assert_eq!(found("from .. import *"), [(2, vec![])]);
    }

    #[test]
    fn at_run_time() {
        check("importlib.import_module('a.b')", 0, "a.b");
        check("importlib.import_module('.b', __package__)", 1, "b");
        check("__import__(\"a\")", 0, "a");
        check("NAME = 'a.b'\nimport_module(NAME)", 0, "a.b");
        check("uvicorn.run('app.main:app')", 0, "app.main");
    }

    #[test]
    fn a_word_may_mean_anything() {
        let kinds =
            |text: &str| imports(text.as_bytes(), true).iter().map(|import| import.kind).collect::<Vec<_>>();
        assert_eq!(kinds("import_module(name)\n'main'"), [ImportKind::Word]);
        assert_eq!(kinds("import_module(name)\n'a.main', '.main', 'main:app'"), [ImportKind::Text; 3]);
    }

    #[test]
    fn the_name_of_a_file_is_no_import() {
        assert!(found("importlib.import_module(name)\nrun([sys.executable, 'worker.py'])").is_empty());
    }

    #[test]
    fn broken_text_is_no_trouble() {
        for text in
            ["import", "from", "from import", "from . import", "import (", "import a.", "'", "\\\nimport"]
        {
            found(text);
        }
    }
}
