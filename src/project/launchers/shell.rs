//! Shell text, cut into commands and words, as far as command lines of servers need it.

use std::ops::Range;

use super::Dialect;

/// A simple command: words up to the next separator.
#[derive(Clone, Debug)]
pub struct Simple {
    pub words: Vec<Raw>,
    /// Brackets it stands in.
    pub depth: usize,
}

/// A word with its variables.
#[derive(Clone, Debug)]
pub struct Raw {
    pub parts: Vec<Part>,
    pub range: Range<usize>,
    pub is_quoted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// The name of a variable, and how it was written.
    Variable(String, String),
    /// Computed in a way that is not followed.
    Open(String),
}

/// Cuts shell text into simple commands.
pub fn commands(text: &str, dialect: Dialect) -> Vec<Simple> {
    let mut reader = Reader {
        text,
        dialect,
        at: 0,
        words: Vec::new(),
        depth: 0,
        found: Vec::new(),
        drop_next: false,
        here: None,
    };
    reader.read();
    reader.found
}

struct Reader<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    words: Vec<Raw>,
    depth: usize,
    found: Vec<Simple>,
    /// The next word is the file of a redirection.
    drop_next: bool,
    /// The line that ends a document inside the script.
    here: Option<String>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn starts(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    fn read(&mut self) {
        while let Some(next) = self.rest().chars().next() {
            if self.skip_continuation() {
                continue;
            }
            let width = next.len_utf8();
            match next {
                '\n' => {
                    self.at += 1;
                    self.end();
                    self.skip_document();
                }
                '(' | '{' if self.is_bracket(next) => {
                    self.at += 1;
                    self.end();
                    self.depth += 1;
                }
                ')' | '}' if self.is_bracket(next) => {
                    self.at += 1;
                    self.end();
                    self.depth = self.depth.saturating_sub(1);
                }
                // PowerShell calls with `& program`; a single `&` of the others is a separator.
                '&' if self.dialect == Dialect::PowerShell && !self.starts("&&") => self.at += 1,
                '&' | '|' | ';' if !(next == ';' && self.dialect == Dialect::Batch) => {
                    self.at += 1;
                    self.end();
                }
                '#' if self.dialect != Dialect::Batch => self.skip_line(),
                '>' | '<' => self.redirect(),
                '@' if self.dialect == Dialect::Batch && self.words.is_empty() => self.at += 1,
                _ if next.is_whitespace() || (self.dialect != Dialect::Posix && next == ',') => {
                    self.at += width
                }
                _ => self.word(),
            }
        }
        self.end();
    }

    /// Curly brackets are words of their own in POSIX shells, and nothing in batch files.
    fn is_bracket(&self, bracket: char) -> bool {
        match (bracket, self.dialect) {
            ('(' | ')', _) | (_, Dialect::PowerShell) => true,
            (_, Dialect::Batch) => false,
            (_, Dialect::Posix) => self.rest()[1..].chars().next().is_none_or(char::is_whitespace),
        }
    }

    fn escape(&self) -> char {
        match self.dialect {
            Dialect::Batch => '^',
            Dialect::PowerShell => '`',
            Dialect::Posix => '\\',
        }
    }

    /// An escaped line end joins two lines.
    fn skip_continuation(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix(self.escape()) else { return false };
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        let joined = rest[blanks..].starts_with('\n');
        if joined {
            self.at += 1 + blanks + 1;
        }
        joined
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn end(&mut self) {
        self.drop_next = false;
        if self.words.is_empty() {
            return;
        }
        let words = std::mem::take(&mut self.words);
        self.found.push(Simple { words, depth: self.depth });
    }

    fn redirect(&mut self) {
        // The number before `>` is no argument.
        let number = self.words.last().is_some_and(|word| {
            let text = &self.text[word.range.clone()];
            word.range.end == self.at && text.bytes().all(|byte| byte.is_ascii_digit())
        });
        if number {
            self.words.pop();
        }
        if self.dialect == Dialect::Posix && self.starts("<<") {
            let rest = self.rest()[2..].trim_start_matches('-').trim_start_matches([' ', '\t']);
            let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
            let mark = rest[..end].trim_matches(['"', '\'']).to_string();
            self.at = self.text.len() - rest.len() + end;
            self.here = Some(mark).filter(|mark| !mark.is_empty() && !mark.starts_with('<'));
            return;
        }
        while self.starts(">") || self.starts("<") {
            self.at += 1;
        }
        if self.starts("&") {
            let rest = &self.rest()[1..];
            self.at += 1 + rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        } else {
            self.drop_next = true;
        }
    }

    /// The text of a here document is no command.
    fn skip_document(&mut self) {
        let Some(mark) = self.here.take() else { return };
        while self.at < self.text.len() {
            let end = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
            let line = self.rest()[..end].trim().to_string();
            self.at += end;
            if line == mark {
                return;
            }
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let mut word = Raw { parts: Vec::new(), range: start..start, is_quoted: false };
        if self.dialect == Dialect::PowerShell && (self.starts("@\"") || self.starts("@'")) {
            let end = if self.starts("@\"") { "\n\"@" } else { "\n'@" };
            let length = self.rest().find(end).map_or(self.rest().len(), |at| at + end.len());
            word.parts.push(Part::Open(String::new()));
            self.at += length;
        }
        while let Some(next) = self.rest().chars().next() {
            if self.skip_continuation() {
                break;
            }
            let width = next.len_utf8();
            let ends = next.is_whitespace()
                || matches!(next, '&' | '|' | '>' | '<' | ')')
                || (matches!(next, ';') && self.dialect != Dialect::Batch)
                || (matches!(next, '(' | ',') && self.dialect == Dialect::Batch)
                || (matches!(next, '}' | ',') && self.dialect == Dialect::PowerShell);
            if ends {
                break;
            }
            match next {
                '"' => {
                    word.is_quoted |= self.at == start;
                    self.at += 1;
                    self.quoted('"', &mut word.parts);
                }
                '\'' if self.dialect != Dialect::Batch => {
                    word.is_quoted |= self.at == start;
                    self.at += 1;
                    let length = self.rest().find('\'').unwrap_or(self.rest().len());
                    push(&mut word.parts, &self.text[self.at..self.at + length]);
                    self.at = (self.at + length + 1).min(self.text.len());
                }
                _ if next == self.escape() => {
                    self.at += 1;
                    let escaped = self.rest().chars().next().map_or(0, char::len_utf8);
                    push(&mut word.parts, &self.text[self.at..self.at + escaped]);
                    self.at += escaped;
                }
                _ if self.variable(&mut word.parts) => {}
                _ => {
                    push(&mut word.parts, &self.text[self.at..self.at + width]);
                    self.at += width;
                }
            }
        }
        word.range.end = self.at;
        if self.at == start {
            // A character that starts no word; it is passed over so that the end is reached.
            self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            return;
        }
        let comment = self.words.is_empty() && self.dialect == Dialect::Batch && {
            let text = self.text[word.range.clone()].to_lowercase();
            text == "rem" || text.starts_with("::") || (text.starts_with(':') && text.len() > 1)
        };
        if comment {
            self.skip_line();
        } else if std::mem::take(&mut self.drop_next) {
        } else {
            self.words.push(word);
        }
    }

    /// Up to the closing quote, which is passed over.
    fn quoted(&mut self, quote: char, parts: &mut Vec<Part>) {
        let start = self.at;
        while let Some(next) = self.rest().chars().next() {
            let width = next.len_utf8();
            if next == quote {
                if self.at == start && parts.is_empty() {
                    push(parts, "");
                }
                self.at += 1;
                return;
            }
            // Within a line only: a quote that never closes does not swallow a batch file.
            if next == '\n' && self.dialect == Dialect::Batch {
                return;
            }
            if next == self.escape() && self.dialect != Dialect::Batch {
                let after = self.rest()[width..].chars().next().unwrap_or(' ');
                if matches!(after, '"' | '\\' | '$' | '`') {
                    push(parts, &after.to_string());
                    self.at += width + after.len_utf8();
                    continue;
                }
            }
            if !self.variable(parts) {
                push(parts, &self.text[self.at..self.at + width]);
                self.at += width;
            }
        }
    }

    /// Reads a variable, if one stands here.
    fn variable(&mut self, parts: &mut Vec<Part>) -> bool {
        let rest = self.rest();
        let (name, length) = match self.dialect {
            Dialect::Batch => match batch_variable(rest) {
                Some(found) => found,
                None => return false,
            },
            _ => match dollar_variable(rest, self.dialect) {
                Some(found) => found,
                None => return false,
            },
        };
        let written = rest[..length].to_string();
        parts.push(match name {
            Some(name) => Part::Variable(name, written),
            None => Part::Open(written),
        });
        self.at += length;
        true
    }
}

fn push(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_string())),
    }
}

