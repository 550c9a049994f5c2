//! What each piece of syntax becomes, written as s-expressions.

use std::sync::Arc;

use super::lower;
use crate::ir::*;

fn statements(text: &str) -> String {
    block(&lower(text).expect("the text is Python").body)
}

fn block(body: &[Stmt]) -> String {
    body.iter().map(stmt).collect::<Vec<_>>().join(" ")
}

fn stmt(stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Expr(value) => expr(value),
        StmtKind::Assign { targets, value } => format!("(= {} {})", exprs(targets), expr(value)),
        StmtKind::AugAssign { target, op, value } => format!("({op:?}= {} {})", expr(target), expr(value)),
        StmtKind::AnnAssign { target, annotation, value } => {
            format!("(: {} {} {})", expr(target), expr(annotation), optional(value))
        }
        StmtKind::Delete(targets) => format!("(del {})", exprs(targets)),
        StmtKind::Pass => "pass".into(),
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
        StmtKind::Return(value) => format!("(return {})", optional(value)),
        StmtKind::Raise { exception, cause } => {
            format!("(raise {} {})", optional(exception), boxed(cause))
        }
        StmtKind::Assert { test, message } => format!("(assert {} {})", expr(test), boxed(message)),
        StmtKind::If { test, body, orelse } => {
            format!("(if {} [{}] [{}])", expr(test), block(body), block(orelse))
        }
        StmtKind::While { test, body, orelse } => {
            format!("(while {} [{}] [{}])", expr(test), block(body), block(orelse))
        }
        StmtKind::For { target, iter, body, orelse, is_async } => format!(
            "({}for {} {} [{}] [{}])",
            if *is_async { "async " } else { "" },
            expr(target),
            expr(iter),
            block(body),
            block(orelse)
        ),
        StmtKind::With { items, body, is_async } => {
            let items: Vec<_> = items
                .iter()
                .map(|item| format!("({} {})", expr(&item.context), optional(&item.target)))
                .collect();
            format!("({}with {} [{}])", if *is_async { "async " } else { "" }, items.join(" "), block(body))
        }
        StmtKind::Try { body, handlers, orelse, finalbody, is_star } => {
            let handlers: Vec<_> = (handlers.iter())
                .map(|h| format!("({} {} [{}])", optional(&h.kind), name(&h.name), block(&h.body)))
                .collect();
            format!(
                "(try{} [{}] {} [{}] [{}])",
                if *is_star { "*" } else { "" },
                block(body),
                handlers.join(" "),
                block(orelse),
                block(finalbody)
            )
        }
        StmtKind::Match { subject, cases } => {
            let cases: Vec<_> = (cases.iter())
                .map(|c| format!("({} {} [{}])", pattern(&c.pattern), optional(&c.guard), block(&c.body)))
                .collect();
            format!("(match {} {})", expr(subject), cases.join(" "))
        }
        StmtKind::Import(names) => format!("(import {})", aliases(names)),
        StmtKind::ImportFrom { module, level, names } => {
            format!("(from {level} {} {})", name(module), aliases(names))
        }
        StmtKind::Global(names) => format!("(global {})", names.join(" ")),
        StmtKind::Nonlocal(names) => format!("(nonlocal {})", names.join(" ")),
        StmtKind::FunctionDef(f) => function(f),
        StmtKind::ClassDef(c) => {
            format!(
                "(class {} [{}] @[{}] [{}])",
                c.name,
                args(&c.arguments),
                exprs(&c.decorators),
                block(&c.body)
            )
        }
        StmtKind::TypeAlias { name } => format!("(type {name})"),
    }
}

fn function(f: &Function) -> String {
    let params: Vec<_> = (f.params.iter())
        .map(|p| match &p.default {
            Some(default) => format!("({:?} {} {})", p.kind, p.name, expr(default)),
            None => format!("({:?} {})", p.kind, p.name),
        })
        .collect();
    format!(
        "({}def{} {} [{}] @[{}] locals[{}] [{}])",
        if f.is_async { "async " } else { "" },
        if f.is_generator { "*" } else { "" },
        f.name,
        params.join(" "),
        exprs(&f.decorators),
        f.locals.join(" "),
        block(&f.body)
    )
}

