//! The second parse: what a fix needs to know of one file's text, without the parser's types.
//!
//! The IR answers what a program does; a fix asks where its statements, arguments, brackets and
//! comments stand. A view is made only for files that are about to be edited. All offsets are bytes
//! of the decoded text, the same as the IR's spans.

mod builder;
mod names;
mod syntax;

use std::collections::{HashMap, HashSet};

use crate::ir::Span;

pub use names::Meaning;
use names::Scope;

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
    /// `value if test else otherwise`
    Conditional {
        value: Span,
        test: Span,
        otherwise: Span,
    },
    Lambda,
    Walrus,
    Tighter,
}

impl View {
    /// Parses the text. The error is the parser's own sentence, with a byte offset.
    pub fn new(text: &str) -> Result<View, String> {
        let parsed = ruff_python_parser::parse_module(text)
            .map_err(|error| format!("{} at byte {}", error.error, u32::from(error.location.start())))?;
        Ok(builder::build(&parsed, text.len() as u32))
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
}
