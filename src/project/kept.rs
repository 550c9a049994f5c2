//! Which lowered modules are kept in memory.
//!
//! Most modules of a large tree are scripts and tests that run once, or belong to a package whose
//! scripts have all been run. The IR of a module is several times as large as its text, so that only
//! what was asked for of late is kept; the rest is made again from the text when somebody asks.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ir;

/// Texts of so many bytes together are kept as IR in any case.
const ROOM: usize = 4 << 20;

/// Counts what is kept, for all modules of an analysis.
#[derive(Debug)]
pub struct Kept {
    /// The bytes of the texts whose IR there is.
    held: AtomicUsize,
    /// How many it may be until something is let go.
    room: AtomicUsize,
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
        Kept { held: AtomicUsize::new(0), room: AtomicUsize::new(ROOM) }
    }
}

impl Kept {
    /// Lets go of what nobody asked for since the last time, if more is kept than there is room for. What
    /// is used gets as much room as it needs, and a quarter more.
    pub fn let_go<'s>(&self, slots: impl Iterator<Item = &'s Slot>) {
        if self.held.load(Ordering::Relaxed) <= self.room.load(Ordering::Relaxed) {
            return;
        }
        // Threads that come by meanwhile have nothing to do.
        self.room.store(usize::MAX, Ordering::Relaxed);
        slots.for_each(Slot::let_go);
        let held = self.held.load(Ordering::Relaxed);
        self.room.store(ROOM.max(held + held / 4), Ordering::Relaxed);
    }
}

impl Slot {
    /// `size` is that of the text in bytes.
    pub fn new(kept: Arc<Kept>, size: usize, code: ir::Module) -> Slot {
        kept.held.fetch_add(size, Ordering::Relaxed);
        let code = Mutex::new(Some(Arc::new(code)));
        Slot { kept, size, code, idle: AtomicU32::new(0), patience: AtomicU32::new(1) }
    }

    /// The module, made by `lower` where it was let go.
    pub fn get(&self, lower: impl FnOnce() -> ir::Module) -> Arc<ir::Module> {
        let mut code = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        self.idle.store(0, Ordering::Relaxed);
        let made = code.get_or_insert_with(|| {
            self.kept.held.fetch_add(self.size, Ordering::Relaxed);
            self.patience.fetch_add(self.patience.load(Ordering::Relaxed), Ordering::Relaxed);
            Arc::new(lower())
        });
        made.clone()
    }

    fn let_go(&self) {
        // Who holds the lock is using it.
        let Ok(mut code) = self.code.try_lock() else { return };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_is_let_go_and_made_again() {
        let kept = Arc::new(Kept::default());
        let slots =
            [ROOM, ROOM / 2, ROOM / 4].map(|size| Slot::new(kept.clone(), size, ir::Module::default()));
        let held = || slots.each_ref().map(|slot| slot.code.lock().is_ok_and(|code| code.is_some()));
        // All are new.
        kept.let_go(slots.iter());
        assert_eq!(held(), [true; 3]);
        // There is room for as much again, and a quarter.
        slots[1].get(ir::Module::default);
        let more = Slot::new(kept.clone(), ROOM, ir::Module::default());
        kept.let_go(slots.iter());
        assert_eq!(held(), [false, true, false]);
        let mut made = false;
        slots[0].get(|| {
            made = true;
            ir::Module::default()
        });
        assert!(made && held()[0]);
        drop((more, slots));
        assert_eq!(kept.held.load(Ordering::Relaxed), 0);
    }
}