fn aliases(names: &[Alias]) -> String {
    names.iter().map(|a| format!("({} {})", a.name, name(&a.asname))).collect::<Vec<_>>().join(" ")
}

fn name(name: &Option<Name>) -> &str {
    name.as_deref().unwrap_or("-")
}

fn optional(value: &Option<Expr>) -> String {
    value.as_ref().map_or("-".into(), expr)
}

fn boxed(value: &Option<Box<Expr>>) -> String {
    value.as_deref().map_or("-".into(), expr)
}

fn exprs(values: &[Expr]) -> String {
    values.iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn args(args: &[Arg]) -> String {
    let shown = args.iter().map(|arg| match &arg.kind {
        ArgKind::Positional => expr(&arg.value),
        ArgKind::Star => format!("*{}", expr(&arg.value)),
        ArgKind::Keyword(name) => format!("{name}={}", expr(&arg.value)),
        ArgKind::DoubleStar => format!("**{}", expr(&arg.value)),
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Constant(Constant::Str(text)) => format!("{text:?}"),
        ExprKind::Constant(constant) => format!("{constant:?}"),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Attribute { value, name } => format!("(. {} {name})", expr(value)),
        ExprKind::Subscript { value, index } => format!("(at {} {})", expr(value), expr(index)),
        ExprKind::Slice { lower, upper, step } => {
            format!("(slice {} {} {})", boxed(lower), boxed(upper), boxed(step))
        }
        ExprKind::Call { func, args: arguments } => format!("(call {} [{}])", expr(func), args(arguments)),
        ExprKind::Unary { op, operand } => format!("({op:?} {})", expr(operand)),
        ExprKind::Binary { left, op, right } => format!("({op:?} {} {})", expr(left), expr(right)),
        ExprKind::Bool { op, values } => format!("({op:?} {})", exprs(values)),
        ExprKind::Compare { left, rest } => {
            let rest: Vec<_> = rest.iter().map(|(op, right)| format!("{op:?} {}", expr(right))).collect();
            format!("(compare {} {})", expr(left), rest.join(" "))
        }
        ExprKind::IfElse { test, body, orelse } => {
            format!("(? {} {} {})", expr(test), expr(body), expr(orelse))
        }
        ExprKind::Lambda(f) => function(f),
        ExprKind::Tuple(values) => format!("(tuple {})", exprs(values)),
        ExprKind::List(values) => format!("(list {})", exprs(values)),
        ExprKind::Set(values) => format!("(set {})", exprs(values)),
        ExprKind::Dict(items) => {
            let items: Vec<_> =
                items.iter().map(|(key, value)| format!("({} {})", optional(key), expr(value))).collect();
            format!("(dict {})", items.join(" "))
        }
        ExprKind::Comprehension(inner) => {
            let generators: Vec<_> = (inner.generators.iter())
                .map(|g| {
                    let start = if g.is_async { "async for" } else { "for" };
                    format!("({start} {} {} [{}])", expr(&g.target), expr(&g.iter), exprs(&g.conditions))
                })
                .collect();
            let (kind, element, value) = (inner.kind, expr(&inner.element), optional(&inner.value));
            format!("({kind:?} {element} {value} {})", generators.join(" "))
        }
        ExprKind::Await(value) => format!("(await {})", expr(value)),
        ExprKind::Yield(value) => format!("(yield {})", boxed(value)),
        ExprKind::YieldFrom(value) => format!("(yield from {})", expr(value)),
        ExprKind::FString { parts, template } => {
            let parts: Vec<_> = (parts.iter())
                .map(|part| match part {
                    FStringPart::Literal(text) => format!("{text:?}"),
                    FStringPart::Value { expr: value, formatted: true } => format!("!{}", expr(value)),
                    FStringPart::Value { expr: value, formatted: false } => expr(value),
                })
                .collect();
            format!("({} {})", if *template { "t" } else { "f" }, parts.join(" "))
        }
        ExprKind::Starred(value) => format!("(* {})", expr(value)),
        ExprKind::Walrus { target, value } => format!("(:= {} {})", expr(target), expr(value)),
    }
}

fn pattern(p: &Pattern) -> String {
    let all = |patterns: &[Pattern]| patterns.iter().map(pattern).collect::<Vec<_>>().join(" ");
    match p {
        Pattern::Value(value) => expr(value),
        Pattern::Singleton(constant) => format!("is {constant:?}"),
        Pattern::Sequence(patterns) => format!("(seq {})", all(patterns)),
        Pattern::Mapping { keys, patterns, rest } => {
            format!("(map {} / {} / {})", exprs(keys), all(patterns), name(rest))
        }
        Pattern::Class { class, positional, keywords } => {
            let keywords: Vec<_> =
                keywords.iter().map(|(name, p)| format!("{name}={}", pattern(p))).collect();
            format!("(cls {} [{}] [{}])", expr(class), all(positional), keywords.join(" "))
        }
        Pattern::Star(rest) => format!("(* {})", name(rest)),
        Pattern::As { pattern: inner, name: bound } => {
            format!("(as {} {})", inner.as_deref().map_or("-".into(), pattern), name(bound))
        }
        Pattern::Or(patterns) => format!("(or {})", all(patterns)),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(statements(text), *expected, "{text}");
    }
}

#[test]
fn simple_statements() {
    check(&[
        ("", ""),
        ("a = b = 1", "(= a b Int(1))"),
        ("a, *b = c", "(= (tuple a (* b)) c)"),
        ("a.b[0] += 1", "(Add= (at (. a b) Int(0)) Int(1))"),
        ("a //= 1; b **= 2", "(FloorDiv= a Int(1)) (Pow= b Int(2))"),
        ("x: int", "(: x int -)"),
        ("self.x: T = 1", "(: (. self x) T Int(1))"),
        ("(x): int", "(: x int -)"),
        ("del a, b[0]", "(del a (at b Int(0)))"),
        ("pass", "pass"),
        ("raise", "(raise - -)"),
        ("raise E from x", "(raise E x)"),
        ("assert a, 'm'", "(assert a \"m\")"),
        ("import a.b, c as d", "(import (a.b -) (c d))"),
        ("from . import x", "(from 1 - (x -))"),
        ("from ..a.b import (x as y, z)", "(from 2 a.b (x y) (z -))"),
        ("from m import *", "(from 0 m (* -))"),
        ("lazy import a", "(import (a -))"),
        ("type X[T] = list[T]", "(type X)"),
        ("global a, b", "(global a b)"),
        ("print(1)\r\rx\r\n", "(call print [Int(1)]) x"),
        ("\u{c}x\n\u{c}y", "x y"),
        ("if x:\n\ty\n\tz\n", "(if x [y z] [])"),
        ("\u{feff}x", "x"),
    ]);
}

#[test]
fn compound_statements() {
    check(&[
        ("if a: b\nelif c: d\nelif e: f\nelse: g", "(if a [b] [(if c [d] [(if e [f] [g])])])"),
        ("if a: b\nelse:\n if c: d", "(if a [b] [(if c [d] [])])"),
        ("while a:\n break\nelse: c", "(while a [break] [c])"),
        ("for a, b in c:\n continue\nelse: d", "(for (tuple a b) c [continue] [d])"),
        ("with a as b, c: d", "(with (a b) (c -) [d])"),
        ("with (a as b, c,): d", "(with (a b) (c -) [d])"),
        ("try: a\nexcept E as e: b\nexcept: c\nelse: d\nfinally: f", "(try [a] (E e [b]) (- - [c]) [d] [f])"),
        ("try: a\nexcept* E: b", "(try* [a] (E - [b]) [] [])"),
        ("try: a\nexcept A, B: b", "(try [a] ((tuple A B) - [b]) [] [])"),
        ("@d\nclass A[T](B, metaclass=M, **k): pass", "(class A [B metaclass=M **k] @[d] [pass])"),
        (
            "async def f():\n async for a in b: await c\n async with d: return",
            "(async def f [] @[] locals[a] [(async for a b [(await c)] []) (async with (d -) [(return -)])])",
        ),
        (
            "@d(1)\ndef f(a, /, b: int = 1, *c: int, d, e=2, **g) -> int: return 1",
            "(def f [(PositionalOnly a) (Positional b Int(1)) (VarPositional c) (KeywordOnly d) \
             (KeywordOnly e Int(2)) (VarKeyword g)] @[(call d [Int(1)])] locals[a b c d e g] [(return Int(1))])",
        ),
    ]);
}

#[test]
fn patterns() {
    let cases = [
        ("1", "Int(1)"),
        ("-1", "(Minus Int(1))"),
        ("a.b", "(. a b)"),
        ("'s'", "\"s\""),
        ("None", "is None"),
        ("True", "is Bool(true)"),
        ("_", "(as - -)"),
        ("x", "(as - x)"),
        ("[a, *b]", "(seq (as - a) (* b))"),
        ("(a, *_)", "(seq (as - a) (* -))"),
        ("{'k': v, **r}", "(map \"k\" / (as - v) / r)"),
        ("A(x, y=z)", "(cls A [(as - x)] [y=(as - z)])"),
        ("1 | 2 as n", "(as (or Int(1) Int(2)) n)"),
    ];
    for (written, expected) in cases {
        let text = format!("match s:\n case {written} if g: pass");
        assert_eq!(statements(&text), format!("(match s ({expected} g [pass]))"));
    }
}

#[test]
fn constants() {
    check(&[
        ("None", "None"),
        ("True, ...", "(tuple Bool(true) Ellipsis)"),
        ("9223372036854775807", "Int(9223372036854775807)"),
        ("9223372036854775808", "BigInt"),
        ("0xff, 1_0", "(tuple Int(255) Int(10))"),
        ("1.5, 2j", "(tuple Float(1.5) Complex)"),
        ("('a' \"b\" r'\\c',)", "(tuple \"ab\\\\c\")"),
        ("'only people read this'", "\"\""),
        ("b'a' b'\\x00'", "Bytes([97, 0])"),
    ]);
}

#[test]
fn strings_with_replaced_expressions() {
    check(&[
        ("f'a'", "(f \"a\")"),
        ("f'{a}b{c!r}{d:>10}'", "(f a \"b\" !c !d)"),
        ("'x' f'y{a}' 'z' f'{{'", "(f \"xy\" a \"z{\")"),
        ("f'{a = }'", "(f \"a = \" !a)"),
        ("f'{a:{b}.{c:{d}}}e'", "(f !a !b !c !d \"e\")"),
        ("f'{a['b']}{f'{c}'}'", "(f (at a \"b\") (f c))"),
        ("t'a{b}' t'c'", "(t \"a\" b \"c\")"),
    ]);
}

#[test]
fn operators_and_calls() {
    check(&[
        ("a + b - c", "(Sub (Add a b) c)"),
        (
            "a @ b, a / b, a % b, a << b, a >> b",
            "(tuple (MatMul a b) (Div a b) (Mod a b) (LShift a b) (RShift a b))",
        ),
        ("a | b ^ c & d", "(BitOr a (BitXor b (BitAnd c d)))"),
        ("a ** b * c // d", "(FloorDiv (Mul (Pow a b) c) d)"),
        ("not -a, +b, ~c", "(tuple (Not (Minus a)) (Plus b) (Invert c))"),
        ("a and b and c or d", "(Or (And a b c) d)"),
        ("a < b <= c", "(compare a Lt b LtE c)"),
        ("a == b != c > d >= e", "(compare a Eq b NotEq c Gt d GtE e)"),
        ("a is b is not c in d not in e", "(compare a Is b IsNot c In d NotIn e)"),
        ("a if b else c", "(? b a c)"),
        ("f(a, *b, c=d, **e)", "(call f [a *b c=d **e])"),
        ("f(c=d, *b)", "(call f [c=d *b])"),
        ("f(x for x in y)", "(call f [(Generator x - (for x y []))])"),
        ("a.b.c(d)[e]", "(at (call (. (. a b) c) [d]) e)"),
        ("a[1:2:3, ::, :b]", "(at a (tuple (slice Int(1) Int(2) Int(3)) (slice - - -) (slice - b -)))"),
        ("(a := 1)", "(:= a Int(1))"),
    ]);
}

#[test]
fn displays_and_comprehensions() {
    check(&[
        ("(), (a,)", "(tuple (tuple ) (tuple a))"),
        ("[a, *b]", "(list a (* b))"),
        ("{a, b}", "(set a b)"),
        ("{'a': 1, **b}", "(dict (\"a\" Int(1)) (- b))"),
        ("[a for a in b if c if d for e in f]", "(List a - (for a b [c d]) (for e f []))"),
        ("{a for a in b}", "(Set a - (for a b []))"),
        ("{a: b for a, b in c}", "(Dict a b (for (tuple a b) c []))"),
        ("{**a for a in b}", "(Dict (* a) - (for a b []))"),
        (
            "async def f(): [a async for a in b]",
            "(async def f [] @[] locals[] [(List a - (async for a b []))])",
        ),
        (
            "lambda a, *b, c=1: a",
            "(def <lambda> [(Positional a) (VarPositional b) (KeywordOnly c Int(1))] @[] locals[a b c] [(return a)])",
        ),
    ]);
}

/// The locals of the function `f`.
fn locals(body: &str) -> String {
    let text = format!("def f(p):\n    {}\n", body.replace('\n', "\n    "));
    let module = lower(&text).expect("the text is Python");
    match &module.body[0].kind {
        StmtKind::FunctionDef(f) => f.locals.join(" "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_binding_makes_a_local() {
    for (body, expected) in [
        ("a = b", "p a"),
        ("a.b = c[d] = e", "p"),
        ("(a, [b, *c]) = d", "p a b c"),
        ("a += 1", "p a"),
        ("a: int", "p a"),
        ("(a): int", "p"),
        ("(a): int = 1", "p a"),
        ("for a in b: pass", "p a"),
        ("with a as b, c as (d, e): pass", "p b d e"),
        ("try: pass\nexcept E as e: pass", "p e"),
        ("import a.b, c.d as e", "p a e"),
        ("from m import a, b as c", "p a c"),
        ("def g(x): y = 1", "p g"),
        ("class C:\n    x = 1\n    def m(self): pass", "p C"),
        ("match s:\n    case [a, *b] | {'k': c, **d} | E(x=f) as g: pass", "p a b c d f g"),
        ("print(a := 1)", "p a"),
        ("[b := x for x in y]", "p b"),
        ("[[b := x for x in y] for z in w if (c := z)]", "p c b"),
        ("[lambda: (b := x) for x in y]", "p"),
        ("[x for x in y]\n{k: v for k, v in y}", "p"),
        ("lambda q: (b := 1)", "p"),
        ("g = lambda q=(b := 1): 0", "p g b"),
        ("def g(q=(b := 1)): pass", "p b g"),
        ("@(d := e)\nclass C(b := D): pass", "p d b C"),
        ("del a", "p a"),
        ("type A = int", "p A"),
        ("global a\na = 1; b = 2", "p b"),
        ("a = 1\nif x:\n    global b\n    b = 2", "p a"),
        ("def g():\n    nonlocal p\n    p = 1", "p g"),
        ("p = a = a = 1", "p a"),
    ] {
        assert_eq!(locals(body), expected, "{body}");
    }
}

#[test]
fn names_declared_elsewhere_in_a_class_body() {
    let module = lower("class A:\n    global x\n    x = y = 1\n").expect("the text is Python");
    let StmtKind::ClassDef(class) = &module.body[0].kind else { panic!("a class") };
    assert_eq!(*class.not_local, [Arc::from("x")]);
}

#[test]
fn only_its_own_yield_makes_a_generator() {
    for (body, expected) in [
        ("yield", true),
        ("x = yield from y", true),
        ("[x for x in (yield)]", true),
        ("def g(): yield", false),
        ("lambda: (yield)", false),
        ("lambda x=(yield): x", true),
        ("@(yield)\ndef g(): pass", true),
        ("return 1", false),
    ] {
        let text = format!("def f():\n    {}\n", body.replace('\n', "\n    "));
        let module = lower(&text).expect("the text is Python");
        let StmtKind::FunctionDef(f) = &module.body[0].kind else { panic!("a function") };
        assert_eq!(f.is_generator, expected, "{body}");
    }
}

#[test]
fn spans_are_bytes_of_the_text() {
    let text =
        "é = 1\n@dec\ndef fü(x):\n    return g(a, b=(1 + 2), *c)\nif a: b\nelif c: d\nelse: e\nlambda y: y\n";
    let module = lower(text).expect("the text is Python");
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(at(module.body[0].span), "é = 1");
    let StmtKind::FunctionDef(f) = &module.body[1].kind else { panic!("a function") };
    assert!(at(f.span).starts_with("@dec\ndef") && f.span == module.body[1].span);
    assert_eq!(at(f.name_span), "fü");
    let StmtKind::Return(Some(Expr { kind: ExprKind::Call { args, .. }, .. })) = &f.body[0].kind else {
        panic!("a call")
    };
    let shown: Vec<_> = args.iter().map(|arg| (at(arg.span), at(arg.value.span))).collect();
    assert_eq!(shown, [("a", "a"), ("b=(1 + 2)", "1 + 2"), ("*c", "c")]);
    let StmtKind::If { orelse, .. } = &module.body[2].kind else { panic!("an if") };
    assert_eq!(at(orelse[0].span), "elif c: d");
    let StmtKind::Expr(Expr { kind: ExprKind::Lambda(f), .. }) = &module.body[3].kind else {
        panic!("a lambda")
    };
    assert_eq!((at(f.span), at(f.name_span), at(f.body[0].span)), ("lambda y: y", "lambda", "y"));
}

#[test]
fn a_byte_order_mark_counts_in_spans() {
    assert_eq!(lower("\u{feff}x").expect("the text is Python").body[0].span, Span { start: 3, end: 4 });
}

#[test]
fn equal_names_share_an_allocation() {
    let module = lower("x\nx").expect("the text is Python");
    let names: Vec<_> = (module.body.iter())
        .filter_map(|stmt| match &stmt.kind {
            StmtKind::Expr(Expr { kind: ExprKind::Name(name), .. }) => Some(name),
            _ => None,
        })
        .collect();
    assert!(Arc::ptr_eq(names[0], names[1]));
}

#[test]
fn errors_say_what_and_where() {
    for (text, message, start) in [
        ("x = \n", "Expected an expression", 4),
        ("é = (1\n", "unexpected EOF while parsing", 8),
        ("print 'x'\n", "Simple statements must be separated by newlines or semicolons", 6),
        ("if x:\npass\n", "Expected an indented block after `if` statement", 6),
        ("x = 'a\n", "missing closing quote in string literal", 4),
        ("x = 1\n  y = 2\n", "Unexpected indentation", 6),
        ("%matplotlib inline\n", "Expected a statement", 0),
    ] {
        let error = lower(text).expect_err("the text is not Python");
        assert_eq!((error.message.as_str(), error.span.start), (message, start), "{text}");
        assert!(error.span.end as usize <= text.len());
    }
}

/// Large projects are held in memory as IR: a field more in the largest kind is a few per cent more.
#[test]
fn statements_and_expressions_are_small() {
    assert_eq!(size_of::<crate::ir::Expr>(), 40);
    assert_eq!(size_of::<crate::ir::Arg>(), 72);
    assert_eq!(size_of::<crate::ir::Stmt>(), 80);
}
