//! Text of strangers, made harmless for a terminal.
//!
//! A source line, a path or a message may hold escape sequences or characters that reorder the line.
//! Each is replaced by one visible character, so that columns stay what they are.

use std::borrow::Cow;

use crate::finding::Place;

/// One line of text on its own: nothing in it can leave the line or move the cursor.
pub fn line(text: &str) -> Cow<'_, str> {
    replace(text, |character| match character {
        '\t' => Some('␉'),
        other => picture(other),
    })
}

/// `14:1`, or `cell 3:14:1` in a notebook.
pub fn position(place: &Place) -> String {
    format!("{}:{}", line_number(place), place.start.column)
}

/// `14`, or `cell 3:14` in a notebook.
pub fn line_number(place: &Place) -> String {
    let cell = place.cell.map_or(String::new(), |cell| format!("cell {cell}:"));
    format!("{cell}{}", place.start.line)
}

/// As [`line`], for the log of a pipeline: its runner obeys `##[…]` and `##vso[…]` wherever they stand.
pub fn log_line(text: &str) -> String {
    line(text).replace("##", "#\u{fffd}")
}

/// A line of source: as [`line`], with tabs left for the renderer to expand.
pub fn source_line(text: &str) -> Cow<'_, str> {
    replace(text, |character| if character == '\t' { None } else { picture(character) })
}

/// The visible stand-in of a character that must not reach a terminal.
fn picture(character: char) -> Option<char> {
    match character {
        // The control pictures stand in the same order as the control characters.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + character as u32),
        '\u{7f}' => Some('␡'),
        other => acts_on_terminals(other).then_some('\u{fffd}'),
    }
}

/// DEL, C1 controls, direction marks and overrides, and line separators.
pub fn acts_on_terminals(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

fn replace(text: &str, stand_in: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if text.chars().all(|character| stand_in(character).is_none()) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|character| stand_in(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_is_left() {
        assert_eq!(line("a\x1b[2Jb\nc\td\u{9b}e\u{202e}f\x7f"), "a␛[2Jb␊c␉d\u{fffd}e\u{fffd}f␡");
        assert_eq!(source_line("\tx = 'é'"), "\tx = 'é'");
    }

    #[test]
    fn columns_stay() {
        let text = "\x00\x1b\u{85}x";
        assert_eq!(line(text).chars().count(), text.chars().count());
    }
}
