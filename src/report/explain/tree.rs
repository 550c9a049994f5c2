//! The steps of a way as blocks, and which of them are worth showing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::Explained;
use crate::interpret::reach::is_meant;
use crate::interpret::steps::{Block, End, Step, StepKind};
use crate::interpret::trace::{PathTrace, Site};

/// A step with what happens inside it.
pub struct Node<'a> {
    pub step: &'a Step,
    pub inside: Vec<Node<'a>>,
    pub shown: bool,
}

/// Which steps are shown.
#[derive(Clone, Copy)]
pub enum Choice<'a> {
    All,
    /// Those that lead to something, and these conditions.
    Telling {
        guards: &'a Guards,
    },
}

/// Conditions that one platform answers in another way than the others.
#[derive(Default)]
pub struct Guards {
    pub differing: BTreeSet<Site>,
    /// Those that lead to something on one of the platforms: they are shown on all.
    pub leading: BTreeSet<Site>,
}

/// The blocks of a way, each marked as shown or not.
pub fn chosen<'a>(explained: &'a Explained, path: &'a PathTrace, choice: Choice<'_>) -> Vec<Node<'a>> {
    let mut nodes = tree(&path.steps);
    put_first_import_inside(&mut nodes);
    let mut chooser = Chooser {
        explained,
        path,
        choice,
        bound: path.steps.iter().any(|step| matches!(step.kind, StepKind::End(End::Bound(_)))),
        death: death(&path.steps),
        calls_left: path.steps.iter().filter(|step| is_call(explained, step)).count(),
        over: false,
        later: false,
    };
    chooser.mark_all(&mut nodes);
    nodes
}

/// The import that a program begins with is followed once for many programs, before they run.
fn put_first_import_inside(nodes: &mut Vec<Node<'_>>) {
    let is_program = |node: &Node<'_>| {
        node.step.site.is_none() && matches!(node.step.kind, StepKind::Open(Block::Module(..)))
    };
    if let Some(program) = nodes.iter().position(is_program) {
        let imported: Vec<Node<'_>> = nodes.drain(..program).collect();
        nodes[0].inside.splice(0..0, imported);
    }
}

/// The exception that ended the way, where it was first raised.
pub fn death(steps: &[Arc<Step>]) -> Option<&Step> {
    let end = steps.iter().position(|step| matches!(step.kind, StepKind::End(_)))?;
    let StepKind::End(End::Died(error, wanted)) = &steps[end].kind else { return None };
    let is_it = |step: &&Arc<Step>| match &step.kind {
        StepKind::Raised { error: text, id } => match wanted {
            Some(_) => id == wanted,
            None => text == error,
        },
        _ => false,
    };
    steps[..end].iter().find(is_it).map(|step| &**step)
}

/// Blocks with what is inside them.
pub fn tree(steps: &[Arc<Step>]) -> Vec<Node<'_>> {
    let mut open: Vec<Node<'_>> = Vec::new();
    let mut done: Vec<Node<'_>> = Vec::new();
    for step in steps {
        let node = match step.kind {
            StepKind::Open(_) => {
                open.push(Node { step, inside: Vec::new(), shown: true });
                continue;
            }
            StepKind::Close => match open.pop() {
                Some(node) => node,
                None => continue,
            },
            _ => Node { step, inside: Vec::new(), shown: true },
        };
        open.last_mut().map_or(&mut done, |outer| &mut outer.inside).push(node);
    }
    // A way that was cut off leaves blocks open.
    while let Some(node) = open.pop() {
        open.last_mut().map_or(&mut done, |outer| &mut outer.inside).push(node);
    }
    done
}

/// The step starts a loop at the call that is explained.
pub fn is_call(explained: &Explained, step: &Step) -> bool {
    match (&step.kind, &explained.entry) {
        (StepKind::Event(event), Some((_, call))) => event.run().is_some() && event.site == Some(*call),
        _ => false,
    }
}

