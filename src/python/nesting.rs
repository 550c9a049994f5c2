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
/// real code are chains such as `"a" + "b" + …`, which lean to the left. CPython up to 3.12 gives up
/// on them at 2,995 levels.
pub const MAX_DEPTH: usize = 3_000;

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
/// Each level of an expression stands for an operator, a keyword or a pair of brackets. What binds
/// tighter than an operator is complete when that operator comes, and is beside what follows, not
/// around it; so long lists, chains of `or` and repeated targets are as flat here as in the tree.
#[derive(Default)]
struct Bound {
    /// The sum of everything below.
    total: usize,
    indentation: usize,
    /// What was open at the ends of lines that break off, where the parser may go on into the next.
    broken: usize,
    /// What is outside of the innermost bracket, outermost first.
    outer: Vec<(Bracket, Counts)>,
    inner: Counts,
    last: Option<TokenKind>,
    /// The last token ends an operand, so that an operator may follow. Where none may, the parser takes
    /// a keyword for a name and an operator for what may be around anything.
    after_operand: bool,
}

#[derive(Clone, Copy)]
struct Bracket {
    closed_by: TokenKind,
    /// The braces of an f-string, or its quotes: behind the last of them nothing grows.
    interpolated: bool,
}

/// What is open within one pair of brackets.
#[derive(Default)]
struct Counts {
    /// Levels by what opened them.
    levels: [usize; Class::Sticky as usize + 1],
    /// How many `lambda` have not met their colon.
    lambdas: usize,
}

/// From what binds tightest to what binds loosest.
#[derive(Clone, Copy)]
enum Class {
    /// A dot, or brackets that are closed.
    Postfix,
    Arithmetic,
    Comparison,
    Not,
    And,
    Or,
    /// A comma, an assignment or a semicolon outside of brackets. It may belong to a broken compound
    /// statement, behind which the parser recovers inside of that statement.
    Tuple,
    /// Whatever else may nest up to the next comma inside of brackets.
    Loose,
    /// `lambda` and `yield`, behind which a comma need not leave the expression.
    Sticky,
}

impl Bound {
    fn count(&mut self, token: TokenKind) {
        use TokenKind as T;
        let last = self.last.replace(token);
        match (last, token) {
            // One operator of two words each.
            (Some(T::Is), T::Not) => {
                self.last = None;
                return;
            }
            (Some(T::Not), T::In) if self.after_operand => {}
            (Some(T::Not), _) => {
                self.prefix(Class::Not);
                self.after_operand = false;
            }
            _ => {}
        }
        let after_operand = self.after_operand;
        match token {
            T::NonLogicalNewline | T::Comment | T::Not => return,
            T::Indent => {
                self.indentation += 1;
                self.total += 1;
            }
            T::Dedent => {
                self.indentation = self.indentation.saturating_sub(1);
                self.total = self.total.saturating_sub(1);
            }
            T::Newline => self.end_line(after_operand || last.is_none_or(ends_statement)),
            T::Lpar => self.open(T::Rpar, false),
            T::Lsqb => self.open(T::Rsqb, false),
            T::Lbrace => {
                self.open(T::Rbrace, self.outer.last().is_some_and(|(around, _)| around.interpolated))
            }
            T::FStringStart => self.open(T::FStringEnd, true),
            T::TStringStart => self.open(T::TStringEnd, true),
            T::Rpar | T::Rsqb | T::Rbrace | T::FStringEnd | T::TStringEnd if self.is_closed_by(token) => {
                self.close();
            }
            T::FStringMiddle | T::TStringMiddle => {}
            _ if is_operand(token) => {}
            T::Dot => self.level(Class::Postfix),
            T::Plus | T::Minus | T::Tilde | T::Await if !after_operand => self.level(Class::Arithmetic),
            T::Comma if !self.outer.is_empty() => self.clear(Class::Sticky),
            T::Yield => self.prefix(Class::Sticky),
            T::Lambda => {
                self.inner.lambdas += 1;
                self.prefix(Class::Sticky);
            }
            T::Colon if self.inner.lambdas > 0 => self.inner.lambdas -= 1,
            _ if !after_operand => self.prefix(Class::Loose),
            T::Plus
            | T::Minus
            | T::Slash
            | T::DoubleSlash
            | T::Percent
            | T::At
            | T::Amper
            | T::Vbar
            | T::CircumFlex
            | T::LeftShift
            | T::RightShift => self.infix(Class::Arithmetic),
            T::EqEqual
            | T::NotEqual
            | T::Less
            | T::LessEqual
            | T::Greater
            | T::GreaterEqual
            | T::In
            | T::Is => self.flat(Class::Comparison),
            T::And => self.flat(Class::And),
            T::Or => self.flat(Class::Or),
            T::Comma | T::Equal | T::Semi if self.outer.is_empty() => self.flat(Class::Tuple),
            _ => self.prefix(Class::Loose),
        }
        let closes = matches!(token, T::Rpar | T::Rsqb | T::Rbrace | T::FStringEnd | T::TStringEnd);
        self.after_operand = closes || is_operand(token);
    }

