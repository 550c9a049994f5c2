//! What the fixes change, as a unified diff.

use similar::{ChangeTag, TextDiff};

use crate::analysis::ChangedFile;
use crate::report::paint::{BOLD, GOOD, HUNK, Paint, REMOVED};
use crate::report::visible;

/// The diff of every file.
///
/// The text is kept byte for byte so that it can be applied. On a screen (`for_screen`) control
/// characters are made visible instead.
pub fn render(changed: &[ChangedFile], paint: Paint, for_screen: bool) -> String {
    changed.iter().map(|file| one(file, paint, for_screen)).collect()
}

fn one(file: &ChangedFile, paint: Paint, for_screen: bool) -> String {
    let path = visible::line(&file.shown);
    let diff = TextDiff::from_lines(&*file.before.text, &file.after);
    let mut text =
        format!("{}\n{}\n", paint.with(BOLD, format!("--- {path}")), paint.with(BOLD, format!("+++ {path}")));
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text += &format!("{}\n", paint.with(HUNK, hunk.header()));
        for change in hunk.iter_changes() {
            let (body, end) = split_end(change.value());
            let body = if for_screen { visible::source_line(body) } else { body.into() };
            let end = if for_screen { "\n" } else { end };
            let line = format!("{}{body}", change.tag());
            text += &match change.tag() {
                ChangeTag::Equal => line,
                ChangeTag::Delete => paint.with(REMOVED, line),
                ChangeTag::Insert => paint.with(GOOD, line),
            };
            text += end;
            if change.missing_newline() {
                text += if for_screen { "" } else { "\n" };
                text += "\\ No newline at end of file\n";
            }
        }
    }
    text
}

/// A line without its line end, and the line end, so that colour stops before `\r\n`.
fn split_end(line: &str) -> (&str, &str) {
    let body = line.trim_end_matches(['\r', '\n']);
    line.split_at(body.len())
}
