//! `loopcheck server`: a language server over standard input and output.
//!
//! - [`session`]: the state of one client, and what each of its messages does.
//! - [`question`]: requests that are answered from a snapshot.
//! - [`snapshot`]: one analysis of all folders, with what the editor has not saved.
//! - [`diagnostics`], [`actions`] and [`hover`]: what an editor shows of it.
//! - [`documents`], [`positions`] and [`uri`]: texts, places and files as the protocol sees them.
//!
//! The question loopcheck answers spans files, so a change of one may change what is said of another.
//! Every change therefore starts one analysis of everything, in a thread beside the session, and its
//! findings are sent for all files. A request waits for the analysis of what the editor shows.

mod actions;
mod diagnostics;
mod documents;
mod hover;
mod positions;
mod question;
mod session;
mod snapshot;
mod uri;

use lsp_server::{Connection, Response};
use serde_json::{Value, json};

use crate::error::Error;
use crate::server::session::{Client, Session};

/// How a client took its leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It asked to shut down first.
    Orderly,
    /// It said `exit`, or nothing at all.
    Abrupt,
}

/// Serves one client until it leaves.
///
/// # Errors
///
/// When what comes in is not the language server protocol.
pub fn run() -> Result<Leave, Error> {
    let (connection, threads) = Connection::stdio();
    let leave = serve(&connection);
    // The thread that writes ends when nobody can write to it any more.
    drop(connection);
    threads.join().map_err(|error| {
        Error::new("the editor and loopcheck do not understand each other")
            .at(error.to_string())
            .help("an editor starts `loopcheck server`; a person starts `loopcheck`")
    })?;
    Ok(leave)
}

fn serve(connection: &Connection) -> Leave {
    // What ends here is a client that left before it began.
    let Ok((id, parameters)) = connection.initialize_start() else {
        return Leave::Abrupt;
    };
    let greeting = json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "loopcheck", "version": env!("CARGO_PKG_VERSION") },
    });
    if connection.sender.send(Response::new_ok(id, greeting).into()).is_err() {
        return Leave::Abrupt;
    }
    Session::new(connection.sender.clone(), Client::of(&parameters)).run(&connection.receiver)
}

fn capabilities() -> Value {
    json!({
        "positionEncoding": "utf-16",
        "textDocumentSync": { "openClose": true, "change": 1, "save": true },
        "hoverProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix", actions::FIX_ALL] },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    })
}
