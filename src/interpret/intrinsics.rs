//! What stubs can ask of the machine: the module `_loopcheck`.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::VersionSpecifiers;

use crate::interpret::calls::Keywords;
use crate::interpret::loops::policy_kind;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::state::LoopInfo;
use crate::interpret::trace::EventKind;
use crate::interpret::value::{Names, Object, Unknown, Value};
use crate::interpret::world::Platform;
use crate::ir::Name;

pub const NAMES: &[&str] = &[
    "_l.unknown",
    "_l.unknown_text",
    "_l.platform",
    "_l.version_info",
    "_l.version",
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
    "_l.running_loop",
    "_l.ask",
    "_l.answered",
    "_l.loop_set",
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
    "_l.package_in",
];

impl<'p> Machine<'p> {
    pub fn intrinsic(&mut self, name: &str, args: Vec<Value>, _keywords: Keywords) -> Flow<Value> {
        let args: Vec<Value> = args.into_iter().map(|arg| self.settle_value(arg)).collect();
        let first = args.first().cloned().unwrap_or(Value::None);
        let text = |value: &Value| value.as_str().map(str::to_string);
        let world = self.world;
        let (major, minor) = world.python;
        Ok(match name {
            "unknown" => {
                let label = text(&first).unwrap_or_default();
                self.named_unknown(&label)
            }
            "unknown_text" => Value::str("unknown"),
            "platform" => Value::str(world.platform.sys_platform()),
            "os_name" => Value::str(world.platform.os_name()),
            "system" => Value::str(world.platform.system()),
            "platform_platform" => Value::str(match world.platform {
                Platform::Windows => "Windows-10-10.0.19045-SP0",
                Platform::Linux => "Linux-6.1.0-x86_64-with-glibc2.36",
                Platform::Darwin => "macOS-14.4-arm64-arm-64bit",
            }),
            "version" => Value::str(format!("{major}.{minor}.0")),
            "hexversion" => Value::Int((i64::from(major) << 24) | (i64::from(minor) << 16) | 0xf0),
            "version_info" => {
                let micro = self.named_unknown("sys.version_info.micro");
                Value::tuple(vec![
                    Value::Int(major.into()),
                    Value::Int(minor.into()),
                    micro,
                    Value::str("final"),
                    Value::Int(0),
                ])
            }
            "uname" => {
                let system = Value::str(world.platform.system());
                let rest: Vec<Value> = (0..4).map(|_| self.named_unknown("platform.uname()")).collect();
                self.record_of(
                    "uname_result",
                    &["system", "node", "release", "version", "machine", "sysname"],
                    system,
                    rest,
                )
            }
            "sys_path" => {
                let folders = self.project.search_path(&self.root);
                let items =
                    folders.iter().map(|folder| Value::str(folder.to_string_lossy().into_owned())).collect();
                self.list(items)
            }
            "sys_modules" => {
                self.alloc(Object::Dict(crate::interpret::value::Mapping { entries: Vec::new(), open: true }))
            }
            "argv" => {
                let script = self.project.modules[self.root.module].path.to_string_lossy().into_owned();
                let items = vec![Value::str(script)];
                self.alloc(Object::List(crate::interpret::value::Sequence { items, open: true }))
            }
            "cwd" => Value::str(self.project.root.to_string_lossy().into_owned()),
            "environment" => {
                let default = args.get(1).cloned();
                self.environment(&text(&first).unwrap_or_default(), default)
            }
            "in_environment" => match (text(&first).as_deref(), world.platform) {
                (
                    Some("OS" | "SystemRoot" | "SYSTEMROOT" | "windir" | "WINDIR" | "COMSPEC" | "ComSpec"),
                    platform,
                ) => Value::Bool(platform == Platform::Windows),
                (Some(key), _) => self.named_unknown(&format!("{key:?} in os.environ")),
                (None, _) => self.unknown("a key in os.environ"),
            },
            "path_text" => match &first {
                Value::Str(_) => first,
                Value::Object(id) => match self.state.heap.get(*id) {
                    Object::Instance { attributes, .. } => {
                        attributes.get("_text").cloned().unwrap_or_else(|| self.unknown("a path"))
                    }
                    _ => self.unknown("a path"),
                },
                _ => self.unknown("a path"),
            },
            "path_join" => {
                let parts: Option<Vec<String>> = args.iter().map(text).collect();
                match parts {
                    Some(parts) => Value::str(join_paths(&parts)),
                    None => self.unknown("a path"),
                }
            }
            "path_parent" => match text(&first) {
                Some(path) => Value::str(path.rsplit_once('/').map_or(String::new(), |(head, _)| {
                    if head.is_empty() { "/".to_string() } else { head.to_string() }
                })),
                None => self.unknown("a path"),
            },
            "path_name" => match text(&first) {
                Some(path) => Value::str(path.rsplit('/').next().unwrap_or_default()),
                None => self.unknown("a path"),
            },
            "path_absolute" => match text(&first) {
                Some(path) => Value::str(normalise(&self.project.root.join(path).to_string_lossy())),
                None => self.unknown("a path"),
            },
            "exit_now" => return Err(Stop::Exit),
            "loop_created" => {
                if let Some(id) = first.as_id() {
                    let created = self.sites().last().copied();
                    let by_policy = !self.state.asking.is_empty();
                    let made_by = self.called_as();
                    self.state.loops.insert(id, LoopInfo { created, made_by, by_policy });
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
                let by = self.state.framework.as_ref().map(|name| Arc::from(&**name));
                self.record(EventKind::PolicySet { policy, by });
                Value::None
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
                        let result = self.in_child(first, vec![item], Vec::new())?;
                        self.list(vec![result])
                    }
                    None => self.list(Vec::new()),
                }
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
            "reload" => first,
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
            "current_thread" | "main_thread" => {
                let id = if name == "main_thread" { 0 } else { self.state.thread };
                let shown = if id == 0 { "MainThread".to_string() } else { format!("Thread-{id}") };
                self.thread_object(id, &shown)
            }
            "current_process" => {
                let shown = match self.process {
                    crate::entry::Process::Parent => "MainProcess",
                    crate::entry::Process::Child => "SpawnProcess-1",
                };
                let shown = Value::str(shown);
                self.record_of("Process", &["name"], shown, Vec::new())
            }
            "parent_process" => match self.process {
                crate::entry::Process::Parent => Value::None,
                crate::entry::Process::Child => self.unknown("parent_process()"),
            },
            "absent" => Value::NotImplemented,
            "enter" => return self.enter(&first),
            "leave" => {
                self.leave(&first, None)?;
                Value::None
            }
            "package_in" => {
                let specifiers =
                    args.get(1).and_then(text).and_then(|text| VersionSpecifiers::from_str(&text).ok());
                match (text(&first), specifiers) {
                    (Some(package), Some(specifiers)) => {
                        Value::Bool(world.packages.version_in(&package, &specifiers))
                    }
                    _ => self.unknown("the version of a package"),
                }
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

    fn environment(&mut self, key: &str, default: Option<Value>) -> Value {
        match (key, self.world.platform) {
            ("OS", Platform::Windows) => Value::str("Windows_NT"),
            ("OS", _) => default.unwrap_or(Value::None),
            ("SystemRoot" | "SYSTEMROOT" | "windir" | "WINDIR", Platform::Windows) => {
                Value::str("C:\\Windows")
            }
            ("SystemRoot" | "SYSTEMROOT" | "windir" | "WINDIR", _) => default.unwrap_or(Value::None),
            _ => self.named_unknown(&format!("os.environ[{key:?}]")),
        }
    }

    /// An object with a few fields that can also be indexed.
    fn record_of(&mut self, class: &str, fields: &[&str], first: Value, rest: Vec<Value>) -> Value {
        let mut attributes = Names::new();
        for (index, field) in fields.iter().enumerate() {
            let value = match (index, *field) {
                (0, _) | (_, "sysname") => first.clone(),
                (index, _) => rest.get(index - 1).cloned().unwrap_or(Value::None),
            };
            attributes.insert((*field).into(), value);
        }
        let items: Vec<Value> = [first].into_iter().chain(rest).collect();
        let scope = self.scope(Names::new());
        let class = self.alloc(Object::Class(crate::interpret::value::ClassObject {
            name: class.into(),
            qualname: class.into(),
            module: "".into(),
            bases: Vec::new(),
            scope,
            unit: Unit::Text,
            span: crate::ir::Span::default(),
            row: None,
        }));
        let getter = Value::tuple(items);
        attributes.insert("__items__".into(), getter);
        match class.as_id() {
            Some(class) => self.alloc(Object::Instance { class, attributes, open: true }),
            None => Value::None,
        }
    }

    /// The same object for the same thread, so that `is` works.
    fn thread_object(&mut self, id: u32, shown: &str) -> Value {
        let Some(module) = self.state.modules.get("_loopcheck").copied() else { return Value::None };
        let scope = self.module_scope(module);
        let key: Name = format!("thread {id}").into();
        if let Some(found) = self.state.heap.scope(scope).get(&key) {
            return found.clone();
        }
        let made = self.record_of("Thread", &["name"], Value::str(shown), Vec::new());
        self.state.heap.scope_mut(scope).insert(key, made.clone());
        made
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

    /// Calls a function in a new thread: loops are a thread's own, the policy is everybody's.
    pub fn in_thread(&mut self, function: Value, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        let running = std::mem::take(&mut self.state.running);
        let thread = self.state.thread;
        self.state.threads += 1;
        self.state.thread = self.state.threads;
        let result = self.call(function, args, keywords);
        self.state.running = running;
        self.state.thread = thread;
        match result {
            Err(Stop::Bound(bound)) => Err(Stop::Bound(bound)),
            // What is raised in a thread ends the thread alone.
            Err(_) => Ok(self.unknown("the result of a thread")),
            Ok(value) => Ok(value),
        }
    }

    /// Runs a coroutine as a task: it may never end without holding up its creator.
    fn run_task(&mut self, coroutine: Value) -> Flow<Value> {
        match self.wait_for(coroutine) {
            Ok(value) => Ok(value),
            Err(Stop::Bound(bound)) => Err(Stop::Bound(bound)),
            Err(_) => Ok(self.unknown("the result of a task")),
        }
    }

    fn import_module(&mut self, args: &[Value]) -> Flow<Value> {
        let Some(Value::Str(name)) = args.first() else {
            self.state.may_raise += 1;
            return Ok(self.unknown("importlib.import_module()"));
        };
        let relative = name.strip_prefix('.');
        match (relative, args.get(1)) {
            (None, _) => self.import(name),
            (Some(_), Some(Value::Str(package))) => {
                let dots = name.len() - name.trim_start_matches('.').len();
                let mut parts: Vec<&str> = package.split('.').collect();
                for _ in 1..dots {
                    parts.pop();
                }
                let tail = name.trim_start_matches('.');
                let dotted =
                    if tail.is_empty() { parts.join(".") } else { format!("{}.{tail}", parts.join(".")) };
                self.import(&dotted)
            }
            _ => Ok(self.unknown("importlib.import_module()")),
        }
    }

    fn run_file(&mut self, path: &str, name: &str) -> Flow<Value> {
        let path = self.project.root.join(path);
        match self.project.module_at(&path) {
            Some(module) => {
                self.load(name, module, None)?;
                Ok(self.unknown("runpy.run_path()"))
            }
            None => Ok(self.call_unknown("runpy.run_path()".into(), Vec::new(), Vec::new())),
        }
    }

    fn run_module(&mut self, module: &str, name: &str) -> Flow<Value> {
        if let Some(package) = module.rsplit_once('.').map(|(package, _)| package) {
            self.import(package)?;
        }
        let folders = self.project.search_path(&self.root);
        match self.project.find_dotted(&folders, module) {
            Some((found, path)) => {
                self.load(name, found, path)?;
                Ok(self.unknown("runpy.run_module()"))
            }
            None => Ok(self.call_unknown("runpy.run_module()".into(), Vec::new(), Vec::new())),
        }
    }

    /// `unittest.main()`: every `IsolatedAsyncioTestCase` of the main module runs its loop.
    fn run_tests(&mut self) -> Flow<Value> {
        let Some(main) = self.state.modules.get("__main__").copied() else { return Ok(Value::None) };
        let names = self.state.heap.scope(self.module_scope(main)).clone();
        let base = match self.try_import("unittest")? {
            Some(module) => self.attribute(module, "IsolatedAsyncioTestCase")?,
            None => return Ok(Value::None),
        };
        for value in names.values() {
            let (Some(class), Some(base)) = (value.as_id(), base.as_id()) else { continue };
            let ours = matches!(self.state.heap.get(class), Object::Class(class) if matches!(class.unit, Unit::Project(_)));
            if ours && class != base && self.is_subclass(class, base) == Some(true) {
                self.run_test_class(class)?;
            }
        }
        Ok(Value::None)
    }

    fn run_test_class(&mut self, class: u32) -> Flow<()> {
        let factory = self.class_attribute(class, "loop_factory").map(|(factory, _)| factory);
        let made = match factory {
            Some(factory) if !matches!(factory, Value::None) && self.world.python >= (3, 13) => {
                let factory = match factory.as_id().map(|id| self.state.heap.get(id).clone()) {
                    Some(Object::StaticMethod(function)) => function,
                    _ => factory,
                };
                self.call(factory, Vec::new(), Vec::new())?
            }
            _ => self.call_stub("asyncio", "new_event_loop", Vec::new())?,
        };
        let site = match self.state.heap.get(class) {
            Object::Class(object) => self.class_site(object),
            _ => None,
        };
        self.record_tests(&made, site);
        Ok(())
    }

    /// Calls a function of a stub.
    pub fn call_stub(&mut self, module: &str, name: &str, args: Vec<Value>) -> Flow<Value> {
        let module = self.import(module)?;
        let function = self.attribute(module, name)?;
        self.call(function, args, Vec::new())
    }
}

fn join_paths(parts: &[String]) -> String {
    let mut path = String::new();
    for part in parts {
        if part.starts_with('/') || path.is_empty() {
            path = part.clone();
        } else if path.ends_with('/') {
            path.push_str(part);
        } else {
            path.push('/');
            path.push_str(part);
        }
    }
    path
}

/// Resolves `.` and `..` without asking the disk.
fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
