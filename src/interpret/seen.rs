//! What a run has seen of the project, where it is told of other runs that would see the same.

use std::collections::BTreeSet;

use crate::interpret::machine::{Machine, Unit};
use crate::interpret::trace::{Guard, Site};
use crate::interpret::world::Asked;
use crate::ir::Span;

/// The fields of the same names of [`Machine`], and what its world was asked.
#[derive(Default)]
pub struct Seen {
    executed: BTreeSet<(Unit, Span)>,
    entered: BTreeSet<(Unit, Span)>,
    loaded: BTreeSet<usize>,
    guards: BTreeSet<Guard>,
    asked: Asked,
    /// The statements that were executed, when that is recorded.
    ran: BTreeSet<Site>,
}

impl Seen {
    pub fn loads(&self, module: usize) -> bool {
        self.loaded.contains(&module)
    }
}

impl<'p> Machine<'p> {
    /// Does something that is not part of this program, and says what it has seen.
    pub fn apart<T>(&mut self, work: impl FnOnce(&mut Machine<'p>) -> T) -> (T, Seen) {
        let mut other = Seen::default();
        self.exchange(&mut other);
        let tape = std::mem::take(&mut self.tape);
        let recorder = self.recorder.as_mut().map(std::mem::take);
        let (meter, limits, hurried) = (self.meter, self.limits, self.hurried);
        let done = work(self);
        (self.meter, self.limits, self.hurried) = (meter, limits, hurried);
        self.tape = tape;
        let recorded = std::mem::replace(&mut self.recorder, recorder);
        self.exchange(&mut other);
        let ran = recorded.map_or(BTreeSet::new(), |recorder| recorder.ran);
        (done, Seen { asked: self.world.asked(), ran, ..other })
    }

    fn exchange(&mut self, seen: &mut Seen) {
        std::mem::swap(&mut self.executed, &mut seen.executed);
        std::mem::swap(&mut self.entered, &mut seen.entered);
        std::mem::swap(&mut self.loaded, &mut seen.loaded);
        std::mem::swap(&mut self.guards, &mut seen.guards);
    }

    /// What was seen elsewhere is as if it had been seen here.
    pub fn has_seen(&mut self, seen: &Seen) {
        self.world.note(&seen.asked);
        self.executed.extend(&seen.executed);
        self.entered.extend(&seen.entered);
        self.loaded.extend(&seen.loaded);
        self.guards.extend(seen.guards.iter().cloned());
        if let Some(recorder) = &mut self.recorder {
            recorder.ran.extend(&seen.ran);
        }
    }
}
