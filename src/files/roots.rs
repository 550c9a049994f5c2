//! The roots of projects: the folders that hold what marks one.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::walk::{Walked, top_of};

/// The nearest folder, from `dir` upwards, that holds what marks a Python project. The climb stops
/// at the top of a repository; where there is no marker at all, `dir` itself is the root.
pub fn project_root(dir: &Path) -> PathBuf {
    dir.ancestors().find(|dir| has_marker(dir)).unwrap_or(dir).to_path_buf()
}

/// The nearest project roots of files, sorted, and for each file the index of its own.
pub(super) fn roots_of<'a>(
    files: impl Iterator<Item = &'a Path>,
    walked: &Walked,
) -> (Vec<PathBuf>, Vec<u32>) {
    let mut known = HashMap::new();
    let mut of_files: Vec<Arc<Path>> = Vec::new();
    let mut last = Path::new("");
    for path in files {
        let dir = path.parent().unwrap_or(path);
        // Files come in order, so most are neighbours of the one before.
        let root = match of_files.last() {
            Some(root) if dir.as_os_str() == last.as_os_str() => root.clone(),
            _ => nearest_root(dir, walked, &mut known),
        };
        of_files.push(root);
        last = dir;
    }
    let mut roots = of_files.clone();
    roots.sort_unstable();
    roots.dedup();
    // Each is in the list that was made from them.
    let index = |root| roots.binary_search(root).unwrap_or(0) as u32;
    let indices = of_files.iter().map(index).collect();
    (roots.iter().map(|root| root.to_path_buf()).collect(), indices)
}

/// [`project_root`], each folder asked once, and never above the outermost root.
fn nearest_root(dir: &Path, walked: &Walked, known: &mut HashMap<PathBuf, Arc<Path>>) -> Arc<Path> {
    if let Some(root) = known.get(dir) {
        return root.clone();
    }
    let seen = || walked.walked_dirs.iter().any(|walked| dir.starts_with(walked));
    let marked = || if seen() { is_in(&walked.marked, dir) } else { has_marker(dir) };
    let root = match dir.parent() {
        Some(parent) if dir != top_of(dir, &walked.tops) && !marked() => nearest_root(parent, walked, known),
        _ => Arc::from(dir),
    };
    known.insert(dir.to_path_buf(), root.clone());
    root
}

fn is_in(sorted: &[PathBuf], path: &Path) -> bool {
    sorted.binary_search_by(|other| other.as_path().cmp(path)).is_ok()
}

const MARKERS: &[&str] = &[
    "pyproject.toml",
    ".git",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile",
    "Pipfile.lock",
    "loopcheck.toml",
];

/// Whether a folder holds a file that only the root of a project has.
pub fn has_marker(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| is_marker(&entry.file_name()))
}

pub(super) fn is_marker(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    MARKERS.contains(&name) || (name.starts_with("requirements") && name.ends_with(".txt"))
}
