use super::*;

#[test]
fn a_new_section_of_imports_and_the_policy_below_the_imports() {
    let before = r#"from nicegui import ui

ui.label("hello")
ui.run(reload=False)
"#;
    let after = r#"import asyncio
import sys

from nicegui import ui

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

ui.label("hello")
ui.run(reload=False)
"#;
    check(before, &[policy(before, "ui.run")], after);
}

#[test]
fn imports_go_between_their_neighbours_in_the_section_of_the_standard_library() {
    let before = r#"import argparse
import logging
from pathlib import Path

import uvicorn


def main():
    uvicorn.run("app:app")


main()
"#;
    let after = r#"import argparse
import asyncio
import logging
import sys
from pathlib import Path

import uvicorn

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())


def main():
    uvicorn.run("app:app")


main()
"#;
    check(before, &[policy(before, "main()\n")], after);
}

#[test]
fn what_the_module_imports_already_is_used_under_its_name() {
    let before = r#"import asyncio as aio
import sys as _s


async def main(): ...


aio.run(main())
"#;
    let after = r#"import asyncio as aio
import sys as _s

if _s.platform == "win32":
    aio.set_event_loop_policy(aio.WindowsSelectorEventLoopPolicy())


async def main(): ...


aio.run(main())
"#;
    check(before, &[policy(before, "aio.run")], after);
}

#[test]
fn importing_from_asyncio_does_not_bind_asyncio() {
    let before = r#"from asyncio import run
from sys import argv

run(main(argv))
"#;
    let after = r#"import asyncio
import sys
from asyncio import run
from sys import argv

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

run(main(argv))
"#;
    check(before, &[policy(before, "run(main")], after);
}

#[test]
fn a_section_sorted_by_module_alone_stays_so() {
    let before = r#"import asyncio
from pathlib import Path
import time

asyncio.run(main(Path(), time))
"#;
    let after = r#"import asyncio
from pathlib import Path
import sys
import time

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

asyncio.run(main(Path(), time))
"#;
    check(before, &[policy(before, "asyncio.run")], after);
}

#[test]
fn a_conditional_import_is_not_relied_on() {
    let before = r#"from typing import TYPE_CHECKING

import tornado.ioloop

if TYPE_CHECKING:
    import asyncio

tornado.ioloop.IOLoop.current().start()
"#;
    let after = r#"import asyncio
import sys
from typing import TYPE_CHECKING

import tornado.ioloop

if TYPE_CHECKING:
    import asyncio

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

tornado.ioloop.IOLoop.current().start()
"#;
    check(before, &[policy(before, "tornado.ioloop.IOLoop")], after);
}

#[test]
fn shebang_coding_docstring_and_future_stay_on_top() {
    let before = r#"#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""The app."""

from __future__ import annotations

from nicegui import ui

ui.run(reload=False)
"#;
    let after = r#"#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""The app."""

from __future__ import annotations

import asyncio
import sys

from nicegui import ui

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

ui.run(reload=False)
"#;
    check(before, &[policy(before, "ui.run")], after);
}

#[test]
fn a_file_without_imports_gets_them_below_its_docstring() {
    let before = r#""""Starts it."""


def main():
    __import__("nicegui").ui.run(reload=False)


main()
"#;
    let after = r#""""Starts it."""

import asyncio
import sys

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())


def main():
    __import__("nicegui").ui.run(reload=False)


main()
"#;
    check(before, &[policy(before, "main()\n")], after);
}

#[test]
fn a_comment_at_the_head_of_the_file_stays_there() {
    let before = r#"# Copyright by somebody
from nicegui import ui

# Serve.
ui.run(reload=False)
"#;
    let after = r#"# Copyright by somebody
import asyncio
import sys

from nicegui import ui

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

# Serve.
ui.run(reload=False)
"#;
    check(before, &[policy(before, "ui.run")], after);
}

#[test]
fn the_policy_goes_above_an_import_that_captures_a_loop() {
    let before = r#"import asyncio
import sys

import app_that_makes_a_loop
import uvicorn

uvicorn.run(app_that_makes_a_loop.app)
"#;
    let after = r#"import asyncio
import sys

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

import app_that_makes_a_loop
import uvicorn

uvicorn.run(app_that_makes_a_loop.app)
"#;
    check(before, &[policy(before, "import app_that_makes_a_loop")], after);
}

#[test]
fn imports_that_stand_too_late_do_not_count() {
    let before = r#"import captures
import asyncio

asyncio.run(captures.main())
"#;
    let after = r#"import asyncio
import sys

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

import captures
import asyncio

asyncio.run(captures.main())
"#;
    check(before, &[policy(before, "import captures")], after);
}

