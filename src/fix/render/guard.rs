//! Letting what is there already run on Windows only, or differently there.

use crate::fix::apply::{TextEdit, apply};
use crate::fix::intent::LoopText;
use crate::ir::Span;
use crate::python::view::{Shape, StatementKind};

use super::layout::width;
use super::policy::condition_lines;
use super::{Draft, Rank, call, statement};

/// Lets a statement run on Windows only: by an `if` around it, or by a further condition where it
/// already is all that an `if` holds. What is not an expression is left alone: other platforms may
/// need what it binds, returns or holds.
pub fn wrap(draft: &mut Draft, span: Span) -> Result<(), String> {
    let view = draft.view;
    let id = view.statement(span).ok_or("the statement is not in the file as it is now")?;
    if view.binds_what_others_read(id) {
        return Err("the name it binds is used later".into());
    }
    if !view.statements[id].is_expression {
        return Err("it is part of a larger statement".into());
    }
    let suite = &view.blocks[view.statements[id].block];
    if suite.is_then
        && suite.statements.len() == 1
        && let Some(StatementKind::If { test, alone: true }) =
            suite.owner.map(|owner| &view.statements[owner].kind)
    {
        return add_condition(draft, *test);
    }
    let test = draft.windows_test(span.start)?;
    // What is all that an `else` holds needs no further step of indentation.
    let is_of_if =
        suite.owner.is_some_and(|owner| matches!(view.statements[owner].kind, StatementKind::If { .. }));
    let header = draft.layout.slice(suite.header, span.start);
    // One line may be too short for both.
    let is_else = header.starts_with("else") && header.contains(['\n', '\r']);
    if is_of_if && is_else && suite.statements.len() == 1 {
        draft.replace(suite.header, suite.header + 4, format!("elif {test}"));
        return Ok(());
    }
    let newline = draft.layout.newline;
    let unit = draft.layout.unit(draft.layout.indentation(span.start));
    let body = apply_within(draft, span, &deeper(draft, span));
    // The lone argument of a one-line call, which may need a line of its own once it stands deeper.
    let argument =
        view.call(span).filter(|call| call.arguments.len() == 1 && !body.contains('\n')).map(|call| {
            let Span { start, end } = call.parentheses;
            (draft.layout.slice(span.start, start), draft.layout.slice(start + 1, end - 1).trim())
        });
    let most = draft.style.line_length;
    statement::rewrite(draft, id, |indent| {
        let inner = format!("{newline}{indent}{unit}");
        let body = match argument {
            Some((called, argument)) if width(&format!("{indent}{unit}{body}")) > most => {
                format!("{called}({inner}{unit}{argument}{inner})")
            }
            _ => body,
        };
        format!("if {test}:{inner}{body}")
    })
}

/// `X` becomes `sys.platform == "win32" and X`.
fn add_condition(draft: &mut Draft, test: Span) -> Result<(), String> {
    let view = draft.view;
    let shape = view.shape(test).ok_or("the condition is not in the file as it is now")?;
    let windows = draft.windows_test(test.start)?;
    let layout = &draft.layout;
    let owner = view.statements.iter().rfind(|statement| statement.span.contains(test));
    let owner = owner.ok_or("the condition is not in the file as it is now")?.span;
    let outer = view.parenthesized(layout.text, test, owner);
    let is_bare = outer == test;
    let loose = matches!(shape, Shape::Or | Shape::Conditional { .. } | Shape::Lambda | Shape::Walrus);

    // In a condition that is already written over several lines, ours is one more of them.
    if !is_bare && !loose && layout.starts_line(test.start) {
        let indent = layout.indentation(test.start);
        let line = format!("{windows}{}{indent}and ", layout.newline);
        draft.insert(test.start, Rank::Text, line);
        return Ok(());
    }
    let old = layout.slice(outer.start, outer.end);
    let old = if is_bare && loose { format!("({old})") } else { old.to_string() };
    let start = layout.line_start(outer.start);
    let keyword = layout.slice(start, outer.start).trim_start();
    let indent = layout.indentation(outer.start);
    let fits = width(&format!("{indent}{keyword}{windows} and {old}:")) <= draft.style.line_length
        || old.contains('\n');
    let is_plain = matches!(keyword, "if " | "elif ");
    let operands: Vec<Option<String>> = match shape {
        Shape::And(operands) if is_bare => operands
            .iter()
            .map(|operand| flattened(draft, view.parenthesized(layout.text, *operand, outer)))
            .collect(),
        _ => vec![
            flattened(draft, outer).map(|flat| if is_bare && loose { format!("({flat})") } else { flat }),
        ],
    };
    let operands: Option<Vec<String>> = operands.into_iter().collect();
    let fits = fits && (operands.is_none() || !old.contains('\n'));
    let Some(operands) = operands.filter(|_| is_plain && !fits) else {
        draft.replace(outer.start, outer.end, format!("{windows} and {old}"));
        return Ok(());
    };
    let conditions: Vec<String> = std::iter::once(windows).chain(operands).collect();
    let lines = condition_lines(draft, keyword, &conditions, indent);
    let content = lines[indent.len() + keyword.len()..].trim_end_matches(':').to_string();
    draft.replace(outer.start, outer.end, content);
    Ok(())
}

