//! Whatever a file looks like, bytes outside the edits stay, and the result parses.

use proptest::prelude::*;

use super::*;
use crate::python::view::View;

/// Small statements in many shapes, each on lines of its own.
fn statement() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "import os",
        "import sys, time",
        "import asyncio",
        "from pathlib import Path",
        "from nicegui import ui",
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None",
        "# a comment",
        "",
        "x = 'é'",
        "y = \"\"\"two\n  lines\"\"\"",
        "@decorated\ndef f(a, *b, **c):\n\treturn a",
        "class C: pass",
        "if x: pass",
        "a(); b()",
        "call(1,\n     2)",
        "call(\n    1,  # one\n)",
    ])
    .prop_map(str::to_string)
}

proptest! {
    #[test]
    fn bytes_outside_the_edits_stay(
        head in prop::collection::vec(statement(), 0..8),
        tail in prop::collection::vec(statement(), 0..3),
        arguments in prop::sample::select(vec!["", "1", "1, ", "\n    1,\n", "*a, k=(\n 1)", "loop='x'"]),
        windows in any::<bool>(),
    ) {
        let mut text = head.join("\n") + "\n\n";
        let start = text.len() as u32;
        let call = format!("ui.run({arguments})");
        text.push_str(&call);
        text.push('\n');
        text.push_str(&tail.join("\n"));
        if windows {
            text = text.replace('\n', "\r\n");
        }
        let start = text.rfind("ui.run(").map_or(start, |at| at as u32);
        let end = start + if windows { call.replace('\n', "\r\n").len() } else { call.len() } as u32;
        let place = Span { start, end };
        let keyword = selector_loop(&text, &text[start as usize..end as usize]);
        let policy = Intent::InsertPolicy { before: place, bound: Some((3, 14)), main_only: false };
        let Ok(edits) = render(&text, &[policy, keyword], &STYLE) else { return Ok(()) };

        let result = apply(&text, &edits);
        prop_assert!(View::new(&result).is_ok());
        let mut kept = String::new();
        let mut at = 0;
        let mut rest = result.as_str();
        for edit in &edits {
            prop_assert!(at <= edit.start as usize);
            let same = &text[at..edit.start as usize];
            prop_assert!(rest.starts_with(same));
            rest = &rest[same.len()..];
            prop_assert!(rest.starts_with(&edit.content));
            rest = &rest[edit.content.len()..];
            kept.push_str(same);
            at = edit.end as usize;
        }
        prop_assert_eq!(rest, &text[at..]);
        prop_assert_eq!(result.contains("\r\n"), windows);
    }
}
