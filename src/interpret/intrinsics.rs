//! What stubs can ask of the machine: the module `_loopcheck`.

use std::sync::Arc;

use crate::interpret::calls::Keywords;
use crate::interpret::loops::policy_kind;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::state::LoopInfo;
use crate::interpret::steps::StepKind;
use crate::interpret::trace::{EventKind, PolicyKind};
use crate::interpret::value::{Names, Object, Unknown, Value};
use crate::ir::Name;

pub const NAMES: &[&str] = &[
    "_l.unknown",
    "_l.unknown_text",
    "_l.is_unknown",
    "_l.platform",
    "_l.version_info",
    "_l.version",
    "_l.version_in",
    "_l.hexversion",
    "_l.sys_path",
    "_l.sys_modules",
    "_l.argv",
    "_l.os_name",
    "_l.environment",
    "_l.in_environment",
    "_l.uname",
    "_l.cwd",
    "_l.path_text",
    "_l.path_join",
    "_l.path_parent",
    "_l.path_name",
    "_l.path_absolute",
    "_l.exit_now",
    "_l.system",
    "_l.platform_platform",
    "_l.loop_created",
    "_l.run_loop",
    "_l.policy_set",
    "_l.misused",
    "_l.running_loop",
    "_l.ask",
    "_l.answered",
    "_l.loop_set",
    "_l.no_loop",
    "_l.thread",
    "_l.task",
    "_l.in_thread",
    "_l.in_child",
    "_l.in_child_for_each",
    "_l.escape",
    "_l.is_coroutine_function",
    "_l.is_coroutine",
    "_l.reduce",
    "_l.import_module",
    "_l.reload",
    "_l.run_path",
    "_l.run_module",
    "_l.current_thread",
    "_l.main_thread",
    "_l.current_process",
    "_l.parent_process",
    "_l.absent",
    "_l.enter",
    "_l.leave",
    "_l.framework",
    "_l.allow_nesting",
    "_l.run_tests",
    "_l.class_data",
    "_l.bare_instance",
    "_l.use",
    "_l.is_hosted_by",
];

impl<'p> Machine<'p> {
    pub fn intrinsic(&mut self, name: &str, args: Vec<Value>, _keywords: Keywords) -> Flow<Value> {
        let args: Vec<Value> = args.into_iter().map(|arg| self.settle_value(arg)).collect();
        let first = args.first().cloned().unwrap_or(Value::None);
        let text = |value: &Value| value.as_str().map(str::to_string);
        if let Some(answer) = self.surroundings(name, &args) {
            return Ok(answer);
        }
        Ok(match name {
            "unknown" => {
                let label = text(&first).unwrap_or_default();
                self.named_unknown(&label)
            }
            "is_unknown" => Value::Bool(first.is_unknown()),
            "unknown_text" => Value::str("unknown"),
            "exit_now" => return Err(Stop::Exit),
            "loop_created" => {
                if let Some(id) = first.as_id() {
                    let created = self.sites().last().copied();
                    let by_policy = !self.state.asking.is_empty();
                    let made_by = self.called_as();
                    let policy_set = self.state.policy_set;
                    self.state.loops.insert(id, LoopInfo { created, made_by, by_policy, policy_set });
                    self.note(|machine| StepKind::Created { kind: machine.loop_kind(&first).0, by_policy });
                }
                Value::None
            }
            "run_loop" => {
                let awaitable = args.get(1).cloned().unwrap_or(Value::None);
                return self.run_loop(first, awaitable);
            }
            "policy_set" => {
                let policy = policy_kind(self, &first);
                self.state.policy_set = self.sites().last().copied();
                self.state.policy_unset = policy == PolicyKind::Default;
                let by = self.state.framework.as_ref().map(|name| Arc::from(&**name));
                self.record(EventKind::PolicySet { policy, by });
                Value::None
            }
            "misused" => {
                let given = args.get(1).cloned().unwrap_or(Value::None);
                Value::Bool(self.note_misuse(first.as_str().unwrap_or_default(), &given))
            }
            "loop_set" => {
                if !matches!(first, Value::None) {
                    let kind = self.loop_kind(&first).0;
                    if self.called_as().as_deref() == Some("asyncio.events.set_event_loop") {
                        self.record(EventKind::LoopSet(kind));
                    }
                }
                Value::None
            }
            "no_loop" => {
                self.record(EventKind::NoLoop);
                Value::None
            }
            "running_loop" => self.state.running.last().cloned().unwrap_or(Value::None),
            "ask" => {
                self.state.asking.push(first);
                Value::None
            }
            "answered" => {
                self.state.asking.pop();
                Value::None
            }
            "thread" => Value::Int(self.state.thread.into()),
            "allow_nesting" => {
                self.state.nesting = true;
                Value::None
            }
            "framework" => {
                self.state.framework = text(&first).map(Name::from);
                Value::None
            }
            "task" => return self.run_task(first),
            "in_thread" => {
                let (positional, keywords) = self.unpack_arguments(args.get(1), args.get(2));
                return self.in_thread(first, positional, keywords);
            }
            "in_child" => {
                let (positional, keywords) = self.unpack_arguments(args.get(1), args.get(2));
                return self.in_child(first, positional, keywords);
            }
            "in_child_for_each" => {
                let item = match args.get(1).map(|items| self.items(items)) {
                    Some(Some((items, _))) => items.into_iter().next(),
                    _ => Some(self.unknown("an item")),
                };
                match item {
                    Some(item) => {
                        let outcome = self.in_child(first, vec![item], Vec::new())?;
                        self.list(vec![outcome])
                    }
                    None => self.list(Vec::new()),
                }
            }
            "use" => {
                let name = args.get(1).and_then(text).unwrap_or_default();
                let (positional, keywords) = self.unpack_arguments(args.get(2), args.get(3));
                self.note_use_on(&name, Some(&first), &positional, &keywords);
                self.call_unknown(format!("{name}()"), positional, keywords)
            }
            "escape" => {
                self.escape_value(&first);
                Value::None
            }
            "is_coroutine_function" => match first.as_id().map(|id| self.state.heap.get(id)) {
                Some(Object::Function(function)) => {
                    Value::Bool(function.code.is_async && !function.code.is_generator)
                }
                Some(Object::Method { function: Value::Object(id), .. }) => match self.state.heap.get(*id) {
                    Object::Function(function) => Value::Bool(function.code.is_async),
                    _ => Value::Bool(false),
                },
                _ if first.is_unknown() => self.unknown("iscoroutinefunction()"),
                _ => Value::Bool(false),
            },
            "is_coroutine" => match first.as_id().map(|id| self.state.heap.get(id)) {
                Some(Object::Suspended(_)) => Value::Bool(true),
                _ if first.is_unknown() => self.unknown("iscoroutine()"),
                _ => Value::Bool(false),
            },
            "reduce" => {
                let (Some(function), Some((items, false))) =
                    (args.first(), args.get(1).and_then(|items| self.items(items)))
                else {
                    return Ok(self.unknown("reduce()"));
                };
                let mut items = items.into_iter();
                let Some(mut total) = args.get(2).cloned().or_else(|| items.next()) else {
                    return self.raise("TypeError", "reduce() of empty iterable");
                };
                for item in items {
                    total = self.call(function.clone(), vec![total, item], Vec::new())?;
                }
                total
            }
            "import_module" => return self.import_module(&args),
            "reload" => return self.reload(first),
            "class_data" => match first {
                Value::Object(class) => self.class_data(class),
                _ => self.unknown("the members of a class"),
            },
            "bare_instance" => match first {
                Value::Object(class) => {
                    self.alloc(Object::Instance { class, attributes: Names::new(), open: false })
                }
                _ => self.unknown("an instance"),
            },
            "run_path" => match text(&first) {
                Some(path) => {
                    let name = args.get(1).and_then(text).unwrap_or_else(|| "<run_path>".into());
                    return self.run_file(&path, &name);
                }
                None => self.unknown("run_path()"),
            },
            "run_module" => match text(&first) {
                Some(module) => {
                    let name = args.get(1).and_then(text).unwrap_or_else(|| module.clone());
                    return self.run_module(&module, &name);
                }
                None => self.unknown("run_module()"),
            },
            "absent" => Value::NotImplemented,
            "enter" => return self.enter(&first),
            "leave" => {
                self.leave(&first, None)?;
                Value::None
            }
            "run_tests" => return self.run_tests(),
            _ => self.unknown(format!("_loopcheck.{name}")),
        })
    }

