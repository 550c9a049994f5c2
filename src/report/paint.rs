//! Colour and links, or none.

use std::fmt::Display;

use anstyle::{AnsiColor, Effects, Style};

use crate::finding::Severity;
use crate::knowledge::pages;

pub const BOLD: Style = Style::new().effects(Effects::BOLD);
pub const GOOD: Style = AnsiColor::Green.on_default();
pub const REMOVED: Style = AnsiColor::Red.on_default();
pub const HUNK: Style = AnsiColor::Cyan.on_default();
pub const GUTTER: Style = AnsiColor::BrightBlue.on_default().effects(Effects::BOLD);
const ERROR: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const NOTE: Style = AnsiColor::BrightGreen.on_default().effects(Effects::BOLD);

/// Puts escape sequences around text where they are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    pub colour: bool,
    /// Codes of rules lead to their pages, on a terminal that knows links (OSC 8).
    pub links: bool,
}

impl Paint {
    pub const PLAIN: Paint = Paint { colour: false, links: false };

    pub fn with(self, style: Style, text: impl Display) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// The code of a rule, which leads to its page.
    pub fn code(self, style: Style, code: &str) -> String {
        let text = self.with(style, code);
        if self.links { format!("\x1b]8;;{}\x1b\\{text}\x1b]8;;\x1b\\", pages::url(code)) } else { text }
    }
}

pub fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Info => NOTE,
    }
}
