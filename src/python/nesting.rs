//! Limits on nesting, so that no input can overflow the stack.
//!
//! Parsing, lowering and dropping a tree all recurse, and a file of opening brackets would also
//! cost the parser kilobytes of memory for every byte. Two limits keep that away: the tokens are
//! counted before the parser runs (generously, because tokens only bound the depth from above),
//! and the tree is measured exactly while it is lowered.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

use super::SyntaxError;
use crate::ir::Span;

/// The greatest number of statements, expressions and patterns inside one another in a lowered
/// module. CPython itself allows 200 brackets and 100 indentations; what gets past a thousand in
/// real code are chains such as `"a" + "b" + …`, which lean to the left.
pub const MAX_DEPTH: usize = 2_500;

/// The greatest bound on the depth of the parser's tree that is parsed at all. An operand of a
/// chain may itself have several operators (`+ name.attribute(argument)`).
const MAX_TOKENS: usize = 12_000;

/// Refuses a text whose tree might be too deep to parse and drop on a stack of 16 MB.
pub(super) fn check(text: &str) -> Result<(), SyntaxError> {
    // Every level takes at least one byte.
    if text.len() <= MAX_TOKENS || !exceeds(text) {
        return Ok(());
    }
    // The lexer tells no offsets, so the place is where the shortest refused beginning ends.
    let (mut accepted, mut refused) = (0, text.len());
    while accepted + 1 < refused {
        let middle = accepted.midpoint(refused);
        if exceeds(&text[..text.floor_char_boundary(middle)]) {
            refused = middle;
        } else {
            accepted = middle;
        }
    }
    let end = text.floor_char_boundary(refused);
    let start = text.floor_char_boundary(end.saturating_sub(1));
    // The text is known to be shorter than 4 GiB.
    Err(too_deep(Span { start: start as u32, end: end as u32 }))
}

pub(super) fn too_deep(span: Span) -> SyntaxError {
    SyntaxError { message: "nested too deeply for loopcheck; split this statement".to_owned(), span }
}

fn exceeds(text: &str) -> bool {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut bound = Bound::default();
    loop {
        match lexer.next_token() {
            TokenKind::EndOfFile => return false,
            token => bound.count(token),
        }
        if bound.total > MAX_TOKENS {
            return true;
        }
    }
}

/// A bound from above on the depth of the tree at the current token.
///
/// Each level of an expression stands for an operator, a keyword or a pair of brackets. They are
/// counted for every open bracket from its last comma, and for the statement outside of brackets.
#[derive(Default)]
struct Bound {
    /// The sum of everything below.
    total: usize,
    indentation: usize,
    /// The counts outside of the innermost bracket, outermost first.
    outer: Vec<Level>,
    inner: Level,
}

#[derive(Clone, Copy, Default)]
struct Level {
    /// Tokens that may nest up to the next comma.
    segment: usize,
    /// `lambda` and `yield`, behind which a comma need not leave the expression.
    sticky: usize,
}

