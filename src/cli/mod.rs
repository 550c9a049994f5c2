//! The command line: arguments, the commands, and what they write where.

mod args;
mod check;
mod config;
mod entries;
mod explain;
mod output;
mod project;
mod rule;
mod server;
mod shell;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Args, Command, Global};
use crate::cli::output::Output;
use crate::error::Error;

/// How a run ended. The numbers are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report, or everything fixed.
    Clean = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// loopcheck itself failed.
    Failed = 2,
}

/// Runs the command line and tells how the process must end.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match args::with_files(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            Output::new(&Global::default()).error(&error);
            return ExitCode::from(Exit::Failed as u8);
        }
    };
    let args = match Args::try_parse_from(args::with_default_command(arguments)) {
        Ok(args) => args,
        Err(help_or_error) => {
            // Help goes to standard output with status 0, a mistake to standard error with 2.
            let _ = help_or_error.print();
            return ExitCode::from(help_or_error.exit_code() as u8);
        }
    };
    let output = Output::new(&args.global);
    let ran = catch_unwind(AssertUnwindSafe(|| run(args.command, &output)));
    let ran = ran.unwrap_or_else(|_| {
        Err(Error::new("loopcheck itself failed").help(
            "please report it with what it said above at https://github.com/loopcheck/loopcheck/issues",
        ))
    });
    let ended = ran.unwrap_or_else(|error| {
        output.error(&error);
        Exit::Failed
    });
    ExitCode::from(ended as u8)
}

fn run(command: Command, output: &Output) -> Result<Exit, Error> {
    match command {
        Command::Check(args) => check::run(&args, output),
        Command::Entries(args) => entries::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Rule(args) => rule::run(&args, output),
        Command::Server => server::run(),
        Command::Config(args) => config::run(&args, output),
        Command::Schema => config::schema(output),
        Command::Completions(args) => shell::completions(args.shell, output),
        Command::Man => shell::manual(output),
    }
}
