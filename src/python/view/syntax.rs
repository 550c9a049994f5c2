//! Single nodes of the parser's tree in the view's words.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use crate::ir::Span;

use super::{Argument, ArgumentKind, Call, Shape, StatementKind};

/// As much of an expression as decides whether it needs parentheses.
pub fn shape(expr: &ast::Expr) -> Shape {
    match expr {
        ast::Expr::BoolOp(node) if node.op == ast::BoolOp::And => {
            Shape::And(node.values.iter().map(|value| span(value.range())).collect())
        }
        ast::Expr::BoolOp(_) => Shape::Or,
        ast::Expr::If(node) => Shape::Conditional {
            value: span(node.body.range()),
            test: span(node.test.range()),
            otherwise: span(node.orelse.range()),
        },
        ast::Expr::Lambda(_) => Shape::Lambda,
        ast::Expr::Named(_) => Shape::Walrus,
        _ => Shape::Tighter,
    }
}

pub fn call(node: &ast::ExprCall, place: Span) -> Call {
    let mut arguments: Vec<Argument> = Vec::new();
    for value in &node.arguments.args {
        let kind = match value {
            ast::Expr::Starred(_) => ArgumentKind::Star,
            ast::Expr::Generator(generator) if !generator.parenthesized => ArgumentKind::BareGenerator,
            _ => ArgumentKind::Positional,
        };
        arguments.push(Argument { span: span(value.range()), kind });
    }
    for keyword in &node.arguments.keywords {
        let kind = match &keyword.arg {
            Some(name) => {
                ArgumentKind::Keyword { name: name.to_string(), value: span(keyword.value.range()) }
            }
            None => ArgumentKind::DoubleStar,
        };
        arguments.push(Argument { span: span(keyword.range()), kind });
    }
    arguments.sort_by_key(|argument| argument.span);
    Call { span: place, parentheses: span(node.arguments.range), arguments }
}

pub fn statement_kind(stmt: &ast::Stmt, is_first: bool) -> StatementKind {
    match stmt {
        ast::Stmt::Expr(node) if is_first && node.value.is_string_literal_expr() => StatementKind::Docstring,
        ast::Stmt::Import(node) => StatementKind::Import(
            node.names
                .iter()
                .map(|alias| (alias.name.to_string(), alias.asname.as_ref().map(|asname| asname.to_string())))
                .collect(),
        ),
        ast::Stmt::ImportFrom(node) => {
            let dots = ".".repeat(node.level as usize);
            let module = node.module.as_ref().map_or("", |module| module.as_str());
            StatementKind::ImportFrom(format!("{dots}{module}"))
        }
        ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_) => StatementKind::Definition,
        _ if is_compound(stmt) && only_imports(stmt) => StatementKind::ImportBlock,
        ast::Stmt::If(node) => {
            StatementKind::If { test: span(node.test.range()), alone: node.elif_else_clauses.is_empty() }
        }
        ast::Stmt::Expr(_) | ast::Stmt::Pass(_) | ast::Stmt::Delete(_) | ast::Stmt::Assert(_) => {
            StatementKind::Simple
        }
        _ if is_plain_assignment(stmt) => StatementKind::Simple,
        _ => StatementKind::Other,
    }
}

pub fn whole_value(stmt: &ast::Stmt) -> Option<&ast::Expr> {
    match stmt {
        ast::Stmt::Assign(node) => Some(&node.value),
        ast::Stmt::AnnAssign(node) => node.value.as_deref(),
        ast::Stmt::AugAssign(node) => Some(&node.value),
        ast::Stmt::Return(node) => node.value.as_deref(),
        ast::Stmt::Expr(node) => Some(&node.value),
        _ => None,
    }
}

fn is_compound(stmt: &ast::Stmt) -> bool {
    matches!(stmt, ast::Stmt::If(_) | ast::Stmt::Try(_) | ast::Stmt::With(_))
}

/// A compound statement with at least one import whose suites hold nothing but imports and plain values.
fn only_imports(stmt: &ast::Stmt) -> bool {
    let mut suites: Vec<&[ast::Stmt]> = Vec::new();
    match stmt {
        ast::Stmt::If(node) => {
            suites.push(&node.body);
            suites.extend(node.elif_else_clauses.iter().map(|clause| &clause.body[..]));
        }
        ast::Stmt::Try(node) => {
            suites.extend([&node.body[..], &node.orelse[..], &node.finalbody[..]]);
            for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                suites.push(&handler.body);
            }
        }
        ast::Stmt::With(node) => suites.push(&node.body),
        _ => return false,
    }
    let inner = || suites.iter().flat_map(|suite| suite.iter());
    let is_import = |stmt: &ast::Stmt| stmt.is_import_stmt() || stmt.is_import_from_stmt();
    inner().any(|stmt| is_import(stmt) || only_imports(stmt))
        && inner().all(|stmt| {
            is_import(stmt) || stmt.is_pass_stmt() || is_plain_assignment(stmt) || only_imports(stmt)
        })
}

fn is_plain_assignment(stmt: &ast::Stmt) -> bool {
    let value = match stmt {
        ast::Stmt::Assign(node) => Some(&*node.value),
        ast::Stmt::AnnAssign(node) => node.value.as_deref(),
        _ => return false,
    };
    value.is_none_or(|value| !ast::helpers::any_over_expr(value, |expr| expr.is_call_expr()))
}

pub fn span(range: TextRange) -> Span {
    Span { start: u32::from(range.start()), end: u32::from(range.end()) }
}
