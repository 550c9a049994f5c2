//! `match` patterns.

use ruff_python_ast as ast;

use super::{Lowering, span_of};
use crate::ir::{Constant, Name, Pattern};

impl<'t> Lowering<'t> {
    pub(super) fn pattern(&mut self, pattern: &'t ast::Pattern) -> Pattern {
        self.deeper(span_of(pattern), |this| this.pattern_kind(pattern))
            .unwrap_or(Pattern::As { pattern: None, name: None })
    }

    fn pattern_kind(&mut self, pattern: &'t ast::Pattern) -> Pattern {
        match pattern {
            ast::Pattern::MatchValue(node) => Pattern::Value(self.expr(&node.value)),
            ast::Pattern::MatchSingleton(node) => Pattern::Singleton(match node.value {
                ast::Singleton::None => Constant::None,
                ast::Singleton::True => Constant::Bool(true),
                ast::Singleton::False => Constant::Bool(false),
            }),
            ast::Pattern::MatchSequence(node) => Pattern::Sequence(self.patterns(&node.patterns)),
            ast::Pattern::MatchMapping(node) => Pattern::Mapping {
                keys: self.exprs(&node.keys),
                patterns: self.patterns(&node.patterns),
                rest: self.capture(&node.rest),
            },
            ast::Pattern::MatchClass(node) => Pattern::Class {
                class: self.expr(&node.cls),
                positional: self.patterns(&node.arguments.patterns),
                keywords: (node.arguments.keywords.iter())
                    .map(|keyword| (self.identifier(&keyword.attr), self.pattern(&keyword.pattern)))
                    .collect(),
            },
            ast::Pattern::MatchStar(node) => Pattern::Star(self.capture(&node.name)),
            ast::Pattern::MatchAs(node) => Pattern::As {
                pattern: node.pattern.as_deref().map(|pattern| Box::new(self.pattern(pattern))),
                name: self.capture(&node.name),
            },
            ast::Pattern::MatchOr(node) => Pattern::Or(self.patterns(&node.patterns)),
        }
    }

    fn patterns(&mut self, patterns: &'t [ast::Pattern]) -> Box<[Pattern]> {
        patterns.iter().map(|pattern| self.pattern(pattern)).collect()
    }

    fn capture(&mut self, name: &'t Option<ast::Identifier>) -> Option<Name> {
        let name = self.optional_identifier(name)?;
        self.bind(&name);
        Some(name)
    }
}
