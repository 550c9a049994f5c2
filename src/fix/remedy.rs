//! Which cure fits a finding. `remedies.md` of the facts, in code: every text here was executed.

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::finding::{Applicability, Severity};
use crate::fix::Cure;
use crate::fix::intent::{Intent, LoopText, Side};
use crate::fix::leaving::{Leaving, is_main_guard, leaving};
use crate::fix::repair;
use crate::interpret::Unit;
use crate::interpret::reach::{Reached, Start, reached_at};
use crate::interpret::trace::{Decided, Family, PolicyKind, RootTrace, Site};
use crate::ir::{Arg, ArgKind, Constant, Expr, ExprKind, Span, Stmt, StmtKind};
use crate::knowledge::pages::{self, FixAvailability};
use crate::knowledge::{Knob, Knowledge, Needed, Versions};
use crate::platform::Platform;
use crate::project::dependencies::{Answer, Presence};
use crate::project::launchers::Server;
use crate::project::launchers::commands::Help;
use crate::project::{Project, package_top};
use crate::rules::Diagnosis;
use crate::settings::Remedy;

/// What Selector costs, where it may surprise.
const COST: &str = "a Selector loop on Windows has no subprocesses, stops at about 510 sockets, and Ctrl+C may wait for the next event";

/// The cure, or why there is none and what a person can do. `wish` is what fixes should insert.
pub fn remedy(
    wish: Remedy,
    workspace: &Workspace,
    trace: &RootTrace,
    diagnosis: &Diagnosis,
) -> Result<Cure, String> {
    let project = workspace.project_of(trace.root.module);
    let site = diagnosis.site.ok_or_else(String::new)?;
    let said = || diagnosis.finding.help.clone();
    if pages::find(diagnosis.finding.code).is_some_and(|page| page.fix == FixAvailability::None) {
        return Err(said());
    }
    let call = reached_at(trace, site);
    let call = call.as_ref();
    if diagnosis.finding.code == "LC301" {
        // The name may be the text of an argument, without which the program is for every platform.
        let start = call.and_then(|call| call.example());
        let by_argument = start.filter(|start| start.run.row.and_then(knob_of).is_some());
        return by_argument
            .map_or_else(|| repair::guard(workspace, site), |start| only_on_windows(start, site));
    }
    if diagnosis.finding.code == "LC205" {
        return repair::instantiate(workspace, site);
    }
    if diagnosis.finding.code == "LC204" {
        return repair::repair_test(workspace, trace, site);
    }
    if diagnosis.finding.code == "LC203" {
        return repair::set_for_children(workspace, trace, site);
    }
    if let Unit::Project(module) = site.unit
        && let Some(command) = &workspace.modules[module].command
    {
        return Err(help(project, command));
    }
    let call = call.ok_or_else(said)?;
    let start = call.example().ok_or_else(said)?;
    if start.run.family == Family::Kernel {
        return Err(said());
    }
    // Who asked for Proactor has reasons.
    let chosen = start.run.decided == Decided::Caller || start.run.policy == PolicyKind::Proactor;
    if diagnosis.finding.code == "LC405" && chosen {
        return Err(said());
    }
    if diagnosis.finding.code == "LC302" {
        // A note is about what may well be meant.
        if diagnosis.finding.severity == Severity::Info {
            return Err("where it was meant for Windows, pass the argument on Windows only".into());
        }
        return only_on_windows(start, site);
    }
    // A loop that is handed over may be used elsewhere as well: what makes it is to make another one.
    let is_handed_over = start.run.made_by.is_some();
    let mut cure = match start.run.row.filter(|_| !is_handed_over).and_then(knob_of) {
        Some((knob, package)) => by_knob(wish, workspace, trace, call, start, knob, &package),
        None if matches!(start.run.decided, Decided::Framework { .. }) => Err(instead(start)),
        None => by_policy_or_factory(wish, project, workspace, trace, start),
    }?;
    doubt_where_proactor_may_be_needed(workspace, trace, &mut cure);
    // The program has a switch for its policy, and whoever turned it off may have meant that.
    let by = |policy| call.on(Platform::Windows).any(|start| start.run.policy == policy);
    if by(PolicyKind::Selector) && by(PolicyKind::Default) {
        cure.doubt("the program itself sets the policy in some cases only");
    }
    let is_reported = |(module, intent): &(usize, Intent)| {
        intent.sets_policy() && workspace.conventions(*module).reports_deprecated
    };
    if cure.intents.iter().any(is_reported) {
        cure.doubt("pyright is told here to report deprecated names, and policies are");
    }
    if matches!(start.run.family, Family::Asyncio) {
        cure.message.push_str(&format!("; {COST}"));
    }
    Ok(cure)
}

