//! Importing: modules of the project, stubs of the standard library, packages known by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::interpret::env::Env;
use crate::interpret::machine::{Flow, Machine, Stop, Unit};
use crate::interpret::steps::{Block, StepKind};
use crate::interpret::trace::Site;
use crate::interpret::value::{Id, ModuleObject, Names, Object, Value};
use crate::interpret::world::Platform;
use crate::ir::{Alias, Name, Span};
use crate::knowledge::stdlib::is_stdlib;
use crate::project::Found;

/// Modules that are imported before any file of the project can shadow them.
const BUILT_IN: &[&str] = &["sys", "os", "builtins", "time", "_loopcheck", "os.path"];

impl<'p> Machine<'p> {
    /// `import a.b.c as d`
    pub fn exec_import(&mut self, env: &Env<'_, 'p>, alias: &Alias) -> Flow<()> {
        self.stand_at(env, alias.span);
        let module = self.import(&alias.name)?;
        match &alias.asname {
            Some(name) => self.bind(env, name, module),
            None => {
                let top: Name = alias.name.split('.').next().unwrap_or_default().into();
                let module = match self.state.modules.get(&top) {
                    Some(id) => Value::Object(*id),
                    None => module,
                };
                self.bind(env, &top, module);
            }
        }
        Ok(())
    }

    /// `from ..a import b as c`
    pub fn exec_import_from(
        &mut self,
        env: &Env<'_, 'p>,
        module: Option<&str>,
        level: u32,
        names: &[Alias],
    ) -> Flow<()> {
        if module == Some("__future__") {
            return Ok(());
        }
        let Some(dotted) = self.absolute_name(env.globals, module, level) else {
            self.state.may_raise += 1;
            for alias in names {
                let value = self.unknown(&*alias.name);
                self.bind(env, alias.asname.as_ref().unwrap_or(&alias.name), value);
            }
            return Ok(());
        };
        let module = self.import(&dotted)?;
        for alias in names {
            self.stand_at(env, alias.span);
            if &*alias.name == "*" {
                self.import_star(env, &module)?;
                continue;
            }
            let (value, holds) = self.watch(|machine| machine.import_name(&dotted, &module, &alias.name))?;
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.bind(env, name, value);
            let scope = self.home(env, name);
            self.mark_platform(scope, name, holds);
        }
        Ok(())
    }

    fn import_name(&mut self, dotted: &str, module: &Value, name: &Name) -> Flow<Value> {
        let settled = self.settle_value(module.clone());
        let object = settled.as_id().map(|id| self.state.heap.share(id));
        let Some(Object::Module(object)) = object.as_deref() else {
            return self.attribute(settled, name);
        };
        if let Some(found) = self.state.heap.scope(object.scope).get(name) {
            let found = found.clone();
            self.note_read(object.scope, name);
            return Ok(found);
        }
        let submodule = format!("{dotted}.{name}");
        // A stub's submodules are stubs; whatever else it has is an attribute.
        let stub = matches!(object.unit, Some(Unit::Stub(_)));
        if ((object.path.is_some() && !stub) || self.knowledge.stubs.find(&submodule).is_some())
            && let Some(found) = self.try_import(&submodule)?
        {
            return Ok(found);
        }
        match self.find_attribute(&settled, name)? {
            Some(found) => Ok(found),
            None if matches!(object.unit, Some(Unit::Project(_))) => {
                self.doubt("ImportError", format!("cannot import name '{name}' from '{dotted}'"))
            }
            None => self.missing(
                object.scope,
                "ImportError",
                &submodule,
                name,
                format!("cannot import name '{name}' from '{dotted}'"),
            ),
        }
    }

