//! Expressions and arguments.

use ruff_python_ast::{self as ast, ArgOrKeyword, Expr as Node, ExprContext};

use super::operators::{binary_op, bool_op, compare_op, unary_op};
use super::{Lowering, span_of};
use crate::ir::{Arg, ArgKind, Comprehension, ComprehensionKind, Constant, Expr, ExprKind, Generator};

/// Each kind with more than a few fields has its own function: the frame of the one that calls
/// itself for every level stays small.
impl<'t> Lowering<'t> {
    pub(super) fn expr(&mut self, node: &'t Node) -> Expr {
        let span = span_of(node);
        let kind = self.deeper(span, |this| this.expr_kind(node));
        Expr { kind: kind.unwrap_or(ExprKind::Constant(Constant::None)), span }
    }

    pub(super) fn exprs(&mut self, nodes: &'t [Node]) -> Box<[Expr]> {
        nodes.iter().map(|node| self.expr(node)).collect()
    }

    pub(super) fn boxed(&mut self, node: &'t Node) -> Box<Expr> {
        Box::new(self.expr(node))
    }

    pub(super) fn optional(&mut self, node: &'t Option<Box<Node>>) -> Option<Expr> {
        node.as_deref().map(|node| self.expr(node))
    }

    pub(super) fn optional_boxed(&mut self, node: &'t Option<Box<Node>>) -> Option<Box<Expr>> {
        node.as_deref().map(|node| self.boxed(node))
    }

    fn expr_kind(&mut self, node: &'t Node) -> ExprKind {
        match node {
            Node::NoneLiteral(_) => ExprKind::Constant(Constant::None),
            Node::BooleanLiteral(node) => ExprKind::Constant(Constant::Bool(node.value)),
            Node::EllipsisLiteral(_) => ExprKind::Constant(Constant::Ellipsis),
            Node::NumberLiteral(node) => ExprKind::Constant(number(&node.value)),
            Node::StringLiteral(node) => ExprKind::Constant(Constant::Str(node.value.to_str().into())),
            Node::BytesLiteral(node) => ExprKind::Constant(Constant::Bytes(node.value.bytes().collect())),
            Node::FString(node) => self.f_string(node),
            Node::TString(node) => self.t_string(node),
            Node::Name(node) => self.name_kind(node),
            Node::Attribute(node) => {
                ExprKind::Attribute { value: self.boxed(&node.value), name: self.identifier(&node.attr) }
            }
            Node::Subscript(node) => {
                ExprKind::Subscript { value: self.boxed(&node.value), index: self.boxed(&node.slice) }
            }
            Node::Slice(node) => self.slice(node),
            Node::Call(node) => {
                ExprKind::Call { func: self.boxed(&node.func), args: self.arguments(&node.arguments) }
            }
            Node::UnaryOp(node) => {
                ExprKind::Unary { op: unary_op(node.op), operand: self.boxed(&node.operand) }
            }
            Node::BinOp(node) => self.binary(node),
            Node::BoolOp(node) => ExprKind::Bool { op: bool_op(node.op), values: self.exprs(&node.values) },
            Node::Compare(node) => self.compare(node),
            Node::If(node) => self.if_else(node),
            Node::Lambda(node) => self.lambda(node),
            Node::Tuple(node) => ExprKind::Tuple(self.exprs(&node.elts)),
            Node::List(node) => ExprKind::List(self.exprs(&node.elts)),
            Node::Set(node) => ExprKind::Set(self.exprs(&node.elts)),
            Node::Dict(node) => self.dict(node),
            Node::ListComp(node) => self.comprehension(ComprehensionKind::List, &node.elt, &node.generators),
            Node::SetComp(node) => self.comprehension(ComprehensionKind::Set, &node.elt, &node.generators),
            Node::Generator(node) => {
                self.comprehension(ComprehensionKind::Generator, &node.elt, &node.generators)
            }
            Node::DictComp(node) => self.dict_comprehension(node),
            Node::Await(node) => ExprKind::Await(self.boxed(&node.value)),
            Node::Yield(node) => {
                self.mark_generator();
                ExprKind::Yield(self.optional_boxed(&node.value))
            }
            Node::YieldFrom(node) => {
                self.mark_generator();
                ExprKind::YieldFrom(self.boxed(&node.value))
            }
            Node::Starred(node) => ExprKind::Starred(self.boxed(&node.value)),
            Node::Named(node) => self.walrus(node),
            // Only parsed in notebooks' own syntax, which is not asked for.
            Node::IpyEscapeCommand(_) => ExprKind::Constant(Constant::None),
        }
    }

