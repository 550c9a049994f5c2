//! Dockerfiles: `CMD` and `ENTRYPOINT`, in both forms, of the stage that is run.

use std::path::PathBuf;

use super::script::moved;
use super::text::{Mapped, span};
use super::{Code, Dialect, Environment, File, Place, Script, Word};
use crate::platform::Platform;

pub fn read(file: &File<'_>) -> Vec<Script> {
    let mut stage = Stage::new(file);
    let mut scripts = Vec::new();
    for (start, text) in instructions(file.text) {
        let trimmed = text.trim_start();
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let at = start + text.len() - rest.len();
        match word.to_uppercase().as_str() {
            "FROM" => {
                scripts.extend(stage.finish(file));
                stage = Stage::new(file);
                stage.windows = ["windows", "nanoserver", "servercore"]
                    .iter()
                    .any(|word| rest.to_lowercase().contains(word));
            }
            "ENV" => stage.env(rest),
            "COPY" | "ADD" => stage.copy(file, rest),
            "WORKDIR" => stage.workdir(rest),
            "CMD" => stage.cmd = Some((at, rest.to_string())),
            "ENTRYPOINT" => {
                stage.entrypoint = Some((at, rest.to_string()));
                stage.cmd = None;
            }
            _ => {}
        }
    }
    scripts.extend(stage.finish(file));
    scripts
}

/// What stands between two `FROM`.
struct Stage {
    windows: bool,
    environment: Environment,
    /// Folders of the project that were copied into the image, the last first, then the project's own.
    folders: Vec<PathBuf>,
    cmd: Option<(usize, String)>,
    entrypoint: Option<(usize, String)>,
}

impl Stage {
    fn new(file: &File<'_>) -> Stage {
        Stage {
            windows: false,
            environment: Environment::new(),
            folders: file.folders.clone(),
            cmd: None,
            entrypoint: None,
        }
    }

    /// `ENV A=b C=d` and `ENV A b`
    fn env(&mut self, rest: &str) {
        let pairs: Vec<&str> = rest.split_whitespace().filter(|pair| pair.contains('=')).collect();
        if pairs.is_empty()
            && let Some((name, value)) = rest.trim().split_once(char::is_whitespace)
        {
            self.environment.insert(name.into(), Some(value.trim().into()));
        }
        for (name, value) in pairs.into_iter().filter_map(|pair| pair.split_once('=')) {
            let value = value.trim_matches(['"', '\'']);
            self.environment.insert(name.into(), (!value.contains('$')).then(|| value.to_string()));
        }
    }

    fn copy(&mut self, file: &File<'_>, rest: &str) {
        let words: Vec<&str> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        let Some((_, sources)) = words.split_last() else { return };
        for source in sources {
            let source = source.trim_start_matches("./").trim_end_matches('/');
            let found = file.folders.iter().map(|folder| folder.join(source)).find(|folder| folder.is_dir());
            if let Some(found) = found.filter(|found| !self.folders.contains(found)) {
                self.folders.insert(0, found);
            }
        }
    }

    /// The last part of the path often has the name of a folder of the project: `/app/backend`.
    fn workdir(&mut self, rest: &str) {
        let Some(last) = rest.trim().trim_matches(['"', '\'']).rsplit(['/', '\\']).next() else { return };
        let inner = moved(&self.folders, last);
        for folder in
            inner.into_iter().rev().filter(|folder| folder.file_name().is_some_and(|name| name == last))
        {
            self.folders.retain(|other| *other != folder);
            self.folders.insert(0, folder);
        }
    }