#[test]
fn imports_interleaved_with_small_statements_all_come_first() {
    let before = r#"import os

os.environ["X"] = "1"
sys_path = ["."]
from nicegui import ui

app = ui.make()
ui.run(reload=False)
"#;
    let after = r#"import asyncio
import os
import sys

os.environ["X"] = "1"
sys_path = ["."]
from nicegui import ui

if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

app = ui.make()
ui.run(reload=False)
"#;
    check(before, &[policy(before, "ui.run")], after);
}

#[test]
fn a_bound_and_the_main_guard_are_broken_over_lines_when_too_long() {
    let before = r#"import asyncio
import sys

asyncio.run(main())
"#;
    let after = r#"import asyncio
import sys

if (
    __name__ in {"__main__", "__mp_main__"}
    and sys.platform == "win32"
    and sys.version_info < (3, 12)
):
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

asyncio.run(main())
"#;
    let intent = Intent::InsertPolicy {
        before: span(before, "asyncio.run(main())"),
        bound: Some((3, 12)),
        main_only: true,
    };
    check(before, &[intent], after);
}

#[test]
fn several_policies_become_one_that_covers_them_all() {
    let before = r#"import asyncio
import sys

asyncio.run(one())
asyncio.run(two())
"#;
    let after = r#"import asyncio
import sys

if sys.platform == "win32" and sys.version_info < (3, 14):
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

asyncio.run(one())
asyncio.run(two())
"#;
    let bounded =
        |piece, bound| Intent::InsertPolicy { before: span(before, piece), bound, main_only: false };
    let intents =
        [bounded("asyncio.run(two())", Some((3, 12))), bounded("asyncio.run(one())", Some((3, 14)))];
    check(before, &intents, after);
}

#[test]
fn the_policy_right_before_a_statement_of_a_function() {
    let before = r#"import asyncio


def serve():
	# Blocks.
	asyncio.run(main())
"#;
    let after = r#"import asyncio
import sys


def serve():
	if sys.platform == "win32":
		asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
	# Blocks.
	asyncio.run(main())
"#;
    check(
        before,
        &[Intent::InsertPolicyHere { before: span(before, "asyncio.run(main())"), bound: None }],
        after,
    );
}

#[test]
fn a_project_that_asks_platform_system_is_asked_that_way() {
    let before = "import asyncio\nimport platform\n\nasyncio.run(main())\n";
    let style = Style { guard: GuardStyle::PlatformSystem, ..STYLE };
    let edits = render(before, &[policy(before, "asyncio.run")], &style).expect("it can be done");
    assert_eq!(
        apply(before, &edits),
        r#"import asyncio
import platform

if platform.system() == "Windows":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

asyncio.run(main())
"#
    );
}

#[test]
fn quotes_and_line_ends_are_the_files_own() {
    let before = "import asyncio\r\nprint('a')\r\n\r\nasyncio.run(main('b'))";
    let after = "import asyncio\r\nimport sys\r\n\r\nif sys.platform == 'win32':\r\n    \
                 asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\r\n\r\nprint('a')\r\n\r\n\
                 asyncio.run(main('b'))";
    check(before, &[policy(before, "asyncio.run")], after);
}

#[test]
fn a_shadowed_name_is_left_alone() {
    let before = "from fake import asyncio\n\nasyncio.run(main())\n";
    refused(before, &[policy(before, "asyncio.run")], "`asyncio` may mean something else");
    let before = "try:\n    import asyncio\nexcept ImportError:\n    asyncio = None\nasyncio.run(main())\n";
    refused(before, &[policy(before, "asyncio.run")], "`asyncio` may mean something else");
}

#[test]
fn statements_that_share_a_line_are_left_alone() {
    let before = "import asyncio; asyncio.run(main())\n";
    refused(before, &[policy(before, "asyncio.run")], "share the line");
}

#[test]
fn nothing_goes_above_a_future_import_that_shares_its_line() {
    let before = "from __future__ import annotations; import os\nimport uvicorn\n\nuvicorn.run()\n";
    let after = "from __future__ import annotations; import os\nimport asyncio\nimport sys\nimport uvicorn\n\n\
                 if sys.platform == \"win32\":\n    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n\n\
                 uvicorn.run()\n";
    check(before, &[policy(before, "uvicorn.run")], after);
}

#[test]
fn mixed_line_ends_are_left_alone() {
    let before = "import asyncio\r\n\nasyncio.run(main())\n";
    refused(before, &[policy(before, "asyncio.run")], "mixes");
}
