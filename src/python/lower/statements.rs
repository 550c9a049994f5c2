//! Statements.

use ruff_python_ast::{self as ast, Expr as Node, Stmt as StmtNode};

use super::operators::binary_op;
use super::{Lowering, MAX_DEPTH, span_of};
use crate::ir::{Alias, Case, Constant, Expr, ExprKind, Handler, Name, Stmt, StmtKind, WithItem};

/// Each kind with more than a few fields has its own function: the frame of the one that calls
/// itself for every level stays small.
impl<'t> Lowering<'t> {
    pub(super) fn block(&mut self, nodes: &'t [StmtNode]) -> Box<[Stmt]> {
        nodes.iter().map(|node| self.stmt(node)).collect()
    }

    fn stmt(&mut self, node: &'t StmtNode) -> Stmt {
        let span = span_of(node);
        let kind = self.deeper(span, |this| this.stmt_kind(node));
        Stmt { kind: kind.unwrap_or(StmtKind::Pass), span }
    }

    fn stmt_kind(&mut self, node: &'t StmtNode) -> StmtKind {
        match node {
            StmtNode::Expr(node) => StmtKind::Expr(match &*node.value {
                Node::StringLiteral(text) => self.text_for_people(text),
                value => self.expr(value),
            }),
            StmtNode::Assign(node) => {
                StmtKind::Assign { targets: self.exprs(&node.targets), value: self.expr(&node.value) }
            }
            StmtNode::AugAssign(node) => StmtKind::AugAssign {
                target: self.boxed(&node.target),
                op: binary_op(node.op),
                value: self.expr(&node.value),
            },
            StmtNode::AnnAssign(node) => self.annotated(node),
            StmtNode::Delete(node) => StmtKind::Delete(self.exprs(&node.targets)),
            StmtNode::Pass(_) => StmtKind::Pass,
            StmtNode::Break(_) => StmtKind::Break,
            StmtNode::Continue(_) => StmtKind::Continue,
            StmtNode::Return(node) => StmtKind::Return(self.optional(&node.value)),
            StmtNode::Raise(node) => StmtKind::Raise {
                exception: self.optional(&node.exc),
                cause: self.optional_boxed(&node.cause),
            },
            StmtNode::Assert(node) => {
                StmtKind::Assert { test: self.expr(&node.test), message: self.optional_boxed(&node.msg) }
            }
            StmtNode::If(node) => self.if_(node),
            StmtNode::While(node) => StmtKind::While {
                test: self.boxed(&node.test),
                body: self.block(&node.body),
                orelse: self.block(&node.orelse),
            },
            StmtNode::For(node) => self.for_(node),
            StmtNode::With(node) => self.with(node),
            StmtNode::Try(node) => self.try_(node),
            StmtNode::Match(node) => self.match_(node),
            StmtNode::Import(node) => self.import(node),
            StmtNode::ImportFrom(node) => self.import_from(node),
            StmtNode::Global(node) => StmtKind::Global(self.not_local(&node.names)),
            StmtNode::Nonlocal(node) => StmtKind::Nonlocal(self.not_local(&node.names)),
            StmtNode::FunctionDef(node) => self.function(node),
            StmtNode::ClassDef(node) => self.class(node),
            StmtNode::TypeAlias(node) => self.type_alias(node),
            // Only parsed in notebooks' own syntax, which is not asked for.
            StmtNode::IpyEscapeCommand(_) => StmtKind::Pass,
        }
    }

    /// A text that is a statement: a tenth of many modules is documentation.
    fn text_for_people(&mut self, node: &'t ast::ExprStringLiteral) -> Expr {
        Expr { kind: ExprKind::Constant(Constant::Str(self.name(""))), span: span_of(node) }
    }

    fn annotated(&mut self, node: &'t ast::StmtAnnAssign) -> StmtKind {
        let target = match &*node.target {
            // `(x): T` alone does not make `x` a local name; `x: T` does.
            Node::Name(name) if !node.simple && node.value.is_none() => {
                Expr { kind: ExprKind::Name(self.name(name.id.as_str())), span: span_of(name) }
            }
            target => self.expr(target),
        };
        StmtKind::AnnAssign {
            target: Box::new(target),
            annotation: self.boxed(&node.annotation),
            value: self.optional(&node.value),
        }
    }

