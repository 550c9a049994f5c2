//! How a policy leaves the place where it stands, because another place has it now.

use crate::analysis::Workspace;
use crate::interpret::Unit;
use crate::interpret::trace::{RootTrace, Site};
use crate::ir::{Expr, ExprKind, Handler, Span, Stmt, StmtKind, WithItem};

/// What becomes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The statement goes: a policy on Windows, which the new place has, is all that it set.
    Gone(Span),
    /// The statement around the policy moves as it is written: it asks for more than the platform, or
    /// brings names along.
    AsWritten(Span),
}

/// How the policy that is set at `site` can leave without a trace; nothing where it would leave an empty
/// suite, a question without a purpose, or something that was done for it.
pub fn leaving(workspace: &Workspace, trace: &RootTrace, site: Site) -> Option<Leaving> {
    let Unit::Project(module) = site.unit else { return None };
    let asks = |test: &Expr| {
        let here = Site { unit: site.unit, span: test.span };
        is_about_platform(test) || trace.guards.iter().any(|guard| guard.site == here)
    };
    in_suite(&workspace.modules[module].code_if_any().body, site.span, &asks)
}

fn in_suite(suite: &[Stmt], span: Span, asks: &dyn Fn(&Expr) -> bool) -> Option<Leaving> {
    let stmt = suite.iter().find(|stmt| stmt.span.contains(span))?;
    let within = |suite: &[Stmt]| suite.iter().any(|stmt| stmt.span.contains(span));
    match &stmt.kind {
        StmtKind::Expr(expr) => {
            let goes = sets_alone(expr, span, asks) && !calls_by_name(stmt, span);
            goes.then_some(Leaving::Gone(stmt.span))
        }
        StmtKind::If { test, body, orelse } if within(body) => {
            let inner = in_suite(body, span, asks);
            match inner {
                Some(_) if is_main_guard(test) => inner,
                Some(Leaving::Gone(_)) if asks(test) && !brings_along(body) => inner,
                _ if orelse.is_empty() && is_for_policy(body, span) => Some(Leaving::AsWritten(stmt.span)),
                _ => None,
            }
        }
        StmtKind::If { test, orelse, .. } => in_suite(orelse, span, asks).filter(|_| asks(test)),
        StmtKind::Try { body, handlers, orelse, finalbody, .. }
            if orelse.is_empty() && finalbody.is_empty() && is_for_policy(body, span) =>
        {
            handlers.iter().all(does_nothing).then_some(Leaving::AsWritten(stmt.span))
        }
        StmtKind::With { items, body, .. } if is_for_policy(body, span) => {
            items.iter().all(suppresses).then_some(Leaving::AsWritten(stmt.span))
        }
        StmtKind::FunctionDef(function) if is_for_policy(&function.body, span) => None,
        // A suite that would be empty afterwards had a purpose of its own.
        _ => crate::ir::suites(stmt)
            .into_iter()
            .filter(|suite| suite.len() > 1)
            .find_map(|suite| in_suite(suite, span, asks)),
    }
}

/// Whether a suite gives names a value before it sets the policy, and does nothing else.
fn brings_along(suite: &[Stmt]) -> bool {
    let mut names = suite.iter().map(|stmt| {
        matches!(stmt.kind, StmtKind::Import(_) | StmtKind::ImportFrom { .. } | StmtKind::Assign { .. })
    });
    suite.len() > 1 && names.by_ref().take(suite.len() - 1).all(|gives| gives)
}

/// Whether a suite does nothing but set the policy: imports and values that come before it included.
fn is_for_policy(suite: &[Stmt], span: Span) -> bool {
    suite.iter().all(|stmt| match &stmt.kind {
        StmtKind::If { body, orelse, .. } => orelse.is_empty() && is_for_policy(body, span),
        StmtKind::Expr(expr) => stmt.span.contains(span) || is_text(expr),
        StmtKind::Import(_) | StmtKind::ImportFrom { .. } => true,
        StmtKind::Assign { .. } => stmt.span.end <= span.start,
        _ => false,
    }) && suite.iter().any(|stmt| stmt.span.contains(span))
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant(_))
}

/// The call that sets the policy, perhaps with a question about the platform in the same expression.
fn sets_alone(expr: &Expr, span: Span, asks: &dyn Fn(&Expr) -> bool) -> bool {
    match &expr.kind {
        ExprKind::IfElse { test, .. } => asks(test),
        ExprKind::Bool { values, .. } => values.iter().all(|value| value.span == span || asks(value)),
        _ => expr.span == span,
    }
}

fn does_nothing(handler: &Handler) -> bool {
    handler.body.iter().all(|stmt| matches!(&stmt.kind, StmtKind::Pass))
}

/// `contextlib.suppress(…)`
fn suppresses(item: &WithItem) -> bool {
    let ExprKind::Call { func, .. } = &item.context.kind else { return false };
    match &func.kind {
        ExprKind::Attribute { name, .. } | ExprKind::Name(name) => &**name == "suppress",
        _ => false,
    }
}

/// Whether a name that only an import by name gives is called: without the call, nothing would use it.
fn calls_by_name(stmt: &Stmt, span: Span) -> bool {
    let mut by_name = false;
    crate::ir::walk(stmt, &mut |expr| {
        if let ExprKind::Call { func, .. } = &expr.kind {
            by_name |= span.contains(expr.span) && !matches!(func.kind, ExprKind::Attribute { .. });
        }
    });
    by_name
}

/// `__name__ == "__main__"`: the new place is executed whatever it answers.
pub fn is_main_guard(test: &Expr) -> bool {
    let ExprKind::Compare { left, rest } = &test.kind else { return false };
    let mut operands = std::iter::once(&**left).chain(rest.iter().map(|(_, operand)| operand));
    operands.any(|operand| matches!(&operand.kind, ExprKind::Name(name) if &**name == "__name__"))
}

/// A question that only the platform answers, as it shows in its text: `sys.platform == "win32"`,
/// `os.name == "nt"`, `platform.system() == "Windows"`, or whether asyncio has a name.
fn is_about_platform(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Compare { left, rest } => {
            let operands = std::iter::once(&**left).chain(rest.iter().map(|(_, operand)| operand));
            operands.filter(|operand| !matches!(operand.kind, ExprKind::Constant(_))).all(is_about_platform)
        }
        ExprKind::Call { func, args } => match &func.kind {
            ExprKind::Name(name) => &**name == "hasattr" && args.len() == 2,
            ExprKind::Attribute { value, name } => {
                &**name == "system" || &**name == "startswith" && is_about_platform(value)
            }
            _ => false,
        },
        ExprKind::Attribute { value, name } => {
            let module = |of: &str| matches!(&value.kind, ExprKind::Name(name) if &**name == of);
            &**name == "platform" && module("sys") || &**name == "name" && module("os")
        }
        ExprKind::Unary { operand, .. } => is_about_platform(operand),
        _ => false,
    }
}
