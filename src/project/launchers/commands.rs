//! What a command line starts: `rules/commands.toml` at work.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde::Deserialize;

use super::script::moved;
use super::shell::{self, Part};
use super::{CommandLine, Dialect, Environment, Word};
use crate::knowledge::Versions;

/// `rules/commands.toml`, typed; its head says what the keys mean.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    #[serde(rename = "command")]
    pub rows: Vec<Row>,
    #[serde(rename = "prefix")]
    prefixes: Vec<Prefix>,
    #[serde(rename = "wrapper")]
    wrappers: Vec<Wrapper>,
    #[serde(rename = "shell")]
    shells: Vec<Shell>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    pub name: String,
    module: String,
    pub package: String,
    pub function: String,
    #[serde(default)]
    positional: Vec<String>,
    pub app: Option<String>,
    #[serde(default)]
    pub app_is_file: bool,
    /// Files that are looked for where no application is named.
    #[serde(default)]
    pub default_files: Vec<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    switches: BTreeMap<String, String>,
    #[serde(default)]
    off: BTreeMap<String, String>,
    #[serde(default)]
    plain: Vec<String>,
    #[serde(default)]
    folders: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    pub platforms: Option<Vec<crate::platform::Platform>>,
    pub reason: Option<String>,
    #[serde(default)]
    pub help: Vec<Help>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    pub versions: Option<Versions>,
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefix {
    words: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    folders: Vec<String>,
    /// Words of its own before the program.
    #[serde(default)]
    positional: usize,
    #[serde(default)]
    python: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapper {
    words: Vec<String>,
    #[serde(default)]
    splits: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    words: Vec<String>,
    pub flags: Vec<String>,
    dialect: String,
}

impl Shell {
    pub(super) fn dialect(&self) -> Dialect {
        match self.dialect.as_str() {
            "batch" => Dialect::Batch,
            "powershell" => Dialect::PowerShell,
            _ => Dialect::Posix,
        }
    }
}

/// What a command line comes down to.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A program of the table, by the index of its row.
    Command { row: usize, arguments: BTreeMap<String, Argument>, folders: Vec<PathBuf> },
    /// `python main.py`, as it is written.
    Script { path: String, folders: Vec<PathBuf> },
    /// `python -m package.module`
    Module { name: String, folders: Vec<PathBuf> },
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Text(String),
    Number(i64),
    Bool(bool),
    /// What stands there.
    Unknown(String),
}

