//! Which names may lead to a loop: those of functions whose code mentions something that starts or
//! chooses one, and of functions that mention such a name in turn.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::files::Role;
use crate::ir::{self, ExprKind, Function, Name, Stmt, StmtKind};
use crate::project::Modules;

/// The names, over all modules. Methods count by their names alone, and their classes with them, since
/// nobody knows here which object is meant.
///
/// Words such as `run` mean many things: they are believed only in modules that can start a loop, which
/// is the second argument of `starts`.
pub fn leading_names(modules: &Modules, starts: impl Fn(&str, bool) -> bool + Sync) -> FxHashSet<Name> {
    let list: Vec<_> = modules.iter().collect();
    let functions: Vec<Mentions> = list
        .par_iter()
        .filter(|module| module.file.role != Role::Unrelated)
        .filter_map(|module| module.code().ok().map(|code| (module.file.role, code)))
        .flat_map_iter(|(role, code)| {
            let mut found = Vec::new();
            functions(&code.body, None, &mut found);
            found
                .into_iter()
                .map(|(class, code)| Mentions::of(class, code, |name| starts(name, role == Role::Seed)))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut by_name: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
    for (index, function) in functions.iter().enumerate() {
        for name in &function.mentioned {
            by_name.entry(name).or_default().push(index);
        }
    }
    let mut leading: FxHashSet<Name> = FxHashSet::default();
    let mut rest: Vec<&Name> = functions.iter().filter(|f| f.starts).flat_map(|f| &f.names).collect();
    while let Some(name) = rest.pop() {
        if !leading.insert(name.clone()) {
            continue;
        }
        for index in by_name.get(name).into_iter().flatten() {
            rest.extend(&functions[*index].names);
        }
    }
    leading
}

/// A function, by what it is called and what it mentions.
struct Mentions {
    /// Its own name and that of its class.
    names: Vec<Name>,
    mentioned: FxHashSet<Name>,
    starts: bool,
}

impl Mentions {
    fn of(class: Option<&Name>, code: &Function, starts: impl Fn(&str) -> bool) -> Mentions {
        let mut mentioned = FxHashSet::default();
        let mut see = |expr: &ir::Expr| {
            if let ExprKind::Name(name) | ExprKind::Attribute { name, .. } = &expr.kind {
                mentioned.insert(name.clone());
            }
        };
        code.body.iter().for_each(|stmt| ir::walk(stmt, &mut see));
        code.decorators.iter().for_each(|decorator| ir::walk_expr(decorator, &mut see));
        let starts = mentioned.iter().any(|name| starts(name));
        Mentions { names: class.into_iter().chain([&code.name]).cloned().collect(), mentioned, starts }
    }
}

fn functions<'c>(
    body: &'c [Stmt],
    class: Option<&'c Name>,
    found: &mut Vec<(Option<&'c Name>, &'c Function)>,
) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::FunctionDef(code) => found.push((class, code)),
            StmtKind::ClassDef(inner) => functions(&inner.body, Some(&inner.name), found),
            _ => ir::suites(stmt).into_iter().for_each(|suite| functions(suite, class, found)),
        }
    }
}
