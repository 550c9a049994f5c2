//! Which lowered modules are kept in memory.
//!
//! Most modules of a large tree are scripts and tests that run once, or belong to a package whose
//! scripts have all been run. The IR of a module is several times as large as its text, so that only
//! what was asked for of late is kept; the rest is made again from the text when somebody asks.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::ir::{self, Stmt, StmtKind};

/// Texts of so many bytes together are kept as IR in any case.
const ROOM: usize = 4 << 20;

/// What is kept of all modules of an analysis.
#[derive(Debug)]
pub struct Kept {
    /// The bytes of the texts whose IR there is.
    held: AtomicUsize,
    /// How many it may be until something is let go.
    room: AtomicUsize,
    slots: Mutex<Vec<Weak<Slot>>>,
}

/// The IR of one module, or the place where it was.
#[derive(Debug)]
pub struct Slot {
    kept: Arc<Kept>,
    /// Bytes of the text.
    size: usize,
    code: Mutex<Option<Arc<ir::Module>>>,
    /// How often things were let go since somebody asked for it.
    idle: AtomicU32,
    /// How often that may be. What had to be made again is kept for longer the next time.
    patience: AtomicU32,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { held: AtomicUsize::new(0), room: AtomicUsize::new(ROOM), slots: Mutex::default() }
    }
}

impl Kept {
    /// Takes a module in. `size` is that of its text in bytes.
    pub fn add(self: &Arc<Kept>, size: usize, code: ir::Module) -> Arc<Slot> {
        let code = Mutex::new(Some(Arc::new(code)));
        let (kept, idle, patience) = (self.clone(), AtomicU32::new(0), AtomicU32::new(1));
        let slot = Arc::new(Slot { kept, size, code, idle, patience });
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&slot));
        self.hold(size);
        slot
    }

    /// Counts so many bytes more. If it is more than there is room for, what nobody asked for since the
    /// last time is let go; what is used gets as much room as it needs, and a quarter more.
    fn hold(&self, size: usize) {
        let held = self.held.fetch_add(size, Ordering::Relaxed) + size;
        if held <= self.room.load(Ordering::Relaxed) {
            return;
        }
        // Where another thread is at it, this one has nothing to do.
        let Ok(mut slots) = self.slots.try_lock() else { return };
        slots.retain(|slot| slot.upgrade().map(|slot| slot.let_go()).is_some());
        let held = self.held.load(Ordering::Relaxed);
        self.room.store(ROOM.max(held + held / 4), Ordering::Relaxed);
    }
}

impl Slot {
    /// The module, made by `lower` where it was let go.
    pub fn get(&self, lower: impl FnOnce() -> ir::Module) -> Arc<ir::Module> {
        self.idle.store(0, Ordering::Relaxed);
        let mut code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = &*code {
            return code.clone();
        }
        let made = code.insert(Arc::new(lower())).clone();
        drop(code);
        self.patience.fetch_add(self.patience.load(Ordering::Relaxed), Ordering::Relaxed);
        self.kept.hold(self.size);
        made
    }

    fn let_go(&self) {
        // Who holds the lock is using it.
        let Ok(mut code) = self.code.try_lock() else { return };
        if code.as_deref().is_some_and(|code| is_held(&code.body)) {
            return;
        }
        let idle = self.idle.fetch_add(1, Ordering::Relaxed);
        if idle >= self.patience.load(Ordering::Relaxed) && code.take().is_some() {
            self.kept.held.fetch_sub(self.size, Ordering::Relaxed);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.code.get_mut().is_ok_and(|code| code.is_some()) {
            self.kept.held.fetch_sub(self.size, Ordering::Relaxed);
        }
    }
}

/// Whether a process on paper has functions of a module, which stay as long as it does: without the module
/// there would soon be two of each.
fn is_held(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::FunctionDef(function) => Arc::strong_count(function) > 1,
        _ => ir::suites(stmt).into_iter().any(is_held),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_is_let_go_and_made_again() {
        let kept: Arc<Kept> = Arc::default();
        let add = |size| kept.add(size, ir::Module::default());
        let held = |slots: &[Arc<Slot>]| -> Vec<bool> {
            slots.iter().map(|slot| slot.code.lock().is_ok_and(|code| code.is_some())).collect()
        };
        let mut slots = vec![add(ROOM), add(ROOM / 2)];
        // All are new, and get the room they need.
        assert_eq!(held(&slots), [true, true]);
        slots[1].get(ir::Module::default);
        slots.push(add(ROOM));
        assert_eq!(held(&slots), [false, true, true]);
        let mut made = false;
        slots[0].get(|| {
            made = true;
            ir::Module::default()
        });
        assert!(made && held(&slots)[0]);
        drop(slots);
        assert_eq!(kept.held.load(Ordering::Relaxed), 0);
    }
}
