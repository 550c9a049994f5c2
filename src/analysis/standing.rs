//! The calls that stand in a program whose run was given up before it came to a loop.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Workspace;
use crate::entry::Launch;
use crate::interpret::Unit;
use crate::interpret::trace::{RootTrace, Site};
use crate::ir::{self, Expr, ExprKind, Name, Stmt, StmtKind};
use crate::knowledge::{Kind, Knowledge};

/// A call that would start a loop, by its text, if it were reached.
pub struct Standing {
    pub call: Site,
    /// As it is written in the runner table: `uvicorn.run`.
    pub runner: String,
}

/// What stands in the module a run began with, where the run was given up and came to no loop at all.
/// Silence would say that there is none.
pub fn standing(workspace: &Workspace, trace: &RootTrace) -> Vec<Standing> {
    let is_open = trace.incomplete.is_some() && !trace.paths.iter().any(|path| path.runs_a_loop());
    let module = trace.root.module;
    if !is_open || trace.root.launch == Launch::Function {
        return Vec::new();
    }
    let code = workspace.modules[module].code_if_any();
    let mut names = BTreeMap::new();
    code.body.iter().for_each(|stmt| note_imports(stmt, &mut names));
    let mut found = Vec::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Call { func, .. } = &expr.kind
            && let Some(runner) = runner(func, &names)
        {
            found.push(Standing { call: Site { unit: Unit::Project(module), span: expr.span }, runner });
        }
    };
    begins(&code.body).into_iter().for_each(|stmt| ir::walk(stmt, &mut visit));
    found
}

/// What a module does by itself: its statements, and the functions that these call by name. Other functions
/// were run on their own, and have their rows.
fn begins(body: &[Stmt]) -> Vec<&Stmt> {
    let is_definition = |stmt: &&Stmt| matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_));
    let (definitions, mut all): (Vec<&Stmt>, Vec<&Stmt>) = body.iter().partition(is_definition);
    let mut called: BTreeSet<Name> = BTreeSet::new();
    let mut note = |expr: &Expr| {
        if let ExprKind::Call { func, .. } = &expr.kind
            && let ExprKind::Name(name) = &func.kind
        {
            called.insert(name.clone());
        }
    };
    all.iter().for_each(|stmt| ir::walk(stmt, &mut note));
    all.extend(definitions.into_iter().filter(|stmt| match &stmt.kind {
        StmtKind::FunctionDef(function) => called.contains(&function.name),
        _ => false,
    }));
    all
}

/// What the imports of a module, wherever they stand, bind names to.
fn note_imports(stmt: &Stmt, names: &mut BTreeMap<Name, String>) {
    match &stmt.kind {
        StmtKind::Import(aliases) => {
            for alias in aliases {
                let first = alias.name.split('.').next().unwrap_or(&alias.name);
                match &alias.asname {
                    Some(name) => names.insert(name.clone(), alias.name.to_string()),
                    None => names.insert(first.into(), first.to_string()),
                };
            }
        }
        StmtKind::ImportFrom { module: Some(module), level: 0, names: aliases } => {
            for alias in aliases {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                names.insert(name.clone(), format!("{module}.{}", alias.name));
            }
        }
        _ => ir::suites(stmt).into_iter().flatten().for_each(|stmt| note_imports(stmt, names)),
    }
}

fn runner(func: &Expr, names: &BTreeMap<Name, String>) -> Option<String> {
    // Nothing else has methods of these names.
    if let ExprKind::Attribute { name, .. } = &func.kind
        && matches!(&**name, "run_until_complete" | "run_forever")
    {
        return Some(format!("loop.{name}"));
    }
    let called = dotted(func, names)?;
    if called == "asyncio.run" {
        return Some(called);
    }
    let rows = &Knowledge::bundled().runners.rows;
    let mut starting = rows.iter().filter(|row| row.kind == Kind::Function && row.family.is_some());
    let row = starting.find(|row| row.name == called || row.aliases.contains(&called))?;
    Some(row.name.clone())
}

/// The full name of what is called.
fn dotted(expr: &Expr, names: &BTreeMap<Name, String>) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => names.get(name).cloned(),
        ExprKind::Attribute { value, name } => Some(format!("{}.{name}", dotted(value, names)?)),
        _ => None,
    }
}
