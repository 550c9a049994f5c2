//! An entry point: a place where a loop starts, and the loop it gets on each platform.

use serde::Serialize;

use crate::finding::{Place, Related, ShownPath};
use crate::project::python_versions::Minor;

/// One row per (call site, root). Field meanings are those of the JSON contract.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The call that starts the loop.
    pub place: Place,
    /// Dotted name of what runs the loop: `uvicorn.run`, `loop.run_until_complete`.
    pub runner: String,
    pub launch: Launch,
    /// The file the run began with.
    pub root: ShownPath,
    pub process: Process,
    /// The newest Python on which the call is reached, where that is not the one the project gets.
    pub python: Option<Minor>,
    pub loops: Loops,
    /// The outcomes, when the program leaves the loop open or one call runs several classes.
    pub cases: Vec<LoopCase>,
    /// Why the loop on Windows is `unknown`, or `none` although others have one.
    pub reason: Option<String>,
    pub because: Vec<Related>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopCase {
    /// What must hold, in the user's terms: `reload=False`.
    pub when: String,
    pub loops: Loops,
}

/// The loop on each platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Loops {
    pub windows: LoopKind,
    pub linux: LoopKind,
    pub darwin: LoopKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoopKind {
    Proactor,
    Selector,
    Winloop,
    Uvloop,
    /// A class that is none of the above.
    Custom,
    /// The program leaves it open.
    Depends,
    /// loopcheck could not tell.
    Unknown,
    /// Never reached on this platform.
    None,
}

impl LoopKind {
    pub fn name(self) -> &'static str {
        match self {
            LoopKind::Proactor => "proactor",
            LoopKind::Selector => "selector",
            LoopKind::Winloop => "winloop",
            LoopKind::Uvloop => "uvloop",
            LoopKind::Custom => "custom",
            LoopKind::Depends => "depends",
            LoopKind::Unknown => "unknown",
            LoopKind::None => "none",
        }
    }
}

/// How the run that reaches the call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Launch {
    /// `python main.py`
    Script,
    /// `python -m package`
    Module,
    ConsoleScript,
    /// A command line outside Python: .bat, web.config, workflow, …
    Launcher,
    /// The cells of a notebook, in the loop of its kernel.
    Notebook,
    /// Reached by importing the module.
    Import,
    /// No root reaches it; the function was run on its own.
    Function,
    /// Started by the project's own code in a spawned process.
    Child,
    /// An unimported module that builds an ASGI application.
    Assumed,
}

/// Which process the loop runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Process {
    Parent,
    Child,
}
