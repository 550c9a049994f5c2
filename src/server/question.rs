//! Requests that are answered from a snapshot.

use std::path::PathBuf;

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, ResponseError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::actions::{Wish, actions};
use crate::server::hover::hover;
use crate::server::snapshot::Snapshot;
use crate::server::uri;

#[derive(Clone, Debug)]
pub enum Question {
    Hover(PathBuf, lsp::Position),
    Actions(Wish),
}

impl Question {
    /// What a request asks; nothing where the answer is always null, for a document that is no file.
    ///
    /// # Errors
    ///
    /// When the method is not known, or its parameters are not what it takes.
    pub fn of(request: &Request, versioned: bool) -> Result<Option<Question>, ResponseError> {
        match request.method.as_str() {
            "textDocument/hover" => {
                let asked: HoverParams = parameters(request)?;
                let path = uri::to_path(&asked.text_document.uri);
                Ok(path.map(|path| Question::Hover(path, asked.position)))
            }
            "textDocument/codeAction" => {
                let asked: ActionParams = parameters(request)?;
                let path = uri::to_path(&asked.text_document.uri);
                let (range, only) = (asked.range, asked.context.only);
                Ok(path.map(|path| Question::Actions(Wish { path, range, only, versioned })))
            }
            method => Err(error(ErrorCode::MethodNotFound, format!("loopcheck does not know {method}"))),
        }
    }

    pub fn answer(&self, snapshot: &Snapshot) -> Value {
        match self {
            Question::Hover(path, position) => hover(snapshot, path, *position),
            Question::Actions(wish) => json!(actions(snapshot, wish)),
        }
    }
}

pub fn error(code: ErrorCode, message: impl Into<String>) -> ResponseError {
    ResponseError { code: code as i32, message: message.into(), data: None }
}

fn parameters<T: for<'de> Deserialize<'de>>(request: &Request) -> Result<T, ResponseError> {
    T::deserialize(&request.params)
        .map_err(|why| error(ErrorCode::InvalidParams, format!("{}: {why}", request.method)))
}

// Only what is used is asked of a client, so that one with odd ideas about the rest is served as well.

#[derive(Deserialize)]
struct HoverParams {
    #[serde(rename = "textDocument")]
    text_document: DocumentName,
    position: lsp::Position,
}

#[derive(Deserialize)]
struct ActionParams {
    #[serde(rename = "textDocument")]
    text_document: DocumentName,
    range: lsp::Range,
    #[serde(default)]
    context: ActionContext,
}

#[derive(Default, Deserialize)]
struct ActionContext {
    only: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct DocumentName {
    uri: String,
}
