//! Task tables of `pyproject.toml`: taskipy, poe, hatch, pdm, rye, pixi.

use super::text::span;
use super::tree::{self, Kind, Node};
use super::{Code, Dialect, Environment, File, Place, Script, Word};

/// Where tools keep their tasks; `*` stands for any name.
const TABLES: [&[&str]; 7] = [
    &["tool", "taskipy", "tasks"],
    &["tool", "poe", "tasks"],
    &["tool", "hatch", "envs", "*", "scripts"],
    &["tool", "pdm", "scripts"],
    &["tool", "rye", "scripts"],
    &["tool", "pixi", "tasks"],
    &["tool", "pixi", "feature", "*", "tasks"],
];

pub fn read(file: &File<'_>) -> Vec<Script> {
    let root = tree::toml(file.text);
    let mut scripts = Vec::new();
    for table in TABLES.iter().flat_map(|keys| below(&root, keys)) {
        for (_, task) in table.entries() {
            self::task(file, task, &mut scripts);
        }
    }
    scripts
}

fn below<'n>(node: &'n Node, keys: &[&str]) -> Vec<&'n Node> {
    let Some((key, rest)) = keys.split_first() else { return vec![node] };
    let inner = node.entries().filter(|(name, _)| *key == "*" || name == key);
    inner.flat_map(|(_, inner)| below(inner, rest)).collect()
}

fn task(file: &File<'_>, task: &Node, scripts: &mut Vec<Script>) {
    match &task.kind {
        Kind::Text(_) => shell(file, task, Environment::new(), scripts),
        Kind::List(items) => items.iter().for_each(|item| self::task(file, item, scripts)),
        Kind::Table(_) => {
            let mut environment = Environment::new();
            for (name, value) in task.get("env").map(Node::entries).into_iter().flatten() {
                environment.insert(name.to_string(), value.text().map(str::to_string));
            }
            for key in ["cmd", "shell", "sequence", "chain", "composite"] {
                match task.get(key) {
                    // A list is one command of pdm and rye, and several of poe.
                    Some(node) if key == "cmd" && !node.items().is_empty() => {
                        let words: Vec<Word> = node.texts().into_iter().map(known).collect();
                        scripts.push(script(
                            file,
                            Code::Words(words, span(node.range.clone())),
                            environment.clone(),
                        ));
                    }
                    Some(node) if node.text().is_some() => shell(file, node, environment.clone(), scripts),
                    Some(node) => node.items().iter().for_each(|item| self::task(file, item, scripts)),
                    None => {}
                }
            }
        }
        Kind::Block(_) | Kind::Nothing => {}
    }
}

fn known(text: &str) -> Word {
    Word { text: text.to_string(), is_known: true }
}

fn shell(file: &File<'_>, node: &Node, environment: Environment, scripts: &mut Vec<Script>) {
    if let Some(text) = node.mapped(file.text) {
        scripts.push(script(file, Code::Shell(text, Dialect::Posix), environment));
    }
}

fn script(file: &File<'_>, code: Code, environment: Environment) -> Script {
    Script { code, folders: vec![file.folder().to_path_buf()], environment, place: Place::anywhere() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{shown, spans};

    #[test]
    fn tasks_of_every_tool() {
        let text = r#"
[tool.taskipy.tasks]
dev = "uvicorn a:app --reload"
long = { cmd = "python -m b", help = "x" }
[tool.poe.tasks]
serve = { shell = "cd x && uvicorn c:app" }
both = ["dev", { cmd = "uvicorn d:app" }]
[tool.poe.tasks.table]
cmd = "uvicorn e:app"
[tool.hatch.envs.default.scripts]
run = "uvicorn f:app {args}"
more = ["echo", "uvicorn g:app"]
[tool.pdm.scripts]
start = { cmd = ["uvicorn", "h:app"] }
[tool.rye.scripts]
x = { chain = ["a", "b"] }
[tool.pixi.feature.dev.tasks]
y = "uvicorn i:app"
"#;
        let found: Vec<String> =
            shown("pyproject.toml", text).into_iter().filter(|line| line.contains("uvicorn")).collect();
        let apps: Vec<&str> = found.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
        assert_eq!(apps, ["a:app", "c:app", "d:app", "e:app", "f:app", "g:app", "h:app", "i:app"]);
        assert!(spans("pyproject.toml", text).contains(&"uvicorn a:app --reload".to_string()));
    }
}
