//! Where text goes: standard output, standard error or a file; in colour or not.

use std::fmt::Display;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use supports_hyperlinks::Stream;

use crate::cli::args::{Color, Global};
use crate::error::Error;
use crate::files;
use crate::finding::Severity;
use crate::report::paint::{GOOD, Paint, severity_style};
use crate::report::visible;

/// The streams of this process and how much they say.
#[derive(Debug)]
pub struct Output {
    pub quiet: bool,
    pub verbose: bool,
    /// For standard output.
    pub paint: Paint,
    /// For standard error.
    messages: Paint,
}

impl Output {
    pub fn new(global: &Global) -> Output {
        Output {
            quiet: global.quiet,
            verbose: global.verbose,
            paint: Paint {
                links: colour(global.color, &io::stdout()) && supports_hyperlinks::on(Stream::Stdout),
                colour: colour(global.color, &io::stdout()),
            },
            messages: Paint { colour: colour(global.color, &io::stderr()), links: false },
        }
    }

    /// Does a person look at standard output?
    pub fn is_screen(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Writes text that is already coloured, or not, to standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be written. A reader who has seen enough and left is no error.
    pub fn write(&self, text: &str) -> Result<(), Error> {
        self.write_bytes(text.as_bytes())
    }

    /// As [`Output::write`], byte for byte.
    ///
    /// # Errors
    ///
    /// As [`Output::write`].
    pub fn write_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        let written = if self.paint.colour {
            let mut stream = AutoStream::always(io::stdout().lock());
            stream.write_all(bytes).and_then(|()| stream.flush())
        } else {
            let mut stream = io::stdout().lock();
            stream.write_all(bytes).and_then(|()| stream.flush())
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new("cannot write to standard output").at(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Writes the report to a file, or to standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write_to(&self, file: Option<&Path>, text: &str) -> Result<(), Error> {
        let Some(file) = file else {
            return self.write(text);
        };
        fs::write(file, text).map_err(|error| {
            Error::new(format!("cannot write the report to {}", file.display()))
                .at(files::error_text(&error))
                .help("check the folder given to --output-file")
        })
    }

    /// Writes to standard error as it is, unless `--quiet`.
    pub fn message(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(text);
        }
    }

    /// `note: …`, unless `--quiet`.
    pub fn note(&self, text: impl Display) {
        let word = self.messages.with(GOOD, "note");
        self.message(&format!("{word}: {}\n", harmless(text)));
    }

    /// `warning: …`, unless `--quiet`.
    pub fn warning(&self, text: impl Display) {
        let word = self.messages.with(severity_style(Severity::Warning), "warning");
        self.message(&format!("{word}: {}\n", harmless(text)));
    }

    /// `error: …`, always.
    pub fn error(&self, text: impl Display) {
        let word = self.messages.with(severity_style(Severity::Error), "error");
        self.to_stderr(&format!("{word}: {}\n", harmless(text)));
    }

    /// What `--verbose` adds.
    pub fn detail(&self, text: impl Display) {
        if self.verbose {
            self.to_stderr(&format!("{text}\n"));
        }
    }

    fn to_stderr(&self, text: &str) {
        // There is nobody left to tell when standard error is closed.
        let _ = if self.messages.colour {
            AutoStream::always(io::stderr().lock()).write_all(text.as_bytes())
        } else {
            io::stderr().lock().write_all(text.as_bytes())
        };
    }
}

/// `--color`, else NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and CLICOLOR, else whether it is a terminal.
fn colour(color: Color, stream: &impl anstream::stream::RawStream) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if has_value("NO_COLOR", &[]) => false,
        Color::Auto if has_value("FORCE_COLOR", &["0", "false"]) => true,
        Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    }
}

/// Is the environment variable set to anything but nothing and the words that mean no?
fn has_value(variable: &str, no: &[&str]) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && no.iter().all(|no| value != *no))
}

/// Messages quote file names and configuration, which strangers may have written.
fn harmless(text: impl Display) -> String {
    let text = text.to_string();
    text.split('\n').map(visible::line).collect::<Vec<_>>().join("\n")
}
