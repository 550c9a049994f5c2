//! `launch.json` of VS Code.

use std::path::Path;

use super::text::span;
use super::tree::{self, Node};
use super::{Code, Dialect, Environment, File, Place, Script, Word};
use crate::files::absolute;

pub fn read(file: &File<'_>) -> Vec<Script> {
    let Some(root) = tree::json(file.text) else { return Vec::new() };
    let configurations = root.get("configurations").map(Node::items).unwrap_or_default();
    configurations.iter().filter_map(|one| configuration(file, one)).collect()
}

fn configuration(file: &File<'_>, node: &Node) -> Option<Script> {
    let text = |key: &str| node.get(key).and_then(Node::text);
    if !matches!(text("type")?, "python" | "debugpy") || text("request") == Some("attach") {
        return None;
    }
    // The folder of `.vscode` is the workspace.
    let workspace = file.folders.get(1)?;
    let filled = |value: &str| {
        let value = value.replace("${workspaceFolder}", &workspace.to_string_lossy());
        value.replace("${workspaceRoot}", &workspace.to_string_lossy())
    };
    let word = |value: &str| {
        let text = filled(value);
        Word { is_known: !text.contains("${"), text }
    };
    let program = node.get("module").or_else(|| node.get("program"))?;
    let mut words = vec![word("python")];
    if node.get("module").is_some() {
        words.push(word("-m"));
    }
    words.push(word(program.text()?));
    let mut end = program.range.end;
    if let Some(args) = node.get("args") {
        words.extend(args.items().iter().filter_map(Node::text).map(word));
        if let Some(args) = args.text() {
            let simple = super::shell::commands(args, Dialect::Posix);
            let raw = simple.iter().flat_map(|simple| &simple.words);
            words.extend(raw.map(|raw| word(args[raw.range.clone()].trim_matches(['"', '\'']))));
        }
        // Where the arguments follow on the same lines of thought, they are part of the place.
        if args.range.start > end && !file.text[end..args.range.start].contains('}') {
            end = args.range.end;
        }
    }
    let folder = text("cwd").map(|cwd| absolute(Path::new(&filled(cwd)), workspace));
    let mut environment = Environment::new();
    for (name, value) in node.get("env").map(Node::entries).into_iter().flatten() {
        environment.insert(name.to_string(), value.text().map(filled).filter(|value| !value.contains("${")));
    }
    let folders = folder.into_iter().filter(|folder| folder.is_dir()).chain([workspace.clone()]).collect();
    Some(Script {
        code: Code::Words(words, span(program.range.start..end)),
        folders,
        environment,
        place: Place::anywhere(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commands, shown, spans};

    #[test]
    fn configurations() {
        let text = r#"{
  // Use IntelliSense
  "version": "0.2.0",
  "configurations": [
    {"name": "a", "type": "debugpy", "request": "launch", "module": "uvicorn", "args": ["main:app", "--reload"], "env": {"A": "b"},},
    {"name": "b", "type": "python", "request": "launch", "program": "${workspaceFolder}/main.py"},
    {"name": "c", "type": "python", "request": "launch", "program": "${file}"},
    {"name": "d", "type": "python", "request": "attach"},
    {"name": "e", "type": "node", "request": "launch", "program": "x.js"},
  ]
}"#;
        let name = ".vscode/launch.json";
        let found = shown(name, text);
        assert_eq!(found[0], "python -m uvicorn main:app --reload");
        assert!(found[1].starts_with("python /") && found[1].ends_with("/main.py"));
        assert_eq!(found[2..], ["python ‹${file}›"]);
        assert_eq!(spans(name, text)[0], r#""uvicorn", "args": ["main:app", "--reload"]"#);
        assert_eq!(commands(name, text)[0].environment["A"].as_deref(), Some("b"));
    }
}
