//! Which files there are: the given paths, walked, sorted, and grouped by project.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::launchers::{LauncherKind, VS_CODE};
use super::roots::{is_marker, project_root, roots_of};
use crate::finding::ShownPath;

/// Names that are never walked unless the settings say otherwise: ruff's list, and the caches of
/// compiled modules. Of `.vscode` only `launch.json` is ever looked at.
pub const DEFAULT_EXCLUDE: &[&str] = &[
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pypackages__",
    "_build",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
];

#[derive(Clone, Debug)]
pub struct WalkOptions {
    pub respect_gitignore: bool,
    /// Matched against the absolute path and against the file name, for directories and for files.
    pub exclude: GlobSet,
    /// `exclude` also binds the paths that are given.
    pub force_exclude: bool,
    /// 0 lets the machine decide. The result does not depend on it.
    pub threads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.py` and `.pyw`: something Python runs or imports.
    Module,
    /// `.pyi`: read by people and type checkers, never by Python.
    Stub,
    /// `.ipynb`: run cell by cell, imported by nobody.
    Notebook,
}

#[derive(Clone, Debug)]
pub struct WalkedFile {
    /// Absolute.
    pub path: PathBuf,
    pub kind: FileKind,
    /// Index into [`Walked::roots`].
    pub root: u32,
}

/// A file outside Python that starts programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedLauncher {
    /// Absolute.
    pub path: PathBuf,
    pub kind: LauncherKind,
}

/// A path that could not be walked, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkError {
    pub path: ShownPath,
    pub message: String,
}

#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// Sorted by the bytes of their paths, each once.
    pub files: Vec<WalkedFile>,
    /// Sorted by path, each once.
    pub launchers: Vec<WalkedLauncher>,
    /// Project roots of the files, absolute and sorted.
    pub roots: Vec<PathBuf>,
    /// Sorted by path.
    pub errors: Vec<WalkError>,
    /// The outermost folders imports may lead to: the project roots of the given paths.
    pub(super) tops: Vec<PathBuf>,
    /// Directories walked from the top, absolute: everything below them has been seen.
    pub(super) walked_dirs: Vec<PathBuf>,
    /// Walked directories that hold a marker of a project, sorted.
    pub(super) marked: Vec<PathBuf>,
    /// Walked directories that hold a file that may configure loopcheck, each once or more.
    pub configured: Vec<PathBuf>,
    /// An ignore file was met, so a walked directory may hold more modules than were listed.
    pub(super) ignores: bool,
}

impl Walked {
    /// Whether every file below this project root was walked. Rules that claim absence need it.
    pub fn is_whole(&self, root: u32) -> bool {
        let root = &self.roots[root as usize];
        self.walked_dirs.iter().any(|dir| root.starts_with(dir))
    }

    /// Takes out files that the settings of their folder leave out. They are still there to be imported.
    pub fn leave_out(&mut self, is_out: impl Fn(&Path) -> bool) {
        let before = self.files.len();
        self.files.retain(|file| !is_out(&file.path));
        self.launchers.retain(|launcher| !is_out(&launcher.path));
        self.ignores |= self.files.len() < before;
    }

    /// The outermost project root that a path lies in, else its own folder.
    pub fn top_of<'a>(&'a self, path: &'a Path) -> &'a Path {
        let top = self.tops.iter().find(|top| path.starts_with(top));
        top.map_or_else(|| path.parent().unwrap_or(path), PathBuf::as_path)
    }
}

/// Everything that may be analysed in or below `paths`.
///
/// Directories behind symbolic links are not entered, and what is not a regular file (pipes,
/// devices, sockets) is left out. A path that does not exist, cannot be read or is given and no
/// regular file becomes an error in the result.
pub fn walk(paths: &[PathBuf], options: &WalkOptions) -> Walked {
    let cwd = std::env::current_dir().unwrap_or_default();
    let mut walked = Walked::default();
    let mut found = Vec::new();
    let mut builder: Option<WalkBuilder> = None;
    for given in paths {
        let path = absolute(given, &cwd);
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => {
                walked.errors.push(WalkError { path: shown_path(&path, &cwd), message: error_text(&error) });
                continue;
            }
        };
        let dir = if metadata.is_dir() { &*path } else { path.parent().unwrap_or(&path) };
        let top = project_root(dir);
        let excluded = options.force_exclude && is_excluded_below(&path, &top, &options.exclude);
        walked.tops.push(top);
        if excluded {
            continue;
        }
        if !metadata.is_dir() && !metadata.is_file() {
            let message = "it is not a regular file".to_owned();
            walked.errors.push(WalkError { path: shown_path(&path, &cwd), message });
        } else if metadata.is_dir() {
            match &mut builder {
                Some(builder) => drop(builder.add(&path)),
                None => builder = Some(WalkBuilder::new(&path)),
            }
            walked.walked_dirs.push(path);
        } else if metadata.is_file()
            && let Some(kind) = file_kind(path.file_name().unwrap_or_default())
        {
            found.push((path, kind));
        } else if metadata.is_file()
            && let Some(kind) = LauncherKind::of(&path)
        {
            walked.launchers.push(WalkedLauncher { path, kind });
        }
    }
    outermost(&mut walked.tops);
    outermost(&mut walked.walked_dirs);
    if let Some(builder) = builder {
        let seen = walk_dirs(builder, &walked.tops, options, &cwd);
        found.extend(seen.files);
        walked.launchers.extend(seen.launchers);
        walked.errors.extend(seen.errors);
        walked.ignores = seen.ignores;
        walked.marked = seen.marked;
        walked.configured = seen.configured;
    }
    found.sort_unstable_by(|(a, _), (b, _)| bytes(a).cmp(bytes(b)));
    found.dedup_by(|(a, _), (b, _)| a == b);
    walked.launchers.sort_unstable_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
    walked.launchers.dedup_by(|a, b| a.path == b.path);
    walked.errors.sort_unstable_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    walked.errors.dedup();
    let (roots, root_of) = roots_of(found.iter().map(|(path, _)| path.as_path()), &walked);
    walked.roots = roots;
    walked.files =
        found.into_iter().zip(root_of).map(|((path, kind), root)| WalkedFile { path, kind, root }).collect();
    walked
}

/// A path as people read it: relative to the working directory where it lies below it, with forward
/// slashes, and with bytes that are not UTF-8 replaced.
pub fn shown_path(path: &Path, cwd: &Path) -> ShownPath {
    let relative = match path.strip_prefix(cwd) {
        Ok(relative) if relative.as_os_str().is_empty() => Path::new("."),
        Ok(relative) => relative,
        Err(_) => path,
    };
    let text = relative.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/").into() } else { text.into() }
}

/// Compiles exclude patterns. The error names the pattern that is not a glob.
pub fn exclude_set<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let trimmed = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        let glob = GlobBuilder::new(trimmed).literal_separator(false).build();
        set.add(glob.map_err(|error| format!("`{pattern}` is not a valid pattern: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

pub(super) fn file_kind(name: &OsStr) -> Option<FileKind> {
    let name = name.as_encoded_bytes();
    if name.ends_with(b".py") || name.ends_with(b".pyw") {
        Some(FileKind::Module)
    } else if name.ends_with(b".pyi") {
        Some(FileKind::Stub)
    } else if name.ends_with(b".ipynb") {
        Some(FileKind::Notebook)
    } else {
        None
    }
}

pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[derive(Default)]
struct Seen {
    files: Vec<(PathBuf, FileKind)>,
    launchers: Vec<WalkedLauncher>,
    errors: Vec<WalkError>,
    ignores: bool,
    marked: Vec<PathBuf>,
    configured: Vec<PathBuf>,
}

fn walk_dirs(mut builder: WalkBuilder, tops: &[PathBuf], options: &WalkOptions, cwd: &Path) -> Seen {
    let exclude = options.exclude.clone();
    // Opening a pipe would wait for someone to write into it, and rules that cannot be read may hide
    // anything: what lies beside such a file is not looked at.
    let refused = Arc::new(Mutex::new(Vec::new()));
    if options.respect_gitignore {
        let above = tops.iter().flat_map(|top| top.ancestors());
        if let Some(file) = above.filter_map(unreadable_rules).next() {
            return Seen { errors: vec![refused_rules(&file, cwd)], ..Seen::default() };
        }
    }
    let refuse = options.respect_gitignore.then(|| Arc::clone(&refused));
    // Noted by the filter, because `.git` itself is excluded.
    let noted = Arc::new(Mutex::new((Vec::new(), Vec::new())));
    let note = Arc::clone(&noted);
    builder
        .standard_filters(false)
        .parents(options.respect_gitignore)
        .ignore(options.respect_gitignore)
        .git_ignore(options.respect_gitignore)
        .git_global(options.respect_gitignore)
        .git_exclude(options.respect_gitignore)
        .follow_links(false)
        .threads(options.threads)
        .filter_entry(move |entry| {
            let (marks, configures) = (is_marker(entry.file_name()), is_configuration(entry.file_name()));
            if let Some(dir) = entry.path().parent().filter(|_| marks || configures) {
                let mut noted = note.lock().unwrap_or_else(PoisonError::into_inner);
                noted.0.extend(marks.then(|| dir.to_path_buf()));
                noted.1.extend(configures.then(|| dir.to_path_buf()));
            }
            let in_editor = entry.path().parent().and_then(Path::file_name) == Some(OsStr::new(VS_CODE));
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            if let Some(refused) = refuse.as_ref().filter(|_| is_dir)
                && let Some(file) = unreadable_rules(entry.path())
                && !is_excluded(entry.path(), &exclude)
            {
                refused.lock().unwrap_or_else(PoisonError::into_inner).push(file);
                return false;
            }
            entry.depth() == 0 || !(in_editor && is_dir || is_excluded(entry.path(), &exclude))
        });
    let all = Mutex::new(Seen::default());
    builder.build_parallel().run(|| {
        let mut own = Batch { seen: Seen::default(), all: &all };
        Box::new(move |entry| {
            match entry {
                Ok(entry) => look_at(&entry, &mut own.seen),
                Err(error) => own.seen.errors.push(walk_error(&error, cwd)),
            }
            WalkState::Continue
        })
    });
    let mut seen = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Rules of a repository's own exclude file and of the user's are not seen as entries.
    seen.ignores |= options.respect_gitignore && tops.iter().any(|top| top.join(".git").exists());
    seen.ignores &= options.respect_gitignore;
    let refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
    seen.errors.extend(refused.iter().map(|file| refused_rules(file, cwd)));
    (seen.marked, seen.configured) =
        std::mem::take(&mut *noted.lock().unwrap_or_else(PoisonError::into_inner));
    seen.marked.sort_unstable();
    seen.marked.dedup();
    seen
}

/// A file of ignore rules in a folder that has no end or waits for a writer. What stands in
/// `/dev/null` has an end.
fn unreadable_rules(dir: &Path) -> Option<PathBuf> {
    let files = [".gitignore", ".ignore", ".git/info/exclude"].map(|name| dir.join(name));
    files.into_iter().find(|file| {
        std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
            && std::fs::canonicalize(file).is_ok_and(|file| file != Path::new("/dev/null"))
    })
}

fn refused_rules(file: &Path, cwd: &Path) -> WalkError {
    let message = "it is not a regular file, so nothing tells what to ignore here and the folder was not \
                   checked; remove it, or use --no-respect-gitignore";
    WalkError { path: shown_path(file, cwd), message: message.into() }
}

/// What one thread has seen; handed over when the thread is done.
struct Batch<'a> {
    seen: Seen,
    all: &'a Mutex<Seen>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.append(&mut self.seen.files);
        all.launchers.append(&mut self.seen.launchers);
        all.errors.append(&mut self.seen.errors);
        all.ignores |= self.seen.ignores;
    }
}

fn look_at(entry: &DirEntry, seen: &mut Seen) {
    // Of the editor's folder only its start configurations are looked at.
    if entry.path().parent().and_then(Path::file_name) == Some(OsStr::new(VS_CODE))
        && LauncherKind::of(entry.path()) != Some(LauncherKind::VsCode)
    {
        return;
    }
    let Some(kind) = file_kind(entry.file_name()) else {
        let name = entry.file_name().as_encoded_bytes();
        seen.ignores |= name == b".gitignore" || name == b".ignore";
        if let Some(kind) = LauncherKind::of(entry.path())
            && entry.file_type().is_some_and(|kind| kind.is_file())
        {
            seen.launchers.push(WalkedLauncher { path: entry.path().to_path_buf(), kind });
        }
        return;
    };
    // A symbolic link to a file is that file under another name; to a directory, it is not entered.
    let is_file = entry.file_type().is_some_and(|kind| {
        kind.is_file() || (kind.is_symlink() && std::fs::metadata(entry.path()).is_ok_and(|to| to.is_file()))
    });
    if is_file {
        seen.files.push((entry.path().to_path_buf(), kind));
    }
}

fn walk_error(error: &ignore::Error, cwd: &Path) -> WalkError {
    let path = error_path(error).map_or_else(|| Arc::from("."), |path| shown_path(path, cwd));
    let message = error.io_error().map_or_else(|| error.to_string(), error_text);
    WalkError { path, message }
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

/// The operating system's words without its number: `permission denied`.
pub fn error_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// Files that may hold the configuration of loopcheck, in the order in which they win within a folder.
pub const CONFIGURATIONS: [&str; 3] = [".loopcheck.toml", "loopcheck.toml", "pyproject.toml"];

fn is_configuration(name: &OsStr) -> bool {
    CONFIGURATIONS.iter().any(|other| name == *other)
}

/// Makes a path absolute and removes `.` and `..` by name, so that one file has one path.
pub fn absolute(path: &Path, cwd: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in cwd.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

/// Keeps only the folders that lie in no other.
fn outermost(dirs: &mut Vec<PathBuf>) {
    dirs.sort_unstable();
    dirs.dedup();
    // Sorted by components, an outer folder stands before everything in it.
    dirs.dedup_by(|inner, outer| inner.starts_with(outer));
}

pub(super) fn top_of<'a>(path: &'a Path, tops: &'a [PathBuf]) -> &'a Path {
    match tops {
        [top] => top,
        tops => tops.iter().find(|top| path.starts_with(top)).map_or(path, PathBuf::as_path),
    }
}

fn is_excluded(path: &Path, exclude: &GlobSet) -> bool {
    let name = path.file_name().unwrap_or_default();
    exclude.is_match(Path::new(name)) || exclude.is_match(path)
}

/// Whether a named path or a folder between it and the root is excluded.
fn is_excluded_below(path: &Path, top: &Path, exclude: &GlobSet) -> bool {
    path.ancestors().take_while(|part| *part != top).any(|part| is_excluded(part, exclude))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Files of a project, as shown paths below it.
    fn listed(dir: &Path, given: &[&str], options: &WalkOptions) -> Vec<String> {
        let paths: Vec<PathBuf> = given.iter().map(|given| dir.join(given)).collect();
        let walked = walk(&paths, options);
        walked.files.iter().map(|file| shown_path(&file.path, dir).to_string()).collect()
    }

    fn project(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    fn options() -> WalkOptions {
        let exclude = exclude_set(DEFAULT_EXCLUDE.iter().copied()).unwrap();
        WalkOptions { respect_gitignore: true, exclude, force_exclude: true, threads: 2 }
    }

    #[test]
    fn python_files_are_listed_in_the_order_of_their_bytes() {
        let dir = project(&["b.py", "a/c.pyw", "a.py", "a/d.pyi", "n.ipynb", "x.txt", ".hidden/h.py"]);
        let files = [".hidden/h.py", "a.py", "a/c.pyw", "a/d.pyi", "b.py", "n.ipynb"];
        assert_eq!(listed(dir.path(), &["."], &options()), files);
        assert_eq!(listed(dir.path(), &["."], &WalkOptions { threads: 1, ..options() }), files);
        assert_eq!(listed(dir.path(), &["b.py", ".", "a", "./a/../a.py"], &options()), files);
    }

    #[test]
    fn excluded_names_are_left_out_even_when_named() {
        let dir = project(&["pyproject.toml", "venv/a.py", "src/build/b.py", "c.py"]);
        assert_eq!(listed(dir.path(), &[".", "venv/a.py", "venv"], &options()), ["c.py"]);
        let pattern = format!("{}/src/*/b.py", dir.path().display());
        let exclude = exclude_set([&*pattern, "./venv/"]).unwrap();
        let bound = WalkOptions { exclude, ..options() };
        assert_eq!(listed(dir.path(), &["."], &bound), ["c.py"]);
    }

    #[test]
    fn ignored_files_are_left_out_unless_named() {
        let dir = project(&[".git/HEAD", "a.py", "b.py"]);
        fs::write(dir.path().join(".gitignore"), "b.py\n").unwrap();
        assert_eq!(listed(dir.path(), &["."], &options()), ["a.py"]);
        assert_eq!(listed(dir.path(), &["b.py"], &options()), ["b.py"]);
        let all = WalkOptions { respect_gitignore: false, ..options() };
        assert_eq!(listed(dir.path(), &["."], &all), ["a.py", "b.py"]);
    }

    #[test]
    fn a_path_that_does_not_exist_is_an_error() {
        let dir = project(&["a.py"]);
        let walked = walk(&[dir.path().join("no.py"), dir.path().join("a.py")], &options());
        assert_eq!(walked.files.len(), 1);
        assert_eq!(walked.errors.len(), 1);
        assert!(walked.errors[0].path.ends_with("no.py"));
        assert_eq!(walked.errors[0].message, "no such file or directory");
    }

    #[cfg(unix)]
    #[test]
    fn links_to_folders_are_not_entered_and_devices_not_read() {
        let dir = project(&["real/a.py"]);
        std::os::unix::fs::symlink(dir.path().join("real"), dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("real/a.py"), dir.path().join("b.py")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("gone.py"), dir.path().join("c.py")).unwrap();
        std::os::unix::fs::symlink("/dev/null", dir.path().join("d.py")).unwrap();
        assert_eq!(listed(dir.path(), &["."], &options()), ["b.py", "real/a.py"]);
        let given = walk(&[dir.path().join("d.py")], &options());
        assert_eq!(given.errors[0].message, "it is not a regular file");
    }

    #[test]
    fn files_belong_to_the_nearest_project() {
        let dir =
            project(&["pyproject.toml", "a.py", "sub/setup.py", "sub/pkg/b.py", "requirements-dev.txt"]);
        let walked = walk(&[dir.path().to_path_buf()], &options());
        assert_eq!(walked.roots, [dir.path().to_path_buf(), dir.path().join("sub")]);
        let roots: Vec<u32> = walked.files.iter().map(|file| file.root).collect();
        assert_eq!(roots, [0, 1, 1]);
        assert!(walked.is_whole(0) && walked.is_whole(1));
        let part = walk(&[dir.path().join("a.py")], &options());
        assert!(!part.is_whole(0));
        assert_eq!(project_root(&dir.path().join("sub/pkg")), dir.path().join("sub"));
    }

    #[test]
    fn patterns_that_are_no_globs_are_named() {
        assert!(exclude_set(["a", "[b"]).unwrap_err().starts_with("`[b` is not a valid pattern"));
    }
}
