//! Executing statements.

use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::env::{Env, ScopeKind};
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::steps::StepKind;
use crate::interpret::trace::{EventKind, Site};
use crate::interpret::value::{ClassObject, FunctionObject, Id, Names, Object, Value};
use crate::ir::{self, CompareOp, Expr, ExprKind, Handler, Name, Pattern, Span, Stmt, StmtKind, WithItem};

/// A loop without a reachable end is followed this many times.
const ENDLESS_ROUNDS: usize = 2;
/// Marks a function whose decorator nobody sees: which arguments its callers pass is not known.
pub const WRAPPED: &str = "__wrapped_by_unknown__";
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
            StmtKind::For { target, iter, body, orelse, .. } => {
                self.exec_for(env, target, iter, body, orelse)
            }
            StmtKind::With { items, body, .. } => self.exec_with(env, items, body),
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
        for round in 0..KNOWN_ROUNDS {
            let value = self.eval_test(env, test)?;
            match self.truth(&value) {
                Some(true) => {
                    let constant = matches!(test.kind, ExprKind::Constant(_));
                    if constant && round >= ENDLESS_ROUNDS {
                        return Err(Stop::Exit);
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

    fn exec_raise(&mut self, env: &Env<'_, 'p>, exception: Option<&Expr>) -> Flow<()> {
        let Some(exception) = exception else {
            let error = self.lookup(env, "__error__").unwrap_or(Value::None);
            return Err(Stop::Raise(error));
        };
        let value = self.eval(env, exception)?;
        let value = self.settle_value(value);
        let is_class = matches!(value.as_id().map(|id| self.state.heap.get(id)), Some(Object::Class(_)));
        let error = if is_class { self.call(value, Vec::new(), Vec::new())? } else { value };
        self.raised(error)
    }

    fn exec_try(
        &mut self,
        env: &Env<'_, 'p>,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
        finalbody: &[Stmt],
    ) -> Flow<()> {
        let result = if handlers.is_empty() {
            self.exec(env, body).and_then(|()| self.exec(env, orelse))
        } else {
            self.exec_handled(env, body, handlers, orelse)
        };
        if finalbody.is_empty() || matches!(result, Err(Stop::Bound(_) | Stop::Exit)) {
            return result;
        }
        self.exec(env, finalbody)?;
        result
    }

    fn exec_handled(
        &mut self,
        env: &Env<'_, 'p>,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
    ) -> Flow<()> {
        let worth = handlers.iter().any(worth_trying);
        let ready = Ready {
            lookups: handlers.iter().any(expects_lookup_error),
            refusals: handlers.iter().any(expects_refusal),
        };
        self.explore(|machine| {
            let (choice, way) = machine.open_choice("an exception is raised");
            if way > 0 {
                let error = machine.unknown("an exception");
                return machine.handle(env, handlers, error).map(|()| Value::None);
            }
            let may_raise = machine.state.may_raise;
            let result = machine.guarded(ready, |machine| machine.exec(env, body));
            if worth && machine.state.may_raise > may_raise {
                // Something in the body may raise although it did not here.
                machine.widen(choice);
            }
            match result {
                Ok(()) => machine.exec(env, orelse),
                Err(Stop::Raise(error)) => machine.handle(env, handlers, error),
                Err(stop) => Err(stop),
            }
            .map(|()| Value::None)
        })
        .map(drop)
    }

    /// Runs code that handlers stand ready for.
    fn guarded<T>(&mut self, ready: Ready, body: impl FnOnce(&mut Machine<'p>) -> Flow<T>) -> Flow<T> {
        let count = |machine: &mut Machine<'p>, by: isize| {
            machine.handlers = machine.handlers.saturating_add_signed(by);
            if ready.lookups {
                machine.lookup_handlers = machine.lookup_handlers.saturating_add_signed(by);
            }
            if ready.refusals {
                machine.refusal_handlers = machine.refusal_handlers.saturating_add_signed(by);
            }
            if let Some(frame) = machine.frames.last_mut() {
                frame.handlers = frame.handlers.saturating_add_signed(by);
            }
        };
        count(self, 1);
        let result = body(self);
        count(self, -1);
        result
    }

    fn handle(&mut self, env: &Env<'_, 'p>, handlers: &[Handler], error: Value) -> Flow<()> {
        for (index, handler) in handlers.iter().enumerate() {
            let matches = match &handler.kind {
                None => true,
                Some(kind) => {
                    let class = self.eval(env, kind)?;
                    match self.is_instance(&error, &class) {
                        Some(answer) => answer,
                        // Every handler has its turn; that some exception is caught is certain enough.
                        None if index + 1 == handlers.len() => true,
                        None => {
                            let text = self.text(env.unit, kind.span);
                            let label = |n: usize| -> Arc<str> {
                                if n == 0 { format!("{text} is raised").into() } else { "".into() }
                            };
                            self.choose(2, label) == 0
                        }
                    }
                }
            };
            if !matches {
                continue;
            }
            self.note(|machine| StepKind::Caught(machine.shown_error(&error).into()));
            self.forgive(Some(&error));
            if let Some(name) = &handler.name {
                self.bind(env, name, error.clone());
            }
            self.bind_hidden(env, "__error__", error);
            return self.exec(env, &handler.body);
        }
        Err(Stop::Raise(error))
    }

    /// An error that was caught is no complaint: takes back the note about a missing attribute.
    pub fn forgive(&mut self, error: Option<&Value>) {
        let Some(Object::Instance { attributes, .. }) =
            error.and_then(Value::as_id).map(|id| self.state.heap.get(id))
        else {
            return;
        };
        if let Some(Value::Str(missing)) = attributes.get("__missing__").cloned() {
            let last = self
                .state
                .events
                .iter()
                .rposition(|event| matches!(&event.kind, EventKind::Missing(name) if *name == missing));
            if let Some(last) = last {
                self.state.events.remove(last);
            }
        }
    }

    fn exec_match(&mut self, env: &Env<'_, 'p>, subject: &Expr, cases: &[ir::Case]) -> Flow<()> {
        let value = self.eval(env, subject)?;
        let value = self.settle_value(value);
        self.exec_cases(env, &value, cases)
    }

    fn exec_cases(&mut self, env: &Env<'_, 'p>, value: &Value, cases: &[ir::Case]) -> Flow<()> {
        let Some((case, rest)) = cases.split_first() else { return Ok(()) };
        let matched = self.matches(env, value, &case.pattern)?;
        let fits = match (matched, &case.guard) {
            (Some(false), _) => Some(false),
            (matched, None) => matched,
            (matched, Some(guard)) => {
                let guard = self.eval_test(env, guard)?;
                match (matched, self.truth(&guard)) {
                    (_, Some(false)) => Some(false),
                    (Some(true), answer) => answer,
                    _ => None,
                }
            }
        };
        let body = case.body.first().map_or(case.span.end, |stmt| stmt.span.start);
        let head = Span { start: case.span.start, end: body.max(case.span.start) };
        self.tested(Site { unit: env.unit, span: head }, value, fits, |machine| match fits {
            Some(true) => machine.exec(env, &case.body),
            Some(false) => machine.exec_cases(env, value, rest),
            None => {
                let text = machine.text(env.unit, case.span);
                let text: Arc<str> = text.split(':').next().unwrap_or("").into();
                machine
                    .explore(|machine| {
                        let label =
                            |n: usize| if n == 0 { text.clone() } else { format!("not {text}").into() };
                        if machine.choose(2, label) == 0 {
                            machine.exec(env, &case.body)
                        } else {
                            machine.exec_cases(env, value, rest)
                        }
                        .map(|()| Value::None)
                    })
                    .map(drop)
            }
        })
    }

    /// Whether a value fits a pattern; binds what the pattern captures.
    fn matches(&mut self, env: &Env<'_, 'p>, value: &Value, pattern: &Pattern) -> Flow<Option<bool>> {
        Ok(match pattern {
            Pattern::Value(expr) => {
                let other = self.eval(env, expr)?;
                let answer = self.compare(value.clone(), CompareOp::Eq, other)?;
                self.truth(&answer)
            }
            Pattern::Singleton(constant) => {
                let other = self.constant(constant);
                if value.is_unknown() { None } else { Some(value.same(&other)) }
            }
            Pattern::As { pattern, name } => {
                let fits = match pattern {
                    Some(pattern) => self.matches(env, value, pattern)?,
                    None => Some(true),
                };
                if let (Some(name), true) = (name, fits != Some(false)) {
                    self.bind(env, name, value.clone());
                }
                fits
            }
            Pattern::Or(patterns) => {
                let mut answer = Some(false);
                for pattern in patterns {
                    match self.matches(env, value, pattern)? {
                        Some(true) => return Ok(Some(true)),
                        Some(false) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Sequence(patterns) => {
                let Some((items, false)) = self.items(value) else { return Ok(None) };
                if matches!(value, Value::Str(_) | Value::Bytes(_)) {
                    return Ok(Some(false));
                }
                let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::Star(_)));
                let fixed = patterns.len() - usize::from(star.is_some());
                if items.len() < fixed || (star.is_none() && items.len() != fixed) {
                    return Ok(Some(false));
                }
                let mut answer = Some(true);
                let tail = star.map_or(0, |star| patterns.len() - star - 1);
                for (index, pattern) in patterns.iter().enumerate() {
                    let fits = match (pattern, star) {
                        (Pattern::Star(name), _) => {
                            let rest = items[index..items.len() - tail].to_vec();
                            if let Some(name) = name {
                                let rest = self.list(rest);
                                self.bind(env, name, rest);
                            }
                            Some(true)
                        }
                        (pattern, Some(star)) if index > star => {
                            let at = items.len() - (patterns.len() - index);
                            self.matches(env, &items[at].clone(), pattern)?
                        }
                        (pattern, _) => self.matches(env, &items[index].clone(), pattern)?,
                    };
                    match fits {
                        Some(false) => return Ok(Some(false)),
                        Some(true) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Star(_) => Some(true),
            Pattern::Class { class, positional, keywords } => {
                let class = self.eval(env, class)?;
                let fits = self.is_instance(value, &class);
                if fits == Some(false) {
                    return Ok(Some(false));
                }
                let mut captured = Vec::new();
                positional
                    .iter()
                    .chain(keywords.iter().map(|(_, pattern)| pattern))
                    .for_each(|pattern| names_in(pattern, &mut captured));
                for name in &captured {
                    let unknown = self.unknown(&**name);
                    self.bind(env, name, unknown);
                }
                if positional.is_empty() && keywords.is_empty() { fits } else { None }
            }
            Pattern::Mapping { keys, patterns, rest: None } if self.known_mapping(value).is_some() => {
                let mut answer = Some(true);
                for (key, pattern) in keys.iter().zip(patterns) {
                    let key = self.eval(env, key)?;
                    let entries = self.known_mapping(value).unwrap_or_default();
                    let Some((_, item)) =
                        entries.iter().find(|(name, _)| self.equal(name, &key) == Some(true))
                    else {
                        let open = entries.iter().any(|(name, _)| self.equal(name, &key).is_none());
                        return Ok(if open { None } else { Some(false) });
                    };
                    match self.matches(env, item, pattern)? {
                        Some(false) => return Ok(Some(false)),
                        Some(true) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Pattern::Mapping { patterns, rest, .. } => {
                let mut captured: Vec<Name> = rest.iter().cloned().collect();
                patterns.iter().for_each(|pattern| names_in(pattern, &mut captured));
                for name in &captured {
                    let unknown = self.unknown(&**name);
                    self.bind(env, name, unknown);
                }
                None
            }
        })
    }

    /// The entries of a dictionary that holds nothing else.
    fn known_mapping(&self, value: &Value) -> Option<Vec<(Value, Value)>> {
        match value.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Dict(mapping)) if !mapping.open => Some(mapping.entries.clone()),
            _ => None,
        }
    }

    fn define_function(&mut self, env: &Env<'_, 'p>, code: &Arc<ir::Function>) -> Flow<()> {
        let mut decorators = Vec::new();
        for decorator in &code.decorators {
            let value = self.eval(env, decorator)?;
            decorators.push((value, decorator.span));
        }
        let mut value = self.make_function(env, code)?;
        for (decorator, span) in decorators.into_iter().rev() {
            self.stand_at(env, span);
            value = self.decorate(decorator, value)?;
        }
        self.bind(env, &code.name, value);
        Ok(())
    }

    pub fn make_function(&mut self, env: &Env<'_, 'p>, code: &Arc<ir::Function>) -> Flow<Value> {
        let mut defaults = Vec::new();
        for param in &code.params {
            defaults.push(match &param.default {
                Some(default) => Some(self.eval(env, default)?),
                None => None,
            });
        }
        let class = match env.chain.kind {
            ScopeKind::Class(_) => match self.state.heap.scope(env.chain.scope).get("__class_id__") {
                Some(Value::Int(id)) => Some(*id as Id),
                _ => None,
            },
            _ => None,
        };
        let qualname: Name = match self.state.heap.scope(env.chain.scope).get("__qualname__") {
            Some(Value::Str(outer)) if class.is_some() => format!("{outer}.{}", code.name).into(),
            _ => code.name.clone(),
        };
        Ok(self.alloc(Object::Function(FunctionObject {
            code: code.clone(),
            unit: env.unit,
            globals: env.globals,
            chain: env.chain.clone(),
            defaults: defaults.into(),
            qualname,
            class,
            attributes: Names::new(),
        })))
    }

    /// Applies a decorator. What unknown code makes of a function still calls it, as far as we care.
    fn decorate(&mut self, decorator: Value, value: Value) -> Flow<Value> {
        let result = self.call(decorator, vec![value.clone()], Vec::new())?;
        if result.is_unknown() {
            if let Some(id) = value.as_id() {
                self.escape(id);
                if let Object::Function(function) = self.state.heap.get_mut(id) {
                    function.attributes.insert(Name::from(WRAPPED), Value::Bool(true));
                }
            }
            return Ok(value);
        }
        Ok(result)
    }

    fn define_class(&mut self, env: &Env<'_, 'p>, class: &Arc<ir::Class>) -> Flow<()> {
        let mut decorators = Vec::new();
        for decorator in &class.decorators {
            decorators.push(self.eval(env, decorator)?);
        }
        let mut bases = Vec::new();
        for arg in &class.arguments {
            let value = self.eval(env, &arg.value)?;
            match arg.kind {
                ir::ArgKind::Positional => {
                    let base = self.settle_value(value);
                    bases.push(base);
                }
                ir::ArgKind::Star => bases.push(value),
                _ => {}
            }
        }
        let module = match self.state.heap.scope(env.globals).get("__name__") {
            Some(Value::Str(name)) => name.clone(),
            _ => "".into(),
        };
        let outer = match (&env.chain.kind, self.state.heap.scope(env.chain.scope).get("__qualname__")) {
            (ScopeKind::Class(_), Some(Value::Str(outer))) => format!("{outer}."),
            _ => String::new(),
        };
        let qualname: Name = format!("{outer}{}", class.name).into();
        let mut names = Names::new();
        names.insert("__qualname__".into(), Value::Str(qualname.clone()));
        names.insert("__module__".into(), Value::Str(module.clone()));
        let mut fields = Vec::new();
        annotated(&class.body, &mut fields);
        if !fields.is_empty() {
            names.insert("__fields__".into(), Value::tuple(fields));
        }
        let scope = self.scope(names);
        let value = self.alloc(Object::Class(ClassObject {
            name: class.name.clone(),
            qualname,
            module,
            bases: bases.clone(),
            scope,
            unit: env.unit,
            span: class.name_span,
            row: None,
        }));
        if let Some(id) = value.as_id() {
            self.state.heap.scope_mut(scope).insert("__class_id__".into(), Value::Int(i64::from(id)));
        }
        let inner = env.nested(scope, ScopeKind::Class(class.clone()));
        self.exec(&inner, &class.body)?;
        self.set_names(scope, &value)?;
        for base in &bases {
            self.init_subclass(base, &value)?;
        }
        let mut result = value;
        for decorator in decorators.into_iter().rev() {
            result = self.decorate(decorator, result)?;
        }
        self.bind(env, &class.name, result);
        Ok(())
    }

    /// Objects in a class body that want to know their name there are told it.
    fn set_names(&mut self, scope: Id, class: &Value) -> Flow<()> {
        for (name, value) in self.state.heap.scope(scope).clone() {
            let Value::Object(id) = &value else { continue };
            let Object::Instance { class: own, .. } = self.state.heap.get(*id) else { continue };
            if self.class_attribute(*own, "__set_name__").is_some() {
                let method = self.attribute(value, "__set_name__")?;
                self.call(method, vec![class.clone(), Value::Str(name)], Vec::new())?;
            }
        }
        Ok(())
    }

    fn init_subclass(&mut self, base: &Value, class: &Value) -> Flow<()> {
        let Some(base) = base.as_id() else { return Ok(()) };
        let Some((hook, _)) = self.class_attribute(base, "__init_subclass__") else { return Ok(()) };
        let hook = match hook.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::ClassMethod(function)) => function.clone(),
            _ => hook,
        };
        self.call(hook, vec![class.clone()], Vec::new()).map(drop)
    }

    /// Runs a module's code in its scope.
    pub fn exec_module(&mut self, unit: Unit, scope: Id, body: &[Stmt]) -> Flow<()> {
        let chain = crate::interpret::env::Chain { scope, kind: ScopeKind::Module, parent: None };
        let env = Env { unit, globals: scope, chain: Rc::new(chain), hook: None };
        self.in_frame(unit, None, |machine| machine.exec(&env, body))
    }
}

/// The names that the body of a class annotates, which are the fields of a dataclass.
fn annotated(body: &[Stmt], fields: &mut Vec<Value>) {
    let is_class_var = |annotation: &Expr| match &annotation.kind {
        ExprKind::Subscript { value, .. } => {
            matches!(&value.kind, ExprKind::Name(name) if &**name == "ClassVar")
        }
        _ => false,
    };
    for stmt in body {
        match &stmt.kind {
            StmtKind::AnnAssign { target, annotation, .. } => match &target.kind {
                ExprKind::Name(name) if !is_class_var(annotation) => fields.push(Value::Str(name.clone())),
                _ => {}
            },
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => {}
            _ => ir::suites(stmt).into_iter().for_each(|suite| annotated(suite, fields)),
        }
    }
}

/// What the handlers around some code are written for.
#[derive(Clone, Copy)]
struct Ready {
    lookups: bool,
    refusals: bool,
}

/// The handler names an error of looking something up, so its author knows that the thing may not be there.
fn expects_lookup_error(handler: &Handler) -> bool {
    names_one_of(handler, &["AttributeError", "KeyError", "IndexError", "LookupError", "TypeError"])
}

/// The handler names the error of a loop that cannot do what it is asked for.
fn expects_refusal(handler: &Handler) -> bool {
    names_one_of(handler, &["NotImplementedError"])
}

fn names_one_of(handler: &Handler, errors: &[&str]) -> bool {
    let named = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if errors.contains(&&**name));
    match handler.kind.as_ref().map(|expr| &expr.kind) {
        Some(ExprKind::Tuple(kinds)) => kinds.iter().any(named),
        _ => handler.kind.as_ref().is_some_and(named),
    }
}

/// Handlers that only end the program, or wait for the user to end it, need no way of their own.
fn worth_trying(handler: &Handler) -> bool {
    let interrupt = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if matches!(&**name, "KeyboardInterrupt" | "SystemExit" | "GeneratorExit"));
    match handler.kind.as_ref().map(|expr| &expr.kind) {
        Some(ExprKind::Tuple(kinds)) => !kinds.iter().all(interrupt),
        Some(ExprKind::Name(_)) => !handler.kind.as_ref().is_some_and(interrupt),
        _ => true,
    }
}

fn names_in(pattern: &Pattern, names: &mut Vec<Name>) {
    match pattern {
        Pattern::Value(_) | Pattern::Singleton(_) => {}
        Pattern::Sequence(patterns) | Pattern::Or(patterns) => {
            patterns.iter().for_each(|p| names_in(p, names))
        }
        Pattern::Mapping { patterns, rest, .. } => {
            patterns.iter().for_each(|p| names_in(p, names));
            names.extend(rest.iter().cloned());
        }
        Pattern::Class { positional, keywords, .. } => {
            positional.iter().for_each(|p| names_in(p, names));
            keywords.iter().for_each(|(_, p)| names_in(p, names));
        }
        Pattern::Star(name) => names.extend(name.iter().cloned()),
        Pattern::As { pattern, name } => {
            if let Some(pattern) = pattern {
                names_in(pattern, names);
            }
            names.extend(name.iter().cloned());
        }
    }
}
