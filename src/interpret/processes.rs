//! Spawned processes: a fresh machine that runs the main module again, then its target.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::entry::{Launch, Process};
use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Flow, Machine, Stop};
use crate::interpret::rows::Settings;
use crate::interpret::state::Heap;
use crate::interpret::steps::{Block, StepKind};
use crate::interpret::value::{Id, Mapping, Names, Object, Sequence, Value};
use crate::ir::Name;

impl<'p> Machine<'p> {
    /// Calls a function in a spawned child; errors there end the child alone. Gives what the function
    /// returns and, where it raises one of Python's own exceptions or the main module fails in the
    /// child, that: who waits for the result gets the exception.
    pub fn in_child(&mut self, function: Value, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        if self.preparing {
            return self.raise("RuntimeError", "An attempt has been made to start a new process before the current process has finished its bootstrapping phase");
        }
        let mut settings = Settings::from([("function".into(), function)]);
        for (index, arg) in args.into_iter().enumerate() {
            settings.insert(format!("{index:03}").into(), arg);
        }
        for (name, value) in keywords {
            settings.insert(format!("={name}").into(), value);
        }
        let (mut begun, mut error) = (false, None);
        let result = self.spawn(settings, |machine, mut settings| {
            begun = true;
            let function = settings.remove("function").unwrap_or(Value::None);
            let mut args = Vec::new();
            let mut keywords = Keywords::new();
            for (name, value) in settings {
                match name.strip_prefix('=') {
                    Some(name) => keywords.push((name.into(), value)),
                    None => args.push(value),
                }
            }
            machine.call(function, args, keywords).inspect_err(|stop| {
                if let Stop::Raise(raised) = stop {
                    error = machine.own_error(raised);
                }
            })
        })?;
        let error = match error {
            Some((class, message)) => self.exception(&class, message),
            None if begun => Value::None,
            // `BrokenProcessPool` is one; a `Pool` waits for ever.
            None => self.exception("RuntimeError", "a child ended before it came to its work"),
        };
        Ok(Value::tuple(vec![result, error]))
    }

    /// The class and the message of an exception whose class Python brings along.
    fn own_error(&self, error: &Value) -> Option<(Name, Arc<str>)> {
        let Object::Instance { class, attributes, .. } = self.state.heap.get(error.as_id()?) else {
            return None;
        };
        let Object::Class(class) = self.state.heap.get(*class) else { return None };
        let message = match attributes.get("args") {
            Some(Value::Tuple(args)) => args.first().and_then(Value::as_str).unwrap_or_default(),
            _ => "",
        };
        (*class.module == *"builtins").then(|| (class.name.clone(), message.into()))
    }

