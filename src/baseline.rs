//! A baseline: the findings that were there when loopcheck came, and that nobody has to answer for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analysis::{Analysis, Sources};
use crate::error::Error;
use crate::files;
use crate::finding::Finding;
use crate::fingerprint::fingerprints;
use crate::rules::Diagnosis;
use crate::settings::Settings;
use crate::suppress::{Silenced, Silencer};

const VERSION: u8 = 1;
const TOOL: &str = "loopcheck";

/// The findings of a baseline file, by what they are known by.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The folder of the file, from which its paths start, so that it means the same from everywhere.
    folder: PathBuf,
    shown: String,
    known: BTreeMap<String, Entry>,
}

/// What the file says of a finding. Only the fingerprint is compared; the rest is for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    path: String,
    /// The text of the line.
    text: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    tool: String,
    version: u8,
    findings: Vec<Entry>,
}

/// What every version of the file says.
#[derive(Deserialize)]
struct Head {
    tool: String,
    version: u64,
}

impl Baseline {
    /// # Errors
    ///
    /// When the file cannot be read, or is no baseline that this version understands.
    pub fn read(path: &Path, cwd: &Path) -> Result<Baseline, Error> {
        let shown = files::shown_path(path, cwd).to_string();
        let text = files::read_whole(path).and_then(as_text).map_err(|error| {
            let failed =
                Error::new(format!("cannot read the baseline {shown}")).at(files::error_text(&error));
            match error.kind() {
                io::ErrorKind::NotFound => {
                    failed.help(format!("`loopcheck --write-baseline {shown}` writes one"))
                }
                _ => failed,
            }
        })?;
        let foreign = |why: String| {
            Error::new(format!("{shown} is not a baseline of loopcheck"))
                .at(why)
                .help("give a file that `loopcheck --write-baseline` has written")
        };
        let head: Head = serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
        if head.tool != TOOL {
            return Err(foreign(format!("it was written by {}", head.tool)));
        }
        if head.version != u64::from(VERSION) {
            return Err(Error::new(format!("{shown} is a baseline of another version of loopcheck"))
                .at(format!("its version is {}, this loopcheck reads version {VERSION}", head.version))
                .help(format!("`loopcheck --write-baseline {shown}` writes it anew")));
        }
        let document: Document = serde_json::from_str(&text).map_err(|error| foreign(error.to_string()))?;
        let known = document.findings.into_iter().map(|entry| (entry.fingerprint.clone(), entry)).collect();
        Ok(Baseline { folder: folder_of(path), shown, known })
    }

    /// Takes out what is known. The second answer says how many entries no finding has any more, among
    /// those this run could have found.
    pub fn take(
        &self,
        settings: &Settings,
        sources: &Sources,
        diagnoses: &mut Vec<Diagnosis>,
    ) -> (Vec<Silenced>, Option<String>) {
        let findings = diagnoses.iter().map(|diagnosis| &diagnosis.finding);
        let known_by = fingerprints(findings, sources, |finding| self.path_of(finding, settings));
        let known_by: Vec<String> = known_by.iter().map(ToString::to_string).collect();
        let mut silenced = Vec::new();
        let mut index = 0;
        diagnoses.retain(|diagnosis| {
            index += 1;
            let known = self.known.contains_key(&known_by[index - 1]);
            if known {
                silenced.push(Silenced { finding: diagnosis.finding.clone(), by: Silencer::Baseline });
            }
            !known
        });
        let found: BTreeSet<&str> = known_by.iter().map(String::as_str).collect();
        let gone =
            |entry: &&Entry| !found.contains(entry.fingerprint.as_str()) && self.is_in_view(entry, settings);
        let stale = self.known.values().filter(gone).count();
        let notice = (stale > 0).then(|| {
            let entries = if stale == 1 { "1 entry".to_owned() } else { format!("{stale} entries") };
            format!(
                "{}: {entries} no longer found; `loopcheck --write-baseline {}` leaves out what is done",
                self.shown, self.shown
            )
        });
        (silenced, notice)
    }