/// `%NAME%`, `!NAME!`, `%~dp0`, `%1`, `%*`, `%%i`: the name, and the length of what is written.
fn batch_variable(rest: &str) -> Option<(Option<String>, usize)> {
    if rest.len() >= 5 && rest.is_char_boundary(5) && rest[..5].eq_ignore_ascii_case("%~dp0") {
        return Some((Some("%~dp0".into()), 5));
    }
    let mark = rest.chars().next().filter(|mark| matches!(mark, '%' | '!'))?;
    let inner = &rest[1..];
    let length = inner.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '(' | ')' | '-')));
    if let Some(length) = length
        && length > 0
        && inner[length..].starts_with([mark, ':'])
    {
        let end = inner.find(mark)?;
        let plain = inner[length..].starts_with(mark);
        let line = inner[..end].contains('\n');
        return (!line).then(|| (plain.then(|| inner[..length].to_uppercase()), end + 2));
    }
    let argument =
        mark == '%' && inner.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '*' | '~' | '%'));
    argument.then(|| {
        let end = inner.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(inner.len());
        let length = if inner.starts_with(['*', '%']) || end < 2 { end.min(2) + 1 } else { end + 1 };
        // The variable of a loop is any character: `for %%ä in (…)`.
        (None, rest.ceil_char_boundary(length.min(rest.len())))
    })
}

