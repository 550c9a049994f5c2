//! What has a scope of its own: functions, lambdas and classes.

use std::sync::Arc;

use ruff_python_ast as ast;

use super::{Lowering, span_of};
use crate::ir::{Class, Expr, ExprKind, Function, Param, ParamKind, Span, Stmt, StmtKind};

impl<'t> Lowering<'t> {
    pub(super) fn function(&mut self, node: &'t ast::StmtFunctionDef) -> StmtKind {
        let decorators = self.decorators(&node.decorator_list);
        let params = self.params(&node.parameters);
        let name = self.identifier(&node.name);
        self.bind(&name);
        let (body, scope) = self.in_scope(|this| {
            this.bind_params(&params);
            this.block(&node.body)
        });
        let is_generator = scope.is_generator;
        let (locals, _) = scope.into_names();
        StmtKind::FunctionDef(Arc::new(Function {
            name,
            params,
            body,
            decorators,
            is_async: node.is_async,
            is_generator,
            locals,
            span: span_of(node),
            name_span: span_of(&node.name),
        }))
    }

    pub(super) fn class(&mut self, node: &'t ast::StmtClassDef) -> StmtKind {
        let decorators = self.decorators(&node.decorator_list);
        let arguments = node.arguments.as_deref().map_or_else(Box::default, |node| self.arguments(node));
        let name = self.identifier(&node.name);
        self.bind(&name);
        let (body, scope) = self.in_scope(|this| this.block(&node.body));
        let (_, not_local) = scope.into_names();
        StmtKind::ClassDef(Arc::new(Class {
            name,
            arguments,
            body,
            decorators,
            not_local,
            span: span_of(node),
            name_span: span_of(&node.name),
        }))
    }

    fn decorators(&mut self, nodes: &'t [ast::Decorator]) -> Box<[Expr]> {
        nodes.iter().map(|node| self.expr(&node.expression)).collect()
    }

    pub(super) fn lambda(&mut self, node: &'t ast::ExprLambda) -> ExprKind {
        let params = node.parameters.as_deref().map_or_else(Box::default, |params| self.params(params));
        let (body, scope) = self.in_scope(|this| {
            this.bind_params(&params);
            this.expr(&node.body)
        });
        let is_generator = scope.is_generator;
        let (locals, _) = scope.into_names();
        let span = span_of(node);
        ExprKind::Lambda(Arc::new(Function {
            name: self.name("<lambda>"),
            params,
            body: [Stmt { span: body.span, kind: StmtKind::Return(Some(body)) }].into(),
            decorators: Box::default(),
            is_async: false,
            is_generator,
            locals,
            span,
            name_span: Span { start: span.start, end: span.start + "lambda".len() as u32 },
        }))
    }

    /// Parameters with their defaults, which belong to the scope around the function.
    fn params(&mut self, node: &'t ast::Parameters) -> Box<[Param]> {
        let mut params = Vec::with_capacity(node.len());
        self.params_of(&node.posonlyargs, ParamKind::PositionalOnly, &mut params);
        self.params_of(&node.args, ParamKind::Positional, &mut params);
        if let Some(param) = &node.vararg {
            let name = self.identifier(&param.name);
            params.push(Param { name, kind: ParamKind::VarPositional, default: None });
        }
        self.params_of(&node.kwonlyargs, ParamKind::KeywordOnly, &mut params);
        if let Some(param) = &node.kwarg {
            let name = self.identifier(&param.name);
            params.push(Param { name, kind: ParamKind::VarKeyword, default: None });
        }
        params.into()
    }

    fn params_of(
        &mut self,
        nodes: &'t [ast::ParameterWithDefault],
        kind: ParamKind,
        params: &mut Vec<Param>,
    ) {
        for node in nodes {
            let name = self.identifier(&node.parameter.name);
            params.push(Param { name, kind, default: self.optional(&node.default) });
        }
    }

    fn bind_params(&mut self, params: &[Param]) {
        for param in params {
            self.bind(&param.name);
        }
    }
}
