//! The files near the root of a project.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Folders below the root that are looked into, one in another.
const DEEPEST: usize = 3;
/// Entries looked at. What tells where a project is deployed stands near its root.
const MOST: usize = 5_000;

/// A file, relative to the root.
pub struct Listed {
    pub path: PathBuf,
    /// Its name in lower case.
    pub name: String,
    /// The names of the folders that lead to it, in lower case.
    pub folders: Vec<String>,
}

/// Files near the root first, by name within a folder; without what others made (virtual
/// environments, packages of Node, build folders) and what is never deployed (tests, examples).
pub fn files(root: &Path) -> Vec<Listed> {
    let mut files = Vec::new();
    let mut seen = 0;
    let mut waiting = VecDeque::from([(PathBuf::new(), Vec::<String>::new())]);
    while let Some((folder, folders)) = waiting.pop_front() {
        let Ok(entries) = root.join(&folder).read_dir() else { continue };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        entries.truncate(MOST - seen);
        seen += entries.len();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let path = folder.join(entry.file_name());
            // Links are not followed: they may lead in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_file() => files.push(Listed { path, name, folders: folders.clone() }),
                Ok(kind) if kind.is_dir() && folders.len() < DEEPEST && !is_foreign(root, &path, &name) => {
                    waiting.push_back((path, [folders.as_slice(), &[name]].concat()));
                }
                _ => {}
            }
        }
    }
    files
}

fn is_foreign(root: &Path, path: &Path, name: &str) -> bool {
    const MADE: [&str; 7] =
        ["node_modules", "site-packages", "__pycache__", "build", "dist", "vendor", "third_party"];
    const ASIDE: [&str; 9] =
        ["doc", "docs", "test", "tests", "testing", "example", "examples", "samples", "benchmarks"];
    let hidden = name.starts_with('.') && name != ".github";
    hidden || MADE.contains(&name) || ASIDE.contains(&name) || root.join(path).join("pyvenv.cfg").exists()
}
