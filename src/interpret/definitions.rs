//! `def` and `class`.

use std::sync::Arc;

use crate::interpret::env::{Env, ScopeKind};
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::value::{ClassObject, FunctionObject, Id, Names, Object, Value};
use crate::ir::{self, Expr, ExprKind, Name, Stmt, StmtKind};

/// Marks a function whose decorator nobody sees: which arguments its callers pass is not known.
pub const WRAPPED: &str = "__wrapped_by_unknown__";

impl<'p> Machine<'p> {
    /// Binds a function, inside its decorators.
    pub fn define_function(&mut self, env: &Env<'_, 'p>, code: &Arc<ir::Function>) -> Flow<()> {
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

    /// A function with the defaults of its parameters, before its decorators.
    pub fn make_function(&mut self, env: &Env<'_, 'p>, code: &Arc<ir::Function>) -> Flow<Value> {
        let mut defaults = Vec::new();
        if code.params.iter().any(|param| param.default.is_some()) {
            for param in &code.params {
                defaults.push(match &param.default {
                    Some(default) => Some(self.eval(env, default)?),
                    None => None,
                });
            }
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

    /// Runs the body of a class and binds what comes of it.
    pub fn define_class(&mut self, env: &Env<'_, 'p>, class: &Arc<ir::Class>) -> Flow<()> {
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
                // What such a metaclass makes of a call is as open as what a base does that nobody sees.
                ir::ArgKind::Keyword(ref name) if &**name == "metaclass" && self.takes_calls(&value) => {
                    let open = self.unknown(&**name);
                    bases.push(open);
                }
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

    /// Whether a metaclass has its own way with calls of its classes.
    fn takes_calls(&self, metaclass: &Value) -> bool {
        metaclass.as_id().is_some_and(|id| {
            matches!(self.state.heap.get(id), Object::Class(_))
                && self.class_attribute(id, "__call__").is_some()
        })
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
