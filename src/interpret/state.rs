//! Everything a paper run changes: the heap, what is imported, what is running, what has happened.
//!
//! A state is cloned wherever the run splits, so the heap is shared in chunks and copied on write.

use imbl::shared_ptr::RcK;
use imbl::{GenericHashMap, GenericOrdMap, GenericOrdSet, GenericVector};
use rustc_hash::FxBuildHasher;
use std::rc::Rc;
use std::sync::Arc;

use crate::interpret::machine::Stop;
use crate::interpret::steps::Log;
use crate::interpret::trace::{Event, Site};
use crate::interpret::value::{Id, Names, Object, Value};
use crate::ir::Name;

/// Where a loop object comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopInfo {
    pub created: Option<Site>,
    /// What the project called to get it, dotted.
    pub made_by: Option<Arc<str>>,
    /// A policy made it.
    pub by_policy: bool,
    /// Where the policy was set that was in force then.
    pub policy_set: Option<Site>,
}

/// A state stays on its thread, so its parts are counted without locks.
type OrdMap<K, V> = GenericOrdMap<K, V, RcK>;
type OrdSet<T> = GenericOrdSet<T, RcK>;
pub type Facts = OrdMap<u64, usize>;
pub type Events = GenericVector<Arc<Event>, RcK>;

#[derive(Clone, Default)]
pub struct State {
    pub heap: Heap,
    /// `sys.modules`: name to module object.
    pub modules: GenericHashMap<Name, Id, FxBuildHasher, RcK>,
    /// What was decided about an unknown: which of its ways was taken.
    pub facts: Facts,
    /// How many unknowns were counted.
    pub next_unknown: u64,
    pub events: Events,
    /// What was done, when a record is kept.
    pub log: Log,
    /// The loops that run now, innermost last, of the current thread.
    pub running: Vec<Value>,
    /// The thread that runs now; 0 is the main thread.
    pub thread: u32,
    /// Threads started so far.
    pub threads: u32,
    /// Processes spawned so far.
    pub processes: u32,
    /// `nest_asyncio` allows a loop to run inside a loop.
    pub nesting: bool,
    /// What is known about each loop object.
    pub loops: OrdMap<Id, LoopInfo>,
    /// Where the policy in force was set.
    pub policy_set: Option<Site>,
    /// It was `None`: the policy is the default one again, made when it is asked for.
    pub policy_unset: bool,
    /// The framework that acts on its own account right now.
    pub framework: Option<Name>,
    /// The policies being asked for a loop right now.
    pub asking: Vec<Value>,
    /// Functions handed to code we do not see; they may run later.
    pub escaped: OrdSet<Id>,
    /// How the code was left that a generator, at its address, handed a value to.
    pub left: Vec<(Id, Stop)>,
    /// The names, with their scopes, that hold what the platform decided.
    pub platform_names: OrdMap<Name, OrdSet<Id>>,
    /// How often something happened that may raise although we go on.
    pub may_raise: u32,
}

/// Objects in a chunk, and chunks in a page.
const FAN: usize = 32;
const PAGE: usize = FAN * FAN;

type Chunk = Rc<Vec<Rc<Object>>>;
type Page = Rc<Vec<Chunk>>;

/// Objects by address. Cloning costs one reference count per [`PAGE`] objects.
#[derive(Clone, Default)]
pub struct Heap {
    pages: Vec<Page>,
    len: usize,
    /// What is found where no scope is.
    nothing: Names,
}

thread_local! {
    /// Addresses that another way of the run uses, and a whole chunk of them.
    static VACANT: (Rc<Object>, Chunk) = {
        let vacant = Rc::new(Object::Vacant);
        (vacant.clone(), Rc::new(vec![vacant; FAN]))
    };
}

impl Heap {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn alloc(&mut self, object: Object) -> Id {
        self.push(Rc::new(object));
        (self.len - 1) as Id
    }

    fn push(&mut self, object: Rc<Object>) {
        if self.len.is_multiple_of(FAN) {
            self.push_chunk(Rc::new(Vec::with_capacity(FAN)));
        }
        let page = Rc::make_mut(&mut self.pages[self.len / PAGE]);
        let chunk = &mut page[self.len % PAGE / FAN];
        match Rc::get_mut(chunk) {
            Some(objects) => objects.push(object),
            None => {
                // A plain clone would have no room for what comes next.
                let mut objects = Vec::with_capacity(FAN);
                objects.extend(chunk.iter().cloned());
                objects.push(object);
                *chunk = Rc::new(objects);
            }
        }
        self.len += 1;
    }