    fn finish(&mut self, file: &File<'_>) -> Vec<Script> {
        let place = match self.windows {
            true => Place { platforms: vec![Platform::Windows], reason: None },
            false => Place::linux("only started in a Linux container"),
        };
        let dialect = if self.windows { Dialect::Batch } else { Dialect::Posix };
        let script = |code| Script {
            code,
            folders: self.folders.clone(),
            environment: self.environment.clone(),
            place: place.clone(),
        };
        let part = |part: &Option<(usize, String)>| {
            part.as_ref().map(|(at, text)| (*at, *at + text.trim_end().len(), exec_form(text)))
        };
        let code = match (part(&self.entrypoint), part(&self.cmd)) {
            // The words of CMD are appended to those of ENTRYPOINT.
            (Some((start, end, Some(mut words))), other) => match other {
                Some((_, _, Some(more))) => {
                    words.extend(more);
                    Some(Code::Words(words, span(start..end)))
                }
                _ => Some(Code::Words(words, span(start..end))),
            },
            (None, Some((start, end, Some(words)))) => Some(Code::Words(words, span(start..end))),
            (Some((start, end, None)), _) | (None, Some((start, end, None))) => {
                Some(Code::Shell(Mapped::exact(file.text, start..end), dialect))
            }
            (None, None) => None,
        };
        let mut scripts: Vec<Script> = code.map(script).into_iter().collect();
        // An entry point that is a script of its own (`docker-entrypoint.sh`) runs the words of CMD.
        if let (Some((_, _, Some(entry))), Some((start, end, Some(words)))) =
            (part(&self.entrypoint), part(&self.cmd))
            && entry.iter().any(|word| word.text.ends_with(".sh"))
        {
            scripts = vec![script(Code::Words(words, span(start..end)))];
        }
        scripts
    }
}

/// `["uvicorn", "main:app"]`
fn exec_form(text: &str) -> Option<Vec<Word>> {
    let words: Vec<String> = serde_json::from_str(&text.replace("\\\n", " ").replace("\\\r\n", " ")).ok()?;
    // No shell expands the variables of this form, but `sh -c` inside it does.
    Some(words.into_iter().map(|text| Word { text, is_known: true }).collect())
}

/// Instructions with their places, continued lines joined.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    let mut continues = false;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim();
        if continues && let Some((_, last)) = found.last_mut() {
            last.push_str(line);
            continues = bare.ends_with('\\') || bare.starts_with('#') || bare.is_empty();
            continue;
        }
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        found.push((start, line.to_string()));
        continues = bare.ends_with('\\');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commands, shown, spans};
    use crate::platform::Platform;

    #[test]
    fn both_forms() {
        let text = "FROM python:3.12\nENV PYTHONPATH=/app A=1\nWORKDIR /app\nCMD [\"uvicorn\", \"main:app\", \\\n  \"--port\", \"80\"]\n";
        assert_eq!(shown("Dockerfile", text), ["uvicorn main:app --port 80"]);
        assert!(spans("Dockerfile", text)[0].starts_with("[\"uvicorn\""));
        let found = &commands("Dockerfile", text)[0];
        assert_eq!(found.place.platforms, [Platform::Linux]);
        assert_eq!(found.environment["A"].as_deref(), Some("1"));
        let text = "FROM a\nCMD exec uvicorn main:app --port $PORT\n";
        assert_eq!(shown("Dockerfile", text), ["exec uvicorn main:app --port ‹$PORT›"]);
        assert_eq!(spans("Dockerfile", text), ["exec uvicorn main:app --port $PORT"]);
    }

    #[test]
    fn entry_points_and_stages() {
        let text = "FROM a as build\nCMD [\"x\"]\nFROM b\nENTRYPOINT [\"python\", \"-m\"]\nCMD [\"uvicorn\", \"main:app\"]\n";
        assert_eq!(shown("api.Dockerfile", text), ["x", "python -m uvicorn main:app"]);
        let text = "FROM b\nENTRYPOINT [\"./entry.sh\"]\nCMD [\"uvicorn\", \"main:app\"]\n";
        assert_eq!(shown("Dockerfile", text), ["uvicorn main:app"]);
        let text = "FROM b\nCMD [\"sh\", \"-c\", \"cd x && A=. uv run uvicorn main:app\"]\n";
        assert_eq!(shown("Dockerfile", text), ["uv run uvicorn main:app"]);
        assert_eq!(shown("Dockerfile", "CMD [\"a\", \n\\"), ["[a,"]);
    }

    #[test]
    fn images_of_windows() {
        let text = "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD python main.py\n";
        assert_eq!(commands("Dockerfile", text)[0].place.platforms, [Platform::Windows]);
    }
}
