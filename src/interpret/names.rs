//! Names and other targets: looked up, assigned and deleted.

use std::rc::Rc;

use crate::interpret::env::{Env, ScopeKind};
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::prelude;
use crate::interpret::value::{Id, Value};
use crate::ir::{Expr, ExprKind, Name};

impl<'p> Machine<'p> {
    /// The value of a name; an error where it is bound nowhere.
    pub fn eval_name(&mut self, env: &Env<'_, 'p>, name: &Name) -> Flow<Value> {
        if let Some(value) = self.lookup(env, name) {
            if self.state.platform_names.contains_key(name) {
                let scope = self.home(env, name);
                self.note_read(scope, name);
            }
            return Ok(value);
        }
        let open = matches!(self.state.heap.scope(env.globals).get("__open__"), Some(Value::Bool(true)));
        if open {
            return Ok(self.unknown(&**name));
        }
        if matches!(env.chain.kind, ScopeKind::Function(..)) && env.chain.kind.binds(name) {
            return self.raise("UnboundLocalError", format!("local variable '{name}' is not bound yet"));
        }
        self.raise("NameError", format!("name '{name}' is not defined"))
    }

    /// The value of a name, if it is bound.
    pub fn lookup(&self, env: &Env<'_, 'p>, name: &str) -> Option<Value> {
        let mut chain = Some(&env.chain);
        let (mut innermost, mut in_globals) = (true, false);
        while let Some(link) = chain {
            let visible = innermost || !matches!(link.kind, ScopeKind::Class(_));
            in_globals |= visible && link.scope == env.globals;
            if visible && let Some(value) = self.state.heap.scope(link.scope).get(name) {
                return Some(value.clone());
            }
            // What a function binds anywhere is its own, also before it does.
            if matches!(link.kind, ScopeKind::Function(..)) && link.kind.binds(name) {
                return None;
            }
            innermost &= matches!(link.kind, ScopeKind::Comprehension);
            chain = link.parent.as_ref();
        }
        if !in_globals && let Some(value) = self.state.heap.scope(env.globals).get(name) {
            return Some(value.clone());
        }
        self.state.heap.scope(prelude::BUILTINS).get(name).cloned()
    }

    pub fn bind(&mut self, env: &Env<'_, 'p>, name: &Name, value: Value) {
        let scope = self.home(env, name);
        self.state.heap.scope_mut(scope).insert(name.clone(), value);
    }

    /// Binds a name of our own in the innermost scope.
    pub fn bind_hidden(&mut self, env: &Env<'_, 'p>, name: &str, value: Value) {
        self.state.heap.scope_mut(env.chain.scope).insert(name.into(), value);
    }

    /// The scope in which an assignment binds a name.
    pub fn home(&self, env: &Env<'_, 'p>, name: &str) -> Id {
        let mut chain = Some(&env.chain);
        while let Some(link) = chain {
            let inherited = matches!(link.kind, ScopeKind::Class(_)) && !Rc::ptr_eq(link, &env.chain);
            if !inherited && link.kind.binds(name) {
                return link.scope;
            }
            chain = link.parent.as_ref();
        }
        env.globals
    }

    pub fn assign(&mut self, env: &Env<'_, 'p>, target: &Expr, value: Value) -> Flow<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.bind(env, name, value);
                Ok(())
            }
            ExprKind::Attribute { value: object, name } => {
                let object = self.eval(env, object)?;
                self.stand_at(env, target.span);
                self.set_attribute(object, name, value)
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.eval(env, object)?;
                let index = self.eval(env, index)?;
                self.set_item(object, index, value)
            }
            ExprKind::Starred(inner) => self.assign(env, inner, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.unpack(env, targets, value),
            _ => Ok(()),
        }
    }

    fn unpack(&mut self, env: &Env<'_, 'p>, targets: &[Expr], value: Value) -> Flow<()> {
        let value = self.settle_value(value);
        let star = targets.iter().position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let known = match self.items(&value) {
            Some((items, false)) => {
                let fixed = targets.len() - usize::from(star.is_some());
                (items.len() == targets.len() || (star.is_some() && items.len() >= fixed)).then_some(items)
            }
            _ => None,
        };
        let Some(items) = known else {
            self.state.may_raise += 1;
            for (index, target) in targets.iter().enumerate() {
                let item = match &value {
                    Value::Unknown(unknown) => {
                        self.derive(unknown, &format!("[{index}]"), format!("{}[{index}]", unknown.label))
                    }
                    _ => self.unknown("an item"),
                };
                self.assign(env, target, item)?;
            }
            return Ok(());
        };
        let tail = star.map_or(0, |star| targets.len() - star - 1);
        for (index, target) in targets.iter().enumerate() {
            let item = match star {
                Some(star) if index == star => self.list(items[index..items.len() - tail].to_vec()),
                Some(star) if index > star => items[items.len() - (targets.len() - index)].clone(),
                _ => items[index].clone(),
            };
            self.assign(env, target, item)?;
        }
        Ok(())
    }

    pub fn delete(&mut self, env: &Env<'_, 'p>, target: &Expr) -> Flow<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                let scope = self.home(env, name);
                self.state.heap.scope_mut(scope).remove(name);
            }
            ExprKind::Attribute { value, name } => {
                let object = self.eval(env, value)?;
                self.delete_attribute(&object, name);
            }
            ExprKind::Subscript { value, index } => {
                let object = self.eval(env, value)?;
                let index = self.eval(env, index)?;
                self.delete_item(&object, &index);
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                targets.iter().try_for_each(|target| self.delete(env, target))?;
            }
            _ => {}
        }
        Ok(())
    }
}
