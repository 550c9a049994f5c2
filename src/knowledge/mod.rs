//! A typed view of what stands in `rules/`: runner rows, stubs of the standard library, rule pages.

mod needs;
pub mod pages;
mod runners;
pub mod stdlib;
mod stubs;

pub use needs::{Need, Needed, Needs};
pub use runners::{
    Case, Condition, Creates, InChild, InLoop, Kind, Knob, LoopTable, Row, Runners, Takes, Versions, Where,
};
pub use stubs::{Stub, Stubs};

/// Everything the paper run knows about code outside the project. Read once, on first use.
#[derive(Debug)]
pub struct Knowledge {
    pub runners: Runners,
    pub stubs: Stubs,
    pub needs: Needs,
}

impl Knowledge {
    /// The tables bundled with loopcheck.
    pub fn bundled() -> &'static Knowledge {
        static BUNDLED: std::sync::OnceLock<Knowledge> = std::sync::OnceLock::new();
        BUNDLED.get_or_init(|| Knowledge {
            runners: Runners::bundled(),
            stubs: Stubs::bundled(),
            needs: Needs::bundled(),
        })
    }
}
