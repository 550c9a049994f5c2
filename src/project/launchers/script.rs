//! Following a script from top to bottom: in which folder, and with which variables, each command runs.

use std::path::{Path, PathBuf};

use super::commands::{Commands, program};
use super::shell::{self, Part, Raw, Simple};
use super::text::Mapped;
use super::{Code, CommandLine, Dialect, Environment, File, Script, Word};
use crate::files::absolute;

/// Scripts inside scripts (`cmd /c "…"`) are followed this deeply.
const NESTED: usize = 3;

pub fn command_lines(file: &File<'_>, script: Script) -> Vec<CommandLine> {
    let mut run = Run { file, script: &script, found: Vec::new() };
    let mut state = State {
        folders: vec![script.folders.clone()],
        before: Vec::new(),
        environment: script.environment.clone(),
        conditional: 0,
    };
    match &script.code {
        Code::Shell(text, dialect) => run.follow(text, *dialect, &mut state, 0),
        Code::Words(words, span) => {
            let inner = inner_script(words).map(|(text, dialect)| (Mapped::whole(text, *span), dialect));
            match inner {
                Some((text, dialect)) => run.follow(&text, dialect, &mut state, 1),
                None => run.found.push(CommandLine {
                    words: words.clone(),
                    span: *span,
                    folders: script.folders.clone(),
                    environment: script.environment.clone(),
                    place: script.place.clone(),
                }),
            }
        }
    }
    run.found
}

struct Run<'a> {
    file: &'a File<'a>,
    script: &'a Script,
    found: Vec<CommandLine>,
}

struct State {
    /// The working directory, by the brackets the command stands in; each a list of candidates.
    folders: Vec<Vec<PathBuf>>,
    /// What `popd` goes back to.
    before: Vec<Vec<PathBuf>>,
    environment: Environment,
    /// Enclosing `if`, `for` and `case` of a POSIX shell.
    conditional: usize,
}

impl State {
    fn here(&self) -> &[PathBuf] {
        self.folders.last().map_or(&[], Vec::as_slice)
    }

    fn go(&mut self, folders: Vec<PathBuf>) {
        if let Some(last) = self.folders.last_mut() {
            *last = folders;
        }
    }

    /// Enters or leaves brackets. What a bracketed command does to the folder ends with the bracket.
    fn at_depth(&mut self, depth: usize) {
        while self.folders.len() <= depth {
            self.folders.push(self.here().to_vec());
        }
        self.folders.truncate(depth + 1);
    }
}

