//! The state of one client, and what each of its messages does.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, never, select, unbounded};
use lsp_server::{ErrorCode, Message, Notification, ReqQueue, Request, RequestId, Response};
use serde_json::{Value, json};

use crate::server::Leave;
use crate::server::diagnostics::uri_of;
use crate::server::documents::{Document, Documents};
use crate::server::question::{Question, error};
use crate::server::snapshot::{Input, Snapshot};
use crate::server::uri;

/// While somebody types, an analysis begins when the keyboard has rested for so long.
const REST: Duration = Duration::from_millis(150);

/// Files whose change on disk can change an answer. The editor tells when they do.
const WATCHED: [&str; 2] = [
    "**/*.{py,pyw,toml,lock,bat,cmd,ps1,xml,yml,yaml,cfg,txt}",
    "**/{Pipfile,Pipfile.lock,Procfile,Dockerfile,web.config,launch.json}",
];

/// What a client said about itself.
#[derive(Clone, Debug)]
pub struct Client {
    pub folders: Vec<PathBuf>,
    /// It takes edits that name the version of the document they are for.
    pub versioned: bool,
    /// It can be asked to watch files.
    pub watches: bool,
}

impl Client {
    /// From the parameters of `initialize`; what a client does not say, or says oddly, it has not.
    pub fn of(parameters: &Value) -> Client {
        let can = |what: &str| parameters.pointer(what).and_then(Value::as_bool).unwrap_or(false);
        let folder = |value: &Value| value.as_str().and_then(uri::to_path);
        let listed = parameters["workspaceFolders"].as_array().into_iter().flatten();
        let mut folders: Vec<PathBuf> = listed.filter_map(|one| folder(&one["uri"])).collect();
        if folders.is_empty() {
            let path = parameters["rootPath"].as_str().map(PathBuf::from).filter(|path| path.is_absolute());
            folders.extend(folder(&parameters["rootUri"]).or(path));
        }
        Client {
            folders,
            versioned: can("/capabilities/workspace/workspaceEdit/documentChanges"),
            watches: can("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
        }
    }
}

pub struct Session {
    client: Client,
    outbox: Sender<Message>,
    documents: Documents,
    /// Grows with every change.
    revision: u64,
    /// When the next analysis may begin; none when nothing has changed since the last one began.
    due: Option<Instant>,
    running: bool,
    /// The analysis of the present revision, once there is one.
    latest: Option<Arc<Snapshot>>,
    requests: ReqQueue<Option<Question>, ()>,
    /// Requests that wait for the analysis, in the order they came.
    waiting: Vec<RequestId>,
    /// URIs of the files that the client was told findings of.
    published: BTreeSet<String>,
    /// Problems that the client was told of.
    told: Vec<String>,
    leaving: bool,
    results: (Sender<Outcome>, Receiver<Outcome>),
}

/// What a thread hands back.
enum Outcome {
    Analysed(Snapshot),
    /// The analysis did not come to its end; a mistake in loopcheck.
    Broken,
    Answered(Response),
}

impl Session {
    pub fn new(outbox: Sender<Message>, client: Client) -> Session {
        Session {
            client,
            outbox,
            documents: Documents::new(),
            revision: 0,
            due: None,
            running: false,
            latest: None,
            requests: ReqQueue::default(),
            waiting: Vec::new(),
            published: BTreeSet::new(),
            told: Vec::new(),
            leaving: false,
            results: unbounded(),
        }
    }

    pub fn run(mut self, inbox: &Receiver<Message>) -> Leave {
        self.changed(Duration::ZERO);
        loop {
            // While an analysis runs, its end is what is waited for.
            let timer = self.due.filter(|_| !self.running).map_or_else(never, at);
            let results = self.results.1.clone();
            select! {
                recv(inbox) -> message => match message {
                    Ok(Message::Request(request)) => self.request(request),
                    Ok(Message::Notification(notice)) if notice.method == "exit" => {
                        return if self.leaving { Leave::Orderly } else { Leave::Abrupt };
                    }
                    Ok(Message::Notification(notice)) => self.notice(&notice),
                    // What the client says to our own requests changes nothing.
                    Ok(Message::Response(_)) => {}
                    Err(_) => return Leave::Abrupt,
                },
                recv(results) -> outcome => if let Ok(outcome) = outcome {
                    self.finish(outcome);
                },
                recv(timer) -> _ => {}
            }
            self.start_if_due();
        }
    }

