//! The functions of a module with the words of their code, told from the text alone.
//!
//! Who asks what all functions of a large project mention cannot wait for the parser. What is read here
//! may hold a word too many (keywords, parameters), never one too few.

use crate::files::is_identifier;

/// A function or a method that is in no other function.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outlined<'t> {
    /// The innermost class around it.
    pub class: Option<&'t str>,
    pub name: &'t str,
    /// Every word of its decorators, its parameters and its code, functions inside it included; comments
    /// and strings left out.
    pub words: Vec<&'t str>,
}

/// Shows `visit` each function, in the order in which they end.
pub fn outline<'t>(text: &'t str, mut visit: impl FnMut(Outlined<'t>)) {
    let mut classes: Vec<(usize, &str)> = Vec::new();
    let mut open: Option<(usize, Outlined<'t>)> = None;
    let mut decorators: Vec<&str> = Vec::new();
    let mut words = Words { text, at: 0, brackets: 0, formatted: 0, braces: 0 };
    while let Some((indent, first)) = words.next_line() {
        if let Some((_, function)) = open.take_if(|(of_function, _)| indent <= *of_function) {
            visit(function);
        }
        if let Some((_, function)) = &mut open {
            function.words.extend(first);
            words.rest_of_line(&mut function.words);
            continue;
        }
        while classes.pop_if(|(of_class, _)| indent <= *of_class).is_some() {}
        let keyword = if first == Some("async") { words.next_in_line() } else { first };
        match keyword {
            // It begins with `@`, or at least with no name.
            None => words.rest_of_line(&mut decorators),
            Some("def") => {
                let class = classes.last().map(|(_, name)| *name);
                let name = words.next_in_line().unwrap_or_default();
                let mut function = Outlined { class, name, words: std::mem::take(&mut decorators) };
                words.rest_of_line(&mut function.words);
                open = Some((indent, function));
            }
            Some(keyword) => {
                decorators.clear();
                if keyword == "class" {
                    classes.push((indent, words.next_in_line().unwrap_or_default()));
                }
                words.rest_of_line(&mut Vec::new());
            }
        }
    }
    if let Some((_, function)) = open {
        visit(function);
    }
}

/// Reads words line by line. Lines are logical ones: brackets and backslashes join them.
struct Words<'t> {
    text: &'t str,
    /// Bytes from the beginning of the text.
    at: usize,
    brackets: usize,
    /// Where the string ends whose braces hold code, if the place is inside of one.
    formatted: usize,
    braces: usize,
}

