//! A root's trace seen from its run calls: which loops each one started, where and on which way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::entry::{LoopKind, Process};
use crate::interpret::trace::{Event, PathTrace, RootTrace, Run, Site};
use crate::platform::Platform;

/// Everything one call started.
#[derive(Clone, Debug)]
pub struct Reached<'t> {
    pub site: Site,
    pub process: Process,
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
    let mut calls: BTreeMap<(Site, Process), Vec<Start<'_>>> = BTreeMap::new();
    for path in &trace.paths {
        for event in &path.events {
            if let (Some(site), Some(run)) = (event.site, event.run()) {
                let start = Start { path, event, run };
                calls.entry((site, event.process)).or_default().push(start);
            }
        }
    }
    calls.into_iter().map(|((site, process), starts)| Reached { site, process, starts }).collect()
}

impl<'t> Reached<'t> {
    pub fn on(&self, platform: Platform) -> impl Iterator<Item = &Start<'t>> {
        self.starts.iter().filter(move |start| start.path.platform == platform)
    }

    /// The loops on a platform, each once, in order.
    pub fn kinds(&self, platform: Platform) -> Vec<LoopKind> {
        let mut kinds: Vec<LoopKind> = self.on(platform).map(|start| start.run.kind).collect();
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
        self.on(Platform::Windows).next().or(self.starts.first())
    }
}

impl Start<'_> {
    /// What was assumed on this way that matters to the call, in words.
    pub fn assumed(&self) -> Vec<Arc<str>> {
        self.path.assumed.clone()
    }
}
