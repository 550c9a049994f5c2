//! A typed view of what stands in `rules/`: runner rows, stubs of the standard library, rule pages.

mod hosts;
mod needs;
pub mod pages;
mod runners;
mod silencers;
pub mod stdlib;
mod stubs;

use rustc_hash::FxHashSet;

pub use hosts::{Host, Hosts};
pub use needs::{Need, Needed, Needs};
pub use runners::{
    Case, Condition, Creates, InChild, InLoop, Kind, Knob, LoopTable, Row, Runners, Takes, Versions, Where,
};
pub use silencers::{Silencer, SilencerKind, Silencers};
pub use stubs::{Stub, Stubs};

/// What of the standard library starts or chooses a loop, or is one.
pub const OF_ASYNCIO: [&str; 16] = [
    "run",
    "Runner",
    "run_until_complete",
    "run_forever",
    "new_event_loop",
    "get_event_loop",
    "set_event_loop",
    "set_event_loop_policy",
    "get_event_loop_policy",
    "DefaultEventLoopPolicy",
    "WindowsSelectorEventLoopPolicy",
    "WindowsProactorEventLoopPolicy",
    "SelectorEventLoop",
    "ProactorEventLoop",
    "EventLoop",
    "IsolatedAsyncioTestCase",
];

/// Everything the paper run knows about code outside the project. Read once, on first use.
#[derive(Debug)]
pub struct Knowledge {
    pub runners: Runners,
    pub stubs: Stubs,
    pub needs: Needs,
    pub silencers: Silencers,
    pub hosts: Hosts,
    /// The last parts of the names of everything that starts a loop, chooses one, or needs a certain one.
    words: FxHashSet<String>,
}

impl Knowledge {
    /// Whether something of this name may start a loop, choose one, or need a certain one.
    pub fn starts_or_chooses(&self, name: &str) -> bool {
        self.words.contains(name)
    }

    /// The tables bundled with loopcheck.
    pub fn bundled() -> &'static Knowledge {
        static BUNDLED: std::sync::OnceLock<Knowledge> = std::sync::OnceLock::new();
        BUNDLED.get_or_init(|| {
            let (runners, needs) = (Runners::bundled(), Needs::bundled());
            let choosers = ["set_event_loop_policy", "set_event_loop"].into_iter();
            let words =
                runners.last_words().chain(needs.last_words()).chain(choosers).map(str::to_string).collect();
            Knowledge {
                stubs: Stubs::bundled(),
                silencers: Silencers::bundled(),
                hosts: Hosts::bundled(),
                words,
                runners,
                needs,
            }
        })
    }
}
