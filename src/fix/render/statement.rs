//! Replacing and removing whole statements, wherever they stand.

use std::collections::BTreeSet;

use crate::fix::intent::Intent;
use crate::ir::Span;
use crate::python::view::StatementKind;

use super::Draft;
use super::policy::{attached_comments, comments_are_about_policy};
use super::suite::{Gone, gone_with};
use crate::knowledge::stdlib::is_stdlib;

/// Puts other text in the place of a statement. `make` gets the indentation of its lines; what it
/// gives starts without indentation and ends without a line end.
pub fn rewrite(draft: &mut Draft, id: usize, make: impl FnOnce(&str) -> String) -> Result<(), String> {
    let view = draft.view;
    let newline = draft.layout.newline;
    let span = view.statements[id].span;
    let suite = &view.blocks[view.statements[id].block];
    let (before, after) = view.neighbours(id);

    if is_inline(draft, id) {
        if suite.statements.len() > 1 {
            return Err("several statements share the line of their `if`, `else` or `try`; \
                        give each a line of its own first"
                .into());
        }
        let outer = draft.layout.indentation(suite.header);
        let indent = format!("{outer}{}", draft.layout.unit(outer));
        let colon = draft.layout.slice(0, span.start).trim_end().len() as u32;
        let content = format!("{newline}{indent}{}", make(&indent));
        draft.replace(colon, semicolon_end(draft, span.end), content);
        return Ok(());
    }

    let first = view.statements[suite.statements[0]].span.start;
    let indent = draft.layout.indentation(first).to_string();
    let mut start = span.start;
    let mut content = make(&indent);
    if let Some(before) = before.map(|before| view.statements[before].span.end)
        && draft.layout.is_one_line(before, span.start)
    {
        start = before;
        content = format!("{newline}{indent}{content}");
    }
    let mut end = semicolon_end(draft, span.end);
    if let Some(after) = after.map(|after| view.statements[after].span.start)
        && draft.layout.is_one_line(span.end, after)
    {
        end = after;
        content = format!("{content}{newline}{indent}");
    }
    draft.replace(start, end, content);
    Ok(())
}

/// Carries out every [`Intent::RemoveStatement`], and removes the imports that only the removed
/// statements needed. Comes after everything that may spell a module's name.
pub fn remove(draft: &mut Draft, intents: &[Intent]) -> Result<(), String> {
    let mut ids = BTreeSet::new();
    for intent in intents {
        if let Intent::RemoveStatement { statement } = intent {
            ids.insert(
                draft.view.statement(*statement).ok_or("the statement is not in the file as it is now")?,
            );
        }
    }
    let mut gone = gone_with(draft, &ids);
    let without: Vec<Span> = gone.iter().map(|gone| gone.span(draft)).collect();
    let at_top = draft.view.blocks[0].statements.iter().copied();
    gone.extend(
        at_top.filter(|id| !ids.contains(id) && is_orphan(draft, *id, &without)).map(Gone::Statement),
    );
    gone.sort_by_key(|gone| gone.span(draft).start);

    let takes_comments = |whole: Span| {
        intents.iter().any(|intent| match intent {
            Intent::MoveComments { statement } | Intent::MovePolicy { statement, .. } => {
                whole.contains(*statement)
            }
            Intent::RemoveComments { statement } => {
                whole.contains(*statement) && comments_are_about_policy(draft, whole)
            }
            _ => false,
        })
    };
    let with_comments: Vec<Span> =
        gone.iter().map(|gone| gone.span(draft)).filter(|span| takes_comments(*span)).collect();
    let mut lines: Vec<Span> = Vec::new();
    for gone in gone {
        let span = gone.span(draft);
        let above = with_comments.contains(&span).then(|| attached_comments(draft, span.start));
        let start = above.unwrap_or_else(|| draft.layout.line_start(span.start));
        let whole = match gone {
            Gone::Pass(_) => {
                let start = above.map(|above| above + draft.layout.indentation(span.start).len() as u32);
                draft.replace(start.unwrap_or(span.start).min(span.start), span.end, "pass");
                continue;
            }
            Gone::Statement(id) => match remove_one(draft, id) {
                Some(whole) => Span { start, ..whole },
                None => continue,
            },
            Gone::FirstSuite { test, opposite, .. } => {
                draft.replace(test.start, test.end, opposite);
                draft.replace(start, draft.layout.next_line(span.end), "");
                continue;
            }
            Gone::Clause(_) => Span { start, end: draft.layout.next_line(span.end) },
        };
        match lines.last_mut() {
            Some(last) if last.end == whole.start => last.end = whole.end,
            _ => lines.push(whole),
        }
    }
    let mut gone = 0;
    for whole in lines {
        let Span { start, end } = without_spare_lines(draft, whole);
        // Blank lines between two removals may have gone with the first.
        draft.replace(start.max(gone), end, "");
        gone = end;
    }
    Ok(())
}

