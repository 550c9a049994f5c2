//! A notebook: its cells run while the loop of their kernel does.

use crate::entry::{Launch, Process};
use crate::interpret::machine::{Flow, Machine};
use crate::interpret::trace::{EventKind, Family};
use crate::interpret::value::Value;

impl<'p> Machine<'p> {
    /// Runs the cells of a notebook, from the first to the last.
    pub fn run_cells(&mut self, module: usize) -> Flow<()> {
        let running = self.call_stub("_loopcheck.cells", "start", Vec::new())?;
        self.while_running(running, |machine| {
            machine.load("__main__", module, None)?;
            Ok(Value::None)
        })
        .map(drop)
    }

    /// Whether it is the loop that runs the cells.
    pub fn is_of_kernel(&self, running: &Value) -> bool {
        self.root.launch == Launch::Notebook
            && self.process == Process::Parent
            && self.state.running.first().and_then(Value::as_id) == running.as_id()
    }

    /// Writes down whose loop a cell waits in, the first time that one does.
    pub fn note_kernel(&mut self) {
        let in_cell = self.root.launch == Launch::Notebook
            && self.process == Process::Parent
            && self.state.running.len() == 1
            && self.frames.len() == 1;
        let is_told = |machine: &Machine<'_>| {
            let mut runs = machine.state.events.iter().filter_map(|event| event.run());
            runs.any(|run| run.family == Family::Kernel)
        };
        if in_cell && !is_told(self) {
            let running = self.state.running[0].clone();
            let run = self.run_of("ipykernel".into(), Family::Kernel, &running);
            self.record(EventKind::Run(run));
        }
    }
}
