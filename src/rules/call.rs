//! A call that starts a loop, as the rules see it.

use crate::analysis::Workspace;
use crate::entry::{Launch, LoopKind};
use crate::finding::{Related, Severity};
use crate::interpret::Unit;
use crate::interpret::reach::{Reached, Start};
use crate::interpret::trace::{Decided, Event, EventKind, PolicyKind, RootTrace, Run};
use crate::knowledge::{Knowledge, Needed};
use crate::platform::Platform;
use crate::project::Project;
use crate::project::evidence::Deployment;
use crate::project::launchers::Server;
use crate::rules::line_place;

/// Nothing in a notebook can change the loop it runs in.
pub const BESIDE_KERNEL: &str = "the loop of the kernel runs before the first cell; run this in a thread with a loop of its own: `await asyncio.to_thread(asyncio.run, main(), loop_factory=asyncio.SelectorEventLoop)` (Python 3.12)";

pub struct Call<'a> {
    pub workspace: &'a Workspace,
    pub project: &'a Project,
    pub trace: &'a RootTrace,
    pub reached: &'a Reached<'a>,
    pub deployment: Deployment,
    pub scope: Scope,
}

/// What kind of file a call stands in, by the names of its folders below the project root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Application,
    /// Examples, documentation, benchmarks, templates; and notebooks, which one person runs.
    Example,
    Test,
}

impl<'a> Call<'a> {
    /// `None` where no rule may speak: calls no root reaches, files that were not asked about.
    pub fn new(workspace: &'a Workspace, trace: &'a RootTrace, reached: &'a Reached<'a>) -> Option<Call<'a>> {
        let Unit::Project(module) = reached.site.unit else { return None };
        if matches!(trace.root.launch, Launch::Function) || !workspace.modules[module].file.given {
            return None;
        }
        let project = workspace.project_of(trace.root.module);
        // A library function that an example reaches is started by the example.
        let scope = scope_of(workspace, module).max(scope_of(workspace, trace.root.module));
        let deployment = deployment(workspace, trace);
        Some(Call { workspace, project, trace, reached, deployment, scope })
    }

    /// The first start on Windows that ends on Proactor although nobody chose that.
    pub fn wrong(&self) -> Option<&Start<'a>> {
        self.all_wrong().next()
    }

    /// The starts on Windows that end on Proactor although nobody chose that.
    pub fn all_wrong(&self) -> impl Iterator<Item = &Start<'a>> {
        let silent = self.is_silent();
        self.reached
            .on(Platform::Windows)
            .filter(move |start| !silent && start.run.kind == LoopKind::Proactor && !self.is_chosen(start))
    }

    /// The author asked for Proactor in so many words, or went back to the default policy after another loop.
    fn is_chosen(&self, start: &Start<'_>) -> bool {
        let run = start.run;
        match (&run.decided, run.policy) {
            (Decided::Caller, _) => {
                self.trace.modules.iter().any(|module| self.workspace.modules[*module].names_proactor())
            }
            (Decided::Policy, PolicyKind::Proactor) => true,
            (Decided::Policy, PolicyKind::Default) => run.policy_set.is_some() && follows_another_loop(start),
            _ => false,
        }
    }

    /// Nobody wants to hear that the loop of this call is Proactor.
    pub fn is_silent(&self) -> bool {
        self.deployment == Deployment::Elsewhere
            || self.scope == Scope::Test
            || self.needs_proactor()
            || self.is_for_unix()
    }

    /// Nothing says that the program is for Windows, and there it ends at something that no loop can do,
    /// like `add_signal_handler`: whoever wrote it does not run it there.
    fn is_for_unix(&self) -> bool {
        let ends = |start: &Start<'_>| {
            start.path.events.iter().any(|event| {
                let fails = matches!(&event.kind, EventKind::Need(used)
                    if used.needs == Needed::Unsupported && !used.handled);
                fails && !event.called_back && event.process_number == start.event.process_number
            })
        };
        self.deployment == Deployment::Unknown && self.reached.on(Platform::Windows).all(ends)
    }

    /// The command line, where it is no call of Python.
    pub fn command(&self) -> Option<&'a Server> {
        let Unit::Project(module) = self.reached.site.unit else { return None };
        self.workspace.modules[module].command.as_deref()
    }

    /// The strongest piece of evidence that the project is deployed on Windows.
    pub fn evidence(&self) -> Option<Related> {
        let reason = self.project.evidence.reasons.iter().find(|reason| reason.points >= 3)?;
        let place = line_place(self.workspace, &reason.path, reason.line);
        Some(Related { place, message: reason.message.clone() })
    }

    /// Something reached from this root can only run on Proactor.
    pub fn needs_proactor(&self) -> bool {
        let needs =
            |event: &EventKind| matches!(event, EventKind::Need(used) if used.needs == Needed::Proactor);
        self.trace.paths.iter().any(|path| {
            path.platform == Platform::Windows && path.events.iter().any(|event| needs(&event.kind))
        })
    }

    /// The severity of the table for this evidence and scope.
    pub fn severity(&self, deployed: Severity) -> Severity {
        severity(self.scope, self.deployment, deployed)
    }

    /// `uvicorn 0.54.0`, or `uvicorn` where nothing fixes the version.
    pub fn package(&self, name: &str) -> String {
        match self.project.dependencies.package(name).pinned {
            Some(version) => format!("{name} {version}"),
            None => name.to_string(),
        }
    }

    /// Who decided the loop of a start, in words.
    pub fn decided(&self, run: &Run) -> String {
        match &run.decided {
            Decided::Framework { package, how } => format!("{} {how}", self.package(package)),
            Decided::Policy => {
                let policy = match run.policy {
                    PolicyKind::Default => "the default policy, which is Proactor on Windows",
                    PolicyKind::Proactor => "the policy, which is Proactor",
                    _ => "the policy",
                };
                match run.row.map(|row| &Knowledge::bundled().runners.rows[row]) {
                    Some(row) => format!("{} asks {policy}", self.package(&row.package)),
                    None => format!("`{}` asks {policy}", run.runner),
                }
            }
            Decided::Caller => "the loop is a ProactorEventLoop".to_string(),
        }
    }

    /// ` when reload=False`, where the loop depends on what the program leaves open.
    pub fn case(&self, start: &Start<'_>) -> String {
        if start.path.frozen {
            return " in the frozen program".into();
        }
        let assumed = start.assumed();
        if self.reached.kinds(Platform::Windows).len() < 2 || assumed.is_empty() {
            return String::new();
        }
        format!(" when {}", assumed.join(" and "))
    }
}

