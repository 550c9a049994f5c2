//! What is there before the first line of a program runs: builtins, and the module stubs speak through.

use std::cell::OnceCell;

use crate::interpret::builtins;
use crate::interpret::intrinsics;
use crate::interpret::machine::{Machine, Unit};
use crate::interpret::state::State;
use crate::interpret::value::{Id, ModuleObject, Names, Object, Value};
use crate::ir::Name;

thread_local! {
    /// What a fresh process starts from. No builtin asks about the world, so it is the same for every root.
    static FRESH: OnceCell<State> = const { OnceCell::new() };
}

/// Where the scope of `builtins` is on every heap: it is the first thing there.
pub const BUILTINS: Id = 0;

/// Fills a fresh state.
pub fn install(machine: &mut Machine<'_>) {
    FRESH.with(|fresh| {
        if fresh.get().is_none() {
            fill(machine);
        }
        machine.state = fresh.get_or_init(|| std::mem::take(&mut machine.state)).clone();
    });
}

fn fill(machine: &mut Machine<'_>) {
    let names: Names = builtins::NAMES.iter().map(|name| (Name::from(*name), Value::Builtin(name))).collect();
    let scope = machine.scope(names);
    debug_assert_eq!(scope, BUILTINS);
    add(machine, "builtins", scope);
    let names: Names =
        intrinsics::NAMES.iter().map(|name| (Name::from(&name[3..]), Value::Builtin(name))).collect();
    let scope = machine.scope(names);
    add(machine, "_loopcheck", scope);
    if let Some(stub) = machine.knowledge.stubs.find("builtins")
        && let Some(id) = machine.state.modules.get("builtins").copied()
    {
        let scope = machine.module_scope(id);
        machine.state.heap.scope_mut(scope).insert("__name__".into(), Value::str("builtins"));
        let knowledge = machine.knowledge;
        // The stub only defines classes; it cannot fail.
        let _ = machine.exec_module(Unit::Stub(stub), scope, &knowledge.stubs.lowered(stub).body);
    }
}

fn add(machine: &mut Machine<'_>, name: &str, scope: u32) {
    let module = ModuleObject { name: name.into(), scope, open: false, unit: None, path: None };
    let id = machine.state.heap.alloc(Object::Module(module));
    machine.state.modules.insert(name.into(), id);
}
