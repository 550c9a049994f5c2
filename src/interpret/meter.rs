//! Counting steps, and giving up functions that use them up for nothing.

use crate::interpret::machine::{Flow, Machine, Stop, TOO_LARGE};
use crate::interpret::value::{Id, Object, Value};

/// Where the count of steps stands, and at which counts to look for a function to give up.
#[derive(Clone, Copy)]
pub struct Meter {
    pub steps: u64,
    /// When to look for the function that took most of the last window.
    impatient_at: u64,
    /// When to look for a function that leads to no loop.
    glance_at: u64,
    /// The steps between two looks.
    window: u64,
    /// The steps between two glances, and what a function may take that leads to no loop.
    glance: u64,
}

/// As [`Meter::glance`], for a run that is in a hurry: a test of the platform takes fewer.
const HURRIED_GLANCE: u64 = 32;

/// What programs hold that nobody wrote to do harm costs nothing more.
const FREE: usize = 1024;
/// What takes about as long as a step, in items or bytes of a text.
const COPIED_IN_A_STEP: usize = 8;
const READ_IN_A_STEP: usize = 32;
/// Looking at one item takes as long as looking at so many bytes of a text.
const TEXT_READ_AS_AN_ITEM: usize = 8;
/// As many bytes of a text fill the memory as one item does.
const TEXT_FOR_AN_ITEM: usize = 32;

impl Default for Meter {
    fn default() -> Meter {
        Meter { steps: 0, impatient_at: u64::MAX, glance_at: u64::MAX, window: u64::MAX, glance: u64::MAX }
    }
}

impl Meter {
    pub fn is_left(&self, limit: u64) -> bool {
        self.steps <= limit
    }
}

/// The body of a function that is being followed.
#[derive(Clone, Copy)]
pub struct Body {
    /// The count of steps at which it began.
    pub begun: u64,
    pub function: Id,
}

impl<'p> Machine<'p> {
    /// Counts one step of the analysis.
    pub fn step(&mut self) -> Flow<()> {
        self.meter.steps += 1;
        if self.meter.steps > self.limits.steps {
            return self.bound(TOO_LARGE);
        }
        if self.meter.steps > self.meter.glance_at {
            self.meter.glance_at = self.meter.steps + self.meter.glance;
            if self.inner_bodies().any(|body| self.goes_nowhere(body)) {
                return Err(Stop::Bound(TOO_LARGE));
            }
        }
        if self.meter.steps > self.meter.impatient_at {
            self.meter.impatient_at = self.meter.steps + self.meter.window;
            // Many small things may take long together; then no function is to blame.
            if self.inner_bodies().any(|body| self.took_too_long(body)) {
                return self.bound(TOO_LARGE);
            }
        }
        Ok(())
    }

    /// Counts the steps of copying so many items, or parts of a text: with a few steps no program may fill
    /// the memory.
    pub fn count_copying(&mut self, items: usize) {
        self.meter.steps += (items.saturating_sub(FREE) / COPIED_IN_A_STEP) as u64;
    }

    /// The same for a text or a tuple that an expression made.
    pub fn count_making(&mut self, value: &Value) {
        self.count_copying(match value {
            Value::Str(text) => text.len() / TEXT_FOR_AN_ITEM,
            Value::Tuple(items) => items.len(),
            _ => 0,
        });
    }

    /// Counts the steps of going through a value from its beginning to its end.
    pub fn count_reading(&mut self, value: &Value) {
        let parts = match value {
            Value::Str(text) => text.len() / TEXT_READ_AS_AN_ITEM,
            Value::Tuple(items) => items.len(),
            Value::Object(id) => match self.state.heap.get(*id) {
                Object::List(items) | Object::Set(items) => items.items.len(),
                Object::Dict(mapping) => mapping.entries.len(),
                _ => 0,
            },
            _ => 0,
        };
        self.meter.steps += (parts.saturating_sub(FREE) / READ_IN_A_STEP) as u64;
    }

    /// Leaves `steps` of the limit to what runs next. When a quarter of them is gone, and again after
    /// each eighth, the function that took most of an eighth is given up. Returns the count it begins at.
    pub fn allow(&mut self, steps: u64) -> u64 {
        let (begin, window) = (self.limits.steps.saturating_sub(steps), steps / 8);
        let glance = if self.hurried { HURRIED_GLANCE } else { window / 8 };
        self.meter = Meter {
            steps: begin,
            impatient_at: begin + steps / 4,
            glance_at: begin + glance,
            window,
            glance,
        };
        begin
    }

    /// Whether the innermost function is one to give up, now that the run stops inside it; and if so,
    /// whether what it does may matter.
    pub fn gives_up(&self) -> Option<Given> {
        let body =
            self.bodies.last().filter(|_| self.bodies.len() > 1 && self.meter.is_left(self.limits.steps))?;
        if self.goes_nowhere(body) {
            return Some(Given::Nowhere);
        }
        self.took_too_long(body).then_some(Given::TooLarge)
    }

    /// Without the outermost function nothing would be left to follow.
    fn inner_bodies(&self) -> impl Iterator<Item = &Body> {
        self.bodies.iter().skip(1)
    }

    fn took_too_long(&self, body: &Body) -> bool {
        self.meter.steps - body.begun >= self.meter.window / 2
    }

    /// Whether a function has taken some steps although nothing it names leads to a loop. In a hurry,
    /// eight times as many are enough where a name may lead to one.
    fn goes_nowhere(&self, body: &Body) -> bool {
        let taken = self.meter.steps - body.begun;
        if self.hurried && taken >= 8 * HURRIED_GLANCE {
            return self.is_far(body.function);
        }
        taken >= self.meter.glance && self.leads_nowhere(body.function)
    }
}

/// Why a function is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It leads to no loop, so that nothing is missed but what it gives back.
    Nowhere,
    TooLarge,
}
