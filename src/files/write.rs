//! The one place that changes a user's file: all of it or nothing.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::source::{Source, read_whole};
use super::walk::error_text;

/// Writes a new text of a file in the encoding of the file; `root` as in [`replace`].
///
/// # Errors
///
/// Why the file is left as it is, for people.
pub fn store(source: &Source, root: &Path, text: &str) -> Result<(), String> {
    let original = source.encode(&source.text).map_err(|error| error.to_string())?;
    let new = source.encode(text).map_err(|error| error.to_string())?;
    replace(&source.path, root, &original, &new).map_err(|error| error.to_string())
}

/// Why a file was not replaced, and what state it is in. Who tells it names the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    why: String,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Unchanged,
    /// Writing a hard-linked file in place stopped half-way; the whole new text is in this file.
    Kept(PathBuf),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not written: {}; ", self.why)?;
        match &self.state {
            State::Unchanged => f.write_str("the file is unchanged"),
            State::Kept(copy) => {
                write!(f, "the file may be incomplete, its new text is in {}", copy.display())
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// Replaces the bytes of a file, if it still holds `original`.
///
/// The new bytes are written to a temporary file beside it, brought to the disk, given the mode, the
/// owner and the access control list of the old file, and renamed over it, so that there is the old file or the new one at
/// every moment. A symbolic link stays a link: the file it leads to is replaced, if that lies below
/// `root`, the project's folder. A file that holds the new bytes already, as another name of a file
/// that was replaced does, is left as it is. Where a rename would break something (the file has other names, or
/// belongs to someone whose file we may write but not create) it is written in place, after the
/// temporary copy is safe on disk; if that fails half-way, the copy is kept and the error names it.
///
/// # Errors
///
/// When the file is read-only, is not a regular file, leads out of the project, has been changed
/// since it was read, or cannot be written. It is unchanged then, unless the error says otherwise.
pub fn replace(path: &Path, root: &Path, original: &[u8], new: &[u8]) -> Result<(), WriteError> {
    let refuse = |why: String| WriteError { why, state: State::Unchanged };
    let failed = |error: io::Error| refuse(error_text(&error));

    let target = path.canonicalize().map_err(failed)?;
    if !root.canonicalize().is_ok_and(|root| target.starts_with(root)) {
        return Err(refuse(format!("it is a link that leads out of the project, to {}", target.display())));
    }
    let metadata = target.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    // The system is asked, not the mode: a file this user may not write is not replaced, although
    // its folder would allow it, and one that an administrator may write is.
    let in_place = OpenOptions::new().write(true).open(&target).map_err(failed)?;

    let now = read_whole(&target).map_err(failed)?;
    if now == new {
        return Ok(());
    }
    if now != original {
        return Err(refuse("it was changed since it was read".to_owned()));
    }
    let dir = target.parent().unwrap_or(&target);
    let copy = synced_copy(dir, new)
        .map_err(|error| refuse(format!("no temporary file beside it: {}", error_text(&error))))?;
    let same_owner = take_owner_and_mode(copy.as_file(), &metadata).map_err(failed)?;
    let same_attributes = take_attributes(copy.as_file(), &in_place).is_ok();
    // Once more, because all that took its time.
    if read_whole(&target).map_err(failed)? != original {
        return Err(refuse("it was changed since it was read".to_owned()));
    }
    if same_owner && same_attributes && names(&metadata) == 1 {
        drop(in_place);
        copy.persist(&target).map_err(|error| failed(error.error))?;
    } else {
        overwrite(in_place, new).map_err(|error| {
            let why = error_text(&error);
            match copy.keep() {
                Ok((_, kept)) => WriteError { why, state: State::Kept(kept) },
                Err(lost) => {
                    let kept = lost.file.path().to_path_buf();
                    WriteError { why, state: State::Kept(kept) }
                }
            }
        })?;
    }
    sync_dir(dir);
    Ok(())
}

fn synced_copy(dir: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut copy = tempfile::Builder::new().prefix(".loopcheck-").suffix(".tmp").tempfile_in(dir)?;
    copy.write_all(bytes)?;
    copy.as_file().sync_all()?;
    Ok(copy)
}

fn overwrite(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Gives a file the owner, the group and the mode of another. False if the owner or group cannot be
/// given away.
#[cfg(unix)]
fn take_owner_and_mode(file: &File, of: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    let same = (own.uid(), own.gid()) == (of.uid(), of.gid())
        || fchown(file, Some(of.uid()), Some(of.gid())).is_ok();
    // After the owner, because a change of owner clears mode bits.
    file.set_permissions(of.permissions())?;
    Ok(same)
}

#[cfg(not(unix))]
fn take_owner_and_mode(file: &File, of: &Metadata) -> io::Result<bool> {
    file.set_permissions(of.permissions())?;
    Ok(true)
}

/// Gives a file the extended attributes of another, the access control list among them, and no other.
#[cfg(target_os = "linux")]
fn take_attributes(file: &File, of: &File) -> io::Result<()> {
    use xattr::FileExt;
    // Not every file system has them.
    let Ok(wanted) = of.list_xattr() else { return Ok(()) };
    let wanted: Vec<_> = wanted.collect();
    for name in file.list_xattr()?.filter(|name| !wanted.contains(name)) {
        file.remove_xattr(name)?;
    }
    for name in wanted {
        let value = of.get_xattr(&name)?.unwrap_or_default();
        if file.get_xattr(&name)?.as_ref() != Some(&value) {
            file.set_xattr(&name, &value)?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn take_attributes(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

/// How many hard links lead to the file, where the system says so.
#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

/// Brings the rename itself to the disk. The file is whole either way, so failure is no error.
fn sync_dir(dir: &Path) {
    if cfg!(unix) {
        let _ = File::open(dir).and_then(|dir| dir.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Project {
        dir: tempfile::TempDir,
    }

    impl Project {
        fn new() -> Project {
            let project = Project { dir: tempfile::tempdir().unwrap() };
            fs::write(project.path("a.py"), "old").unwrap();
            project
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn replace(&self, name: &str, original: &str, new: &str) -> Result<(), String> {
            let result = replace(&self.path(name), self.dir.path(), original.as_bytes(), new.as_bytes());
            result.map_err(|error| error.to_string().replace("not written: ", ""))
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap()
        }

        /// Names of everything in the project.
        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.dir.path()).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    #[test]
    fn the_file_is_replaced_and_nothing_is_left_beside_it() {
        let project = Project::new();
        project.replace("a.py", "old", "new text").unwrap();
        assert_eq!(project.text("a.py"), "new text");
        assert_eq!(project.names(), ["a.py"]);
    }

    #[test]
    fn a_file_changed_meanwhile_is_left_alone() {
        let project = Project::new();
        let error = project.replace("a.py", "older", "new").unwrap_err();
        assert_eq!(error, "it was changed since it was read; the file is unchanged");
        assert_eq!(project.text("a.py"), "old");
        assert_eq!(project.names(), ["a.py"]);
    }

    #[test]
    fn a_read_only_file_is_left_alone() {
        let project = Project::new();
        let mut permissions = fs::metadata(project.path("a.py")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(project.path("a.py"), permissions).unwrap();
        let writable = OpenOptions::new().write(true).open(project.path("a.py")).is_ok();
        let result = project.replace("a.py", "old", "new");
        if writable {
            // An administrator may write anything; the mode stays as it was.
            result.unwrap();
            assert!(fs::metadata(project.path("a.py")).unwrap().permissions().readonly());
        } else {
            assert_eq!(result.unwrap_err(), "permission denied; the file is unchanged");
            assert_eq!(project.text("a.py"), "old");
        }
    }

    #[test]
    fn what_is_missing_or_no_file_is_an_error() {
        let project = Project::new();
        let error = project.replace("b.py", "", "new").unwrap_err();
        assert_eq!(error, "no such file or directory; the file is unchanged");
        fs::create_dir(project.path("c.py")).unwrap();
        let error = project.replace("c.py", "", "new").unwrap_err();
        assert_eq!(error, "it is not a regular file; the file is unchanged");
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_stays() {
        use std::os::unix::fs::PermissionsExt;
        let project = Project::new();
        for mode in [0o755, 0o640, 0o600, 0o777] {
            fs::set_permissions(project.path("a.py"), fs::Permissions::from_mode(mode)).unwrap();
            let old = project.text("a.py");
            project.replace("a.py", &old, &format!("{mode}")).unwrap();
            assert_eq!(fs::metadata(project.path("a.py")).unwrap().permissions().mode() & 0o7777, mode);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_owner_stays_where_that_is_possible() {
        use std::os::unix::fs::{MetadataExt, chown};
        let project = Project::new();
        // Only an administrator can give a file away.
        if chown(project.path("a.py"), Some(1234), Some(1234)).is_ok() {
            project.replace("a.py", "old", "new").unwrap();
            let metadata = fs::metadata(project.path("a.py")).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (1234, 1234));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn extended_attributes_stay() {
        let project = Project::new();
        // Not every file system has them.
        if xattr::set(project.path("a.py"), "user.note", b"kept").is_ok() {
            project.replace("a.py", "old", "new").unwrap();
            assert_eq!(xattr::get(project.path("a.py"), "user.note").unwrap().unwrap(), b"kept");
        }
    }

    #[test]
    fn what_holds_the_new_text_already_is_done() {
        let project = Project::new();
        project.replace("a.py", "older", "old").unwrap();
        assert_eq!((project.text("a.py").as_str(), project.names().len()), ("old", 1));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let project = Project::new();
        std::os::unix::fs::symlink("a.py", project.path("b.py")).unwrap();
        project.replace("b.py", "old", "new").unwrap();
        assert!(fs::symlink_metadata(project.path("b.py")).unwrap().is_symlink());
        assert_eq!(project.text("a.py"), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_project_is_not_followed() {
        let (project, other) = (Project::new(), Project::new());
        std::os::unix::fs::symlink(other.path("a.py"), project.path("b.py")).unwrap();
        let error = project.replace("b.py", "old", "new").unwrap_err();
        assert!(error.starts_with("it is a link that leads out of the project"), "{error}");
        assert!(error.ends_with("; the file is unchanged"), "{error}");
        assert_eq!(other.text("a.py"), "old");
    }

    #[cfg(unix)]
    #[test]
    fn all_names_of_a_hard_linked_file_see_the_change() {
        let project = Project::new();
        fs::hard_link(project.path("a.py"), project.path("b.py")).unwrap();
        project.replace("a.py", "old", "n").unwrap();
        assert_eq!((project.text("a.py"), project.text("b.py")), ("n".to_owned(), "n".to_owned()));
        assert_eq!(project.names(), ["a.py", "b.py"]);
    }
}