impl Commands {
    /// The table we ship; a test proves that it reads.
    pub fn bundled() -> &'static Commands {
        static TABLE: OnceLock<Commands> = OnceLock::new();
        TABLE.get_or_init(|| toml::from_str(include_str!("../../../rules/commands.toml")).unwrap_or_default())
    }

    pub fn shell(&self, program: &str) -> Option<&Shell> {
        self.shells.iter().find(|shell| shell.words.iter().any(|word| word == program))
    }

    /// What a command line starts, if it is something that is known.
    pub fn meaning(&self, line: &CommandLine) -> Option<Meaning> {
        self.of_words(&line.words, &line.folders, &line.environment, 0)
    }

    fn of_words(
        &self,
        words: &[Word],
        folders: &[PathBuf],
        environment: &Environment,
        depth: usize,
    ) -> Option<Meaning> {
        let first = words.first()?;
        if depth > 8 {
            return None;
        }
        // `env A=b program`
        if first.text.contains('=') && !first.text.contains(['/', '\\', ' ']) && depth > 0 {
            return self.of_words(&words[1..], folders, environment, depth + 1);
        }
        let name = program(first);
        if is_python(first, &name) {
            return self.of_python(&words[1..], folders, environment, depth);
        }
        if is_script(first) {
            return Some(Meaning::Script { path: first.text.clone(), folders: folders.to_vec() });
        }
        if let Some((prefix, rest)) = self.prefix(words) {
            let (rest, folders) = prefix.skip(rest, folders);
            let python =
                prefix.python && rest.first().is_some_and(|word| word.text == "-m" || is_script(word));
            return if python {
                self.of_python(rest, &folders, environment, depth + 1)
            } else {
                self.of_words(rest, &folders, environment, depth + 1)
            };
        }
        if let Some((row, rest)) = self.row(&name, &words[1..]) {
            return Some(self.command(row, rest, folders, environment));
        }
        let wrapper = |wrapper: &&Wrapper| {
            wrapper.words.iter().any(|word| *word == name || *word == first.text.to_lowercase())
        };
        let wrappers: Vec<&Wrapper> = self.wrappers.iter().filter(wrapper).collect();
        if wrappers.is_empty() {
            return None;
        }
        let splits = wrappers.iter().any(|wrapper| wrapper.splits);
        let inner = if splits { split(&words[1..]) } else { words[1..].to_vec() };
        (0..inner.len()).find_map(|at| {
            let word = &inner[at];
            let name = program(word);
            let starts = is_python(word, &name)
                || (splits && is_script(word))
                || self.prefix(&inner[at..]).is_some_and(|(prefix, _)| prefix.words.len() > 1)
                || self.row(&name, &inner[at + 1..]).is_some()
                || wrapper(&&Wrapper { words: Vec::new(), splits });
            if starts { self.of_words(&inner[at..], folders, environment, depth + 1) } else { None }
        })
    }

    /// The arguments of the interpreter.
    fn of_python(
        &self,
        words: &[Word],
        folders: &[PathBuf],
        environment: &Environment,
        depth: usize,
    ) -> Option<Meaning> {
        let mut at = 0;
        while let Some(word) = words.get(at) {
            match word.text.as_str() {
                "-m" => {
                    let name = words.get(at + 1).filter(|word| word.is_known)?;
                    let rest = &words[at + 2..];
                    if let Some((row, rest)) = self.row_of_module(&name.text, rest) {
                        return Some(self.command(row, rest, folders, environment));
                    }
                    let as_program = self.prefix(&words[at + 1..]);
                    if as_program.is_some() {
                        return self.of_words(&words[at + 1..], folders, environment, depth + 1);
                    }
                    let folders = folders.to_vec();
                    return Some(Meaning::Module { name: name.text.clone(), folders });
                }
                "-c" => return None,
                "-X" | "-W" | "--check-hash-based-pycs" => at += 2,
                option if option.starts_with('-') => at += 1,
                _ if is_script(word) => {
                    return Some(Meaning::Script { path: word.text.clone(), folders: folders.to_vec() });
                }
                // The whole path of a program that is itself a script: `python .venv/bin/uvicorn main:app`.
                _ => {
                    let (row, rest) = self.row(&program(word), &words[at + 1..])?;
                    return Some(self.command(row, rest, folders, environment));
                }
            }
        }
        None
    }

    fn prefix<'w>(&self, words: &'w [Word]) -> Option<(&Prefix, &'w [Word])> {
        self.prefixes.iter().find_map(|prefix| {
            let (first, others) = prefix.words.split_first()?;
            let mut at = 1;
            if program(words.first()?) != *first {
                return None;
            }
            for other in others {
                while words.get(at)?.text.starts_with('-') {
                    at += 1 + usize::from(prefix.values.contains(&words[at].text));
                }
                if words.get(at)?.text != *other {
                    return None;
                }
                at += 1;
            }
            Some((prefix, &words[at..]))
        })
    }

    fn row<'w>(&self, program: &str, rest: &'w [Word]) -> Option<(usize, &'w [Word])> {
        self.named(|row| row.name.split(' ').next() == Some(program), rest)
    }

    fn row_of_module<'w>(&self, module: &str, rest: &'w [Word]) -> Option<(usize, &'w [Word])> {
        self.named(|row| row.module == module, rest)
    }

    fn named<'w>(&self, is_program: impl Fn(&Row) -> bool, rest: &'w [Word]) -> Option<(usize, &'w [Word])> {
        let mut rows = self.rows.iter().enumerate().filter(|(_, row)| is_program(row));
        rows.find_map(|(index, row)| match row.name.split_once(' ') {
            None => Some((index, rest)),
            // Options of the program itself may stand before the subcommand.
            Some((_, sub)) => {
                let at = rest.iter().take(6).position(|word| word.text == sub)?;
                let between = rest[..at].iter().any(|word| word.text.starts_with('-'));
                (at == 0 || between).then_some((index, &rest[at + 1..]))
            }
        })
    }

    /// Arguments by parameter.
    fn command(
        &self,
        index: usize,
        words: &[Word],
        folders: &[PathBuf],
        environment: &Environment,
    ) -> Meaning {
        let row = &self.rows[index];
        let mut arguments = BTreeMap::new();
        for (variable, parameter) in &row.variables {
            if let Some(value) = environment.get(variable) {
                let value = value.as_deref().map_or(Argument::Unknown(variable.clone()), argument);
                arguments.insert(parameter.clone(), value);
            }
        }
        let mut positional = row.positional.iter();
        let mut search = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            let known = |word: &Word| {
                if word.is_known { argument(&word.text) } else { Argument::Unknown(word.text.clone()) }
            };
            if !word.text.starts_with('-') || word.text == "-" {
                // A bare variable may stand for options, or for nothing.
                let next = positional.next();
                if let Some(parameter) = next {
                    arguments.insert(parameter.clone(), known(word));
                }
                continue;
            }
            let (option, attached) = match word.text.split_once('=') {
                Some((option, value)) => {
                    (option, Some(Word { text: value.to_string(), is_known: word.is_known }))
                }
                None => (word.text.as_str(), None),
            };
            // `-w4`
            let short = option.len() > 2
                && !option.starts_with("--")
                && option.get(..2).is_some_and(|short| row.values.contains_key(short));
            let (option, attached) = match short {
                true => (&option[..2], Some(Word { text: option[2..].to_string(), is_known: word.is_known })),
                false => (option, attached),
            };
            if let Some(parameter) = row.switches.get(option).or(row.off.get(option)) {
                arguments.insert(parameter.clone(), Argument::Bool(row.switches.contains_key(option)));
                continue;
            }
            if row.plain.iter().any(|plain| plain == option) {
                continue;
            }
            let value = attached.or_else(|| {
                let value = words.get(at).filter(|word| !word.text.starts_with('-')).cloned();
                at += usize::from(value.is_some());
                value
            });
            let Some(value) = value else { continue };
            if let Some(parameter) = row.values.get(option) {
                arguments.insert(parameter.clone(), known(&value));
            }
            if row.folders.iter().any(|folder| folder == option) && value.is_known {
                search.push(value.text);
            }
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in &search {
            found.extend(moved(folders, folder));
        }
        found.extend(folders.iter().cloned());
        Meaning::Command { row: index, arguments, folders: found }
    }
}