/// The text of an expression in one line; nothing where a comment, a string or a magic trailing
/// comma wants its line ends.
fn flattened(draft: &Draft, span: Span) -> Option<String> {
    let text = draft.layout.slice(span.start, span.end);
    let view = draft.view;
    let keeps_lines = view.comments.iter().any(|comment| span.contains(*comment))
        || view
            .strings
            .iter()
            .any(|string| span.contains(*string) && !draft.layout.is_one_line(string.start, string.end));
    if keeps_lines || text.contains('\\') && text.contains('\n') {
        return None;
    }
    let mut flat = String::new();
    for line in text.lines().map(str::trim) {
        if flat.ends_with(',') && line.starts_with([')', ']', '}']) {
            return None;
        }
        let tight = flat.is_empty() || flat.ends_with(['(', '[', '{']) || line.starts_with([')', ']', '}']);
        flat.push_str(if tight { "" } else { " " });
        flat.push_str(line);
    }
    Some(flat)
}

/// `asyncio.run(main())` with a loop factory on Windows from Python 3.12, as it was elsewhere.
pub fn two_arms(draft: &mut Draft, span: Span, run: Span) -> Result<(), String> {
    let view = draft.view;
    let id = view.statement(span).ok_or("the statement is not in the file as it is now")?;
    if !span.contains(run) {
        return Err("the call is not part of the statement".into());
    }
    if view.blocks.iter().any(|block| block.owner == Some(id)) {
        return Err("the call stands in the head of a compound statement".into());
    }
    let present = view.call(run).into_iter().flat_map(|call| &call.arguments);
    if present.into_iter().any(|argument| argument.is_keyword("loop_factory")) {
        return Err("the call has a loop_factory= already".into());
    }
    let platform = draft.windows_test(span.start)?;
    let version = draft.spelled("{sys}.version_info >= (3, 12)", span.start)?;
    let newline = draft.layout.newline;
    let unit = draft.layout.unit(draft.layout.indentation(span.start));

    let factory = LoopText::Plain("{asyncio}.SelectorEventLoop".to_string());
    // What else stands in the line would be measured with a statement that does not start it.
    let deeper_by = draft.layout.starts_line(span.start).then_some(width(unit));
    let keyword = call::Keyword { name: "loop_factory", value: &factory, beside_spread: false };
    let mut edits = call::edits(draft, run, &[keyword], deeper_by)?;
    for edit in &mut edits {
        edit.content = edit.content.replace(newline, &format!("{newline}{unit}"));
    }
    let moved = deeper(draft, span);
    let touched =
        |edit: &TextEdit| edits.iter().any(|other| other.start <= edit.start && edit.end <= other.end);
    let untouched: Vec<TextEdit> = moved.iter().filter(|edit| !touched(edit)).cloned().collect();
    edits.extend(untouched);
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let windows = apply_within(draft, span, &edits);
    let elsewhere = apply_within(draft, span, &moved);
    statement::rewrite(draft, id, |indent| {
        let inner = format!("{newline}{indent}{unit}");
        format!("if {platform} and {version}:{inner}{windows}{newline}{indent}else:{inner}{elsewhere}")
    })
}

/// One more step of indentation for every line of the statement but the first and those inside strings.
fn deeper(draft: &Draft, span: Span) -> Vec<TextEdit> {
    let layout = &draft.layout;
    let unit = layout.unit(layout.indentation(span.start));
    let mut edits = Vec::new();
    let mut line = layout.next_line(span.start);
    while line < span.end {
        let in_string = draft.view.strings.iter().any(|string| string.start < line && line < string.end);
        let is_blank = layout.slice(line, layout.line_end(line)).trim().is_empty();
        if !in_string && !is_blank {
            edits.push(TextEdit { start: line, end: line, content: unit.to_string() });
        }
        line = layout.next_line(line);
    }
    edits
}

fn apply_within(draft: &Draft, span: Span, edits: &[TextEdit]) -> String {
    let moved: Vec<TextEdit> = edits
        .iter()
        .map(|edit| TextEdit {
            start: edit.start - span.start,
            end: edit.end - span.start,
            content: edit.content.clone(),
        })
        .collect();
    apply(draft.layout.slice(span.start, span.end), &moved)
}
