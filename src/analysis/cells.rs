//! Places in notebooks as their readers find them: by cell, and by line within it.
//!
//! Until here the code of a notebook is one text, so that everything else need not know of cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::{Analysis, Workspace};
use crate::files::Source;
use crate::finding::{Finding, Place, Position, Related, ShownPath};
use crate::settings::Settings;

type Notebooks = BTreeMap<ShownPath, Arc<Source>>;

/// Rewrites every place in a notebook. In formats that know no cells it is the beginning of the file, and
/// the message names the cell.
pub fn tell_cells(settings: &Settings, workspace: &Workspace, analysis: &mut Analysis) {
    let read = workspace.modules.iter().filter(|module| module.is_notebook() && module.is_loaded());
    let notebooks: Notebooks = read.map(|module| (module.shown.clone(), module.source().clone())).collect();
    if notebooks.is_empty() {
        return;
    }
    let has_cells = settings.output_format.has_cells();
    let silenced = analysis.silenced.iter_mut().map(|silenced| &mut silenced.finding);
    for finding in analysis.findings.iter_mut().chain(silenced) {
        tell_finding(&notebooks, has_cells, finding);
    }
    for entry in &mut analysis.entries {
        tell(&notebooks, &mut entry.place);
        entry.because.iter_mut().for_each(|cause| tell(&notebooks, &mut cause.place));
    }
}

fn tell_finding(notebooks: &Notebooks, has_cells: bool, finding: &mut Finding) {
    tell(notebooks, &mut finding.place);
    finding.related.iter_mut().for_each(|related| tell(notebooks, &mut related.place));
    if has_cells {
        return;
    }
    hide(&mut finding.place, &mut finding.message);
    for Related { place, message } in &mut finding.related {
        hide(place, message);
    }
}

fn tell(notebooks: &Notebooks, place: &mut Place) {
    if let Some(source) = notebooks.get(&place.path).filter(|_| place.span.is_some()) {
        source.in_cell(place);
    }
}

fn hide(place: &mut Place, message: &mut String) {
    if let Some(cell) = place.cell.take() {
        message.push_str(&format!(" (cell {cell}, line {})", place.start.line));
        let start = Position { line: 1, column: 1 };
        (place.start, place.end) = (start, start);
    }
}
