//! Faults of our own: caught where they concern one file, so that the others are still checked.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is said about a file in which loopcheck panicked.
pub const MESSAGE: &str = "loopcheck itself failed here; please report it with this file at \
                           https://github.com/loopcheck/loopcheck/issues";

/// Does work that concerns one file; nothing where it panics.
pub fn caught<T>(stage: &str, file: &str, work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| {
        asked_for(stage, file);
        work()
    }))
    .ok()
}

/// A test asks for a fault with `LOOPCHECK_FAULT=run:main.py`; a release has no such switch.
#[cfg(debug_assertions)]
fn asked_for(stage: &str, file: &str) {
    let wanted = std::env::var("LOOPCHECK_FAULT");
    assert!(wanted.is_err() || wanted != Ok(format!("{stage}:{file}")), "a test asked for this fault");
}

#[cfg(not(debug_assertions))]
fn asked_for(_: &str, _: &str) {}
