//! Tests of the platform: which of them held, and which policy those that did not kept from being set.
//!
//! That a test is about the platform does not show in its text: `if WINDOWS:` is one. So the machine
//! counts how often it reads what the platform decides, and knows the names that hold such answers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine, Unit};
use crate::interpret::trace::{EventKind, Guard, PolicyKind, Site};
use crate::interpret::value::Id;
use crate::ir::{self, BoolOp, Expr, ExprKind, Name, Span, Stmt, StmtKind};
use crate::platform::Platform;

/// Steps that looking into a body may take which does not run.
const TRIAL: u64 = 1_000;

impl<'p> Machine<'p> {
    /// Notes that a name holds what the platform decided, or no longer does.
    pub fn mark_platform(&mut self, scope: Id, name: &Name, holds: bool) {
        if self.holds_platform(scope, name) != holds {
            let scopes = self.state.platform_names.entry(name.clone()).or_default();
            match holds {
                true => scopes.insert(scope),
                false => scopes.remove(&scope),
            };
        }
    }

    pub fn holds_platform(&self, scope: Id, name: &str) -> bool {
        self.state.platform_names.get(name).is_some_and(|scopes| scopes.contains(&scope))
    }

    /// Counts the reading of a name.
    pub fn note_read(&mut self, scope: Id, name: &str) {
        if self.holds_platform(scope, name) {
            self.platform_reads += 1;
        }
    }

    /// Whether an expression is a plain question about the platform, so that nothing but the platform
    /// decides its value.
    pub fn asks_only(&self, expr: &Expr, asked: bool) -> bool {
        asked && is_question(expr)
    }

    /// Runs something, and tells whether it read what the platform decides.
    pub fn watch<T>(&mut self, body: impl FnOnce(&mut Machine<'p>) -> Flow<T>) -> Flow<(T, bool)> {
        let before = self.platform_reads;
        let value = body(self)?;
        Ok((value, self.platform_reads > before))
    }

    /// Writes down how an `if` that asks about the platform was answered.
    pub fn note_guard(&mut self, env: &Env<'_, 'p>, test: &Expr, body: &[Stmt], held: bool) {
        // A test that is false elsewhere is what most of them are.
        let matters = held || self.world.platform == Platform::Windows;
        if !matters || !matches!(env.unit, Unit::Project(_)) {
            return;
        }
        let tests: Vec<(Span, Option<Arc<str>>)> = match held {
            true => parts(test).iter().map(|part| (self.question(env, part).span, None)).collect(),
            false => self.try_out(|machine| machine.denying(env, test)).into_iter().collect(),
        };
        for (span, answer) in tests {
            let withheld = match held {
                true => None,
                false => self.try_out(|machine| machine.policy_in(env, body)),
            };
            self.guards.insert(Guard {
                site: Site { unit: env.unit, span },
                platform: self.world.platform,
                held,
                withheld,
                answer,
                process_number: self.process_number,
                loops_before: self.loops_before(),
            });
        }
    }

    /// The part of a false test that asked about the platform and was denied, with what it asked for.
    fn denying(&mut self, env: &Env<'_, 'p>, test: &Expr) -> Option<(Span, Option<Arc<str>>)> {
        for part in parts(test) {
            let (value, asked) = self.watch(|machine| machine.eval_test(env, part)).ok()?;
            if self.truth(&value) == Some(false) {
                let question = self.question(env, part);
                let answer = match asked_of(&question) {
                    Some(operand) => self.eval(env, operand).ok()?.as_str().map(Arc::from),
                    None => None,
                };
                return self.asks_only(part, asked).then_some((question.span, answer));
            }
        }
        None
    }

    /// Where a name holds the answer: the question, if the name is bound once in its module, at the top.
    fn question<'e>(&self, env: &Env<'_, 'p>, part: &'e Expr) -> Cow<'e, Expr> {
        let (ExprKind::Name(name), Unit::Project(module)) = (&part.kind, env.unit) else {
            return Cow::Borrowed(part);
        };
        let body = &self.project.modules[module].code_if_any().body;
        let assigned = |stmt: &Stmt| match &stmt.kind {
            StmtKind::Assign { targets, value } => match &targets[..] {
                [Expr { kind: ExprKind::Name(target), .. }] => (target == name).then(|| value.clone()),
                _ => None,
            },
            _ => None,
        };
        match body.iter().find_map(assigned) {
            Some(value) if is_question(&value) && bindings(body, name) == 1 => Cow::Owned(value),
            _ => Cow::Borrowed(part),
        }
    }

    /// Where a body would set the Selector policy, if it does nothing else that matters to loops.
    fn policy_in(&mut self, env: &Env<'_, 'p>, body: &[Stmt]) -> Option<Site> {
        let before = self.state.events.len();
        self.exec(env, body).ok()?;
        let mut found = None;
        for event in self.state.events.iter().skip(before) {
            match event.kind {
                EventKind::PolicySet { policy: PolicyKind::Selector, by: None } => found = event.site,
                _ => return None,
            }
        }
        found
    }

    /// Runs something of which nothing is to remain.
    fn try_out<T>(&mut self, trial: impl FnOnce(&mut Machine<'p>) -> Option<T>) -> Option<T> {
        let state = self.state.clone();
        let span = self.frames.last().map(|frame| frame.span);
        let tape = std::mem::take(&mut self.tape);
        let recorder = self.recorder.take();
        let ran = (
            std::mem::take(&mut self.executed),
            std::mem::take(&mut self.loaded),
            std::mem::take(&mut self.looked_up),
            std::mem::take(&mut self.guards),
        );
        let cut = (self.cut_off.len(), self.given_up.clone(), self.incomplete.clone());
        let handlers = (self.handlers, self.lookup_handlers);
        let meter = self.meter;
        self.allow(TRIAL.min(self.limits.steps.saturating_sub(meter.steps)));
        let result = trial(self);
        let decided = self.tape.is_decided();
        self.meter = meter;
        (self.handlers, self.lookup_handlers) = handlers;
        self.cut_off.truncate(cut.0);
        (self.given_up, self.incomplete) = (cut.1, cut.2);
        (self.executed, self.loaded, self.looked_up, self.guards) = ran;
        self.recorder = recorder;
        self.tape = tape;
        self.state = state;
        if let (Some(frame), Some(span)) = (self.frames.last_mut(), span) {
            frame.span = span;
        }
        result.filter(|_| decided)
    }
}