/// A top-level `import x` of the standard library whose name is read by removed statements alone.
fn is_orphan(draft: &Draft, id: usize, removed: &[Span]) -> bool {
    let view = draft.view;
    let StatementKind::Import(names) = &view.statements[id].kind else { return false };
    let [(module, asname)] = names.as_slice() else { return false };
    let name = asname.as_deref().unwrap_or(module);
    let reads = view.reads(name);
    let quoted = ['"', '\''].iter().any(|quote| draft.layout.text.contains(&format!("{quote}{name}{quote}")));
    let in_removed = |at: &u32| removed.iter().any(|span| span.start <= *at && *at < span.end);
    is_stdlib(module)
        && !quoted
        && !draft.spelled_names.contains(name)
        && !reads.is_empty()
        && reads.iter().all(in_removed)
}

/// Removes a statement from a line it shares, or tells the whole lines it stands on.
fn remove_one(draft: &mut Draft, id: usize) -> Option<Span> {
    let (view, layout) = (draft.view, &draft.layout);
    let span = view.statements[id].span;
    let (before, after) = view.neighbours(id);
    let before = before.map(|before| view.statements[before].span.end);
    let after = after.map(|after| view.statements[after].span.start);
    if let Some(after) = after.filter(|after| layout.is_one_line(span.end, *after)) {
        draft.replace(span.start, after, "");
        return None;
    }
    if let Some(before) = before.filter(|before| layout.is_one_line(*before, span.start)) {
        draft.replace(before, semicolon_end(draft, span.end), "");
        return None;
    }
    Some(Span { start: layout.line_start(span.start), end: layout.next_line(span.end) })
}

/// Of the blank lines above and below lines that go, the larger number stays; at the start and the
/// end of the file, and at the start of a suite, none.
fn without_spare_lines(draft: &Draft, lines: Span) -> Span {
    let layout = &draft.layout;
    let Span { mut start, mut end } = lines;
    let is_blank = |line: &&str| line.trim().is_empty();
    let above = layout.slice(0, start).split_inclusive('\n').rev().take_while(is_blank).count();
    let rest = layout.slice(end, layout.text.len() as u32);
    let below = rest.split_inclusive('\n').take_while(is_blank).count();
    if rest.trim().is_empty() {
        for _ in 0..above {
            start = layout.line_start(start - 1);
        }
        // A file that ends without a newline does so afterwards.
        if !layout.text.ends_with(['\n', '\r']) {
            start = layout.slice(0, start).trim_end_matches(['\n', '\r']).len() as u32;
        }
        return Span { start, end };
    }
    let begins_suite = above == 0 && layout.slice(0, start).trim_end().ends_with(':');
    let spare = if start == 0 || begins_suite { below } else { above.min(below) };
    for _ in 0..spare {
        end = layout.next_line(end);
    }
    Span { start, end }
}

/// The suite stands in the line of its `if`, `else`, ….
fn is_inline(draft: &Draft, id: usize) -> bool {
    let suite = &draft.view.blocks[draft.view.statements[id].block];
    let first = draft.view.statements[suite.statements[0]].span.start;
    suite.owner.is_some() && !draft.layout.starts_line(first)
}

/// The end of a statement, with the semicolon that follows it if nothing follows that.
fn semicolon_end(draft: &Draft, end: u32) -> u32 {
    let rest = draft.layout.slice(end, draft.layout.line_end(end));
    if rest.trim_start().starts_with(';') {
        end + (rest.len() - rest.trim_start().len()) as u32 + 1
    } else {
        end
    }
}
