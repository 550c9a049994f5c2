//! What becomes of a policy that stands there already: it is guarded, called, moved or taken away.

use std::collections::BTreeSet;

use crate::analysis::Workspace;
use crate::finding::Applicability;
use crate::fix::Cure;
use crate::fix::intent::{Intent, LoopText, Side};
use crate::fix::leaving::{Leaving, is_main_guard, leaving};
use crate::fix::remedy::doubt_where_proactor_may_be_needed;
use crate::interpret::Unit;
use crate::interpret::reach::reached_at;
use crate::interpret::trace::{Decided, RootTrace, Run, Site};
use crate::ir::{Arg, ArgKind, Constant, Expr, ExprKind, Name, Span, Stmt, StmtKind};
use crate::knowledge::Knowledge;
use crate::rules::{Diagnosis, sets_selector};

/// LC301: the statement runs on Windows only.
pub fn guard(workspace: &Workspace, site: Site) -> Result<Cure, String> {
    let Unit::Project(module) = site.unit else { return Err(String::new()) };
    let Ok(code) = workspace.modules[module].code() else { return Err(String::new()) };
    if let Some(intent) = factory_on_windows(&code.body, site.span) {
        return Ok(Cure {
            applicability: Applicability::Safe,
            message: "pass the argument on Windows only".into(),
            intents: vec![(module, intent)],
        });
    }
    let statement =
        innermost(&code.body, site.span).ok_or("put it behind `if sys.platform == \"win32\":`")?;
    if let Some(call) = loop_that_is_kept(statement, site.span) {
        let text = "{asyncio}.new_event_loop()".to_string();
        return Ok(Cure {
            applicability: Applicability::Safe,
            message: "make it on Windows only".into(),
            intents: vec![(module, Intent::ReplaceCall { call, on: Side::Elsewhere, text })],
        });
    }
    Ok(Cure {
        applicability: Applicability::Safe,
        message: "run it on Windows only".into(),
        intents: vec![(module, Intent::WrapInGuard { statement: statement.span })],
    })
}

/// The call that makes a loop of this class, where its statement does something with the loop that other
/// platforms do as well.
fn loop_that_is_kept(statement: &Stmt, class: Span) -> Option<Span> {
    if matches!(statement.kind, StmtKind::Expr(_)) {
        return None;
    }
    let mut found = None;
    let mut visit = |expr: &Expr| {
        if let ExprKind::Call { func, args } = &expr.kind
            && func.span == class
            && args.is_empty()
            && matches!(&func.kind, ExprKind::Attribute { name, .. } if name.ends_with("EventLoop"))
        {
            found = Some(expr.span);
        }
    };
    crate::ir::walk(statement, &mut visit);
    found
}

/// Where the name is the loop factory of a call, the call itself is for every platform.
fn factory_on_windows(body: &[Stmt], name: Span) -> Option<Intent> {
    let mut found = None;
    let mut visit = |expr: &Expr| {
        let ExprKind::Call { args, .. } = &expr.kind else { return };
        for arg in args.iter().filter(|arg| arg.value.span == name) {
            let ArgKind::Keyword(keyword) = &arg.kind else { continue };
            let mut factories = Knowledge::bundled().runners.knobs.iter();
            if let Some(factory) = factories.find(|factory| *factory.argument == **keyword) {
                found = Some(Intent::SetKeyword {
                    call: expr.span,
                    name: factory.argument.clone(),
                    value: LoopText::OnlyOnWindows { otherwise: factory.otherwise.clone() },
                    beside_spread: false,
                });
            }
        }
    };
    body.iter().for_each(|stmt| crate::ir::walk(stmt, &mut visit));
    found
}

/// LC205: the class of a policy is called, and a loop factory is not.
pub fn instantiate(workspace: &Workspace, site: Site) -> Result<Cure, String> {
    let help =
        "pass an instance of a policy, and as loop_factory the class of a loop or a function that makes one";
    let Unit::Project(module) = site.unit else { return Err(help.into()) };
    let mut found = None;
    for stmt in &workspace.modules[module].code_if_any().body {
        crate::ir::walk(stmt, &mut |expr| {
            let ExprKind::Call { args, .. } = &expr.kind else { return };
            if expr.span == site.span {
                found = class_of(args).or_else(|| factory_of(args));
            }
        });
    }
    let (message, intent) = found.ok_or(help)?;
    Ok(Cure { applicability: Applicability::Safe, message: message.into(), intents: vec![(module, intent)] })
}

/// In a call with one argument that was refused as a policy, this is the class.
fn class_of(args: &[Arg]) -> Option<(&'static str, Intent)> {
    let [Arg { value, kind: ArgKind::Positional | ArgKind::Keyword(_), .. }] = args else { return None };
    let is_factory = matches!(&args[0].kind, ArgKind::Keyword(keyword) if is_loop_factory(keyword));
    (is_named(value) && !is_factory)
        .then_some(("make an instance of the policy", Intent::Instantiate { class: value.span }))
}

