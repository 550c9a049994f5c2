//! From the parser's tree to the IR.

mod expressions;
mod functions;
mod operators;
mod patterns;
mod scopes;
mod statements;
mod strings;
#[cfg(test)]
mod tests;

use ruff_python_ast::{Identifier, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::SyntaxError;
use super::nesting::{self, MAX_DEPTH};
use crate::ir::{Module, Name, Span};
use scopes::Scope;

/// Parses and lowers one module. The parser's tree is dropped before this returns.
///
/// Every version of Python the parser knows is accepted. Needs up to 16 MB of stack for the most
/// deeply nested modules it accepts, and so does dropping the result.
pub fn lower(text: &str) -> Result<Module, SyntaxError> {
    lower_as(text, Mode::Module)
}

/// As [`lower`], for the cells of a notebook: with the magics of IPython, which do nothing here.
pub fn lower_cells(text: &str) -> Result<Module, SyntaxError> {
    lower_as(text, Mode::Ipython)
}

fn lower_as(text: &str, mode: Mode) -> Result<Module, SyntaxError> {
    if u32::try_from(text.len()).is_err() {
        return Err(SyntaxError { message: "larger than 4 GiB".to_owned(), span: Span::default() });
    }
    nesting::check(text)?;
    let newest = PythonVersion::latest_preview();
    let options = ParseOptions::from(mode).with_target_version(newest);
    let parsed = ruff_python_parser::parse(text, options)
        .map_err(|error| SyntaxError { message: error.error.to_string(), span: span(error.location) })?;
    // The mode asked for a module.
    let Some(parsed) = parsed.try_into_module() else { return Ok(Module::default()) };

    let mut lowering = Lowering::new();
    let body = lowering.block(parsed.suite());
    match lowering.too_deep {
        Some(span) => Err(nesting::too_deep(span)),
        None => Ok(Module { body }),
    }
}

/// What lowering carries along. `'t` is the life of the parser's tree.
struct Lowering<'t> {
    /// One allocation for each name of the module.
    names: FxHashMap<&'t str, Name>,
    /// The module, classes and functions around the current node, outermost first; never empty.
    scopes: Vec<Scope>,
    /// Inside the target of a comprehension, whose names are local to the comprehension.
    in_comprehension_target: bool,
    /// How many statements, expressions and patterns are around the current one.
    depth: usize,
    /// The first node past [`MAX_DEPTH`]. What is below it is not lowered.
    too_deep: Option<Span>,
}

impl<'t> Lowering<'t> {
    fn new() -> Self {
        Lowering {
            names: FxHashMap::default(),
            scopes: vec![Scope::default()],
            in_comprehension_target: false,
            depth: 0,
            too_deep: None,
        }
    }

    fn name(&mut self, text: &'t str) -> Name {
        self.names.entry(text).or_insert_with(|| Name::from(text)).clone()
    }

    fn identifier(&mut self, identifier: &'t Identifier) -> Name {
        self.name(identifier.as_str())
    }

    fn optional_identifier(&mut self, identifier: &'t Option<Identifier>) -> Option<Name> {
        identifier.as_ref().map(|identifier| self.identifier(identifier))
    }

    /// Lowers a node one level further down; `None` past the limit.
    fn deeper<T>(&mut self, span: Span, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.too_deep.get_or_insert(span);
            return None;
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        Some(lowered)
    }
}

fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

fn span_of(node: &impl Ranged) -> Span {
    span(node.range())
}
