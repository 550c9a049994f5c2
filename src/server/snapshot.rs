//! One analysis of everything that is open: the folders of the editor, and what it has not saved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gen_lsp_types::Diagnostic;

use crate::analysis::{self, Analysis};
use crate::error::Error;
use crate::files::{self, Source, Unsaved};
use crate::finding::Finding;
use crate::server::diagnostics;
use crate::server::documents::Documents;
use crate::server::positions::View;
use crate::settings::{Request, Settings};

/// What an analysis begins with.
#[derive(Clone, Debug)]
pub struct Input {
    /// Grows with every change, so that an answer to an older state is known as such.
    pub revision: u64,
    pub folders: Vec<PathBuf>,
    pub documents: Documents,
}

#[derive(Debug)]
pub struct Snapshot {
    pub input: Input,
    pub parts: Vec<Part>,
    /// By the absolute path of their file, in the order of their places.
    pub told: BTreeMap<PathBuf, Vec<Told>>,
    /// Why some folders could not be analysed, and which files could not be read.
    pub problems: Vec<String>,
}

/// A folder, or a file that lies in none, with its own settings.
#[derive(Debug)]
pub struct Part {
    pub settings: Settings,
    pub analysis: Analysis,
}

/// A finding as the editor shows it.
#[derive(Debug)]
pub struct Told {
    /// Index into [`Snapshot::parts`].
    pub part: usize,
    pub finding: Finding,
    pub diagnostic: Diagnostic,
}

impl Snapshot {
    pub fn take(input: Input) -> Snapshot {
        let unsaved: Unsaved =
            input.documents.iter().map(|(path, document)| (path.clone(), document.text.clone())).collect();
        let (mut parts, mut problems) = (Vec::new(), Vec::new());
        for place in places(&input) {
            match part(&place, &unsaved) {
                Ok(part) => {
                    let failures = part.analysis.failures.iter();
                    problems.extend(failures.map(|failure| format!("{}: {}", failure.path, failure.message)));
                    parts.push(part);
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        let mut snapshot = Snapshot { input, parts, told: BTreeMap::new(), problems };
        snapshot.told = snapshot.tell();
        snapshot
    }

    /// The absolute path of a file by the name that a part shows it under.
    pub fn path(&self, part: usize, shown: &str) -> PathBuf {
        files::absolute(Path::new(shown), &self.parts[part].settings.cwd)
    }

    /// The text that a part has run on, as the editor sees it.
    pub fn view(&self, part: usize, path: &Path) -> Option<View> {
        let Part { settings, analysis } = &self.parts[part];
        let shown = files::shown_path(path, &settings.cwd);
        if let Some(document) = self.input.documents.get(path) {
            let source = Source::from_text(path.to_owned(), shown, document.text.clone());
            return Some(View { source, mark: document.mark });
        }
        let source = match analysis.sources.get(&shown) {
            Some(source) => Source::clone(source),
            None => Source::read(path.to_owned(), shown).ok()?,
        };
        Some(View { source, mark: false })
    }

    fn tell(&self) -> BTreeMap<PathBuf, Vec<Told>> {
        let mut told: BTreeMap<PathBuf, Vec<Told>> = BTreeMap::new();
        for (index, part) in self.parts.iter().enumerate() {
            // To an editor the cells of a notebook are documents of their own, with other names.
            let findings = part.analysis.findings.iter().filter(|finding| finding.place.cell.is_none());
            for finding in findings.filter(|finding| part.settings.shows(finding)) {
                let diagnostic = diagnostics::diagnostic(self, index, finding);
                let path = self.path(index, &finding.place.path);
                told.entry(path).or_default().push(Told {
                    part: index,
                    finding: finding.clone(),
                    diagnostic,
                });
            }
        }
        told
    }
}

/// What is analysed by itself: the outermost folders, and open files that lie in none.
fn places(input: &Input) -> Vec<PathBuf> {
    let within = |path: &Path, folders: &[PathBuf]| folders.iter().any(|folder| path.starts_with(folder));
    let mut folders = input.folders.clone();
    folders.sort();
    folders.dedup_by(|inner, outer| inner.starts_with(outer));
    let lone = input.documents.keys().filter(|path| !within(path, &folders) && path.is_file());
    let lone: Vec<PathBuf> = lone.cloned().collect();
    folders.into_iter().chain(lone).collect()
}

fn part(place: &Path, unsaved: &Unsaved) -> Result<Part, Error> {
    let cwd = if place.is_dir() { place } else { place.parent().unwrap_or(place) };
    let request = Request { paths: vec![place.to_owned()], cwd: cwd.to_owned(), ..Request::default() };
    let mut settings = Settings::load(request, &[])?;
    settings.unsaved = unsaved.clone();
    let analysis = analysis::analyse(&settings)?;
    Ok(Part { settings, analysis })
}
