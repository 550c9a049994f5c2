//! Which encoding a Python file is in (PEP 263), and bytes ⇄ text in it.

use encoding_rs::DecoderResult;

/// The encoding of a file. All of them hold ASCII characters as single bytes of the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    Ascii,
    /// Each byte is the character of that number. Also stands for the old 8-bit character sets that
    /// are not known here: what is beyond ASCII is shown wrongly, but nothing is lost or moved.
    Latin1,
    Table(&'static encoding_rs::Encoding),
}

/// Why bytes are not text: the offset of the first byte in question, and a reason for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub offset: usize,
    pub message: String,
}

pub const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Encoding {
    /// The encoding a file declares in its first two lines, or UTF-8, and whether it begins with a
    /// byte-order mark.
    pub fn of(bytes: &[u8]) -> Result<(Encoding, bool), DecodeError> {
        let (bom, text) = match bytes.strip_prefix(BOM) {
            Some(text) => (true, text),
            None => (false, bytes),
        };
        let Some((at, name)) = cookie(text) else { return Ok((Encoding::Utf8, bom)) };
        let offset = bytes.len() - text.len() + at;
        let shown = String::from_utf8_lossy(name);
        let encoding = Encoding::named(&shown).ok_or_else(|| DecodeError {
            offset,
            message: format!("the file declares the encoding `{shown}`, which loopcheck does not know"),
        })?;
        if bom && encoding != Encoding::Utf8 {
            let message = format!("the file declares `{shown}` but begins with the byte-order mark of UTF-8");
            return Err(DecodeError { offset, message });
        }
        Ok((encoding, bom))
    }

    /// Bytes without byte-order mark as text. Offsets in errors count from the start of `bytes`.
    pub fn decode(self, bytes: &[u8]) -> Result<String, DecodeError> {
        match self {
            Encoding::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(self.invalid(bytes, error.valid_up_to())),
            },
            Encoding::Ascii => match bytes.iter().position(|byte| !byte.is_ascii()) {
                None => Ok(bytes.iter().copied().map(char::from).collect()),
                Some(offset) => Err(self.invalid(bytes, offset)),
            },
            Encoding::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
            Encoding::Table(table) => {
                let mut decoder = table.new_decoder_without_bom_handling();
                let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
                let mut text = String::with_capacity(capacity.unwrap_or(0));
                match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
                    (DecoderResult::InputEmpty, _) => Ok(text),
                    (DecoderResult::Malformed(bad, after), read) => {
                        let offset = read.saturating_sub(usize::from(bad) + usize::from(after));
                        Err(self.invalid(bytes, offset))
                    }
                    (DecoderResult::OutputFull, read) => Err(self.invalid(bytes, read)),
                }
            }
        }
    }

    /// Text as bytes without byte-order mark, or the first character this encoding does not have.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let narrow =
            |limit: u32| text.chars().map(move |c| if (c as u32) < limit { Ok(c as u8) } else { Err(c) });
        match self {
            Encoding::Utf8 => Ok(text.as_bytes().to_vec()),
            Encoding::Ascii => narrow(0x80).collect(),
            Encoding::Latin1 => narrow(0x100).collect(),
            Encoding::Table(table) => {
                let (bytes, _, unmappable) = table.encode(text);
                if !unmappable {
                    return Ok(bytes.into_owned());
                }
                let lacks = |c: &char| table.encode(c.encode_utf8(&mut [0; 4])).2;
                Err(text.chars().find(lacks).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
        }
    }

    /// The name shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Ascii => "ASCII",
            Encoding::Latin1 => "Latin-1",
            Encoding::Table(table) => table.name(),
        }
    }

    /// The encoding that Python knows under a name.
    fn named(name: &str) -> Option<Encoding> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        let is =
            |base: &str| name.strip_prefix(base).is_some_and(|end| end.is_empty() || end.starts_with('-'));
        if is("utf-8") {
            return Some(Encoding::Utf8);
        }
        if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
            return Some(Encoding::Latin1);
        }
        Some(match name.as_str() {
            "utf8" | "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" => Encoding::Utf8,
            "ascii" | "us-ascii" | "646" | "us" | "ansi-x3.4-1968" | "iso646-us" => Encoding::Ascii,
            "latin1" | "latin" | "l1" | "8859" | "cp819" | "iso8859" | "iso8859-1" => Encoding::Latin1,
            "cp437" | "cp720" | "cp737" | "cp775" | "cp850" | "cp852" | "cp855" | "cp857" | "cp858"
            | "cp860" | "cp861" | "cp862" | "cp863" | "cp864" | "cp865" | "cp869" | "cp1006" | "cp1125"
            | "hp-roman8" | "kz1048" | "koi8-t" | "mac-arabic" | "mac-croatian" | "mac-farsi"
            | "mac-greek" | "mac-iceland" | "mac-latin2" | "mac-romanian" | "mac-turkish" | "palmos"
            | "ptcp154" => Encoding::Latin1,
            _ => Encoding::Table(table(&name)?),
        })
    }

    fn invalid(self, bytes: &[u8], offset: usize) -> DecodeError {
        let what = match bytes.get(offset) {
            Some(byte) => format!("byte 0x{byte:02x}"),
            None => "the end of the file".to_owned(),
        };
        DecodeError { offset, message: format!("{what} is not valid {}", self.name()) }
    }
}

/// The name in a coding comment of the first two lines, with its offset.
fn cookie(text: &[u8]) -> Option<(usize, &[u8])> {
    let mut start = 0;
    for _ in 0..2 {
        let rest = &text[start..];
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..length];
        let blank = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
        match line.get(blank) {
            Some(b'#') => {
                if let Some((at, name)) = declared(line) {
                    return Some((start + at, name));
                }
            }
            None => {}
            Some(_) => return None,
        }
        start += length + if rest[length..].starts_with(b"\r\n") { 2 } else { 1 };
        if start >= text.len() {
            return None;
        }
    }
    None
}

