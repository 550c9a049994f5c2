//! A root's trace seen from its run calls: which loops each one started, where and on which way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::entry::LoopKind;
use crate::interpret::merge::MERGED;
use crate::interpret::trace::{Event, PathTrace, RootTrace, Run, Site};
use crate::platform::Platform;

/// Everything one call started.
#[derive(Clone, Debug)]
pub struct Reached<'t> {
    pub site: Site,
    pub starts: Vec<Start<'t>>,
}

/// One start of a loop.
#[derive(Clone, Copy, Debug)]
pub struct Start<'t> {
    pub path: &'t PathTrace,
    pub event: &'t Event,
    pub run: &'t Run,
}

/// The calls that start loops, in the order of their places.
pub fn reached(trace: &RootTrace) -> Vec<Reached<'_>> {
    let mut calls: BTreeMap<Site, Vec<Start<'_>>> = BTreeMap::new();
    for path in &trace.paths {
        for event in &path.events {
            if let (Some(site), Some(run)) = (event.site, event.run()) {
                let start = Start { path, event, run };
                calls.entry(site).or_default().push(start);
            }
        }
    }
    calls.into_iter().map(|(site, starts)| Reached { site, starts }).collect()
}

/// The call at this place, if it starts a loop.
pub fn reached_at(trace: &RootTrace, site: Site) -> Option<Reached<'_>> {
    let mut starts = Vec::new();
    for path in &trace.paths {
        let here = path.events.iter().filter(|event| event.site == Some(site));
        starts.extend(here.filter_map(|event| Some(Start { path, event, run: event.run()? })));
    }
    (!starts.is_empty()).then_some(Reached { site, starts })
}

/// Whether a person can read an assumption: choices among merged values have no words of their own.
pub fn is_meant(label: &str) -> bool {
    !label.starts_with(MERGED)
}

impl<'t> Reached<'t> {
    pub fn on(&self, platform: Platform) -> impl Iterator<Item = &Start<'t>> {
        self.starts.iter().filter(move |start| start.path.platform == platform)
    }

    /// The starts on a platform of the program as it stands; of the frozen program where there are no others.
    pub fn usual(&self, platform: Platform) -> impl Iterator<Item = &Start<'t>> {
        let only_frozen = self.on(platform).all(|start| start.path.frozen);
        self.on(platform).filter(move |start| only_frozen || !start.path.frozen)
    }

    /// The loops on a platform, each once, in order.
    pub fn kinds(&self, platform: Platform) -> Vec<LoopKind> {
        let mut kinds: Vec<LoopKind> = self.usual(platform).map(|start| start.run.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// The loop on a platform in one word.
    pub fn kind(&self, platform: Platform) -> LoopKind {
        match self.kinds(platform).as_slice() {
            [] => LoopKind::None,
            [one] => *one,
            many if many.contains(&LoopKind::Unknown) => LoopKind::Unknown,
            _ => LoopKind::Depends,
        }
    }

    /// The start that is told of: the first one on Windows, else the first one.
    pub fn example(&self) -> Option<&Start<'t>> {
        self.usual(Platform::Windows).next().or(self.starts.first())
    }
}

impl Start<'_> {
    /// What was assumed on this way that matters to the call, in words.
    pub fn assumed(&self) -> Vec<Arc<str>> {
        self.path.assumed.iter().filter(|label| is_meant(label)).cloned().collect()
    }
}
