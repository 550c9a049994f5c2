//! Edits of a text, and putting them in.

/// Replaces the bytes from `start` to `end` (exclusive) by `content`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    pub start: u32,
    pub end: u32,
    pub content: String,
}

/// The text with the edits in it. They are sorted and do not overlap, as [`super::render::render`]
/// gives them; an edit that does not fit the text is left out.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut result = String::with_capacity(text.len() + 256);
    let mut copied = 0;
    for edit in edits {
        let (start, end) = (edit.start as usize, edit.end as usize);
        let Some(kept) = text.get(copied..start).filter(|_| text.is_char_boundary(end) && start <= end)
        else {
            continue;
        };
        result.push_str(kept);
        result.push_str(&edit.content);
        copied = end;
    }
    // `copied` is 0 or the end of an edit, which was seen to be a boundary of the text.
    result.push_str(&text[copied..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_replace_insert_and_delete() {
        let edit = |start, end, content: &str| TextEdit { start, end, content: content.to_string() };
        assert_eq!(apply("abcdef", &[edit(0, 1, "X"), edit(2, 2, "-"), edit(4, 6, "")]), "Xb-cd");
    }

    #[test]
    fn an_edit_inside_a_character_or_past_the_end_is_left_out() {
        let edit = |start, end| TextEdit { start, end, content: "X".to_string() };
        assert_eq!(apply("é", &[edit(1, 2)]), "é");
        assert_eq!(apply("a", &[edit(0, 5)]), "a");
    }
}
