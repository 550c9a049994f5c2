//! The intermediate representation: a Python module without the parser's types.
//!
//! Lowering forgets nothing but the words of documentation: every statement and expression of the
//! module is here, with the byte span it came from, because whether a line matters (a flag in a
//! module that never mentions asyncio) is only known when the program runs. Functions, classes and
//! lambdas are shared (`Arc`), so that values of the paper run can hold on to them without lifetimes.

use std::sync::Arc;

/// An identifier, or a dotted module name in an import. Cheap to clone.
pub type Name = Arc<str>;

/// A half-open range of byte offsets into the decoded text of one module (see
/// [`crate::files::Source::text`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A lowered module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub body: Box<[Stmt]>,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    /// From the first character of the statement (decorators included) to its last.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    Expr(Expr),
    Assign {
        targets: Box<[Expr]>,
        value: Expr,
    },
    AugAssign {
        target: Box<Expr>,
        op: BinaryOp,
        value: Expr,
    },
    /// `x: T = value`; the annotation is kept for typed attributes and dataclass fields.
    AnnAssign {
        target: Box<Expr>,
        annotation: Box<Expr>,
        value: Option<Expr>,
    },
    Delete(Box<[Expr]>),
    Pass,
    Break,
    Continue,
    Return(Option<Expr>),
    Raise {
        exception: Option<Expr>,
        cause: Option<Box<Expr>>,
    },
    Assert {
        test: Expr,
        message: Option<Box<Expr>>,
    },
    /// `elif` is an `If` alone in `orelse`, as in Python's own tree.
    If {
        test: Box<Expr>,
        body: Box<[Stmt]>,
        orelse: Box<[Stmt]>,
    },
    While {
        test: Box<Expr>,
        body: Box<[Stmt]>,
        orelse: Box<[Stmt]>,
    },
    For {
        target: Box<Expr>,
        iter: Box<Expr>,
        body: Box<[Stmt]>,
        orelse: Box<[Stmt]>,
        is_async: bool,
    },
    With {
        items: Box<[WithItem]>,
        body: Box<[Stmt]>,
        is_async: bool,
    },
    Try {
        body: Box<[Stmt]>,
        handlers: Box<[Handler]>,
        orelse: Box<[Stmt]>,
        finalbody: Box<[Stmt]>,
        /// `except*`.
        is_star: bool,
    },
    Match {
        subject: Expr,
        cases: Box<[Case]>,
    },
    Import(Box<[Alias]>),
    ImportFrom {
        /// Absent in `from . import x`.
        module: Option<Name>,
        /// The number of leading dots.
        level: u32,
        /// `from m import *` is one alias named `*`.
        names: Box<[Alias]>,
    },
    Global(Box<[Name]>),
    Nonlocal(Box<[Name]>),
    FunctionDef(Arc<Function>),
    ClassDef(Arc<Class>),
    /// `type X = …` (Python 3.12).
    TypeAlias {
        name: Name,
    },
}

#[derive(Clone, Debug)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Handler {
    /// Absent in a bare `except:`.
    pub kind: Option<Expr>,
    pub name: Option<Name>,
    pub body: Box<[Stmt]>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Box<[Stmt]>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Pattern {
    /// A literal or dotted name, compared with `==`.
    Value(Expr),
    /// `None`, `True`, `False`, compared with `is`.
    Singleton(Constant),
    /// `[a, b, *rest]`.
    Sequence(Box<[Pattern]>),
    /// `{"k": p, **rest}`.
    Mapping {
        keys: Box<[Expr]>,
        patterns: Box<[Pattern]>,
        rest: Option<Name>,
    },
    /// `Cls(p, name=p)`.
    Class {
        class: Expr,
        positional: Box<[Pattern]>,
        keywords: Box<[(Name, Pattern)]>,
    },
    /// `*rest` inside a sequence; `None` is `*_`.
    Star(Option<Name>),
    /// `p as name`, `name` alone (no pattern), or `_` (neither).
    As {
        pattern: Option<Box<Pattern>>,
        name: Option<Name>,
    },
    Or(Box<[Pattern]>),
}

#[derive(Clone, Debug)]
pub struct Alias {
    /// As written, dotted for `import a.b.c`.
    pub name: Name,
    pub asname: Option<Name>,
    pub span: Span,
}