    /// Runs `body` in a fresh process, with what can be carried over of `settings`.
    pub fn spawn(
        &mut self,
        settings: Settings,
        body: impl FnOnce(&mut Machine<'p>, Settings) -> Flow<Value>,
    ) -> Flow<Value> {
        self.note(|_| StepKind::Open(Block::Child));
        let parent = self.state.clone();
        let process = std::mem::replace(&mut self.process, Process::Child);
        self.state = self.fresh.clone();
        self.state.events = parent.events.clone();
        self.state.log = parent.log.clone();
        self.state.facts = parent.facts.clone();
        self.state.next_unknown = parent.next_unknown;
        let bodies = std::mem::take(&mut self.bodies);
        self.state.processes = parent.processes + 1;
        let number = std::mem::replace(&mut self.process_number, self.state.processes);
        let result = self.child(&parent, settings, body);
        self.bodies = bodies;
        // Where ways of the child had ended is of no use to the parent, whose memory is its own.
        self.cut_off.clear();
        let child = std::mem::replace(&mut self.state, parent);
        (self.process, self.process_number) = (process, number);
        self.state.processes = child.processes;
        self.state.events = child.events;
        self.state.log = child.log;
        self.note(|_| StepKind::Close);
        self.state.facts = child.facts;
        self.state.next_unknown = child.next_unknown;
        // Ways that split in the child must not give their later objects the same addresses.
        self.state.heap.pad_to(child.heap.len());
        match result {
            Err(Stop::Bound(bound)) => Err(Stop::Bound(bound)),
            _ => Ok(self.unknown("the result of a child process")),
        }
    }

    fn child(
        &mut self,
        parent: &crate::interpret::state::State,
        settings: Settings,
        body: impl FnOnce(&mut Machine<'p>, Settings) -> Flow<Value>,
    ) -> Flow<Value> {
        self.customize_site()?;
        if self.runs_main_again() {
            self.preparing = true;
            let prepared = self.load("__mp_main__", self.root.module, None);
            self.preparing = false;
            let id = prepared?;
            self.state.modules.insert("__main__".into(), id);
        }
        let mut carried = Settings::new();
        let mut seen = BTreeMap::new();
        for (name, value) in settings {
            let value = self.carry(&parent.heap, value, &mut seen, 0)?;
            carried.insert(name, value);
        }
        body(self, carried)
    }

    /// Script path and `-m package.module`: yes. A package's `__main__.py` and console scripts: no.
    fn runs_main_again(&self) -> bool {
        match self.root.launch {
            Launch::Script => self.project.modules[self.root.module].host().is_none(),
            Launch::Module => {
                let path = &self.project.modules[self.root.module].path;
                path.file_name().is_none_or(|name| name != "__main__.py")
            }
            _ => false,
        }
    }

    /// A value as the child gets it: plain data as it is, functions and classes by name.
    fn carry(
        &mut self,
        heap: &Heap,
        value: Value,
        seen: &mut BTreeMap<Id, Value>,
        depth: usize,
    ) -> Flow<Value> {
        let id = match value {
            Value::Object(id) => id,
            Value::Tuple(items) => {
                let mut carried = Vec::new();
                for item in items.iter() {
                    carried.push(self.carry(heap, item.clone(), seen, depth + 1)?);
                }
                return Ok(Value::tuple(carried));
            }
            Value::Unknown(mut unknown) => {
                Rc::make_mut(&mut unknown).options = None;
                return Ok(Value::Unknown(unknown));
            }
            plain => return Ok(plain),
        };
        if let Some(done) = seen.get(&id) {
            return Ok(done.clone());
        }
        if depth > 8 {
            return Ok(self.unknown("a value handed to a child process"));
        }
        let carried = match heap.get(id) {
            Object::Function(function) => {
                let module = match heap.scope(function.globals).get("__name__") {
                    Some(Value::Str(module)) => module.clone(),
                    _ => return Ok(self.unknown(&*function.qualname)),
                };
                self.by_name(&module, &function.qualname)?
            }
            Object::Class(class) => match class.row {
                Some(_) => {
                    self.row_attribute(&format!("{}.{}", class.module, class.name))?.unwrap_or(Value::None)
                }
                None => self.by_name(&class.module, &class.qualname)?,
            },
            Object::Module(module) => self.import(&module.name)?,
            Object::Method { function, receiver } => {
                let name: Name = match function.as_id().map(|id| heap.get(id)) {
                    Some(Object::Function(function)) => function.code.name.clone(),
                    _ => return Ok(self.unknown("a method handed to a child process")),
                };
                let receiver = self.carry(heap, receiver.clone(), seen, depth + 1)?;
                self.attribute(receiver, &name)?
            }
            Object::Instance { class, attributes, open } => {
                let class = self.carry(heap, Value::Object(*class), seen, depth + 1)?;
                let Some(class) =
                    class.as_id().filter(|class| matches!(self.state.heap.get(*class), Object::Class(_)))
                else {
                    return Ok(self.unknown("an object handed to a child process"));
                };
                let made = self.alloc(Object::Instance { class, attributes: Names::new(), open: *open });
                seen.insert(id, made.clone());
                for (name, value) in attributes.clone() {
                    let value = self.carry(heap, value, seen, depth + 1)?;
                    self.set_plain(&made, &name, value);
                }
                made
            }
            Object::List(sequence) => {
                let mut items = Vec::new();
                for item in sequence.items.clone() {
                    items.push(self.carry(heap, item, seen, depth + 1)?);
                }
                self.alloc(Object::List(Sequence { items, open: sequence.open }))
            }
            Object::Dict(mapping) => {
                let mut entries = Vec::new();
                for (key, value) in mapping.entries.clone() {
                    let value = self.carry(heap, value, seen, depth + 1)?;
                    entries.push((key, value));
                }
                self.alloc(Object::Dict(Mapping { entries, open: mapping.open }))
            }
            _ => self.unknown("a value handed to a child process"),
        };
        seen.insert(id, carried.clone());
        Ok(carried)
    }

    /// A function or class by the name under which it is pickled.
    fn by_name(&mut self, module: &str, qualname: &str) -> Flow<Value> {
        let module = if module == "__main__" && self.state.modules.contains_key("__mp_main__") {
            "__mp_main__"
        } else {
            module
        };
        let mut found = self.import(module)?;
        for part in qualname.split('.') {
            found = self.attribute(found, part)?;
        }
        Ok(found)
    }
}