/// How many statements assign a name, in all scopes.
fn bindings(body: &[Stmt], name: &str) -> usize {
    let binds = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Assign { targets, .. } => {
            targets.iter().any(|target| matches!(&target.kind, ExprKind::Name(bound) if **bound == *name))
        }
        _ => false,
    };
    body.iter()
        .map(|stmt| {
            let below = ir::suites(stmt).into_iter().map(|suite| bindings(suite, name));
            usize::from(binds(stmt)) + below.sum::<usize>()
        })
        .sum()
}

/// A name, a method of one, or a comparison of such a thing with constants; several of them with `or`.
fn is_question(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => true,
        ExprKind::Subscript { value, index } => is_question(value) && is_constant(index),
        ExprKind::Call { func, args } => callee_asks(func) && args.iter().all(|arg| is_constant(&arg.value)),
        ExprKind::Compare { left, rest } => {
            let operands = || std::iter::once(&**left).chain(rest.iter().map(|(_, operand)| operand));
            let asking: Vec<&Expr> = operands().filter(|operand| !is_constant(operand)).collect();
            matches!(&asking[..], [one] if is_question(one))
        }
        ExprKind::Bool { op: BoolOp::Or, values } => values.iter().all(is_question),
        ExprKind::Unary { operand, .. } => is_question(operand),
        _ => false,
    }
}

/// What a question compares with constants: `sys.platform`.
fn asked_of(question: &Expr) -> Option<&Expr> {
    match &question.kind {
        ExprKind::Compare { left, rest } => std::iter::once(&**left)
            .chain(rest.iter().map(|(_, operand)| operand))
            .find(|one| !is_constant(one)),
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Attribute { value, .. } => Some(value),
            _ => None,
        },
        ExprKind::Bool { values, .. } => values.first().and_then(asked_of),
        ExprKind::Unary { operand, .. } => asked_of(operand),
        _ => None,
    }
}

/// `platform.system` or `sys.platform.startswith`: what it is a method of is a question itself.
fn callee_asks(function: &Expr) -> bool {
    matches!(&function.kind, ExprKind::Attribute { value, .. } if is_question(value))
}

fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(_) => true,
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            items.iter().all(is_constant)
        }
        _ => false,
    }
}

/// The operands of an `and`, else the test itself.
fn parts(test: &Expr) -> Vec<&Expr> {
    match &test.kind {
        ExprKind::Bool { op: BoolOp::And, values } => values.iter().flat_map(parts).collect(),
        _ => vec![test],
    }
}
