//! Putting a call of another loop in the place of a call, on Windows only.

use crate::fix::intent::Side;
use crate::ir::Span;
use crate::python::view::Call;

use super::layout::width;
use super::value::Value;
use super::{Draft, arm, call};

/// `call` becomes `text if sys.platform == "win32" else call`, or `call if … else text`.
pub fn replace(draft: &mut Draft, span: Span, on: Side, text: &str) -> Result<(), String> {
    let view = draft.view;
    view.call(span).ok_or("the call is not in the file as it is now")?;
    if view.interpolated.iter().any(|string| string.contains(span)) {
        return Err("the call stands inside an f-string".into());
    }
    if !draft.layout.is_one_line(span.start, span.end) {
        return Err("the call runs over several lines".into());
    }
    let text = draft.spelled(text, span.start)?;
    let old = draft.layout.slice(span.start, span.end).to_string();
    let value = match (on, arm::is_on_windows(draft, span)) {
        (Side::Windows, true) => Value::Plain(text),
        (Side::Elsewhere, true) => return Ok(()),
        (Side::Windows, false) => {
            Value::Conditional { windows: text, test: draft.windows_test(span.start)?, otherwise: old }
        }
        (Side::Elsewhere, false) => {
            Value::Conditional { windows: old, test: draft.windows_test(span.start)?, otherwise: text }
        }
    };

    if let Some((around, index)) = holder(draft, span) {
        let place = view.parenthesized(draft.layout.text, span, around.parentheses);
        if !draft.layout.is_one_line(place.start, place.end) {
            return Err("the parentheses around the call run over several lines".into());
        }
        for edit in call::replace_argument(draft, around, index, place, value) {
            draft.replace(edit.start, edit.end, edit.content);
        }
        return Ok(());
    }
    let statement = view.statements.iter().rfind(|statement| statement.span.contains(span));
    let statement = statement.ok_or("the call is not in the file as it is now")?.span;
    let place = view.parenthesized(draft.layout.text, span, statement);
    let layout = &draft.layout;
    if !layout.is_one_line(place.start, place.end) {
        // The parentheses are already opened; what they hold starts a line of its own.
        let rest = layout.slice(span.end, layout.line_end(span.end));
        if !layout.starts_line(span.start) || rest.starts_with(')') {
            return Err("the call shares a line with a parenthesis around it".into());
        }
        let content = value.lines(draft, layout.indentation(span.start), rest, 0);
        draft.replace(span.start, span.end, content);
        return Ok(());
    }
    let start = layout.line_start(place.start);
    let indent = layout.indentation(place.start);
    let before = layout.slice(start, place.start).trim_start();
    let after = call::measured(layout.slice(place.end, layout.line_end(place.end)));
    let is_whole = view.is_whole_value(span) || matches!(value, Value::Plain(_));
    let flat = if is_whole { value.flat() } else { format!("({})", value.flat()) };
    let content = if width(&format!("{indent}{before}{flat}{after}")) <= draft.style.line_length {
        flat
    } else if can_be_opened(draft, place, after) {
        value.opened(draft, indent, 0)
    } else {
        return Err("the call stands inside a long expression; give it a line of its own first".into());
    };
    draft.replace(place.start, place.end, content);
    Ok(())
}

/// The call that has this expression as an argument, and the argument's index.
fn holder<'a>(draft: &Draft<'a>, span: Span) -> Option<(&'a Call, usize)> {
    draft.view.calls.iter().find_map(|around| {
        let index = around.arguments.iter().position(|argument| argument.value() == span)?;
        Some((around, index))
    })
}

/// Parentheses here are the ones a formatter would open: no other bracket is open in the line, and
/// nothing comes after them that it would rather put in a line of its own.
fn can_be_opened(draft: &Draft, place: Span, after: &str) -> bool {
    let layout = &draft.layout;
    let line = layout.line_start(place.start);
    let mut around = draft.view.brackets.iter().map(|bracket| bracket.span);
    let is_free = !around.any(|span| span.start >= line && span.contains(place) && span != place);
    let after = after.trim();
    is_free && (["", ":"].contains(&after) || after.starts_with(['.', '[', '#']) || after.starts_with("as "))
}
