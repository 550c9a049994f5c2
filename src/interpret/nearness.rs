//! How near a function is to something that starts or chooses a loop, by the names its code mentions.
//!
//! Code we do not see may hold on to hundreds of functions (handlers of a server, commands of a command
//! line). Those that lead to a loop are run first, before the steps for them are used up.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::interpret::env::ScopeKind;
use crate::interpret::machine::{Machine, Unit};
use crate::interpret::value::{FunctionObject, Id, Object, Value};
use crate::ir::{self, Expr, ExprKind, Name, Span, Stmt, StmtKind};

/// Calls between a function and the loop: 0 where it names a runner itself.
pub type Distance = u8;

/// Names are followed through so many functions.
pub const FARTHEST: Distance = 4;
/// Something that may be the method of a runner is called, on an object nothing is known about.
pub const MAYBE: Distance = FARTHEST + 1;
/// No name leads to a loop.
const NOWHERE: Distance = FARTHEST + 2;

/// Distances of functions that were looked at, each with how many calls further it was looked.
#[derive(Default)]
pub struct Distances(RefCell<FxHashMap<Search, (Distance, Distance)>>);

/// A function, and the distance that is near enough to look no further.
type Search = (Unit, Span, Distance);

impl<'p> Machine<'p> {
    /// How far a function, or a method, is from a loop.
    pub fn distance(&self, id: Id) -> Distance {
        self.distance_within(id, FARTHEST, 0)
    }

    /// Whether nothing that the code of a function names leads to a loop.
    pub fn leads_nowhere(&self, id: Id) -> bool {
        match self.state.heap.get(id) {
            Object::Function(function) if self.is_closure(function) => false,
            _ => self.distance_within(id, FARTHEST, MAYBE) == NOWHERE,
        }
    }

    /// Whether no names are seen to lead from a function to a loop.
    pub fn is_far(&self, id: Id) -> bool {
        self.distance_within(id, FARTHEST, FARTHEST) > FARTHEST
    }

    /// The distance, or one that is near `enough`.
    fn distance_within(&self, id: Id, calls: Distance, enough: Distance) -> Distance {
        let function = match self.state.heap.get(id) {
            Object::Function(function) => function,
            Object::Method { function: Value::Object(function), .. }
            | Object::StaticMethod(Value::Object(function))
            | Object::ClassMethod(Value::Object(function))
            | Object::Property(Value::Object(function)) => {
                return self.distance_within(*function, calls, enough);
            }
            Object::Class(_) => {
                let makes = self.class_attribute(id, "__init__").and_then(|(init, _)| init.as_id());
                return makes.map_or(NOWHERE, |init| self.distance_within(init, calls, enough));
            }
            _ => return NOWHERE,
        };
        let Unit::Project(_) = function.unit else { return 0 };
        let is_closure = self.is_closure(function);
        let key = (function.unit, function.code.name_span, enough);
        match self.distances.0.borrow().get(&key) {
            // To look further finds no shorter way.
            Some((within, known)) if calls.min(*known) <= *within && !is_closure => return *known,
            _ => {}
        }
        // Until it is known, the name of a function that leads to itself has to do.
        self.distances.0.borrow_mut().insert(key, (FARTHEST, self.by_its_name(&function.code.name)));
        let lazily = self.imported_inside(function);
        let mut nearest = NOWHERE;
        for mention in mentions(&function.code.body) {
            let meant = self.meant(&mention, function, &lazily);
            nearest = nearest.min(self.distance_of(&mention, meant, calls, enough));
            if nearest <= enough {
                break;
            }
        }
        self.distances.0.borrow_mut().insert(key, (calls, nearest));
        nearest
    }

    /// What a closure calls is not told by its code alone.
    fn is_closure(&self, function: &FunctionObject) -> bool {
        matches!(function.chain.kind, ScopeKind::Function(..))
    }

