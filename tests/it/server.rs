//! The language server, spoken to message by message.

use std::io::BufReader;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

use crate::project::{Files, Project};

/// Long enough for any machine; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

const BAD: &str = "import asyncio\n\n\nasync def serve() -> None:\n    await asyncio.start_server(print, port=1)\n\n\n\
                   if __name__ == \"__main__\":\n    \"é😀\"; asyncio.run(serve())\n";

/// An editor with one program on the screen, and the server behind it.
struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Message>,
    project: Project,
    requests: i32,
}

impl Editor {
    /// Nothing has been said yet.
    fn silent(files: &[(&str, &str)]) -> Editor {
        let files: Files =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_owned())).collect();
        let project = Project::new(&files);
        let mut server = Command::new(env!("CARGO_BIN_EXE_loopcheck"))
            .arg("server")
            .current_dir(project.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let input = server.stdin.take().expect("a pipe");
        let output = server.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Ok(Some(message)) = Message::read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Editor { server, input, messages, project, requests: 0 }
    }

    /// Greeted, with the project's folder open.
    fn new(files: &[(&str, &str)]) -> Editor {
        let mut editor = Editor::silent(files);
        let folder = editor.uri("");
        let capabilities = json!({ "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        }});
        let parameters = json!({
            "processId": null,
            "rootUri": folder,
            "workspaceFolders": [{ "uri": folder.trim_end_matches('/'), "name": "sample" }],
            "capabilities": capabilities,
        });
        let greeting = editor.ask("initialize", parameters).expect("a greeting");
        assert_eq!(greeting["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(greeting["capabilities"]["positionEncoding"], "utf-16");
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        let folder = self.project.path().to_string_lossy().replace('\\', "/");
        format!("file:///{}/{name}", folder.trim_start_matches('/'))
    }

    fn tell(&mut self, method: &str, parameters: Value) {
        let message = Message::from(Notification::new(method.to_owned(), parameters));
        message.write(&mut self.input).expect("the server reads");
    }

    fn start(&mut self, method: &str, parameters: Value) -> RequestId {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        let message = Message::from(Request::new(id.clone(), method.to_owned(), parameters));
        message.write(&mut self.input).expect("the server reads");
        id
    }

    /// The result of a request, or the number of its error.
    fn ask(&mut self, method: &str, parameters: Value) -> Result<Value, i32> {
        let id = self.start(method, parameters);
        self.answer(&id)
    }

    fn answer(&mut self, id: &RequestId) -> Result<Value, i32> {
        loop {
            match self.messages.recv_timeout(PATIENCE).expect("an answer") {
                Message::Response(response) if response.id == *id => {
                    return response.response_result.map_err(|error| error.code);
                }
                _ => {}
            }
        }
    }

    /// The parameters of the next notification of a method that are as they should be.
    fn next(&mut self, method: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.messages.recv_timeout(PATIENCE).expect("a notification") {
                Message::Notification(notice) if notice.method == method && is_it(&notice.params) => {
                    return notice.params;
                }
                _ => {}
            }
        }
    }

    /// The findings in a file at one of its versions.
    fn findings(&mut self, name: &str, version: Option<i32>) -> Vec<Value> {
        let uri = self.uri(name);
        let is_it =
            |told: &Value| told["uri"] == *uri && version.is_none_or(|version| told["version"] == version);
        let told = self.next("textDocument/publishDiagnostics", is_it);
        told["diagnostics"].as_array().expect("a list").clone()
    }

    fn open(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "python", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, name: &str, version: i32, text: &str) {
        let document = json!({ "uri": self.uri(name), "version": version });
        let parameters = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", parameters);
    }

    fn at(&self, name: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        json!({
            "textDocument": { "uri": self.uri(name) },
            "position": position,
            "range": { "start": position, "end": position },
            "context": { "diagnostics": [] },
        })
    }

    /// Says goodbye, and returns the exit status.
    fn leave(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.tell("exit", Value::Null);
        self.server.wait().expect("an end").code()
    }
}

fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn a_finding_is_shown_explained_and_cured() {
    let mut editor =
        Editor::new(&[("main.py", BAD), ("pyproject.toml", "[project]\nrequires-python = '>=3.12'\n")]);
    editor.open("main.py", BAD);
    let findings = editor.findings("main.py", Some(1));
    assert_eq!(codes(&findings), ["LC103"]);
    let finding = &findings[0];
    // `    "é😀"; ` is 12 characters and 13 UTF-16 units.
    assert_eq!(finding["range"]["start"], json!({ "line": 8, "character": 11 }), "{finding}");
    assert_eq!(finding["source"], "loopcheck");
    assert!(finding["codeDescription"]["href"].as_str().is_some_and(|url| url.ends_with("LC103.md")));

    let over = editor.at("main.py", 8, 20);
    let hover = editor.ask("textDocument/hover", over.clone()).expect("a hover");
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.contains("Why is this bad")),
        "{hover}"
    );
    let beside = editor.at("main.py", 0, 0);
    assert_eq!(editor.ask("textDocument/hover", beside), Ok(Value::Null));

    let actions = editor.ask("textDocument/codeAction", over).expect("actions");
    let kinds: Vec<&str> =
        actions.as_array().into_iter().flatten().filter_map(|action| action["kind"].as_str()).collect();
    assert_eq!(kinds, ["quickfix", "source.fixAll.loopcheck"], "{actions}");
    let all = &actions[1]["edit"]["documentChanges"][0];
    assert_eq!(all["textDocument"]["version"], 1);
    let text = all["edits"].to_string();
    assert!(text.contains("loop_factory=asyncio.SelectorEventLoop") && text.contains("import sys"), "{text}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn what_is_not_saved_counts_also_in_other_files() {
    let main = "import asyncio\n\nfrom choice import choose\n\nchoose()\nasyncio.run(asyncio.start_server(print, port=1))\n";
    let silent = "def choose():\n    pass\n";
    let chosen = "import asyncio\nimport sys\n\n\ndef choose():\n    if sys.platform == \"win32\":\n        \
                  asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n";
    let mut editor = Editor::new(&[("main.py", main), ("choice.py", silent)]);
    assert_eq!(codes(&editor.findings("main.py", None)), ["LC103"], "files need not be open");
    editor.open("choice.py", silent);
    editor.findings("main.py", None);
    editor.change("choice.py", 2, chosen);
    assert_eq!(codes(&editor.findings("main.py", None)), [""; 0], "the policy in the buffer counts");
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": editor.uri("choice.py") } }));
    assert_eq!(codes(&editor.findings("main.py", None)), ["LC103"], "what was never saved is gone");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn a_file_that_was_never_saved_counts_unless_it_is_excluded() {
    let mut editor = Editor::new(&[("other.py", "")]);
    editor.open("build/new.py", BAD);
    assert_eq!(codes(&editor.findings("build/new.py", Some(1))), [""; 0]);
    editor.open("new.py", BAD);
    assert_eq!(codes(&editor.findings("new.py", Some(1))), ["LC103"]);
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn configuration_is_read_again() {
    let mut editor = Editor::new(&[("main.py", BAD)]);
    let registration = loop {
        match editor.messages.recv_timeout(PATIENCE).expect("a registration") {
            Message::Request(request) => break request,
            _ => continue,
        }
    };
    assert_eq!(registration.method, "client/registerCapability");
    editor.open("main.py", BAD);
    assert_eq!(codes(&editor.findings("main.py", Some(1))), ["LC103"]);
    let changes = json!({ "changes": [{ "uri": editor.uri("loopcheck.toml"), "type": 1 }] });
    let config = editor.project.path().join("loopcheck.toml");

    std::fs::write(&config, "ignore = [\"LC103\"]\n").expect("a file");
    editor.tell("workspace/didChangeWatchedFiles", changes.clone());
    assert_eq!(codes(&editor.findings("main.py", None)), [""; 0]);

    std::fs::write(&config, "ignroe = []\n").expect("a file");
    editor.tell("workspace/didChangeWatchedFiles", changes);
    let shown = editor.next("window/showMessage", |_| true);
    assert!(shown["message"].as_str().is_some_and(|text| text.contains("ignore")), "{shown}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn the_nearest_configuration_counts_in_an_editor_too() {
    let mut editor = Editor::new(&[("main.py", BAD), ("a/main.py", BAD)]);
    editor.open("main.py", BAD);
    editor.open("a/main.py", BAD);
    assert_eq!(codes(&editor.findings("a/main.py", Some(1))), ["LC103"]);
    let config = editor.project.path().join("a/loopcheck.toml");
    std::fs::write(&config, "ignore = [\"LC103\"]\n").expect("a file");
    let changes = json!({ "changes": [{ "uri": editor.uri("a/loopcheck.toml"), "type": 1 }] });
    editor.tell("workspace/didChangeWatchedFiles", changes);
    assert_eq!(codes(&editor.findings("a/main.py", None)), [""; 0]);
    assert_eq!(codes(&editor.findings("main.py", None)), ["LC103"]);
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn a_request_that_waits_can_be_cancelled() {
    let mut editor = Editor::new(&[("main.py", BAD)]);
    editor.open("main.py", BAD);
    let id = editor.start("textDocument/hover", editor.at("main.py", 8, 20));
    editor.tell("$/cancelRequest", json!({ "id": 2 }));
    // It was answered before the cancellation came, or it was cancelled; it is answered once.
    match editor.answer(&id) {
        Ok(hover) => assert!(hover["contents"].is_object(), "{hover}"),
        Err(code) => assert_eq!(code, lsp_server::ErrorCode::RequestCanceled as i32),
    }
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn odd_messages_do_no_harm() {
    use lsp_server::ErrorCode::{InvalidParams, InvalidRequest, MethodNotFound};
    let mut editor = Editor::new(&[("main.py", BAD)]);
    editor.tell("textDocument/didOpen", json!({ "textDocument": 7 }));
    editor.tell("textDocument/didOpen", json!([]));
    editor.tell("textDocument/didOpen", json!({ "textDocument": { "uri": "untitled:1", "text": BAD } }));
    editor.tell("textDocument/didChange", json!({ "textDocument": { "uri": editor.uri("main.py") } }));
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": editor.uri("never.py") } }));
    editor.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [3], "removed": null } }));
    editor.tell("$/cancelRequest", json!({ "id": null }));
    editor.tell("$/cancelRequest", json!({ "id": "no such request" }));
    editor.tell("no/such/notification", Value::Null);
    assert_eq!(editor.ask("no/such/request", Value::Null), Err(MethodNotFound as i32));
    assert_eq!(editor.ask("textDocument/hover", Value::Null), Err(InvalidParams as i32));
    assert_eq!(editor.ask("textDocument/hover", json!({ "position": -1 })), Err(InvalidParams as i32));
    assert_eq!(editor.ask("initialize", json!({})), Err(InvalidRequest as i32));
    let far = editor.at("main.py", u32::MAX, u32::MAX);
    assert_eq!(editor.ask("textDocument/hover", far), Ok(Value::Null));
    let nowhere =
        json!({ "textDocument": { "uri": "untitled:1" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.ask("textDocument/hover", nowhere), Ok(Value::Null));
    editor.open("main.py", "asyncio.run(\u{0}\r\r\n😀");
    assert_eq!(codes(&editor.findings("main.py", Some(1))), ["LC000"], "and it still works");
    assert_eq!(editor.ask("shutdown", Value::Null), Ok(Value::Null));
    assert_eq!(editor.ask("shutdown", json!(1)), Ok(Value::Null));
    let late = editor.at("main.py", 0, 0);
    assert_eq!(editor.ask("textDocument/hover", late), Err(InvalidRequest as i32));
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.wait().expect("an end").code(), Some(0));
}

#[test]
fn a_client_that_just_leaves_gets_the_status_the_protocol_names() {
    let mut editor = Editor::new(&[("main.py", BAD)]);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.server.wait().expect("an end").code(), Some(1));

    let mut early = Editor::silent(&[]);
    assert_eq!(
        early.ask("textDocument/hover", json!({})),
        Err(lsp_server::ErrorCode::ServerNotInitialized as i32)
    );
    early.tell("exit", Value::Null);
    assert_eq!(early.server.wait().expect("an end").code(), Some(1));
}
