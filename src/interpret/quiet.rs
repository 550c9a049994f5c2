//! What a function swallows, read off its code: for functions that other code calls when something
//! went wrong, and that are there to keep that from being told.

use std::collections::BTreeSet;

use crate::ir::{self, Arg, ArgKind, Constant, Expr, ExprKind, Function, Handler, Name, Stmt, StmtKind};

/// What a function drops, and how it knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dropped {
    /// The exceptions it catches and forgets, or asks about, by the last part of their names.
    pub errors: BTreeSet<Name>,
    /// The texts and numbers it compares with, in lower case.
    pub words: BTreeSet<String>,
    /// It calls what it stands in front of.
    pub hands_on: bool,
}

/// Functions that compute and change nothing, by the last part of their names.
#[rustfmt::skip]
const PURE: &[&str] = &[
    "all", "any", "bool", "endswith", "format_exception", "get", "getMessage", "getattr", "get_exception_handler",
    "hasattr", "is_closed", "is_finalizing", "isinstance", "issubclass", "join", "lower", "repr", "startswith", "str",
    "strip", "type", "upper",
];
/// What tells people something; a function that does is not there to be silent.
const TELLS: &[&str] =
    &["critical", "error", "exception", "info", "log", "print", "warn", "warning", "write"];
/// What takes a socket away. Whoever does that has mended what others hide.
const MENDS: &[&str] = &["_detach", "_server", "_sock", "abort", "close", "detach"];

/// What the function drops; nothing where it does anything else as well.
pub fn dropped(code: &Function) -> Option<Dropped> {
    let mut mends = false;
    for stmt in &code.body {
        ir::walk(stmt, &mut |expr| mends |= last_word(expr).is_some_and(|word| MENDS.contains(&word)));
    }
    let params = code.params.iter().map(|param| &param.name).collect();
    let mut reader = Reader { params, dropped: Dropped::default() };
    if mends || code.is_async || code.is_generator || !reader.suite(&code.body) {
        return None;
    }
    Some(reader.dropped)
}

struct Reader<'c> {
    params: Vec<&'c Name>,
    dropped: Dropped,
}

/// Each says whether what it read does nothing but drop and hand on.
impl<'c> Reader<'c> {
    fn suite(&mut self, body: &'c [Stmt]) -> bool {
        body.iter().all(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'c Stmt) -> bool {
        match &stmt.kind {
            StmtKind::Pass | StmtKind::Raise { .. } | StmtKind::Return(None) => true,
            StmtKind::Import(_) | StmtKind::ImportFrom { .. } => true,
            StmtKind::Global(_) | StmtKind::Nonlocal(_) | StmtKind::Break | StmtKind::Continue => true,
            StmtKind::Expr(expr) => match &expr.kind {
                ExprKind::Constant(_) => true,
                ExprKind::Call { func, .. } if last_word(func) == Some("debug") => true,
                _ => self.hands_on(expr),
            },
            StmtKind::Return(Some(expr)) | StmtKind::AnnAssign { value: Some(expr), .. } => self.value(expr),
            StmtKind::Assign { targets, value } => {
                targets.iter().all(|target| matches!(target.kind, ExprKind::Name(_))) && self.value(value)
            }
            StmtKind::If { test, body, orelse } => {
                self.question(test) && self.suite(body) && self.suite(orelse)
            }
            StmtKind::For { iter, body, orelse, is_async: false, .. } => {
                self.question(iter) && self.suite(body) && self.suite(orelse)
            }
            StmtKind::With { items, body, is_async: false } => {
                let suppressed = items.iter().all(|item| match &item.context.kind {
                    ExprKind::Call { func, args } if last_word(func) == Some("suppress") => {
                        args.iter().for_each(|arg| self.caught(&arg.value));
                        true
                    }
                    _ => false,
                });
                suppressed && self.suite(body)
            }
            StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
                handlers.iter().for_each(|handler| self.handler(handler));
                self.suite(body)
                    && handlers.iter().all(|handler| self.suite(&handler.body))
                    && self.suite(orelse)
                    && self.suite(finalbody)
            }
            _ => false,
        }
    }

    fn handler(&mut self, handler: &Handler) {
        if handler.body.iter().any(|stmt| matches!(stmt.kind, StmtKind::Raise { .. })) {
            return;
        }
        match &handler.kind {
            Some(kind) => self.caught(kind),
            None => self.dropped.errors.extend([Name::from("BaseException")]),
        }
    }

