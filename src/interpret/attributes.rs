//! Reading and writing attributes, and the classes behind them.

use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::trace::EventKind;
use crate::interpret::value::{Id, Mapping, Object, Value};
use crate::ir::Name;

impl<'p> Machine<'p> {
    /// `value.name`
    pub fn attribute(&mut self, value: Value, name: &str) -> Flow<Value> {
        let value = self.settle_value(value);
        match self.find_attribute(&value, name)? {
            Some(found) => Ok(found),
            None => self.no_attribute(&value, name),
        }
    }

    /// The attribute, or `None` when it is certain that there is none.
    pub fn find_attribute(&mut self, value: &Value, name: &str) -> Flow<Option<Value>> {
        let id = match value {
            Value::Object(id) => *id,
            Value::Unknown(unknown) => {
                let label = format!("{}.{name}", unknown.label);
                return Ok(Some(self.derive(unknown, &format!(".{name}"), label)));
            }
            other => return Ok(self.plain_attribute(other, name)),
        };
        // A method of a container is found without copying what may be thousands of values.
        let methods = match self.state.heap.get(id) {
            Object::List(_) => Some(("list", LIST_METHODS)),
            Object::Set(_) => Some(("set", SET_METHODS)),
            Object::Dict(_) => Some(("dict", DICT_METHODS)),
            _ => None,
        };
        if let Some((kind, methods)) = methods {
            return Ok(self.known_method(kind, methods, value, name));
        }
        let object = self.state.heap.share(id);
        Ok(match &*object {
            Object::Module(module) => {
                self.module_attribute(id, &module.name, module.scope, module.open, name)?
            }
            Object::Instance { class, attributes, open } => {
                let (class, open, own) = (*class, *open, attributes.get(name).cloned());
                // What follows may change the instance, which is copied where somebody looks at it.
                drop(object);
                self.instance_attribute(value, class, own, open, name)?
            }
            Object::Class(class) => match self.class_attribute(id, name) {
                Some((found, _)) => Some(self.bind_to_class(found, id)),
                None => match name {
                    "__name__" => Some(Value::Str(class.name.clone())),
                    "__qualname__" => Some(Value::Str(class.qualname.clone())),
                    "__module__" => Some(Value::Str(class.module.clone())),
                    "__dict__" | "__mro__" | "__bases__" | "__doc__" => Some(self.unknown(name)),
                    _ if self.has_unseen_attributes(id) || class.row.is_some() => {
                        Some(self.unknown(format!("{}.{name}", class.name)))
                    }
                    _ => None,
                },
            },
            Object::Super { after, receiver } => self.super_attribute(*after, receiver, name)?,
            Object::Function(function) => match function.attributes.get(name) {
                Some(found) => Some(found.clone()),
                None => match name {
                    "__name__" => Some(Value::Str(function.code.name.clone())),
                    "__qualname__" => Some(Value::Str(function.qualname.clone())),
                    "__module__" => self.state.heap.scope(function.globals).get("__name__").cloned(),
                    "__doc__" | "__dict__" | "__annotations__" | "__code__" | "__defaults__"
                    | "__kwdefaults__" | "__signature__" | "__globals__" | "__closure__" => {
                        Some(self.unknown(name))
                    }
                    "__call__" => Some(value.clone()),
                    _ => Some(self.unknown(format!("{}.{name}", function.qualname))),
                },
            },
            Object::Method { function, receiver } => match name {
                "__self__" => Some(receiver.clone()),
                "__func__" => Some(function.clone()),
                _ => self.find_attribute(function, name)?,
            },
            Object::Row(_) => Some(self.unknown(name)),
            Object::Suspended(_) => self.known_method("coroutine", COROUTINE_METHODS, value, name),
            Object::Property(function) => match name {
                "setter" | "deleter" | "getter" => Some(Value::Builtin("property_setter")),
                "fget" => Some(function.clone()),
                _ => Some(self.unknown(name)),
            },
            Object::List(_)
            | Object::Set(_)
            | Object::Dict(_)
            | Object::Scope(_)
            | Object::StaticMethod(_)
            | Object::ClassMethod(_)
            | Object::Vacant => Some(self.unknown(name)),
        })
    }