    fn end_line(&mut self, is_complete: bool) {
        let awaited = self.outer.iter().map(|(_, counts)| counts).chain([&self.inner]);
        let lambdas: usize = awaited.map(|counts| counts.lambdas).sum();
        if !is_complete || lambdas > 0 || !self.outer.is_empty() {
            self.broken = self.total - self.indentation;
        }
        self.outer.clear();
        self.inner = Counts::default();
        self.total = self.indentation + self.broken;
    }

    fn open(&mut self, closed_by: TokenKind, interpolated: bool) {
        self.total += 1;
        self.outer.push((Bracket { closed_by, interpolated }, std::mem::take(&mut self.inner)));
    }

    fn is_closed_by(&self, token: TokenKind) -> bool {
        self.outer.last().is_some_and(|(bracket, _)| bracket.closed_by == token)
    }

    fn close(&mut self) {
        let Some((bracket, mut outer)) = self.outer.pop() else { return };
        let inside = 1 + self.inner.levels.iter().sum::<usize>();
        if self.inner.lambdas > 0 {
            // The parser, which waits for a colon, goes on behind the bracket, and deeper.
            outer.levels[Class::Sticky as usize] += inside;
            outer.lambdas += self.inner.lambdas;
        } else {
            self.total -= inside;
        }
        self.inner = outer;
        if !bracket.interpolated {
            self.level(Class::Postfix);
        }
    }

    fn level(&mut self, class: Class) {
        self.inner.levels[class as usize] += 1;
        self.total += 1;
    }

    /// Ends all levels that bind tighter.
    fn clear(&mut self, class: Class) {
        for count in &mut self.inner.levels[..class as usize] {
            self.total -= std::mem::take(count);
        }
    }

    /// An operator that takes what is before it one level down.
    fn infix(&mut self, class: Class) {
        self.clear(class);
        self.level(class);
    }

    /// An operator whose chain is one level, however long.
    fn flat(&mut self, class: Class) {
        self.clear(class);
        if self.inner.levels[class as usize] == 0 {
            self.level(class);
        }
    }

    /// An operator in front of its operand: where it is looser than what it stands behind, all that
    /// is around the operand.
    fn prefix(&mut self, class: Class) {
        let tighter: usize = self.inner.levels[..class as usize].iter_mut().map(std::mem::take).sum();
        self.inner.levels[class as usize] += tighter;
        self.level(class);
    }
}

/// Tokens that are an operand by themselves.
fn is_operand(token: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        token,
        T::Name | T::Int | T::Float | T::Complex | T::String | T::None | T::True | T::False | T::Ellipsis
    )
}

