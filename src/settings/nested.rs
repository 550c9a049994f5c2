//! Configuration files of folders: for each file the nearest one counts, as ruff has it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{Walked, absolute};
use crate::settings::discover::{self, ConfigFile};
use crate::settings::keys::KEYS;
use crate::settings::layer::Origin;
use crate::settings::{Request, Settings, folder_of};

impl Settings {
    /// What counts for a file or a folder: the settings with the nearest configuration file.
    ///
    /// What holds for a whole run is asked of the run's own settings.
    pub fn at(&self, path: &Path) -> &Settings {
        if self.nested.is_empty() {
            return self;
        }
        let nearest = path.ancestors().find_map(|folder| match self.nested.get(folder) {
            _ if self.folder() == Some(folder) => Some(self),
            nested => nested,
        });
        nearest.unwrap_or(self)
    }

    /// As [`Settings::at`], for a file as it is shown.
    pub fn at_shown(&self, path: &str) -> &Settings {
        self.at(&self.cwd.join(path))
    }

    /// Takes in the configuration files of the folders that were walked, and those above the paths
    /// that were given.
    ///
    /// # Errors
    ///
    /// When such a file cannot be read or holds something loopcheck does not know.
    pub fn with_nested(&self, walked: &Walked) -> Result<Settings, Error> {
        let mut settings = self.clone();
        if !self.discovers {
            return Ok(settings);
        }
        // A file that an ignore file hides from the walk is seen at least in the root of a project.
        let folders: BTreeSet<&PathBuf> = walked.configured.iter().chain(&walked.roots).collect();
        for folder in folders {
            if let Some(file) = discover::in_folder(folder, &self.cwd)? {
                settings.add(folder, Some(file))?;
            }
        }
        let mut seen: BTreeSet<PathBuf> = self.folder().map(Path::to_owned).into_iter().collect();
        let given =
            self.stdin.as_ref().map_or(&self.paths[..], |stdin| std::slice::from_ref(&stdin.filename));
        for path in given {
            settings.climb(&folder_of(path, &self.cwd), &mut seen)?;
        }
        Ok(settings)
    }

    /// Do the settings of its folder leave a file out? What the run leaves out was never walked.
    pub fn leaves_out(&self, path: &Path) -> bool {
        let here = self.at(path);
        let named = || self.paths.iter().any(|given| absolute(given, &self.cwd) == path);
        !std::ptr::eq(here, self)
            && here.folder().is_some_and(|folder| here.exclude.matches_within(path, folder))
            && (self.force_exclude || !named())
    }

    /// Settings of folders that nobody heeds, because they hold for a whole run, in sentences.
    pub fn unheeded(&self) -> Vec<String> {
        let run = match &self.config {
            Some(file) => format!("here in {}", discover::shown(file, &self.cwd)),
            None => "and this run has none".to_owned(),
        };
        let keys = KEYS.iter().filter(|key| key.is_of_run()).map(|key| key.name);
        let origins = |key| self.nested.values().filter_map(move |here| Some((key, here.origins.get(key)?)));
        let told = keys.flat_map(origins).filter_map(|(key, origin)| match origin {
            Origin::File { .. } => {
                Some(format!("{origin}: `{key}` counts only in the configuration file of the run, {run}"))
            }
            Origin::Default | Origin::Argument(_) => None,
        });
        told.collect()
    }

    /// The folders with another configuration file than the run's, and what counts there.
    pub fn nested(&self) -> impl Iterator<Item = (&Path, &Settings)> {
        self.nested.iter().map(|(folder, settings)| (folder.as_path(), settings))
    }

    /// The nearest configuration file above a folder; where there is none up to the top, none counts.
    fn climb(&mut self, start: &Path, seen: &mut BTreeSet<PathBuf>) -> Result<(), Error> {
        for folder in start.ancestors() {
            // From there on somebody has climbed before.
            if !seen.insert(folder.to_owned()) || self.nested.contains_key(folder) {
                return Ok(());
            }
            if let Some(file) = discover::in_folder(folder, &self.cwd)? {
                return self.add(folder, Some(file));
            }
        }
        let top = start.ancestors().last().unwrap_or(start);
        self.add(top, None)
    }

    fn add(&mut self, folder: &Path, file: Option<ConfigFile>) -> Result<(), Error> {
        // Without a file anywhere, the run's own settings are those without a file.
        if self.folder() == Some(folder) || (file.is_none() && self.config.is_none()) {
            return Ok(());
        }
        let mut settings = Settings::defaults(Request { cwd: self.cwd.clone(), ..Request::default() });
        settings.merge(file, &self.arguments)?;
        self.nested.insert(folder.to_owned(), settings);
        Ok(())
    }

    /// The folder of the configuration file.
    fn folder(&self) -> Option<&Path> {
        self.config.as_deref().and_then(Path::parent)
    }
}