/// Where a program runs, by the evidence of its project and by what itself does.
pub fn deployment(workspace: &Workspace, trace: &RootTrace) -> Deployment {
    match workspace.project_of(trace.root.module).evidence.verdict {
        Deployment::Unknown if sets_windows_policy(trace) => Deployment::Windows,
        verdict => verdict,
    }
}

/// Whether something else than a Proactor loop has run before, in the same process.
fn follows_another_loop(start: &Start<'_>) -> bool {
    let before = start.path.events.iter().take_while(|event| !std::ptr::eq(&***event, start.event));
    let in_process = before.filter(|event| event.process_number == start.event.process_number);
    in_process.filter_map(|event| event.run()).any(|run| run.kind != LoopKind::Proactor)
}

/// The severity of the table for this evidence and scope.
pub fn severity(scope: Scope, deployment: Deployment, deployed: Severity) -> Severity {
    match (scope, deployment) {
        (Scope::Application, Deployment::Windows) => deployed,
        (Scope::Application, _) => deployed.min(Severity::Warning),
        _ => Severity::Info,
    }
}

/// A Windows policy in the code says that the author runs it on Windows.
fn sets_windows_policy(trace: &RootTrace) -> bool {
    let windows = |kind: &EventKind| {
        matches!(kind, EventKind::PolicySet { policy: PolicyKind::Selector | PolicyKind::Proactor, by: None })
    };
    trace.paths.iter().any(|path| path.events.iter().any(|event| windows(&event.kind)))
}

/// Whether people start the program that this trace is of: it is neither a test nor a function on its own.
pub fn is_program(workspace: &Workspace, trace: &RootTrace) -> bool {
    trace.root.launch != Launch::Function && scope_of(workspace, trace.root.module) != Scope::Test
}

/// Whether the project sets a Selector policy here.
pub fn sets_selector(event: &Event) -> bool {
    matches!(event.kind, EventKind::PolicySet { policy: PolicyKind::Selector, by: None })
}

/// Folders of what shows how something is used, how fast it is, or what a new project begins with.
const SHOWS: &[&str] =
    &["sample", "samples", "demo", "demos", "doc", "docs", "docs_src", "template", "templates", ".vscode"];
/// The same as a word of a longer name, as in `code-examples` and `load_testing`.
#[rustfmt::skip]
const SHOWING_WORDS: &[&str] = &[
    "example", "examples", "tutorial", "tutorials", "bench", "benches", "benchmark", "benchmarks", "test", "tests",
    "testing", "e2e",
];

fn shows(folder: &str) -> bool {
    SHOWS.contains(&folder) || folder.split(['_', '-']).any(|word| SHOWING_WORDS.contains(&word))
}

/// The scope of a module, by its path below the outermost project: a project of its own may be an example.
pub fn scope_of(workspace: &Workspace, module: usize) -> Scope {
    let path = &workspace.modules[module].path;
    let top = &workspace.project_of(module).top;
    let below = path.strip_prefix(top).unwrap_or(path);
    let folders: Vec<String> = below
        .parent()
        .into_iter()
        .flat_map(|parent| parent.iter())
        .map(|part| part.to_string_lossy().to_lowercase())
        .collect();
    let among = |names: &[&str]| folders.iter().any(|folder| names.contains(&folder.as_str()));
    // A workflow starts a server to try it; a start configuration of an editor is for one person.
    if workspace.modules[module].is_test(top) || among(&["testing", ".github"]) {
        Scope::Test
    } else if workspace.modules[module].is_notebook() || folders.iter().any(|folder| shows(folder)) {
        Scope::Example
    } else {
        Scope::Application
    }
}
