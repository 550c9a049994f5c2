//! What the paper run says of small programs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::entry::Launch;
use crate::files::{Role, Source, UniverseFile, shown_path};
use crate::interpret::trace::{Root, RootTrace};
use crate::interpret::{Limits, RunOptions, World, run_root};
use crate::knowledge::Knowledge;
use crate::platform::Platform;
use crate::project::{Modules, Project};

/// The trace of a script on one platform, on a stack as large as that of the real runs.
fn trace(platform: Platform, text: &str) -> RootTrace {
    let text = text.to_string();
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(move || trace_here(platform, &text));
    thread.expect("a thread starts").join().expect("the run does not panic")
}

fn trace_here(platform: Platform, text: &str) -> RootTrace {
    trace_of(Role::Seed, &[platform], text)
}

fn trace_of(role: Role, platforms: &[Platform], text: &str) -> RootTrace {
    let root = PathBuf::from("/no-such-project");
    let path = root.join("main.py");
    let shown = shown_path(&path, Path::new("/no-such-project"));
    let file = UniverseFile {
        path: path.clone(),
        root: 0,
        role,
        given: true,
        imported: false,
        main: true,
        imports: Box::default(),
    };
    let modules = Modules::new(vec![(file, shown.clone())]);
    modules.put(&path, Ok(Source::from_text(path.clone(), shown, text.into())));
    let project = Project::alone(root, modules);
    let world = |platform: &Platform| World::of(&project.dependencies, *platform);
    let worlds: Vec<World<'_>> = platforms.iter().map(world).collect();
    let options = RunOptions {
        project: &project,
        worlds: &worlds,
        knowledge: Knowledge::bundled(),
        limits: Limits::default(),
    };
    run_root(&options, &Root { module: 0, launch: Launch::Script, function: None }).0
}

/// The runs of a script, one line for each way: `asyncio.run Proactor, asyncio.run Selector`.
fn runs(platform: Platform, text: &str) -> Vec<String> {
    let trace = trace(platform, text);
    assert_eq!(trace.incomplete, None);
    let line = |events: &[Arc<crate::interpret::trace::Event>]| {
        let runs = events.iter().filter_map(|event| event.run());
        runs.map(|run| format!("{} {:?}", run.runner, run.kind)).collect::<Vec<_>>().join(", ")
    };
    trace.paths.iter().map(|path| line(&path.events)).collect()
}

#[test]
fn a_run_takes_the_loop_of_the_policy_in_force() {
    let program = "
import asyncio, sys
async def main(): pass
if sys.platform == 'win32':
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
asyncio.run(main())
asyncio.set_event_loop_policy(None)
asyncio.run(main())
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Selector, asyncio.run Proactor"]);
    assert_eq!(runs(Platform::Linux, program), ["asyncio.run Selector, asyncio.run Selector"]);
}

#[test]
fn ways_that_differ_only_in_what_nobody_asks_are_one_way() {
    let program = "
import asyncio, os
def load():
    if os.environ.get('A'):
        return 1
    if os.environ.get('B'):
        return 2
    try:
        return int(os.environ['C'])
    except ValueError:
        return 3
settings = load()
asyncio.run(asyncio.sleep(settings))
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Proactor"]);
}

#[test]
fn ways_with_different_policies_stay_apart() {
    let program = "
import asyncio, os
def prepare(wanted):
    if wanted:
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
prepare(os.environ.get('SELECTOR'))
asyncio.run(asyncio.sleep(0))
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Selector", "asyncio.run Proactor"]);
}

#[test]
fn many_early_exits_are_followed_without_repeating_what_came_before() {
    let checks: String =
        (0..40).map(|n| format!("    if os.environ.get('K{n}'): return {n}\n    helper({n})\n")).collect();
    let program = format!(
        "
import asyncio, os
def helper(n):
    if os.environ.get('DEBUG'): return n
    return -n
def check():
{checks}
    return None
check()
asyncio.run(asyncio.sleep(0))
"
    );
    assert_eq!(runs(Platform::Windows, &program), ["asyncio.run Proactor"]);
}

