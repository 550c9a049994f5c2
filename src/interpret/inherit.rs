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

/// A program that people start, and what it leaves in place on Windows.
pub struct Program<'t> {
    trace: &'t RootTrace,
    left: Inherited,
}

impl<'t> Program<'t> {
    /// Nothing for what nobody starts, and for what comes to nothing.
    pub fn of(trace: &'t RootTrace) -> Option<Program<'t>> {
        let is_started = matches!(
            trace.root.launch,
            Launch::Script | Launch::Module | Launch::ConsoleScript | Launch::Launcher
        );
        let left = if is_started { left_by(trace) } else { None };
        left.map(|left| Program { trace, left })
    }
}

/// The policy on Windows in the programs that load `module`; else in those of its package. A program that
/// loads other parts of the package, and is not followed to its end, may load it as well.
pub fn inherited(programs: &[Program<'_>], module: usize, same_package: impl Fn(usize) -> bool) -> Inherited {
    let loads = |program: &&Program<'_>| program.trace.modules.contains(&module);
    let is_of_package = |program: &&Program<'_>| same_package(program.trace.root.module);
    let mut left: BTreeSet<Inherited> = programs.iter().filter(loads).map(|program| program.left).collect();
    let is_unseen = left.is_empty();
    if is_unseen {
        left.extend(programs.iter().filter(is_of_package).map(|program| program.left));
    }
    let Some(first) = left.first().copied() else { return Inherited::Unseen };
    let may_differ = |program: &Program<'_>| {
        program.trace.incomplete.is_some()
            && !program.left.is_like(&first)
            && program.trace.modules.iter().any(|loaded| same_package(*loaded))
    };
    if !left.iter().all(|left| left.is_like(&first)) || (!is_unseen && programs.iter().any(may_differ)) {
        return Inherited::Differs;
    }
    if is_unseen && first == Inherited::Default { Inherited::Unseen } else { first }
}

impl Inherited {
    /// The same policy may be set in several places.
    fn is_like(&self, other: &Inherited) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
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

    fn inherited_from(programs: &[&RootTrace], module: usize, same_package: fn(usize) -> bool) -> Inherited {
        let programs: Vec<Program<'_>> = programs.iter().filter_map(|trace| Program::of(trace)).collect();
        inherited(&programs, module, same_package)
    }

    #[test]
    fn the_programs_that_load_a_module_decide() {
        let selector = program(0, &[0, 7], &[PolicyKind::Selector]);
        let other = program(1, &[1], &[]);
        let found = inherited_from(&[&selector, &other], 7, |_| false);
        assert!(matches!(found, Inherited::Selector(site) if site.unit == Unit::Project(0)));
    }

    #[test]
    fn programs_that_differ_leave_it_open() {
        let selector = program(0, &[7], &[PolicyKind::Selector]);
        let plain = program(1, &[7], &[]);
        assert_eq!(inherited_from(&[&selector, &plain], 7, |_| false), Inherited::Differs);
    }

    #[test]
    fn a_program_that_was_given_up_may_load_it_too() {
        let plain = program(1, &[1, 7], &[]);
        let selector = program(0, &[0, 8], &[PolicyKind::Selector]);
        let given_up = RootTrace { incomplete: Some("too large".into()), ..selector.clone() };
        let same_package = |module: usize| module == 7 || module == 8;
        assert_eq!(inherited_from(&[&selector, &plain], 7, same_package), Inherited::Default);
        assert_eq!(inherited_from(&[&given_up, &plain], 7, same_package), Inherited::Differs);
        assert_eq!(inherited_from(&[&given_up, &plain], 7, |module| module == 7), Inherited::Default);
    }

    #[test]
    fn what_was_set_back_does_not_count() {
        let back = program(0, &[7], &[PolicyKind::Selector, PolicyKind::Default]);
        assert_eq!(inherited_from(&[&back], 7, |_| false), Inherited::Default);
    }

    #[test]
    fn what_no_program_loads_is_unseen_unless_its_package_sets_a_policy() {
        let tool = program(1, &[1], &[]);
        assert_eq!(inherited_from(&[&tool], 7, |module| module == 1), Inherited::Unseen);
        assert_eq!(inherited_from(&[&tool], 7, |_| false), Inherited::Unseen);
        let loads_it = program(1, &[1, 7], &[]);
        assert_eq!(inherited_from(&[&loads_it], 7, |_| false), Inherited::Default);
    }

    #[test]
    fn without_a_program_that_loads_it_the_package_decides() {
        let main = program(0, &[0], &[PolicyKind::Selector]);
        let tool = program(1, &[1], &[]);
        let found = inherited_from(&[&main, &tool], 7, |module| module == 0);
        assert!(matches!(found, Inherited::Selector(_)));
    }
}
