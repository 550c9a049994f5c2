use super::*;

const SET: &str = "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())";

fn wrap(text: &str) -> Intent {
    Intent::WrapInGuard { statement: span(text, SET) }
}

#[test]
fn a_policy_at_the_top_level() {
    let before = r#"import asyncio

# Needed on Windows.
asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())  # really
asyncio.run(main())
"#;
    let after = r#"import asyncio
import sys

# Needed on Windows.
if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())  # really
asyncio.run(main())
"#;
    check(before, &[wrap(before)], after);
}

#[test]
fn a_policy_over_several_lines_is_moved_as_a_whole() {
    let before = r#"import asyncio
import sys

def main():
  asyncio.set_event_loop_policy(
    # the selector
    asyncio.WindowsSelectorEventLoopPolicy(),

    """a
string""",
  )
"#;
    let after = r#"import asyncio
import sys

def main():
  if sys.platform == "win32":
    asyncio.set_event_loop_policy(
      # the selector
      asyncio.WindowsSelectorEventLoopPolicy(),

      """a
string""",
    )
"#;
    let start = before.find("asyncio.set").unwrap_or(0);
    check(
        before,
        &[Intent::WrapInGuard { statement: span(before, &before[start..before.len() - 1]) }],
        after,
    );
}

#[test]
fn all_that_an_if_holds_adds_to_its_condition() {
    let before = format!("import asyncio\nimport sys\n\nif WINDOWS:\n    {SET}\n");
    let after =
        format!("import asyncio\nimport sys\n\nif sys.platform == \"win32\" and WINDOWS:\n    {SET}\n");
    check(&before, &[wrap(&before)], &after);
    let before = format!("import asyncio\nimport sys\n\nif WINDOWS: {SET}\n");
    let after = format!("import asyncio\nimport sys\n\nif sys.platform == \"win32\" and WINDOWS: {SET}\n");
    check(&before, &[wrap(&before)], &after);
}

#[test]
fn an_if_with_an_else_gets_another_if_inside() {
    let before = format!("import asyncio\nimport sys\n\nif a:\n    {SET}\nelse:\n    b()\n");
    let after = format!(
        "import asyncio\nimport sys\n\nif a:\n    if sys.platform == \"win32\":\n        {SET}\nelse:\n    b()\n"
    );
    check(&before, &[wrap(&before)], &after);
}

#[test]
fn one_line_suites_are_opened() {
    let before = format!("import asyncio\nimport sys\n\ntry: {SET}\nexcept AttributeError: pass\n");
    let after = format!(
        "import asyncio\nimport sys\n\ntry:\n    if sys.platform == \"win32\":\n        {SET}\nexcept AttributeError: pass\n"
    );
    check(&before, &[wrap(&before)], &after);
    let before = format!("import asyncio\nimport sys\n\nif a:\n    b()\nelse: {SET};\n");
    let after = format!(
        "import asyncio\nimport sys\n\nif a:\n    b()\nelse:\n    if sys.platform == \"win32\":\n        {SET}\n"
    );
    check(&before, &[wrap(&before)], &after);
}

#[test]
fn statements_on_one_line_are_parted() {
    let before = format!("import asyncio\nimport sys\n\na(); {SET}; b()  # all\n");
    let after =
        format!("import asyncio\nimport sys\n\na()\nif sys.platform == \"win32\":\n    {SET}\nb()  # all\n");
    check(&before, &[wrap(&before)], &after);
    let before = format!("import asyncio\nimport sys\n\nif x: a(); {SET}\n");
    refused(&before, &[wrap(&before)], "share the line");
}

#[test]
fn only_expressions_whose_names_nobody_reads_run_on_windows_alone() {
    let wrap = |text: &str, statement: &str| {
        let text = format!("import sys\n\n{text}");
        rendered(&text, &[Intent::WrapInGuard { statement: span(&text, statement) }])
    };
    let used = Err("the name it binds is used later".to_string());
    assert_eq!(wrap("policy = Policy()\nset(policy)\n", "policy = Policy()"), used);
    assert_eq!(wrap("import winloop\nwinloop.install()\n", "import winloop"), used);
    assert_eq!(wrap("def f():\n    set(policy)\n\npolicy = Policy()\nf()\n", "policy = Policy()"), used);
    assert_eq!(wrap("if a:\n    def f(): pass\nf()\n", "def f(): pass"), used);
    assert_eq!(wrap("class A: pass\nA()\n", "class A: pass"), used);
    assert_eq!(wrap("set(p := Policy())\nprint(p)\n", "set(p := Policy())"), used);

    let last_of_a_function = wrap("def f():\n    a()\n    set(policy)\n\nf()\n", "set(policy)");
    assert!(last_of_a_function.is_ok(), "{last_of_a_function:?}");

    let larger = Err("it is part of a larger statement".to_string());
    assert_eq!(wrap("policy = Policy()\n", "policy = Policy()"), larger);
    assert_eq!(wrap("def f():\n    return Policy()\n", "return Policy()"), larger);

    let after = "import sys\n\nif sys.platform == \"win32\":\n    set(x for x in y)\nx = 1\nprint(x)\n";
    assert_eq!(wrap("set(x for x in y)\nx = 1\nprint(x)\n", "set(x for x in y)"), Ok(after.to_string()));
}