struct Chooser<'a, 'c> {
    explained: &'a Explained,
    path: &'a PathTrace,
    choice: Choice<'c>,
    /// The way was cut off, so what it assumed last is not among what was assumed to its end.
    bound: bool,
    death: Option<&'a Step>,
    /// Starts at the explained call that are still to come.
    calls_left: usize,
    /// They are all behind us.
    over: bool,
    /// The program has ended.
    later: bool,
}

impl Chooser<'_, '_> {
    /// Marks nodes; says whether one of them makes what is around it worth showing.
    fn mark_all(&mut self, nodes: &mut [Node<'_>]) -> bool {
        let mut any = false;
        for node in nodes {
            any |= self.mark(node);
        }
        any
    }

    fn mark(&mut self, node: &mut Node<'_>) -> bool {
        let Choice::Telling { guards } = self.choice else { return true };
        let (over, later) = (self.over, self.later);
        let leads = self.mark_all(&mut node.inside);
        let step = node.step;
        let asked = self.is_asked(step) && !later;
        let (shown, counts) = match &step.kind {
            StepKind::End(_) => (!later, !over && !later),
            // Where the run goes on to the call that is explained, this is by the way.
            StepKind::GivenUp(_) | StepKind::Skipped => {
                let counts = self.bound || self.explained.entry.is_none();
                (!later && (counts || !over), counts && !over && !later)
            }
            StepKind::Raised { .. } if self.is_death(step) => (true, !over),
            StepKind::Event(_) => (!over, !over),
            _ if over => (leads, leads),
            _ if later => (leads, leads),
            StepKind::Open(Block::Test { .. }) => {
                let among = |sites: &BTreeSet<Site>| step.site.is_some_and(|site| sites.contains(&site));
                let counts = leads || asked || among(&guards.leading);
                (counts || among(&guards.differing), counts)
            }
            StepKind::Open(Block::Child) => (true, true),
            StepKind::Open(_) => (leads || asked, leads || asked),
            StepKind::Decided(_) | StepKind::Created { .. } => (true, true),
            StepKind::Assumed(label) => {
                let shown = is_meant(label) && self.is_assumed(label);
                (shown, shown && !self.bound)
            }
            StepKind::Raised { .. } | StepKind::Unseen(_) | StepKind::Caught(_) => (asked, asked),
            StepKind::Aside(_) | StepKind::Close => (false, false),
        };
        node.shown = shown;
        if !counts && matches!(step.kind, StepKind::Open(_)) {
            hide_lesser(&mut node.inside);
        }
        if is_call(self.explained, step) {
            self.calls_left -= 1;
            self.over |= self.calls_left == 0;
        }
        self.later |= matches!(step.kind, StepKind::End(_));
        counts
    }

    fn is_death(&self, step: &Step) -> bool {
        self.death.is_some_and(|death| std::ptr::eq(death, step))
    }

    /// The step belongs to the statement that was asked about.
    fn is_asked(&self, step: &Step) -> bool {
        match (self.explained.about, step.site) {
            (Some(about), Some(site)) => about.unit == site.unit && about.span.contains(site.span),
            _ => false,
        }
    }

    /// The way goes by this assumption; others were found to make no difference.
    fn is_assumed(&self, label: &str) -> bool {
        // What a region assumed is joined by commas.
        let within = |all: &str| {
            let mut parts = all.match_indices(label).map(|(at, _)| (&all[..at], &all[at + label.len()..]));
            parts.any(|(before, after)| {
                (before.is_empty() || before.ends_with(", ")) && (after.is_empty() || after.starts_with(", "))
            })
        };
        self.bound || self.path.assumed.iter().any(|assumed| within(assumed))
    }
}

/// What is only worth showing beside something else is hidden where there is nothing else.
fn hide_lesser(nodes: &mut [Node<'_>]) {
    for node in nodes {
        node.shown &=
            matches!(node.step.kind, StepKind::End(_) | StepKind::GivenUp(_) | StepKind::Raised { .. });
        hide_lesser(&mut node.inside);
    }
}
