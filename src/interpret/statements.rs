//! Executing statements.

use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::env::{Env, ScopeKind};
use crate::interpret::handlers::Ready;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::trace::Site;
use crate::interpret::value::{Id, Object, Value};
use crate::ir::{Expr, ExprKind, Stmt, StmtKind, WithItem};

/// A loop without a reachable end is followed this many times.
const ENDLESS_ROUNDS: usize = 2;
/// One that its own code leaves, when it has counted far enough, is followed for so many steps.
const COUNTED_STEPS: u64 = 1_000;
/// A loop over known items is followed this far.
const KNOWN_ROUNDS: usize = 256;

impl<'p> Machine<'p> {
    pub fn exec(&mut self, env: &Env<'_, 'p>, body: &[Stmt]) -> Flow<()> {
        body.iter().try_for_each(|stmt| self.exec_one(env, stmt))
    }

    fn exec_one(&mut self, env: &Env<'_, 'p>, stmt: &Stmt) -> Flow<()> {
        self.step()?;
        self.stand_at(env, stmt.span);
        if let Some(recorder) = &mut self.recorder {
            recorder.ran.insert(Site { unit: env.unit, span: stmt.span });
        }
        self.nested(|machine| machine.exec_kind(env, stmt))
    }

    fn exec_kind(&mut self, env: &Env<'_, 'p>, stmt: &Stmt) -> Flow<()> {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.eval(env, expr).map(drop),
            StmtKind::Assign { targets, value } => {
                let (expr, (value, holds)) = (value, self.watch(|machine| machine.eval(env, value))?);
                let holds = self.asks_only(expr, holds);
                targets.iter().try_for_each(|target| self.assign_answer(env, target, value.clone(), holds))
            }
            StmtKind::AugAssign { target, op, value } => {
                let old = self.eval(env, target)?;
                let more = self.eval(env, value)?;
                let new = self.augmented(old, *op, more)?;
                self.assign(env, target, new)
            }
            StmtKind::AnnAssign { target, value: Some(value), .. } => {
                let (expr, (value, holds)) = (value, self.watch(|machine| machine.eval(env, value))?);
                let holds = self.asks_only(expr, holds);
                self.assign_answer(env, target, value, holds)
            }
            StmtKind::AnnAssign { value: None, .. } => Ok(()),
            StmtKind::Delete(targets) => targets.iter().try_for_each(|target| self.delete(env, target)),
            StmtKind::Pass | StmtKind::Global(_) | StmtKind::Nonlocal(_) => Ok(()),
            StmtKind::TypeAlias { name } => {
                let value = self.unknown(&**name);
                self.bind(env, name, value);
                Ok(())
            }
            StmtKind::Break => Err(Stop::Break),
            StmtKind::Continue => Err(Stop::Continue),
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(env, value)?,
                    None => Value::None,
                };
                Err(Stop::Return(value))
            }
            StmtKind::Raise { exception, .. } => self.exec_raise(env, exception.as_ref()),
            StmtKind::Assert { test, .. } => {
                let value = self.eval_test(env, test)?;
                match self.truth(&value) {
                    Some(false) => self.raise("AssertionError", ""),
                    _ => Ok(()),
                }
            }
            StmtKind::If { test, body, orelse } => self.exec_if(env, test, body, orelse),
            StmtKind::While { test, body, orelse } => self.exec_while(env, test, body, orelse),
            StmtKind::For { target, iter, body, orelse, is_async } => {
                if *is_async {
                    self.note_kernel();
                }
                self.exec_for(env, target, iter, body, orelse)
            }
            StmtKind::With { items, body, is_async } => {
                if *is_async {
                    self.note_kernel();
                }
                self.exec_with(env, items, body)
            }
            StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
                self.exec_try(env, body, handlers, orelse, finalbody)
            }
            StmtKind::Match { subject, cases } => self.exec_match(env, subject, cases),
            StmtKind::Import(names) => names.iter().try_for_each(|alias| self.exec_import(env, alias)),
            StmtKind::ImportFrom { module, level, names } => {
                self.exec_import_from(env, module.as_deref(), *level, names)
            }
            StmtKind::FunctionDef(code) => self.define_function(env, code),
            StmtKind::ClassDef(class) => self.define_class(env, class),
        }
    }

    fn exec_if(&mut self, env: &Env<'_, 'p>, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Flow<()> {
        let (value, about_platform) = self.watch(|machine| machine.eval_test(env, test))?;
        let answer = self.truth(&value);
        if let (true, Some(held)) = (about_platform, answer) {
            self.note_guard(env, test, body, held);
        }
        self.tested(Site { unit: env.unit, span: test.span }, &value, answer, |machine| match answer {
            Some(true) => machine.exec(env, body),
            Some(false) => machine.exec(env, orelse),
            None => {
                let text = machine.text(env.unit, test.span);
                machine
                    .explore(|machine| {
                        let branch = if machine.decide(&value, &text)? { body } else { orelse };
                        machine.exec(env, branch).map(|()| Value::None)
                    })
                    .map(drop)
            }
        })
    }

    /// Assigns a value that the platform decided, or did not.
    fn assign_answer(&mut self, env: &Env<'_, 'p>, target: &Expr, value: Value, holds: bool) -> Flow<()> {
        self.assign(env, target, value)?;
        if let ExprKind::Name(name) = &target.kind {
            let scope = self.home(env, name);
            self.mark_platform(scope, name, holds);
        }
        Ok(())
    }

    fn exec_while(&mut self, env: &Env<'_, 'p>, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Flow<()> {
        let endless = matches!(test.kind, ExprKind::Constant(_));
        let (begun, steps) = (self.tape.position(), self.meter.steps);
        for round in 0..KNOWN_ROUNDS {
            let value = self.eval_test(env, test)?;
            match self.truth(&value) {
                Some(true) => {
                    if endless && round >= ENDLESS_ROUNDS {
                        // Where something was left open, the way out is another way of the run.
                        if !self.tape.is_decided_since(begun) || !has_way_out(body, false) {
                            return Err(Stop::Exit);
                        }
                        if self.meter.steps - steps > COUNTED_STEPS {
                            return Ok(());
                        }
                    }
                    match self.exec(env, body) {
                        Ok(()) | Err(Stop::Continue) => {}
                        Err(Stop::Break) => return Ok(()),
                        Err(stop) => return Err(stop),
                    }
                }
                Some(false) => return self.exec(env, orelse),
                None => {
                    let text = self.text(env.unit, test.span);
                    return self.maybe_once(&text, |machine| machine.exec(env, body));
                }
            }
        }
        Ok(())
    }

    fn exec_for(
        &mut self,
        env: &Env<'_, 'p>,
        target: &Expr,
        iter: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Flow<()> {
        let iterable = self.eval(env, iter)?;
        let iterable = self.iterated(iterable)?;
        if let Some(generator) = self.as_generator(&iterable) {
            return self.drive_loop(env, generator, target, body);
        }
        match self.items(&iterable) {
            Some((items, open)) => {
                for item in items.into_iter().take(KNOWN_ROUNDS) {
                    self.assign(env, target, item)?;
                    match self.exec(env, body) {
                        Ok(()) | Err(Stop::Continue) => {}
                        Err(Stop::Break) => return Ok(()),
                        Err(stop) => return Err(stop),
                    }
                }
                if open {
                    let text = self.text(env.unit, iter.span);
                    self.maybe_once(&text, |machine| {
                        let item = machine.unknown(format!("an item of {text}"));
                        machine.assign(env, target, item)?;
                        machine.exec(env, body)
                    })?;
                }
                self.exec(env, orelse)
            }
            None => {
                let text = self.text(env.unit, iter.span);
                self.state.may_raise += 1;
                self.maybe_once(&text, |machine| {
                    let item = machine.unknown(format!("an item of {text}"));
                    machine.assign(env, target, item)?;
                    machine.exec(env, body)
                })
            }
        }
    }

    /// What an object of the program hands out when it is iterated.
    fn iterated(&mut self, value: Value) -> Flow<Value> {
        let value = self.settle_value(value);
        let Value::Object(id) = &value else { return Ok(value) };
        let Object::Instance { class, .. } = self.state.heap.get(*id) else { return Ok(value) };
        if self.class_attribute(*class, "__iter__").is_none() {
            return Ok(value);
        }
        let method = self.attribute(value, "__iter__")?;
        let made = self.call(method, Vec::new(), Vec::new())?;
        Ok(self.settle_value(made))
    }

    /// A loop whose number of rounds is unknown: one round, or none.
    fn maybe_once(&mut self, text: &str, body: impl Fn(&mut Machine<'p>) -> Flow<()>) -> Flow<()> {
        self.explore(|machine| {
            let label = |n: usize| -> Arc<str> {
                if n == 0 { "".into() } else { format!("no round of {text}").into() }
            };
            if machine.choose(2, label) == 0 {
                match body(machine) {
                    Ok(()) | Err(Stop::Continue | Stop::Break) => {}
                    Err(stop) => return Err(stop),
                }
            }
            Ok(Value::None)
        })
        .map(drop)
    }

    /// `for x in generator():` runs the generator and the body in turn.
    fn drive_loop(&mut self, env: &Env<'_, 'p>, generator: Id, target: &Expr, body: &[Stmt]) -> Flow<()> {
        let result = self.drive(generator, &|machine, item| {
            let round = machine.assign(env, target, item).and_then(|()| machine.exec(env, body));
            match round {
                Ok(()) | Err(Stop::Continue) => Ok(Value::None),
                Err(Stop::Raise(error)) => Err(Stop::Raise(error)),
                Err(stop) => {
                    machine.state.left.push((generator, stop));
                    Err(Stop::Break)
                }
            }
        });
        match self.take_left(generator) {
            Some(Stop::Break) => Ok(()),
            Some(stop) => Err(stop),
            None => result.map(drop),
        }
    }

    fn exec_with(&mut self, env: &Env<'_, 'p>, items: &[WithItem], body: &[Stmt]) -> Flow<()> {
        let Some((item, rest)) = items.split_first() else {
            return self.exec(env, body);
        };
        let context = self.eval(env, &item.context)?;
        let context = self.settle_value(context);
        if let Some(generator) = self.context_generator(&context) {
            return self.drive_context(env, generator, item, rest, body);
        }
        let entered = self.enter(&context)?;
        if let Some(target) = &item.target {
            self.assign(env, target, entered)?;
        }
        let result = match self.swallows(&context) {
            true => {
                let ready = Ready { lookups: false, refusals: self.swallows_refusal(&context) };
                self.guarded(ready, |machine| machine.exec_with(env, rest, body))
            }
            false => self.exec_with(env, rest, body),
        };
        // A run that is cut short leaves nothing: what the tape holds from here on is not of the exit.
        if matches!(result, Err(Stop::Bound(_))) {
            return result;
        }
        let error = match &result {
            Err(Stop::Raise(error)) => Some(error.clone()),
            _ => None,
        };
        let swallowed = self.leave(&context, error.clone())?;
        match error {
            Some(_) if swallowed => {
                self.forgive(error.as_ref());
                Ok(())
            }
            _ => result,
        }
    }

    /// Whether a context manager is there to swallow errors, as a handler is.
    fn swallows(&self, context: &Value) -> bool {
        match context.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { class, .. }) => {
                matches!(self.class_attribute(*class, "__swallows__"), Some((Value::Bool(true), _)))
            }
            _ => false,
        }
    }

    /// Whether a context manager swallows the error with which a loop refuses something.
    fn swallows_refusal(&self, context: &Value) -> bool {
        let swallowed = match context.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { attributes, .. }) => attributes.get("_exceptions").cloned(),
            _ => None,
        };
        let Some((classes, _)) = swallowed.and_then(|swallowed| self.items(&swallowed)) else { return false };
        classes.iter().filter_map(Value::as_id).any(|class| self.is_error_class(class, "NotImplementedError"))
    }

    /// A `@contextmanager` function: its body runs up to `yield`, then the block, then the rest.
    fn drive_context(
        &mut self,
        env: &Env<'_, 'p>,
        generator: Id,
        item: &WithItem,
        rest: &[WithItem],
        body: &[Stmt],
    ) -> Flow<()> {
        let result = self.drive(generator, &|machine, value| {
            let block = match &item.target {
                Some(target) => machine.assign(env, target, value),
                None => Ok(()),
            }
            .and_then(|()| machine.exec_with(env, rest, body));
            match block {
                Ok(()) => Ok(Value::None),
                Err(Stop::Raise(error)) => Err(Stop::Raise(error)),
                Err(stop @ (Stop::Exit | Stop::Bound(_))) => Err(stop),
                Err(stop) => {
                    machine.state.left.push((generator, stop));
                    Ok(Value::None)
                }
            }
        });
        let left = self.take_left(generator);
        result?;
        left.map_or(Ok(()), Err)
    }

    /// How the code that a generator handed its values to was left, if not at its end.
    pub fn take_left(&mut self, generator: Id) -> Option<Stop> {
        let at = self.state.left.iter().position(|(id, _)| *id == generator)?;
        Some(self.state.left.remove(at).1)
    }

    /// Runs a module's code in its scope.
    pub fn exec_module(&mut self, unit: Unit, scope: Id, body: &[Stmt]) -> Flow<()> {
        let chain = crate::interpret::env::Chain { scope, kind: ScopeKind::Module, parent: None };
        let env = Env { unit, globals: scope, chain: Rc::new(chain), hook: None };
        self.in_frame(unit, None, |machine| machine.exec(&env, body))
    }
}

/// Whether the body of a `while True`, or of a loop inside it, has a way to what stands behind it.
fn has_way_out(body: &[Stmt], inner: bool) -> bool {
    let within = |body: &[Stmt]| has_way_out(body, inner);
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => !inner,
        StmtKind::Return(_) => true,
        StmtKind::If { body, orelse, .. } => within(body) || within(orelse),
        StmtKind::While { body, orelse, .. } | StmtKind::For { body, orelse, .. } => {
            has_way_out(body, true) || within(orelse)
        }
        StmtKind::With { body, .. } => within(body),
        StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
            let mut handlers = handlers.iter().map(|handler| &handler.body);
            within(body) || handlers.any(|body| within(body)) || within(orelse) || within(finalbody)
        }
        StmtKind::Match { cases, .. } => cases.iter().any(|case| within(&case.body)),
        // Whoever asks a generator for values stops asking.
        StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Yield(_)),
        _ => false,
    })
}
