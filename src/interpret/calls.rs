//! Calling things: functions of the program, classes, methods, and code we do not see.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::interpret::definitions::WRAPPED;
use crate::interpret::env::{Chain, Env, Hook, ScopeKind};
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::steps::{Block, StepKind};
use crate::interpret::trace::Site;
use crate::interpret::value::{FunctionObject, Id, Mapping, Names, Object, Sequence, Suspended, Value};
use crate::ir::{Name, ParamKind};

/// Keyword arguments. A keyword named `*` or `**` says that there may be more of either kind.
pub type Keywords = Vec<(Name, Value)>;

impl<'p> Machine<'p> {
    pub fn call(&mut self, callee: Value, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        self.step()?;
        let callee = self.settle_value(callee);
        let id = match &callee {
            Value::Object(id) => *id,
            Value::Builtin(name) => return self.call_builtin(name, args, keywords),
            Value::Unknown(unknown) => {
                self.note_use(&unknown.label, &args, &keywords);
                let label = format!("{}()", unknown.label);
                return Ok(self.call_unknown(label, args, keywords));
            }
            other => {
                let shown = self.shown(other);
                return self.doubt("TypeError", format!("{shown} is not callable"));
            }
        };
        let object = self.state.heap.share(id);
        match &*object {
            Object::Function(function) => self.call_function(id, function, args, keywords),
            Object::Method { function, receiver } => match function {
                Value::Builtin(name) => self.call_builtin_method(name, receiver.clone(), args),
                Value::Object(row) if matches!(self.state.heap.get(*row), Object::Row(_)) => {
                    self.call_row(*row, Some(receiver.clone()), args, keywords)
                }
                function => {
                    let mut all = Vec::with_capacity(args.len() + 1);
                    all.push(receiver.clone());
                    all.extend(args);
                    self.call(function.clone(), all, keywords)
                }
            },
            Object::Class(_) => self.construct(id, args, keywords),
            Object::Row(_) => self.call_row(id, None, args, keywords),
            Object::StaticMethod(function) | Object::ClassMethod(function) => {
                self.call(function.clone(), args, keywords)
            }
            Object::Instance { class, open, .. } => match self.class_attribute(*class, "__call__") {
                Some((method, _)) => {
                    let method = self.bind_method(method, callee, *class);
                    drop(object);
                    self.call(method, args, keywords)
                }
                None if *open || self.has_unknown_base(*class) => {
                    let label = format!("{}()", self.shown(&callee));
                    Ok(self.call_unknown(label, args, keywords))
                }
                None => {
                    let shown = self.shown(&callee);
                    self.doubt("TypeError", format!("{shown} is not callable"))
                }
            },
            Object::Scope(_)
            | Object::Vacant
            | Object::Module(_)
            | Object::List(_)
            | Object::Set(_)
            | Object::Dict(_)
            | Object::Suspended(_)
            | Object::Property(_)
            | Object::Super { .. } => {
                let shown = self.shown(&callee);
                self.doubt("TypeError", format!("{shown} is not callable"))
            }
        }
    }

    /// Code we do not see: anything may come back, and what it was handed may run later.
    pub fn call_unknown(&mut self, label: String, args: Vec<Value>, keywords: Keywords) -> Value {
        self.note(|_| StepKind::Unseen(label.as_str().into()));
        self.state.may_raise += 1;
        for value in args.iter().chain(keywords.iter().map(|(_, value)| value)) {
            self.escape_value(value);
        }
        self.unknown(label)
    }

    /// Notes that code we do not see holds on to a value, with what is in it. Containers may hold each
    /// other.
    pub fn escape_value(&mut self, value: &Value) {
        let mut values = vec![value.clone()];
        let mut seen: FxHashSet<Id> = FxHashSet::default();
        while let Some(value) = values.pop() {
            match value {
                Value::Object(id) if seen.insert(id) => match &*self.state.heap.share(id) {
                    Object::List(Sequence { items, .. }) => values.extend(items.iter().cloned()),
                    Object::Dict(Mapping { entries, .. }) => {
                        values.extend(entries.iter().map(|(_, item)| item.clone()))
                    }
                    _ => self.escape(id),
                },
                Value::Tuple(items) => values.extend(items.iter().cloned()),
                _ => {}
            }
        }
    }

