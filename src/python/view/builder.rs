//! The walk over the parser's tokens and tree that fills a view.

use std::collections::{HashMap, HashSet};

use ruff_python_ast as ast;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_parser::Parsed;
use ruff_text_size::Ranged;

use crate::ir::Span;

use super::names::{Binding, Scope, ScopeKind};
use super::syntax::{call, shape, span, statement_kind, whole_value};
use super::{Block, Bracket, Statement, View};

/// The view of a module whose text has `end` bytes.
pub fn build(parsed: &Parsed<ast::ModModule>, end: u32) -> View {
    let mut builder = Builder::default();
    builder.read_tokens(parsed.tokens());
    builder.open_scope(ScopeKind::Module, Span { start: 0, end });
    builder.visit_body(parsed.suite());
    builder.view
}

/// Fills a view while it walks the parser's tree.
#[derive(Default)]
struct Builder {
    view: View,
    /// Suites to come, by where they start: clause start, whether it is an `if`'s first arm.
    clauses: HashMap<u32, (u32, bool)>,
    /// The statement being walked, and the suite it stands in.
    statement: Option<usize>,
    block: Option<usize>,
    open: Vec<usize>,
    /// For each open scope, the suite that is its own body.
    bodies: Vec<Option<usize>>,
}

impl Builder {
    fn read_tokens(&mut self, tokens: &Tokens) {
        let mut open: Vec<Bracket> = Vec::new();
        let mut strings: Vec<u32> = Vec::new();
        for token in tokens.iter() {
            let span = span(token.range());
            match token.kind() {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                    open.push(Bracket { span, commas: Vec::new() })
                }
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                    if let Some(mut bracket) = open.pop() {
                        bracket.span.end = span.end;
                        self.view.brackets.push(bracket);
                    }
                }
                TokenKind::Comma => {
                    if let Some(bracket) = open.last_mut() {
                        bracket.commas.push(span.start);
                    }
                }
                TokenKind::Comment => self.view.comments.push(span),
                TokenKind::String => self.view.strings.push(span),
                TokenKind::FStringStart | TokenKind::TStringStart => strings.push(span.start),
                TokenKind::FStringEnd | TokenKind::TStringEnd => {
                    if let Some(start) = strings.pop() {
                        let span = Span { start, end: span.end };
                        self.view.strings.push(span);
                        self.view.interpolated.push(span);
                    }
                }
                TokenKind::Indent if self.view.first_indent.is_none() => self.view.first_indent = Some(span),
                _ => {}
            }
        }
    }

    fn open_scope(&mut self, kind: ScopeKind, span: Span) {
        self.open.push(self.view.scopes.len());
        self.bodies.push(None);
        self.view.scopes.push(Scope { span, kind, bindings: Vec::new(), globals: HashSet::new() });
    }

    fn close_scope(&mut self) {
        self.open.pop();
        self.bodies.pop();
    }

    fn bind(&mut self, name: &str, module: Option<String>, end: u32) {
        // The module's scope is opened first and never closed.
        let Some(&innermost) = self.open.last() else { return };
        let is_global = self.view.scopes[innermost].globals.contains(name);
        let scope = if is_global { 0 } else { innermost };
        let own_body = self.bodies.last().copied().flatten();
        let unconditional = !is_global && own_body.is_some() && own_body == self.block;
        let (name, statement) = (name.to_string(), self.statement);
        self.view.scopes[scope].bindings.push(Binding { name, module, statement, end, unconditional });
    }

    fn bind_parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters.iter() {
            self.bind(parameter.name().as_str(), None, u32::from(parameter.range().end()));
        }
    }

    /// Notes which clause each suite of this statement belongs to.
    fn note_clauses(&mut self, stmt: &ast::Stmt) {
        let start = u32::from(stmt.range().start());
        let mut note = |body: &[ast::Stmt], header: u32, is_then: bool| {
            if let Some(first) = body.first() {
                self.clauses.insert(u32::from(first.range().start()), (header, is_then));
            }
        };
        match stmt {
            ast::Stmt::If(node) => {
                note(&node.body, start, true);
                for clause in &node.elif_else_clauses {
                    note(&clause.body, u32::from(clause.range.start()), false);
                }
            }
            ast::Stmt::Try(node) => {
                note(&node.body, start, false);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    note(&handler.body, u32::from(handler.range.start()), false);
                }
                note(&node.orelse, start, false);
                note(&node.finalbody, start, false);
            }
            ast::Stmt::For(node) => {
                note(&node.body, start, false);
                note(&node.orelse, start, false);
            }
            ast::Stmt::While(node) => {
                note(&node.body, start, false);
                note(&node.orelse, start, false);
            }
            ast::Stmt::With(node) => note(&node.body, start, false),
            ast::Stmt::Match(node) => {
                for case in &node.cases {
                    note(&case.body, u32::from(case.range.start()), false);
                }
            }
            // Decorators come first; the header is indented as they are.
            ast::Stmt::FunctionDef(node) => note(&node.body, start, false),
            ast::Stmt::ClassDef(node) => note(&node.body, start, false),
            _ => {}
        }
    }

    fn visit_comprehension_scope(&mut self, expr: &ast::Expr) {
        self.open_scope(ScopeKind::Function, span(expr.range()));
        visitor::walk_expr(self, expr);
        self.close_scope();
    }
}