    fn import_star(&mut self, env: &Env<'_, 'p>, module: &Value) -> Flow<()> {
        let Some(Object::Module(object)) = module.as_id().map(|id| self.state.heap.get(id).clone()) else {
            self.open_globals(env);
            return Ok(());
        };
        let names = self.state.heap.scope(object.scope).clone();
        let all: Option<Vec<Name>> = match names.get("__all__").map(|all| self.items(all)) {
            Some(Some((items, false))) => items
                .iter()
                .map(|item| if let Value::Str(name) = item { Some(name.clone()) } else { None })
                .collect(),
            _ => None,
        };
        for (name, value) in names {
            let wanted = match &all {
                Some(all) => all.contains(&name),
                None => !name.starts_with('_'),
            };
            if wanted {
                self.bind(env, &name, value);
            }
        }
        if object.open {
            let rows: Vec<String> = self
                .knowledge
                .runners
                .below(&object.name)
                .map(|(rest, _)| rest.split('.').next().unwrap_or(rest).to_string())
                .collect();
            for name in rows {
                if let Some(found) = self.row_attribute(&format!("{}.{name}", object.name))? {
                    self.bind(env, &name.as_str().into(), found);
                }
            }
            self.open_globals(env);
        }
        Ok(())
    }

    /// After a star import from code we do not see, any name may be bound.
    fn open_globals(&mut self, env: &Env<'_, 'p>) {
        self.state.heap.scope_mut(env.globals).insert("__open__".into(), Value::Bool(true));
    }

    /// The absolute dotted name of a relative import; `None` outside a package.
    pub fn absolute_name(&self, globals: Id, module: Option<&str>, level: u32) -> Option<String> {
        if level == 0 {
            return module.map(str::to_string);
        }
        let package = match self.state.heap.scope(globals).get("__package__") {
            Some(Value::Str(package)) if !package.is_empty() => package.to_string(),
            _ => return None,
        };
        let mut parts: Vec<&str> = package.split('.').collect();
        for _ in 1..level {
            parts.pop()?;
        }
        parts.extend(module);
        Some(parts.join("."))
    }

    /// Imports a dotted module and gives back the last part; raises when it cannot be there.
    pub fn import(&mut self, dotted: &str) -> Flow<Value> {
        match self.try_import(dotted)? {
            Some(module) => Ok(module),
            None if self.cannot_be_installed(dotted) => {
                let message = format!("No module named '{dotted}'");
                self.raise_missing(dotted, "ModuleNotFoundError", message)
            }
            // Its build may make it, or its owner keeps it out of the repository.
            None if self.is_in_project_package(dotted) && !self.expects_errors() => {
                self.state.may_raise += 1;
                self.note(|_| StepKind::Unseen(dotted.into()));
                Ok(Value::Object(self.add_module(dotted, true, None, None)))
            }
            None => self.raise("ModuleNotFoundError", format!("No module named '{dotted}'")),
        }
    }

    /// Whether the innermost package around a module that is there is one of the project.
    fn is_in_project_package(&self, dotted: &str) -> bool {
        let around = dotted.rmatch_indices('.').map(|(at, _)| &dotted[..at]);
        let package = around.filter_map(|package| self.state.modules.get(package)).next();
        matches!(
            package.map(|id| self.state.heap.get(*id)),
            Some(Object::Module(ModuleObject { path: Some(_), unit: Some(Unit::Project(_)), .. }))
        )
    }

    pub fn try_import(&mut self, dotted: &str) -> Flow<Option<Value>> {
        let mut parent: Option<Id> = None;
        let mut at = 0;
        loop {
            let end = dotted[at..].find('.').map_or(dotted.len(), |dot| at + dot);
            let name = &dotted[..end];
            let Some(found) = self.import_one(name, parent)? else { return Ok(None) };
            if let Some(parent) = parent
                && let Object::Module(object) = self.state.heap.get(parent)
            {
                let (scope, last) = (object.scope, &dotted[at..end]);
                let known = self.state.heap.scope(scope).get(last).and_then(Value::as_id);
                if known != Some(found) {
                    self.state.heap.scope_mut(scope).insert(last.into(), Value::Object(found));
                }
            }
            parent = Some(found);
            if end == dotted.len() {
                return Ok(Some(Value::Object(found)));
            }
            at = end + 1;
        }
    }

