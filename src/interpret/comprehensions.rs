//! Comprehensions and generator expressions.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::env::{Chain, Env, ScopeKind};
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::value::{Id, Mapping, Names, Object, Sequence, Suspended, Value};
use crate::ir::{
    Comprehension, ComprehensionKind, Expr, ExprKind, Function, Generator, Name, Stmt, StmtKind,
};

impl<'p> Machine<'p> {
    /// A list, set or dictionary of what a comprehension gives; a generator is run when it is asked.
    pub fn eval_comprehension(&mut self, env: &Env<'_, 'p>, comprehension: &Comprehension) -> Flow<Value> {
        let Comprehension { kind, element, value, generators } = comprehension;
        if *kind == ComprehensionKind::Generator {
            return self.generator_expression(env, element, generators);
        }
        let scope = self.scope(Names::new());
        let inner = Env {
            unit: env.unit,
            globals: env.globals,
            chain: Rc::new(Chain { scope, kind: ScopeKind::Comprehension, parent: Some(env.chain.clone()) }),
            hook: env.hook,
        };
        let found: RefCell<(Vec<(Value, Value)>, bool)> = RefCell::default();
        self.comprehend(
            &inner,
            scope,
            generators,
            &|machine| {
                let key = machine.eval(&inner, element)?;
                let value = match value {
                    Some(value) => machine.eval(&inner, value)?,
                    None => Value::None,
                };
                found.borrow_mut().0.push((key, value));
                Ok(())
            },
            &|| found.borrow_mut().1 = true,
        )?;
        let (items, open) = found.into_inner();
        Ok(match kind {
            ComprehensionKind::Dict => {
                let mut mapping = Mapping { entries: Vec::new(), open };
                mapping.extend(items);
                self.alloc(Object::Dict(mapping))
            }
            ComprehensionKind::Set => {
                let items = items.into_iter().map(|(item, _)| item).collect();
                self.set_of(Sequence { items, open })
            }
            _ => {
                let items = items.into_iter().map(|(item, _)| item).collect();
                self.alloc(Object::List(Sequence { items, open }))
            }
        })
    }

    /// `(x for x in y)`: `y` is evaluated now, everything else when somebody asks for an item.
    fn generator_expression(
        &mut self,
        env: &Env<'_, 'p>,
        element: &Expr,
        generators: &[Generator],
    ) -> Flow<Value> {
        let Some((first, _)) = generators.split_first() else { return Ok(Value::None) };
        let items = self.eval(env, &first.iter)?;
        let source: Name = ".0".into();
        let span = element.span;
        let yielded = ExprKind::Yield(Some(Box::new(element.clone())));
        let mut body: Box<[Stmt]> =
            [Stmt { kind: StmtKind::Expr(Expr { kind: yielded, span }), span }].into();
        for (index, generator) in generators.iter().enumerate().rev() {
            for condition in generator.conditions.iter().rev() {
                let kind = StmtKind::If { test: condition.clone().into(), body, orelse: Box::default() };
                body = [Stmt { kind, span }].into();
            }
            let iter = match index {
                0 => Expr { kind: ExprKind::Name(source.clone()), span: generator.iter.span },
                _ => generator.iter.clone(),
            };
            let (target, iter) = (generator.target.clone().into(), iter.into());
            let is_async = generator.is_async;
            let kind = StmtKind::For { target, iter, body, orelse: Box::default(), is_async };
            body = [Stmt { kind, span }].into();
        }
        let mut locals = vec![source.clone()];
        generators.iter().for_each(|generator| names_of(&generator.target, &mut locals));
        let code = Arc::new(Function {
            name: "<genexpr>".into(),
            params: Box::default(),
            body,
            decorators: Box::default(),
            is_async: false,
            is_generator: true,
            locals: locals.into(),
            span,
            name_span: span,
        });
        let function = self.make_function(env, &code)?;
        let scope = self.scope(Names::unit(source, items));
        let Some(function) = function.as_id() else { return Ok(Value::None) };
        Ok(self.alloc(Object::Suspended(Suspended { function, scope, started: false })))
    }

    /// Runs `found` for each round; `uncertain` when the rounds are not all known.
    fn comprehend(
        &mut self,
        env: &Env<'_, 'p>,
        scope: Id,
        generators: &[Generator],
        found: &dyn Fn(&mut Machine<'p>) -> Flow<()>,
        uncertain: &dyn Fn(),
    ) -> Flow<()> {
        let Some((generator, rest)) = generators.split_first() else { return found(self) };
        let iterable = self.eval(env, &generator.iter)?;
        let iterable = self.settle_value(iterable);
        let (items, open) = match self.items(&iterable) {
            // What may hold more than is known holds at least one item worth looking at.
            Some((items, open)) if !open || !items.is_empty() => (items, open),
            _ => {
                let text = self.text(env.unit, generator.iter.span);
                (vec![self.unknown(format!("an item of {text}"))], true)
            }
        };
        if open {
            uncertain();
        }
        for item in items.into_iter().take(256) {
            self.assign_in(env, scope, &generator.target, item)?;
            let mut keep = true;
            for condition in &generator.conditions {
                let value = self.eval(env, condition)?;
                match self.truth(&value) {
                    Some(true) => {}
                    Some(false) => keep = false,
                    None => uncertain(),
                }
            }
            if keep {
                self.comprehend(env, scope, rest, found, uncertain)?;
            }
        }
        Ok(())
    }

    /// Binds the target of a comprehension in the comprehension's own scope.
    fn assign_in(&mut self, env: &Env<'_, 'p>, scope: Id, target: &Expr, value: Value) -> Flow<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.state.heap.scope_mut(scope).insert(name.clone(), value);
                Ok(())
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                let items = match self.items(&value) {
                    Some((items, false)) if items.len() == targets.len() => items,
                    _ => targets.iter().map(|_| self.unknown("an item")).collect(),
                };
                targets
                    .iter()
                    .zip(items)
                    .try_for_each(|(target, item)| self.assign_in(env, scope, target, item))
            }
            _ => self.assign(env, target, value),
        }
    }
}

/// The names that a target binds.
fn names_of(target: &Expr, names: &mut Vec<Name>) {
    match &target.kind {
        ExprKind::Name(name) => names.push(name.clone()),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|item| names_of(item, names)),
        ExprKind::Starred(item) => names_of(item, names),
        _ => {}
    }
}
