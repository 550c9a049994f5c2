//! Where a module says a word by which Linux and macOS can be told apart.

use std::sync::Arc;

use crate::ir::{self, ExprKind, Span, Stmt, StmtKind};

/// Each place is given by the name of the innermost function around it, and as nothing where it is no
/// part of a function. What only people read does not count.
pub fn functions_with_unix_words(text: &str, code: impl Fn() -> Arc<ir::Module>) -> Vec<Option<Span>> {
    let mut places: Vec<Option<Span>> = Vec::new();
    let mut outline = None;
    for at in unix_words(text.as_bytes()).filter(|at| !is_in_comment(text, *at)) {
        let outline = outline.get_or_insert_with(|| Outline::of(&code().body));
        if !outline.texts.iter().any(|text| holds(*text, at)) {
            // Inner functions stand behind those around them.
            let inner = outline.functions.iter().rev().find(|(body, _)| holds(*body, at));
            places.push(inner.map(|(_, name)| *name));
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

fn unix_words(text: &[u8]) -> impl Iterator<Item = usize> {
    let words = ["darwin", "linux", "macos", "uname"];
    let is_one = move |at: &[u8]| {
        let starts =
            |word: &&str| at.get(..word.len()).is_some_and(|at| at.eq_ignore_ascii_case(word.as_bytes()));
        words.iter().any(starts)
    };
    memchr::memchr3_iter(b'd', b'l', b'm', text)
        .chain(memchr::memchr3_iter(b'D', b'L', b'M', text))
        .chain(memchr::memchr2_iter(b'u', b'U', text))
        .filter(move |at| is_one(&text[*at..]))
}

/// Whether the line is nothing but a comment.
fn is_in_comment(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let line = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |end| end + 1);
    before[line..].trim_ascii_start().starts_with(b"#")
}

fn holds(span: Span, at: usize) -> bool {
    (span.start as usize..span.end as usize).contains(&at)
}

/// The functions of a module, outer ones first, and the texts that stand there for nobody.
#[derive(Default)]
struct Outline {
    /// The body, and the name.
    functions: Vec<(Span, Span)>,
    texts: Vec<Span>,
}

impl Outline {
    fn of(body: &[Stmt]) -> Outline {
        let mut outline = Outline::default();
        outline.add(body);
        outline
    }

    fn add(&mut self, body: &[Stmt]) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::FunctionDef(code) => {
                    if let (Some(first), Some(last)) = (code.body.first(), code.body.last()) {
                        let body = Span { start: first.span.start, end: last.span.end };
                        self.functions.push((body, code.name_span));
                    }
                }
                StmtKind::Expr(expr) if matches!(expr.kind, ExprKind::Constant(_)) => {
                    self.texts.push(stmt.span);
                }
                _ => {}
            }
            ir::suites(stmt).into_iter().for_each(|suite| self.add(suite));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::functions_with_unix_words;
    use crate::python;

    /// The names of the functions, `-` for the module itself.
    fn places(text: &str) -> String {
        let code = python::lower(text).unwrap();
        let places = functions_with_unix_words(text, || code.clone().into());
        let name = |place: &Option<crate::ir::Span>| {
            place.map_or("-", |name| &text[name.start as usize..name.end as usize])
        };
        places.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_innermost_function_is_told() {
        assert_eq!(places("def f():\n    def g():\n        return 'Darwin'\n"), "g");
        assert_eq!(places("class C:\n    def f(self):\n        g(lambda: os.uname())\n"), "f");
        assert_eq!(places("if sys.platform == 'linux':\n    pass\n"), "-");
    }

    #[test]
    fn defaults_and_decorators_belong_to_the_code_around() {
        assert_eq!(places("@on('linux')\ndef f(): pass\n"), "-");
        assert_eq!(places("def f(x='darwin'): pass\n"), "-");
    }

    #[test]
    fn words_for_people_do_not_count() {
        assert_eq!(places("'On macOS.'\n# linux\ndef f():\n    '''Linux.'''\n"), "");
        assert_eq!(places("x = '''\nlinux'''\n"), "-");
    }
}