impl Run<'_> {
    fn follow(&mut self, text: &Mapped, dialect: Dialect, state: &mut State, nested: usize) {
        let base = state.folders.len() - 1;
        for simple in shell::commands(&text.text, dialect) {
            state.at_depth(base + simple.depth);
            self.command(text, dialect, &simple, state, nested);
        }
        state.folders.truncate(base + 1);
    }

    fn command(
        &mut self,
        text: &Mapped,
        dialect: Dialect,
        simple: &Simple,
        state: &mut State,
        nested: usize,
    ) {
        let resolved: Vec<Word> =
            simple.words.iter().map(|word| self.resolve(word, dialect, state)).collect();
        let mut words = resolved.as_slice();
        let first = words.first().map(|word| word.text.to_lowercase()).unwrap_or_default();
        match (dialect, first.as_str()) {
            (Dialect::Posix, "if" | "for" | "while" | "until" | "case") => state.conditional += 1,
            (Dialect::Posix, "fi" | "done" | "esac") => {
                state.conditional = state.conditional.saturating_sub(1)
            }
            _ => {}
        }
        let keywords = ["then", "else", "do", "if", "elif", "while", "until", "!", "time"];
        while dialect == Dialect::Posix && words.first().is_some_and(|word| keywords.contains(&&*word.text)) {
            words = &words[1..];
        }
        let mut own = Environment::new();
        while dialect == Dialect::Posix
            && let Some((name, value)) = words.first().and_then(|word| word.text.split_once('='))
            && is_name(name)
        {
            own.insert(name.to_string(), words[0].is_known.then(|| value.to_string()));
            words = &words[1..];
        }
        let certain = simple.depth == 0 && state.conditional == 0;
        if words.is_empty() {
            set_all(&mut state.environment, own, certain);
            return;
        }
        if self.builtin(dialect, simple, words, state, certain) {
            return;
        }
        if let Some((inner, dialect)) = inner_script(words).filter(|_| nested < NESTED) {
            // Where the inner text stands is known when it is there as it is.
            let place = simple.words.last().map_or(0..0, |word| word.range.clone());
            let outer = text.span(place);
            let inner = match self.file.text.get(outer.start as usize..outer.end as usize) {
                Some(raw) if raw.contains(inner) => {
                    Mapped::value(self.file.text, outer.start as usize..outer.end as usize, inner)
                }
                _ => Mapped::whole(inner, outer),
            };
            let depth = state.folders.len();
            state.folders.push(state.here().to_vec());
            self.follow(&inner, dialect, state, nested + 1);
            state.folders.truncate(depth);
            return;
        }
        let skipped = resolved.len() - words.len();
        let (Some(start), Some(end)) = (simple.words.get(skipped), simple.words.last()) else { return };
        let mut environment = state.environment.clone();
        environment.extend(own);
        self.found.push(CommandLine {
            words: words.to_vec(),
            span: text.span(start.range.start..end.range.end),
            folders: state.here().to_vec(),
            environment,
            place: self.script.place.clone(),
        });
    }

    /// Commands that change the folder or a variable.
    fn builtin(
        &self,
        dialect: Dialect,
        simple: &Simple,
        words: &[Word],
        state: &mut State,
        certain: bool,
    ) -> bool {
        if dialect == Dialect::PowerShell
            && let [Raw { parts, .. }, ..] = simple.words.as_slice()
            && let [Part::Variable(name, _)] = parts.as_slice()
            && words.get(1).is_some_and(|word| word.text == "=")
        {
            let value = match words {
                [_, _, value] if value.is_known => Some(value.text.clone()),
                _ => None,
            };
            let known = Environment::from([(name.to_lowercase(), value)]);
            set_all(&mut state.environment, known, certain);
            return true;
        }
        let name = program(&words[0]);
        match name.as_str() {
            "cd" | "chdir" | "pushd" | "set-location" | "push-location" | "sl" => {
                if name.starts_with("push") {
                    state.before.push(state.here().to_vec());
                }
                let target = words[1..]
                    .iter()
                    .rfind(|word| !word.text.starts_with('-') && word.text != "/d" && word.text != "/D");
                if let Some(target) = target.filter(|target| target.is_known) {
                    let moved = moved(state.here(), &target.text);
                    state.go(moved);
                }
                true
            }
            "popd" | "pop-location" => {
                if let Some(folders) = state.before.pop() {
                    state.go(folders);
                }
                true
            }
            "set" | "export" | "declare" => {
                let all = words[1..].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
                if let Some((name, value)) = all.split_once('=') {
                    let is_known = words[1..].iter().all(|word| word.is_known);
                    let name = if dialect == Dialect::Batch { name.to_uppercase() } else { name.to_string() };
                    let known =
                        Environment::from([(name, is_known.then(|| value.trim_matches('"').to_string()))]);
                    set_all(&mut state.environment, known, certain);
                }
                true
            }
            _ => {
                // `if "%1"=="dev" set RELOAD=--reload`: from here on it may be either.
                let set = words.iter().position(|word| word.text.eq_ignore_ascii_case("set"));
                if let Some((name, _)) =
                    set.and_then(|at| words.get(at + 1)).and_then(|word| word.text.split_once('='))
                {
                    state.environment.insert(name.trim_start_matches('"').to_uppercase(), None);
                }
                false
            }
        }
    }

    fn resolve(&self, raw: &Raw, dialect: Dialect, state: &State) -> Word {
        let mut word = Word { text: String::new(), is_known: true };
        let here = || self.file.folder().to_string_lossy().into_owned();
        for part in &raw.parts {
            match part {
                Part::Text(text) => word.text.push_str(text),
                Part::Variable(name, written) => {
                    let value = match (name.as_str(), dialect) {
                        ("%~dp0", _) => Some(here() + "/"),
                        ("PSScriptRoot", Dialect::PowerShell) => Some(here()),
                        ("CD", Dialect::Batch) => Some(".".to_string()),
                        (_, Dialect::PowerShell) => {
                            state.environment.get(&name.to_lowercase()).cloned().flatten()
                        }
                        _ => state.environment.get(name).cloned().flatten(),
                    };
                    word.is_known &= value.is_some();
                    word.text.push_str(value.as_deref().unwrap_or(written));
                }
                Part::Open(written) => {
                    word.is_known = false;
                    word.text.push_str(written);
                }
            }
        }
        word
    }
}

fn set_all(environment: &mut Environment, values: Environment, certain: bool) {
    for (name, value) in values {
        environment.insert(name, value.filter(|_| certain));
    }
}

/// The text that a shell is told to run: `sh -c "…"`, `cmd /c "…"`.
fn inner_script(words: &[Word]) -> Option<(&str, Dialect)> {
    let shell = Commands::bundled().shell(&program(words.first()?))?;
    let flag =
        words.iter().position(|word| shell.flags.iter().any(|flag| word.text.eq_ignore_ascii_case(flag)))?;
    let [text] = &words[flag + 1..] else { return None };
    text.text.contains(char::is_whitespace).then_some((text.text.as_str(), shell.dialect()))
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Where a change of folder leads, among those that are there; a folder of another machine changes nothing.
pub fn moved(folders: &[PathBuf], target: &str) -> Vec<PathBuf> {
    let target = target.replace('\\', "/");
    let found: Vec<PathBuf> = folders
        .iter()
        .map(|folder| absolute(Path::new(&target), folder))
        .filter(|folder| folder.is_dir())
        .collect();
    if found.is_empty() { folders.to_vec() } else { found }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commands, shown};

    #[test]
    fn variables_and_folders_are_followed() {
        let text = "set APP=main:app\nset \"PYTHONPATH=src\"\nuvicorn %APP% --port %PORT%\nif \"%1\"==\"dev\" set APP=dev:app\nuvicorn %APP%\n";
        let found = commands("start.bat", text);
        assert_eq!(shown("start.bat", text)[..1], ["uvicorn main:app --port ‹%PORT%›"]);
        assert_eq!(shown("start.bat", text).last().unwrap(), "uvicorn ‹%APP%›");
        assert_eq!(found[0].environment["PYTHONPATH"].as_deref(), Some("src"));
    }

    #[test]
    fn shells_inside_shells_are_followed() {
        assert_eq!(shown("Procfile", "web: sh -c \"cd x && A=1 uvicorn main:app\"\n"), ["uvicorn main:app"]);
        assert_eq!(
            shown("a.cmd", "start \"\" cmd /k \"uvicorn main:app\"\n"),
            ["start  cmd /k uvicorn main:app"]
        );
        assert_eq!(shown("a.cmd", "cmd /c \"uvicorn main:app\"\n"), ["uvicorn main:app"]);
    }
}
