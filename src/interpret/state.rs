//! Everything a paper run changes: the heap, what is imported, what is running, what has happened.
//!
//! A state is cloned wherever the run splits, so the heap is shared in chunks and copied on write.

use imbl::{OrdMap, OrdSet, Vector};
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::trace::{Event, Site};
use crate::interpret::value::{Id, Names, Object, Value};
use crate::ir::Name;

/// Where a loop object comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopInfo {
    pub created: Option<Site>,
    /// A policy made it.
    pub by_policy: bool,
}

const CHUNK: usize = 64;

#[derive(Clone, Default)]
pub struct State {
    pub heap: Heap,
    /// `sys.modules`: name to module object.
    pub modules: OrdMap<Name, Id>,
    /// What was decided about an unknown: which of its ways was taken.
    pub facts: OrdMap<u64, usize>,
    /// How many unknowns were counted.
    pub next_unknown: u64,
    pub events: Vector<Arc<Event>>,
    /// The loops that run now, innermost last, of the current thread.
    pub running: Vec<Value>,
    /// The thread that runs now; 0 is the main thread.
    pub thread: u32,
    /// Threads started so far.
    pub threads: u32,
    /// `nest_asyncio` allows a loop to run inside a loop.
    pub nesting: bool,
    /// What is known about each loop object.
    pub loops: OrdMap<Id, LoopInfo>,
    /// Where the policy in force was set.
    pub policy_set: Option<Site>,
    /// The framework that acts on its own account right now.
    pub framework: Option<Name>,
    /// The policies being asked for a loop right now.
    pub asking: Vec<Value>,
    /// Functions handed to code we do not see; they may run later.
    pub escaped: OrdSet<Id>,
    /// How often something happened that may raise although we go on.
    pub may_raise: u32,
}

/// Objects by address. Cloning costs one reference count per [`CHUNK`] objects.
#[derive(Clone, Default)]
pub struct Heap {
    chunks: Vec<Rc<Vec<Rc<Object>>>>,
    len: usize,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn alloc(&mut self, object: Object) -> Id {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Rc::new(Vec::with_capacity(CHUNK)));
        }
        Rc::make_mut(&mut self.chunks[self.len / CHUNK]).push(Rc::new(object));
        self.len += 1;
        (self.len - 1) as Id
    }

    pub fn get(&self, id: Id) -> &Object {
        &self.chunks[id as usize / CHUNK][id as usize % CHUNK]
    }

    pub fn get_mut(&mut self, id: Id) -> &mut Object {
        Rc::make_mut(&mut Rc::make_mut(&mut self.chunks[id as usize / CHUNK])[id as usize % CHUNK])
    }

    /// Grows to `len` objects, so that what another way of the run allocated has addresses of its own.
    pub fn pad_to(&mut self, len: usize) {
        while self.len < len {
            self.alloc(Object::Scope(Names::new()));
        }
    }

    /// Takes over the objects of `other` in the given range of addresses.
    pub fn adopt(&mut self, other: &Heap, range: std::ops::Range<usize>) {
        for id in range {
            let object = other.chunks[id / CHUNK][id % CHUNK].clone();
            if id < self.len {
                Rc::make_mut(&mut self.chunks[id / CHUNK])[id % CHUNK] = object;
            } else {
                self.alloc(Object::Scope(Names::new()));
                Rc::make_mut(&mut self.chunks[id / CHUNK])[id % CHUNK] = object;
            }
        }
    }

    /// The addresses below `limit` whose objects differ between the two heaps, found by sharing.
    pub fn changed(&self, other: &Heap, limit: usize) -> Vec<Id> {
        let mut changed = Vec::new();
        for (index, (a, b)) in self.chunks.iter().zip(&other.chunks).enumerate() {
            if Rc::ptr_eq(a, b) {
                continue;
            }
            for (offset, (x, y)) in a.iter().zip(b.iter()).enumerate() {
                let id = index * CHUNK + offset;
                if id < limit && !Rc::ptr_eq(x, y) {
                    changed.push(id as Id);
                }
            }
        }
        changed
    }

    pub fn scope(&self, id: Id) -> &Names {
        match self.get(id) {
            Object::Scope(names) => names,
            // Scopes are only ever allocated as scopes, and never replaced by anything else.
            other => unreachable!("address {id} is no scope: {other:?}"),
        }
    }

    pub fn scope_mut(&mut self, id: Id) -> &mut Names {
        match self.get_mut(id) {
            Object::Scope(names) => names,
            other => unreachable!("address {id} is no scope: {other:?}"),
        }
    }
}
