//! The arguments, named as ruff names them wherever ruff has one.

use std::ffi::OsString;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::error::{Error, nearest};
use crate::files;
use crate::finding::Severity;
use crate::settings::{OutputFormat, Windows};

/// Tells which asyncio event loop each entry point of a Python project gets on Windows.
#[derive(Debug, Parser)]
#[command(
    name = "loopcheck",
    version,
    after_help = "Without a command loopcheck checks: `loopcheck --fix .` is `loopcheck check --fix .`\n\
                  `@file` stands for the lines of a file, each an argument."
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Default, clap::Args)]
pub struct Global {
    /// Print findings, but nothing else.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Say what is done: the configuration file, and how much was checked.
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
    /// Colour the output.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report entry points that run on the wrong loop on Windows, and fix them (the default command).
    Check(Box<Check>),
    /// List every entry point: its runner, its loop on each platform, and who decided it.
    Entries(Box<Entries>),
    /// Show the paper run of an entry point step by step, Windows beside Linux and macOS.
    Explain(Box<Explain>),
    /// Explain a rule.
    Rule(Rule),
    /// List the settings, or explain one.
    Config(Config),
    /// Print the JSON Schema of the configuration.
    Schema,
    /// Print the completions for a shell.
    Completions(Completions),
    /// Print the manual page.
    Man,
    /// Serve an editor over standard input and output, as a language server.
    Server,
}

/// What both `check` and `entries` need to know.
#[derive(Debug, clap::Args)]
pub struct Project {
    /// Files and folders; `-` reads standard input [default: .]
    pub paths: Vec<PathBuf>,
    /// The name of the file that standard input stands for.
    #[arg(long, value_name = "FILE")]
    pub stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    pub options: Options,
}

/// What every command that runs a project on paper needs to know.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Is the project deployed on Windows? `auto` looks for evidence.
    #[arg(long, value_name = "auto|yes|no", hide_possible_values = true)]
    pub windows: Option<Windows>,
    /// The oldest Python to check for, such as py39 [default: what the project says].
    #[arg(long, value_name = "VERSION")]
    pub target_version: Option<String>,
    /// A configuration file, or one setting such as 'fail-on = "error"'.
    #[arg(long, value_name = "FILE|SETTING", help_heading = "Configuration")]
    pub config: Vec<String>,
    /// Read no configuration file.
    #[arg(long, help_heading = "Configuration")]
    pub isolated: bool,
    /// Files and folders to leave out, instead of the configured ones.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "File selection")]
    pub exclude: Option<Vec<String>>,
    /// Files and folders to leave out in addition.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "File selection")]
    pub extend_exclude: Option<Vec<String>>,
    /// Check files that are named here although they are excluded.
    #[arg(long, overrides_with = "force_exclude", help_heading = "File selection")]
    pub no_force_exclude: bool,
    /// Undoes the opposite in the configuration or earlier on the line, as ruff's does.
    #[arg(long, hide = true, overrides_with = "no_force_exclude")]
    pub force_exclude: bool,
    /// Check files that .gitignore leaves out too.
    #[arg(long, overrides_with = "respect_gitignore", help_heading = "File selection")]
    pub no_respect_gitignore: bool,
    /// Undoes the opposite, too.
    #[arg(long, hide = true, overrides_with = "no_respect_gitignore")]
    pub respect_gitignore: bool,
    /// Worker threads [default: one a core].
    #[arg(short, long, value_name = "N", value_parser = jobs, help_heading = "Global options")]
    pub jobs: Option<NonZeroUsize>,
    /// Take every file for one that may start a loop: what the search for words leaves out is followed as well.
    #[arg(long, hide = true)]
    pub no_prefilter: bool,
}

#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    pub project: Project,

    /// Apply safe fixes.
    #[arg(long, overrides_with = "no_fix")]
    pub fix: bool,
    /// Undoes `--fix` earlier on the line, which may stand in a hook or an argument file.
    #[arg(long, hide = true, overrides_with = "fix")]
    pub no_fix: bool,
    /// Apply unsafe fixes too.
    #[arg(long, overrides_with = "no_unsafe_fixes")]
    pub unsafe_fixes: bool,
    /// Undoes the opposite in the configuration or earlier on the line.
    #[arg(long, hide = true, overrides_with = "unsafe_fixes")]
    pub no_unsafe_fixes: bool,
    /// Apply fixes, and do not report what is left.
    #[arg(long)]
    pub fix_only: bool,
    /// Show what fixes would change instead of writing it.
    #[arg(long)]
    pub diff: bool,
    /// List what was fixed.
    #[arg(long)]
    pub show_fixes: bool,

    /// Rules to report: codes, prefixes, names or ALL.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub select: Option<Vec<String>>,
    /// Rules not to report.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub ignore: Option<Vec<String>>,
    /// Rules to report in addition.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub extend_select: Option<Vec<String>>,
    /// Rules that may be fixed.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub fixable: Option<Vec<String>>,
    /// Rules that must not be fixed.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub unfixable: Option<Vec<String>>,
    /// Rules not to report in files that match a pattern.
    #[arg(long, value_name = "PATTERN:RULE", value_delimiter = ',', help_heading = "Rule selection")]
    pub per_file_ignores: Option<Vec<String>>,

    /// Report also what suppression comments silence.
    #[arg(long, help_heading = "Suppression")]
    pub no_ignores: bool,
    /// Write a suppression comment, with this reason, for every finding.
    #[arg(
        long,
        value_name = "REASON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["fix", "fix_only", "diff", "no_ignores", "write_baseline"],
        help_heading = "Suppression"
    )]
    pub add_ignore: Option<String>,
    /// Do not report the findings that this file lists.
    #[arg(long, value_name = "FILE", help_heading = "Suppression")]
    pub baseline: Option<PathBuf>,
    /// List all findings in this file, to be used with --baseline.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["fix", "fix_only", "diff", "baseline"],
        help_heading = "Suppression"
    )]
    pub write_baseline: Option<PathBuf>,

    /// How findings are written [default: full; on GitHub Actions github].
    #[arg(long, value_name = "FORMAT", help_heading = "Report")]
    pub output_format: Option<OutputFormat>,
    /// Write the report to a file.
    #[arg(short, long, value_name = "FILE", help_heading = "Report")]
    pub output_file: Option<PathBuf>,
    /// Count findings by rule.
    #[arg(long, help_heading = "Report")]
    pub statistics: bool,
    /// The least severity that makes the exit status 1 [default: warning].
    #[arg(long, value_name = "SEVERITY", help_heading = "Report")]
    pub fail_on: Option<Severity>,
    /// The least severity that is reported [default: warning].
    #[arg(long, value_name = "SEVERITY", help_heading = "Report")]
    pub min_severity: Option<Severity>,
    /// Exit with 0 even when there are findings.
    #[arg(short, long, help_heading = "Report")]
    pub exit_zero: bool,
    /// Exit with 1 when something was fixed.
    #[arg(long, help_heading = "Report")]
    pub exit_non_zero_on_fix: bool,
    /// List the files that would be checked.
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "show_settings", help_heading = "File selection")]
    pub show_files: bool,
    /// Show the settings and where each comes from.
    #[arg(long, help_heading = "Configuration")]
    pub show_settings: bool,
}

