//! What a step is called.

use crate::analysis::{Explained, Workspace};
use crate::entry::{Launch, LoopKind, Loops};
use crate::interpret::Unit;
use crate::interpret::reach::is_meant;
use crate::interpret::steps::{Block, Case, End, Step, StepKind};
use crate::interpret::trace::{Decided, Effect, Event, EventKind, Run, Site, Use};
use crate::knowledge::{Knowledge, Needed, Row, Takes};
use crate::platform::Platform;
use crate::rules;

/// A step in words.
pub struct Said {
    pub kind: &'static str,
    /// The same on every platform.
    pub name: String,
    pub remark: String,
}

impl Said {
    fn new(kind: &'static str, name: impl Into<String>, remark: impl Into<String>) -> Said {
        Said { kind, name: name.into(), remark: remark.into() }
    }
}

pub fn say(workspace: &Workspace, explained: &Explained, step: &Step, is_death: bool) -> Option<Said> {
    Some(match &step.kind {
        StepKind::Open(Block::Module(name, unit)) => {
            let Unit::Project(module) = unit else { return None };
            let shown = &workspace.modules[*module].shown;
            Said::new("import", &**name, format!("runs {shown} as `{name}`"))
        }
        StepKind::Open(Block::Call(name, _)) => Said::new("call", &**name, format!("calls {name}()")),
        StepKind::Open(Block::Test { text, answer, value }) => {
            let value = value.as_ref().filter(|value| value != &text);
            let shown = value.map_or(String::new(), |value| format!(" ({value})"));
            let answer = match answer {
                Some(true) => format!("true{shown}"),
                Some(false) => format!("false{shown}"),
                None => format!("not known{shown}"),
            };
            Said::new("test", text.trim_end_matches(':'), answer)
        }
        StepKind::Open(Block::Child) => Said::new("child", "", "a child process is spawned"),
        StepKind::Open(Block::Thread) => Said::new("thread", "", "a thread is started"),
        StepKind::Close => return None,
        StepKind::Assumed(label) => Said::new("assumed", &**label, format!("assumed: {label}")),
        StepKind::Event(event) => event_in_words(workspace, event),
        StepKind::Created { kind, by_policy } => {
            let asked = if *by_policy { "the policy is asked and makes" } else { "makes" };
            Said::new("created", "", format!("{asked} {}", a_loop(*kind)))
        }
        StepKind::Decided(case) => {
            Said::new("table", case.row.to_string(), table(workspace, explained, case))
        }
        StepKind::Unseen(name) => {
            Said::new("unseen", &**name, format!("`{name}`: its code is not seen, anything may come of it"))
        }
        StepKind::Raised { error, .. } if is_death => {
            Said::new("raised", &**error, format!("raises {error}, and nobody catches it"))
        }
        StepKind::Raised { error, .. } => Said::new("raised", &**error, format!("raises {error}")),
        StepKind::Caught(error) => Said::new("caught", &**error, format!("{error} is caught here")),
        StepKind::Aside(aside) => {
            let when: Vec<&str> =
                aside.assumed.iter().map(|label| &**label).filter(|label| is_meant(label)).collect();
            let when = if when.is_empty() { "the other way".into() } else { when.join(", ") };
            let end = if aside.dead { "ends the program here" } else { "comes to the same" };
            Said::new("aside", &*when, format!("{when}: {end}"))
        }
        StepKind::GivenUp(reason) => {
            Said::new("given-up", &**reason, format!("the paper run gives up here: {reason}"))
        }
        StepKind::Skipped => Said::new(
            "skipped",
            "",
            "the call takes too many steps; the run goes on behind it with what was seen of it",
        ),
        StepKind::End(end) => {
            let remark = match end {
                End::Finished => "the run comes to its end".to_owned(),
                End::Stopped => "the process stays here or is ended".to_owned(),
                End::Died(error, _) => format!("the run ends with {error}, which nobody catches"),
                End::Bound(reason) => format!("the run was given up: {reason}"),
            };
            Said::new("end", "", remark)
        }
    })
}

fn event_in_words(workspace: &Workspace, event: &Event) -> Said {
    match &event.kind {
        EventKind::PolicySet { policy, by } => {
            let by = by.as_ref().map_or(String::new(), |by| format!(", by {by} on its own account"));
            Said::new("policy-set", "", format!("the {} is set{by}", rules::policy_name(*policy)))
        }
        EventKind::LoopSet(kind) => {
            Said::new("loop-set", "", format!("the current loop is set: {}", a_loop(*kind)))
        }
        EventKind::NoLoop => {
            Said::new("no-loop", "", "there is no current event loop, and this Python makes none".to_owned())
        }
        EventKind::Missing(name) => {
            Said::new("missing", &**name, format!("`{name}` does not exist on this platform"))
        }
        EventKind::Misused(misuse) => Said::new("misused", "", rules::misuse_in_words(*misuse).0),
        EventKind::Run(run) => Said::new("run", &*run.runner, run_in_words(workspace, run)),
        EventKind::Need(used) => Said::new("need", &*used.what, need_in_words(used)),
        EventKind::Silencer(put) => {
            let effect = match put.effect {
                Effect::Hides => "it hides that a connection was lost",
                Effect::Outdated => "what it hides does not happen on this Python",
                Effect::Other => "it changes how transports of a Proactor loop work",
            };
            Said::new("silencer", &*put.what, format!("`{}` is given a function: {effect}", put.what))
        }
    }
}

