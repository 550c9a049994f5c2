//! Applying fixes: all that fit together at once, then again, until nothing is left to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::{ChangedFile, Failure, Fixed, FixedRule, Workspace, examine};
use crate::error::Error;
use crate::files;
use crate::finding::{Applicability, Finding, ShownPath};
use crate::fix::{Change, render_all};
use crate::rules::Diagnosis;
use crate::settings::Settings;

const PASSES: usize = 10;

/// Applies what the settings allow to the findings that are `wanted`. Nothing is written without `write`.
///
/// # Errors
///
/// None yet; files that cannot be written are failures of the remaining analysis.
pub fn apply_all(
    settings: &Settings,
    workspace: Workspace,
    wanted: impl Fn(&Finding) -> bool,
    write: bool,
) -> Result<Fixed, Error> {
    let mut texts: BTreeMap<usize, Arc<str>> = BTreeMap::new();
    let mut cured: BTreeMap<usize, Vec<(&'static str, &'static str)>> = BTreeMap::new();
    let mut left_alone: Vec<(ShownPath, String)> = Vec::new();
    let mut current = workspace.with_texts(&[]);
    let (mut analysis, mut diagnoses) = examine(settings, &current);
    for _ in 0..PASSES {
        let allowed: Vec<&Diagnosis> = diagnoses
            .iter()
            .filter(|diagnosis| wanted(&diagnosis.finding) && is_allowed(settings, diagnosis))
            .collect();
        let (changes, done) = together(settings, &current, &allowed, &mut left_alone);
        if changes.is_empty() {
            break;
        }
        for change in &changes {
            texts.insert(change.module, change.text.clone());
        }
        for diagnosis in done {
            let modules: Vec<usize> = diagnosis
                .cure
                .iter()
                .flat_map(|cure| cure.intents.iter().map(|(module, _)| *module))
                .collect();
            if let Some(module) = modules.first() {
                cured.entry(*module).or_default().push((diagnosis.finding.code, diagnosis.finding.name));
            }
        }
        let all: Vec<(usize, Arc<str>)> =
            texts.iter().map(|(module, text)| (*module, text.clone())).collect();
        current = workspace.with_texts(&all);
        (analysis, diagnoses) = examine(settings, &current);
    }
    let mut changed = Vec::new();
    let (mut written, mut unwritten) = (Vec::new(), Vec::new());
    for (module, text) in texts {
        let before = workspace.modules[module].source().clone();
        // A fault in a later pass is one of this file, too; it is told as a failure.
        if *before.text == *text || workspace.has_fault(module) {
            continue;
        }
        let shown = workspace.modules[module].shown.clone();
        if write && let Err(message) = store(&workspace, module, &text) {
            unwritten.push(Failure { path: shown, message });
            continue;
        }
        written.push((module, text.clone()));
        let fixed = count(cured.remove(&module).unwrap_or_default());
        changed.push(ChangedFile {
            path: before.path.clone(),
            shown,
            before,
            after: text.to_string(),
            fixed,
        });
    }
    // What is left to say is about the files as they are, not as they would have been.
    if !unwritten.is_empty() {
        (analysis, _) = examine(settings, &workspace.with_texts(&written));
        analysis.failures.extend(unwritten);
    }
    left_alone.sort();
    left_alone.dedup();
    Ok(Fixed { changed, remaining: analysis, left_alone })
}

/// What is not told is not changed either.
fn is_allowed(settings: &Settings, diagnosis: &Diagnosis) -> bool {
    let is_shown = settings.shows(&diagnosis.finding);
    let fixable = settings.fixes(&diagnosis.finding) && diagnosis.cure.is_some();
    let safe = diagnosis.finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
    is_shown && fixable && (safe || settings.unsafe_fixes)
}

/// The cures that can be rendered together; what does not fit waits for the next pass.
fn together<'d>(
    settings: &Settings,
    workspace: &Workspace,
    wanted: &[&'d Diagnosis],
    left_alone: &mut Vec<(ShownPath, String)>,
) -> (Vec<Change>, Vec<&'d Diagnosis>) {
    let mut intents = Vec::new();
    let mut done = Vec::new();
    let mut changes = Vec::new();
    for diagnosis in wanted {
        let Some(cure) = &diagnosis.cure else { continue };
        let mut more = intents.clone();
        more.extend(cure.intents.iter().cloned());
        match render_all(settings, workspace, &more) {
            Ok(rendered) => {
                (intents, changes) = (more, rendered);
                done.push(*diagnosis);
            }
            Err(reason) if done.is_empty() => left_alone.push((diagnosis.finding.place.path.clone(), reason)),
            Err(_) => {}
        }
    }
    changes.retain(|change| *change.text != *workspace.modules[change.module].source().text);
    (changes, done)
}

/// Writes a changed file in its own encoding.
fn store(workspace: &Workspace, module: usize, text: &str) -> Result<(), String> {
    let source = workspace.modules[module].source();
    files::store(source, &workspace.project_of(module).root, text)
}

fn count(mut cured: Vec<(&'static str, &'static str)>) -> Vec<FixedRule> {
    cured.sort();
    let mut rules: Vec<FixedRule> = Vec::new();
    for (code, name) in cured {
        match rules.last_mut() {
            Some(last) if last.code == code => last.count += 1,
            _ => rules.push(FixedRule { code, name, count: 1 }),
        }
    }
    rules
}