/// What to do about a command line, which is no text of ours to change.
fn help(project: &Project, command: &Server) -> String {
    let row = command.row();
    let found = project.dependencies.package(&row.package);
    let ensured = |help: &&Help| match &help.versions {
        None => true,
        Some(_) if found.presence == Presence::Unknown => false,
        Some(versions) => found.allowed_in(&versions.0) == Answer::Yes,
    };
    row.help.iter().find(ensured).map_or_else(String::new, |help| help.text.clone())
}

/// The keyword that chooses the loop of a runner, and the package that reads it.
fn knob_of(row: usize) -> Option<(&'static Knob, String)> {
    let runners = &Knowledge::bundled().runners;
    let row = &runners.rows[row];
    let table = runners.loops.get(row.loop_table.as_deref()?)?;
    let package = table.package.clone().unwrap_or_else(|| row.package.clone());
    let knob = table.knob.as_ref().filter(|knob| !row.fixed.contains_key(&knob.argument))?;
    Some((knob, package))
}

/// What a person can do where neither an argument nor the policy chooses the loop.
fn instead(start: &Start<'_>) -> String {
    let row = start.run.row.map(|row| &Knowledge::bundled().runners.rows[row]);
    match row.and_then(|row| row.instead.as_deref()) {
        Some(instead) => instead.into(),
        None => format!("`{}` offers no way to choose its loop", start.run.runner),
    }
}

fn by_knob(
    wish: Remedy,
    workspace: &Workspace,
    trace: &RootTrace,
    call: &Reached<'_>,
    start: &Start<'_>,
    knob: &Knob,
    package: &str,
) -> Result<Cure, String> {
    let project = workspace.project_of(trace.root.module);
    let found = project.dependencies.package(package);
    let understood = match &knob.versions {
        None => Answer::Yes,
        Some(_) if found.presence == Presence::Unknown => Answer::Maybe,
        Some(versions) => found.allowed_in(&versions.0),
    };
    let target = start.run.configured.unwrap_or(call.site);
    let Unit::Project(module) = target.unit else {
        return Err("write the call where its arguments can be seen".into());
    };
    // What the programs hand in that import a library nobody sees.
    let is_open = start.run.open_arguments || workspace.project_of(module).is_library;
    let conditional = |windows: &str, and: Option<String>| Intent::SetKeyword {
        call: target.span,
        name: knob.argument.clone(),
        value: LoopText::Conditional { windows: windows.into(), and, otherwise: knob.otherwise.clone() },
        beside_spread: !is_open,
    };
    let value = knob.value.replace("{asyncio}", "asyncio");
    let asks = wish == Remedy::Policy && start.run.decided == Decided::Policy;
    if wish == Remedy::LoopFactory
        && let Some(versions) = knob.versions.as_ref().filter(|_| understood != Answer::Yes)
    {
        return Err(only_policy(&format!(
            "{package} {} takes {}={value}, others may not",
            versions.0, knob.argument
        )));
    }
    match (understood, &knob.policy) {
        (Answer::Yes, _) if !asks => Ok(Cure {
            applicability: Applicability::Safe,
            message: format!("pass {}={value} on Windows", knob.argument),
            intents: vec![(module, conditional(&knob.value, None))],
        }),
        (Answer::Yes | Answer::No, _) | (Answer::Maybe, None) => {
            policy(project, workspace, trace, start, None, "set the Selector policy on Windows")
        }
        (Answer::Maybe, Some(ask)) => {
            let child = !runs_main_again(workspace, trace);
            let reload = child.then(|| reload_argument(workspace, target)).flatten();
            if child && start.run.own_child && reload.is_none() {
                let versions = knob.versions.as_ref().map_or(String::new(), |known| format!(" {}", known.0));
                return Err(format!(
                    "nothing needs to change while it always spawns a child, which does not execute this \
                     module; to be independent of that, require {package}{versions} and pass \
                     {}={value} on Windows",
                    knob.argument
                ));
            }
            // A policy that is in force already needs no second one, only a runner that asks it.
            let mut cure = match start.run.policy {
                PolicyKind::Selector => {
                    Cure { applicability: Applicability::Unsafe, message: String::new(), intents: Vec::new() }
                }
                _ => policy(project, workspace, trace, start, None, "")?,
            };
            let and = reload.map(|reload| format!("not {reload}"));
            cure.intents.push((module, conditional(ask, and)));
            cure.message = match start.run.policy {
                PolicyKind::Selector => {
                    format!("pass {}={ask} on Windows, so that {package} asks the policy", knob.argument)
                }
                _ => format!(
                    "set the Selector policy and pass {}={ask} on Windows, which works with every {package}",
                    knob.argument
                ),
            };
            Ok(cure)
        }
    }
}