impl<'t> Words<'t> {
    /// Steps to the next line that holds anything, and gives its indentation and the word that it begins
    /// with, if it begins with one.
    fn next_line(&mut self) -> Option<(usize, Option<&'t str>)> {
        self.brackets = 0;
        let mut indent = 0;
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' => indent += 1,
                b'\t' => indent = (indent / 8 + 1) * 8,
                b'\n' | b'\r' | b'\x0c' => indent = 0,
                b'#' => {
                    self.skip_comment();
                    continue;
                }
                byte if is_identifier(byte) && !byte.is_ascii_digit() => {
                    return Some((indent, self.word_or_string()));
                }
                _ => return Some((indent, None)),
            }
            self.at += 1;
        }
    }

    /// The next word before the line ends, if there is one.
    fn next_in_line(&mut self) -> Option<&'t str> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            let in_string = self.at < self.formatted;
            match byte {
                b'{' if in_string => self.braces += 1,
                b'}' if in_string => self.braces = self.braces.saturating_sub(1),
                byte if in_string && !(self.braces > 0 && is_identifier(*byte)) => {}
                b'\n' | b'\r' if self.brackets == 0 => return None,
                b'#' => {
                    self.skip_comment();
                    continue;
                }
                b'(' | b'[' | b'{' => self.brackets += 1,
                b')' | b']' | b'}' => self.brackets = self.brackets.saturating_sub(1),
                // A line end behind it ends no line.
                b'\\' => {
                    let rest = &bytes[self.at + 1..];
                    let joined = if rest.starts_with(b"\r\n") { 2 } else { rest.starts_with(b"\n").into() };
                    self.at += joined;
                }
                b'"' | b'\'' => {
                    self.skip_string();
                    continue;
                }
                byte if byte.is_ascii_digit() => {
                    self.skip_number();
                    continue;
                }
                byte if is_identifier(*byte) => match self.word_or_string() {
                    Some(word) => return Some(word),
                    None => continue,
                },
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    fn rest_of_line(&mut self, words: &mut Vec<&'t str>) {
        while let Some(word) = self.next_in_line() {
            words.push(word);
        }
    }

    /// The word that begins here; none where it is what stands before a string.
    fn word_or_string(&mut self) -> Option<&'t str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let length =
            bytes[start..].iter().position(|byte| !is_identifier(*byte)).unwrap_or(bytes.len() - start);
        self.at += length;
        // Only in the middle of a string may this be no boundary of a character.
        let word = self.text.get(start..self.at)?;
        let is_prefix = length <= 2 && word.bytes().all(|byte| b"rRbBuUfFtT".contains(&byte));
        if !is_prefix || !matches!(bytes.get(self.at), Some(b'"' | b'\'')) || self.at < self.formatted {
            return Some(word);
        }
        let quote = self.at;
        self.skip_string();
        if word.bytes().any(|byte| b"fFtT".contains(&byte)) {
            self.formatted = std::mem::replace(&mut self.at, quote);
            self.braces = 0;
        }
        None
    }

    fn skip_string(&mut self) {
        let bytes = self.text.as_bytes();
        let quote = bytes[self.at];
        let length = if bytes[self.at..].starts_with(&[quote; 3]) { 3 } else { 1 };
        self.at += length;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'\n' | b'\r' if length == 1 => return,
                byte if *byte == quote && bytes[self.at..].starts_with(&[quote; 3][..length]) => {
                    self.at += length;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = bytes.len();
    }

    fn skip_comment(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    fn skip_number(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let is_digit = |byte: &u8| is_identifier(*byte) || *byte == b'.';
        self.at += rest.iter().position(|byte| !is_digit(byte)).unwrap_or(rest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `class.name: words` of every function.
    fn shown(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        outline(text, |function| {
            let class = function.class.map_or(String::new(), |class| format!("{class}."));
            found.push(format!("{class}{}: {}", function.name, function.words.join(" ")));
        });
        found
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(shown(text), expected, "{text}");
    }

    #[test]
    fn functions_with_their_words() {
        check("def f(a):\n  b.c\n\n# d\n  e()\nx\ndef g(): h", &["f: a b c e", "g: h"]);
        check("async def f():\r\n\tawait g()\r\n", &["f: await g"]);
        check("if x:\n    def f():\n        a\n    def g():\n        b", &["f: a", "g: b"]);
        check("def f():\n  def g():\n    a\n  b", &["f: def g a b"]);
    }

    #[test]
    fn classes_and_decorators() {
        check("class A(B):\n  x = 1\n  @d.e\n  def f(self): a", &["A.f: d e self a"]);
        let text = "class A:\n  class B:\n    def f(): a\n  def g(): b\ndef h(): c";
        check(text, &["B.f: a", "A.g: b", "h: c"]);
        check("@d\nclass A: pass\ndef f(): a", &["f: a"]);
        check("@d(\n  e,\n)\ndef f(): a", &["f: d e a"]);
    }

    #[test]
    fn lines_are_logical() {
        check("def f(\n  a,\n): \\\n  b\nc", &["f: a b"]);
        check("def f():\n  x = [\na,\n# def g():\n]\n  b", &["f: x a b"]);
        check("def f():\n  a + \\\r\nb", &["f: a b"]);
    }

    #[test]
    fn strings_and_comments_hold_no_words() {
        let text = "def f():\n  \"\"\"a\n'b\n\"\"\"\n  c('d', r\"e\\\"\", b'g') # h";
        check(text, &["f: c"]);
        check("def f():\n  'a\n  b", &["f: b"]);
        check("def f(): 1e5 + 0x1f + 2j", &["f: "]);
        check("def f():\n  x = '''\ndef g(): a\n'''\n  b", &["f: x b"]);
    }

    #[test]
    fn code_in_strings() {
        check("def f(): f'a {b.c(d):>{e}} g' + h", &["f: b c d e h"]);
        check("def f(): f'''a\n# {b}''' + c", &["f: b c"]);
        check("def f(): f'{a[\"b\"]}' + c", &["f: a b c"]);
    }

    #[test]
    fn broken_text_is_no_trouble() {
        for text in
            ["def", "class", "def f(", "'", "f'{", "@", "\\", "def f():\n  \\ä\n ä'\\ä", "\u{feff}def f(): a"]
        {
            shown(text);
        }
    }
}