    fn plain_attribute(&mut self, value: &Value, name: &str) -> Option<Value> {
        match value {
            Value::Str(_) if !name.starts_with("__") && !STR_ATTRIBUTES.contains(&name) => None,
            Value::Str(_) => self.known_method("str", STR_METHODS, value, name),
            Value::Tuple(items) => {
                let index = ["major", "minor", "micro", "releaselevel", "serial"]
                    .iter()
                    .position(|part| *part == name);
                match index.and_then(|index| items.get(index)) {
                    Some(item) if items.len() == 5 => Some(item.clone()),
                    _ => self.known_method("tuple", TUPLE_METHODS, value, name),
                }
            }
            Value::Builtin("dict") if name == "fromkeys" => Some(Value::Builtin("dict.fromkeys")),
            Value::Builtin(builtin) => match name {
                "__name__" | "__qualname__" => Some(Value::str(*builtin)),
                "__module__" => Some(Value::str("builtins")),
                _ => Some(self.unknown(format!("{builtin}.{name}"))),
            },
            Value::None => match name {
                "__class__" | "__doc__" | "__eq__" | "__bool__" => Some(self.unknown(name)),
                _ => None,
            },
            _ => Some(self.unknown(name)),
        }
    }

    fn known_method(
        &mut self,
        kind: &str,
        methods: &'static [&'static str],
        receiver: &Value,
        name: &str,
    ) -> Option<Value> {
        let dotted = methods
            .iter()
            .find(|method| method.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.')) == Some(name));
        match dotted {
            Some(dotted) => {
                let function = Value::Builtin(dotted);
                Some(self.alloc(Object::Method { function, receiver: receiver.clone() }))
            }
            None => Some(self.unknown(format!("{kind}.{name}"))),
        }
    }

    fn module_attribute(
        &mut self,
        id: Id,
        module: &Name,
        scope: Id,
        open: bool,
        name: &str,
    ) -> Flow<Option<Value>> {
        if let Some(found) = self.state.heap.scope(scope).get(name).cloned() {
            self.note_read(scope, name);
            return Ok(Some(found));
        }
        if name == "__dict__" {
            let names = self.state.heap.scope(scope).clone();
            let entries = names.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
            return Ok(Some(self.alloc(Object::Dict(Mapping { entries, open: true }))));
        }
        let dotted = format!("{module}.{name}");
        if let Some(found) = self.state.modules.get(&*dotted) {
            return Ok(Some(Value::Object(*found)));
        }
        if let Some(found) = self.row_attribute(&dotted)? {
            self.state.heap.scope_mut(scope).insert(name.into(), found.clone());
            return Ok(Some(found));
        }
        if let Some(getter) = self.state.heap.scope(scope).get("__getattr__").cloned() {
            return match self.call(getter, vec![Value::str(name)], Vec::new()) {
                Ok(found) => Ok(Some(found)),
                Err(Stop::Raise(error)) if self.is_error(&error, "AttributeError") => Ok(None),
                Err(stop) => Err(stop),
            };
        }
        if open && !self.is_missing(scope, name) {
            let found = self.unknown(dotted);
            // Asked twice, it is the same thing.
            self.state.heap.scope_mut(scope).insert(name.into(), found.clone());
            return Ok(Some(found));
        }
        let _ = id;
        Ok(None)
    }

    /// Whether a stub says that its module lacks the name in this world.
    pub fn is_missing(&self, scope: Id, name: &str) -> bool {
        let listed = |list: &str| {
            let items = match self.state.heap.scope(scope).get(list)? {
                Value::Tuple(items) => &items[..],
                Value::Object(id) => match self.state.heap.get(*id) {
                    Object::List(sequence) | Object::Set(sequence) => &sequence.items,
                    _ => return None,
                },
                _ => return None,
            };
            Some(items.iter().any(|item| item.as_str() == Some(name)))
        };
        listed("__missing__") == Some(true) || (!name.starts_with("__") && listed("__names__") == Some(false))
    }

    fn instance_attribute(
        &mut self,
        receiver: &Value,
        class: Id,
        own: Option<Value>,
        open: bool,
        name: &str,
    ) -> Flow<Option<Value>> {
        let in_class = self.class_attribute(class, name);
        if let Some((found, _)) = &in_class
            && let Some(Object::Property(getter)) = found.as_id().map(|id| self.state.heap.get(id))
        {
            let getter = getter.clone();
            return self.call(getter, vec![receiver.clone()], Vec::new()).map(Some);
        }
        if own.is_some() {
            return Ok(own);
        }
        match name {
            "__class__" => return Ok(Some(Value::Object(class))),
            "__dict__" => {
                let mut entries = Vec::new();
                if let Some(id) = receiver.as_id()
                    && let Object::Instance { attributes, open, .. } = self.state.heap.get_mut(id)
                {
                    // Whoever holds the dictionary may add attributes.
                    *open = true;
                    entries.extend(
                        attributes.iter().map(|(name, value)| (Value::Str(name.clone()), value.clone())),
                    );
                }
                return Ok(Some(self.alloc(Object::Dict(Mapping { entries, open }))));
            }
            _ => {}
        }
        if let Some((found, owner)) = in_class {
            // A base class we do not see (a settings model, an ORM) may fill annotated fields from outside.
            let filled = self.has_unknown_base(owner) && self.is_data(&found);
            if filled {
                return Ok(Some(self.fill_attribute(receiver, class, name)));
            }
            return Ok(Some(self.bind_method(found, receiver.clone(), class)));
        }
        if let Some((getter, _)) = self.class_attribute(class, "__getattr__") {
            let getter = self.bind_method(getter, receiver.clone(), class);
            return self.call(getter, vec![Value::str(name)], Vec::new()).map(Some);
        }
        if self.is_fluent(class) {
            let function = Value::Builtin("fluent.self");
            return Ok(Some(self.alloc(Object::Method { function, receiver: receiver.clone() })));
        }
        if open || self.has_unseen_attributes(class) {
            return Ok(Some(self.fill_attribute(receiver, class, name)));
        }
        match name {
            "__init__" | "__repr__" | "__str__" | "__eq__" | "__hash__" | "__doc__" | "__module__" => {
                Ok(Some(self.unknown(name)))
            }
            _ => Ok(None),
        }
    }

    /// An attribute that code we do not see sets: unknown, and the same when it is read again.
    fn fill_attribute(&mut self, receiver: &Value, class: Id, name: &str) -> Value {
        let label = match self.state.heap.get(class) {
            Object::Class(class) => format!("{}.{name}", class.name),
            _ => name.to_string(),
        };
        let unknown = self.unknown(label);
        self.set_plain(receiver, name, unknown.clone());
        unknown
    }

    /// A builder: each of its methods that no row describes gives back the builder.
    fn is_fluent(&self, class: Id) -> bool {
        let row = match self.state.heap.get(class) {
            Object::Class(class) => class.row,
            _ => None,
        };
        row.is_some_and(|row| self.knowledge.runners.rows[row].fluent)
    }

    fn is_data(&self, value: &Value) -> bool {
        match value.as_id().map(|id| self.state.heap.get(id)) {
            None => !matches!(value, Value::Builtin(_)),
            Some(Object::List(_) | Object::Dict(_) | Object::Set(_)) => true,
            Some(_) => false,
        }
    }

    fn super_attribute(&mut self, after: Id, receiver: &Value, name: &str) -> Flow<Option<Value>> {
        let class = match receiver.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::Instance { class, .. }) => *class,
            Some(Object::Class(_)) => receiver.as_id().unwrap_or(after),
            _ => after,
        };
        let mro = self.mro(class);
        let start = mro.iter().position(|id| *id == after).map_or(0, |index| index + 1);
        for id in &mro[start..] {
            let Object::Class(next) = self.state.heap.get(*id) else { continue };
            if let Some(found) = self.state.heap.scope(next.scope).get(name).cloned() {
                return Ok(Some(self.bind_method(found, receiver.clone(), class)));
            }
        }
        // `object` has these, and unknown bases may have anything.
        Ok(Some(if self.has_unknown_base(class) {
            self.unknown(format!("super().{name}"))
        } else {
            Value::Builtin("nothing")
        }))
    }

    /// What a class or its bases define under a name, and where.
    pub fn class_attribute(&self, class: Id, name: &str) -> Option<(Value, Id)> {
        self.mro(class).into_iter().find_map(|id| match self.state.heap.get(id) {
            Object::Class(class) => {
                self.state.heap.scope(class.scope).get(name).map(|found| (found.clone(), id))
            }
            _ => None,
        })
    }

    /// The class and its known bases, in the order attributes are looked for.
    pub fn mro(&self, class: Id) -> Vec<Id> {
        let mut order = Vec::new();
        self.linearise(class, &mut order, 0);
        // A base shared by several classes comes after all of them.
        let is_last = |at: &usize| !order[at + 1..].contains(&order[*at]);
        (0..order.len()).filter(is_last).map(|at| order[at]).collect()
    }

    fn linearise(&self, class: Id, order: &mut Vec<Id>, depth: usize) {
        if depth > 40 || order.len() > 400 {
            return;
        }
        order.push(class);
        if let Object::Class(object) = self.state.heap.get(class) {
            for base in &object.bases {
                if let Some(base) = base.as_id()
                    && matches!(self.state.heap.get(base), Object::Class(_))
                {
                    self.linearise(base, order, depth + 1);
                }
            }
        }
    }

    /// Some base is not a class we know: there may be attributes nobody sees.
    pub fn has_unknown_base(&self, class: Id) -> bool {
        self.mro(class).iter().any(|id| match self.state.heap.get(*id) {
            Object::Class(class) => class.bases.iter().any(|base| match base {
                Value::Object(id) => !matches!(self.state.heap.get(*id), Object::Class(_)),
                Value::Builtin("object") => false,
                _ => true,
            }),
            _ => true,
        })
    }

    /// Besides what we see of the class there may be more: a base nobody sees, or a class of the
    /// standard library, of which the stubs hold what matters for loops.
    fn has_unseen_attributes(&self, class: Id) -> bool {
        self.has_unknown_base(class)
            || self.mro(class).into_iter().any(|id| match self.state.heap.get(id) {
                Object::Class(class) => matches!(class.unit, Unit::Stub(_)) && &*class.module != "builtins",
                _ => false,
            })
    }

    pub fn bind_method(&mut self, found: Value, receiver: Value, class: Id) -> Value {
        let Value::Object(id) = &found else { return found };
        match &*self.state.heap.share(*id) {
            Object::Function(_) | Object::Row(_) => {
                let is_class =
                    matches!(receiver.as_id().map(|id| self.state.heap.get(id)), Some(Object::Class(_)));
                if is_class { found } else { self.alloc(Object::Method { function: found, receiver }) }
            }
            Object::ClassMethod(function) => {
                let receiver = Value::Object(class);
                self.alloc(Object::Method { function: function.clone(), receiver })
            }
            Object::StaticMethod(function) => function.clone(),
            _ => found,
        }
    }

    fn bind_to_class(&mut self, found: Value, class: Id) -> Value {
        match found.as_id().map(|id| self.state.heap.get(id)) {
            Some(Object::ClassMethod(function)) => {
                let function = function.clone();
                self.alloc(Object::Method { function, receiver: Value::Object(class) })
            }
            Some(Object::StaticMethod(function)) => function.clone(),
            _ => found,
        }
    }

    fn no_attribute(&mut self, value: &Value, name: &str) -> Flow<Value> {
        if matches!(value, Value::Str(_)) {
            // All attributes of a string are known: `from sys import platform` above `platform.system()`.
            return self.raise("AttributeError", format!("'str' object has no attribute '{name}'"));
        }
        let Some(Object::Module(module)) = value.as_id().map(|id| self.state.heap.get(id).clone()) else {
            let shown = self.shown(value);
            return self.doubt("AttributeError", format!("{shown} has no attribute '{name}'"));
        };
        if !self.is_missing(module.scope, name) {
            let message = format!("module '{}' has no attribute '{name}'", module.name);
            return self.doubt("AttributeError", message);
        }
        let dotted = format!("{}.{name}", module.name);
        self.missing(
            module.scope,
            "AttributeError",
            &dotted,
            name,
            format!("module '{}' has no attribute '{name}'", module.name),
        )
    }

    /// Raises for a name that a module of the standard library lacks in this world, and notes it.
    pub fn missing<T>(
        &mut self,
        scope: Id,
        error: &str,
        dotted: &str,
        name: &str,
        message: String,
    ) -> Flow<T> {
        match self.is_missing(scope, name) {
            true => self.raise_missing(dotted, error, message),
            false => self.raise(error, message),
        }
    }

    /// Raises for something that this platform lacks, and notes it.
    pub fn raise_missing<T>(&mut self, dotted: &str, error: &str, message: String) -> Flow<T> {
        let raised: Flow<T> = self.raise(error, message);
        if let Err(Stop::Raise(Value::Object(id))) = &raised
            && let Object::Instance { attributes, .. } = self.state.heap.get_mut(*id)
        {
            attributes.insert("__missing__".into(), Value::str(dotted));
            self.record(EventKind::Missing(dotted.into()));
        }
        raised
    }

    /// `value.name = new`
    pub fn set_attribute(&mut self, value: Value, name: &Name, new: Value) -> Flow<()> {
        let value = self.settle_value(value);
        if let Value::Object(id) = &value
            && let Object::Instance { class, .. } = self.state.heap.get(*id)
        {
            let class = *class;
            if let Some((setter, _)) = self.class_attribute(class, "__setattr__")
                && matches!(setter.as_id().map(|id| self.state.heap.get(id)), Some(Object::Function(_)))
            {
                self.call(setter, vec![value.clone(), Value::Str(name.clone()), new], Vec::new())?;
                return Ok(());
            }
        }
        if let Value::Unknown(unknown) = &value {
            self.note_patch(&unknown.label, name, &new);
        }
        self.set_plain(&value, name, new);
        Ok(())
    }

    pub fn set_plain(&mut self, value: &Value, name: &str, new: Value) {
        let Value::Object(id) = value else { return };
        let scope = match self.state.heap.get_mut(*id) {
            Object::Instance { attributes, .. } => {
                attributes.insert(name.into(), new);
                return;
            }
            Object::Function(function) => {
                function.attributes.insert(name.into(), new);
                return;
            }
            Object::Module(module) => module.scope,
            Object::Class(class) => class.scope,
            _ => return,
        };
        self.state.heap.scope_mut(scope).insert(name.into(), new);
    }

    pub fn delete_attribute(&mut self, value: &Value, name: &str) {
        let Value::Object(id) = value else { return };
        let scope = match self.state.heap.get_mut(*id) {
            Object::Instance { attributes, .. } => {
                attributes.remove(name);
                return;
            }
            Object::Module(module) => module.scope,
            Object::Class(class) => class.scope,
            _ => return,
        };
        self.state.heap.scope_mut(scope).remove(name);
    }
}

