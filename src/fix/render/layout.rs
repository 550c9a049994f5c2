//! How a file is written: line ends, indentation, quotes; and where its lines are.

use crate::python::view::View;

pub struct Layout<'a> {
    pub text: &'a str,
    pub newline: &'static str,
    /// One step of indentation, as the file writes it first.
    unit: &'a str,
    quote: char,
}

impl<'a> Layout<'a> {
    /// Err where the file mixes line ends: whatever was inserted would be wrong for some tool.
    pub fn of(text: &'a str, view: &View) -> Result<Layout<'a>, String> {
        let unit = view.first_indent.map_or("    ", |span| &text[span.start as usize..span.end as usize]);
        Ok(Layout { text, newline: newline(text)?, unit, quote: quote(text, view) })
    }

    /// One step of indentation for what stands below a line that is indented so: a suite in tabs stays
    /// in tabs where the file begins with spaces, and the other way round.
    pub fn unit(&self, indent: &str) -> &'a str {
        match (indent.contains('\t'), self.unit.contains('\t')) {
            (true, false) => "\t",
            (false, true) if !indent.is_empty() => "    ",
            _ => self.unit,
        }
    }

    /// Our own source, written with double quotes, in the file's quotes.
    pub fn quoted(&self, source: &str) -> String {
        source.replace('"', &self.quote.to_string())
    }

    pub fn line_start(&self, offset: u32) -> u32 {
        let before = &self.text[..offset as usize];
        before.rfind('\n').map_or(0, |at| at as u32 + 1)
    }

    /// The end of the line without its line end.
    pub fn line_end(&self, offset: u32) -> u32 {
        let rest = &self.text[offset as usize..];
        let line = rest.split('\n').next().unwrap_or(rest);
        offset + line.trim_end_matches('\r').len() as u32
    }

    /// The start of the following line, or the end of the text.
    pub fn next_line(&self, offset: u32) -> u32 {
        let rest = &self.text[offset as usize..];
        rest.find('\n').map_or(self.text.len() as u32, |at| offset + at as u32 + 1)
    }

    /// The white space that the line of this offset starts with.
    pub fn indentation(&self, offset: u32) -> &'a str {
        let line = &self.text[self.line_start(offset) as usize..];
        let content = line.trim_start_matches([' ', '\t', '\x0c']);
        &line[..line.len() - content.len()]
    }

    /// Nothing but white space stands before the offset in its line.
    pub fn starts_line(&self, offset: u32) -> bool {
        self.slice(self.line_start(offset), offset).trim().is_empty()
    }

    pub fn slice(&self, start: u32, end: u32) -> &'a str {
        &self.text[start as usize..end as usize]
    }

    pub fn is_one_line(&self, start: u32, end: u32) -> bool {
        !self.slice(start, end).contains('\n')
    }
}

/// The columns a text takes; a tab is four, as for the formatters.
pub fn width(text: &str) -> usize {
    text.chars().map(|character| if character == '\t' { 4 } else { 1 }).sum()
}

fn newline(text: &str) -> Result<&'static str, String> {
    let windows = text.matches("\r\n").count();
    let all = text.matches('\n').count();
    if text.matches('\r').count() != windows {
        return Err(
            "the file has line ends that are a lone carriage return; make them all alike first".into()
        );
    }
    match windows {
        0 => Ok("\n"),
        _ if windows == all => Ok("\r\n"),
        _ => Err("the file mixes \\n and \\r\\n line ends; make them all alike first".into()),
    }
}

/// The quote most one-line strings use; double where it is a tie.
fn quote(text: &str, view: &View) -> char {
    let mut single = 0;
    let mut double = 0;
    for span in &view.strings {
        let literal = text[span.start as usize..span.end as usize].trim_start_matches(char::is_alphabetic);
        if literal.starts_with("\"\"\"") || literal.starts_with("'''") {
            continue;
        }
        match literal.chars().next() {
            Some('\'') => single += 1,
            _ => double += 1,
        }
    }
    if single > double { '\'' } else { '"' }
}
