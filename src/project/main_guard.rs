//! Whether a module may behave in another way when it is run than when it is imported.

use crate::ir::{self, Constant, Expr, ExprKind, Stmt, StmtKind};

/// Whether code whose text says `__main__` does so, and asks for its own name. Comments and documentation,
/// which often show how a program is written, do not count.
pub fn has_main_guard(body: &[Stmt]) -> bool {
    let (mut says_main, mut asks) = (false, false);
    let mut visit = |expr: &Expr| match &expr.kind {
        ExprKind::Constant(Constant::Str(text)) => says_main |= text.contains("__main__"),
        ExprKind::Compare { .. } => asks |= mentions_name(expr),
        ExprKind::Attribute { value, .. } => asks |= is_name(value),
        _ => {}
    };
    body.iter().for_each(|stmt| ir::walk(stmt, &mut visit));
    (says_main && asks) || body.iter().any(matches_name)
}

/// Whether a line of the text is a guard at the top level, as most of them are written.
pub fn is_guarded_at_top(text: &str) -> bool {
    let is_guard =
        |line: &str| line.starts_with("if ") && line.contains("__name__") && line.contains("__main__");
    text.lines().any(is_guard)
}

fn mentions_name(expr: &Expr) -> bool {
    let mut found = false;
    ir::walk_expr(expr, &mut |inner| found |= is_name(inner));
    found
}

fn is_name(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if &**name == "__name__")
}

/// `match __name__:`
fn matches_name(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, StmtKind::Match { subject, .. } if is_name(subject))
}

#[cfg(test)]
mod tests {
    use super::has_main_guard;
    use crate::python;

    fn guarded(text: &str) -> bool {
        has_main_guard(&python::lower(text).unwrap().body)
    }

    #[test]
    fn however_it_is_written() {
        for test in [
            "__name__ == '__main__'",
            "'__main__' == __name__",
            "__name__ in {'__main__', '__mp_main__'}",
            "__name__.endswith('__main__')",
            "not TESTING and __name__ == '__main__'",
        ] {
            assert!(guarded(&format!("if {test}:\n    main()\n")), "{test}");
            assert!(guarded(&format!("def run():\n    if {test}:\n        main()\n")), "{test}");
        }
        assert!(guarded("MAIN = '__main__'\nif __name__ == MAIN:\n    main()\n"));
        assert!(guarded("match __name__:\n    case '__main__':\n        main()\n"));
    }

    #[test]
    fn what_only_speaks_of_it_is_none() {
        for text in [
            "'''Write `if __name__ == \"__main__\":`.'''\n",
            "def run():\n    '''\n    if __name__ == '__main__':\n    '''\n",
            "# if __name__ == '__main__':\n",
            "import __main__\n",
            "log = logging.getLogger(__name__)\nname = spec.name or '__main__'\n",
            "if module.__name__ == '__main__':\n    pass\n",
        ] {
            assert!(!guarded(text), "{text}");
        }
    }
}