#[derive(Debug, clap::Args)]
pub struct Entries {
    #[command(flatten)]
    pub project: Project,
    /// How entry points are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: Form,
}

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// A file, or a line of it: main.py, main.py:14.
    #[arg(value_name = "FILE[:LINE]")]
    pub place: String,
    #[command(flatten)]
    pub options: Options,
    /// How the steps are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: Form,
}

#[derive(Debug, clap::Args)]
pub struct Rule {
    /// A code or a name.
    #[arg(required_unless_present = "all")]
    pub rule: Option<String>,
    /// Every rule.
    #[arg(long, conflicts_with = "rule")]
    pub all: bool,
    /// How rules are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: Form,
}

#[derive(Debug, clap::Args)]
pub struct Config {
    /// A setting, such as fail-on.
    pub key: Option<String>,
    /// How settings are written.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: Form,
}

#[derive(Debug, clap::Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

/// The command that a path which is not there was most likely meant to be.
pub fn meant_command(path: &str) -> Option<String> {
    if path.contains(['/', '\\', '.']) {
        return None;
    }
    let commands = Args::command();
    let names: Vec<&str> = commands.get_subcommands().map(|command| command.get_name()).collect();
    nearest(path, names.iter().copied()).map(str::to_owned)
}

/// Puts the lines of `file` where `@file` stands, each an argument of its own.
///
/// # Errors
///
/// When such a file cannot be read.
pub fn with_files(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, Error> {
    let mut all = Vec::new();
    for argument in arguments {
        match argument.to_str().and_then(|text| text.strip_prefix('@')).filter(|file| !file.is_empty()) {
            None => all.push(argument),
            Some(file) => {
                let text = fs::read_to_string(file).map_err(|error| {
                    Error::new(format!("cannot read the arguments in {file}"))
                        .at(files::error_text(&error))
                        .help(format!("a path that begins with `@` is written `./@{file}`"))
                })?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
                all.extend(text.lines().filter(|line| !line.is_empty()).map(OsString::from));
            }
        }
    }
    Ok(all)
}

/// Puts `check` where no command was given: `loopcheck --fix .` and `loopcheck .` check.
pub fn with_default_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut at = 1;
    while let Some(argument) = arguments.get(at).and_then(|argument| argument.to_str()) {
        match argument {
            "-q" | "--quiet" | "-v" | "--verbose" => at += 1,
            "--color" => at += 2,
            _ if argument.starts_with("--color=") => at += 1,
            "help" | "-h" | "--help" | "-V" | "--version" => return arguments,
            word if Args::command().find_subcommand(word).is_some() => return arguments,
            _ => break,
        }
    }
    arguments.insert(at.min(arguments.len()).max(1.min(arguments.len())), "check".into());
    arguments
}

/// The value of `--jobs`.
fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "give a number of threads from 1 on, or leave the option out".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> String {
        let words = line.split(' ').map(OsString::from);
        let words: Vec<String> =
            with_default_command(words).into_iter().filter_map(|word| word.into_string().ok()).collect();
        words.join(" ")
    }

    #[test]
    fn check_is_the_default_command() {
        assert_eq!(command("loopcheck"), "loopcheck check");
        assert_eq!(command("loopcheck ."), "loopcheck check .");
        assert_eq!(command("loopcheck --fix x.py"), "loopcheck check --fix x.py");
        assert_eq!(command("loopcheck -q --color always x.py"), "loopcheck -q --color always check x.py");
        assert_eq!(command("loopcheck ./entries"), "loopcheck check ./entries");
    }

    #[test]
    fn a_command_that_was_given_stays() {
        for line in ["loopcheck check .", "loopcheck -q entries .", "loopcheck --help", "loopcheck -V"] {
            assert_eq!(command(line), line);
        }
    }

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }
}