impl<'a> Visitor<'a> for Builder {
    fn visit_body(&mut self, body: &'a [ast::Stmt]) {
        let Some(first) = body.first() else {
            if self.view.blocks.is_empty() {
                self.view.blocks.push(Block {
                    owner: None,
                    header: 0,
                    is_then: false,
                    statements: Vec::new(),
                });
            }
            return;
        };
        let (header, is_then) =
            self.clauses.get(&u32::from(first.range().start())).copied().unwrap_or((0, false));
        let id = self.view.blocks.len();
        self.view.blocks.push(Block { owner: self.statement, header, is_then, statements: Vec::new() });
        let outer = self.block.replace(id);
        if let Some(own @ None) = self.bodies.last_mut() {
            *own = Some(id);
        }
        for stmt in body {
            self.visit_stmt(stmt);
        }
        self.block = outer;
    }

    fn visit_stmt(&mut self, stmt: &'a ast::Stmt) {
        let id = self.view.statements.len();
        // Statements are only reached through `visit_body`, which opens a block.
        let block = self.block.unwrap_or(0);
        let is_first = id == 0;
        self.view.statements.push(Statement {
            span: span(stmt.range()),
            block,
            kind: statement_kind(stmt, is_first),
            is_expression: stmt.is_expr_stmt(),
        });
        self.view.blocks[block].statements.push(id);
        let outer = self.statement.replace(id);
        self.note_clauses(stmt);
        self.view.whole_values.extend(whole_value(stmt).map(|value| span(value.range())));
        let end = u32::from(stmt.range().end());
        match stmt {
            ast::Stmt::FunctionDef(node) => {
                self.bind(node.name.as_str(), None, end);
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                let start = u32::from(node.parameters.range.start());
                self.open_scope(ScopeKind::Function, Span { start, end });
                self.bind_parameters(&node.parameters);
                self.visit_parameters(&node.parameters);
                if let Some(returns) = &node.returns {
                    self.visit_annotation(returns);
                }
                self.visit_body(&node.body);
                self.close_scope();
            }
            ast::Stmt::ClassDef(node) => {
                self.bind(node.name.as_str(), None, end);
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(arguments) = &node.arguments {
                    self.visit_arguments(arguments);
                }
                let start = node.body.first().map_or(end, |first| u32::from(first.range().start()));
                self.open_scope(ScopeKind::Class, Span { start, end });
                self.visit_body(&node.body);
                self.close_scope();
            }
            ast::Stmt::Import(node) => {
                for alias in &node.names {
                    let module = alias.name.as_str();
                    match &alias.asname {
                        Some(name) => self.bind(name.as_str(), Some(module.to_string()), end),
                        None => {
                            let package = module.split('.').next().unwrap_or(module);
                            self.bind(package, Some(package.to_string()), end);
                        }
                    }
                }
            }
            ast::Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(name.as_str(), None, end);
                }
            }
            ast::Stmt::Global(node) => {
                if let Some(&scope) = self.open.last() {
                    let names = node.names.iter().map(|name| name.to_string());
                    self.view.scopes[scope].globals.extend(names);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
        self.statement = outer;
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        let place = span(expr.range());
        self.view.shapes.insert(place, shape(expr));
        match expr {
            ast::Expr::Name(node) => match node.ctx {
                ast::ExprContext::Store | ast::ExprContext::Del => {
                    self.bind(node.id.as_str(), None, place.end)
                }
                _ => self.view.reads.entry(node.id.to_string()).or_default().push(place.start),
            },
            ast::Expr::Lambda(node) => {
                self.open_scope(ScopeKind::Function, place);
                if let Some(parameters) = &node.parameters {
                    self.bind_parameters(parameters);
                }
                visitor::walk_expr(self, expr);
                self.close_scope();
            }
            ast::Expr::ListComp(_)
            | ast::Expr::SetComp(_)
            | ast::Expr::DictComp(_)
            | ast::Expr::Generator(_) => self.visit_comprehension_scope(expr),
            ast::Expr::Call(node) => {
                self.view.calls.push(call(node, place));
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(node) = handler;
        if let Some(name) = &node.name {
            self.bind(name.as_str(), None, u32::from(name.range.end()));
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(node) => node.name.as_ref(),
            ast::Pattern::MatchStar(node) => node.name.as_ref(),
            ast::Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str(), None, u32::from(name.range.end()));
        }
        visitor::walk_pattern(self, pattern);
    }
}
