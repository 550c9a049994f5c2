//! A piece of text that was taken out of a file, and the way back to where it stood.

use std::ops::Range;

use crate::ir::Span;

/// Text with the places of its parts in the file it comes from.
#[derive(Clone, Debug)]
pub struct Mapped {
    pub text: String,
    /// From these offsets in the text on, the file continues at those; sorted. Without any, the
    /// text was changed on its way out and only the whole has a place.
    parts: Vec<(usize, usize)>,
    whole: Span,
}

impl Mapped {
    /// A range of the file, as it stands there.
    pub fn exact(file: &str, range: Range<usize>) -> Mapped {
        let text = file.get(range.clone()).unwrap_or("").to_string();
        Mapped { text, parts: vec![(0, range.start)], whole: span(range) }
    }

    /// Text that stands in the file in other words.
    pub fn whole(text: &str, whole: Span) -> Mapped {
        Mapped { text: text.to_string(), parts: Vec::new(), whole }
    }

    /// A value that a format wrote with quotes, escapes or entities: exact where the file has it literally.
    pub fn value(file: &str, range: Range<usize>, value: &str) -> Mapped {
        let raw = file.get(range.clone()).unwrap_or("");
        match raw.find(value).filter(|_| !value.is_empty()) {
            Some(at) => Mapped::exact(file, range.start + at..range.start + at + value.len()),
            None => Mapped::whole(value, span(range)),
        }
    }

    /// Lines that lost their indentation: each is looked for in the range, one after the other.
    pub fn block(file: &str, range: Range<usize>, value: &str) -> Mapped {
        let mut parts = Vec::new();
        let (mut at, mut from) = (0, range.start);
        for line in value.split_inclusive('\n') {
            let wanted = line.trim();
            let Some(found) = file.get(from..range.end).and_then(|rest| rest.find(wanted)) else {
                return Mapped::whole(value, span(range));
            };
            if !wanted.is_empty() {
                let indent = line.len() - line.trim_start().len();
                parts.push((at + indent, from + found));
                from += found + wanted.len();
            }
            at += line.len();
        }
        Mapped { text: value.to_string(), parts, whole: span(range) }
    }

    /// Where a range of the text stands in the file.
    pub fn span(&self, range: Range<usize>) -> Span {
        let place = |offset: usize| {
            let index = self.parts.partition_point(|(at, _)| *at <= offset).checked_sub(1)?;
            let (at, place) = self.parts[index];
            Some(place + offset - at)
        };
        // The end is exclusive: the last character tells which part it belongs to.
        let last = self.text.get(range.clone()).and_then(|text| text.chars().next_back());
        let length = last.map_or(0, char::len_utf8);
        match (place(range.start), place(range.end - length)) {
            (Some(start), Some(last)) if start <= last => span(start..last + length),
            _ => self.whole,
        }
    }
}

/// A file this long is not read, so its offsets fit.
pub fn span(range: Range<usize>) -> Span {
    Span { start: range.start as u32, end: range.end as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_a_lost_indentation() {
        let file = "run: |\n  cd app\n  uvicorn main:app\nnext: 1\n";
        let block = Mapped::block(file, 5..file.len(), "cd app\nuvicorn main:app\n");
        let span = block.span(7..23);
        assert_eq!(&file[span.start as usize..span.end as usize], "uvicorn main:app");
    }

    #[test]
    fn a_place_ends_behind_a_whole_character() {
        let file = "run: |\n  é\n  ü\n";
        let span = Mapped::block(file, 5..file.len(), "é\nü\n").span(0..2);
        assert_eq!(&file[span.start as usize..span.end as usize], "é");
    }

    #[test]
    fn changed_text_has_the_place_of_the_whole() {
        let file = r#"a = "uvicorn \"x\"""#;
        assert_eq!(Mapped::value(file, 4..18, "uvicorn \"x\"").span(0..7), Span { start: 4, end: 18 });
        assert_eq!(Mapped::value("a='b c'", 2..7, "b c").span(2..3), Span { start: 5, end: 6 });
    }
}
