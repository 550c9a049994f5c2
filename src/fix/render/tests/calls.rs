use super::*;

#[test]
fn an_empty_call() {
    let before = "import sys\n\nui.run()\n";
    let after = "import sys\n\nui.run(loop=\"asyncio:SelectorEventLoop\" if sys.platform == \"win32\" else \"auto\")\n";
    check(before, &[selector_loop(before, "ui.run()")], after);
}

#[test]
fn a_call_that_stays_short_keeps_its_line_and_its_comment() {
    let before = "import sys\n\nui.run(port=1)  # noqa: E501\n";
    let after = "import sys\n\n\
        ui.run(port=1, loop=\"asyncio:SelectorEventLoop\" if sys.platform == \"win32\" else \"auto\")  # noqa: E501\n";
    check(before, &[selector_loop(before, "ui.run(port=1)")], after);
}

#[test]
fn a_call_that_becomes_too_long_is_opened() {
    let before = r#"import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run("main:app", host="0.0.0.0", port=8000)  # serve
"#;
    let after = r#"import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run(
        "main:app",
        host="0.0.0.0",
        port=8000,
        loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
    )  # serve
"#;
    check(before, &[selector_loop(before, r#"uvicorn.run("main:app", host="0.0.0.0", port=8000)"#)], after);
}

#[test]
fn arguments_that_fit_in_one_line_below_the_call_stay_together() {
    let before = "import asyncio\nimport sys\n\nasyncio.run(main())\n";
    let after = r#"import asyncio
import sys

asyncio.run(
    main(), loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None
)
"#;
    check(before, &[loop_factory(before, "asyncio.run(main())")], after);
    let before = "import sys\n\nserver = uvicorn.Server(uvicorn.Config(a), f=1)\n";
    let after = r#"import sys

server = uvicorn.Server(
    uvicorn.Config(
        a, loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto"
    ),
    f=1,
)
"#;
    check(before, &[selector_loop(before, "uvicorn.Config(a)")], after);
}

#[test]
fn one_column_too_many_or_a_magic_trailing_comma_puts_one_argument_a_line() {
    let after = r#"import asyncio
import sys

if x:
    asyncio.run(
        main(),
        loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None,
    )
"#;
    let before = "import asyncio\nimport sys\n\nif x:\n    asyncio.run(main())\n";
    check(before, &[loop_factory(before, "asyncio.run(main())")], after);
    let before = "import asyncio\nimport sys\n\nif x:\n    asyncio.run(main(),)\n";
    check(before, &[loop_factory(before, "asyncio.run(main(),)")], after);
}

#[test]
fn calls_around_it_are_opened_with_it() {
    let before = r#"import sys

server = uvicorn.Server(uvicorn.Config(app, port=8000))
"#;
    let after = r#"import sys

server = uvicorn.Server(
    uvicorn.Config(
        app,
        port=8000,
        loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
    )
)
"#;
    check(before, &[selector_loop(before, "uvicorn.Config(app, port=8000)")], after);
}

#[test]
fn a_magic_trailing_comma_means_a_new_line() {
    let before = r#"import sys

uvicorn.run(
    "main:app",  # the app
    port=8000,  # the port
    # more to come
)
"#;
    let after = r#"import sys

uvicorn.run(
    "main:app",  # the app
    port=8000,  # the port
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
    # more to come
)
"#;
    check(before, &[selector_loop(before, &before[12..before.len() - 1])], after);
}

#[test]
fn arguments_in_a_row_below_the_call_are_put_one_a_line() {
    let before = r#"import sys

uvicorn.run(
    "main:app", host="0.0.0.0", port=8000
)
"#;
    let after = r#"import sys

uvicorn.run(
    "main:app",
    host="0.0.0.0",
    port=8000,
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
)
"#;
    check(before, &[selector_loop(before, &before[12..before.len() - 1])], after);
}

#[test]
fn one_argument_a_line_without_a_last_comma() {
    let before = r#"import sys

uvicorn.run(
    app,
    port=8000  # the port
)
"#;
    let after = r#"import sys

uvicorn.run(
    app,
    port=8000,  # the port
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto"
)
"#;
    check(before, &[selector_loop(before, &before[12..before.len() - 1])], after);
}

#[test]
fn arguments_aligned_with_the_parenthesis_stay_so() {
    let before = r#"import sys

uvicorn.run(app,
            port=8000)
"#;
    let after = r#"import sys

uvicorn.run(app,
            port=8000,
            loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto")
"#;
    check(before, &[selector_loop(before, &before[12..before.len() - 1])], after);
}

#[test]
fn a_value_that_was_there_is_kept_elsewhere() {
    let before = "import sys\n\nuvicorn.run(app, loop='uvloop')\n";
    let after = "import sys\n\nuvicorn.run(\n    app, loop='asyncio:SelectorEventLoop' if sys.platform == 'win32' else 'uvloop'\n)\n";
    check(before, &[selector_loop(before, "uvicorn.run(app, loop='uvloop')")], after);
}

#[test]
fn a_conditional_that_was_there_goes_into_parentheses() {
    let before = "import sys\n\nui.run(\n    loop=a if b else c,\n)\n";
    let after = r#"import sys

ui.run(
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else (a if b else c),
)
"#;
    check(before, &[selector_loop(before, &before[12..before.len() - 1])], after);
}

#[test]
fn a_further_condition_is_taken_as_it_stands() {
    let before = r#"import sys

uvicorn.run(
    "main:app",
    reload=args.reload_the_programme,
)
"#;
    let after = r#"import sys

uvicorn.run(
    "main:app",
    reload=args.reload_the_programme,
    loop=(
        "none" if sys.platform == "win32" and not args.reload_the_programme else "auto"
    ),
)
"#;
    let value = LoopText::Conditional {
        windows: "\"none\"".into(),
        and: Some("not args.reload_the_programme".into()),
        otherwise: "\"auto\"".into(),
    };
    let call = span(before, &before[12..before.len() - 1]);
    check(before, &[Intent::SetKeyword { call, name: "loop".into(), value, beside_spread: false }], after);
}

#[test]
fn the_text_for_an_unknown_uvicorn_is_broken_by_arms() {
    let before = "import sys\n\nuvicorn.run(app)\n";
    let after = r#"import sys

uvicorn.run(
    app,
    loop=(
        ("asyncio:SelectorEventLoop" if sys.version_info >= (3, 14) else "none")
        if sys.platform == "win32"
        else "auto"
    ),
)
"#;
    let value = LoopText::Conditional {
        windows: r#"("asyncio:SelectorEventLoop" if {sys}.version_info >= (3, 14) else "none")"#.into(),
        and: None,
        otherwise: "\"auto\"".into(),
    };
    let call = span(before, "uvicorn.run(app)");
    check(before, &[Intent::SetKeyword { call, name: "loop".into(), value, beside_spread: false }], after);
}

#[test]
fn modules_are_spelled_as_the_file_spells_them_and_imported_when_missing() {
    let before = r#"import asyncio as aio


def main():
    aio.run(serve())
"#;
    let after = r#"import asyncio as aio
import sys


def main():
    aio.run(
        serve(), loop_factory=aio.SelectorEventLoop if sys.platform == "win32" else None
    )
"#;
    check(before, &[loop_factory(before, "aio.run(serve())")], after);
}

#[test]
fn a_lone_keyword_is_opened_without_a_comma() {
    let before = "import asyncio\nimport sys\n\nwith asyncio.Runner() as runner:\n    runner.run(main())\n";
    let after = r#"import asyncio
import sys

with asyncio.Runner(
    loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None
) as runner:
    runner.run(main())
"#;
    check(before, &[loop_factory(before, "asyncio.Runner()")], after);
}

#[test]
fn a_plain_value_and_a_second_keyword() {
    let before = "import sys\n\nui.run(reload=True)\n";
    let after = "import sys\n\nui.run(reload=sys.platform != \"win32\", workers=1)\n";
    let call = span(before, "ui.run(reload=True)");
    let set = |name: &str, value: &str| Intent::SetKeyword {
        call,
        name: name.into(),
        value: LoopText::Plain(value.into()),
        beside_spread: false,
    };
    check(before, &[set("reload", "{sys}.platform != \"win32\""), set("workers", "1")], after);
}

#[test]
fn policy_and_keyword_in_one_file_share_their_imports() {
    let before = r#"from nicegui import ui

ui.run(
    reload=False,
)
"#;
    let after = r#"import asyncio
import sys

from nicegui import ui

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

ui.run(
    reload=False,
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
)
"#;
    let call = &before[24..before.len() - 1];
    check(before, &[policy(before, "ui.run("), selector_loop(before, call)], after);
}

#[test]
fn star_arguments_are_no_obstacle() {
    let before = "import sys\n\nui.run(*pages)\n";
    let after = "import sys\n\nui.run(*pages, loop=\"asyncio:SelectorEventLoop\" if sys.platform == \"win32\" else \"auto\")\n";
    check(before, &[selector_loop(before, "ui.run(*pages)")], after);
}

#[test]
fn keywords_that_may_hold_the_loop_are_left_alone() {
    let before = "import sys\n\nuvicorn.run(app, **options)\n";
    refused(
        before,
        &[selector_loop(before, "uvicorn.run(app, **options)")],
        "the call passes **kwargs; loop= may be in it",
    );
}

#[test]
fn a_mapping_that_is_known_not_to_hold_the_loop_is_no_obstacle() {
    let beside = |text: &str, call: &str| match selector_loop(text, call) {
        Intent::SetKeyword { call, name, value, .. } => {
            Intent::SetKeyword { call, name, value, beside_spread: true }
        }
        other => other,
    };
    let before = "import sys\n\nui.run(**a)\n";
    let after = "import sys\n\nui.run(**a, loop=\"asyncio:SelectorEventLoop\" if sys.platform == \"win32\" else \"auto\")\n";
    check(before, &[beside(before, "ui.run(**a)")], after);
    let before = "import sys\n\nui.run(\n    port=1,\n    **options,\n)\n";
    let after = r#"import sys

ui.run(
    port=1,
    **options,
    loop="asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto",
)
"#;
    check(before, &[beside(before, &before[12..before.len() - 1])], after);
    // What one fix has proven holds for another one that wants the same.
    check(
        before,
        &[
            selector_loop(before, &before[12..before.len() - 1]),
            beside(before, &before[12..before.len() - 1]),
        ],
        after,
    );
}

#[test]
fn a_generator_without_parentheses_and_an_f_string_are_left_alone() {
    let before = "import sys\n\nrun(x for x in y)\n";
    refused(before, &[selector_loop(before, "run(x for x in y)")], "generator");
    let before = "import sys\n\nprint(f\"{run()}\")\n";
    refused(before, &[selector_loop(before, "run()")], "f-string");
}

#[test]
fn a_parameter_that_hides_the_module_is_left_alone() {
    let before = "import sys\n\n\ndef main(sys):\n    ui.run()\n";
    refused(before, &[selector_loop(before, "ui.run()")], "`sys` may mean something else");
}

#[test]
fn a_row_below_the_call_is_parted_when_a_value_in_it_grows() {
    let before = r#"import sys

config = uvicorn.Config(
    app, port=5001, loop="none" if os_name == "win32" else "auto"
)
"#;
    let after = r#"import sys

config = uvicorn.Config(
    app,
    port=5001,
    loop=(
        "asyncio:SelectorEventLoop"
        if sys.platform == "win32"
        else ("none" if os_name == "win32" else "auto")
    ),
)
"#;
    check(before, &[selector_loop(before, &before[21..before.len() - 1])], after);
}

#[test]
fn of_a_value_that_asks_for_windows_only_that_arm_is_exchanged() {
    for (old, new) in [
        (
            r#""none" if sys.platform == "win32" else "auto""#,
            r#""asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto""#,
        ),
        (
            r#"("none" if sys.platform == "win32" else "auto")"#,
            r#""asyncio:SelectorEventLoop" if sys.platform == "win32" else "auto""#,
        ),
        (
            r#""uvloop" if sys.platform != "win32" else "none""#,
            r#""uvloop" if sys.platform != "win32" else "asyncio:SelectorEventLoop""#,
        ),
        (
            r#""none" if os.name == "nt" and not dev else "auto""#,
            r#""asyncio:SelectorEventLoop" if os.name == "nt" and not dev else "auto""#,
        ),
        (
            r#""none" if fast else "auto""#,
            r#"("asyncio:SelectorEventLoop" if sys.platform == "win32" else ("none" if fast else "auto"))"#,
        ),
    ] {
        let call = format!("ui.run(loop={old})");
        let before = format!("import sys\n\n{call}\n");
        let got = rendered(&before, &[selector_loop(&before, &call)]).unwrap();
        // Lines are another test's matter.
        let words = |text: &str| {
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ").replace("( ", "(").replace(" )", ")").replace(",)", ")")
        };
        assert_eq!(words(&got), format!("import sys ui.run(loop={new})"));
    }
}

#[test]
fn an_arm_of_a_value_over_several_lines_is_exchanged_where_it_stands() {
    let before = r#"import sys

ui.run(
    loop=(
        # uvicorn chooses elsewhere
        "none"
        if sys.platform == "win32"
        else "auto"
    ),
)
"#;
    let after = before.replace("\"none\"", "\"asyncio:SelectorEventLoop\"");
    let call = before.trim_start_matches("import sys\n\n").trim_end();
    check(before, &[selector_loop(before, call)], &after);
}

#[test]
fn of_two_wishes_the_one_with_a_further_condition_wins() {
    let before = "import sys\n\nui.run(reload=dev)\n";
    let wish = |and: Option<&str>| Intent::SetKeyword {
        call: span(before, "ui.run(reload=dev)"),
        name: "loop".into(),
        value: LoopText::Conditional {
            windows: "\"none\"".into(),
            and: and.map(str::to_owned),
            otherwise: "\"auto\"".into(),
        },
        beside_spread: false,
    };
    let after = "import sys\n\n\
        ui.run(reload=dev, loop=\"none\" if sys.platform == \"win32\" and not dev else \"auto\")\n";
    check(before, &[wish(None), wish(Some("not dev"))], after);
    check(before, &[wish(Some("not dev")), wish(None)], after);
    let again =
        "import sys\n\nui.run(reload=dev, loop=\"none\" if sys.platform == \"win32\" else \"auto\")\n";
    let mut intent = wish(Some("not dev"));
    if let Intent::SetKeyword { call, .. } = &mut intent {
        *call = span(again, again.trim_start_matches("import sys\n\n").trim_end());
    }
    check(again, &[intent], after);
}
