//! Evaluating expressions.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::env::{Chain, Env, ScopeKind};
use crate::interpret::explore::MERGED;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::trace::Site;
use crate::interpret::value::{Id, Mapping, Names, Object, Sequence, Suspended, Unknown, Value};
use crate::ir::{
    Arg, ArgKind, BoolOp, ComprehensionKind, Constant, Expr, ExprKind, FStringPart, Function, Generator,
    Name, Stmt, StmtKind, UnaryOp,
};

impl<'p> Machine<'p> {
    /// The value of a condition: where an object answers for itself, its answer.
    pub fn eval_test(&mut self, env: &Env<'_, 'p>, expr: &Expr) -> Flow<Value> {
        let value = self.eval(env, expr)?;
        self.truth_value(value)
    }

    pub fn eval(&mut self, env: &Env<'_, 'p>, expr: &Expr) -> Flow<Value> {
        self.step()?;
        self.nested(|machine| machine.eval_kind(env, expr))
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
            ExprKind::Comprehension { kind, element, value, generators } => {
                self.eval_comprehension(env, *kind, element, value.as_deref(), generators)
            }
            ExprKind::Await(value) => {
                let value = self.eval(env, value)?;
                self.stand_at(env, expr.span);
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

    fn eval_name(&mut self, env: &Env<'_, 'p>, name: &Name) -> Flow<Value> {
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
        let mut innermost = true;
        while let Some(link) = chain {
            let visible = innermost || !matches!(link.kind, ScopeKind::Class(_));
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
        if let Some(value) = self.state.heap.scope(env.globals).get(name) {
            return Some(value.clone());
        }
        let builtins = self.state.modules.get("builtins")?;
        match self.state.heap.get(*builtins) {
            Object::Module(module) => self.state.heap.scope(module.scope).get(name).cloned(),
            _ => None,
        }
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
        for (index, (name, _)) in keywords.iter().enumerate() {
            if !matches!(&**name, "*" | "**") && keywords[..index].iter().any(|(other, _)| other == name) {
                return self.raise("TypeError", format!("got multiple values for keyword argument '{name}'"));
            }
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
                    sequence.items.extend(items);
                    sequence.open |= open;
                }
                None => sequence.open = true,
            }
        }
        Ok(sequence)
    }

    fn eval_dict(&mut self, env: &Env<'_, 'p>, entries: &[(Option<Expr>, Expr)]) -> Flow<Value> {
        let mut mapping = Mapping::default();
        for (key, value) in entries {
            let key = match key {
                Some(key) => Some(self.eval(env, key)?),
                None => None,
            };
            let value = self.eval(env, value)?;
            match key {
                Some(key) => self.insert(&mut mapping, key, value),
                None => {
                    let value = self.settle_value(value);
                    match value.as_id().map(|id| self.state.heap.get(id)) {
                        Some(Object::Dict(other)) => {
                            let other = other.clone();
                            mapping.open |= other.open;
                            other.entries.into_iter().for_each(|(k, v)| self.insert(&mut mapping, k, v));
                        }
                        _ => mapping.open = true,
                    }
                }
            }
        }
        Ok(self.alloc(Object::Dict(mapping)))
    }

    /// Sets an entry; a key that may equal others makes those uncertain.
    pub fn insert(&mut self, mapping: &mut Mapping, key: Value, value: Value) {
        if key.is_unknown() {
            mapping.open = true;
            return;
        }
        match mapping.entries.iter_mut().find(|(other, _)| other.same(&key)) {
            Some(entry) => entry.1 = value,
            None => mapping.entries.push((key, value)),
        }
    }

    fn eval_comprehension(
        &mut self,
        env: &Env<'_, 'p>,
        kind: ComprehensionKind,
        element: &Expr,
        value: Option<&Expr>,
        generators: &[Generator],
    ) -> Flow<Value> {
        if kind == ComprehensionKind::Generator {
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
                items.into_iter().for_each(|(key, value)| self.insert(&mut mapping, key, value));
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
        let mut body = vec![Stmt { kind: StmtKind::Expr(Expr { kind: yielded, span }), span }];
        for (index, generator) in generators.iter().enumerate().rev() {
            for condition in generator.conditions.iter().rev() {
                let kind = StmtKind::If { test: condition.clone(), body, orelse: Vec::new() };
                body = vec![Stmt { kind, span }];
            }
            let iter = match index {
                0 => Expr { kind: ExprKind::Name(source.clone()), span: generator.iter.span },
                _ => generator.iter.clone(),
            };
            let (target, is_async) = (generator.target.clone(), generator.is_async);
            body =
                vec![Stmt { kind: StmtKind::For { target, iter, body, orelse: Vec::new(), is_async }, span }];
        }
        let mut locals = vec![source.clone()];
        generators.iter().for_each(|generator| names_of(&generator.target, &mut locals));
        let code = Arc::new(Function {
            name: "<genexpr>".into(),
            params: Vec::new(),
            body,
            decorators: Vec::new(),
            is_async: false,
            is_generator: true,
            locals,
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
        match value.as_id().map(|id| self.state.heap.get(id).clone()) {
            Some(Object::Suspended(_)) => self.run_suspended(&value),
            Some(Object::Instance { attributes, .. }) => {
                if let Some(result) = attributes.get("_result") {
                    return Ok(result.clone());
                }
                let Value::Object(id) = value else { return Ok(Value::None) };
                let Object::Instance { class, .. } = self.state.heap.get(id) else { return Ok(Value::None) };
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

/// The names that a target binds.
fn names_of(target: &Expr, names: &mut Vec<Name>) {
    match &target.kind {
        ExprKind::Name(name) => names.push(name.clone()),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|item| names_of(item, names)),
        ExprKind::Starred(item) => names_of(item, names),
        _ => {}
    }
}
