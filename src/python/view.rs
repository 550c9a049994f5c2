//! The second parse: what a fix needs to know of one file's text, without the parser's types.
//!
//! The IR answers what a program does; a fix asks where its statements, arguments, brackets and
//! comments stand. A view is made only for files that are about to be edited. All offsets are bytes
//! of the decoded text, the same as the IR's spans.

use std::collections::{HashMap, HashSet};

use ruff_python_ast as ast;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_text_size::{Ranged, TextRange};

use crate::ir::Span;

/// The layout of one module that parses.
#[derive(Debug, Default)]
pub struct View {
    /// Every statement, outer before inner, in the order of the text.
    pub statements: Vec<Statement>,
    /// Every suite; the first is the module's.
    pub blocks: Vec<Block>,
    pub calls: Vec<Call>,
    /// Every pair of brackets, in the order in which they close.
    pub brackets: Vec<Bracket>,
    pub comments: Vec<Span>,
    /// String literals; an f-string is one span from its first quote to its last.
    pub strings: Vec<Span>,
    /// F-strings and t-strings alone.
    pub interpolated: Vec<Span>,
    /// What the first indented line is indented by; absent when no line is.
    pub first_indent: Option<Span>,
    scopes: Vec<Scope>,
    shapes: HashMap<Span, Shape>,
    reads: HashMap<String, Vec<u32>>,
    whole_values: HashSet<Span>,
}

#[derive(Debug)]
pub struct Statement {
    /// Decorators included, comments not.
    pub span: Span,
    /// Index into [`View::blocks`].
    pub block: usize,
    pub kind: StatementKind,
    /// Nothing but an expression.
    pub is_expression: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    Docstring,
    /// `import a.b as c, d`: dotted names and what they are bound to, when renamed.
    Import(Vec<(String, Option<String>)>),
    /// `from ..a import b` is `..a`.
    ImportFrom(String),
    /// An `if`, `try` or `with` that does nothing but import and set plain values.
    ImportBlock,
    /// A function or a class.
    Definition,
    /// `test` is that of the first arm; `alone` means there is neither `elif` nor `else`.
    If {
        test: Span,
        alone: bool,
    },
    /// A one-line statement that binds nothing to the result of a call.
    Simple,
    Other,
}

#[derive(Debug)]
pub struct Block {
    /// The statement this suite belongs to; absent for the module.
    pub owner: Option<usize>,
    /// Where the clause starts: `if`, `else`, `except`, `def` (after decorators), ….
    pub header: u32,
    /// The body of the first arm of an `if`.
    pub is_then: bool,
    /// Indices into [`View::statements`].
    pub statements: Vec<usize>,
}

#[derive(Debug)]
pub struct Call {
    pub span: Span,
    /// From `(` to `)`.
    pub parentheses: Span,
    pub arguments: Vec<Argument>,
}

#[derive(Debug)]
pub struct Argument {
    pub span: Span,
    pub kind: ArgumentKind,
}

impl Argument {
    /// The value alone, without the keyword's name.
    pub fn value(&self) -> Span {
        match &self.kind {
            ArgumentKind::Keyword { value, .. } => *value,
            _ => self.span,
        }
    }

    pub fn is_keyword(&self, name: &str) -> bool {
        matches!(&self.kind, ArgumentKind::Keyword { name: other, .. } if other == name)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    Positional,
    /// A generator without parentheses of its own.
    BareGenerator,
    Star,
    Keyword {
        name: String,
        value: Span,
    },
    DoubleStar,
}

#[derive(Debug)]
pub struct Bracket {
    /// Brackets included.
    pub span: Span,
    /// Offsets of the commas directly inside.
    pub commas: Vec<u32>,
}

/// As much of an expression's grammar as decides whether it needs parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `a and b`, with its operands.
    And(Vec<Span>),
    Or,
    Conditional,
    Lambda,
    Walrus,
    Tighter,
}

/// What a name means at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing in the module binds it.
    Unbound,
    /// Every binding is an import of the module asked for; `certain` when one of them stands at the
    /// top level of the module (or directly in the same function) before the place.
    Module { certain: bool },
    /// Something else is, or may be, bound to it.
    Other,
}

#[derive(Debug)]
struct Scope {
    span: Span,
    kind: ScopeKind,
    bindings: Vec<Binding>,
    globals: HashSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScopeKind {
    Module,
    Function,
    Class,
}

#[derive(Debug)]
struct Binding {
    name: String,
    /// The dotted name of the imported module the name is bound to.
    module: Option<String>,
    /// Index into [`View::statements`].
    statement: Option<usize>,
    /// Where the binding statement ends.
    end: u32,
    /// The statement stands directly in the scope's own body.
    unconditional: bool,
}

impl View {
    /// Parses the text. The error is the parser's own sentence, with a byte offset.
    pub fn new(text: &str) -> Result<View, String> {
        let parsed = ruff_python_parser::parse_module(text)
            .map_err(|error| format!("{} at byte {}", error.error, u32::from(error.location.start())))?;
        let mut builder = Builder::default();
        builder.read_tokens(parsed.tokens());
        let end = text.len() as u32;
        builder.open_scope(ScopeKind::Module, Span { start: 0, end });
        builder.visit_body(parsed.suite());
        Ok(builder.view)
    }

    /// The statement with exactly this span.
    pub fn statement(&self, span: Span) -> Option<usize> {
        self.statements.iter().position(|statement| statement.span == span)
    }

    /// The module-level statement that holds the offset.
    pub fn top_level(&self, offset: u32) -> Option<usize> {
        let block = self.blocks.first()?;
        block.statements.iter().copied().find(|id| {
            let span = self.statements[*id].span;
            span.start <= offset && offset <= span.end
        })
    }