fn by_policy_or_factory(
    wish: Remedy,
    project: &Project,
    workspace: &Workspace,
    trace: &RootTrace,
    start: &Start<'_>,
) -> Result<Cure, String> {
    let knobs = &Knowledge::bundled().runners.knobs;
    let made_by = start.run.made_by.as_deref();
    if let Some(maker) = knobs.iter().find(|knob| knob.replaces && Some(knob.runner.as_str()) == made_by)
        && let Some(Site { unit: Unit::Project(module), span }) = start.run.created
        && wish != Remedy::Policy
    {
        let shown = maker.value.replace("{asyncio}", "asyncio");
        return Ok(Cure {
            applicability: Applicability::Safe,
            message: format!("make the loop with {shown} on Windows"),
            intents: vec![(
                module,
                Intent::ReplaceCall { call: span, on: Side::Windows, text: maker.value.clone() },
            )],
        });
    }
    let knob = knobs.iter().find(|knob| !knob.replaces && *knob.runner == *start.run.runner);
    let python = &project.dependencies.python;
    let by_policy = |without: &str| match wish {
        Remedy::LoopFactory => Err(only_policy(without)),
        _ => policy(project, workspace, trace, start, None, "set the Selector policy on Windows"),
    };
    let Some(knob) = knob.filter(|_| wish != Remedy::Policy) else {
        return by_policy(&format!("`{}` has no argument for its loop", start.run.runner));
    };
    let understood = |versions: &&Versions| python.declared && python.allowed_in(&versions.0) == Answer::Yes;
    if let Some(versions) = knob.python.as_ref().filter(|versions| !understood(versions)) {
        // Who has deprecated names reported does not want the policy on the Pythons that deprecate it.
        let is_unwanted = python.allowed.iter().any(|python| *python >= (3, 14))
            && workspace.conventions(trace.root.module).reports_deprecated;
        if (reaches_no_policy(project) || is_unwanted) && wish == Remedy::Auto {
            return two_arms(project, workspace, trace, start);
        }
        let shown = &knob.argument;
        return by_policy(&format!("`{}` takes {shown}= on Python {} only", start.run.runner, versions.0));
    }
    // The factory is an argument of the call itself, or of the construction the loop came from.
    let target = if knob.on_construction { start.run.created } else { start.event.site };
    let Some(Site { unit: Unit::Project(module), span }) = target else {
        return by_policy("the call that makes the loop is not in this project");
    };
    let value =
        LoopText::Conditional { windows: knob.value.clone(), and: None, otherwise: knob.otherwise.clone() };
    let name = knob.argument.clone();
    let shown = knob.value.replace("{asyncio}", "asyncio");
    Ok(Cure {
        applicability: Applicability::Safe,
        message: format!("pass {}={shown} on Windows", knob.argument),
        intents: vec![(module, Intent::SetKeyword { call: span, name, value, beside_spread: false })],
    })
}

/// Whether the project is for Pythons that have no policies any more.
fn reaches_no_policy(project: &Project) -> bool {
    project.dependencies.python.allowed.iter().any(|python| *python >= (3, 16))
}

/// The policy up to Python 3.11, and a loop factory from 3.12 on: no other text holds from there to 3.16.
fn two_arms(
    project: &Project,
    workspace: &Workspace,
    trace: &RootTrace,
    start: &Start<'_>,
) -> Result<Cure, String> {
    let Some(Site { unit: Unit::Project(module), span: call }) = start.event.site else {
        return Err("the call that makes the loop is not in this project".into());
    };
    let code = workspace.modules[module].code_if_any();
    let statement = repair::innermost(&code.body, call).ok_or("the call is not part of a statement")?.span;
    let message = "set the Selector policy on Windows, and pass loop_factory= from Python 3.12 on";
    let mut cure = policy(project, workspace, trace, start, Some((3, 12)), message)?;
    cure.intents.push((module, Intent::TwoArmedRun { statement, call }));
    Ok(cure)
}

