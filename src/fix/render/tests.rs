//! Before and after, one pair for each thing a file may look like.

use crate::fix::apply::apply;
use crate::fix::intent::{GuardStyle, Intent, LoopText, Side, Style};
use crate::ir::Span;

use super::render;

mod calls;
mod guards;
mod policies;
mod replacements;
mod untouched;

const STYLE: Style = Style { guard: GuardStyle::SysPlatform, line_length: 88 };

/// The span of the first occurrence of a piece of the text.
fn span(text: &str, piece: &str) -> Span {
    let start = text.find(piece).unwrap_or_else(|| panic!("{piece:?} is not in the text")) as u32;
    Span { start, end: start + piece.len() as u32 }
}

fn rendered(text: &str, intents: &[Intent]) -> Result<String, String> {
    Ok(apply(text, &render(text, intents, &STYLE)?))
}

#[track_caller]
fn check(before: &str, intents: &[Intent], after: &str) {
    match rendered(before, intents) {
        Ok(text) => assert_eq!(text, after, "\n--- got\n{text}\n--- wanted\n{after}"),
        Err(reason) => panic!("left alone: {reason}"),
    }
}

#[track_caller]
fn refused(before: &str, intents: &[Intent], reason: &str) {
    match rendered(before, intents) {
        Ok(text) => panic!("changed to\n{text}"),
        Err(error) => assert!(error.contains(reason), "{error}"),
    }
}

/// The policy, above the statement that starts with `before`.
fn policy(text: &str, before: &str) -> Intent {
    let start = span(text, before).start;
    Intent::InsertPolicy {
        before: Span { start, end: start + before.len() as u32 },
        bound: None,
        main_only: false,
    }
}

/// `loop="asyncio:SelectorEventLoop"` on Windows.
fn selector_loop(text: &str, call: &str) -> Intent {
    Intent::SetKeyword {
        call: span(text, call),
        name: "loop".into(),
        value: LoopText::Conditional {
            windows: "\"asyncio:SelectorEventLoop\"".into(),
            and: None,
            otherwise: "\"auto\"".into(),
        },
        beside_spread: false,
    }
}

fn loop_factory(text: &str, call: &str) -> Intent {
    Intent::SetKeyword {
        call: span(text, call),
        name: "loop_factory".into(),
        value: LoopText::Conditional {
            windows: "{asyncio}.SelectorEventLoop".into(),
            and: None,
            otherwise: "None".into(),
        },
        beside_spread: false,
    }
}
