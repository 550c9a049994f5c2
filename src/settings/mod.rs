//! Configuration files and arguments, merged once into [`Settings`].

pub mod discover;
pub mod globs;
pub mod keys;
pub mod layer;
mod nested;
pub mod schema;
pub mod selection;
mod show;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;

use crate::error::{Error, nearest};
use crate::files::{DEFAULT_EXCLUDE, Unsaved, absolute};
use crate::finding::{Finding, Severity};
use crate::settings::discover::ConfigFile;
use crate::settings::globs::{Pattern, Patterns};
use crate::settings::layer::{Layer, Origin, Setting};
use crate::settings::selection::{RuleSet, Selector, Wishes};

/// Everything a run needs to know from the person.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Files and folders to report on, as they were given; never empty. Without meaning beside `stdin`.
    pub paths: Vec<PathBuf>,
    /// Standard input, when it is checked instead of `paths`.
    pub stdin: Option<Stdin>,
    /// What counts instead of the text on the disk: files that an editor has not saved.
    pub unsaved: Unsaved,
    /// Absolute working directory; paths are shown relative to it.
    pub cwd: PathBuf,
    /// The configuration file of the run: the one that counts for its first path.
    pub config: Option<PathBuf>,
    /// Rules to report.
    pub rules: RuleSet,
    /// Rules that may be fixed.
    pub fixable: RuleSet,
    pub per_file_ignores: Vec<PerFileIgnore>,
    /// Never walked into, never checked, also when named as an argument.
    pub exclude: Patterns,
    pub respect_gitignore: bool,
    /// `exclude` also binds files that are named as arguments.
    pub force_exclude: bool,
    /// The oldest Python to check for; the project's own metadata counts when absent.
    pub target_version: Option<TargetVersion>,
    pub windows: Windows,
    /// Findings of this severity or worse make the exit status 1.
    pub fail_on: Severity,
    /// Findings below are counted, not reported.
    pub min_severity: Severity,
    pub output_format: OutputFormat,
    pub remedy: Remedy,
    pub guard: Guard,
    /// Apply unsafe fixes too.
    pub unsafe_fixes: bool,
    /// Findings that are known and not reported: the file that lists them, absolute.
    pub baseline: Option<PathBuf>,
    /// Obey suppression comments.
    pub ignores: bool,
    /// Worker threads; as many as the machine has cores when absent.
    pub jobs: Option<NonZeroUsize>,
    /// Skip files that cannot matter. Findings are the same without; only tests turn it off.
    pub prefilter: bool,
    /// Where each setting came from; a key that is absent has its default.
    pub origins: BTreeMap<&'static str, Origin>,
    /// What counts in folders with another configuration file, by folder. Of these, only what may differ
    /// within a run is ever asked.
    nested: BTreeMap<PathBuf, Settings>,
    /// What the arguments say, in every folder alike.
    arguments: Vec<Layer>,
    /// Configuration files are looked for, and none was named.
    discovers: bool,
}

/// What the arguments say that no configuration file can.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub paths: Vec<PathBuf>,
    pub stdin: Option<Stdin>,
    pub cwd: PathBuf,
    /// The configuration file that was named with `--config`.
    pub config: Option<PathBuf>,
    /// Read no configuration file.
    pub isolated: bool,
    pub jobs: Option<NonZeroUsize>,
    pub no_prefilter: bool,
}

/// Python source that came through standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stdin {
    /// The file it stands for, as it was given.
    pub filename: PathBuf,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct PerFileIgnore {
    patterns: Patterns,
    /// `!tests/*.py`: for files that do not match.
    negated: bool,
    selectors: Vec<Selector>,
    codes: Vec<String>,
}

/// Is the project deployed on Windows?
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Windows {
    /// Look for evidence in the project.
    Auto,
    Yes,
    No,
}