/// Why the loop's own argument, which was asked for, cannot be the cure.
fn only_policy(without: &str) -> String {
    format!(
        "{without}, so only the policy works on all that the project allows, and \
         `remedy = \"loop-factory\"` rules it out"
    )
}

/// The guarded policy in the module that is executed, before anything there can start a loop; only `below`
/// a version of Python, if there is one.
fn policy(
    project: &Project,
    workspace: &Workspace,
    trace: &RootTrace,
    start: &Start<'_>,
    below: Option<(u8, u8)>,
    message: &str,
) -> Result<Cure, String> {
    if reaches_no_policy(project) && below.is_none() {
        return Err("Python 3.16 has no policies any more: pass a loop factory instead".into());
    }
    let main = trace.root.module;
    if matches!(trace.root.launch, Launch::Function | Launch::Launcher) {
        return Err("set the Selector policy in the module that is executed".into());
    }
    if let Some(first) = begin_of_library(workspace, main, start) {
        return Ok(Cure {
            applicability: Applicability::Safe,
            message: message.to_string(),
            intents: vec![(main, Intent::InsertPolicyHere { before: first, bound: below })],
        });
    }
    let in_main = |site: &Site| (site.unit == Unit::Project(main)).then_some(site.span);
    let first = start.event.stack.iter().find_map(in_main);
    let created = start.run.created.as_ref().and_then(in_main);
    let before = match (first, created) {
        (Some(a), Some(b)) => a.min(b),
        (Some(a), None) | (None, Some(a)) => a,
        (None, None) => return Err("set the Selector policy in the module that is executed".into()),
    };
    Ok(Cure {
        applicability: Applicability::Safe,
        message: message.to_string(),
        intents: vec![(
            main,
            Intent::InsertPolicy {
                before: top_level(workspace, main, before),
                bound: below,
                main_only: false,
            },
        )],
    })
}

/// Where a module of a package is a program as well as something others import, and the import must
/// not choose their loop: the first statement of the function in which the program begins, or else of
/// the main guard. A server is no such program, because its children execute the import alone.
fn begin_of_library(workspace: &Workspace, main: usize, start: &Start<'_>) -> Option<Span> {
    let module = &workspace.modules[main];
    let name = module.path.file_name()?;
    let in_package = package_top(&module.path) != module.path.parent()?;
    if !module.file.imported || !in_package || name == "__main__.py" || start.run.row.is_some() {
        return None;
    }
    let code = module.code().ok()?;
    let sites = || start.event.stack.iter().filter(|site| site.unit == Unit::Project(main));
    let around = |site: &Site| code.body.iter().find(|stmt| stmt.span.contains(site.span));
    let in_function = sites().find_map(|site| match &around(site)?.kind {
        StmtKind::FunctionDef(function) => Some(&function.body),
        _ => None,
    });
    let in_guard = || {
        sites().find_map(|site| match &around(site)?.kind {
            StmtKind::If { test, body, .. } => is_main_guard(test).then_some(body),
            _ => None,
        })
    };
    let begins = in_function.or_else(in_guard)?;
    let is_docstring = |stmt: &&Stmt| matches!(&stmt.kind, StmtKind::Expr(expr) if matches!(expr.kind, ExprKind::Constant(Constant::Str(_))));
    begins.iter().find(|stmt| !is_docstring(stmt)).map(|stmt| stmt.span)
}

/// LC302: the argument holds on Windows only.
fn only_on_windows(start: &Start<'_>, site: Site) -> Result<Cure, String> {
    let help = "pass the argument on Windows only";
    let (knob, _) = start.run.row.and_then(knob_of).ok_or(help)?;
    let target = start.run.configured.unwrap_or(site);
    let Unit::Project(module) = target.unit else { return Err(help.into()) };
    let value = LoopText::OnlyOnWindows { otherwise: knob.otherwise.clone() };
    let name = knob.argument.clone();
    Ok(Cure {
        applicability: Applicability::Safe,
        message: format!("{help}, and {} elsewhere", knob.otherwise),
        intents: vec![(module, Intent::SetKeyword { call: target.span, name, value, beside_spread: false })],
    })
}