    fn request(&mut self, request: Request) {
        let id = request.id.clone();
        if request.method == "shutdown" {
            self.leaving = true;
            return self.send(Response::new_ok(id, Value::Null));
        }
        if self.leaving || request.method == "initialize" {
            let why =
                if self.leaving { "loopcheck is shutting down" } else { "loopcheck is running already" };
            return self.send(Response::new_err(id, ErrorCode::InvalidRequest as i32, why.to_owned()));
        }
        match Question::of(&request, self.client.versioned) {
            Ok(Some(question)) => {
                self.requests.incoming.register(id.clone(), Some(question));
                self.waiting.push(id);
                // Somebody waits now, so the keyboard need not rest any longer.
                self.due = self.due.map(|_| Instant::now());
                self.answer();
            }
            Ok(None) => self.send(Response::new_ok(id, Value::Null)),
            Err(error) => self.send(Response { id, response_result: Err(error) }),
        }
    }

    fn notice(&mut self, notice: &Notification) {
        let parameters = &notice.params;
        let document = &parameters["textDocument"];
        match notice.method.as_str() {
            "initialized" => self.watch(),
            "$/cancelRequest" => self.cancel(&parameters["id"]),
            "textDocument/didOpen" => self.open(document, document["text"].as_str(), Duration::ZERO),
            "textDocument/didChange" => {
                // The last change is the whole text, as the capabilities ask for.
                let changes = parameters["contentChanges"].as_array();
                let last = changes.and_then(|changes| changes.last());
                let whole = last.filter(|last| last.get("range").is_none());
                self.open(document, whole.and_then(|whole| whole["text"].as_str()), REST);
            }
            "textDocument/didClose" => self.close(document),
            "textDocument/didSave"
            | "workspace/didChangeWatchedFiles"
            | "workspace/didChangeConfiguration" => {
                self.changed(Duration::ZERO);
            }
            "workspace/didChangeWorkspaceFolders" => {
                let folders = |which: &str| -> Vec<PathBuf> {
                    let listed = parameters["event"][which].as_array().into_iter().flatten();
                    listed.filter_map(|one| uri::to_path(one["uri"].as_str()?)).collect()
                };
                let removed = folders("removed");
                self.client.folders.retain(|folder| !removed.contains(folder));
                self.client.folders.extend(folders("added"));
                self.changed(Duration::ZERO);
            }
            // What is not known is not for us.
            _ => {}
        }
    }

    fn open(&mut self, document: &Value, text: Option<&str>, rest: Duration) {
        let Some((uri, text)) = document["uri"].as_str().zip(text) else { return };
        let Some(path) = uri::to_path(uri) else { return };
        let version = document["version"].as_i64().and_then(|version| i32::try_from(version).ok());
        self.documents.insert(path, Document::new(uri.to_owned(), version.unwrap_or_default(), text));
        self.changed(rest);
    }

    fn close(&mut self, document: &Value) {
        let path = document["uri"].as_str().and_then(uri::to_path);
        if path.is_some_and(|path| self.documents.remove(&path).is_some()) {
            self.changed(Duration::ZERO);
        }
    }

    fn watch(&self) {
        if self.client.watches {
            let watchers = WATCHED.map(|pattern| json!({ "globPattern": pattern }));
            let options = json!({ "watchers": watchers });
            let method = "workspace/didChangeWatchedFiles";
            let registration = json!({ "id": "files", "method": method, "registerOptions": options });
            let parameters = json!({ "registrations": [registration] });
            let id = RequestId::from("files".to_owned());
            self.send(Request::new(id, "client/registerCapability".to_owned(), parameters));
        }
    }

    fn cancel(&mut self, id: &Value) {
        let number = id.as_i64().and_then(|id| i32::try_from(id).ok()).map(RequestId::from);
        let Some(id) = number.or_else(|| id.as_str().map(|id| id.to_owned().into())) else { return };
        self.waiting.retain(|waiting| *waiting != id);
        if let Some(response) = self.requests.incoming.cancel(id) {
            self.send(response);
        }
    }