/// Everything a string has, in any Python from 3.8 on.
#[rustfmt::skip]
const STR_ATTRIBUTES: &[&str] = &[
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map",
    "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
    "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans", "partition",
    "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
];
const STR_METHODS: &[&str] = &[
    "str.lower",
    "str.upper",
    "str.strip",
    "str.lstrip",
    "str.rstrip",
    "str.startswith",
    "str.endswith",
    "str.split",
    "str.replace",
    "str.casefold",
    "str.title",
    "str.capitalize",
    "str.join",
    "str.format",
    "str.partition",
    "str.rpartition",
    "str.rsplit",
    "str.isdigit",
    "str.find",
    "str.index",
    "str.isalpha",
    "str.isalnum",
    "str.islower",
    "str.isupper",
    "str.zfill",
    "str.count",
    "str.encode",
    "str.swapcase",
    "str.removeprefix",
    "str.removesuffix",
    "str.__eq__",
    "str.__contains__",
];
const LIST_METHODS: &[&str] = &[
    "list.append",
    "list.extend",
    "list.insert",
    "list.pop",
    "list.clear",
    "list.remove",
    "list.copy",
    "list.index",
    "list.count",
    "list.sort",
    "list.reverse",
];
const TUPLE_METHODS: &[&str] = &["tuple.index", "tuple.count"];
const SET_METHODS: &[&str] = &[
    "set.add",
    "set.discard",
    "set.update",
    "set.copy",
    "set.union",
    "set.intersection",
    "set.difference",
    "set.symmetric_difference",
    "set.issubset",
    "set.issuperset",
    "set.isdisjoint",
];
const DICT_METHODS: &[&str] = &[
    "dict.get",
    "dict.items",
    "dict.keys",
    "dict.values",
    "dict.update",
    "dict.setdefault",
    "dict.pop",
    "dict.copy",
    "dict.clear",
];
const COROUTINE_METHODS: &[&str] =
    &["coroutine.close", "coroutine.send", "coroutine.__await__", "coroutine.__next__"];