    fn name_kind(&mut self, node: &'t ast::ExprName) -> ExprKind {
        let name = self.name(node.id.as_str());
        if matches!(node.ctx, ExprContext::Store | ExprContext::Del) && !self.in_comprehension_target {
            self.bind(&name);
        }
        ExprKind::Name(name)
    }

    fn walrus(&mut self, node: &'t ast::ExprNamed) -> ExprKind {
        let target = self.boxed(&node.target);
        if let ExprKind::Name(name) = &target.kind {
            self.bind(name);
        }
        ExprKind::Walrus { target, value: self.boxed(&node.value) }
    }

    fn slice(&mut self, node: &'t ast::ExprSlice) -> ExprKind {
        ExprKind::Slice {
            lower: self.optional_boxed(&node.lower),
            upper: self.optional_boxed(&node.upper),
            step: self.optional_boxed(&node.step),
        }
    }

    fn binary(&mut self, node: &'t ast::ExprBinOp) -> ExprKind {
        ExprKind::Binary {
            left: self.boxed(&node.left),
            op: binary_op(node.op),
            right: self.boxed(&node.right),
        }
    }

    fn compare(&mut self, node: &'t ast::ExprCompare) -> ExprKind {
        let left = self.boxed(&node.left);
        let rest = (node.ops.iter().zip(&node.comparators))
            .map(|(op, right)| (compare_op(*op), self.expr(right)))
            .collect();
        ExprKind::Compare { left, rest }
    }

    fn if_else(&mut self, node: &'t ast::ExprIf) -> ExprKind {
        ExprKind::IfElse {
            test: self.boxed(&node.test),
            body: self.boxed(&node.body),
            orelse: self.boxed(&node.orelse),
        }
    }

    fn dict(&mut self, node: &'t ast::ExprDict) -> ExprKind {
        let items = (node.items.iter())
            .map(|item| (item.key.as_ref().map(|key| self.expr(key)), self.expr(&item.value)))
            .collect();
        ExprKind::Dict(items)
    }

    /// `{**mapping for …}` (Python 3.15) has a starred element and no value.
    fn dict_comprehension(&mut self, node: &'t ast::ExprDictComp) -> ExprKind {
        let generators = self.generators(&node.generators);
        let value = self.expr(&node.value);
        let (element, value) = match &node.key {
            Some(key) => (self.expr(key), Some(value)),
            None => (Expr { span: value.span, kind: ExprKind::Starred(Box::new(value)) }, None),
        };
        let kind = ComprehensionKind::Dict;
        ExprKind::Comprehension(Box::new(Comprehension { kind, element, value, generators }))
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &'t Node,
        generators: &'t [ast::Comprehension],
    ) -> ExprKind {
        let generators = self.generators(generators);
        let element = self.expr(element);
        ExprKind::Comprehension(Box::new(Comprehension { kind, element, value: None, generators }))
    }

    fn generators(&mut self, nodes: &'t [ast::Comprehension]) -> Box<[Generator]> {
        nodes.iter().map(|node| self.generator(node)).collect()
    }

    fn generator(&mut self, node: &'t ast::Comprehension) -> Generator {
        let outer = std::mem::replace(&mut self.in_comprehension_target, true);
        let target = self.expr(&node.target);
        self.in_comprehension_target = outer;
        Generator {
            target,
            iter: self.expr(&node.iter),
            conditions: self.exprs(&node.ifs),
            is_async: node.is_async,
        }
    }

    pub(super) fn arguments(&mut self, arguments: &'t ast::Arguments) -> Box<[Arg]> {
        arguments.iter_source_order().map(|argument| self.argument(argument)).collect()
    }

    fn argument(&mut self, argument: ArgOrKeyword<'t>) -> Arg {
        let (kind, value) = match argument {
            ArgOrKeyword::Arg(Node::Starred(node)) => (ArgKind::Star, &*node.value),
            ArgOrKeyword::Arg(node) => (ArgKind::Positional, node),
            ArgOrKeyword::Keyword(keyword) => match &keyword.arg {
                Some(name) => (ArgKind::Keyword(self.identifier(name)), &keyword.value),
                None => (ArgKind::DoubleStar, &keyword.value),
            },
        };
        Arg { kind, value: self.expr(value), span: span_of(&argument) }
    }
}

fn number(number: &ast::Number) -> Constant {
    match number {
        ast::Number::Int(int) => int.as_i64().map_or(Constant::BigInt, Constant::Int),
        ast::Number::Float(float) => Constant::Float(*float),
        ast::Number::Complex { .. } => Constant::Complex,
    }
}