/// What fixes insert where both would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Remedy {
    /// The best that the allowed versions take.
    Auto,
    /// The guarded policy wherever it can hold, otherwise as `Auto`.
    Policy,
    /// An argument that chooses the loop, and no policy anywhere.
    LoopFactory,
}

/// How an inserted guard asks for Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Guard {
    #[value(name = "sys.platform")]
    SysPlatform,
    #[value(name = "platform.system")]
    PlatformSystem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Full,
    Concise,
    Grouped,
    Json,
    JsonLines,
    Github,
    Gitlab,
    Sarif,
    Junit,
    Rdjson,
    Pylint,
    Azure,
}

impl OutputFormat {
    /// Does a person read it, so that sentences may stand around the findings?
    pub fn is_for_people(self) -> bool {
        matches!(self, OutputFormat::Full | OutputFormat::Concise | OutputFormat::Grouped)
    }

    /// Can it say in which cell of a notebook a finding stands?
    pub fn has_cells(self) -> bool {
        self.is_for_people() || matches!(self, OutputFormat::Json | OutputFormat::JsonLines)
    }
}

/// A minor version of Python 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetVersion {
    pub minor: u8,
}

impl Settings {
    /// Finds the configuration file and merges it with the arguments, which win.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or a setting is unknown or has a value it cannot have.
    pub fn load(request: Request, arguments: &[Layer]) -> Result<Settings, Error> {
        let file = match &request.config {
            Some(path) => Some(discover::read(&request.cwd.join(path), &request.cwd)?),
            None if request.isolated => None,
            None => {
                let first = request.stdin.as_ref().map(|stdin| &stdin.filename).or(request.paths.first());
                let start = first.map_or(request.cwd.clone(), |first| folder_of(first, &request.cwd));
                discover::find(&start, &request.cwd)?
            }
        };
        let discovers = request.config.is_none() && !request.isolated;
        let mut settings = Settings::defaults(request);
        (settings.arguments, settings.discovers) = (arguments.to_vec(), discovers);
        settings.merge(file, arguments)?;
        Ok(settings)
    }

    /// Puts a configuration file over the defaults, and the arguments over both.
    fn merge(&mut self, file: Option<ConfigFile>, arguments: &[Layer]) -> Result<(), Error> {
        let mut patterns = PatternsInProgress::new(&self.cwd);
        if let Some(file) = file {
            let base = file.path.parent().unwrap_or(&self.cwd).to_owned();
            self.config = Some(file.path);
            self.apply(&file.layer, &base, &mut patterns)?;
            let beyond = |given: &PathBuf| !absolute(given, &self.cwd).starts_with(&base);
            if self.discovers && self.paths.iter().any(beyond) {
                patterns.bind();
            }
        }
        let cwd = self.cwd.clone();
        for layer in arguments {
            self.apply(layer, &cwd, &mut patterns)?;
        }
        patterns.exclude.append(&mut patterns.extend_exclude);
        self.exclude = Patterns::new(&patterns.exclude)?;
        // Who asks to fail on notes wants to see them.
        if !self.origins.contains_key("min-severity") {
            self.min_severity = self.min_severity.min(self.fail_on);
        }
        Ok(())
    }

    /// Do the selection and the per-file ignores let it through?
    pub fn admits(&self, finding: &Finding) -> bool {
        self.reports(finding.code, &finding.place.path)
    }

    /// Is the rule with this code reported in the file shown as `path`?
    pub fn reports(&self, code: &str, path: &str) -> bool {
        let absolute = self.cwd.join(path);
        let here = self.at(&absolute);
        here.rules.contains(code)
            && !here.per_file_ignores.iter().any(|ignore| ignore.applies(code, &absolute))
    }

    /// Is it told, or only counted as a lesser one?
    pub fn shows(&self, finding: &Finding) -> bool {
        finding.severity >= self.min_severity
    }

    /// May a fix of this finding be applied?
    pub fn fixes(&self, finding: &Finding) -> bool {
        self.at_shown(&finding.place.path).fixable.contains(finding.code)
    }