    /// Adds an empty or a full chunk where one begins.
    fn push_chunk(&mut self, chunk: Chunk) {
        if self.len.is_multiple_of(PAGE) {
            self.pages.push(Rc::new(Vec::with_capacity(FAN)));
        }
        Rc::make_mut(&mut self.pages[self.len / PAGE]).push(chunk);
    }

    pub fn get(&self, id: Id) -> &Object {
        let id = id as usize;
        &self.pages[id / PAGE][id % PAGE / FAN][id % FAN]
    }

    /// An object to look at while the heap changes.
    pub fn share(&self, id: Id) -> Rc<Object> {
        let id = id as usize;
        self.pages[id / PAGE][id % PAGE / FAN][id % FAN].clone()
    }

    pub fn get_mut(&mut self, id: Id) -> &mut Object {
        Rc::make_mut(self.slot(id as usize))
    }

    fn slot(&mut self, id: usize) -> &mut Rc<Object> {
        let page = Rc::make_mut(&mut self.pages[id / PAGE]);
        &mut Rc::make_mut(&mut page[id % PAGE / FAN])[id % FAN]
    }

    /// Grows to `len` objects, so that what another way of the run allocated has addresses of its own.
    pub fn pad_to(&mut self, len: usize) {
        VACANT.with(|(vacant, chunk)| {
            while self.len < len {
                if self.len.is_multiple_of(FAN) && self.len + FAN <= len {
                    self.push_chunk(chunk.clone());
                    self.len += FAN;
                } else {
                    self.push(vacant.clone());
                }
            }
        });
    }

    /// Takes over the objects that only `other` has, and gives the addresses of those that both have
    /// and that differ, found by sharing.
    pub fn adopt(&mut self, other: &Heap) -> Vec<Id> {
        self.pad_to(other.len);
        let mut differ = Vec::new();
        for index in 0..other.pages.len() {
            if Rc::ptr_eq(&self.pages[index], &other.pages[index]) {
                continue;
            }
            for at in 0..other.pages[index].len() {
                let theirs = &other.pages[index][at];
                let ours = &self.pages[index][at];
                if Rc::ptr_eq(ours, theirs) || VACANT.with(|(_, vacant)| Rc::ptr_eq(theirs, vacant)) {
                    continue;
                }
                if VACANT.with(|(_, vacant)| Rc::ptr_eq(ours, vacant)) && theirs.len() == FAN {
                    Rc::make_mut(&mut self.pages[index])[at] = theirs.clone();
                    continue;
                }
                for (offset, object) in theirs.iter().enumerate() {
                    let id = index * PAGE + at * FAN + offset;
                    let mine = &self.pages[index][at][offset];
                    match (&**mine, &**object) {
                        _ if Rc::ptr_eq(mine, object) => {}
                        (_, Object::Vacant) => {}
                        (Object::Vacant, _) => *self.slot(id) = object.clone(),
                        _ => differ.push(id as Id),
                    }
                }
            }
        }
        differ
    }

    /// The addresses of objects that both heaps have and that differ, found by sharing.
    pub fn changed(&self, other: &Heap) -> Vec<Id> {
        let mut changed = Vec::new();
        for (page, (a, b)) in self.pages.iter().zip(&other.pages).enumerate() {
            if Rc::ptr_eq(a, b) {
                continue;
            }
            for (chunk, (a, b)) in a.iter().zip(b.iter()).enumerate() {
                if Rc::ptr_eq(a, b) {
                    continue;
                }
                for (offset, (x, y)) in a.iter().zip(b.iter()).enumerate() {
                    let vacant = matches!(**x, Object::Vacant) || matches!(**y, Object::Vacant);
                    if !vacant && !Rc::ptr_eq(x, y) {
                        changed.push((page * PAGE + chunk * FAN + offset) as Id);
                    }
                }
            }
        }
        changed
    }

    /// The names of a scope; of anything else, none.
    pub fn scope(&self, id: Id) -> &Names {
        match self.get(id) {
            Object::Scope(names) => names,
            _ => &self.nothing,
        }
    }

    /// The names of a scope. Whatever else stands there becomes one: it belonged to a way that was left.
    pub fn scope_mut(&mut self, id: Id) -> &mut Names {
        let object = self.get_mut(id);
        if !matches!(object, Object::Scope(_)) {
            *object = Object::Scope(Names::new());
        }
        match object {
            Object::Scope(names) => names,
            // The line above made it a scope.
            other => unreachable!("address {id} is no scope: {other:?}"),
        }
    }
}
