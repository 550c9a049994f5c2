//! The policy under which a function runs that no root reaches.
//!
//! Such a function runs, if ever, in a process that one of the programs started. Where all programs
//! that load its module have set the same policy by then, it runs under that one.

use std::collections::BTreeSet;

use crate::entry::{Launch, Process};
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::trace::{EventKind, PathTrace, PolicyKind, RootTrace, Site};
use crate::platform::Platform;

/// What the programs that load a module leave in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inherited {
    Default,
    /// No program is seen to load it, and those of its package set none.
    #[default]
    Unseen,
    /// The Selector policy, set at this place.
    Selector(Site),
    /// The programs differ, or it is a policy that nothing is known about.
    Differs,
}

impl Inherited {
    /// The same policy may be set in several places.
    fn is_like(&self, other: &Inherited) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// The policy on Windows in the programs that load `module`; else in those of its package. A program that
/// loads other parts of the package, and is not followed to its end, may load it as well.
pub fn inherited(programs: &[&RootTrace], module: usize, same_package: impl Fn(usize) -> bool) -> Inherited {
    let started = |trace: &&RootTrace| {
        matches!(
            trace.root.launch,
            Launch::Script | Launch::Module | Launch::ConsoleScript | Launch::Launcher
        )
    };
    let started = || programs.iter().copied().filter(started);
    let loading: BTreeSet<Inherited> =
        started().filter(|trace| trace.modules.contains(&module)).filter_map(left_by).collect();
    let differs_where_cut_short = |left: &Inherited| {
        let cut_short =
            started().filter(|trace| trace.incomplete.is_some() && !trace.modules.contains(&module));
        let mut others = cut_short.filter(|trace| left_by(trace).is_some_and(|other| !other.is_like(left)));
        others.any(|trace| trace.modules.iter().any(|loaded| same_package(*loaded)))
    };
    if loading.iter().any(differs_where_cut_short) {
        return Inherited::Differs;
    }
    let is_unseen = loading.is_empty();
    let left = if is_unseen {
        started().filter(|trace| same_package(trace.root.module)).filter_map(left_by).collect()
    } else {
        loading
    };
    let one_place = left.iter().filter(|left| matches!(left, Inherited::Selector(_))).count();
    match left.len() {
        0 => Inherited::Unseen,
        1 if is_unseen && left.contains(&Inherited::Default) => Inherited::Unseen,
        // Several places may set the same policy.
        all if all == one_place => left.into_iter().next().unwrap_or_default(),
        1 => left.into_iter().next().unwrap_or_default(),
        _ => Inherited::Differs,
    }
}

/// The policy at the end of the ways through one program that came to something.
fn left_by(trace: &RootTrace) -> Option<Inherited> {
    let ways: BTreeSet<Inherited> = trace
        .paths_on(Platform::Windows)
        .filter(|path| !path.events.is_empty() || path.died.is_none())
        .map(left_on)
        .collect();
    match ways.len() {
        0 => None,
        1 => ways.into_iter().next(),
        _ => Some(Inherited::Differs),
    }
}

fn left_on(path: &PathTrace) -> Inherited {
    let sets = path.events.iter().rev().filter(|event| event.process == Process::Parent);
    let last = sets.filter_map(|event| match &event.kind {
        EventKind::PolicySet { policy, .. } => Some((*policy, event.site)),
        _ => None,
    });
    match last.into_iter().next() {
        None | Some((PolicyKind::Default | PolicyKind::Proactor, _)) => Inherited::Default,
        Some((PolicyKind::Selector, Some(site))) => Inherited::Selector(site),
        Some(_) => Inherited::Differs,
    }
}

impl Machine<'_> {
    /// Puts a policy in place that the program set before.
    pub fn inherit(&mut self, inherited: Inherited) -> Flow<()> {
        match inherited {
            Inherited::Default => return Ok(()),
            Inherited::Unseen => return self.customize_site(),
            _ if self.world.platform != Platform::Windows => return Ok(()),
            _ => {}
        }
        let asyncio = self.import("asyncio")?;
        let policy = match inherited {
            Inherited::Selector(site) => {
                self.state.policy_set = Some(site);
                match self.find_attribute(&asyncio, "WindowsSelectorEventLoopPolicy")? {
                    Some(class) => self.call(class, Vec::new(), Vec::new())?,
                    None => return Ok(()),
                }
            }
            _ => self.unknown("the policy, which is not the same in all programs that use this module"),
        };
        if let Some(events) = self.state.modules.get("asyncio.events").copied() {
            let scope = self.module_scope(events);
            self.state.heap.scope_mut(scope).insert("_event_loop_policy".into(), policy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::interpret::machine::Unit;
    use crate::interpret::trace::{Event, Root};
    use crate::ir::Span;

    fn program(module: usize, loads: &[usize], policies: &[PolicyKind]) -> RootTrace {
        let root = Root { module, launch: Launch::Script, function: None };
        let site = Some(Site { unit: Unit::Project(module), span: Span::default() });
        let events = policies
            .iter()
            .map(|policy| {
                Arc::new(Event {
                    kind: EventKind::PolicySet { policy: *policy, by: None },
                    site,
                    stack: Vec::new(),
                    process: Process::Parent,
                    process_number: 0,
                    thread: 0,
                    loops_before: 0,
                    inside_loop: false,
                    called_back: false,
                })
            })
            .collect();
        let path = PathTrace {
            platform: Platform::Windows,
            frozen: false,
            assumed: Vec::new(),
            events,
            died: None,
            steps: Vec::new(),
        };
        RootTrace { paths: vec![path], modules: loads.iter().copied().collect(), ..RootTrace::new(root) }
    }

    #[test]
    fn the_programs_that_load_a_module_decide() {
        let selector = program(0, &[0, 7], &[PolicyKind::Selector]);
        let other = program(1, &[1], &[]);
        let found = inherited(&[&selector, &other], 7, |_| false);
        assert!(matches!(found, Inherited::Selector(site) if site.unit == Unit::Project(0)));
    }

    #[test]
    fn programs_that_differ_leave_it_open() {
        let selector = program(0, &[7], &[PolicyKind::Selector]);
        let plain = program(1, &[7], &[]);
        assert_eq!(inherited(&[&selector, &plain], 7, |_| false), Inherited::Differs);
    }

    #[test]
    fn a_program_that_was_given_up_may_load_it_too() {
        let plain = program(1, &[1, 7], &[]);
        let selector = program(0, &[0, 8], &[PolicyKind::Selector]);
        let given_up = RootTrace { incomplete: Some("too large".into()), ..selector.clone() };
        let same_package = |module| module == 7 || module == 8;
        assert_eq!(inherited(&[&selector, &plain], 7, same_package), Inherited::Default);
        assert_eq!(inherited(&[&given_up, &plain], 7, same_package), Inherited::Differs);
        assert_eq!(inherited(&[&given_up, &plain], 7, |module| module == 7), Inherited::Default);
    }

    #[test]
    fn what_was_set_back_does_not_count() {
        let back = program(0, &[7], &[PolicyKind::Selector, PolicyKind::Default]);
        assert_eq!(inherited(&[&back], 7, |_| false), Inherited::Default);
    }

    #[test]
    fn what_no_program_loads_is_unseen_unless_its_package_sets_a_policy() {
        let tool = program(1, &[1], &[]);
        assert_eq!(inherited(&[&tool], 7, |module| module == 1), Inherited::Unseen);
        assert_eq!(inherited(&[&tool], 7, |_| false), Inherited::Unseen);
        let loads_it = program(1, &[1, 7], &[]);
        assert_eq!(inherited(&[&loads_it], 7, |_| false), Inherited::Default);
    }

    #[test]
    fn without_a_program_that_loads_it_the_package_decides() {
        let main = program(0, &[0], &[PolicyKind::Selector]);
        let tool = program(1, &[1], &[]);
        let found = inherited(&[&main, &tool], 7, |module| module == 0);
        assert!(matches!(found, Inherited::Selector(_)));
    }
}