    fn caught(&mut self, kind: &Expr) {
        match &kind.kind {
            ExprKind::Tuple(kinds) => kinds.iter().for_each(|kind| self.caught(kind)),
            _ => self.dropped.errors.extend(last_word(kind).map(Name::from)),
        }
    }

    fn value(&mut self, expr: &'c Expr) -> bool {
        self.hands_on(expr) || self.question(expr)
    }

    /// A call of something else with what the function was given.
    fn hands_on(&mut self, expr: &'c Expr) -> bool {
        let ExprKind::Call { func, args } = &expr.kind else { return false };
        let is_given = |arg: &Arg| match (&arg.kind, &arg.value.kind) {
            (ArgKind::Keyword(_), _) => false,
            (_, ExprKind::Name(name)) => self.params.contains(&name),
            _ => false,
        };
        let hands_on = args.iter().any(is_given)
            && last_word(func).is_some_and(|word| !TELLS.contains(&word) && !PURE.contains(&word));
        self.dropped.hands_on |= hands_on;
        hands_on
    }

    /// An expression that is only computed, with the words and errors it names.
    fn question(&mut self, expr: &Expr) -> bool {
        let mut is_pure = true;
        let (errors, words) = (&mut self.dropped.errors, &mut self.dropped.words);
        ir::walk_expr(expr, &mut |expr| match &expr.kind {
            ExprKind::Call { func, .. } => {
                is_pure &= last_word(func).is_some_and(|word| PURE.contains(&word));
            }
            ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) | ExprKind::Lambda(_) => {
                is_pure = false;
            }
            ExprKind::Constant(Constant::Str(text)) => {
                words.insert(text.to_lowercase());
            }
            // Small numbers are indexes.
            ExprKind::Constant(Constant::Int(number)) if *number > 9 => {
                words.insert(number.to_string());
            }
            ExprKind::Name(name) | ExprKind::Attribute { name, .. } if is_error(name) => {
                errors.insert(name.clone());
            }
            _ => {}
        });
        is_pure
    }
}

fn is_error(name: &str) -> bool {
    ["Error", "Exception", "Exit", "Interrupt"].iter().any(|ending| name.ends_with(ending))
}

/// `reset` of `errors.reset`, and of `reset`.
fn last_word(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python;

    /// `errors / words` of the one function in a text.
    fn of(text: &str) -> Option<String> {
        let module = python::lower(text).unwrap();
        let StmtKind::FunctionDef(code) = &module.body[0].kind else { panic!("a function") };
        let found = dropped(code)?;
        let errors: Vec<&str> = found.errors.iter().map(|name| &**name).collect();
        let words: Vec<&str> = found.words.iter().map(String::as_str).collect();
        let hands_on = if found.hands_on { "" } else { " alone" };
        Some(format!("{} / {}{hands_on}", errors.join(" "), words.join(" ")))
    }

    #[test]
    fn what_is_dropped() {
        let wrapper = "def f(self, *args):\n    try:\n        return old(self, *args)\n    except (OSError, KeyError):\n        pass\n";
        assert_eq!(of(wrapper).as_deref(), Some("KeyError OSError / "));
        let handler = "def f(loop, context):\n    error = context.get('exception')\n    if isinstance(error, ConnectionResetError) and error.winerror == 10054:\n        return\n    loop.default_exception_handler(context)\n";
        assert_eq!(of(handler).as_deref(), Some("ConnectionResetError / 10054 exception"));
        assert_eq!(
            of("def f(record):\n    return 'Lost' not in record.getMessage()\n").as_deref(),
            Some(" / lost alone")
        );
        let picky = "def f(self):\n    try:\n        old(self)\n    except RuntimeError as error:\n        if str(error) != 'closed':\n            raise\n";
        assert_eq!(of(picky).as_deref(), Some("RuntimeError / closed"));
        let suppress = "def f(self, exc):\n    with contextlib.suppress(OSError):\n        old(self, exc)\n";
        assert_eq!(of(suppress).as_deref(), Some("OSError / "));
    }

    #[test]
    fn what_does_something_else() {
        let body =
            |line: &str| of(&format!("def f(loop, context):\n    {line}\n    loop.default(context)\n"));
        assert!(body("pass").is_some());
        for line in
            ["report(1)", "log.error(context)", "self._sock.close()", "loop.create_task(again())", "x.y = 1"]
        {
            assert_eq!(body(line), None, "{line}");
        }
    }
}
