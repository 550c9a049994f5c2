//! What a program can ask of its surroundings: platform, Python, environment, paths, thread and process.

use crate::entry::Process;
use crate::interpret::machine::{Machine, Unit};
use crate::interpret::value::{ClassObject, Mapping, Names, Object, Sequence, Value};
use crate::interpret::world::Platform;
use crate::ir::{Name, Span};

impl<'p> Machine<'p> {
    /// The answer to a question a stub asks by name; `None` where it is no question about the surroundings.
    pub fn surroundings(&mut self, name: &str, args: &[Value]) -> Option<Value> {
        let first = args.first().cloned().unwrap_or(Value::None);
        let text = |value: &Value| value.as_str().map(str::to_string);
        let world = self.world;
        let (major, minor) = world.python;
        if matches!(name, "platform" | "os_name" | "system" | "platform_platform" | "uname") {
            self.platform_reads += 1;
        }
        Some(match name {
            "platform" => Value::str(world.platform.sys_platform()),
            "os_name" => Value::str(world.platform.os_name()),
            "system" => Value::str(world.platform.system()),
            "platform_platform" => Value::str(match world.platform {
                Platform::Windows => "Windows-10-10.0.19045-SP0",
                Platform::Linux => "Linux-6.1.0-x86_64-with-glibc2.36",
                Platform::Darwin => "macOS-14.4-arm64-arm-64bit",
            }),
            "version" => Value::str(format!("{major}.{minor}.0")),
            "version_in" => {
                let specifiers = args.get(1).and_then(text).and_then(|text| text.parse().ok());
                match (text(&first), specifiers) {
                    (Some(package), Some(specifiers)) => {
                        Value::Bool(world.packages.version_in(&package, &specifiers))
                    }
                    _ => self.unknown("the version of a package"),
                }
            }
            "is_hosted_by" => {
                let host = self.project.modules[self.root.module].host();
                Value::Bool(host.is_some_and(|host| Some(&*host.program) == first.as_str()))
            }
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
            "sys_modules" => self.alloc(Object::Dict(Mapping { entries: Vec::new(), open: true })),
            "argv" => {
                let script = self.project.modules[self.root.module].path.to_string_lossy().into_owned();
                let items = vec![Value::str(script)];
                self.alloc(Object::List(Sequence { items, open: true }))
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
            "current_thread" | "main_thread" => {
                let id = if name == "main_thread" { 0 } else { self.state.thread };
                let shown = if id == 0 { "MainThread".to_string() } else { format!("Thread-{id}") };
                self.thread_object(id, &shown)
            }
            "current_process" => {
                let shown = match self.process {
                    Process::Parent => "MainProcess",
                    Process::Child => "SpawnProcess-1",
                };
                let shown = Value::str(shown);
                self.record_of("Process", &["name"], shown, Vec::new())
            }
            "parent_process" => match self.process {
                Process::Parent => Value::None,
                Process::Child => self.unknown("parent_process()"),
            },
            _ => return None,
        })
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
        let class = self.alloc(Object::Class(ClassObject {
            name: class.into(),
            qualname: class.into(),
            module: "".into(),
            bases: Vec::new(),
            scope,
            unit: Unit::Text,
            span: Span::default(),
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
