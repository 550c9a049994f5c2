//! What goes with a statement that is removed: the suites that would be empty without it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Span;
use crate::python::view::{Shape, StatementKind};

use super::Draft;

/// A part of the text that is removed as a whole.
#[derive(Clone, Debug)]
pub enum Gone {
    /// A statement, by its index, with all its suites.
    Statement(usize),
    /// The last `elif` or `else` of an `if`, from its keyword on.
    Clause(Span),
    /// The first suite of an `if`, up to the end of the line with its `else`, whose suite takes the
    /// place; the test is to be the opposite one.
    FirstSuite { span: Span, test: Span, opposite: String },
    /// The only statement of a suite that has to stay.
    Pass(usize),
}

impl Gone {
    /// What goes, without line ends and without comments around it.
    pub fn span(&self, draft: &Draft) -> Span {
        match self {
            Gone::Statement(id) | Gone::Pass(id) => draft.view.statements[*id].span,
            Gone::Clause(span) | Gone::FirstSuite { span, .. } => *span,
        }
    }
}

/// Everything that goes when these statements do, in the order of the text.
pub fn gone_with(draft: &Draft, statements: &BTreeSet<usize>) -> Vec<Gone> {
    let view = draft.view;
    let mut ids = statements.clone();
    let mut found: BTreeMap<u32, Gone> = BTreeMap::new();
    loop {
        let emptied = view.blocks.iter().position(|block| {
            block.owner.is_some_and(|owner| !ids.contains(&owner))
                && !block.statements.is_empty()
                && block.statements.iter().all(|id| ids.contains(id))
        });
        let Some(emptied) = emptied else { break };
        let suite = &view.blocks[emptied];
        ids.retain(|id| !suite.statements.contains(id));
        match together_with(draft, emptied) {
            Some(Gone::Statement(owner)) => {
                ids.insert(owner);
            }
            Some(gone) => {
                found.insert(gone.span(draft).start, gone);
            }
            None => {
                for (index, id) in suite.statements.iter().enumerate() {
                    let gone = if index == 0 { Gone::Pass(*id) } else { Gone::Statement(*id) };
                    found.insert(view.statements[*id].span.start, gone);
                }
            }
        }
    }
    // What stands inside something that goes, goes with it.
    let all: Vec<Span> = ids.iter().map(|id| view.statements[*id].span).collect();
    let is_outermost = |span: Span| all.iter().all(|other| *other == span || !other.contains(span));
    found.retain(|_, gone| is_outermost(gone.span(draft)));
    for id in ids.into_iter().filter(|id| is_outermost(view.statements[*id].span)) {
        found.insert(view.statements[id].span.start, Gone::Statement(id));
    }
    found.into_values().collect()
}

/// What can go together with all that a suite holds; nothing where it must hold something.
fn together_with(draft: &Draft, block: usize) -> Option<Gone> {
    let (view, layout) = (draft.view, &draft.layout);
    let suite = &view.blocks[block];
    let owner = suite.owner?;
    let StatementKind::If { test, alone } = view.statements[owner].kind else { return None };
    if alone {
        return Some(Gone::Statement(owner));
    }
    let clauses: Vec<usize> =
        (0..view.blocks.len()).filter(|other| view.blocks[*other].owner == Some(owner)).collect();
    let end = |block: usize| view.blocks[block].statements.last().map(|id| view.statements[*id].span.end);
    if clauses.last() == Some(&block) {
        return Some(Gone::Clause(Span { start: suite.header, end: end(block)? }));
    }
    let [first, second] = clauses[..] else { return None };
    let other = &view.blocks[second];
    let start = view.statements[*suite.statements.first()?].span.start;
    let follows = view.statements[*other.statements.first()?].span.start;
    let is_plain = layout.slice(other.header, follows).starts_with("else")
        && layout.starts_line(start)
        && layout.starts_line(follows)
        && first == block
        // What is said beside a test is not true of its opposite.
        && !has_comment(draft, view.statements[owner].span.start)
        && !has_comment(draft, other.header);
    let opposite = opposite(draft, test).filter(|_| is_plain)?;
    Some(Gone::FirstSuite { span: Span { start, end: layout.line_end(other.header) }, test, opposite })
}

fn has_comment(draft: &Draft, at: u32) -> bool {
    let line = Span { start: draft.layout.line_start(at), end: draft.layout.line_end(at) };
    draft.view.comments.iter().any(|comment| line.contains(*comment))
}

/// The test that asks the opposite, where a person would write it without parentheses.
fn opposite(draft: &Draft, test: Span) -> Option<String> {
    let text = draft.layout.slice(test.start, test.end);
    if !matches!(draft.view.shape(test), Some(Shape::Tighter)) || text.contains('\n') {
        return None;
    }
    for (operator, other) in [(" == ", " != "), (" != ", " == ")] {
        if text.matches(operator).count() == 1 && text.split(' ').count() == 3 {
            return Some(text.replace(operator, other));
        }
    }
    match text.strip_prefix("not ") {
        Some(asked) if !asked.contains(' ') => Some(asked.to_string()),
        None if !text.contains(' ') => Some(format!("not {text}")),
        _ => None,
    }
}