/// LC501: every start that asks the policy is given its loop, and the policy goes.
pub fn without_policy(
    workspace: &Workspace,
    traces: &[RootTrace],
    diagnosis: &Diagnosis,
) -> Result<Cure, String> {
    let help = || diagnosis.finding.help.clone();
    let Some(Site { unit: Unit::Project(module), span }) = diagnosis.site else { return Err(help()) };
    // A module that exists for its policy would be left without a purpose, and with those who import it.
    if diagnosis.trace.is_none_or(|index| traces[index].root.module != module) {
        return Err(help());
    }
    let trace = diagnosis.trace.map(|index| &traces[index]).ok_or_else(help)?;
    let site = Site { unit: Unit::Project(module), span };
    let Some(Leaving::Gone(statement)) = leaving(workspace, trace, site) else { return Err(help()) };
    let mut intents =
        vec![(module, Intent::RemoveStatement { statement }), (module, Intent::RemoveComments { statement })];
    for (index, site) in &diagnosis.calls {
        let trace = &traces[*index];
        let call = &reached_at(trace, *site).ok_or_else(help)?;
        let start = call.example().ok_or_else(help)?;
        let cure = match start.run.row.and_then(knob_of) {
            Some((knob, package)) => {
                by_knob(Remedy::LoopFactory, workspace, trace, call, start, knob, &package)
            }
            None => {
                let project = workspace.project_of(trace.root.module);
                by_policy_or_factory(Remedy::LoopFactory, project, workspace, trace, start)
            }
        };
        intents.extend(cure.map_err(|_| help())?.intents);
    }
    Ok(Cure { applicability: Applicability::Safe, message: help(), intents })
}

/// The top-level statement of a module that a span lies in.
fn top_level(workspace: &Workspace, module: usize, span: Span) -> Span {
    match workspace.modules[module].code() {
        Ok(code) => code.body.iter().map(|stmt| stmt.span).find(|stmt| stmt.contains(span)).unwrap_or(span),
        Err(_) => span,
    }
}

/// Whether the children of this root run its main module, where a policy would stand.
fn runs_main_again(workspace: &Workspace, trace: &RootTrace) -> bool {
    let main =
        workspace.modules[trace.root.module].path.file_name().is_some_and(|name| name == "__main__.py");
    trace.root.launch == Launch::Script || (trace.root.launch == Launch::Module && !main)
}

/// The text of the `reload` argument of a call, when it is no constant.
fn reload_argument(workspace: &Workspace, call: Site) -> Option<String> {
    let Unit::Project(module) = call.unit else { return None };
    let module = &workspace.modules[module];
    let mut found = None;
    for stmt in &module.code_if_any().body {
        crate::ir::walk(stmt, &mut |expr: &Expr| {
            if expr.span == call.span
                && let ExprKind::Call { args, .. } = &expr.kind
            {
                let reload = |arg: &&Arg| matches!(&arg.kind, ArgKind::Keyword(name) if &**name == "reload");
                found = args.iter().find(reload).map(|arg| arg.value.clone());
            }
        });
    }
    let value = found?;
    let text = module.source().text.get(value.span.start as usize..value.span.end as usize)?;
    match value.kind {
        ExprKind::Constant(_) => None,
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Call { .. } => Some(text.to_string()),
        _ => Some(format!("({text})")),
    }
}

/// A word in the modules that ran, or in what these import, may mean subprocesses.
pub fn doubt_where_proactor_may_be_needed(workspace: &Workspace, trace: &RootTrace, cure: &mut Cure) {
    let modules = workspace.modules.closure(trace.modules.iter().copied());
    let mut first = None;
    for index in modules.iter().filter_map(|module| workspace.modules[*module].proactor_word()) {
        first = Some(first.map_or(index, |other: usize| other.min(index)));
        // The rest need not be read for a word that none comes before.
        if index == 0 {
            break;
        }
    }
    let word = first.and_then(|index| Knowledge::bundled().needs.words(Needed::Proactor).nth(index));
    if let Some(word) = word {
        cure.doubt(&format!("`{word}` in this project may need Proactor"));
    }
}
