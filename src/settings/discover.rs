//! Finding the configuration file that counts.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{CONFIGURATIONS, error_text, read_whole};
use crate::settings::layer::{self, Layer};

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Absolute.
    pub path: PathBuf,
    pub layer: Layer,
}

/// The configuration of the nearest folder, from `start` upwards, that has one.
///
/// # Errors
///
/// When that file cannot be read or holds something loopcheck does not know.
pub fn find(start: &Path, cwd: &Path) -> Result<Option<ConfigFile>, Error> {
    for folder in start.ancestors() {
        if let Some(file) = in_folder(folder, cwd)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// The configuration of this very folder.
///
/// # Errors
///
/// As [`find`].
pub fn in_folder(folder: &Path, cwd: &Path) -> Result<Option<ConfigFile>, Error> {
    for name in CONFIGURATIONS {
        let path = folder.join(name);
        if path.is_file()
            && let Some(layer) = read_if_ours(&path, cwd)?
        {
            return Ok(Some(ConfigFile { path, layer }));
        }
    }
    Ok(None)
}

/// The configuration file a person named.
///
/// # Errors
///
/// As [`find`].
pub fn read(path: &Path, cwd: &Path) -> Result<ConfigFile, Error> {
    let text = read_text(path, cwd).map_err(|error| match (&error.help, path.exists()) {
        (None, false) => error.help("--config takes a file, or one setting such as 'fail-on = \"error\"'"),
        _ => error,
    })?;
    let layer = layer::read_file(&text, &shown(path, cwd))?.unwrap_or_default();
    Ok(ConfigFile { path: path.to_owned(), layer })
}

/// The path relative to the working directory where it lies below it, with forward slashes.
pub fn shown(path: &Path, cwd: &Path) -> String {
    let path = path.strip_prefix(cwd).unwrap_or(path);
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn read_if_ours(path: &Path, cwd: &Path) -> Result<Option<Layer>, Error> {
    // A broken pyproject.toml of a parent folder is not our business unless it speaks of loopcheck.
    if layer::is_pyproject(path) {
        let bytes = read_whole(path).unwrap_or_default();
        if memchr::memmem::find(&bytes, b"loopcheck").is_none() {
            return Ok(None);
        }
    }
    layer::read_file(&read_text(path, cwd)?, &shown(path, cwd))
}

fn read_text(path: &Path, cwd: &Path) -> Result<String, Error> {
    let failed =
        |why: String| Error::new(format!("cannot read the configuration file {}", shown(path, cwd))).at(why);
    let bytes = read_whole(path).map_err(|error| failed(error_text(&error)))?;
    String::from_utf8(bytes)
        .map_err(|_| failed("it is not UTF-8".to_owned()).help("save the file as UTF-8, as TOML asks"))
}
