//! Opening what is to be read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a regular file.
///
/// # Errors
///
/// Also when it is a folder, a pipe or a device: reading one may wait for ever, or never come to an end.
/// What was looked at before says nothing, for something else may have taken the place of the file.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Without it, opening a pipe waits until somebody writes into it. Files do not mind.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn pipes_and_folders_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.py");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let file = folder.path().join("file.py");
        std::fs::write(&file, "x = 1").unwrap();
        assert!(open(&file).is_ok());
        for path in [pipe.as_path(), folder.path(), Path::new("/dev/zero")] {
            assert!(open(path).is_err(), "{}", path.display());
        }
    }
}
