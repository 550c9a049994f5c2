//! What becomes of a policy that stands there already: it is guarded, called, moved or taken away.

use crate::analysis::Workspace;
use crate::finding::Applicability;
use crate::fix::Cure;
use crate::fix::intent::Intent;
use crate::fix::remedy::may_need_proactor;
use crate::interpret::Unit;
use crate::interpret::trace::{RootTrace, Site};
use crate::ir::{Arg, ArgKind, Constant, Expr, ExprKind, Span, Stmt, StmtKind};

/// LC301: the statement runs on Windows only.
pub fn guard(workspace: &Workspace, site: Site) -> Result<Cure, String> {
    let Unit::Project(module) = site.unit else { return Err(String::new()) };
    let Ok(code) = workspace.modules[module].code() else { return Err(String::new()) };
    let statement =
        innermost(&code.body, site.span).ok_or("put it behind `if sys.platform == \"win32\":`")?;
    Ok(Cure {
        applicability: Applicability::Safe,
        message: "run it on Windows only".into(),
        intents: vec![(module, Intent::WrapInGuard { statement })],
    })
}

/// LC205: the class of a policy is called.
pub fn instantiate(workspace: &Workspace, site: Site) -> Result<Cure, String> {
    let help =
        "pass an instance of a policy, and as loop_factory the class of a loop or a function that makes one";
    let Unit::Project(module) = site.unit else { return Err(help.into()) };
    let mut class = None;
    for stmt in workspace.modules[module].code().map_or(&[][..], |code| &code.body) {
        crate::ir::walk(stmt, &mut |expr| {
            let ExprKind::Call { args, .. } = &expr.kind else { return };
            let [Arg { value, kind: ArgKind::Positional | ArgKind::Keyword(_), .. }] = &args[..] else {
                return;
            };
            // In a call with one argument that was refused as a policy, this is the class.
            if expr.span == site.span && matches!(value.kind, ExprKind::Name(_) | ExprKind::Attribute { .. })
            {
                class = Some(value.span);
            }
        });
    }
    Ok(Cure {
        applicability: Applicability::Safe,
        message: "make an instance of the policy".into(),
        intents: vec![(module, Intent::Instantiate { class: class.ok_or(help)? })],
    })
}