    fn distance_of(
        &self,
        mention: &Mention<'_>,
        meant: Meant,
        calls: Distance,
        enough: Distance,
    ) -> Distance {
        let starts = |name: &str| self.knowledge.starts_or_chooses(name);
        match meant {
            Meant::Ours(id) => match calls.checked_sub(1) {
                Some(left) => match self.distance_within(id, left, enough) {
                    known if known < FARTHEST => known + 1,
                    open => open,
                },
                None => self.by_its_name(mention.name),
            },
            Meant::Unloaded(code) if mentions(&code.body).iter().any(|inner| starts(inner.name)) => 1,
            Meant::Unloaded(_) => self.by_its_name(mention.name),
            Meant::Foreign if starts(mention.name) => 0,
            Meant::Foreign => NOWHERE,
            Meant::Unseen if mention.is_plain && starts(mention.name) => 0,
            Meant::Unseen if mention.called => MAYBE,
            Meant::Unseen | Meant::Anything => self.by_its_name(mention.name),
        }
    }

    fn by_its_name(&self, name: &str) -> Distance {
        let knowledge = self.knowledge;
        let leads = |name: &str, in_seed: bool| {
            if in_seed { knowledge.starts_or_chooses(name) } else { knowledge.needs.is_last_word(name) }
        };
        let may_lead = || self.project.modules.may_lead(name, leads);
        if knowledge.starts_or_chooses(name) || may_lead() { MAYBE } else { NOWHERE }
    }

    /// What a name stands for in the code of a function, as far as that is known before it runs.
    fn meant(&self, mention: &Mention<'_>, function: &FunctionObject, lazily: &[(Name, Meant)]) -> Meant {
        let Some(base) = mention.base else { return Meant::Anything };
        let name = mention.name;
        let found = match lazily.iter().find(|(bound, _)| bound == base) {
            Some((_, meant)) => meant.clone(),
            None if matches!(&**base, "self" | "cls") && function.class.is_some() => {
                function.class.map_or(Meant::Anything, Meant::Ours)
            }
            None => self.found(function, base).map_or(Meant::Unseen, |value| self.owner(&value)),
        };
        if mention.is_plain {
            return found;
        }
        let Meant::Ours(id) = found else {
            return if matches!(found, Meant::Foreign) { Meant::Foreign } else { Meant::Anything };
        };
        let attribute = match self.state.heap.get(id) {
            Object::Module(module) => self.state.heap.scope(module.scope).get(name).cloned(),
            Object::Class(_) => self.class_attribute(id, name).map(|(found, _)| found),
            Object::Instance { class, .. } => self.class_attribute(*class, name).map(|(found, _)| found),
            _ => None,
        };
        attribute.map_or(Meant::Unseen, |value| self.owner(&value))
    }

    /// A variable of the functions around a function, or a global one.
    fn found(&self, function: &FunctionObject, name: &str) -> Option<Value> {
        let mut chain = Some(&function.chain);
        while let Some(link) = chain {
            let visible = !matches!(link.kind, ScopeKind::Class(_));
            if visible && let Some(value) = self.state.heap.scope(link.scope).get(name) {
                return Some(value.clone());
            }
            chain = link.parent.as_ref();
        }
        match self.builtin(name) {
            Value::None => None,
            builtin => Some(builtin),
        }
    }

    fn owner(&self, value: &Value) -> Meant {
        let Some(id) = value.as_id() else {
            return if matches!(value, Value::Unknown(_)) { Meant::Unseen } else { Meant::Foreign };
        };
        let unit = match self.state.heap.get(id) {
            Object::Function(function) => Some(function.unit),
            Object::Class(class) => Some(class.unit),
            Object::Module(module) => module.unit,
            Object::Instance { class, .. } => match self.state.heap.get(*class) {
                Object::Class(class) => Some(class.unit),
                _ => None,
            },
            Object::Method { .. }
            | Object::StaticMethod(_)
            | Object::ClassMethod(_)
            | Object::Property(_) => {
                return Meant::Ours(id);
            }
            _ => None,
        };
        if matches!(unit, Some(Unit::Project(_))) { Meant::Ours(id) } else { Meant::Foreign }
    }