    fn defaults(request: Request) -> Settings {
        let paths = if request.paths.is_empty() { vec![PathBuf::from(".")] } else { request.paths };
        Settings {
            paths,
            stdin: request.stdin,
            unsaved: Unsaved::default(),
            cwd: request.cwd,
            config: None,
            rules: RuleSet::all(),
            fixable: RuleSet::all(),
            per_file_ignores: Vec::new(),
            exclude: Patterns::default(),
            respect_gitignore: true,
            force_exclude: true,
            target_version: None,
            windows: Windows::Auto,
            fail_on: Severity::Warning,
            min_severity: Severity::Warning,
            output_format: OutputFormat::Full,
            remedy: Remedy::Auto,
            guard: Guard::SysPlatform,
            unsafe_fixes: false,
            baseline: None,
            ignores: true,
            jobs: request.jobs,
            prefilter: !request.no_prefilter,
            origins: BTreeMap::new(),
            nested: BTreeMap::new(),
            arguments: Vec::new(),
            discovers: false,
        }
    }

    fn apply(&mut self, layer: &Layer, base: &Path, patterns: &mut PatternsInProgress) -> Result<(), Error> {
        let mut rules = Wishes::default();
        let mut fixable = Wishes::default();
        for setting in layer {
            let Setting { key, value } = setting;
            match *key {
                "select" => rules.start(setting)?,
                "extend-select" => rules.add(setting)?,
                "ignore" => rules.remove(setting)?,
                "fixable" => fixable.start(setting)?,
                "unfixable" => fixable.remove(setting)?,
                "per-file-ignores" => self.per_file_ignores = per_file_ignores(setting, base)?,
                "exclude" => patterns.exclude = file_patterns(setting, base)?,
                "extend-exclude" => patterns.extend_exclude.extend(file_patterns(setting, base)?),
                "respect-gitignore" => self.respect_gitignore = value.flag(key)?,
                "force-exclude" => self.force_exclude = value.flag(key)?,
                "target-version" => self.target_version = Some(target_version(setting)?),
                "windows" => self.windows = windows(setting)?,
                "fail-on" => self.fail_on = choice(setting)?,
                "min-severity" => self.min_severity = choice(setting)?,
                "output-format" => self.output_format = choice(setting)?,
                "baseline" => self.baseline = baseline(setting, base)?,
                "remedy" => self.remedy = choice(setting)?,
                "guard" => self.guard = choice(setting)?,
                "unsafe-fixes" => self.unsafe_fixes = value.flag(key)?,
                // `keys::KEYS` has no other key, as a test of this module asserts.
                other => return Err(Error::new(format!("`{other}` cannot be set"))),
            }
            self.origins.insert(key, value.origin.clone());
        }
        self.rules.apply(&rules);
        self.fixable.apply(&fixable);
        Ok(())
    }
}

impl PerFileIgnore {
    fn applies(&self, code: &str, path: &Path) -> bool {
        self.patterns.matches(path) != self.negated
            && self.selectors.iter().any(|selector| selector.names(code))
    }
}

impl FromStr for TargetVersion {
    type Err = ();

    /// `py310` or `3.10`.
    fn from_str(text: &str) -> Result<TargetVersion, ()> {
        let minor = text.strip_prefix("py3").or_else(|| text.strip_prefix("3.")).ok_or(())?;
        let minor = minor.parse().map_err(|_| ())?;
        if (7..=99).contains(&minor) { Ok(TargetVersion { minor }) } else { Err(()) }
    }
}

impl fmt::Display for TargetVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "py3{}", self.minor)
    }
}

/// Excludes are replaced or extended layer by layer and compiled at the end.
struct PatternsInProgress {
    exclude: Vec<Pattern>,
    extend_exclude: Vec<Pattern>,
}