impl Prefix {
    /// What stands behind its own options, and the folders it changes to.
    fn skip<'w>(&self, words: &'w [Word], folders: &[PathBuf]) -> (&'w [Word], Vec<PathBuf>) {
        let (mut words, mut folders) = (words, folders.to_vec());
        let mut positional = self.positional;
        while let Some(word) = words.first() {
            if word.text == "--" {
                words = &words[1..];
                break;
            }
            let option = word.text.split('=').next().unwrap_or(&word.text).to_string();
            if !option.starts_with('-') || option.len() == 1 {
                if positional == 0 {
                    break;
                }
                positional -= 1;
                words = &words[1..];
                continue;
            }
            if self.python && option == "-m" {
                break;
            }
            let takes = self.values.contains(&option);
            let attached = word.text.split_once('=').map(|(_, value)| value.to_string());
            let value =
                attached.clone().or_else(|| takes.then(|| words.get(1).map(|word| word.text.clone()))?);
            if let Some(value) = value.filter(|_| self.folders.contains(&option)) {
                folders = moved(&folders, &value);
            }
            words = words.get(1 + usize::from(takes && attached.is_none())..).unwrap_or(&[]);
        }
        (words, folders)
    }
}

fn argument(text: &str) -> Argument {
    match (text.parse::<i64>(), text.to_lowercase().as_str()) {
        (Ok(number), _) => Argument::Number(number),
        (_, "true" | "yes" | "on") => Argument::Bool(true),
        (_, "false" | "no" | "off") => Argument::Bool(false),
        _ => Argument::Text(text.to_string()),
    }
}

/// The name of a program, without its folder and its ending, in lower case.
pub fn program(word: &Word) -> String {
    let name = word.text.rsplit(['/', '\\']).next().unwrap_or(&word.text).to_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name).to_string()
}

/// `python`, `python3.12`, `pythonw`, `py`, and variables that are named so.
fn is_python(word: &Word, name: &str) -> bool {
    let version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_name =
        ["pythonw", "python", "pyw", "py"].iter().any(|start| name.strip_prefix(start).is_some_and(version));
    let path = word.text.to_lowercase();
    let is_variable = !word.is_known
        && path.starts_with(['$', '%', '!'])
        && (path.contains("python")
            || path.contains("py_exe")
            || path.contains("pyexe")
            || path.trim_matches(['$', '%', '!', '{', '}']) == "py")
        && !path.ends_with(".py");
    is_name || is_variable
}

fn is_script(word: &Word) -> bool {
    let text = word.text.to_lowercase();
    word.is_known && (text.ends_with(".py") || text.ends_with(".pyw"))
}

