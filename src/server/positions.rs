//! Places ⇄ positions of the protocol, which count lines from 0 and columns in UTF-16 units.

use gen_lsp_types as lsp;

use crate::files::Source;
use crate::finding::{Place, Position};

/// A text and how the editor sees it.
#[derive(Debug)]
pub struct View {
    pub source: Source,
    /// The editor's text begins with a byte-order mark that ours does not have.
    pub mark: bool,
}

impl View {
    pub fn range(&self, place: &Place) -> lsp::Range {
        lsp::Range { start: self.position(place.start), end: self.position(place.end) }
    }

    fn position(&self, at: Position) -> lsp::Position {
        let before = self.source.line(at.line).chars().take(at.column.saturating_sub(1) as usize);
        let units: usize = before.map(char::len_utf16).sum();
        let mark = u32::from(self.mark && at.line == 1);
        lsp::Position { line: at.line.saturating_sub(1), character: units as u32 + mark }
    }
}

/// Whether the two share a position; the ends count, for a cursor stands between characters.
pub fn touch(one: &lsp::Range, other: &lsp::Range) -> bool {
    one.start <= other.end && other.start <= one.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Span;

    fn range(text: &str, mark: bool, start: u32, end: u32) -> String {
        let source = Source::from_text("/x.py".into(), "x.py".into(), text.into());
        let view = View { mark, source };
        let range = view.range(&view.source.place(Span { start, end }));
        let lsp::Range { start, end } = range;
        format!("{}:{}-{}:{}", start.line, start.character, end.line, end.character)
    }

    #[test]
    fn columns_are_utf_16_units() {
        assert_eq!(range("é😀x\ny", false, 0, 6), "0:0-0:3");
        assert_eq!(range("é😀x\ny", false, 6, 8), "0:3-1:0");
        assert_eq!(range("a\r\nb\rc", false, 3, 6), "1:0-2:1");
    }

    #[test]
    fn a_byte_order_mark_is_a_unit_of_the_first_line() {
        assert_eq!(range("a\nb", true, 0, 3), "0:1-1:1");
    }
}