    /// The statement before and after this one in its suite.
    pub fn neighbours(&self, id: usize) -> (Option<usize>, Option<usize>) {
        let suite = &self.blocks[self.statements[id].block].statements;
        let at = suite.iter().position(|other| *other == id).unwrap_or(0);
        (at.checked_sub(1).map(|before| suite[before]), suite.get(at + 1).copied())
    }

    pub fn call(&self, span: Span) -> Option<&Call> {
        self.calls.iter().find(|call| call.span == span)
    }

    /// The shape of the expression with exactly this span, parentheses of its own not included.
    pub fn shape(&self, expression: Span) -> Option<&Shape> {
        self.shapes.get(&expression)
    }

    /// The expression is all that a statement, an assignment's right-hand side or a `return` holds.
    pub fn is_whole_value(&self, expression: Span) -> bool {
        self.whole_values.contains(&expression)
    }

    /// The brackets that start here.
    pub fn bracket_at(&self, start: u32) -> Option<&Bracket> {
        self.brackets.iter().find(|bracket| bracket.span.start == start)
    }

    /// The expression with the parentheses around it, if it has any inside `within`.
    pub fn parenthesized(&self, text: &str, expression: Span, within: Span) -> Span {
        let mut outer = expression;
        // Brackets close from the inside out, so one pass meets them in the right order.
        for Bracket { span, .. } in &self.brackets {
            let wraps = span.start < outer.start && outer.end < span.end;
            let inside = within.contains(*span) && *span != within;
            if wraps
                && inside
                && text[span.start as usize..].starts_with('(')
                && self.is_blank(text, Span { start: span.start + 1, end: outer.start })
                && self.is_blank(text, Span { start: outer.end, end: span.end - 1 })
            {
                outer = *span;
            }
        }
        outer
    }

    /// Nothing but white space and comments.
    fn is_blank(&self, text: &str, span: Span) -> bool {
        let mut at = span.start;
        while at < span.end {
            let rest = &text[at as usize..span.end as usize];
            let skipped = (rest.len() - rest.trim_start().len()) as u32;
            at += skipped;
            if at >= span.end {
                return true;
            }
            match self.comments.iter().find(|comment| comment.start == at) {
                Some(comment) => at = comment.end,
                None => return false,
            }
        }
        true
    }

    /// What `name` means at the offset, when asked whether it is the module `module`.
    pub fn meaning(&self, name: &str, module: &str, offset: u32) -> Meaning {
        let mut around: Vec<&Scope> = self
            .scopes
            .iter()
            .filter(|scope| {
                scope.kind == ScopeKind::Module || (scope.span.start <= offset && offset < scope.span.end)
            })
            .collect();
        let in_function = around.iter().any(|scope| scope.kind == ScopeKind::Function);
        around.reverse();
        for (depth, scope) in around.iter().enumerate() {
            // A class body is no scope for the functions inside it.
            if scope.kind == ScopeKind::Class && depth != 0 {
                continue;
            }
            if scope.globals.contains(name) {
                continue;
            }
            let bindings: Vec<&Binding> =
                scope.bindings.iter().filter(|binding| binding.name == name).collect();
            if bindings.is_empty() {
                continue;
            }
            if bindings.iter().any(|binding| binding.module.as_deref() != Some(module)) {
                return Meaning::Other;
            }
            // A function runs after the module's top level has, wherever it stands.
            let late = scope.kind == ScopeKind::Module && in_function;
            let certain =
                bindings.iter().any(|binding| binding.unconditional && (late || binding.end <= offset));
            // An import that may not have run makes a local name unusable, a global one only missing.
            return match scope.kind {
                ScopeKind::Module => Meaning::Module { certain },
                _ if certain => Meaning::Module { certain },
                _ => Meaning::Other,
            };
        }
        Meaning::Unbound
    }

    /// The names that top-level imports bind to this module, in the order of the text.
    pub fn names_of<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a str> {
        let scope = self.scopes.first().into_iter();
        scope.flat_map(|scope| &scope.bindings).filter_map(move |binding| {
            (binding.module.as_deref() == Some(module)).then_some(binding.name.as_str())
        })
    }

    /// The statement binds a name that code outside of it reads.
    pub fn binds_what_others_read(&self, id: usize) -> bool {
        let place = self.statements[id].span;
        let outer = self.scopes.iter().filter(|scope| !place.contains(scope.span));
        outer.flat_map(|scope| &scope.bindings).any(|binding| {
            let is_inside = binding.statement.is_some_and(|by| place.contains(self.statements[by].span));
            is_inside && self.reads(&binding.name).iter().any(|at| *at < place.start || place.end <= *at)
        })
    }

    /// Where code reads this name, in any scope.
    pub fn reads(&self, name: &str) -> &[u32] {
        self.reads.get(name).map_or(&[], Vec::as_slice)
    }
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
        let shape = match expr {
            ast::Expr::BoolOp(node) if node.op == ast::BoolOp::And => {
                Shape::And(node.values.iter().map(|value| span(value.range())).collect())
            }
            ast::Expr::BoolOp(_) => Shape::Or,
            ast::Expr::If(_) => Shape::Conditional,
            ast::Expr::Lambda(_) => Shape::Lambda,
            ast::Expr::Named(_) => Shape::Walrus,
            _ => Shape::Tighter,
        };
        self.view.shapes.insert(place, shape);
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

fn call(node: &ast::ExprCall, place: Span) -> Call {
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

fn statement_kind(stmt: &ast::Stmt, is_first: bool) -> StatementKind {
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

fn whole_value(stmt: &ast::Stmt) -> Option<&ast::Expr> {
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

fn span(range: TextRange) -> Span {
    Span { start: u32::from(range.start()), end: u32::from(range.end()) }
}
