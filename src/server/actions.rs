//! Quick fixes: this finding, and everything in the file that can be fixed safely.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gen_lsp_types as lsp;
use serde_json::{Value, json};
use similar::{DiffOp, TextDiff};

use crate::analysis::{self, ChangedFile};
use crate::finding::Applicability;
use crate::ir::Span;
use crate::server::diagnostics::uri_of;
use crate::server::positions::{View, touch};
use crate::server::snapshot::{Snapshot, Told};

/// The kind under which an editor can ask for it on saving.
pub const FIX_ALL: &str = "source.fixAll.loopcheck";

const QUICK_FIX: &str = "quickfix";

/// What the editor asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub path: PathBuf,
    pub range: lsp::Range,
    /// Kinds of actions; everything when absent.
    pub only: Option<Vec<String>>,
    /// The editor takes edits that name the version of the document they are for.
    pub versioned: bool,
}

/// The actions, as the protocol writes them.
pub fn actions(snapshot: &Snapshot, wish: &Wish) -> Vec<Value> {
    let told = snapshot.told.get(&wish.path).map_or(&[][..], Vec::as_slice);
    let mut actions = Vec::new();
    if is_wanted(QUICK_FIX, wish) {
        let here = told.iter().filter(|told| touch(&told.diagnostic.range, &wish.range));
        actions.extend(here.filter_map(|told| fix_one(snapshot, wish, told)));
    }
    if is_wanted(FIX_ALL, wish) {
        actions.extend(fix_all(snapshot, wish, told));
    }
    actions
}

/// A kind is also asked for by the kinds above it: `source.fixAll` by `source`.
fn is_wanted(kind: &str, wish: &Wish) -> bool {
    let covers = |asked: &String| {
        let below = kind.strip_prefix(asked.as_str());
        below.is_some_and(|below| asked.is_empty() || below.is_empty() || below.starts_with('.'))
    };
    wish.only.as_ref().is_none_or(|only| only.iter().any(covers))
}

fn fix_one(snapshot: &Snapshot, wish: &Wish, told: &Told) -> Option<Value> {
    let fix = told.finding.fix.as_ref()?;
    let mut edits = Edits::new();
    for edit in &fix.edits {
        let path = snapshot.path(told.part, &edit.place.path);
        let range = snapshot.view(told.part, &path)?.range(&edit.place);
        edits.entry(path).or_default().push(lsp::TextEdit { range, new_text: edit.content.clone() });
    }
    let safe = fix.applicability == Applicability::Safe;
    let note = if safe { "" } else { " (unsafe)" };
    Some(json!({
        "title": format!("loopcheck ({}): {}{note}", told.finding.code, fix.message),
        "kind": QUICK_FIX,
        "diagnostics": [told.diagnostic],
        "isPreferred": safe,
        "edit": workspace_edit(snapshot, wish, edits),
    }))
}

fn fix_all(snapshot: &Snapshot, wish: &Wish, told: &[Told]) -> Option<Value> {
    let first = told.iter().find(|told| {
        let fix = told.finding.fix.as_ref();
        fix.is_some_and(|fix| {
            fix.applicability == Applicability::Safe || snapshot.parts[told.part].settings.unsafe_fixes
        })
    })?;
    let settings = &snapshot.parts[first.part].settings;
    let fixed = analysis::fix_file(settings, &first.finding.place.path).ok()?;
    let mut edits = Edits::new();
    for file in &fixed.changed {
        let view = snapshot.view(first.part, &file.path)?;
        edits.insert(file.path.clone(), changes(&view, file));
    }
    let title = "loopcheck: fix everything in this file that is safe to fix";
    (!edits.is_empty())
        .then(|| json!({ "title": title, "kind": FIX_ALL, "edit": workspace_edit(snapshot, wish, edits) }))
}

type Edits = BTreeMap<PathBuf, Vec<lsp::TextEdit>>;

/// The lines that differ, each run of them as one edit.
fn changes(view: &View, file: &ChangedFile) -> Vec<lsp::TextEdit> {
    let diff = TextDiff::from_lines(&*file.before.text, &file.after);
    let offsets = |lines: &[&str]| -> Vec<u32> {
        let mut offset = 0;
        let mut offsets = vec![0];
        offsets.extend(lines.iter().map(|line| {
            offset += line.len() as u32;
            offset
        }));
        offsets
    };
    let old: Vec<&str> = diff.iter_old_slices().collect();
    let new: Vec<&str> = diff.iter_new_slices().collect();
    let starts = offsets(&old);
    let differing = diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let edit = |op: &DiffOp| {
        let span = Span { start: starts[op.old_range().start], end: starts[op.old_range().end] };
        lsp::TextEdit { range: view.range(&view.source.place(span)), new_text: new[op.new_range()].concat() }
    };
    differing.map(edit).collect()
}

fn workspace_edit(snapshot: &Snapshot, wish: &Wish, edits: Edits) -> Value {
    let version = |path: &Path| snapshot.input.documents.get(path).map(|document| document.version);
    if wish.versioned {
        let changes = edits.iter().map(|(path, edits)| {
            let document = json!({ "uri": uri_of(snapshot, path), "version": version(path) });
            json!({ "textDocument": document, "edits": edits })
        });
        json!({ "documentChanges": changes.collect::<Vec<_>>() })
    } else {
        let changes = edits.iter().map(|(path, edits)| (uri_of(snapshot, path), json!(edits)));
        json!({ "changes": changes.collect::<serde_json::Map<_, _>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_wanted_by_itself_and_by_those_above_it() {
        let wanted = |only: &[&str]| {
            let only = Some(only.iter().map(|kind| (*kind).to_owned()).collect());
            let wish = Wish { path: PathBuf::new(), range: lsp::Range::default(), only, versioned: false };
            (is_wanted(QUICK_FIX, &wish), is_wanted(FIX_ALL, &wish))
        };
        assert_eq!(wanted(&["source.fixAll"]), (false, true));
        assert_eq!(wanted(&["source.fixAll.loopcheck"]), (false, true));
        assert_eq!(wanted(&["source.fixAll.ruff", "source.fix"]), (false, false));
        assert_eq!(wanted(&["quickfix"]), (true, false));
        assert_eq!(wanted(&[""]), (true, true));
        assert_eq!(wanted(&[]), (false, false));
    }
}
