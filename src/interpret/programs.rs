//! Other code that stubs run: threads, tasks, modules by name, test classes.

use crate::interpret::calls::Keywords;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::steps::{Block, StepKind};
use crate::interpret::value::{Object, Value};

impl<'p> Machine<'p> {
    /// Calls a function in a new thread. Gives what it returns and what it raises: who waits for the
    /// result gets the exception.
    pub fn in_thread(&mut self, function: Value, args: Vec<Value>, keywords: Keywords) -> Flow<Value> {
        let mut error = Value::None;
        let result = self.on_new_thread(|machine| {
            machine.call(function, args, keywords).inspect_err(|stop| {
                if let Stop::Raise(raised) = stop {
                    error = raised.clone();
                }
            })
        })?;
        Ok(Value::tuple(vec![result, error]))
    }

    /// Runs `body` as a new thread does: loops are a thread's own, the policy is everybody's.
    pub fn on_new_thread(&mut self, body: impl FnOnce(&mut Machine<'p>) -> Flow<Value>) -> Flow<Value> {
        self.note(|_| StepKind::Open(Block::Thread));
        let running = std::mem::take(&mut self.state.running);
        let thread = self.state.thread;
        self.state.threads += 1;
        self.state.thread = self.state.threads;
        let result = body(self);
        self.state.running = running;
        self.state.thread = thread;
        self.note(|_| StepKind::Close);
        match result {
            Err(Stop::Bound(bound)) => Err(Stop::Bound(bound)),
            // What is raised in a thread ends the thread alone.
            Err(_) => Ok(self.unknown("the result of a thread")),
            Ok(value) => Ok(value),
        }
    }

    /// Runs a coroutine as a task: it may never end without holding up its creator.
    pub fn run_task(&mut self, coroutine: Value) -> Flow<Value> {
        match self.wait_for(coroutine) {
            Ok(value) => Ok(value),
            Err(Stop::Bound(bound)) => Err(Stop::Bound(bound)),
            Err(_) => Ok(self.unknown("the result of a task")),
        }
    }

    pub fn import_module(&mut self, args: &[Value]) -> Flow<Value> {
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

    /// `importlib.reload()`: the module runs again, in the names it has.
    pub fn reload(&mut self, module: Value) -> Flow<Value> {
        let Some(Object::Module(object)) = module.as_id().map(|id| self.state.heap.get(id).clone()) else {
            return Ok(self.call_unknown("importlib.reload()".into(), vec![module], Vec::new()));
        };
        if let Some(Unit::Project(index)) = object.unit
            && let Ok(code) = self.project.modules[index].code()
        {
            self.exec_module(Unit::Project(index), object.scope, &code.body)?;
        }
        Ok(module)
    }

    pub fn run_file(&mut self, path: &str, name: &str) -> Flow<Value> {
        let path = self.project.root.join(path);
        match self.project.module_at(&path) {
            Some(module) => {
                self.load(name, module, None)?;
                Ok(self.unknown("runpy.run_path()"))
            }
            None => Ok(self.call_unknown("runpy.run_path()".into(), Vec::new(), Vec::new())),
        }
    }

    pub fn run_module(&mut self, module: &str, name: &str) -> Flow<Value> {
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
    pub fn run_tests(&mut self) -> Flow<Value> {
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
}