#[test]
fn a_dictionary_of_arguments_keeps_its_keys_on_both_ways() {
    let program = "
import asyncio, os
def arguments():
    found = {}
    if os.environ.get('SELECTOR'):
        found['loop_factory'] = asyncio.SelectorEventLoop
    return found
asyncio.run(asyncio.sleep(0), **arguments())
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Selector", "asyncio.run Proactor"]);
}

#[test]
fn the_block_of_a_context_manager_may_split_and_leave() {
    let program = "
import asyncio, contextlib, os
@contextlib.contextmanager
def policy():
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)
def serve():
    with policy():
        if os.environ.get('EARLY'):
            return asyncio.run(asyncio.sleep(0))
    asyncio.run(asyncio.sleep(0))
serve()
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Selector", "asyncio.run Proactor"]);
}

const ENDLESS: &str = "
def grow(n):
    for a in range(200):
        for b in range(200):
            for c in range(200): n = n + 1
grow(0)
";

#[test]
fn code_that_never_ends_or_is_nested_without_end_is_given_up_with_a_reason() {
    let deep = format!("x = {}1{}\n", "-(".repeat(1200), ")".repeat(1200));
    assert_eq!(trace(Platform::Windows, &deep).incomplete, None);
    assert!(trace(Platform::Windows, ENDLESS).incomplete.is_some());
}

#[test]
fn what_names_no_loop_and_is_given_up_on_windows_is_not_followed_elsewhere() {
    let platforms = |role, text: &str| {
        let mut platforms: Vec<Platform> =
            trace_of(role, &Platform::ALL, text).paths.iter().map(|path| path.platform).collect();
        platforms.dedup();
        platforms
    };
    assert_eq!(platforms(Role::Importer, ENDLESS), [Platform::Windows]);
    assert_eq!(platforms(Role::Seed, ENDLESS), Platform::ALL);
    assert_eq!(platforms(Role::Command, ENDLESS), Platform::ALL);
    let policy = "import asyncio\nasyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())\n";
    assert_eq!(platforms(Role::Importer, &format!("{policy}{ENDLESS}")), Platform::ALL);
    assert_eq!(platforms(Role::Importer, "x = 1\n"), Platform::ALL);
}

#[test]
fn a_context_manager_is_not_left_where_the_run_was_cut_short() {
    // Some way of the second round is given up inside the block, before the choices of the first.
    for lines in (200..1000).step_by(50) {
        let program = format!(
            "
import asyncio, somewhere
class Pool:
    async def __aexit__(self, *error): return None
async def work():
    async with Pool():
        u = 1 if somewhere.first else 2
        v = 1 if somewhere.second else 2
{}
        u = u + 1
        v = v + 1
async def main(): await work()
asyncio.run(main())
",
            "        d = 1\n".repeat(lines)
        );
        assert_eq!(runs(Platform::Windows, &program), ["asyncio.run Proactor"]);
    }
}

/// The runs of `asyncio.run` behind some lines.
fn after(platform: Platform, lines: &str) -> Vec<String> {
    let head = "import asyncio, sys\nSelector = 'WindowsSelectorEventLoopPolicy'\n";
    let prepare = "def prepare(): asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n";
    runs(platform, &format!("{head}{prepare}{lines}\nasyncio.run(asyncio.sleep(0))\n"))
}

#[test]
fn a_policy_nobody_knows_leaves_the_loop_unknown() {
    let program = "import somewhere\nasyncio.set_event_loop_policy(somewhere.Policy())";
    assert_eq!(after(Platform::Windows, program), ["asyncio.run Unknown"]);
    let program = "
import asyncio, somewhere
asyncio.set_event_loop_policy(somewhere.Policy())
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))
";
    assert_eq!(runs(Platform::Windows, program), ["loop.run_until_complete Unknown"]);
}

