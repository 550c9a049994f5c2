//! From the arguments that every analysing command shares to its settings.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::Project;
use crate::cli::output::Output;
use crate::error::Error;
use crate::settings::layer::{self, Layer, Origin, Raw, Setting};
use crate::settings::{Request, Settings, Stdin, Windows, discover};

/// Reads configuration, and standard input where it is meant.
///
/// `layer` holds the arguments of the command itself.
///
/// # Errors
///
/// When the configuration cannot be used or standard input cannot be read.
pub fn settings(args: &Project, mut layer: Layer, output: &Output) -> Result<Settings, Error> {
    let cwd = std::env::current_dir()
        .map_err(|error| Error::new("there is no working directory").at(error.to_string()))?;
    let (files, inline): (Vec<&String>, Vec<&String>) =
        args.options.config.iter().partition(|text| is_file(text, &cwd));
    if files.len() > 1 {
        return Err(Error::new("only one configuration file can be given")
            .at(format!("--config {} and --config {}", files[0], files[1])));
    }
    if args.options.isolated && !files.is_empty() {
        return Err(Error::new("--isolated reads no configuration file").at(format!("--config {}", files[0])));
    }
    let request = Request {
        paths: args.paths.clone(),
        stdin: stdin(args)?,
        cwd,
        config: files.first().map(PathBuf::from),
        isolated: args.options.isolated,
        jobs: args.options.jobs,
        no_prefilter: args.options.no_prefilter,
    };
    let mut layers: Vec<Layer> =
        inline.into_iter().map(|text| layer::read_inline(text)).collect::<Result<_, _>>()?;
    layer.extend(shared(args));
    layers.push(layer);
    let settings = Settings::load(request, &layers)?;
    if let Some(config) = &settings.config {
        output.detail(format!("configuration file: {}", discover::shown(config, &settings.cwd)));
    }
    Ok(settings)
}

/// A setting that takes a list.
pub fn list(key: &'static str, flag: &str, texts: &[String]) -> Setting {
    Setting::argument(key, flag, Raw::list(texts.iter().cloned(), &Origin::Argument(flag.into())))
}

/// A setting that takes one of a few names.
pub fn choice(key: &'static str, flag: &str, value: impl ValueEnum) -> Setting {
    // A value that came from an argument is not a skipped one, so it has a name.
    let name = value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    Setting::argument(key, flag, Raw::Text(name))
}

/// A setting that one argument turns on and another off.
pub fn flag(key: &'static str, on: (&str, bool), off: (&str, bool)) -> Option<Setting> {
    [(on, true), (off, false)]
        .into_iter()
        .find(|((_, given), _)| *given)
        .map(|((name, _), value)| Setting::argument(key, name, Raw::Flag(value)))
}

fn shared(args: &Project) -> Layer {
    let mut layer = Layer::new();
    // The configuration says `true` and `false` where the command line says yes and no.
    layer.extend(args.options.windows.map(|windows| match windows {
        Windows::Auto => choice("windows", "--windows", windows),
        Windows::Yes => Setting::argument("windows", "--windows", Raw::Flag(true)),
        Windows::No => Setting::argument("windows", "--windows", Raw::Flag(false)),
    }));
    let version = args.options.target_version.clone();
    layer
        .extend(version.map(|text| Setting::argument("target-version", "--target-version", Raw::Text(text))));
    layer.extend(args.options.exclude.as_ref().map(|texts| list("exclude", "--exclude", texts)));
    layer.extend(
        args.options.extend_exclude.as_ref().map(|texts| list("extend-exclude", "--extend-exclude", texts)),
    );
    let options = &args.options;
    layer.extend(flag(
        "force-exclude",
        ("--force-exclude", options.force_exclude),
        ("--no-force-exclude", options.no_force_exclude),
    ));
    layer.extend(flag(
        "respect-gitignore",
        ("--respect-gitignore", options.respect_gitignore),
        ("--no-respect-gitignore", options.no_respect_gitignore),
    ));
    layer
}

/// `--config` takes a file or a setting; only a setting has an equals sign and is no file.
fn is_file(text: &str, cwd: &Path) -> bool {
    !text.contains('=') || cwd.join(text).is_file()
}

fn stdin(args: &Project) -> Result<Option<Stdin>, Error> {
    let dash = args.paths.iter().any(|path| path.as_os_str() == "-");
    if !dash && (args.stdin_filename.is_none() || !args.paths.is_empty()) {
        return Ok(None);
    }
    if args.paths.len() > 1 {
        return Err(Error::new("standard input is checked alone")
            .at("`-` was given together with other paths")
            .help("run loopcheck once for `-` and once for the paths"));
    }
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new("cannot read standard input").at(error.to_string()))?;
    let filename = args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("-"));
    Ok(Some(Stdin { filename, bytes }))
}
