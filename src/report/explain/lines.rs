//! From the steps of one way to the lines that are shown of it.

use std::sync::Arc;

use crate::analysis::{Explained, Workspace};
use crate::entry::Process;
use crate::finding::{Position, ShownPath};
use crate::interpret::Unit;
use crate::interpret::steps::{Block, Step, StepKind};
use crate::interpret::trace::{PathTrace, Site};
use crate::report::explain::tree::{Choice, Node, chosen, death, tree};
use crate::report::explain::words;

/// One thing a run did, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: At,
    /// One word for programs.
    pub kind: &'static str,
    /// What tells this step from others at the same place, whatever platform it happens on.
    pub name: String,
    /// What happened, on this platform.
    pub remark: String,
}

/// Where a step happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    pub part: Part,
    pub frame: Arc<Frame>,
    /// Absent where no code of the project is to be quoted.
    pub start: Option<Position>,
}

/// The module or function that was running.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Frame {
    pub path: ShownPath,
    /// `main()`; empty for the top level of a module.
    pub code: Arc<str>,
}

/// The parts of a run that have a heading of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Process(Process),
    Thread(Process, u32),
    /// Functions that code nobody sees may call after the end.
    Later,
}

/// The lines of a way that are to be shown.
pub fn lines(
    workspace: &Workspace,
    explained: &Explained,
    path: &PathTrace,
    choice: Choice<'_>,
) -> Vec<Line> {
    let root = &workspace.modules[explained.trace.root.module];
    let frame = Arc::new(Frame { path: root.shown.clone(), code: "".into() });
    let death = death(&path.steps);
    let mut writer = Writer { workspace, explained, choice, death, later: false, lines: Vec::new() };
    writer.write(&chosen(explained, path, choice), &frame, None);
    let mut lines = writer.lines;
    if !matches!(choice, Choice::All) {
        drop_echoes(&mut lines);
    }
    lines
}

/// That a loop is made is no news where the next line says that it runs.
fn drop_echoes(lines: &mut Vec<Line>) {
    let echoes: Vec<bool> = (0..lines.len())
        .map(|index| {
            let next = lines.get(index + 1);
            lines[index].kind == "created"
                && next.is_some_and(|next| next.kind == "run" && next.at == lines[index].at)
        })
        .collect();
    let mut echoes = echoes.into_iter();
    lines.retain(|_| !echoes.next().unwrap_or(false));
}

struct Writer<'a> {
    workspace: &'a Workspace,
    explained: &'a Explained,
    choice: Choice<'a>,
    death: Option<&'a Step>,
    later: bool,
    lines: Vec<Line>,
}

impl Writer<'_> {
    /// `test` is the condition that these nodes hang on.
    fn write(&mut self, nodes: &[Node<'_>], frame: &Arc<Frame>, test: Option<Site>) {
        for node in nodes {
            let inner = match &node.step.kind {
                StepKind::Open(block) => self.frame_of(block),
                _ => None,
            };
            if node.shown {
                let site = match node.step.kind {
                    StepKind::Assumed(_) => test.or(node.step.site),
                    _ => node.step.site,
                };
                self.add(node.step, site, frame, inner.as_ref());
            }
            match &node.step.kind {
                StepKind::Aside(aside) if matches!(self.choice, Choice::All) => {
                    self.write(&tree(&aside.steps), frame, test);
                }
                StepKind::End(_) => self.later = true,
                StepKind::Open(Block::Test { answer: None, .. }) => {
                    self.write(&node.inside, frame, node.step.site);
                }
                _ => self.write(&node.inside, inner.as_ref().unwrap_or(frame), None),
            }
        }
    }

    /// `inner` is the code that the step enters.
    fn add(&mut self, step: &Step, site: Option<Site>, frame: &Arc<Frame>, inner: Option<&Arc<Frame>>) {
        let is_death = self.death.is_some_and(|death| std::ptr::eq(death, step));
        let Some(said) = words::say(self.workspace, self.explained, step, is_death) else { return };
        let part = match (self.later, step.thread) {
            (true, _) => Part::Later,
            (false, 0) => Part::Process(step.process),
            (false, thread) => Part::Thread(step.process, thread),
        };
        let place = match &step.kind {
            StepKind::End(_) => None,
            _ => site.and_then(|site| self.place(site)),
        };
        let (frame, start) = match place {
            // What nobody of the project calls is shown from within.
            None => (inner.unwrap_or(frame).clone(), None),
            Some((path, start)) if path != frame.path => {
                (Arc::new(Frame { path, code: "".into() }), Some(start))
            }
            Some((_, start)) => (frame.clone(), Some(start)),
        };
        let at = At { part, frame, start };
        self.lines.push(Line { at, kind: said.kind, name: said.name, remark: said.remark });
    }

    fn frame_of(&self, block: &Block) -> Option<Arc<Frame>> {
        let (unit, code) = match block {
            Block::Module(_, unit) => (*unit, String::new()),
            Block::Call(name, site) => (site.unit, format!("{name}()")),
            Block::Test { .. } | Block::Child | Block::Thread => return None,
        };
        let Unit::Project(module) = unit else { return None };
        let path = self.workspace.modules[module].shown.clone();
        Some(Arc::new(Frame { path, code: code.into() }))
    }

    fn place(&self, site: Site) -> Option<(ShownPath, Position)> {
        let Unit::Project(module) = site.unit else { return None };
        let source = self.workspace.modules[module].source();
        Some((source.shown.clone(), source.position(site.span.start)))
    }
}