/// Tokens without an operand that may stand at the end of a line.
fn ends_statement(token: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        token,
        T::Newline
            | T::Indent
            | T::Dedent
            | T::Colon
            | T::Comma
            | T::Semi
            | T::Star
            | T::Pass
            | T::Break
            | T::Continue
            | T::Return
            | T::Raise
            | T::Yield
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use ruff_python_ast::AnyNodeRef;
    use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
    use ruff_python_parser::{ParseOptions, parse_unchecked};

    use super::super::lower;
    use super::*;

    /// The depth of a tree, broken or not.
    #[derive(Default)]
    struct Depth {
        now: usize,
        most: usize,
    }

    impl<'a> SourceOrderVisitor<'a> for Depth {
        fn enter_node(&mut self, _: AnyNodeRef<'a>) -> TraversalSignal {
            self.now += 1;
            self.most = self.most.max(self.now);
            TraversalSignal::Traverse
        }

        fn leave_node(&mut self, _: AnyNodeRef<'a>) {
            self.now -= 1;
        }
    }

    fn depth(text: &str) -> usize {
        let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
        let mut depth = Depth::default();
        depth.visit_mod(parsed.syntax());
        depth.most
    }

    fn bound(text: &str) -> usize {
        let mut lexer = lexer::lex(text, Mode::Module);
        let (mut bound, mut most) = (Bound::default(), 0);
        loop {
            match lexer.next_token() {
                TokenKind::EndOfFile => return most,
                token => bound.count(token),
            }
            most = most.max(bound.total);
        }
    }

    const WORDS: &[&str] = &[
        "a",
        "1",
        "'s'",
        "f'",
        "'",
        "t'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ";",
        ".",
        "=",
        ":=",
        "->",
        "+",
        "-",
        "*",
        "**",
        "/",
        "|",
        "@",
        "<",
        "==",
        "!",
        "~",
        "not",
        "and",
        "or",
        "in",
        "is",
        "if",
        "else",
        "elif",
        "for",
        "while",
        "lambda",
        "yield",
        "yield from",
        "await",
        "async",
        "def f",
        "class A",
        "return",
        "del",
        "import",
        "from",
        "as",
        "with",
        "try",
        "except",
        "finally",
        "match",
        "case",
        "type",
        "global",
        "raise",
        "assert",
        "print",
        "pass",
        "...",
        "\n",
        "\n ",
        "\n  ",
        "\\\n",
    ];

    proptest! {
        // The same cases in every run; another seed looks for more.
        #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is written, and however often, the tree is not much deeper than what was counted.
        #[test]
        fn the_bound_is_one(
            first in prop::collection::vec(prop::sample::select(WORDS), 0..4),
            link in prop::collection::vec(prop::sample::select(WORDS), 1..7),
            blank in prop::sample::select(&["", " "][..]),
        ) {
            let text = format!("{} {}", first.join(" "), link.iter().map(|word| format!("{word}{blank}")).collect::<String>().repeat(60));
            let run = move || (depth(&text), bound(&text), text);
            let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).expect("a thread");
            let (depth, bound, text) = thread.join().expect("no panic");
            prop_assert!(depth <= 3 * bound + 20, "{depth} levels, {bound} counted: {text}");
        }
    }

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
            chain("x = ''", " + name.attribute(1)", 2_900),
            chain("x", ".method(1)", 1_400),
            chain("x", "[0]", 2_900),
            chain("x = 1", " if y else 1", 2_900),
            chain("if x:\n  pass\n", "elif x:\n  pass\n", 2_900),
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
    fn what_is_long_and_flat_is_accepted() {
        for (first, link, last) in [
            ("x = a", " or b", ""),
            ("x = a.b(c)", " or not b.c(d) == -e and f is not g", ""),
            ("x = a", " < b", ""),
            ("x = a", " not in b", ""),
            ("", "x.y = ", "0"),
            ("x = ", "-1, ", ""),
            ("", "x = -1; ", ""),
            ("from a import b", ", c", ""),
            ("def f():\n  global a", ", b", ""),
            ("x = lambda a", ", b=-1", ": 0"),
            ("x = {", "'a': b or -1, ", "}"),
            ("f(", "a=[b if c else d], ", ")"),
            ("x = f'", "{a}{b!r:>{c}}", "'"),
            ("x = ('a'", "\nf'{b}'", ")"),
            ("x: list[", "a.b | None, ", "]"),
        ] {
            let text = format!("{first}{}{last}\n", link.repeat(20_000));
            assert_eq!(outcome(text), Ok(()), "{first}{link}");
        }
    }

    /// Where a line breaks off, the parser goes on into the next, and deeper.
    #[test]
    fn broken_lines_add_up() {
        for line in ["lambda\n", "lambda ]\n", "[)\n", "and+", "),[", "(lambda),"] {
            let text = line.repeat(100_000);
            assert!(outcome(text).unwrap_err().starts_with("nested too deeply"), "{line:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_overflows_nothing() {
        for count in [3_100, 11_900, 100_000] {
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
            for count in [3_100, 11_000, 100_000] {
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
        for count in [3_100, 3_500] {
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
        let text = format!("ok = 1\nx = {}1\n", "-".repeat(3_500));
        let error = std::thread::Builder::new().stack_size(16 << 20).spawn(move || lower(&text).unwrap_err());
        assert_eq!(error.unwrap().join().unwrap().span.start, 7 + 4 + 2_999);
    }
}