impl Bound {
    fn count(&mut self, token: TokenKind) {
        use TokenKind as T;
        match token {
            T::Indent => {
                self.indentation += 1;
                self.total += 1;
            }
            T::Dedent => {
                self.indentation = self.indentation.saturating_sub(1);
                self.total = self.total.saturating_sub(1);
            }
            T::Newline => {
                self.outer.clear();
                self.inner = Level::default();
                self.total = self.indentation;
            }
            T::Lpar | T::Lsqb | T::Lbrace => {
                self.inner.segment += 1;
                self.total += 1;
                self.outer.push(std::mem::take(&mut self.inner));
            }
            T::Rpar | T::Rsqb | T::Rbrace => {
                if let Some(outer) = self.outer.pop() {
                    self.total -= self.inner.segment + self.inner.sticky;
                    self.inner = outer;
                }
            }
            // A comma outside of brackets may belong to a broken compound statement, behind which
            // the parser recovers inside of that statement.
            T::Comma if !self.outer.is_empty() => {
                self.total -= self.inner.segment;
                self.inner.segment = 0;
            }
            T::Lambda | T::Yield => {
                self.inner.sticky += 1;
                self.total += 1;
            }
            T::Name
            | T::Int
            | T::Float
            | T::Complex
            | T::String
            | T::FStringMiddle
            | T::FStringEnd
            | T::TStringMiddle
            | T::TStringEnd
            | T::Comment
            | T::NonLogicalNewline => {}
            _ => {
                self.inner.segment += 1;
                self.total += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lower;

    /// Parses, lowers and drops on a stack of the size that callers have, in a debug build.
    fn outcome(text: String) -> Result<(), String> {
        let run = move || lower(&text).map(drop).map_err(|error| error.message);
        std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join().unwrap()
    }

    fn chain(first: &str, link: &str, count: usize) -> String {
        format!("{first}{}\n", link.repeat(count))
    }

    #[test]
    fn long_chains_of_real_code_are_accepted() {
        for text in [
            chain("x = ''", " + name.attribute(1)", 2_000),
            chain("x", ".method(1)", 1_000),
            chain("x", "[0]", 2_000),
            chain("x = 1", " if y else 1", 1_500),
            chain("if x:\n  pass\n", "elif x:\n  pass\n", 2_000),
            chain("x = [", "-1, ", 50_000) + "]",
            chain("x = [", "-1, lambda: 0, ", 5_000) + "]",
            chain("x = ('a'", "\n'b'", 50_000) + ")",
            chain("", "f(a)\n", 50_000),
            chain("x = a", " and b", 5_000),
            format!("x = {}{}", "(".repeat(200), ")".repeat(200)),
        ] {
            let beginning: String = text.chars().take(40).collect();
            assert_eq!(outcome(text), Ok(()), "{beginning}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_overflows_nothing() {
        for count in [2_600, 11_900, 100_000] {
            for (first, link) in [
                ("x = ", "-"),
                ("x = ", "not "),
                ("x = ", "("),
                ("x = ", "["),
                ("x = ", "{1:"),
                ("x = ", "f("),
                ("x = ", "lambda: "),
                ("x = ", "lambda a, b: "),
                ("x = 1", "+1"),
                ("x = 1", "**1"),
                ("x", ".a"),
                ("x", "()"),
                ("x = 1", " if y else 1"),
                ("x = ", "await "),
                ("x = ", "yield "),
                ("", "*"),
                ("", "if x: "),
                ("", "if x,: "),
                ("", "async "),
                ("x = ", "f'{"),
                ("x = f'{a", ":{a"),
                ("if x:\n  pass\n", "elif x:\n  pass\n"),
                ("match x:\n  case ", "["),
                ("match x:\n  case ", "A("),
                ("def f(a: ", "x["),
            ] {
                let text = chain(first, link, count);
                // Those with brackets left open are errors of another kind while they are short.
                assert!(outcome(text).is_err(), "{first:?} {link:?} {count}");
            }
        }
    }

    #[test]
    fn closed_brackets_are_refused_as_well() {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("{1: ", "}"), ("f(", ")"), ("(a, ", ")"), ("x[", "]"), ("(yield ", ")")]
        {
            for count in [2_600, 11_000, 100_000] {
                let text = format!("x = {}1{}\n", open.repeat(count), close.repeat(count));
                let target = format!("{}a{} = 1\n", open.repeat(count), close.repeat(count));
                // Parentheses alone are no level of the tree.
                let outcome_of_value = outcome(text);
                if open != "(" || count > 12_000 {
                    assert!(
                        outcome_of_value.unwrap_err().starts_with("nested too deeply"),
                        "{open:?} {count}"
                    );
                }
                let _ = outcome(target);
            }
        }
    }

    #[test]
    fn deep_indentation_is_refused() {
        for count in [2_600, 3_000] {
            let text: String = (0..count).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
            let text = format!("{text}{}pass\n", " ".repeat(count));
            assert!(outcome(text).unwrap_err().starts_with("nested too deeply"));
        }
    }

    #[test]
    fn the_refusal_says_where() {
        let text = format!("ok = 1\nx = {}\n", "(".repeat(20_000));
        let error = lower(&text).unwrap_err();
        assert_eq!(error.span.end, 7 + 4 + 12_000 + 1 - 2);
        let text = format!("ok = 1\nx = {}1\n", "-".repeat(3_000));
        let error = std::thread::Builder::new().stack_size(16 << 20).spawn(move || lower(&text).unwrap_err());
        assert_eq!(error.unwrap().join().unwrap().span.start, 7 + 4 + 2_499);
    }
}