/// Words that hold whole command lines, cut up.
fn split(words: &[Word]) -> Vec<Word> {
    let mut found = Vec::new();
    for word in words {
        if !word.text.contains(char::is_whitespace) {
            found.push(word.clone());
            continue;
        }
        // Backslashes are paths here, as on a command line of Windows.
        for simple in shell::commands(&word.text, Dialect::Batch) {
            for raw in simple.words {
                let text = |part: &Part| match part {
                    Part::Text(text) => text.clone(),
                    Part::Variable(_, written) | Part::Open(written) => written.clone(),
                };
                let is_known = word.is_known && raw.parts.iter().all(|part| matches!(part, Part::Text(_)));
                found.push(Word { text: raw.parts.iter().map(text).collect(), is_known });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::commands;
    use super::*;

    /// What the commands of a batch file mean, in short.
    fn meanings(text: &str) -> Vec<String> {
        let shown = |meaning: Meaning| match meaning {
            Meaning::Script { path, .. } => path,
            Meaning::Module { name, .. } => format!("-m {name}"),
            Meaning::Command { row, arguments, .. } => {
                let argument = |(name, value): (&String, &Argument)| match value {
                    Argument::Text(text) => format!("{name}={text}"),
                    Argument::Number(number) => format!("{name}={number}"),
                    Argument::Bool(truth) => format!("{name}={truth}"),
                    Argument::Unknown(text) => format!("{name}=‹{text}›"),
                };
                let arguments: Vec<String> = arguments.iter().map(argument).collect();
                format!("{}({})", Commands::bundled().rows[row].name, arguments.join(", "))
            }
        };
        commands("a.bat", text)
            .iter()
            .filter_map(|line| Commands::bundled().meaning(line))
            .map(shown)
            .collect()
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(meanings(line), [expected], "{line}");
    }

    #[test]
    fn the_table_reads_and_its_functions_are_there() {
        let table: Commands = toml::from_str(include_str!("../../../rules/commands.toml")).unwrap();
        let stub = include_str!("../../../rules/stubs/commands.py");
        for row in table.rows {
            assert!(stub.contains(&format!("\ndef {}(", row.function)), "{}", row.function);
        }
    }

    #[test]
    fn servers() {
        check("uvicorn main:app --reload --port 8000", "uvicorn(app=main:app, reload=true)");
        check("uvicorn --workers=2 --no-access-log main:app", "uvicorn(app=main:app, workers=2)");
        check("uvicorn %APP% --loop asyncio", "uvicorn(app=‹%APP%›, loop=asyncio)");
        check("hypercorn -w4 -b 0.0.0.0:80 app:app", "hypercorn(application=app:app, workers=4)");
        check("fastapi dev", "fastapi dev()");
        check("fastapi run --host x app/main.py", "fastapi run(app=app/main.py)");
        check("litestar --app app:app run --debug", "litestar run()");
        check("set UVICORN_LOOP=asyncio\nuvicorn main:app", "uvicorn(app=main:app, loop=asyncio)");
    }

    #[test]
    fn what_stands_before_the_program() {
        let expected = "uvicorn(app=main:app)";
        for line in [
            "call venv\\Scripts\\activate.bat && uvicorn main:app",
            "poetry run uvicorn main:app",
            "poetry -C server run uvicorn main:app",
            "uv run --with x --env-file .env uvicorn main:app",
            "uv run -m uvicorn main:app",
            "conda run -n web uvicorn main:app",
            ".venv\\Scripts\\python.exe -X dev -u -m uvicorn main:app",
            "py -3.11 -m uvicorn main:app",
            "%PYTHON% -m uvicorn main:app",
            "start \"Web server\" /b cmd /k \"uvicorn main:app\"",
            "start \"\" /min uvicorn main:app",
            "if \"%1\"==\"x\" uvicorn main:app",
            "nssm install Web \"C:\\Python\\python.exe\" \"-m uvicorn main:app\"",
            "nssm set Web AppParameters -m uvicorn main:app",
            "schtasks /create /tn web /tr \"C:\\x y\\python.exe -m uvicorn main:app\" /sc onstart",
            "python -m debugpy --listen 5678 -m uvicorn main:app",
        ] {
            check(line, expected);
        }
    }

    #[test]
    fn files_and_modules() {
        check("python main.py --port 80", "main.py");
        check("pythonw \"src\\main.pyw\"", "src\\main.pyw");
        check("py -3 -m app.main", "-m app.main");
        check("uv run main.py", "main.py");
        check("start \"\" python main.py", "main.py");
    }

    #[test]
    fn what_starts_nothing() {
        for line in [
            "echo uvicorn main:app",
            "pip install uvicorn",
            "python -m pip install uvicorn",
            "python -c \"import uvicorn\"",
            "where python",
            "if exist main.py echo there",
            "rem uvicorn main:app",
            "fastapi --version",
            "taskkill /im python.exe",
        ] {
            let found: Vec<String> =
                meanings(line).into_iter().filter(|found| !found.starts_with("-m pip")).collect();
            assert_eq!(found, [""; 0], "{line}");
        }
    }
}
