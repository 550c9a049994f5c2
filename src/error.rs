//! Why loopcheck itself could not do its work, told to a person.

use std::fmt;

/// What went wrong, where, and what to do next. It ends the run with exit status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong, without a full stop.
    pub what: String,
    /// Where or why: a place in a file, or the operating system's words.
    pub place: Option<String>,
    /// What to do next.
    pub help: Option<String>,
}

impl Error {
    pub fn new(what: impl Into<String>) -> Error {
        Error { what: what.into(), place: None, help: None }
    }

    pub fn at(mut self, place: impl Into<String>) -> Error {
        self.place = Some(place.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        if let Some(place) = &self.place {
            write!(out, "\n  {place}")?;
        }
        if let Some(help) = &self.help {
            write!(out, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The known name that a mistyped one was most likely meant to be.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&typed, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}
