//! Whether a module does something by itself when it is executed, beyond making what others use.

use std::cell::LazyCell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::Workspace;
use crate::analysis::seeds::Seeds;
use crate::entry::Launch;
use crate::interpret::trace::Root;
use crate::ir::{self, Expr, ExprKind, Name, Stmt, StmtKind};
use crate::project::{Found, Module};

/// The modules whose import may start or choose a loop, by the names that their top level mentions or that
/// of a module they import.
pub struct Acting(FxHashSet<usize>);

impl Acting {
    pub fn of(workspace: &Workspace, seeds: &Seeds) -> Acting {
        let modules: Vec<&Module> = workspace.modules.iter().collect();
        let mut importers: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for (importer, module) in modules.iter().enumerate() {
            for imported in &module.file.imports {
                importers.entry(*imported as usize).or_default().push(importer);
            }
        }
        let mut open: Vec<usize> = (0..modules.len()).filter(|module| seeds.may_start(*module)).collect();
        let mut acting: FxHashSet<usize> = open.iter().copied().collect();
        while let Some(module) = open.pop() {
            let by = importers.get(&module).into_iter().flatten();
            open.extend(by.filter(|importer| acting.insert(**importer)));
        }
        Acting(acting)
    }

    /// A module that nobody imports and that is no program by its text is one all the same if its import
    /// does that, or its top level calls something for what that does. What it hands to decorators runs in
    /// the program of somebody else.
    pub fn acts(&self, workspace: &Workspace, module: usize) -> bool {
        let Ok(code) = workspace.modules[module].code() else { return true };
        // Most modules are told by less than this.
        let ours = LazyCell::new(|| ours(workspace, module, &code.body));
        self.0.contains(&module) || calls(&code.body, &|name| ours.contains(name))
    }
}

/// Whether a statement outside functions is a call, or keeps what a call of the project's own
/// code gives back.
fn calls(body: &[Stmt], is_ours: &dyn Fn(&Name) -> bool) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Expr(expr) => !matches!(expr.kind, ExprKind::Constant(_)),
        StmtKind::Assign { value, .. } | StmtKind::AnnAssign { value: Some(value), .. } => {
            matches!(&value.kind, ExprKind::Call { func, .. } if root_of(func).is_some_and(is_ours))
        }
        StmtKind::FunctionDef(_) => false,
        StmtKind::With { .. } => true,
        _ => ir::suites(stmt).into_iter().any(|suite| calls(suite, is_ours)),
    })
}

/// The variable that an expression begins with: `a` of `a.b.c`.
fn root_of(expr: &Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute { value, .. } => root_of(value),
        _ => None,
    }
}

/// The names that the top level of a module binds to code of the project.
fn ours<'c>(workspace: &Workspace, module: usize, body: &'c [Stmt]) -> FxHashSet<&'c Name> {
    let project = workspace.project_of(module);
    let folders = project.search_path(&Root { module, launch: Launch::Script, function: None });
    let is_ours = |dotted: &str| {
        let first = dotted.split('.').next().unwrap_or(dotted);
        !matches!(project.find(&folders, first), Found::Nothing)
    };
    let mut names = FxHashSet::default();
    let mut suites = vec![body];
    while let Some(suite) = suites.pop() {
        for stmt in suite {
            match &stmt.kind {
                StmtKind::FunctionDef(code) => {
                    names.insert(&code.name);
                }
                StmtKind::ClassDef(class) => {
                    names.insert(&class.name);
                }
                StmtKind::Import(all) => {
                    let own = all.iter().filter(|alias| is_ours(&alias.name));
                    names.extend(own.map(|alias| alias.asname.as_ref().unwrap_or(&alias.name)));
                }
                StmtKind::ImportFrom { module, level, names: all } => {
                    if *level > 0 || module.as_deref().is_some_and(is_ours) {
                        names.extend(all.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name)));
                    }
                }
                _ => suites.extend(ir::suites(stmt)),
            }
        }
    }
    names
}