#[test]
fn text_made_with_percent_names_an_attribute() {
    let lines = "asyncio.set_event_loop_policy(getattr(asyncio, 'Windows%sEventLoopPolicy' % 'Selector')())";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn dir_knows_what_hasattr_knows() {
    let lines = "if Selector in dir(asyncio): prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
    assert_eq!(after(Platform::Linux, lines), ["asyncio.run Selector"]);
    let lines = "if Selector not in dir(asyncio): sys.exit()";
    assert!(after(Platform::Linux, lines)[0].is_empty());
}

#[test]
fn a_condition_asks_the_object_for_its_truth() {
    let lines = "
class Ready:
    def __bool__(self):
        prepare()
        return False
if Ready(): asyncio.set_event_loop_policy(None)";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn members_of_an_enumeration_have_values() {
    let plain = "
import enum
class System(enum.Enum):
    WINDOWS = 'win32'
    LINUX = 'linux'
if sys.platform == System.WINDOWS.value and System(sys.platform) is System.WINDOWS: prepare()";
    assert_eq!(after(Platform::Windows, plain), ["asyncio.run Selector"]);
    let text = "
import enum
class System(str, enum.Enum):
    WINDOWS = 'win32'
if sys.platform == System.WINDOWS: prepare()";
    assert_eq!(after(Platform::Windows, text), ["asyncio.run Selector"]);
    let base = "
import enum
class System(str, enum.Enum):
    WINDOWS = 'win32'
if issubclass(System, str) and not issubclass(enum.Enum, int): prepare()";
    assert_eq!(after(Platform::Windows, base), ["asyncio.run Selector"]);
    let other = "
import enum
class System(enum.Enum):
    WINDOWS = 'win32'
if sys.platform == System.WINDOWS: prepare()";
    assert_eq!(after(Platform::Windows, other), ["asyncio.run Proactor"]);
}

#[test]
fn signals_of_posix_do_not_exist_on_windows() {
    let lines = "import signal\nif not hasattr(signal, 'SIGUSR1'): prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
    assert_eq!(after(Platform::Linux, lines), ["asyncio.run Selector"]);
    let lines = "import signal\nsignal.SIGHUP";
    assert!(after(Platform::Windows, lines)[0].is_empty());
}

#[test]
fn there_is_no_child_watcher_on_windows() {
    // From Python 3.14 on the function is gone.
    let lines = "
try: asyncio.get_child_watcher()
except (NotImplementedError, AttributeError): prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn an_unknown_exception_may_find_any_handler() {
    let lines = "
import somewhere
try: somewhere.load()
except OSError: pass
except Exception: prepare()";
    let mut found = after(Platform::Windows, lines);
    found.sort();
    assert_eq!(found, ["asyncio.run Proactor", "asyncio.run Selector"]);
}

#[test]
fn text_and_numbers_raise_what_python_raises() {
    for certain in ["'win32'.system()", "1 / 0", "7 % 0"] {
        let lines = format!("try: {certain}\nexcept Exception: prepare()");
        assert_eq!(after(Platform::Windows, &lines), ["asyncio.run Selector"], "{certain}");
    }
}

#[test]
fn an_attribute_of_a_class_is_told_its_name() {
    let lines = "
class Field:
    def __set_name__(self, owner, name):
        if name == 'field': prepare()
class Owner:
    field = Field()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn a_mapping_pattern_looks_into_a_known_dictionary() {
    let lines = "
match {'os': sys.platform}:
    case {'os': 'linux'}: pass
    case {'os': 'win32'}: prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn a_pattern_without_special_characters_is_text() {
    let lines = "import re\nif re.match('win', sys.platform): prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
    assert_eq!(after(Platform::Linux, lines), ["asyncio.run Selector"]);
    let lines = "import re\nif not re.match('^win.*', sys.platform): prepare()";
    assert_eq!(after(Platform::Windows, lines).len(), 2);
}

#[test]
fn a_for_loop_asks_the_object_for_its_items() {
    let lines = "
class Steps:
    def __iter__(self):
        prepare()
        return iter(())
for step in Steps(): asyncio.set_event_loop_policy(None)";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn a_private_module_of_the_standard_library_is_there() {
    let lines = "
try: import _winapi
except ImportError: pass
else: prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
    assert_eq!(after(Platform::Linux, lines), ["asyncio.run Selector"]);
}

#[test]
fn policies_have_the_names_that_python_gives_them() {
    let lines = "
class Policy(asyncio.WindowsProactorEventLoopPolicy): pass
names = [type(asyncio.get_event_loop_policy()).__name__, Policy.__name__]
if names[0].lstrip('_') == 'WindowsProactorEventLoopPolicy' and names[1] == 'Policy': prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn map_calls_nothing_before_it_is_asked() {
    let policies = "[asyncio.WindowsSelectorEventLoopPolicy()]";
    let lines = format!("map(asyncio.set_event_loop_policy, {policies})");
    assert_eq!(after(Platform::Windows, &lines), ["asyncio.run Proactor"]);
    let lines = format!("list(map(asyncio.set_event_loop_policy, {policies}))");
    assert_eq!(after(Platform::Windows, &lines), ["asyncio.run Selector"]);
    let lines = "for known in filter(lambda name: name == sys.platform, ['win32', 'linux']): prepare()";
    assert_eq!(after(Platform::Windows, lines), ["asyncio.run Selector"]);
}

#[test]
fn code_that_is_ready_for_an_error_gets_it() {
    for error in ["int('y')", "[][0]", "{}['missing']"] {
        let head = "import contextlib\nwith contextlib.suppress(ValueError, LookupError):";
        let lines = format!("{head}\n    {error}\n    prepare()");
        assert_eq!(after(Platform::Windows, &lines), ["asyncio.run Proactor"], "{error}");
    }
}

#[test]
fn a_function_that_takes_too_many_steps_does_not_cost_the_rest_of_the_program() {
    let body: String = (0..60)
        .map(|n| {
            format!("        if words[{n}].lower() > os.environ.get('K{n}'): found.append(words[{n}])\n")
        })
        .collect();
    let program = format!(
        "
import asyncio, os
def search(words):
    found = []
    for attempt in words:
{body}
        search(found)
    return found
def main():
    search(open('words').read().split())
    asyncio.run(asyncio.sleep(0))
main()
"
    );
    assert_eq!(runs(Platform::Windows, &program), ["asyncio.run Proactor"]);
}

#[test]
fn a_lookup_that_seems_to_fail_does_not_end_a_program_that_does_not_expect_it() {
    let program = "
import asyncio, pathlib
TABLE = {}
value = TABLE['filled elsewhere']
home = pathlib.Path.a_method_that_no_stub_has()
asyncio.run(asyncio.sleep(0))
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Proactor"]);
    let expected = "
import asyncio
TABLE = {}
try:
    TABLE['absent']
except KeyError:
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
asyncio.run(asyncio.sleep(0))
";
    assert_eq!(runs(Platform::Windows, expected), ["asyncio.run Selector"]);
}

#[test]
fn a_loop_that_counts_to_its_end_is_left() {
    let program = "
import asyncio
async def main(): pass
n = 0
while True:
    n += 1
    if n > 5:
        break
asyncio.run(main())
";
    assert_eq!(runs(Platform::Windows, program), ["asyncio.run Proactor"]);
    let endless = program.replace("n > 5", "n < 0");
    assert_eq!(runs(Platform::Windows, &endless.replace("break", "n = 1")), [""]);
    let inside = "
import asyncio
async def main(): pass
def wait():
    tries = 0
    while True:
        tries += 1
        for _ in (1, 2):
            if tries == 4:
                return tries
if wait() == 4:
    asyncio.run(main())
";
    assert_eq!(runs(Platform::Windows, inside), ["asyncio.run Proactor"]);
}