fn need_in_words(used: &Use) -> String {
    let what = &used.what;
    match used.needs {
        Needed::Proactor => format!("`{what}` works only on {} on Windows", a_loop(LoopKind::Proactor)),
        Needed::Selector => format!("`{what}` works only on {} on Windows", a_loop(LoopKind::Selector)),
        Needed::Unsupported => format!("`{what}` works on no loop of asyncio on Windows"),
    }
}

fn run_in_words(workspace: &Workspace, run: &Run) -> String {
    let decided = match &run.decided {
        Decided::Policy => {
            let set = run.policy_set.and_then(|site| spot(workspace, site));
            let set = set.map_or(String::new(), |spot| format!(", set at {spot}"));
            format!("the {} decides{set}", rules::policy_name(run.policy))
        }
        Decided::Caller => match run.created.and_then(|site| spot(workspace, site)) {
            Some(spot) => format!("the caller hands over the loop made at {spot}"),
            None => "the caller chooses it".to_owned(),
        },
        // The row of the table, the step before, says all.
        Decided::Framework { .. } => String::new(),
    };
    let decided = if decided.is_empty() { decided } else { format!(": {decided}") };
    let reason = run.reason.as_ref().map_or(String::new(), |reason| format!("; {reason}"));
    format!("`{}` runs on {}{decided}{reason}", run.runner, a_loop(run.kind))
}

fn table(workspace: &Workspace, explained: &Explained, case: &Case) -> String {
    let row = &Knowledge::bundled().runners.rows[case.row];
    let package = &*case.package;
    let versions = case.versions.as_ref().map_or(String::new(), |versions| format!(" {versions}"));
    let found = rules::version(workspace, &explained.trace, package);
    let found = found.map_or(String::new(), |found| {
        format!("; here {} ({}:{})", found.message, found.place.path, found.place.start.line)
    });
    let how = if case.how.is_empty() { by_default(row) } else { &case.how };
    format!("runner table: `{}` with {package}{versions} {how}{found}", row.name)
}

/// What a row says that holds for all versions, and has no words of its own.
fn by_default(row: &Row) -> &'static str {
    match row.takes() {
        Some(Takes::Policy) => "asks the policy",
        Some(Takes::Current) => "runs the current event loop",
        Some(Takes::CurrentOrNew) => "runs the current event loop, or one that the policy makes",
        Some(Takes::Own) => "makes a loop of its own",
        Some(Takes::Caller) => "runs the loop that it is given",
        Some(Takes::None) => "runs no loop of asyncio",
        Some(Takes::Selector) => "takes a Selector loop",
        Some(Takes::Proactor) => "takes a Proactor loop",
        Some(Takes::Uvloop) => "takes uvloop",
        Some(Takes::Winloop) => "takes winloop",
        _ => "has no row for its loop",
    }
}

/// `a ProactorEventLoop`
fn a_loop(kind: LoopKind) -> &'static str {
    match kind {
        LoopKind::Proactor => "the Proactor loop",
        LoopKind::Selector => "the Selector loop",
        LoopKind::Winloop => "a winloop loop",
        LoopKind::Uvloop => "a uvloop loop",
        LoopKind::Custom => "a loop of another class",
        LoopKind::Depends => "a loop that depends",
        LoopKind::Unknown => "a loop of unknown class",
        LoopKind::None => "no loop",
    }
}

/// `main.py:12`
pub fn spot(workspace: &Workspace, site: Site) -> Option<String> {
    let place = rules::place(workspace, site)?;
    Some(format!("{}:{}", place.path, place.start.line))
}

/// `proactor on Windows, selector on Linux and macOS`
pub fn verdict(loops: &Loops) -> String {
    let mut said: Vec<(LoopKind, Vec<Platform>)> = Vec::new();
    for (platform, kind) in Platform::ALL.into_iter().zip([loops.windows, loops.linux, loops.darwin]) {
        match said.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, platforms)) => platforms.push(platform),
            None => said.push((kind, vec![platform])),
        }
    }
    if let [(kind, _)] = &said[..] {
        return format!("{} everywhere", kind.name());
    }
    let parts: Vec<String> =
        said.iter().map(|(kind, platforms)| format!("{} on {}", kind.name(), names(platforms))).collect();
    parts.join(", ")
}

/// `Linux and macOS`
pub fn names(platforms: &[Platform]) -> String {
    match platforms {
        [] => String::new(),
        [one] => one.shown().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(|platform| platform.shown()).collect();
            format!("{} and {}", rest.join(", "), last.shown())
        }
    }
}

/// How the run begins, as a person would start it.
pub fn launch(workspace: &Workspace, explained: &Explained) -> String {
    let root = &explained.trace.root;
    let shown = &workspace.modules[root.module].shown;
    let function = root.function.as_ref().map_or("", |(name, _)| name);
    match root.launch {
        Launch::Script => match workspace.modules[root.module].host() {
            Some(host) => format!("{}, which runs {shown}", host.program),
            None => format!("python {shown}"),
        },
        Launch::Module => {
            format!("python -m {}", workspace.project_of(root.module).dotted_name(root.module))
        }
        Launch::ConsoleScript => format!("a console script that calls `{function}` of {shown}"),
        Launch::Function => format!("no run reaches `{function}` of {shown}; it is called on its own"),
        Launch::Launcher => format!("a command line in {shown}"),
        Launch::Notebook => format!("the cells of {shown}, from the first to the last"),
        Launch::Import | Launch::Child | Launch::Assumed => format!("import of {shown}"),
    }
}