#[test]
fn a_condition_binds_tighter_than_what_is_added() {
    let add = |text: &str| {
        let wrap = Intent::WrapInGuard { statement: span(text, "c()") };
        rendered(text, &[wrap]).unwrap_or_else(|error| error)
    };
    assert_eq!(
        add("import sys\nif a or b:\n    c()\n"),
        "import sys\nif sys.platform == \"win32\" and (a or b):\n    c()\n"
    );
    assert_eq!(
        add("import sys\nif (a or b):\n    c()\n"),
        "import sys\nif sys.platform == \"win32\" and (a or b):\n    c()\n"
    );
    assert_eq!(
        add("import sys\nif x := f():\n    c()\n"),
        "import sys\nif sys.platform == \"win32\" and (x := f()):\n    c()\n"
    );
    assert_eq!(
        add("import sys\nif (\n    a\n    and b\n):\n    c()\n"),
        "import sys\nif (\n    sys.platform == \"win32\"\n    and a\n    and b\n):\n    c()\n"
    );
}

#[test]
fn a_condition_too_long_for_its_line_is_opened() {
    let before = r#"import sys

if hasattr(asyncio, "WindowsSelectorEventLoopPolicy") and (this or that):
    a()
"#;
    let after = r#"import sys

if (
    sys.platform == "win32"
    and hasattr(asyncio, "WindowsSelectorEventLoopPolicy")
    and (this or that)
):
    a()
"#;
    check(before, &[Intent::WrapInGuard { statement: span(before, "a()") }], after);
}

#[test]
fn a_run_in_two_arms() {
    let before = r#"import asyncio


def main():
    return asyncio.run(serve())
"#;
    let after = r#"import asyncio
import sys


def main():
    if sys.platform == "win32" and sys.version_info >= (3, 12):
        return asyncio.run(serve(), loop_factory=asyncio.SelectorEventLoop)
    else:
        return asyncio.run(serve())
"#;
    let intent = Intent::TwoArmedRun {
        statement: span(before, "return asyncio.run(serve())"),
        call: span(before, "asyncio.run(serve())"),
    };
    check(before, &[intent], after);
}

#[test]
fn a_run_over_several_lines_in_two_arms() {
    let before = r#"import asyncio
import sys

asyncio.run(
    serve(),
    debug=True,
)
"#;
    let after = r#"import asyncio
import sys

if sys.platform == "win32" and sys.version_info >= (3, 12):
    asyncio.run(
        serve(),
        debug=True,
        loop_factory=asyncio.SelectorEventLoop,
    )
else:
    asyncio.run(
        serve(),
        debug=True,
    )
"#;
    let run = span(before, &before[27..before.len() - 1]);
    check(before, &[Intent::TwoArmedRun { statement: run, call: run }], after);
}

#[test]
fn a_run_below_a_one_line_main_guard_in_two_arms() {
    let before = r#"import asyncio
import sys

if __name__ == "__main__": asyncio.run(main())
"#;
    let after = r#"import asyncio
import sys

if __name__ == "__main__":
    if sys.platform == "win32" and sys.version_info >= (3, 12):
        asyncio.run(main(), loop_factory=asyncio.SelectorEventLoop)
    else:
        asyncio.run(main())
"#;
    let run = span(before, "asyncio.run(main())");
    check(before, &[Intent::TwoArmedRun { statement: run, call: run }], after);
}

#[test]
fn a_removed_statement_takes_its_line_and_a_blank_one() {
    let remove = |text: &str, pieces: &[&str]| {
        let intents: Vec<Intent> =
            pieces.iter().map(|piece| Intent::RemoveStatement { statement: span(text, piece) }).collect();
        rendered(text, &intents).unwrap_or_else(|error| error)
    };
    assert_eq!(remove("a()\n\nb()  # gone\n\nc()\n", &["b()"]), "a()\n\nc()\n");
    assert_eq!(remove("a()\nb()\n", &["b()"]), "a()\n");
    assert_eq!(remove("a(); b(); c()\n", &["b()"]), "a(); c()\n");
    assert_eq!(remove("a(); b()\n", &["b()"]), "a()\n");
    assert_eq!(remove("with x: b()\n", &["b()"]), "with x: pass\n");
    assert_eq!(remove("def f():\n    a()\n    b()\n", &["a()", "b()"]), "def f():\n    pass\n");
}