/// A `def`, `async def` or `lambda`.
#[derive(Clone, Debug)]
pub struct Function {
    /// `<lambda>` for lambdas.
    pub name: Name,
    pub params: Box<[Param]>,
    pub body: Box<[Stmt]>,
    pub decorators: Box<[Expr]>,
    pub is_async: bool,
    /// The body contains `yield` or `yield from` (not those of nested functions).
    pub is_generator: bool,
    /// Every name bound in the body or the parameters, less those declared global or nonlocal.
    /// Names bound in comprehensions are not among them; walrus targets in comprehensions are.
    pub locals: Box<[Name]>,
    /// The whole definition, decorators included.
    pub span: Span,
    /// The name alone; the `lambda` keyword for lambdas.
    pub name_span: Span,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub name: Name,
    pub kind: ParamKind,
    pub default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    PositionalOnly,
    Positional,
    /// `*args`
    VarPositional,
    KeywordOnly,
    /// `**kwargs`
    VarKeyword,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub name: Name,
    /// Base classes and keywords (`metaclass=…`), in order.
    pub arguments: Box<[Arg]>,
    pub body: Box<[Stmt]>,
    pub decorators: Box<[Expr]>,
    /// Names declared `global` or `nonlocal` in the class body.
    pub not_local: Box<[Name]>,
    pub span: Span,
    pub name_span: Span,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Constant(Constant),
    Name(Name),
    Attribute {
        value: Box<Expr>,
        name: Name,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Call {
        func: Box<Expr>,
        args: Box<[Arg]>,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        left: Box<Expr>,
        op: BinaryOp,
        right: Box<Expr>,
    },
    /// `and` / `or` over two or more operands.
    Bool {
        op: BoolOp,
        values: Box<[Expr]>,
    },
    Compare {
        left: Box<Expr>,
        rest: Box<[(CompareOp, Expr)]>,
    },
    IfElse {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Lambda(Arc<Function>),
    Tuple(Box<[Expr]>),
    List(Box<[Expr]>),
    Set(Box<[Expr]>),
    /// A missing key is `**mapping`.
    Dict(Box<[(Option<Expr>, Expr)]>),
    Comprehension(Box<Comprehension>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    /// An f-string (or t-string, with `template` set): literal parts and replaced expressions, in order.
    FString {
        parts: Box<[FStringPart]>,
        template: bool,
    },
    Starred(Box<Expr>),
    /// `(name := value)`
    Walrus {
        target: Box<Expr>,
        value: Box<Expr>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    None,
    Bool(bool),
    Ellipsis,
    Int(i64),
    /// An integer past 64 bits; its value never decides a loop.
    BigInt,
    Float(f64),
    Complex,
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
}

#[derive(Clone, Debug)]
pub enum FStringPart {
    Literal(Arc<str>),
    Value {
        expr: Expr,
        /// A conversion (`!r`) or format specification stands behind the expression, or `=`.
        formatted: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Arg {
    pub kind: ArgKind,
    pub value: Expr,
    /// The whole argument: `name=value`, `*value`, `**value`.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Positional,
    Star,
    Keyword(Name),
    DoubleStar,
}

#[derive(Clone, Debug)]
pub struct Comprehension {
    pub kind: ComprehensionKind,
    pub element: Expr,
    /// The value of a dict comprehension, whose key is `element`.
    pub value: Option<Expr>,
    pub generators: Box<[Generator]>,
}

#[derive(Clone, Debug)]
pub struct Generator {
    pub target: Expr,
    pub iter: Expr,
    pub conditions: Box<[Expr]>,
    pub is_async: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Not,
    Minus,
    Plus,
    Invert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

/// The suites directly inside a statement.
pub fn suites(stmt: &Stmt) -> Vec<&[Stmt]> {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::While { body, orelse, .. }
        | StmtKind::For { body, orelse, .. } => {
            vec![body, orelse]
        }
        StmtKind::With { body, .. } => vec![body],
        StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
            let mut suites: Vec<&[Stmt]> = vec![body];
            suites.extend(handlers.iter().map(|handler| &*handler.body));
            suites.extend([&**orelse, finalbody]);
            suites
        }
        StmtKind::Match { cases, .. } => cases.iter().map(|case| &*case.body).collect(),
        StmtKind::FunctionDef(code) => vec![&code.body],
        StmtKind::ClassDef(class) => vec![&class.body],
        _ => Vec::new(),
    }
}

/// Shows every expression of a statement to `visit`, those of nested statements, functions and classes included.
pub fn walk<'c>(stmt: &'c Stmt, visit: &mut dyn FnMut(&'c Expr)) {
    let body =
        |body: &'c [Stmt], visit: &mut dyn FnMut(&'c Expr)| body.iter().for_each(|stmt| walk(stmt, visit));
    match &stmt.kind {
        StmtKind::Expr(expr) => walk_expr(expr, visit),
        StmtKind::Assign { targets, value } => {
            targets.iter().for_each(|target| walk_expr(target, visit));
            walk_expr(value, visit);
        }
        StmtKind::AugAssign { target, value, .. } => {
            walk_expr(target, visit);
            walk_expr(value, visit);
        }
        StmtKind::AnnAssign { value, .. } | StmtKind::Return(value) => {
            value.iter().for_each(|value| walk_expr(value, visit))
        }
        StmtKind::Delete(targets) => targets.iter().for_each(|target| walk_expr(target, visit)),
        StmtKind::Raise { exception, cause } => {
            exception.iter().chain(cause.as_deref()).for_each(|expr| walk_expr(expr, visit));
        }
        StmtKind::Assert { test, message } => {
            walk_expr(test, visit);
            message.iter().for_each(|message| walk_expr(message, visit));
        }
        StmtKind::If { test, body: then, orelse } | StmtKind::While { test, body: then, orelse } => {
            walk_expr(test, visit);
            body(then, visit);
            body(orelse, visit);
        }
        StmtKind::For { target, iter, body: inner, orelse, .. } => {
            walk_expr(target, visit);
            walk_expr(iter, visit);
            body(inner, visit);
            body(orelse, visit);
        }
        StmtKind::With { items, body: inner, .. } => {
            items.iter().for_each(|item| walk_expr(&item.context, visit));
            body(inner, visit);
        }
        StmtKind::Try { body: inner, handlers, orelse, finalbody, .. } => {
            body(inner, visit);
            handlers.iter().for_each(|handler| body(&handler.body, visit));
            body(orelse, visit);
            body(finalbody, visit);
        }
        StmtKind::Match { subject, cases } => {
            walk_expr(subject, visit);
            for case in cases {
                case.guard.iter().for_each(|guard| walk_expr(guard, visit));
                body(&case.body, visit);
            }
        }
        StmtKind::FunctionDef(code) => walk_function(code, visit),
        StmtKind::ClassDef(class) => {
            class.decorators.iter().for_each(|decorator| walk_expr(decorator, visit));
            class.arguments.iter().for_each(|arg| walk_expr(&arg.value, visit));
            body(&class.body, visit);
        }
        StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Import(_)
        | StmtKind::ImportFrom { .. }
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::TypeAlias { .. } => {}
    }
}

fn walk_function<'c>(code: &'c Function, visit: &mut dyn FnMut(&'c Expr)) {
    code.decorators.iter().for_each(|decorator| walk_expr(decorator, visit));
    code.params
        .iter()
        .filter_map(|param| param.default.as_ref())
        .for_each(|default| walk_expr(default, visit));
    code.body.iter().for_each(|stmt| walk(stmt, visit));
}

/// Shows an expression and every expression inside it to `visit`.
pub fn walk_expr<'c>(expr: &'c Expr, visit: &mut dyn FnMut(&'c Expr)) {
    visit(expr);
    let each = |exprs: &'c [Expr], visit: &mut dyn FnMut(&'c Expr)| {
        exprs.iter().for_each(|expr| walk_expr(expr, visit))
    };
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => {}
        ExprKind::Attribute { value, .. }
        | ExprKind::Await(value)
        | ExprKind::YieldFrom(value)
        | ExprKind::Starred(value) => {
            walk_expr(value, visit);
        }
        ExprKind::Subscript { value, index } => {
            walk_expr(value, visit);
            walk_expr(index, visit);
        }
        ExprKind::Slice { lower, upper, step } => {
            [lower, upper, step].into_iter().flatten().for_each(|bound| walk_expr(bound, visit));
        }
        ExprKind::Call { func, args } => {
            walk_expr(func, visit);
            args.iter().for_each(|arg| walk_expr(&arg.value, visit));
        }
        ExprKind::Unary { operand, .. } => walk_expr(operand, visit),
        ExprKind::Binary { left, right, .. } => {
            walk_expr(left, visit);
            walk_expr(right, visit);
        }
        ExprKind::Bool { values, .. } => each(values, visit),
        ExprKind::Compare { left, rest } => {
            walk_expr(left, visit);
            rest.iter().for_each(|(_, right)| walk_expr(right, visit));
        }
        ExprKind::IfElse { test, body, orelse } => {
            [test, body, orelse].into_iter().for_each(|part| walk_expr(part, visit))
        }
        ExprKind::Lambda(code) => walk_function(code, visit),
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => each(items, visit),
        ExprKind::Dict(entries) => {
            for (key, value) in entries {
                key.iter().for_each(|key| walk_expr(key, visit));
                walk_expr(value, visit);
            }
        }
        ExprKind::Comprehension(inner) => {
            walk_expr(&inner.element, visit);
            inner.value.iter().for_each(|value| walk_expr(value, visit));
            for generator in &inner.generators {
                walk_expr(&generator.iter, visit);
                each(&generator.conditions, visit);
            }
        }
        ExprKind::Yield(value) => value.iter().for_each(|value| walk_expr(value, visit)),
        ExprKind::FString { parts, .. } => {
            for part in parts {
                if let FStringPart::Value { expr, .. } = part {
                    walk_expr(expr, visit);
                }
            }
        }
        ExprKind::Walrus { target, value } => {
            walk_expr(target, visit);
            walk_expr(value, visit);
        }
    }
}
