//! What is asked of the code of every module that names a loop, before any program is run and after all of
//! them were: read off at once, since the code does not stay in memory.

use rayon::prelude::*;

use crate::analysis::Workspace;
use crate::files::Role;
use crate::ir::{self, Expr, ExprKind, Function, Name, Span, Stmt, StmtKind};
use crate::knowledge::{Knowledge, OF_ASYNCIO};
use crate::project::Module;

/// By the index of a module; nothing of those that are no seeds.
pub struct Seeds(Vec<Seed>);

#[derive(Default)]
struct Seed {
    may_start: bool,
    /// Functions and methods that name something like a runner: the dotted name, and the span of the name.
    functions: Vec<(Name, Span)>,
}

impl Seeds {
    /// Reads all modules that matter by themselves for the first time.
    pub fn of(workspace: &Workspace) -> Seeds {
        let modules: Vec<&Module> = workspace.modules.iter().collect();
        let seed = |(index, module): (usize, &&Module)| {
            if module.file.role != Role::Seed {
                return Seed::default();
            }
            let code = module.code_if_any();
            // Test functions are called by a test runner, which has its own way with loops.
            let is_test = module.is_test(&workspace.project_of(index).top);
            let is_asked = module.file.given && !is_test && !module.is_notebook();
            let functions = if is_asked { functions(&code.body) } else { Vec::new() };
            Seed { may_start: may_start(&code.body), functions }
        };
        Seeds(modules.par_iter().enumerate().map(seed).collect())
    }

    /// Whether executing the top level of a module may start or choose a loop, by the names that it
    /// mentions.
    pub fn may_start(&self, module: usize) -> bool {
        self.0[module].may_start
    }

    /// The functions that may start or choose a loop, with the module of each.
    pub fn functions(&self) -> impl Iterator<Item = (usize, &Name, Span)> {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(module, seed)| seed.functions.iter().map(move |(name, span)| (module, name, *span)))
    }
}

fn may_start(body: &[Stmt]) -> bool {
    let mut found = false;
    each_of_top(body, &mut |expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            found |= Knowledge::bundled().starts_or_chooses(name) || OF_ASYNCIO.contains(&&**name);
        }
        _ => {}
    });
    found
}

fn functions(body: &[Stmt]) -> Vec<(Name, Span)> {
    let mut found = Vec::new();
    each_function(body, "", &mut |name, function| {
        if mentions(&function.body) {
            found.push((name.as_str().into(), function.name_span));
        }
    });
    found
}

/// Shows `visit` every function outside of functions, with its name dotted.
fn each_function(body: &[Stmt], prefix: &str, visit: &mut dyn FnMut(String, &Function)) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(code) => visit(format!("{prefix}{}", code.name), code),
            StmtKind::ClassDef(class) => {
                each_function(&class.body, &format!("{prefix}{}.", class.name), visit);
            }
            StmtKind::If { body, orelse, .. } => {
                each_function(body, prefix, visit);
                each_function(orelse, prefix, visit);
            }
            StmtKind::Try { body, handlers, orelse, .. } => {
                each_function(body, prefix, visit);
                handlers.iter().for_each(|handler| each_function(&handler.body, prefix, visit));
                each_function(orelse, prefix, visit);
            }
            _ => {}
        }
    }
}

/// Whether a body calls or names something like a runner.
fn mentions(body: &[Stmt]) -> bool {
    let runners = &Knowledge::bundled().runners;
    let mut found = false;
    for stmt in body {
        ir::walk(stmt, &mut |expr: &Expr| match &expr.kind {
            ExprKind::Attribute { name, .. } | ExprKind::Name(name) => found |= runners.is_last_word(name),
            _ => {}
        });
    }
    found
}

/// Shows `visit` what is executed with the module itself: class bodies, decorators and defaults
/// included, the bodies of functions not.
fn each_of_top<'c>(body: &'c [Stmt], visit: &mut dyn FnMut(&'c Expr)) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(code) => {
                let defaults = code.params.iter().filter_map(|param| param.default.as_ref());
                code.decorators.iter().chain(defaults).for_each(|expr| ir::walk_expr(expr, visit));
            }
            StmtKind::ClassDef(class) => {
                let bases = class.arguments.iter().map(|argument| &argument.value);
                class.decorators.iter().chain(bases).for_each(|expr| ir::walk_expr(expr, visit));
                each_of_top(&class.body, visit);
            }
            StmtKind::If { test, .. } | StmtKind::While { test, .. } => {
                ir::walk_expr(test, visit);
                ir::suites(stmt).into_iter().for_each(|suite| each_of_top(suite, visit));
            }
            StmtKind::Try { .. } => ir::suites(stmt).into_iter().for_each(|suite| each_of_top(suite, visit)),
            _ => ir::walk(stmt, visit),
        }
    }
}