    /// Would this run have found it, were it still there?
    fn is_in_view(&self, entry: &Entry, settings: &Settings) -> bool {
        let path = files::absolute(Path::new(&entry.path), &self.folder);
        let shown = files::shown_path(&path, &settings.cwd);
        let walked = |given: &PathBuf| path.starts_with(files::absolute(given, &settings.cwd));
        let rule = crate::knowledge::pages::find(&entry.code);
        settings.stdin.is_none()
            && rule.is_none_or(|rule| settings.reports(rule.code, &shown))
            && settings.paths.iter().any(walked)
    }

    fn path_of(&self, finding: &Finding, settings: &Settings) -> String {
        relative(&files::absolute(Path::new(&*finding.place.path), &settings.cwd), &self.folder)
    }
}

/// Writes the baseline of an analysis. A file that is there is replaced only if it is a baseline.
///
/// Answers how many findings are in it.
///
/// # Errors
///
/// When the file cannot be written, or is something else.
pub fn write(analysis: &Analysis, settings: &Settings, path: &Path) -> Result<usize, Error> {
    let shown = files::shown_path(path, &settings.cwd);
    let (text, count) = document(analysis, settings, path);
    let failed = |why: String| {
        Error::new(format!("cannot write the baseline {shown}"))
            .at(why)
            .help("check the path given to --write-baseline")
    };
    let written = match files::read_whole(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(path, text).map_err(|error| files::error_text(&error))
        }
        Err(error) => Err(files::error_text(&error)),
        Ok(old) if serde_json::from_slice::<Head>(&old).is_ok_and(|head| head.tool == TOOL) => {
            files::replace(path, &folder_of(path), &old, text.as_bytes()).map_err(|error| error.to_string())
        }
        Ok(_) => Err("the file that is there is no baseline of loopcheck".to_owned()),
    };
    written.map(|()| count).map_err(failed)
}

/// The text of a baseline file at `path` that knows all findings of the report, and their number.
fn document(analysis: &Analysis, settings: &Settings, path: &Path) -> (String, usize) {
    let folder = folder_of(path);
    let path_of = |finding: &Finding| {
        relative(&files::absolute(Path::new(&*finding.place.path), &settings.cwd), &folder)
    };
    let known_by = fingerprints(&analysis.findings, &analysis.sources, path_of);
    let entry = |(finding, known_by): (&Finding, crate::fingerprint::Fingerprint)| Entry {
        code: finding.code.to_owned(),
        path: path_of(finding),
        text: analysis
            .sources
            .get(&finding.place.path)
            .map_or("", |source| source.line_of(&finding.place).trim())
            .to_owned(),
        fingerprint: known_by.to_string(),
    };
    let reported = analysis.findings.iter().zip(known_by);
    let findings: Vec<Entry> = reported.filter(|(finding, _)| settings.shows(finding)).map(entry).collect();
    let count = findings.len();
    let document = Document { tool: TOOL.to_owned(), version: VERSION, findings };
    // Plain structs of strings and numbers always serialize.
    (serde_json::to_string_pretty(&document).unwrap_or_default() + "\n", count)
}

fn as_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

/// The way from a folder to a file, with forward slashes. Both are absolute and without dots.
fn relative(path: &Path, folder: &Path) -> String {
    let (mut to, mut from) = (path.components().peekable(), folder.components().peekable());
    while to.peek().is_some() && to.peek() == from.peek() {
        to.next();
        from.next();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.map(|part| match part {
        Component::Normal(name) => name.to_string_lossy().into_owned(),
        other => other.as_os_str().to_string_lossy().into_owned(),
    });
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("known.json");
        fs::write(&path, text).expect("a file");
        Baseline::read(&path, folder.path()).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_foreign_file_is_told_from_an_old_one() {
        assert!(refusal("[]").starts_with("known.json is not a baseline of loopcheck\n"));
        assert!(refusal("{\"tool\": \"other\", \"version\": 1}").contains("\n  it was written by other\n"));
        assert!(
            refusal("{\"tool\": \"loopcheck\", \"version\": 2}").contains("another version of loopcheck")
        );
        assert!(refusal("{\"tool\": \"loopcheck\", \"version\": 1}").contains("missing field `findings`"));
    }

    #[test]
    fn paths_start_from_the_folder_of_the_file() {
        let relative = |path: &str, folder: &str| relative(Path::new(path), Path::new(folder));
        assert_eq!(relative("/p/app/main.py", "/p"), "app/main.py");
        assert_eq!(relative("/p/app/main.py", "/p/ci"), "../app/main.py");
    }
}
