//! The comments of a module and the lines of code they stand for.

use ruff_python_ast::PythonVersion;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions};
use ruff_text_size::Ranged;

use super::nesting;
use crate::ir::Span;

/// A comment of Python: what looks like one inside a string is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line, which is not included.
    pub span: Span,
    /// Nothing but white space stands before it.
    pub alone: bool,
    /// The logical line it speaks of: the next one for a comment alone on its line, else the one it
    /// stands in. Absent inside brackets, where a comment speaks of a line and not of the statement.
    pub statement: Option<Span>,
}

/// Every comment in the order of the text, and every logical line. Works on a file that does not
/// parse as far as its tokens can be told.
pub fn comments(text: &str) -> (Vec<Comment>, Vec<Span>) {
    // The parser recurses as deeply as the file nests.
    if nesting::check(text).is_err() {
        return (Vec::new(), Vec::new());
    }
    let newest = PythonVersion::latest_preview();
    let options = ParseOptions::from(Mode::Module).with_target_version(newest);
    let parsed = ruff_python_parser::parse_unchecked(text, options);
    let mut spans: Vec<(Span, bool)> = Vec::new();
    let mut statements: Vec<Span> = Vec::new();
    let mut start: Option<u32> = None;
    let mut end = 0;
    for token in parsed.tokens() {
        let span = Span { start: token.range().start().to_u32(), end: token.range().end().to_u32() };
        match token.kind() {
            TokenKind::Comment => spans.push((span, start.is_some())),
            TokenKind::Newline => {
                statements.extend(start.take().map(|start| Span { start, end }));
            }
            TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent | TokenKind::EndOfFile => {}
            _ => {
                start.get_or_insert(span.start);
                end = span.end;
            }
        }
    }
    statements.extend(start.map(|start| Span { start, end }));
    let comment = |(span, inside): (Span, bool)| {
        let line_start = text[..span.start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let alone = text[line_start..span.start as usize].trim().is_empty();
        let next = statements.partition_point(|statement| statement.start < span.start);
        let statement = match (inside, alone) {
            (true, true) => None,
            (false, true) => statements.get(next),
            (_, false) => next.checked_sub(1).map(|before| &statements[before]),
        };
        Comment { span, alone, statement: statement.copied() }
    };
    (spans.into_iter().map(comment).collect(), statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each comment and the code it speaks of.
    fn shown(text: &str) -> Vec<(&str, Option<&str>)> {
        let cut = |span: Span| &text[span.start as usize..span.end as usize];
        let comments = comments(text).0.into_iter();
        comments.map(|comment| (cut(comment.span), comment.statement.map(cut))).collect()
    }

    #[test]
    fn a_comment_speaks_of_its_line_or_of_the_next() {
        assert_eq!(shown("a = 1  # one\nb = 2\n"), [("# one", Some("a = 1"))]);
        assert_eq!(shown("# one\n\n# two\nb = 2\n"), [("# one", Some("b = 2")), ("# two", Some("b = 2"))]);
        assert_eq!(
            shown("if a:\n    # one\n    b(\n  1)\n# end"),
            [("# one", Some("b(\n  1)")), ("# end", None)]
        );
    }

    #[test]
    fn a_comment_within_brackets_alone_speaks_of_no_statement() {
        assert_eq!(
            shown("run(  # one\n    # two\n    a, # three\n)  # four\n"),
            [
                ("# one", Some("run(  # one\n    # two\n    a, # three\n)")),
                ("# two", None),
                ("# three", Some("run(  # one\n    # two\n    a, # three\n)")),
                ("# four", Some("run(  # one\n    # two\n    a, # three\n)")),
            ]
        );
    }

    #[test]
    fn strings_hold_no_comments_and_broken_files_do() {
        assert_eq!(shown("a = '# no'\nb = '''\n# no\n'''  # yes\n"), [("# yes", Some("b = '''\n# no\n'''"))]);
        assert_eq!(shown("if a\n    b()  # yes\n").len(), 1);
    }
}