/// LC204: the test compares with what this question is answered with on Windows.
pub fn repair_test(workspace: &Workspace, trace: &RootTrace, site: Site) -> Result<Cure, String> {
    let help = "write `sys.platform == \"win32\"`, `os.name == \"nt\"` or `platform.system() == \"Windows\"`";
    let guard = trace.guards.iter().find(|guard| guard.site == site && guard.withheld.is_some());
    let (Some(answer), Unit::Project(module)) = (guard.and_then(|guard| guard.answer.as_deref()), site.unit)
    else {
        return Err(help.into());
    };
    let mut texts: Vec<Span> = Vec::new();
    for stmt in workspace.modules[module].code().map_or(&[][..], |code| &code.body) {
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
    if let Some(word) = may_need_proactor(workspace, trace) {
        cure.applicability = Applicability::Unsafe;
        cure.message.push_str(&format!(" (`{word}` in this project may need Proactor)"));
    }
    Ok(cure)
}

/// LC203: the policy leaves the main guard for the top level, which the children execute as well.
pub fn move_policy(workspace: &Workspace, trace: &RootTrace, site: Site) -> Result<Cure, String> {
    let help = "set the Selector policy where the process of the loop executes it";
    let main = trace.root.module;
    let (Unit::Project(module), Ok(code)) = (site.unit, workspace.modules[main].code()) else {
        return Err(help.into());
    };
    let around = code.body.iter().find(|stmt| stmt.span.contains(site.span));
    let Some(around) = around.filter(|stmt| module == main && matches!(stmt.kind, StmtKind::If { .. }))
    else {
        return Err(help.into());
    };
    let before = around.span;
    let moved = crate::ir::suites(around).into_iter().find_map(|suite| movable(suite, site.span));
    let intents = match moved.ok_or(help)? {
        Movable::Whole(statement) => vec![
            Intent::RemoveStatement { statement },
            Intent::MoveComments { statement },
            Intent::InsertPolicy { before, bound: None, main_only: false },
        ],
        Movable::AsWritten(statement) => {
            vec![Intent::RemoveStatement { statement }, Intent::MovePolicy { statement, before }]
        }
    };
    Ok(Cure {
        applicability: Applicability::Safe,
        message: "set the policy at the top level, which the spawned process executes as well".into(),
        intents: intents.into_iter().map(|intent| (main, intent)).collect(),
    })
}

/// How a policy can leave its suite without a trace.
enum Movable {
    /// This statement does nothing but set the policy, on Windows or anywhere.
    Whole(Span),
    /// This `if` does nothing else either, and its test asks for more than the platform.
    AsWritten(Span),
}

fn movable(suite: &[Stmt], span: Span) -> Option<Movable> {
    let stmt = suite.iter().find(|stmt| stmt.span.contains(span))?;
    if let Some(statement) = alone(suite, span) {
        return Some(Movable::Whole(statement));
    }
    let StmtKind::If { test, body, orelse } = &stmt.kind else { return None };
    match &body[..] {
        [one] if orelse.is_empty() && matches!(one.kind, StmtKind::Expr(_)) => {
            Some(Movable::AsWritten(stmt.span))
        }
        // What else is done on Windows stays where it is.
        [_, _, ..] if !matches!(test.kind, ExprKind::Bool { .. }) => alone(body, span).map(Movable::Whole),
        _ => None,
    }
}

/// LC202: where the cure is a policy at the top of the same module, the late one goes there.
pub fn take_along(workspace: &Workspace, late: Site, cure: &mut Cure) {
    let Unit::Project(module) = late.unit else { return };
    let is_top = |(of, intent): &(usize, Intent)| {
        *of == module && matches!(intent, Intent::InsertPolicy { bound: None, main_only: false, .. })
    };
    let body = workspace.modules[module].code().map_or(&[][..], |code| &code.body);
    if cure.intents.iter().any(is_top)
        && let Some(statement) = removable(body, late.span)
    {
        cure.intents.push((module, Intent::RemoveStatement { statement }));
        cure.intents.push((module, Intent::MoveComments { statement }));
    }
}

/// The statement that sets a policy, with its test of the platform, where no import by name and no
/// empty suite would be left behind.
pub fn removable(suite: &[Stmt], span: Span) -> Option<Span> {
    let is_attribute = |expr: &Expr| match &expr.kind {
        ExprKind::Call { func, .. } => matches!(func.kind, ExprKind::Attribute { .. }),
        _ => false,
    };
    let stmt = suite.iter().find(|stmt| stmt.span.contains(span))?;
    let Some(statement) = alone(suite, span) else {
        return crate::ir::suites(stmt)
            .into_iter()
            .filter(|suite| suite.len() > 1)
            .find_map(|suite| removable(suite, span));
    };
    let mut by_name = false;
    crate::ir::walk(stmt, &mut |expr| {
        by_name |=
            span.contains(expr.span) && matches!(expr.kind, ExprKind::Call { .. }) && !is_attribute(expr);
    });
    (!by_name).then_some(statement)
}

/// The statement at a span, with the one plain test around it if it has that.
fn alone(suite: &[Stmt], span: Span) -> Option<Span> {
    let stmt = suite.iter().find(|stmt| stmt.span.contains(span))?;
    let is_call = |stmt: &Stmt| matches!(stmt.kind, StmtKind::Expr(_));
    let guards = match &stmt.kind {
        // A test that asks for more than the platform has its reasons.
        StmtKind::If { test, body, orelse } => {
            orelse.is_empty()
                && body.len() == 1
                && is_call(&body[0])
                && !matches!(test.kind, ExprKind::Bool { .. })
        }
        _ => is_call(stmt),
    };
    guards.then_some(stmt.span)
}

/// The smallest statement around a span.
fn innermost(body: &[Stmt], span: Span) -> Option<Span> {
    let stmt = body.iter().find(|stmt| stmt.span.contains(span))?;
    Some(crate::ir::suites(stmt).into_iter().find_map(|suite| innermost(suite, span)).unwrap_or(stmt.span))
}