/// The one arm of the loop factory that makes a loop by itself, or gives back the class of one.
fn factory_of(args: &[Arg]) -> Option<(&'static str, Intent)> {
    let is_factory = |arg: &&Arg| matches!(&arg.kind, ArgKind::Keyword(keyword) if is_loop_factory(keyword));
    let mut arms = vec![&args.iter().find(is_factory)?.value];
    let mut found = Vec::new();
    while let Some(arm) = arms.pop() {
        match &arm.kind {
            ExprKind::IfElse { body, orelse, .. } => arms.extend([&**body, &**orelse]),
            ExprKind::Call { args, .. } if args.is_empty() => {
                let intent = Intent::RemoveParentheses { call: arm.span };
                found.push(("pass what makes the loop, without parentheses", intent));
            }
            ExprKind::Lambda(function) => {
                if let [Stmt { kind: StmtKind::Return(Some(value)), .. }] = &function.body[..]
                    && is_named(value)
                {
                    found.push(("make the loop in the factory", Intent::Instantiate { class: value.span }));
                }
            }
            _ => {}
        }
    }
    let only = found.len() == 1;
    found.pop().filter(|_| only)
}

fn is_loop_factory(keyword: &str) -> bool {
    Knowledge::bundled().runners.knobs.iter().any(|knob| knob.argument == *keyword)
}

fn is_named(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Name(_) | ExprKind::Attribute { .. })
}

/// LC204: the test compares with what this question is answered with on Windows.
pub fn repair_test(workspace: &Workspace, trace: &RootTrace, site: Site) -> Result<Cure, String> {
    let help = "write `sys.platform == \"win32\"`, `os.name == \"nt\"` or `platform.system() == \"Windows\"`";
    let guard = trace.guards.iter().find(|guard| guard.site == site && guard.withheld.is_some());
    // What else a question is answered with may be another on the next machine.
    let lasting = |answer: &&str| ["win32", "nt", "Windows"].contains(answer);
    let answer = guard.and_then(|guard| guard.answer.as_deref()).filter(lasting);
    let (Some(answer), Unit::Project(module)) = (answer, site.unit) else {
        return Err(help.into());
    };
    let mut texts: Vec<Span> = Vec::new();
    for stmt in &workspace.modules[module].code_if_any().body {
        crate::ir::walk(stmt, &mut |expr| {
            if matches!(expr.kind, ExprKind::Constant(Constant::Str(_))) && site.span.contains(expr.span) {
                texts.push(expr.span);
            }
        });
    }
    let constant = texts.into_iter().min_by_key(|span| span.start).ok_or(help)?;
    let mut cure = Cure {
        applicability: Applicability::Safe,
        message: format!("compare with \"{answer}\", the answer on Windows"),
        intents: vec![(module, Intent::ReplaceString { constant, text: answer.to_string() })],
    };
    if let Some(name) = decides_more(workspace, module, site.span) {
        cure.doubt(&format!("`{name}` is used for other things as well"));
    }
    doubt_where_proactor_may_be_needed(workspace, trace, &mut cure);
    Ok(cure)
}

/// The name that holds the answer to a question, where more than one place may read it.
fn decides_more(workspace: &Workspace, module: usize, question: Span) -> Option<Name> {
    let code = workspace.modules[module].code().ok()?;
    let name = code.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Assign { targets, value } if value.span == question => match &targets[..] {
            [Expr { kind: ExprKind::Name(name), .. }] => Some(name),
            _ => None,
        },
        _ => None,
    })?;
    // Where it is bound, the name stands as well.
    let mut times = 0;
    let mut visit =
        |expr: &Expr| times += usize::from(matches!(&expr.kind, ExprKind::Name(read) if read == name));
    code.body.iter().for_each(|stmt| crate::ir::walk(stmt, &mut visit));
    (times > 2 || workspace.modules[module].file.imported).then(|| name.clone())
}

/// LC203: the policy is set at the top level, which the children execute as well.
pub fn set_for_children(workspace: &Workspace, trace: &RootTrace, site: Site) -> Result<Cure, String> {
    let help = "set the Selector policy where the process of the loop executes it";
    let main = trace.root.module;
    let (Unit::Project(module), Ok(code)) = (site.unit, workspace.modules[main].code()) else {
        return Err(help.into());
    };
    // What cannot leave its place would stand there without a purpose: another cure may do better.
    leaving(workspace, trace, site).ok_or(help)?;
    let around = code.body.iter().find(|stmt| module == main && stmt.span.contains(site.span));
    let before = around.ok_or(help)?.span;
    Ok(Cure {
        applicability: Applicability::Safe,
        message: "set the policy at the top level, which the spawned process executes as well".into(),
        intents: vec![(main, Intent::InsertPolicy { before, bound: None, main_only: false })],
    })
}