    fn changed(&mut self, rest: Duration) {
        self.revision += 1;
        self.latest = None;
        let rest = if self.waiting.is_empty() { rest } else { Duration::ZERO };
        self.due = Some(Instant::now() + rest);
    }

    fn start_if_due(&mut self) {
        if self.running || self.leaving || self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        (self.running, self.due) = (true, None);
        let input = Input {
            revision: self.revision,
            folders: self.client.folders.clone(),
            documents: self.documents.clone(),
        };
        let results = self.results.0.clone();
        thread::spawn(move || {
            // A mistake in loopcheck must not take the editor's server away.
            let taken = catch_unwind(AssertUnwindSafe(|| Snapshot::take(input)));
            // Nobody listens any more when the client has left.
            let _ = results.send(taken.map_or(Outcome::Broken, Outcome::Analysed));
        });
    }

    fn finish(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Analysed(snapshot) => {
                self.running = false;
                // What was learnt of an older state would stand at the wrong lines.
                if snapshot.input.revision == self.revision {
                    self.publish(&snapshot);
                    self.latest = Some(Arc::new(snapshot));
                    self.answer();
                }
            }
            Outcome::Broken => {
                self.running = false;
                self.tell(vec!["loopcheck failed; the server's log says where".to_owned()]);
                for id in std::mem::take(&mut self.waiting) {
                    self.requests.incoming.complete(&id);
                    let error = error(ErrorCode::InternalError, "the analysis failed");
                    self.send(Response { id, response_result: Err(error) });
                }
            }
            // One that was cancelled in the meantime has its answer.
            Outcome::Answered(response) => {
                if self.requests.incoming.complete(&response.id).is_some() {
                    self.send(response);
                }
            }
        }
    }

    /// Answers what waits, each in a thread of its own, when there is an analysis of what is shown.
    fn answer(&mut self) {
        let Some(snapshot) = &self.latest else { return };
        for id in std::mem::take(&mut self.waiting) {
            let question = self.requests.incoming.complete(&id).flatten();
            // It stays registered, without the question, so that it can still be cancelled.
            self.requests.incoming.register(id.clone(), None);
            let (snapshot, results) = (snapshot.clone(), self.results.0.clone());
            thread::spawn(move || {
                let answer = || question.map_or(Value::Null, |question| question.answer(&snapshot));
                let response_result = catch_unwind(AssertUnwindSafe(answer))
                    .map_err(|_| error(ErrorCode::InternalError, "the answer failed"));
                let _ = results.send(Outcome::Answered(Response { id, response_result }));
            });
        }
    }

    /// Sends the findings of every file, and an empty list for open files and those that had some.
    fn publish(&mut self, snapshot: &Snapshot) {
        let documents = snapshot.input.documents.values();
        let versions: BTreeMap<&str, i32> =
            documents.map(|document| (document.uri.as_str(), document.version)).collect();
        let none = json!([]);
        let mut lists: BTreeMap<String, Value> = BTreeMap::new();
        lists.extend(self.published.iter().cloned().map(|uri| (uri, none.clone())));
        lists.extend(versions.keys().map(|uri| ((*uri).to_owned(), none.clone())));
        self.published.clear();
        for (path, told) in &snapshot.told {
            let uri = uri_of(snapshot, path);
            let diagnostics: Vec<_> = told.iter().map(|told| &told.diagnostic).collect();
            self.published.insert(uri.clone());
            lists.insert(uri, json!(diagnostics));
        }
        for (uri, diagnostics) in lists {
            let mut parameters = json!({ "uri": uri, "diagnostics": diagnostics });
            if let Some(version) = versions.get(uri.as_str()) {
                parameters["version"] = (*version).into();
            }
            self.send(Notification::new("textDocument/publishDiagnostics".to_owned(), parameters));
        }
        self.tell(snapshot.problems.clone());
    }

    /// Shows problems to the person, each once for as long as it lasts.
    fn tell(&mut self, problems: Vec<String>) {
        for problem in problems.iter().filter(|problem| !self.told.contains(problem)) {
            let parameters = json!({ "type": 1, "message": format!("loopcheck: {problem}") });
            self.send(Notification::new("window/showMessage".to_owned(), parameters));
        }
        self.told = problems;
    }

    fn send(&self, message: impl Into<Message>) {
        // When the client is gone, the loop ends with the next message it waits for.
        let _ = self.outbox.send(message.into());
    }
}
