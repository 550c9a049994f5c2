//! What a name means at a place: the scopes of a module and what they bind.

use std::collections::HashSet;

use crate::ir::Span;

use super::View;

/// What a name means at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing in the module binds it.
    Unbound,
    /// Every binding is an import of the module asked for; `certain` when one of them stands at the
    /// top level of the module (or directly in the same function) before the place.
    Module { certain: bool },
    /// Something else is, or may be, bound to it.
    Other,
}

#[derive(Debug)]
pub struct Scope {
    pub span: Span,
    pub kind: ScopeKind,
    pub bindings: Vec<Binding>,
    pub globals: HashSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Function,
    Class,
}

#[derive(Debug)]
pub struct Binding {
    pub name: String,
    /// The dotted name of the imported module the name is bound to.
    pub module: Option<String>,
    /// Index into [`View::statements`].
    pub statement: Option<usize>,
    /// Where the binding statement ends.
    pub end: u32,
    /// The statement stands directly in the scope's own body.
    pub unconditional: bool,
}

impl View {
    /// What `name` means at the offset, when asked whether it is the module `module`.
    pub fn meaning(&self, name: &str, module: &str, offset: u32) -> Meaning {
        let mut around: Vec<&Scope> = self
            .scopes
            .iter()
            .filter(|scope| {
                scope.kind == ScopeKind::Module || (scope.span.start <= offset && offset < scope.span.end)
            })
            .collect();
        let in_function = around.iter().any(|scope| scope.kind == ScopeKind::Function);
        around.reverse();
        for (depth, scope) in around.iter().enumerate() {
            // A class body is no scope for the functions inside it.
            if scope.kind == ScopeKind::Class && depth != 0 {
                continue;
            }
            if scope.globals.contains(name) {
                continue;
            }
            let bindings: Vec<&Binding> =
                scope.bindings.iter().filter(|binding| binding.name == name).collect();
            if bindings.is_empty() {
                continue;
            }
            if bindings.iter().any(|binding| binding.module.as_deref() != Some(module)) {
                return Meaning::Other;
            }
            // A function runs after the module's top level has, wherever it stands.
            let late = scope.kind == ScopeKind::Module && in_function;
            let certain =
                bindings.iter().any(|binding| binding.unconditional && (late || binding.end <= offset));
            // An import that may not have run makes a local name unusable, a global one only missing.
            return match scope.kind {
                ScopeKind::Module => Meaning::Module { certain },
                _ if certain => Meaning::Module { certain },
                _ => Meaning::Other,
            };
        }
        Meaning::Unbound
    }

    /// The names that top-level imports bind to this module, in the order of the text.
    pub fn names_of<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a str> {
        let scope = self.scopes.first().into_iter();
        scope.flat_map(|scope| &scope.bindings).filter_map(move |binding| {
            (binding.module.as_deref() == Some(module)).then_some(binding.name.as_str())
        })
    }

    /// The statement binds a name that code outside of it reads.
    pub fn binds_what_others_read(&self, id: usize) -> bool {
        let place = self.statements[id].span;
        let outer = self.scopes.iter().filter(|scope| !place.contains(scope.span));
        outer.flat_map(|scope| &scope.bindings).any(|binding| {
            let is_inside = binding.statement.is_some_and(|by| place.contains(self.statements[by].span));
            is_inside && self.reads(&binding.name).iter().any(|at| *at < place.start || place.end <= *at)
        })
    }

    /// The names that a statement reads, if each has a value where the offset is: something above it gives
    /// one, or the statement itself, or nobody does, as for Python's own.
    pub fn names_read(&self, statement: Span, offset: u32) -> Option<Vec<String>> {
        let inside = |at: &u32| statement.start <= *at && *at < statement.end;
        let names = self.reads.iter().filter(|(_, reads)| reads.iter().any(inside)).map(|(name, _)| name);
        let has_value = |name: &String| {
            let bindings = self.scopes.iter().flat_map(|scope| &scope.bindings);
            let mut named = bindings.filter(|binding| binding.name == *name).peekable();
            let at_top = self.scopes.first().into_iter().flat_map(|scope| &scope.bindings);
            let mut above = at_top.filter(|binding| binding.name == *name && binding.end <= offset);
            named.peek().is_none() || named.any(|binding| inside(&binding.end)) || above.next().is_some()
        };
        names.map(|name| has_value(name).then(|| name.clone())).collect()
    }

    /// Where code reads this name, in any scope.
    pub fn reads(&self, name: &str) -> &[u32] {
        self.reads.get(name).map_or(&[], Vec::as_slice)
    }
}
