//! Suppression comments: `# loopcheck: ignore[LC102] reason` and `# loopcheck: file-ignore[LC1]`.
//!
//! - [`comment`]: reading them.
//! - [`judge`]: those that suppress nothing (LC901) or name nothing (LC902).
//! - [`add`]: writing them, for `--add-ignore`.

pub mod add;
mod comment;
mod judge;

use std::collections::BTreeMap;

use crate::analysis::Workspace;
use crate::entry::Entry;
use crate::finding::{Finding, ShownPath};
use crate::interpret::trace::RootTrace;
use crate::rules::Diagnosis;
use crate::settings::Settings;

use comment::{Directive, Reach};

/// A finding that is left out of the report, and why.
#[derive(Clone, Debug)]
pub struct Silenced {
    pub finding: Finding,
    pub by: Silencer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silencer {
    /// The reason is empty where the comment gives none.
    Comment {
        reason: String,
    },
    Baseline,
}

/// Takes out what comments silence, and adds what there is to say about the comments themselves.
pub fn apply(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    entries: &[Entry],
    diagnoses: &mut Vec<Diagnosis>,
) -> Vec<Silenced> {
    let mut comments = read_all(workspace);
    let mut silenced = take(&mut comments, diagnoses);
    let mut about_comments = judge::unknown(settings, workspace, &comments);
    about_comments.extend(judge::unused(settings, workspace, traces, entries, &comments));
    silenced.extend(take(&mut comments, &mut about_comments));
    diagnoses.append(&mut about_comments);
    diagnoses.sort_by(|a, b| (&a.finding.place, a.finding.code).cmp(&(&b.finding.place, b.finding.code)));
    silenced
}

/// The suppression comments of each file, each with the index of its module.
type Comments = BTreeMap<ShownPath, (usize, Vec<Directive>)>;

fn read_all(workspace: &Workspace) -> Comments {
    let mut comments = Comments::new();
    for (index, module) in workspace.modules.iter().enumerate() {
        if !module.file.given || !workspace.is_read(index) || comments.contains_key(&module.shown) {
            continue;
        }
        let source = module.source();
        let found =
            if module.command.is_some() { comment::in_lines(source) } else { comment::in_python(source) };
        if !found.is_empty() {
            comments.insert(module.shown.clone(), (index, found));
        }
    }
    comments
}

/// Takes out of `diagnoses` what a comment silences, and marks in the comment what it was good for.
fn take(comments: &mut Comments, diagnoses: &mut Vec<Diagnosis>) -> Vec<Silenced> {
    let mut silenced = Vec::new();
    diagnoses.retain(|diagnosis| {
        let finding = &diagnosis.finding;
        let Some((_, directives)) = comments.get_mut(&finding.place.path) else { return true };
        let reaches = |directive: &&mut Directive| match &directive.reach {
            Reach::Lines(lines) => lines.contains(&finding.place.start.line),
            Reach::File => true,
        };
        let mut reason = None;
        for directive in directives.iter_mut().filter(reaches) {
            let mut takes = false;
            for code in directive.codes.iter_mut().filter(|code| code.names(finding.code)) {
                code.used = true;
                takes = true;
            }
            if takes && reason.is_none() {
                reason = Some(directive.reason.clone());
            }
        }
        match reason {
            Some(reason) => {
                silenced.push(Silenced { finding: finding.clone(), by: Silencer::Comment { reason } });
                false
            }
            None => true,
        }
    });
    silenced
}