/// Whether a policy that no loop asks can move to where the loop of this call asks it.
pub fn may_move(workspace: &Workspace, trace: &RootTrace, diagnosis: &Diagnosis, site: Site) -> bool {
    run_of(trace, diagnosis).is_none_or(|run| run.row.is_none())
        && site.unit == Unit::Project(trace.root.module)
        && leaving(workspace, trace, site).is_some()
}

/// Whether the call that a finding is about asks the policy.
pub fn asks_policy(trace: &RootTrace, diagnosis: &Diagnosis) -> bool {
    run_of(trace, diagnosis).is_some_and(|run| run.decided == Decided::Policy)
}

/// The run of the call that a finding is about.
fn run_of(trace: &RootTrace, diagnosis: &Diagnosis) -> Option<Run> {
    Some(reached_at(trace, diagnosis.site?)?.example()?.run.clone())
}

/// The same cure without what it makes superfluous: where it sets the policy at the top of a module, what
/// sets it there now leaves its place. Nothing where nothing can.
///
/// `about` is the policy that the finding is about: nothing else asks it, so that it goes with any cure,
/// and where it must move as it is written, it does.
pub fn instead_of(
    workspace: &Workspace,
    trace: &RootTrace,
    about: Option<Site>,
    cure: &Cure,
) -> Option<Cure> {
    let mut cure = cure.clone();
    let policy_at = cure
        .intents
        .iter()
        .position(|(_, intent)| matches!(intent, Intent::InsertPolicy { bound: None, main_only: false, .. }));
    let main = trace.root.module;
    let policy_at = policy_at.filter(|index| cure.intents[*index].0 == main);
    let events = trace.paths.iter().flat_map(|path| &path.events).filter(|event| sets_selector(event));
    let set = events.filter_map(|event| event.site).filter(|_| policy_at.is_some());
    // Another module may have its policy for other programs.
    let sites: BTreeSet<Site> = set.chain(about).filter(|site| site.unit == Unit::Project(main)).collect();
    let before = cure.intents.len();
    for site in sites {
        match (leaving(workspace, trace, site), policy_at) {
            (Some(Leaving::Gone(statement)), _) => {
                cure.intents.push((main, Intent::RemoveStatement { statement }));
                let comments = match policy_at {
                    Some(_) => Intent::MoveComments { statement },
                    None => Intent::RemoveComments { statement },
                };
                cure.intents.push((main, comments));
            }
            (Some(Leaving::AsWritten(statement)), Some(index)) if about == Some(site) => {
                if let Intent::InsertPolicy { before, .. } = cure.intents[index].1 {
                    cure.intents[index].1 = Intent::MovePolicy { statement, before };
                    cure.intents.push((main, Intent::RemoveStatement { statement }));
                }
            }
            _ => {}
        }
    }
    (cure.intents.len() > before).then_some(cure)
}

/// The same cure for a module that other programs import, whose loop is none of its business: the policy
/// goes into the main guard, where the module is the program. Nothing where there is none.
pub fn in_main_guard(workspace: &Workspace, cure: &Cure) -> Option<Cure> {
    let mut cure = cure.clone();
    for (module, intent) in &mut cure.intents {
        let Intent::InsertPolicy { before, bound, .. } = *intent else { continue };
        if !workspace.modules[*module].file.imported {
            return None;
        }
        let code = workspace.modules[*module].code().ok()?;
        let guard = code.body.iter().find(|stmt| stmt.span == before)?;
        let StmtKind::If { test, body, .. } = &guard.kind else { return None };
        let first = body.first().filter(|_| is_main_guard(test))?.span;
        *intent = Intent::InsertPolicyHere { before: first, bound };
    }
    Some(cure)
}

/// The same cure directly above the statement that makes the loop, where the program itself sets a policy
/// before that: one at the top would be replaced.
pub fn below_another(
    workspace: &Workspace,
    trace: &RootTrace,
    diagnosis: &Diagnosis,
    cure: &Cure,
) -> Option<Cure> {
    let run = run_of(trace, diagnosis)?;
    run.policy_set?;
    let main = trace.root.module;
    let site = run.created.or(diagnosis.site).filter(|site| site.unit == Unit::Project(main))?;
    let before = innermost(&workspace.modules[main].code_if_any().body, site.span)?.span;
    let mut cure = cure.clone();
    for (_, intent) in &mut cure.intents {
        if let Intent::InsertPolicy { bound, .. } = *intent {
            *intent = Intent::InsertPolicyHere { before, bound };
        }
    }
    Some(cure)
}

/// The smallest statement around a span.
pub fn innermost(body: &[Stmt], span: Span) -> Option<&Stmt> {
    let stmt = body.iter().find(|stmt| stmt.span.contains(span))?;
    Some(crate::ir::suites(stmt).into_iter().find_map(|suite| innermost(suite, span)).unwrap_or(stmt))
}
