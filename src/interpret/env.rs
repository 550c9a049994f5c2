//! Where a name is looked up: the chain of scopes around a piece of code.

use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::value::{Id, Value};
use crate::ir;

/// What a `yield` does: hands the value to whoever drives the generator and gives back what was sent.
pub type Hook<'a, 'p> = dyn Fn(&mut Machine<'p>, Value) -> Flow<Value> + 'a;

/// The surroundings of the code that runs now.
pub struct Env<'a, 'p> {
    pub unit: Unit,
    pub globals: Id,
    pub chain: Rc<Chain>,
    pub hook: Option<&'a Hook<'a, 'p>>,
}

impl<'a, 'p> Env<'a, 'p> {
    /// The same surroundings with one more scope inside.
    pub fn nested(&self, scope: Id, kind: ScopeKind) -> Env<'a, 'p> {
        Env {
            unit: self.unit,
            globals: self.globals,
            chain: Rc::new(Chain { scope, kind, parent: Some(self.chain.clone()) }),
            hook: self.hook,
        }
    }
}

#[derive(Debug)]
pub struct Chain {
    pub scope: Id,
    pub kind: ScopeKind,
    pub parent: Option<Rc<Chain>>,
}

#[derive(Clone, Debug)]
pub enum ScopeKind {
    Module,
    Function(Arc<ir::Function>, Id),
    Class(Arc<ir::Class>),
    Comprehension,
}

impl ScopeKind {
    /// Whether a plain assignment to `name` in this scope binds it here.
    pub fn binds(&self, name: &str) -> bool {
        match self {
            ScopeKind::Module => true,
            ScopeKind::Function(code, _) => code.locals.iter().any(|local| &**local == name),
            ScopeKind::Class(class) => !class.not_local.iter().any(|other| &**other == name),
            ScopeKind::Comprehension => false,
        }
    }
}