    /// Notes that code we do not see holds on to a function.
    pub fn escape(&mut self, id: Id) {
        match &*self.state.heap.share(id) {
            Object::Function(function) if matches!(function.unit, Unit::Project(_)) => {
                self.state.escaped.insert(id);
            }
            // What a decorator of the standard library wraps.
            Object::Function(function) if matches!(function.unit, Unit::Stub(_)) => {
                if let ScopeKind::Function(..) = function.chain.kind {
                    let held: Vec<Value> =
                        self.state.heap.scope(function.chain.scope).values().cloned().collect();
                    let of_the_project = |value: &&Value| matches!(value.as_id().map(|id| self.state.heap.get(id)), Some(Object::Function(held)) if matches!(held.unit, Unit::Project(_)));
                    let held: Vec<Id> = held.iter().filter(of_the_project).filter_map(Value::as_id).collect();
                    self.state.escaped.extend(held);
                }
            }
            Object::Method { function: Value::Object(function), .. } if matches!(self.state.heap.get(*function), Object::Function(f) if matches!(f.unit, Unit::Project(_))) =>
            {
                self.state.escaped.insert(id);
            }
            _ => {}
        }
    }

    fn call_function(
        &mut self,
        id: Id,
        function: &FunctionObject,
        args: Vec<Value>,
        keywords: Keywords,
    ) -> Flow<Value> {
        let mut keywords = keywords;
        if function.attributes.contains_key(WRAPPED) {
            keywords.extend([("*".into(), Value::None), ("**".into(), Value::None)]);
        }
        let names = self.bind_arguments(function, args, keywords)?;
        if function.code.is_async || function.code.is_generator {
            let scope = self.scope(names);
            let suspended = Suspended { function: id, scope, started: false };
            return Ok(self.alloc(Object::Suspended(suspended)));
        }
        let ours = matches!(function.unit, Unit::Project(_));
        let result = if ours {
            // A call has one exit: ways that differ only inside it are merged there.
            self.explore_body(id, |machine| {
                let scope = machine.scope(names.clone());
                machine.run_body(id, scope, None).or_else(returned)
            })
        } else {
            let scope = self.scope(names);
            self.run_body(id, scope, None).or_else(returned)
        };
        match result {
            Err(Stop::Break | Stop::Continue) => Ok(Value::None),
            result => result,
        }
    }