    /// An unknown of the world outside the program: asked twice by the same name, the same.
    pub fn named_unknown(&mut self, label: &str) -> Value {
        let outside = Unknown { id: 0, label: "".into(), options: None };
        self.derive(&outside, label, label.to_string())
    }

    fn unpack_arguments(&mut self, args: Option<&Value>, kwargs: Option<&Value>) -> (Vec<Value>, Keywords) {
        let mut keywords = Keywords::new();
        let positional = match args.map(|args| self.items(args)) {
            Some(Some((items, open))) => {
                if open {
                    keywords.push(("*".into(), Value::None));
                }
                items
            }
            _ => {
                keywords.push(("*".into(), Value::None));
                Vec::new()
            }
        };
        match kwargs.and_then(Value::as_id).map(|id| self.state.heap.get(id)) {
            Some(Object::Dict(mapping)) => {
                for (key, value) in &mapping.entries {
                    if let Value::Str(name) = key {
                        keywords.push((name.clone(), value.clone()));
                    }
                }
                if mapping.open {
                    keywords.push(("**".into(), Value::None));
                }
            }
            _ => keywords.push(("**".into(), Value::None)),
        }
        (positional, keywords)
    }

    /// The attributes of a class body that are neither functions nor private, as pairs of name and value.
    fn class_data(&mut self, class: u32) -> Value {
        let Object::Class(object) = self.state.heap.get(class) else { return self.list(Vec::new()) };
        let names = self.state.heap.scope(object.scope).clone();
        let plain = |value: &Value| match value {
            Value::Object(id) => !matches!(
                self.state.heap.get(*id),
                Object::Function(_)
                    | Object::Class(_)
                    | Object::Property(_)
                    | Object::StaticMethod(_)
                    | Object::ClassMethod(_)
            ),
            _ => true,
        };
        let pairs = names
            .iter()
            .filter(|(name, value)| !name.starts_with('_') && plain(value))
            .map(|(name, value)| Value::tuple(vec![Value::Str(name.clone()), value.clone()]))
            .collect();
        self.list(pairs)
    }

    /// Calls a function of a stub.
    pub fn call_stub(&mut self, module: &str, name: &str, args: Vec<Value>) -> Flow<Value> {
        let module = self.import(module)?;
        let function = self.attribute(module, name)?;
        self.call(function, args, Vec::new())
    }
}