    /// The names a function binds by imports of its own, with what they stand for.
    fn imported_inside(&self, function: &FunctionObject) -> Vec<(Name, Meant)> {
        let mut found = Vec::new();
        each_stmt(&function.code.body, &mut |stmt| match &stmt.kind {
            StmtKind::Import(names) => {
                for alias in names {
                    let top = alias.name.split('.').next().unwrap_or("");
                    let (bound, dotted) = match &alias.asname {
                        Some(asname) => (asname.clone(), &*alias.name),
                        None => (top.into(), top),
                    };
                    let meant = match self.state.modules.get(dotted) {
                        Some(module) => self.owner(&Value::Object(*module)),
                        None => Meant::Anything,
                    };
                    found.push((bound, meant));
                }
            }
            StmtKind::ImportFrom { module, level, names } => {
                let Some(dotted) = self.absolute_name(function.globals, module.as_deref(), *level) else {
                    return;
                };
                for alias in names {
                    let bound = alias.asname.clone().unwrap_or_else(|| alias.name.clone());
                    found.push((bound, self.imported_from(&dotted, &alias.name)));
                }
            }
            _ => {}
        });
        found
    }

    fn imported_from(&self, dotted: &str, name: &str) -> Meant {
        if let Some(module) = self.state.modules.get(dotted)
            && let Object::Module(module) = self.state.heap.get(*module)
        {
            let value = self.state.heap.scope(module.scope).get(name);
            return value.map_or(Meant::Unseen, |value| self.owner(value));
        }
        // Where it is looked for is only known when it is imported.
        let Some(module) = self.project.imported(dotted) else { return Meant::Anything };
        let code = self.project.modules[module].code_if_any();
        let function = code.body.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::FunctionDef(code) if &*code.name == name => Some(code.clone()),
            _ => None,
        });
        function.map_or(Meant::Anything, Meant::Unloaded)
    }
}

/// What a name in code stands for.
#[derive(Clone)]
enum Meant {
    /// Something the project defines.
    Ours(Id),
    /// A function of a module of the project that nobody has loaded yet.
    Unloaded(Arc<ir::Function>),
    /// Something the project does not define.
    Foreign,
    /// A variable whose value is not there yet.
    Unseen,
    /// An attribute of something that is not known.
    Anything,
}

/// A name in code, or an attribute.
struct Mention<'c> {
    name: &'c Name,
    /// The variable: the name itself, or what it is an attribute of, where that is a plain name.
    base: Option<&'c Name>,
    is_plain: bool,
    called: bool,
}

fn mentions(body: &[Stmt]) -> Vec<Mention<'_>> {
    let mut found: Vec<Mention<'_>> = Vec::new();
    let mut callee: Option<&Expr> = None;
    for stmt in body {
        ir::walk(stmt, &mut |expr| match &expr.kind {
            ExprKind::Call { func, .. } => callee = Some(func),
            ExprKind::Name(name) => {
                let called = callee.is_some_and(|callee| std::ptr::eq(callee, expr));
                found.push(Mention { name, base: Some(name), is_plain: true, called });
            }
            ExprKind::Attribute { value, name } => {
                let base = match &value.kind {
                    ExprKind::Name(base) => Some(base),
                    _ => None,
                };
                let called = callee.is_some_and(|callee| std::ptr::eq(callee, expr));
                found.push(Mention { name, base, is_plain: false, called });
            }
            _ => {}
        });
    }
    found
}

fn each_stmt<'c>(body: &'c [Stmt], visit: &mut dyn FnMut(&'c Stmt)) {
    for stmt in body {
        visit(stmt);
        for suite in ir::suites(stmt) {
            each_stmt(suite, visit);
        }
    }
}
