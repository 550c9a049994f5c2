//! A typed view of what stands in `rules/`: runner rows, stubs of the standard library, rule pages.

mod hosts;
mod needs;
pub mod pages;
mod runners;
mod silencers;
pub mod stdlib;
mod stubs;

use std::collections::BTreeMap;
use std::iter;

use rustc_hash::FxHashSet;

use crate::files::{Needle, Needles};

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

    /// What makes a file worth reading: a package of the runner table, and one of its ways to start or
    /// choose a loop. Classes count as ways, since the methods of an object may be called elsewhere.
    pub fn needles(&self) -> Needles {
        let mut packages: BTreeMap<&str, Needle> = BTreeMap::new();
        fn add(words: &mut Vec<String>, more: &[&str]) {
            words.extend(more.iter().map(|word| word.to_string()));
        }
        let (functions, ways): (Vec<&str>, Vec<&str>) =
            OF_ASYNCIO.iter().partition(|name| ["run", "Runner"].contains(name));
        let asyncio = packages.entry("asyncio").or_default();
        add(&mut asyncio.functions, &functions);
        // The module that defines them.
        add(&mut asyncio.functions, &["runners"]);
        add(&mut asyncio.ways, &ways);
        let tests = "IsolatedAsyncioTestCase";
        add(&mut packages.entry(tests).or_default().ways, &[tests]);
        for name in self.runners.rows.iter().flat_map(|row| iter::once(&row.name).chain(&row.aliases)) {
            let parts: Vec<&str> = name.split('.').collect();
            match parts[..] {
                [package, function] => add(&mut packages.entry(package).or_default().functions, &[function]),
                [package, .., last] => {
                    let is_class = |part: &&str| part.starts_with(char::is_uppercase);
                    let mut words: Vec<&str> = parts.iter().copied().filter(is_class).collect();
                    words.push(last);
                    add(&mut packages.entry(package).or_default().ways, &words);
                }
                _ => {}
            }
        }
        // Importing such a module may be enough.
        for stub in self.stubs.packages() {
            match stub.module.split_once('.') {
                Some((package, rest)) => {
                    let words: Vec<&str> =
                        rest.split('.').next_back().into_iter().chain(stub.names()).collect();
                    add(&mut packages.entry(package).or_default().ways, &words);
                }
                None => packages.entry(stub.module).or_default().by_import = true,
            }
        }
        let named = |(package, needle): (&str, Needle)| Needle { package: package.to_owned(), ..needle };
        Needles { packages: packages.into_iter().map(named).collect(), alone: vec!["loopcheck".into()] }
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
