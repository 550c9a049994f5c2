//! `loopcheck server`: findings in an editor.

use crate::cli::Exit;
use crate::error::Error;
use crate::server::{self, Leave};

pub fn run() -> Result<Exit, Error> {
    Ok(match server::run()? {
        Leave::Orderly => Exit::Clean,
        // The protocol asks for 1 here.
        Leave::Abrupt => Exit::Findings,
    })
}