    /// The branches of a chain are lowered one after the other, each a level further down, and
    /// nested afterwards.
    fn if_(&mut self, node: &'t ast::StmtIf) -> StmtKind {
        let depth = self.depth;
        let test = self.boxed(&node.test);
        let body = self.block(&node.body);
        let mut elifs = Vec::new();
        let mut orelse: Box<[Stmt]> = Box::default();
        for clause in &node.elif_else_clauses {
            if self.depth >= MAX_DEPTH {
                self.too_deep.get_or_insert(span_of(clause));
                break;
            }
            match &clause.test {
                Some(test) => {
                    self.depth += 1;
                    elifs.push((self.boxed(test), self.block(&clause.body), span_of(clause)));
                }
                None => orelse = self.block(&clause.body),
            }
        }
        self.depth = depth;
        for (test, body, span) in elifs.into_iter().rev() {
            orelse = [Stmt { kind: StmtKind::If { test, body, orelse }, span }].into();
        }
        StmtKind::If { test, body, orelse }
    }

    fn for_(&mut self, node: &'t ast::StmtFor) -> StmtKind {
        StmtKind::For {
            target: self.boxed(&node.target),
            iter: self.boxed(&node.iter),
            body: self.block(&node.body),
            orelse: self.block(&node.orelse),
            is_async: node.is_async,
        }
    }

    fn with(&mut self, node: &'t ast::StmtWith) -> StmtKind {
        let items = (node.items.iter())
            .map(|item| WithItem {
                context: self.expr(&item.context_expr),
                target: self.optional(&item.optional_vars),
            })
            .collect();
        StmtKind::With { items, body: self.block(&node.body), is_async: node.is_async }
    }

    fn try_(&mut self, node: &'t ast::StmtTry) -> StmtKind {
        StmtKind::Try {
            body: self.block(&node.body),
            handlers: node.handlers.iter().map(|handler| self.handler(handler)).collect(),
            orelse: self.block(&node.orelse),
            finalbody: self.block(&node.finalbody),
            is_star: node.is_star,
        }
    }

    fn handler(&mut self, node: &'t ast::ExceptHandler) -> Handler {
        let ast::ExceptHandler::ExceptHandler(node) = node;
        let kind = self.optional(&node.type_);
        let name = self.optional_identifier(&node.name);
        if let Some(name) = &name {
            self.bind(name);
        }
        Handler { kind, name, body: self.block(&node.body), span: span_of(node) }
    }

    fn match_(&mut self, node: &'t ast::StmtMatch) -> StmtKind {
        let subject = self.expr(&node.subject);
        let cases = (node.cases.iter())
            .map(|case| Case {
                pattern: self.pattern(&case.pattern),
                guard: self.optional(&case.guard),
                body: self.block(&case.body),
                span: span_of(case),
            })
            .collect();
        StmtKind::Match { subject, cases }
    }

    fn import(&mut self, node: &'t ast::StmtImport) -> StmtKind {
        let aliases: Box<[Alias]> = node.names.iter().map(|alias| self.alias(alias)).collect();
        for (alias, node) in aliases.iter().zip(&node.names) {
            let bound = match &alias.asname {
                Some(name) => name.clone(),
                // `import a.b` binds `a`.
                None => self.name(node.name.split('.').next().unwrap_or_default()),
            };
            self.bind(&bound);
        }
        StmtKind::Import(aliases)
    }

    fn import_from(&mut self, node: &'t ast::StmtImportFrom) -> StmtKind {
        let names: Box<[Alias]> = node.names.iter().map(|alias| self.alias(alias)).collect();
        for alias in names.iter().filter(|alias| &*alias.name != "*") {
            self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
        }
        StmtKind::ImportFrom { module: self.optional_identifier(&node.module), level: node.level, names }
    }

    fn alias(&mut self, node: &'t ast::Alias) -> Alias {
        Alias {
            name: self.identifier(&node.name),
            asname: self.optional_identifier(&node.asname),
            span: span_of(node),
        }
    }

    fn not_local(&mut self, names: &'t [ast::Identifier]) -> Box<[Name]> {
        let names: Box<[Name]> = names.iter().map(|name| self.identifier(name)).collect();
        self.declare_not_local(&names);
        names
    }

    fn type_alias(&mut self, node: &'t ast::StmtTypeAlias) -> StmtKind {
        let name = match &*node.name {
            Node::Name(name) => self.name(name.id.as_str()),
            // The grammar has a name here; anything else is an error that the parser reports.
            _ => self.name(""),
        };
        self.bind(&name);
        StmtKind::TypeAlias { name }
    }
}