    /// Runs the body of a function whose arguments are bound. Ends in [`Stop::Return`] or `Ok(None)`.
    pub fn run_body<'a>(&mut self, id: Id, scope: Id, hook: Option<&'a Hook<'a, 'p>>) -> Flow<Value> {
        let object = self.state.heap.share(id);
        let Object::Function(function) = &*object else { return Ok(Value::None) };
        let active = self.frames.iter().filter(|frame| frame.function == Some(id)).count();
        if active >= self.limits.recursion {
            self.state.may_raise += 1;
            return Ok(self.unknown(format!("{}()", function.qualname)));
        }
        if matches!(function.unit, Unit::Project(_)) {
            self.executed.insert((function.unit, function.code.name_span));
            self.entered.insert((function.unit, function.code.name_span));
        }
        let chain = Chain {
            scope,
            kind: ScopeKind::Function(function.code.clone(), id),
            parent: match function.chain.kind {
                ScopeKind::Module => None,
                _ => Some(function.chain.clone()),
            },
        };
        let env = Env { unit: function.unit, globals: function.globals, chain: Rc::new(chain), hook };
        // Names in a module's own scope are found through the globals.
        let site = Site { unit: function.unit, span: function.code.name_span };
        let result = self.measured(
            site,
            |_| Block::Call(function.qualname.clone(), site),
            |machine| {
                machine.in_frame(function.unit, Some(id), |machine| machine.exec(&env, &function.code.body))
            },
        );
        if matches!(result, Err(Stop::Bound(_))) {
            // It was given up half way: it still wants a run of its own.
            self.executed.remove(&(function.unit, function.code.name_span));
        }
        result.map(|()| Value::None)
    }

    fn bind_arguments(
        &mut self,
        function: &FunctionObject,
        args: Vec<Value>,
        keywords: Keywords,
    ) -> Flow<Names> {
        let code = &function.code;
        let mut names = Names::new();
        let open_args = keywords.iter().any(|(name, _)| &**name == "*");
        let open_keywords = keywords.iter().any(|(name, _)| &**name == "**");
        let mut keywords = keywords;
        keywords.retain(|(name, _)| !matches!(&**name, "*" | "**"));
        let mut args = args.into_iter();
        for (at, param) in code.params.iter().enumerate() {
            let default = function.defaults.get(at).and_then(Option::as_ref);
            let by_name = |keywords: &mut Keywords| {
                keywords
                    .iter()
                    .position(|(name, _)| *name == param.name)
                    .map(|index| keywords.remove(index).1)
            };
            let value = match param.kind {
                ParamKind::PositionalOnly => args.next(),
                ParamKind::Positional => args.next().or_else(|| by_name(&mut keywords)),
                ParamKind::KeywordOnly => by_name(&mut keywords),
                ParamKind::VarPositional => {
                    let rest: Vec<Value> = args.by_ref().collect();
                    Some(if open_args {
                        self.alloc(Object::List(Sequence { items: rest, open: true }))
                    } else {
                        self.tuple(rest)
                    })
                }
                ParamKind::VarKeyword => {
                    let entries = std::mem::take(&mut keywords);
                    let entries =
                        entries.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
                    Some(self.alloc(Object::Dict(Mapping { entries, open: open_keywords })))
                }
            };
            let uncertain = match param.kind {
                ParamKind::PositionalOnly => open_args,
                ParamKind::Positional => open_args || open_keywords,
                _ => open_keywords,
            };
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) if !uncertain => default.clone(),
                (None, Some(default)) => {
                    let passed = self.unknown(&*param.name);
                    self.join(default.clone(), passed)
                }
                (None, None) if uncertain => self.unknown(&*param.name),
                (None, None) => {
                    let message =
                        format!("{}() missing a required argument: '{}'", function.qualname, param.name);
                    self.mismatch(function, message)?
                }
            };
            names.insert(param.name.clone(), value);
        }
        if args.next().is_some() && !open_args {
            self.mismatch(function, format!("{}() takes fewer positional arguments", function.qualname))?;
        }
        if let Some((name, _)) = keywords.first()
            && !open_keywords
        {
            let message = format!("{}() got an unexpected keyword argument '{name}'", function.qualname);
            self.mismatch(function, message)?;
        }
        Ok(names)
    }

    /// Arguments that do not fit. With a function of the standard library that is what happens; with
    /// one of the project's own it may be a decorator or a metaclass that we see less of than there is.
    fn mismatch(&mut self, function: &FunctionObject, message: String) -> Flow<Value> {
        match function.unit {
            Unit::Project(_) => self.doubt("TypeError", message),
            _ => self.raise("TypeError", message),
        }
    }

    /// `Class(...)`
    fn construct(&mut self, id: Id, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        let Object::Class(class) = self.state.heap.get(id) else { return Ok(Value::None) };
        if class.unit != Unit::Text && self.class_attribute(id, "__new__").is_some() {
            let maker = self.class_attribute(id, "__new__").map(|(maker, _)| {
                match maker.as_id().map(|id| self.state.heap.get(id)) {
                    Some(Object::StaticMethod(function)) => function.clone(),
                    _ => maker,
                }
            });
            if let Some(maker) = maker
                && matches!(maker.as_id().map(|id| self.state.heap.get(id)), Some(Object::Function(_)))
            {
                let mut all = vec![Value::Object(id)];
                all.extend(args.clone());
                let made = self.call(maker, all, keywords.clone())?;
                let own = matches!(made.as_id().map(|made| self.state.heap.get(made)), Some(Object::Instance { class, .. }) if *class == id);
                // What `__new__` makes of the arguments is its own business when there is no `__init__`.
                if own && self.class_attribute(id, "__init__").is_some() {
                    self.initialise(id, &made, args, keywords)?;
                }
                return Ok(made);
            }
        }
        let open = self
            .mro(id)
            .into_iter()
            .any(|base| matches!(self.state.heap.get(base), Object::Class(base) if base.row.is_some()));
        let made = self.alloc(Object::Instance { class: id, attributes: Names::new(), open });
        self.initialise(id, &made, args, keywords)?;
        Ok(made)
    }

    fn initialise(&mut self, class: Id, made: &Value, args: Vec<Value>, keywords: Keywords) -> Flow<()> {
        if let Some((init, _)) = self.class_attribute(class, "__init__") {
            let mut all = vec![made.clone()];
            all.extend(args);
            return self.call(init, all, keywords).map(drop);
        }
        if self.class_attribute(class, "__dataclass__").is_some() {
            return self.fill_fields(class, made, args, keywords);
        }
        if self.is_exception(class) {
            self.set_plain(made, "args", Value::tuple(args));
            return Ok(());
        }
        if self.has_unknown_base(class) {
            self.note_use_of_bases(class, &args, &keywords);
            self.state.may_raise += 1;
            for value in args.iter().chain(keywords.iter().map(|(_, value)| value)) {
                self.escape_value(value);
            }
            for (name, value) in keywords {
                if !matches!(&*name, "*" | "**") {
                    self.set_plain(made, &name, value);
                }
            }
            return Ok(());
        }
        if !args.is_empty() {
            let shown = self.shown(&Value::Object(class));
            return self.raise("TypeError", format!("{shown}() takes no arguments"));
        }
        Ok(())
    }

    fn is_exception(&self, class: Id) -> bool {
        let base = self.builtin("BaseException").as_id();
        self.mro(class).into_iter().any(|id| Some(id) == base)
    }

    /// The `__init__` that `@dataclass` writes.
    fn fill_fields(&mut self, class: Id, made: &Value, args: Vec<Value>, keywords: Keywords) -> Flow<()> {
        let mut fields: Vec<Name> = Vec::new();
        let mut seen: FxHashSet<Name> = FxHashSet::default();
        for id in self.mro(class).into_iter().rev() {
            let Object::Class(object) = self.state.heap.get(id) else { continue };
            if let Some(Value::Tuple(own)) = self.state.heap.scope(object.scope).get("__fields__") {
                for field in own.iter() {
                    if let Value::Str(name) = field
                        && seen.insert(name.clone())
                    {
                        fields.push(name.clone());
                    }
                }
            }
        }
        let mut args = args.into_iter();
        self.count_copying(8 * fields.len());
        for field in fields {
            let given = args
                .next()
                .or_else(|| keywords.iter().find(|(name, _)| *name == field).map(|(_, value)| value.clone()));
            let value = match given {
                Some(value) => value,
                None => match self.class_attribute(class, &field) {
                    Some((default, _)) => default,
                    None => self.unknown(&*field),
                },
            };
            self.set_plain(made, &field, value);
        }
        if self.class_attribute(class, "__post_init__").is_some() {
            let hook = self.attribute(made.clone(), "__post_init__")?;
            self.call(hook, Vec::new(), Vec::new())?;
        }
        Ok(())
    }

    pub fn list(&mut self, items: Vec<Value>) -> Value {
        self.alloc(Object::List(Sequence { items, open: false }))
    }
}

fn returned(stop: Stop) -> Flow<Value> {
    match stop {
        Stop::Return(value) => Ok(value),
        stop => Err(stop),
    }
}