    /// One step of a dotted import; `name` is dotted, its parent is imported.
    fn import_one(&mut self, name: &str, parent: Option<Id>) -> Flow<Option<Id>> {
        if let Some(found) = self.state.modules.get(name) {
            return Ok(Some(*found));
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        let folders: Vec<PathBuf> = match parent.map(|id| self.state.heap.get(id)) {
            Some(Object::Module(module)) => {
                module.path.as_ref().map(|path| path.to_vec()).unwrap_or_default()
            }
            Some(_) => Vec::new(),
            None if BUILT_IN.contains(&name) || self.as_everybody.contains(name) => Vec::new(),
            None => {
                self.looked_up.insert(name.into());
                self.sys_path()
            }
        };
        match self.project.find(&folders, last) {
            Found::Module(module) => {
                self.end_where_stuck(name)?;
                let path = self.project.package_folder(module);
                if self.hurried && self.project.modules[module].leads_nowhere() {
                    return Ok(Some(self.add_module(name, true, None, path.map(|path| vec![path].into()))));
                }
                return self.load(name, module, path).map(Some);
            }
            Found::Namespace(folders)
                if self.knowledge.stubs.find(name).is_none() && !self.is_known_package(name) =>
            {
                return Ok(Some(self.add_module(name, true, None, Some(folders.into()))));
            }
            Found::Namespace(_) | Found::Nothing => {}
        }
        if parent.is_none()
            && self.knowledge.stubs.find(name).is_none()
            && !is_stdlib(name)
            && !self.is_known_package(name)
            && let Some(module) = self.project.find_in_neighbours(name)
        {
            let path = self.project.package_folder(module);
            return self.load(name, module, path).map(Some);
        }
        if let Some(stub) = self.knowledge.stubs.find(name) {
            if self.cannot_be_installed(name) || (!is_stdlib(name) && !self.is_installed(name)?) {
                return Ok(None);
            }
            return self.load_stub(name, stub).map(Some);
        }
        match parent.map(|id| self.state.heap.get(id).clone()) {
            // A submodule of a package of the project that is not there.
            Some(Object::Module(ModuleObject { path: Some(_), open: false, .. })) => Ok(None),
            Some(Object::Module(ModuleObject { unit: Some(Unit::Stub(_)), scope, .. }))
                if self.is_missing(scope, last) =>
            {
                Ok(None)
            }
            _ if self.cannot_be_installed(name) => Ok(None),
            _ => {
                if !is_stdlib(name) {
                    if parent.is_none() && !self.is_installed(name)? {
                        return Ok(None);
                    }
                    self.state.may_raise += 1;
                }
                self.note(|_| StepKind::Unseen(name.into()));
                Ok(Some(self.add_module(name, true, None, None)))
            }
        }
    }

    pub fn is_known_package(&self, name: &str) -> bool {
        self.knowledge.runners.below(name).next().is_some()
    }

    /// In the repository of a framework itself, examples use the framework as everybody does; only its
    /// own modules are looked at from inside. Returns the frameworks that the root uses so.
    pub fn used_as_everybody(&self) -> BTreeSet<Name> {
        let file = &self.project.modules[self.root.module].path;
        let mut found = BTreeSet::new();
        for (root, package) in self.project.published() {
            let is_outside = |name: &&str| {
                ![root.join(name), root.join("src").join(name)].iter().any(|own| file.starts_with(own))
            };
            found.extend(self.knowledge.runners.imported_as(package).filter(is_outside).map(Name::from));
        }
        found
    }

    /// Standard library modules and packages that do not exist on this platform.
    fn cannot_be_installed(&self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or(name);
        match self.world.platform {
            Platform::Windows => matches!(
                top,
                "fcntl"
                    | "pwd"
                    | "grp"
                    | "termios"
                    | "tty"
                    | "pty"
                    | "resource"
                    | "posix"
                    | "syslog"
                    | "readline"
                    | "curses"
                    | "_curses"
                    | "uvloop"
                    | "crypt"
                    | "nis"
                    | "spwd"
                    | "posixshmem"
                    | "_posixsubprocess"
            ),
            _ => matches!(
                top,
                "winreg"
                    | "_winreg"
                    | "msvcrt"
                    | "winsound"
                    | "_winapi"
                    | "nt"
                    | "winloop"
                    | "win32api"
                    | "win32con"
                    | "win32gui"
                    | "win32event"
                    | "win32service"
                    | "win32serviceutil"
                    | "servicemanager"
                    | "pythoncom"
                    | "pywintypes"
                    | "wmi"
                    | "_overlapped"
            ),
        }
    }

    /// Whether a package is there; a `try` around the import makes it a question when the project does not say.
    fn is_installed(&mut self, name: &str) -> Flow<bool> {
        if self.handlers == 0 {
            return Ok(true);
        }
        let here = self.frames.last().is_some_and(|frame| frame.handlers > 0);
        match self.world.packages.presence(name) {
            Some(true) => Ok(true),
            // Many a package is imported under another name than it is installed under, and what comes
            // with another package is not always listed.
            Some(false) if self.knowledge.stubs.find(name).is_some() => Ok(false),
            Some(false) if here && self.is_known_package(name) => Ok(false),
            // The import is not what the handlers far outside were written for.
            _ if !here => Ok(true),
            _ => {
                let label = format!("{name} is installed");
                let unknown = self.named_unknown(&label);
                self.decide(&unknown, &label)
            }
        }
    }

    fn add_module(&mut self, name: &str, open: bool, unit: Option<Unit>, path: Option<Rc<[PathBuf]>>) -> Id {
        let mut names = Names::new();
        let package =
            if path.is_some() { name } else { name.rsplit_once('.').map_or("", |(package, _)| package) };
        names.insert("__name__".into(), Value::str(name));
        names.insert("__package__".into(), Value::str(package));
        names.insert("__doc__".into(), Value::None);
        names.insert("__spec__".into(), Value::None);
        let scope = self.scope(names);
        let module = ModuleObject { name: name.into(), scope, open, unit, path };
        let id = self.state.heap.alloc(Object::Module(module));
        self.state.modules.insert(name.into(), id);
        id
    }

    /// Runs a module of the project under a name.
    pub fn load(&mut self, name: &str, module: usize, path: Option<PathBuf>) -> Flow<Id> {
        let unit = Unit::Project(module);
        self.loaded.insert(module);
        let id = self.add_module(name, false, Some(unit), path.map(|path| vec![path].into()));
        let scope = self.module_scope(id);
        let file = self.project.modules[module].path.to_string_lossy().into_owned();
        self.state.heap.scope_mut(scope).insert("__file__".into(), Value::str(file));
        if let (Some(package), "__main__" | "__mp_main__") = (&self.main_package, name) {
            let package = Value::Str(package.clone());
            self.state.heap.scope_mut(scope).insert("__package__".into(), package);
        }
        let Ok(code) = self.project.modules[module].code() else {
            return self.raise("SyntaxError", "invalid syntax");
        };
        let site = Site { unit, span: Span::default() };
        let ran = self.measured(
            site,
            |_| Block::Module(name.into(), unit),
            |machine| machine.once(scope, |machine| machine.exec_module(unit, scope, &code.body)),
        );
        match ran {
            Ok(()) => Ok(id),
            Err(stop) => {
                if matches!(stop, Stop::Raise(_)) {
                    self.state.modules.remove(name);
                }
                Err(stop)
            }
        }
    }

    fn load_stub(&mut self, name: &str, stub: usize) -> Flow<Id> {
        let path = self.knowledge.stubs.is_package(name).then(|| Rc::from(Vec::new()));
        let id = self.add_module(name, true, Some(Unit::Stub(stub)), path);
        let scope = self.module_scope(id);
        let knowledge = self.knowledge;
        let handlers = std::mem::replace(&mut self.handlers, 0);
        let result = self.exec_module(Unit::Stub(stub), scope, &knowledge.stubs.lowered(stub).body);
        self.handlers = handlers;
        match result {
            Ok(()) => Ok(id),
            Err(stop) => {
                self.state.modules.remove(name);
                Err(stop)
            }
        }
    }

    pub fn module_scope(&self, id: Id) -> Id {
        match self.state.heap.get(id) {
            Object::Module(module) => module.scope,
            // Only called with addresses that `add_module` gave.
            _ => id,
        }
    }

    /// The folders of `sys.path` that the program leaves known.
    pub fn sys_path(&mut self) -> Vec<PathBuf> {
        let sys = self.state.modules.get("sys").copied();
        let list = sys.and_then(|id| self.state.heap.scope(self.module_scope(id)).get("path").cloned());
        let folders = match list.and_then(|list| self.items(&list)) {
            Some((items, _)) => items,
            None => return self.project.search_path(&self.root),
        };
        folders
            .iter()
            .filter_map(|item| match item {
                Value::Str(text) if text.is_empty() => Some(self.project.root.clone()),
                Value::Str(text) => Some(self.project.root.join(Path::new(&**text))),
                Value::Object(_) => None,
                _ => None,
            })
            .collect()
    }
}
