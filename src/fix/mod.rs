//! From findings to edits of the text.
//!
//! - [`remedy`]: which cure fits a finding, as intents; [`repair`]: those that change a policy that stands there.
//! - [`plan`]: every finding's fix, tried on paper; [`shared`]: one policy for all that a program starts.
//! - [`leaving`]: how a policy leaves its place for another.
//! - [`intent`] and [`render`]: from intents to edits of one file.
//! - [`verify`]: the second paper run, on the changed text; [`proofs`]: which of them are needed.
//! - [`passes`]: applying all fixes of a run, until nothing changes.

pub mod apply;
pub mod intent;
mod leaving;
mod passes;
mod plan;
mod proofs;
mod remedy;
pub mod render;
mod repair;
mod shared;
mod summary;
mod verify;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::Workspace;
use crate::fault;
use crate::finding::{Applicability, Edit, Fix};
use crate::fix::apply::TextEdit;
use crate::fix::intent::{GuardStyle, Intent, Style};
use crate::ir::Span;
use crate::settings::{Guard, Settings};

pub use passes::apply_all;
pub use plan::plan_all;

/// A cure before it is rendered: what is wanted of which module.
#[derive(Clone, Debug)]
pub struct Cure {
    pub applicability: Applicability,
    /// The imperative shown to people.
    pub message: String,
    pub intents: Vec<(usize, Intent)>,
}

/// Renders a cure that changes no code, so that no run could tell the difference.
///
/// # Errors
///
/// Why it cannot be rendered, for people.
pub fn render_cure(settings: &Settings, workspace: &Workspace, cure: &Cure) -> Result<Fix, String> {
    let changed = render_all(settings, workspace, &cure.intents)?;
    Ok(as_fix(workspace, cure, &changed))
}

fn as_fix(workspace: &Workspace, cure: &Cure, changed: &[Change]) -> Fix {
    let mut edits = Vec::new();
    for change in changed {
        let source = workspace.modules[change.module].source();
        edits.extend(change.edits.iter().map(|edit| Edit {
            place: source.place(Span { start: edit.start, end: edit.end }),
            content: edit.content.clone(),
        }));
    }
    Fix { applicability: cure.applicability, message: cure.message.clone(), edits }
}

impl Cure {
    /// A reason why people should look at it first; said behind what it does.
    fn doubt(&mut self, why: &str) {
        self.applicability = Applicability::Unsafe;
        self.message.push_str(&format!(" ({why})"));
    }
}

/// One module with its edits, and the text they make.
pub struct Change {
    pub module: usize,
    pub edits: Vec<TextEdit>,
    pub text: Arc<str>,
}

/// Renders intents, module by module.
fn render_all(
    settings: &Settings,
    workspace: &Workspace,
    intents: &[(usize, Intent)],
) -> Result<Vec<Change>, String> {
    let mut by_module: BTreeMap<usize, Vec<Intent>> = BTreeMap::new();
    for (module, intent) in intents {
        let wanted = by_module.entry(*module).or_default();
        if !wanted.contains(intent) {
            wanted.push(intent.clone());
        }
    }
    let mut changes = Vec::new();
    for (module, intents) in by_module {
        if workspace.has_fault(module) {
            return Err(fault::MESSAGE.to_owned());
        }
        if workspace.modules[module].is_notebook() {
            return Err("loopcheck does not write into notebooks".to_owned());
        }
        if !workspace.modules[module].file.given {
            return Err(format!("{} is not among the files given", workspace.modules[module].shown));
        }
        let source = workspace.modules[module].source();
        let guard = match settings.at(&source.path).guard {
            Guard::SysPlatform => GuardStyle::SysPlatform,
            Guard::PlatformSystem => GuardStyle::PlatformSystem,
        };
        let line_length = workspace.conventions(module).line_length;
        let text = &source.text;
        let edits = render::render(text, &intents, &Style { guard, line_length })?;
        let new = apply::apply(text, &edits);
        changes.push(Change { module, edits, text: new.into() });
    }
    Ok(changes)
}
