use super::*;

fn selector(text: &str, call: &str) -> Intent {
    Intent::ReplaceCall {
        call: span(text, call),
        on: Side::Windows,
        text: "{asyncio}.SelectorEventLoop()".into(),
    }
}

/// A function's only line, with `asyncio.new_event_loop()` replaced.
fn replaced(line: &str) -> String {
    let before = format!("import asyncio\nimport sys\n\n\ndef f():\n    {line}\n");
    match rendered(&before, &[selector(&before, "asyncio.new_event_loop()")]) {
        Ok(text) => text.split_once("def f():\n").map_or(text.clone(), |(_, body)| body.to_string()),
        Err(reason) => reason,
    }
}

#[test]
fn a_short_value_stays_in_its_line() {
    let before = "from asyncio import new_event_loop\n\nloop = new_event_loop()\n";
    let after = r#"import asyncio
import sys
from asyncio import new_event_loop

loop = asyncio.SelectorEventLoop() if sys.platform == "win32" else new_event_loop()
"#;
    check(before, &[selector(before, "new_event_loop()")], after);
}

#[test]
fn a_value_that_fits_in_one_line_of_its_own_gets_one() {
    let before = "import asyncio\nimport sys\n\nloop = asyncio.new_event_loop()\n";
    let after = r#"import asyncio
import sys

loop = (
    asyncio.SelectorEventLoop() if sys.platform == "win32" else asyncio.new_event_loop()
)
"#;
    check(before, &[selector(before, "asyncio.new_event_loop()")], after);
}

#[test]
fn a_longer_value_gets_a_line_for_each_arm() {
    let arms = r#"(
        asyncio.SelectorEventLoop()
        if sys.platform == "win32"
        else asyncio.new_event_loop()
    )"#;
    for around in [
        "loop = {}",
        "self.loop: Loop = {}  # type: ignore",
        "return {}",
        "return {}.run_until_complete(main())",
        "loop = self.loop or {}",
        "with {} as loop: pass",
        "await {}",
    ] {
        let line = around.replace("{}", "asyncio.new_event_loop()");
        assert_eq!(replaced(&line), format!("    {}\n", around.replace("{}", arms)));
    }
    assert_eq!(replaced("return (asyncio.new_event_loop())"), format!("    return {arms}\n"));
}

#[test]
fn parentheses_that_are_open_already_stay() {
    assert_eq!(
        replaced("return (\n        # why\n        asyncio.new_event_loop()  # because\n    )"),
        r#"    return (
        # why
        asyncio.SelectorEventLoop()
        if sys.platform == "win32"
        else asyncio.new_event_loop()  # because
    )
"#
    );
}

#[test]
fn an_argument_is_opened_with_its_call() {
    let alone = r#"    asyncio.set_event_loop(
        asyncio.SelectorEventLoop()
        if sys.platform == "win32"
        else asyncio.new_event_loop()
    )
"#;
    assert_eq!(replaced("asyncio.set_event_loop(asyncio.new_event_loop())"), alone);
    assert_eq!(replaced("asyncio.set_event_loop(\n        asyncio.new_event_loop()\n    )"), alone);
    assert_eq!(
        replaced("app.run(port=8, loop=asyncio.new_event_loop())"),
        r#"    app.run(
        port=8,
        loop=(
            asyncio.SelectorEventLoop()
            if sys.platform == "win32"
            else asyncio.new_event_loop()
        ),
    )
"#
    );
}

#[test]
fn inside_another_expression_it_stands_in_parentheses() {
    let before = "import sys\nimport asyncio as a\n\nx, y = new(), 1\n";
    let after = "import sys\nimport asyncio as a\n\n\
        x, y = (a.SelectorEventLoop() if sys.platform == \"win32\" else new()), 1\n";
    check(before, &[selector(before, "new()")], after);
}

#[test]
fn what_cannot_be_written_well_is_left_alone() {
    assert!(replaced("loops = [asyncio.new_event_loop()]").contains("a line of its own"));
    assert!(replaced("print(f\"{asyncio.new_event_loop()}\")").contains("f-string"));
    assert!(replaced("return (asyncio.new_event_loop()\n    )").contains("shares a line"));
    assert!(replaced("f((  # why\n        asyncio.new_event_loop()\n    ))").contains("several lines"));
    let before = "import sys\n\nloop = new(\n)\n";
    refused(before, &[selector(before, "new(\n)")], "several lines");
}