#[test]
fn what_would_be_empty_goes_with_a_statement() {
    let remove = |text: &str| {
        let intent = Intent::RemoveStatement { statement: span(text, "gone()") };
        rendered(text, &[intent]).unwrap_or_else(|error| error)
    };
    assert_eq!(remove("a()\nif x:\n    gone()\n"), "a()\n");
    assert_eq!(remove("a()\nif x: gone()\n"), "a()\n");
    assert_eq!(remove("if x:\n    if y:\n        gone()\nb()\n"), "b()\n");
    assert_eq!(remove("if x:\n    a()\nelse:\n    gone()\n"), "if x:\n    a()\n");
    assert_eq!(remove("if x:\n    a()\nelif y:\n    gone()\nb()\n"), "if x:\n    a()\nb()\n");
    assert_eq!(remove("if x:\n    a()\nelse: gone()\n"), "if x:\n    a()\n");
    // The first suite is what the opposite of the test is for.
    assert_eq!(remove("if x == y:\n    gone()\nelse:\n    a()\n"), "if x != y:\n    a()\n");
    assert_eq!(remove("if x.y(\"z\"):\n    gone()\nelse:\n    a()\n"), "if not x.y(\"z\"):\n    a()\n");
    assert_eq!(remove("if not x:\n    gone()\nelse:\n    a()\n"), "if x:\n    a()\n");
    // Where that cannot be told, or would not be true, the suite stays.
    for stays in [
        "if x and y:\n    gone()\nelse:\n    a()\n",
        "if x:  # why\n    gone()\nelse:\n    a()\n",
        "if x:\n    gone()\nelif y:\n    a()\n",
        "if x:\n    a()\nelif y:\n    gone()\nelse:\n    b()\n",
        "try:\n    gone()\nexcept E:\n    a()\n",
        "class C:\n    gone()\n",
    ] {
        assert_eq!(remove(stays), stays.replace("gone()", "pass"));
    }
}

#[test]
fn imports_that_only_the_removed_statements_needed_go_with_them() {
    let before = format!("import asyncio\nimport sys\n\nfrom nicegui import ui\n\n{SET}\n\nui.run()\n");
    let after = "import sys\n\nfrom nicegui import ui\n\nui.run()\n";
    let remove = Intent::RemoveStatement { statement: span(&before, SET) };
    check(&before, std::slice::from_ref(&remove), after);
    let before = format!("import asyncio\n\nfrom nicegui import ui\n\n{SET}\n\nui.run()\n");
    let remove = Intent::RemoveStatement { statement: span(&before, SET) };
    check(&before, std::slice::from_ref(&remove), "from nicegui import ui\n\nui.run()\n");
}

#[test]
fn a_moved_policy_keeps_its_imports() {
    let before =
        format!("import asyncio\nimport sys\n\nif sys.platform == \"win32\":\n    {SET}\nui.run()\n");
    let whole = format!("if sys.platform == \"win32\":\n    {SET}");
    let after =
        format!("import asyncio\nimport sys\n\nif sys.platform == \"win32\":\n    {SET}\n\nui.run()\n");
    let remove = Intent::RemoveStatement { statement: span(&before, &whole) };
    check(&before, &[remove, policy(&before, "ui.run")], &after);
}

#[test]
fn a_condition_that_ran_over_lines_is_written_one_part_a_line() {
    let before = "import sys\n\nif on_windows() and isinstance(\n    policy, asyncio.WindowsProactorEventLoopPolicy\n):\n    a()\n";
    let after = r#"import sys

if (
    sys.platform == "win32"
    and on_windows()
    and isinstance(policy, asyncio.WindowsProactorEventLoopPolicy)
):
    a()
"#;
    check(before, &[Intent::WrapInGuard { statement: span(before, "a()") }], after);
}

#[test]
fn a_policy_too_long_for_its_new_place_is_opened() {
    let indent = " ".repeat(16);
    let before = format!("import asyncio\nimport sys\n\nif a:\n{indent}b()\n{indent}{SET}\n");
    let before = before.replace("if a:\n", "if a:\n    if b:\n        if c:\n            if d:\n");
    let after = before.replace(
        &format!("{indent}{SET}"),
        &format!(
            "{indent}if sys.platform == \"win32\":\n{indent}    asyncio.set_event_loop_policy(\n\
             {indent}        asyncio.WindowsSelectorEventLoopPolicy()\n{indent}    )"
        ),
    );
    check(&before, &[wrap(&before)], &after);
}

#[test]
fn a_suite_in_tabs_stays_in_tabs() {
    let before = "import sys\n\n\ndef f():\n    pass\n\n\ndef g():\n\ta()\n\tset(policy)\n";
    let after = "import sys\n\n\ndef f():\n    pass\n\n\ndef g():\n\ta()\n\tif sys.platform == \"win32\":\n\t\tset(policy)\n";
    check(before, &[Intent::WrapInGuard { statement: span(before, "set(policy)") }], after);
}
