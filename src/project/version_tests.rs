//! Where a module asks for the version of Python before it starts or chooses a loop.

use crate::ir::{self, CompareOp, Constant, Expr, ExprKind, Span, Stmt, StmtKind};
use crate::project::python_versions::Minor;

/// From which Python on a test is answered in another way, and the name of the innermost function
/// around the test; nothing where it is no part of a function. Tests that do not stand beside one of
/// the names that `starts` knows are left out.
pub fn version_tests(body: &[Stmt], starts: &dyn Fn(&str) -> bool) -> Vec<(Option<Span>, Minor)> {
    let mut found = Vec::new();
    for stmt in body {
        in_module(stmt, starts, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn in_module(stmt: &Stmt, starts: &dyn Fn(&str) -> bool, found: &mut Vec<(Option<Span>, Minor)>) {
    match &stmt.kind {
        // What stands behind an early return is an arm of its test, too.
        StmtKind::FunctionDef(code) if code.body.iter().any(|stmt| mentions(stmt, starts)) => {
            each_test(&code.body, &mut |test| {
                found.extend(boundaries(test).into_iter().map(|minor| (Some(code.name_span), minor)));
            });
        }
        StmtKind::If { test, .. } if mentions(stmt, starts) => {
            found.extend(boundaries(test).into_iter().map(|minor| (None, minor)));
        }
        _ => {}
    }
    for inner in ir::suites(stmt).into_iter().flatten() {
        in_module(inner, starts, found);
    }
}

fn mentions(stmt: &Stmt, starts: &dyn Fn(&str) -> bool) -> bool {
    let mut found = false;
    ir::walk(stmt, &mut |expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => found |= starts(name),
        _ => {}
    });
    found
}

/// The tests of a function itself, those of functions inside it not included.
fn each_test<'c>(body: &'c [Stmt], visit: &mut dyn FnMut(&'c Expr)) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(_) => continue,
            StmtKind::If { test, .. } => visit(test),
            StmtKind::Assign { value, .. } => visit(value),
            StmtKind::Return(Some(value)) | StmtKind::Expr(value) => visit(value),
            _ => {}
        }
        ir::suites(stmt).into_iter().for_each(|suite| each_test(suite, visit));
    }
}

/// The Pythons with which the comparisons of an expression begin to be answered in another way.
fn boundaries(expr: &Expr) -> Vec<Minor> {
    let mut found = Vec::new();
    ir::walk_expr(expr, &mut |expr| {
        let ExprKind::Compare { left, rest } = &expr.kind else { return };
        let mut left: &Expr = left;
        for (op, right) in rest {
            let version = match (asks_version(left), asks_version(right)) {
                (true, _) => version_of(right),
                (_, true) => version_of(left),
                _ => None,
            };
            if let Some((major, minor)) = version {
                found.push((major, minor));
                // `version_info[:2] > (3, 11)` is false for 3.11, `version_info > (3, 11)` is true.
                if !matches!(op, CompareOp::Lt | CompareOp::GtE) {
                    found.push((major, minor.saturating_add(1)));
                }
            }
            left = right;
        }
    });
    found
}

/// `sys.version_info`, and what is read of it.
fn asks_version(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => &**name == "version_info",
        ExprKind::Attribute { value, name } => &**name == "version_info" || asks_version(value),
        ExprKind::Subscript { value, .. } => asks_version(value),
        _ => false,
    }
}

/// `(3, 12)` and `(3, 12, 1)`, and the `12` of `version_info.minor >= 12`.
fn version_of(expr: &Expr) -> Option<Minor> {
    let number = |expr: &Expr| match &expr.kind {
        ExprKind::Constant(Constant::Int(number)) => u8::try_from(*number).ok(),
        _ => None,
    };
    match &expr.kind {
        ExprKind::Tuple(items) => Some((number(items.first()?)?, items.get(1).map_or(Some(0), number)?)),
        _ => number(expr).map(|minor| (3, minor)),
    }
}

#[cfg(test)]
mod tests {
    use super::version_tests;
    use crate::python;

    /// `f 3.12`, with `-` for the module itself.
    fn tests(text: &str) -> Vec<String> {
        let code = python::lower(text).unwrap();
        let starts = |name: &str| name == "run" || name == "Runner";
        let shown = |place: Option<crate::ir::Span>, (major, minor): (u8, u8)| {
            let name = place.map_or("-", |name| &text[name.start as usize..name.end as usize]);
            format!("{name} {major}.{minor}")
        };
        version_tests(&code.body, &starts).into_iter().map(|(place, minor)| shown(place, minor)).collect()
    }

    #[test]
    fn tests_beside_a_runner_are_told() {
        let early = "def f():\n    if sys.version_info >= (3, 12):\n        return 1\n    run()\n";
        assert_eq!(tests(early), ["f 3.12"]);
        assert_eq!(tests("if version_info[:2] > (3, 11):\n    asyncio.run()\n"), ["- 3.11", "- 3.12"]);
        assert_eq!(
            tests("if 10 <= sys.version_info.minor < 12:\n    run()\n"),
            ["- 3.10", "- 3.11", "- 3.12"]
        );
    }

    #[test]
    fn other_tests_are_not() {
        assert_eq!(tests("if sys.version_info >= (3, 11):\n    import tomllib\n"), [""; 0]);
        assert_eq!(tests("def f():\n    if sys.version_info >= (3, 11):\n        pass\n"), [""; 0]);
        assert_eq!(tests("if sys.platform == 'win32' and size > 12:\n    run()\n"), [""; 0]);
    }
}
