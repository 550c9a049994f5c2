//! Patterns for files, as ruff reads them: a name anywhere, or a path from the folder they belong to.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::Error;
use crate::settings::layer::Origin;

/// Patterns that match files and folders.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    texts: Vec<String>,
    /// As globs of a name, or of an absolute path.
    globs: Vec<String>,
    names: GlobSet,
    paths: GlobSet,
}

/// One pattern as it was written.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub text: String,
    /// The absolute folder that a pattern with a slash starts from.
    pub base: PathBuf,
    pub origin: Origin,
}

impl Patterns {
    /// # Errors
    ///
    /// When a pattern is not a glob.
    pub fn new(patterns: &[Pattern]) -> Result<Patterns, Error> {
        let mut names = GlobSetBuilder::new();
        let mut paths = GlobSetBuilder::new();
        let mut globs = Vec::new();
        for pattern in patterns {
            let bad = |error: globset::Error| {
                Error::new(format!("`{}` is not a valid pattern", pattern.text)).at(format!(
                    "{}: {}",
                    pattern.origin,
                    error.kind()
                ))
            };
            let text = pattern.text.trim_end_matches('/').trim_start_matches("./");
            names.add(glob(text).map_err(bad)?);
            let base = globset::escape(&pattern.base.to_string_lossy().replace('\\', "/"));
            let path = match Path::new(text).is_absolute() {
                true => text.to_owned(),
                false => format!("{}/{text}", base.trim_end_matches('/')),
            };
            paths.add(glob(&path).map_err(bad)?);
            globs.push(if text.contains('/') { path } else { text.to_owned() });
        }
        // Each glob was compiled above; only their sum can be too large.
        let build = |set: GlobSetBuilder| {
            set.build().map_err(|error| Error::new("too many patterns").at(error.to_string()))
        };
        let texts = patterns.iter().map(|pattern| pattern.text.clone()).collect();
        Ok(Patterns { texts, globs, names: build(names)?, paths: build(paths)? })
    }

    /// Does a pattern match this absolute path by its name or as a whole?
    ///
    /// Folders above are not asked: whoever walks does not enter a folder that matches.
    pub fn matches(&self, path: &Path) -> bool {
        self.paths.is_match(path) || path.file_name().is_some_and(|name| self.names.is_match(name))
    }

    /// As [`Patterns::matches`], for the path or a folder above it, up to `root`.
    pub fn matches_within(&self, path: &Path, root: &Path) -> bool {
        !self.texts.is_empty()
            && path
                .ancestors()
                .take_while(|ancestor| *ancestor != root && ancestor.parent().is_some())
                .any(|ancestor| self.matches(ancestor))
    }

    /// Globs that mean the same: without a slash they match a name, with one an absolute path.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.globs.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// As they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

fn glob(text: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(false).build()
}