impl PatternsInProgress {
    fn new(cwd: &Path) -> PatternsInProgress {
        let pattern =
            |text: &str| Pattern { text: text.to_owned(), base: cwd.to_owned(), origin: Origin::Default };
        PatternsInProgress {
            exclude: DEFAULT_EXCLUDE.iter().copied().map(pattern).collect(),
            extend_exclude: Vec::new(),
        }
    }

    /// Names in a configuration file mean nothing beyond its folder.
    fn bind(&mut self) {
        for pattern in self.exclude.iter_mut().chain(&mut self.extend_exclude) {
            if matches!(pattern.origin, Origin::File { .. }) && !pattern.text.contains('/') {
                pattern.text.insert_str(0, "**/");
            }
        }
    }
}

/// The folder that a given path is or lies in, absolute, so that dots hide none of the folders above.
fn folder_of(given: &Path, cwd: &Path) -> PathBuf {
    let path = absolute(given, cwd);
    if path.is_dir() { path } else { path.parent().map_or(cwd.to_owned(), Path::to_owned) }
}

fn per_file_ignores(setting: &Setting, base: &Path) -> Result<Vec<PerFileIgnore>, Error> {
    let mut ignores = Vec::new();
    for (written, codes) in setting.value.map(setting.key)? {
        let negated = written.starts_with('!');
        let text = written.trim_start_matches('!').to_owned();
        let pattern = Pattern { text, base: base.to_owned(), origin: codes.origin.clone() };
        let texts = codes.texts(setting.key)?;
        let selectors: Result<Vec<Selector>, Error> =
            texts.iter().map(|(text, origin)| Selector::parse(text, origin)).collect();
        ignores.push(PerFileIgnore {
            patterns: Patterns::new(&[pattern])?,
            negated,
            selectors: selectors?,
            codes: texts.iter().map(|(text, _)| (*text).to_owned()).collect(),
        });
    }
    Ok(ignores)
}

fn file_patterns(setting: &Setting, base: &Path) -> Result<Vec<Pattern>, Error> {
    let texts = setting.value.texts(setting.key)?;
    let pattern = |(text, origin): (&str, &Origin)| Pattern {
        text: text.to_owned(),
        base: base.to_owned(),
        origin: origin.clone(),
    };
    Ok(texts.into_iter().map(pattern).collect())
}

fn windows(setting: &Setting) -> Result<Windows, Error> {
    match setting.value.flag(setting.key) {
        Ok(true) => Ok(Windows::Yes),
        Ok(false) => Ok(Windows::No),
        Err(_) => {
            match setting.value.text(setting.key) {
                Ok("auto") => Ok(Windows::Auto),
                _ => Err(Error::new("`windows` must be \"auto\", true or false")
                    .at(setting.value.origin.to_string())),
            }
        }
    }
}

/// An empty text takes away what the configuration file says.
fn baseline(setting: &Setting, base: &Path) -> Result<Option<PathBuf>, Error> {
    let text = setting.value.text(setting.key)?;
    Ok((!text.is_empty()).then(|| absolute(Path::new(text), base)))
}

fn target_version(setting: &Setting) -> Result<TargetVersion, Error> {
    let text = setting.value.text(setting.key)?;
    text.parse().map_err(|()| {
        Error::new(format!("`{text}` is not a version of Python"))
            .at(setting.value.origin.to_string())
            .help("write it as \"py310\" or \"3.10\"")
    })
}

/// One of the names of an enumeration.
fn choice<T: ValueEnum>(setting: &Setting) -> Result<T, Error> {
    let text = setting.value.text(setting.key)?;
    if let Ok(value) = T::from_str(text, false) {
        return Ok(value);
    }
    let values: Vec<_> = T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
    let help = match nearest(text, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("the values are {}", names.join(", ")),
    };
    Err(Error::new(format!("`{}` cannot be `{text}`", setting.key))
        .at(setting.value.origin.to_string())
        .help(help))
}

#[cfg(test)]
mod tests;