/// `coding[:=]\s*([-\w.]+)`
fn declared(line: &[u8]) -> Option<(usize, &[u8])> {
    memchr::memmem::find_iter(line, "coding").find_map(|at| {
        let after = at + "coding".len();
        if !matches!(line.get(after), Some(b':' | b'=')) {
            return None;
        }
        let blanks = line[after + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let start = after + 1 + blanks;
        let named = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let length = line[start..].iter().take_while(|byte| named(byte)).count();
        (length > 0).then(|| (start, &line[start..start + length]))
    })
}

/// Python's names for what the tables of the web know under others.
fn table(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let label = match name {
        "cp932" | "932" | "s-jis" | "shiftjis" | "mskanji" | "ms-kanji" => "shift_jis",
        "cp936" | "936" | "ms936" => "gbk",
        "euccn" | "eucgb2312-cn" | "euc-cn" | "gb2312-80" => "gb2312",
        "gb18030-2000" => "gb18030",
        "cp949" | "949" | "ms949" | "uhc" | "euckr" | "ks-c-5601" | "ksc5601" => "euc-kr",
        "cp950" | "950" | "ms950" | "big5-tw" => "big5",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "cp874" => "windows-874",
        "tis620" | "tis-620-0" => "tis-620",
        "cp866" => "ibm866",
        other => other,
    };
    let numbered = || label.strip_prefix("125").map(|digit| format!("cp125{digit}"));
    let table = encoding_rs::Encoding::for_label(label.as_bytes())
        .or_else(|| encoding_rs::Encoding::for_label(numbered()?.as_bytes()))?;
    table.is_ascii_compatible().then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Encoding> {
        Encoding::of(text.as_bytes()).ok().map(|(encoding, _)| encoding)
    }

    #[test]
    fn the_cookie_is_a_comment_in_the_first_two_lines() {
        assert_eq!(of("x = 1\n"), Some(Encoding::Utf8));
        assert_eq!(of("# -*- coding: latin-1 -*-\n"), Some(Encoding::Latin1));
        assert_eq!(of("#!/usr/bin/python\r\n# vim: set fileencoding=ascii :\r\n"), Some(Encoding::Ascii));
        assert_eq!(of("\n\t# coding=ascii"), Some(Encoding::Ascii));
        assert_eq!(of("\n\n# coding=ascii\n"), Some(Encoding::Utf8));
        assert_eq!(of("import x\n# coding=ascii\n"), Some(Encoding::Utf8));
        assert_eq!(of("x = '# coding=ascii'\n"), Some(Encoding::Utf8));
    }

    #[test]
    fn names_are_pythons() {
        for (name, shown) in [
            ("UTF_8", "UTF-8"),
            ("utf-8-unix", "UTF-8"),
            ("utf-8-sig", "UTF-8"),
            ("utf8", "UTF-8"),
            ("iso-8859-1", "Latin-1"),
            ("iso-8859-15", "ISO-8859-15"),
            ("cp1252", "windows-1252"),
            ("gbk", "GBK"),
            ("gb2312", "GBK"),
            ("shift_jis", "Shift_JIS"),
            ("cp932", "Shift_JIS"),
            ("euc-kr", "EUC-KR"),
            ("koi8-r", "KOI8-R"),
            ("cp437", "Latin-1"),
        ] {
            assert_eq!(of(&format!("# coding: {name}\n")).map(Encoding::name), Some(shown), "{name}");
        }
    }

    #[test]
    fn unknown_and_contradicting_names_are_errors_with_a_place() {
        let error = Encoding::of(b"# coding: klingon\n").unwrap_err();
        assert_eq!(error.offset, 10);
        assert_eq!(error.message, "the file declares the encoding `klingon`, which loopcheck does not know");
        assert!(Encoding::of(b"# coding: utf-16\n").is_err());
        assert!(Encoding::of(b"\xEF\xBB\xBF# coding: ascii\n").is_err());
        assert_eq!(Encoding::of(b"\xEF\xBB\xBF# coding: utf-8\n"), Ok((Encoding::Utf8, true)));
    }

    #[test]
    fn every_encoding_gives_back_its_bytes() {
        for (name, bytes) in [
            ("latin-1", b"caf\xE9 \x80".as_slice()),
            ("cp1252", b"caf\xE9 \x80"),
            ("gbk", b"\xC4\xE3\xBA\xC3"),
            ("shift_jis", b"\x93\xFA\x96\x7B"),
            ("euc-kr", b"\xC7\xD1"),
            ("koi8-r", b"\xF0\xF2"),
            ("cp850", b"\x81\x9A"),
        ] {
            let encoding = Encoding::named(name).unwrap();
            let text = encoding.decode(bytes).unwrap();
            assert_eq!(encoding.encode(&text).unwrap(), bytes, "{name}: {text}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_named() {
        let error = Encoding::Utf8.decode(b"ab\xFFc").unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (2, "byte 0xff is not valid UTF-8"));
        assert_eq!(Encoding::Ascii.decode(b"a\xE9").unwrap_err().offset, 1);
        assert_eq!(Encoding::named("gbk").unwrap().decode(b"abc\xFF").unwrap_err().offset, 3);
        assert_eq!(Encoding::Latin1.encode("a€"), Err('€'));
        assert_eq!(Encoding::named("koi8-r").unwrap().encode("日"), Err('日'));
    }
}