/// `$NAME`, `${NAME:-x}`, `$env:NAME`, `$(…)`, `` `…` ``: the name, and the length of what is written.
fn dollar_variable(rest: &str, dialect: Dialect) -> Option<(Option<String>, usize)> {
    if dialect == Dialect::Posix && rest.starts_with('`') {
        let end = rest[1..].find('`')?;
        return Some((None, end + 2));
    }
    let inner = rest.strip_prefix('$')?;
    let closing = |open: char, close: char| {
        let mut depth = 0;
        inner.char_indices().find_map(|(at, c)| {
            depth += i32::from(c == open) - i32::from(c == close);
            (depth == 0).then_some(at + 1)
        })
    };
    if inner.starts_with('(') {
        return Some((None, closing('(', ')').unwrap_or(inner.len()) + 1));
    }
    if inner.starts_with('{') {
        let end = closing('{', '}').unwrap_or(inner.len());
        let name = inner[1..end].trim_end_matches('}');
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':'));
        return Some((plain.then(|| name.to_string()), end + 1));
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || (c == ':' && dialect == Dialect::PowerShell);
    let mut end = inner.find(|c: char| !is_name(c)).unwrap_or(inner.len());
    if end == 0 {
        let special = inner.chars().next().filter(|c| matches!(c, '@' | '*' | '#' | '?' | '!' | '$'))?;
        return Some((None, 1 + special.len_utf8()));
    }
    if dialect == Dialect::PowerShell {
        // `$p.Name[0]` is computed.
        let behind = &inner[end..];
        if behind.starts_with(['.', '[']) && behind[1..].starts_with(char::is_alphanumeric) {
            end += 1 + behind[1..]
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ']')))
                .unwrap_or(behind.len() - 1);
            return Some((None, end + 1));
        }
    }
    Some((Some(inner[..end].to_string()), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, dialect: Dialect) -> Vec<String> {
        let word = |word: &Raw| {
            let part = |part: &Part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable(name, _) => format!("‹{name}›"),
                Part::Open(written) => format!("‹?{written}›"),
            };
            word.parts.iter().map(part).collect::<String>()
        };
        commands(text, dialect)
            .iter()
            .map(|simple| simple.words.iter().map(word).collect::<Vec<_>>().join("|"))
            .collect()
    }

    #[test]
    fn batch() {
        let text = "@echo off\r\nREM uvicorn no:app\r\n:: uvicorn no:app\r\n:label\r\ncd /d \"%~dp0\" && call venv\\Scripts\\activate.bat\r\nuvicorn main:app ^\r\n  --port %PORT% > log.txt 2>&1\r\nif not exist x (\r\n  python -m venv x\r\n)\r\nstart \"\" /b python \"%~dp0main.py\" %*\r\n";
        assert_eq!(
            cut(text, Dialect::Batch),
            [
                "echo|off",
                "cd|/d|‹%~dp0›",
                "call|venv\\Scripts\\activate.bat",
                "uvicorn|main:app|--port|‹PORT›",
                "if|not|exist|x",
                "python|-m|venv|x",
                "start||/b|python|‹%~dp0›main.py|‹?%*›",
            ]
        );
    }

    #[test]
    fn powershell() {
        let text = "# x\n$env:PYTHONPATH = \".\"\n& \"$PSScriptRoot\\.venv\\Scripts\\python.exe\" -m uvicorn main:app `\n  --port $Port; Write-Host 'done'\nStart-Process py -ArgumentList \"-m\", \"uvicorn\"\nif ($Dev) { uvicorn main:app --reload }\n$x = @\"\nuvicorn no:app\n\"@\n";
        assert_eq!(
            cut(text, Dialect::PowerShell),
            [
                "‹env:PYTHONPATH›|=|.",
                "‹PSScriptRoot›\\.venv\\Scripts\\python.exe|-m|uvicorn|main:app|--port|‹Port›",
                "Write-Host|done",
                "Start-Process|py|-ArgumentList|-m|uvicorn",
                "if",
                "‹Dev›",
                "uvicorn|main:app|--reload",
                "‹x›|=|‹?›",
            ]
        );
    }

    #[test]
    fn posix() {
        let text = "cd backend && PYTHONPATH=. exec uvicorn main:app \\\n  --workers ${N:-2} --port $PORT # end\n(sleep 1; echo 'a b')\ncat <<EOF > x\nuvicorn no:app\nEOF\npython \"$(pwd)/main.py\" \"$@\" 2>/dev/null\n";
        assert_eq!(
            cut(text, Dialect::Posix),
            [
                "cd|backend",
                "PYTHONPATH=.|exec|uvicorn|main:app|--workers|‹?${N:-2}›|--port|‹PORT›",
                "sleep|1",
                "echo|a b",
                "cat",
                "python|‹?$(pwd)›/main.py|‹?$@›",
            ]
        );
    }

    #[test]
    fn broken_text_comes_to_an_end() {
        for text in [
            "\"", "'", "%", "%~", "%1", "!", "$", "${", "$(", "`", "^", "\\", "(", ")", "}", "<<", "> ",
            "@\"", "%a:b", "€%€", "$€", "%%", "%~1 x",
        ] {
            for dialect in [Dialect::Batch, Dialect::PowerShell, Dialect::Posix] {
                commands(text, dialect);
            }
        }
    }
}
