//! Evaluating expressions.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::interpret::env::{Env, ScopeKind};
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::merge::MERGED;
use crate::interpret::operators::MAX_TEXT;
use crate::interpret::trace::Site;
use crate::interpret::value::{Mapping, Object, Sequence, Unknown, Value};
use crate::ir::{Arg, ArgKind, BoolOp, Constant, Expr, ExprKind, FStringPart, Name, UnaryOp};

impl<'p> Machine<'p> {
    /// The value of a condition: where an object answers for itself, its answer.
    pub fn eval_test(&mut self, env: &Env<'_, 'p>, expr: &Expr) -> Flow<Value> {
        let value = self.eval(env, expr)?;
        self.truth_value(value)
    }

    pub fn eval(&mut self, env: &Env<'_, 'p>, expr: &Expr) -> Flow<Value> {
        self.step()?;
        let value = self.nested(|machine| machine.eval_kind(env, expr))?;
        if !matches!(expr.kind, ExprKind::Constant(_) | ExprKind::Name(_) | ExprKind::Attribute { .. }) {
            self.count_making(&value);
        }
        Ok(value)
    }

    fn eval_kind(&mut self, env: &Env<'_, 'p>, expr: &Expr) -> Flow<Value> {
        match &expr.kind {
            ExprKind::Constant(constant) => Ok(self.constant(constant)),
            ExprKind::Name(name) => self.eval_name(env, name),
            ExprKind::Attribute { value, name } => {
                let value = self.eval(env, value)?;
                self.stand_at(env, expr.span);
                self.attribute(value, name)
            }
            ExprKind::Subscript { value, index } => {
                let value = self.eval(env, value)?;
                if let ExprKind::Slice { lower, upper, step } = &index.kind {
                    let mut bounds = [None, None, None];
                    for (slot, bound) in bounds.iter_mut().zip([lower, upper, step]) {
                        if let Some(bound) = bound {
                            *slot = Some(self.eval(env, bound)?);
                        }
                    }
                    return self.slice(value, bounds);
                }
                let index = self.eval(env, index)?;
                self.subscript(value, index)
            }
            ExprKind::Slice { .. } => Ok(self.unknown("a slice")),
            ExprKind::Call { func, args } => self.eval_call(env, expr, func, args),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(env, operand)?;
                match op {
                    UnaryOp::Not => {
                        let value = self.truth_value(value)?;
                        Ok(self.negate(value))
                    }
                    UnaryOp::Minus => Ok(match value {
                        Value::Int(n) => Value::Int(n.wrapping_neg()),
                        Value::Float(n) => Value::Float(-n),
                        _ => self.unknown("a number"),
                    }),
                    UnaryOp::Plus => Ok(value),
                    UnaryOp::Invert => Ok(match value {
                        Value::Int(n) => Value::Int(!n),
                        _ => self.unknown("a number"),
                    }),
                }
            }
            ExprKind::Binary { left, op, right } => {
                let left = self.eval(env, left)?;
                let right = self.eval(env, right)?;
                self.binary(left, *op, right)
            }
            ExprKind::Bool { op, values } => self.eval_bool(env, *op, values),
            ExprKind::Compare { left, rest } => {
                let mut left = self.eval(env, left)?;
                let mut result = Value::Bool(true);
                for (op, right) in rest {
                    let right = self.eval(env, right)?;
                    result = self.compare(left, *op, right.clone())?;
                    if self.truth(&result) == Some(false) {
                        return Ok(result);
                    }
                    left = right;
                }
                Ok(result)
            }
            ExprKind::IfElse { test, body, orelse } => {
                let value = self.eval_test(env, test)?;
                let answer = self.truth(&value);
                let site = Site { unit: env.unit, span: test.span };
                self.tested(site, &value, answer, |machine| match answer {
                    Some(true) => machine.eval(env, body),
                    Some(false) => machine.eval(env, orelse),
                    None => {
                        let text = machine.text(env.unit, test.span);
                        machine.explore(|machine| {
                            let branch = if machine.decide(&value, &text)? { body } else { orelse };
                            machine.eval(env, branch)
                        })
                    }
                })
            }
            ExprKind::Lambda(code) => self.make_function(env, code),
            ExprKind::Tuple(items) => {
                let sequence = self.eval_items(env, items)?;
                Ok(if sequence.open { self.unknown("a tuple") } else { self.tuple(sequence.items) })
            }
            ExprKind::List(items) => {
                let sequence = self.eval_items(env, items)?;
                Ok(self.alloc(Object::List(sequence)))
            }
            ExprKind::Set(items) => {
                let sequence = self.eval_items(env, items)?;
                Ok(self.set_of(sequence))
            }
            ExprKind::Dict(entries) => self.eval_dict(env, entries),
            ExprKind::Comprehension(inner) => self.eval_comprehension(env, inner),
            ExprKind::Await(value) => {
                let value = self.eval(env, value)?;
                self.stand_at(env, expr.span);
                self.note_kernel();
                self.wait_for(value)
            }
            ExprKind::Yield(value) => {
                let value = match value {
                    Some(value) => self.eval(env, value)?,
                    None => Value::None,
                };
                match env.hook {
                    Some(hook) => hook(self, value),
                    None => Ok(self.unknown("what is sent to the generator")),
                }
            }
            ExprKind::YieldFrom(value) => {
                let value = self.eval(env, value)?;
                self.yield_from(env, value)
            }
            ExprKind::FString { parts, template } => self.eval_fstring(env, parts, *template),
            ExprKind::Starred(value) => self.eval(env, value),
            ExprKind::Walrus { target, value } => {
                let value = self.eval(env, value)?;
                self.assign(env, target, value.clone())?;
                Ok(value)
            }
        }
    }

    pub fn constant(&mut self, constant: &Constant) -> Value {
        match constant {
            Constant::None => Value::None,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Ellipsis => Value::Ellipsis,
            Constant::Int(value) => Value::Int(*value),
            Constant::BigInt | Constant::Complex => self.unknown("a number"),
            Constant::Float(value) => Value::Float(*value),
            Constant::Str(text) => Value::Str(text.clone()),
            Constant::Bytes(bytes) => Value::Bytes(bytes.clone()),
        }
    }

    fn eval_call(&mut self, env: &Env<'_, 'p>, expr: &Expr, func: &Expr, args: &[Arg]) -> Flow<Value> {
        let callee = self.eval(env, func)?;
        if matches!(callee, Value::Builtin("super")) && args.is_empty() {
            return Ok(self.zero_argument_super(env));
        }
        let mut positional = Vec::new();
        let mut keywords: Vec<(Name, Value)> = Vec::new();
        for arg in args {
            let value = self.eval(env, &arg.value)?;
            match &arg.kind {
                ArgKind::Positional => positional.push(value),
                ArgKind::Keyword(name) => keywords.push((name.clone(), value)),
                ArgKind::Star => {
                    let value = self.settle_value(value);
                    match self.items(&value) {
                        Some((items, open)) => {
                            self.count_copying(items.len());
                            positional.extend(items);
                            if open {
                                keywords.push(("*".into(), Value::None));
                            }
                        }
                        None => keywords.push(("*".into(), Value::None)),
                    }
                }
                ArgKind::DoubleStar => {
                    let value = self.settle_value(value);
                    self.spread(&value, &mut keywords);
                }
            }
        }
        self.stand_at(env, expr.span);
        if let Some(twice) = twice_among(&keywords) {
            return self.raise("TypeError", format!("got multiple values for keyword argument '{twice}'"));
        }
        match callee {
            Value::Builtin(name @ ("globals" | "locals" | "vars" | "exec" | "eval")) => {
                self.call_with_env(env, name, positional)
            }
            callee => self.call(callee, positional, keywords),
        }
    }

    /// Adds the entries of a mapping to the keywords of a call; `**` marks that there may be more.
    fn spread(&mut self, value: &Value, keywords: &mut Vec<(Name, Value)>) {
        let mapping = match value.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Dict(mapping)) => mapping.clone(),
            _ => Mapping { entries: Vec::new(), open: true },
        };
        let mut open = mapping.open;
        self.count_copying(mapping.entries.len());
        for (key, value) in mapping.entries {
            match key {
                Value::Str(name) => keywords.push((name, value)),
                _ => open = true,
            }
        }
        if open {
            keywords.push(("**".into(), Value::None));
        }
    }

    fn eval_bool(&mut self, env: &Env<'_, 'p>, op: BoolOp, values: &[Expr]) -> Flow<Value> {
        let (head, rest) = match values {
            [] => return Ok(Value::None),
            [last] => return self.eval(env, last),
            [head, rest @ ..] => (head, rest),
        };
        let value = self.eval(env, head)?;
        let stops = match op {
            BoolOp::And => false,
            BoolOp::Or => true,
        };
        match self.truth(&value) {
            Some(truth) if truth == stops => Ok(value),
            Some(_) => self.nested(|machine| machine.eval_bool(env, op, rest)),
            None => {
                let text = self.text(env.unit, head.span);
                self.explore(|machine| {
                    if machine.decide(&value, &text)? == stops {
                        // Its truth is all that counts from here on.
                        return Ok(match (&value, stops) {
                            (_, false) => Value::Bool(false),
                            (value, true) => value.clone(),
                        });
                    }
                    machine.nested(|machine| machine.eval_bool(env, op, rest))
                })
            }
        }
    }

    fn eval_items(&mut self, env: &Env<'_, 'p>, items: &[Expr]) -> Flow<Sequence> {
        let mut sequence = Sequence::default();
        for item in items {
            let value = self.eval(env, item)?;
            if !matches!(item.kind, ExprKind::Starred(_)) {
                sequence.items.push(value);
                continue;
            }
            match self.items(&value) {
                Some((items, open)) => {
                    self.count_copying(items.len());
                    sequence.items.extend(items);
                    sequence.open |= open;
                }
                None => sequence.open = true,
            }
        }
        Ok(sequence)
    }

    fn eval_dict(&mut self, env: &Env<'_, 'p>, entries: &[(Option<Expr>, Expr)]) -> Flow<Value> {
        let mut open = false;
        let mut found: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = match key {
                Some(key) => Some(self.eval(env, key)?),
                None => None,
            };
            let value = self.eval(env, value)?;
            match key {
                Some(key) => found.push((key, value)),
                None => {
                    let value = self.settle_value(value);
                    self.count_reading(&value);
                    match value.as_id().map(|id| self.state.heap.get(id)) {
                        Some(Object::Dict(other)) => {
                            open |= other.open;
                            found.extend(other.entries.iter().cloned());
                        }
                        _ => open = true,
                    }
                }
            }
        }
        let mut mapping = Mapping { entries: Vec::new(), open };
        mapping.extend(found);
        Ok(self.alloc(Object::Dict(mapping)))
    }

    fn eval_fstring(&mut self, env: &Env<'_, 'p>, parts: &[FStringPart], template: bool) -> Flow<Value> {
        let mut text = Some(String::new());
        let mut begins = String::new();
        for part in parts {
            match part {
                FStringPart::Literal(literal) => {
                    if let Some(text) = &mut text {
                        text.push_str(literal);
                    }
                }
                FStringPart::Value { expr, formatted } => {
                    let value = self.eval(env, expr)?;
                    match (&mut text, value, formatted) {
                        (Some(text), Value::Str(part), false) => text.push_str(&part),
                        (Some(text), Value::Int(part), false) => text.push_str(&part.to_string()),
                        (Some(known), _, _) => {
                            begins = std::mem::take(known);
                            text = None;
                        }
                        (None, _, _) => {}
                    }
                }
            }
            if let Some(known) = text.take_if(|text| text.len() > MAX_TEXT) {
                begins = known;
            }
        }
        Ok(match text {
            Some(text) if !template => Value::Str(Arc::from(text)),
            // How it begins is known, and may say all there is to know (the driver in a URL).
            _ if !begins.is_empty() => self.unknown(format!("{begins}…")),
            _ => self.unknown("a string"),
        })
    }

    fn zero_argument_super(&mut self, env: &Env<'_, 'p>) -> Value {
        let mut chain = Some(&env.chain);
        while let Some(link) = chain {
            if let ScopeKind::Function(code, function) = &link.kind
                && let Object::Function(object) = self.state.heap.get(*function)
                && let Some(after) = object.class
                && let Some(first) = code.params.first()
                && let Some(receiver) = self.state.heap.scope(link.scope).get(&first.name)
            {
                let receiver = receiver.clone();
                return self.alloc(Object::Super { after, receiver });
            }
            chain = link.parent.as_ref();
        }
        self.unknown("super()")
    }

    fn yield_from(&mut self, env: &Env<'_, 'p>, value: Value) -> Flow<Value> {
        let value = self.settle_value(value);
        if let Some(generator) = self.as_generator(&value) {
            return match env.hook {
                Some(hook) => self.drive(generator, &|machine, item| hook(machine, item)),
                None => self.drive(generator, &|_, _| Ok(Value::None)),
            };
        }
        if let (Some(hook), Some((items, _))) = (env.hook, self.items(&value)) {
            for item in items {
                hook(self, item)?;
            }
            return Ok(Value::None);
        }
        // `yield from` was `await` before Python 3.5.
        self.wait_for(value)
    }

    /// Truth that must be known to go on: settles it with the tape when the program does not.
    pub fn decide(&mut self, value: &Value, text: &str) -> Flow<bool> {
        let value = self.settle_condition(value.clone(), text);
        if let Some(truth) = self.truth(&value) {
            return Ok(truth);
        }
        let label =
            |n: usize| -> Arc<str> { if n == 0 { text.into() } else { format!("not ({text})").into() } };
        let Value::Unknown(unknown) = &value else {
            return Ok(self.choose(2, label) == 0);
        };
        let taken = self.choose(2, label);
        self.note_truth(unknown, taken == 0);
        Ok(taken == 0)
    }

    /// As [`Machine::settle_value`]; what merged ways left open is told by the condition it decides.
    fn settle_condition(&mut self, value: Value, text: &str) -> Value {
        let Value::Unknown(unknown) = &value else { return value };
        let Some(options) = &unknown.options else { return value };
        if *unknown.label != *MERGED || self.state.facts.contains_key(&unknown.id) {
            return self.settle_value(value);
        }
        let truths: Option<Vec<bool>> = options.iter().map(|option| self.truth(option)).collect();
        let Some(truths) = truths else { return self.settle_value(value) };
        let taken = self.choose(truths.len(), |n| match truths[n] {
            true => text.into(),
            false => format!("not ({text})").into(),
        });
        self.state.facts.insert(unknown.id, taken);
        options[taken.min(options.len() - 1)].clone()
    }

    /// Remembers the truth of an unknown.
    pub fn note_truth(&mut self, unknown: &Unknown, truth: bool) {
        let (base, negated) = unknown.base();
        self.state.facts.insert(base, usize::from(truth == negated));
    }

    /// Awaits a value: runs a coroutine's body, or takes the result of what has already run.
    pub fn wait_for(&mut self, value: Value) -> Flow<Value> {
        let value = self.settle_value(value);
        match value.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Suspended(_)) => self.run_suspended(&value),
            Some(Object::Instance { class, attributes, .. }) => {
                if let Some(result) = attributes.get("_result") {
                    return Ok(result.clone());
                }
                match self.class_attribute(*class, "__await__") {
                    Some(_) => {
                        let method = self.attribute(value, "__await__")?;
                        let iterator = self.call(method, Vec::new(), Vec::new())?;
                        match self.as_generator(&iterator) {
                            Some(generator) => self.drive(generator, &|_, _| Ok(Value::None)),
                            None => Ok(self.unknown("an awaited value")),
                        }
                    }
                    None => Ok(self.unknown("an awaited value")),
                }
            }
            _ => {
                self.state.may_raise += 1;
                let label = match &value {
                    Value::Unknown(unknown) => format!("await {}", unknown.label),
                    _ => "an awaited value".to_string(),
                };
                Ok(self.unknown(label))
            }
        }
    }

    /// Runs the body of a coroutine that nobody has awaited yet.
    pub fn run_suspended(&mut self, value: &Value) -> Flow<Value> {
        let Some(id) = value.as_id() else { return Ok(self.unknown("an awaited value")) };
        let Object::Suspended(suspended) = self.state.heap.get_mut(id) else {
            return Ok(self.unknown("an awaited value"));
        };
        if suspended.started {
            return Ok(self.unknown("an awaited value"));
        }
        suspended.started = true;
        let (function, scope) = (suspended.function, suspended.scope);
        // A coroutine has one exit, as a call has.
        self.explore_body(function, |machine| match machine.run_body(function, scope, None) {
            Err(Stop::Return(value)) => Ok(value),
            other => other,
        })
    }
}

/// The first name that stands twice among the keywords of a call.
fn twice_among(keywords: &[(Name, Value)]) -> Option<Name> {
    if keywords.len() < 2 {
        return None;
    }
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut named = keywords.iter().map(|(name, _)| name).filter(|name| !matches!(&***name, "*" | "**"));
    named.find(|name| !seen.insert(name)).cloned()
}
