//! Which names a function binds, and what makes it a generator.

use rustc_hash::FxHashSet;

use super::Lowering;
use crate::ir::Name;

/// A module, class, function or lambda while its body is lowered. Comprehensions are not scopes
/// here: their targets are bound nowhere, and a walrus in them binds in the scope around.
#[derive(Default)]
pub(super) struct Scope {
    /// In the order of their first binding.
    bound: Vec<Name>,
    seen: FxHashSet<Name>,
    /// Declared `global` or `nonlocal`.
    not_local: Vec<Name>,
    pub(super) is_generator: bool,
}

impl Scope {
    /// The names bound here, and those declared to live elsewhere.
    pub(super) fn into_names(mut self) -> (Box<[Name]>, Box<[Name]>) {
        if !self.not_local.is_empty() {
            let not_local: FxHashSet<&Name> = self.not_local.iter().collect();
            self.bound.retain(|name| !not_local.contains(name));
        }
        (self.bound.into(), self.not_local.into())
    }
}

impl<'t> Lowering<'t> {
    /// Lowers a body in a scope of its own.
    pub(super) fn in_scope<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> (T, Scope) {
        let in_comprehension_target = std::mem::take(&mut self.in_comprehension_target);
        self.scopes.push(Scope::default());
        let lowered = lower(self);
        self.in_comprehension_target = in_comprehension_target;
        (lowered, self.scopes.pop().unwrap_or_default())
    }

    pub(super) fn bind(&mut self, name: &Name) {
        // The names bound in a module are all its attributes; only inner scopes need a list.
        if let [_, .., scope] = self.scopes.as_mut_slice()
            && scope.seen.insert(name.clone())
        {
            scope.bound.push(name.clone());
        }
    }

    pub(super) fn declare_not_local(&mut self, names: &[Name]) {
        if let Some(scope) = self.scopes.last_mut() {
            for name in names {
                if !scope.not_local.contains(name) {
                    scope.not_local.push(name.clone());
                }
            }
        }
    }

    pub(super) fn mark_generator(&mut self) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.is_generator = true;
        }
    }
}
