//! A value that already depends on the platform: only what it is on Windows is exchanged.

use crate::fix::intent::LoopText;
use crate::ir::Span;
use crate::python::view::{Shape, StatementKind};

use super::Draft;
use super::value::Value;

/// The place and the value that go into a conditional which asks for Windows, whichever way round.
/// `outer` is the conditional with its parentheses. Nothing where it asks something else.
pub fn exchanged(
    draft: &mut Draft,
    text: &LoopText,
    conditional: Span,
    outer: Span,
) -> Result<Option<(Span, Value)>, String> {
    let LoopText::Conditional { windows: new, and, .. } = text else { return Ok(None) };
    let Some(Shape::Conditional { value, test, otherwise }) = draft.view.shape(conditional) else {
        return Ok(None);
    };
    let (first, test, second) = (*value, *test, *otherwise);
    let arm = |draft: &Draft, arm| {
        let arm = draft.view.parenthesized(draft.layout.text, arm, conditional);
        (arm, draft.layout.slice(arm.start, arm.end).to_string())
    };
    let new = draft.spelled(new, conditional.start)?;
    let asked = draft.layout.slice(test.start, test.end).to_string();
    let whole = draft.layout.is_one_line(outer.start, outer.end);
    let exchange = |place, value| Ok(Some((place, value)));
    match (asks(draft, test), and) {
        // A further condition that stands there stays: another start of the call was in need of it.
        (Some(Asked::Windows), None) | (Some(Asked::WindowsAndMore), _) => {
            let (place, _) = arm(draft, first);
            if !whole {
                return exchange(place, Value::Plain(new));
            }
            let otherwise = arm(draft, second).1;
            exchange(outer, Value::Conditional { windows: new, test: asked, otherwise })
        }
        (Some(Asked::Windows), Some(and)) if whole => {
            let test = format!("{asked} and {and}");
            let otherwise = arm(draft, second).1;
            exchange(outer, Value::Conditional { windows: new, test, otherwise })
        }
        (Some(Asked::Elsewhere), None) => {
            let (place, _) = arm(draft, second);
            if !whole {
                return exchange(place, Value::Plain(new));
            }
            let windows = arm(draft, first).1;
            exchange(outer, Value::Conditional { windows, test: asked, otherwise: new })
        }
        _ => Ok(None),
    }
}

/// Whether what stands here runs on Windows only, by an `if` around it.
pub fn is_on_windows(draft: &Draft, at: Span) -> bool {
    let view = draft.view;
    let around = view.statements.iter().filter(|statement| statement.span.contains(at));
    around.map(|statement| &view.blocks[statement.block]).any(|block| {
        let owner = block.owner.filter(|_| block.is_then).map(|owner| &view.statements[owner].kind);
        let Some(StatementKind::If { test, .. }) = owner else { return false };
        matches!(asks(draft, *test), Some(Asked::Windows | Asked::WindowsAndMore))
    })
}

enum Asked {
    Windows,
    WindowsAndMore,
    Elsewhere,
}

/// What a test asks, where it is one of the usual ways to write that. The second paper run sees
/// whether a name in it is what it seems to be.
fn asks(draft: &Draft, test: Span) -> Option<Asked> {
    let plain = |span: Span| draft.layout.slice(span.start, span.end).replace('\'', "\"");
    let is = |text: &str, operator: &str| {
        [("platform", "win32"), ("name", "nt"), ("system()", "Windows")].iter().any(|(asked, answer)| {
            let comparison = format!("{asked} {operator} \"{answer}\"");
            text == comparison || text.strip_suffix(&comparison).is_some_and(|before| before.ends_with('.'))
        })
    };
    match draft.view.shape(test) {
        Some(Shape::And(operands)) => {
            operands.first().filter(|first| is(&plain(**first), "==")).map(|_| Asked::WindowsAndMore)
        }
        _ if is(&plain(test), "==") => Some(Asked::Windows),
        _ if is(&plain(test), "!=") => Some(Asked::Elsewhere),
        _ => None,
    }
}
