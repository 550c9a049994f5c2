//! Compose files and workflows of GitHub.

use std::path::PathBuf;

use super::script::moved;
use super::text::span;
use super::tree::{self, Node};
use super::{Code, Dialect, Environment, File, Place, Script, Word};
use crate::platform::Platform;

/// `services: web: command: …`
pub fn compose(file: &File<'_>) -> Vec<Script> {
    let Some(root) = tree::yaml(file.text) else { return Vec::new() };
    let services = root.get("services").map(Node::entries).into_iter().flatten();
    services.flat_map(|(_, service)| service_scripts(file, service)).collect()
}

fn service_scripts(file: &File<'_>, service: &Node) -> Vec<Script> {
    let build = service.get("build");
    let context = build.and_then(|build| build.text().or_else(|| build.get("context")?.text()));
    let mut folders = context.map_or_else(|| file.folders.clone(), |context| moved(&file.folders, context));
    let last = service.get("working_dir").and_then(Node::text).and_then(|path| path.rsplit('/').next());
    let inner: Vec<PathBuf> = last
        .map(|last| moved(&folders, last).into_iter().filter(|folder| folder.ends_with(last)).collect())
        .unwrap_or_default();
    folders = inner.into_iter().chain(folders).chain(file.folders.iter().cloned()).collect();
    folders.dedup();
    let image = service.get("image").and_then(Node::text).unwrap_or_default();
    let windows = image.contains("windows") || image.contains("nanoserver");
    let place = if windows { Place::windows() } else { Place::linux("only started in a Linux container") };
    let script = |code| Script {
        code,
        folders: folders.clone(),
        environment: environment(service.get("environment")),
        place: place.clone(),
    };
    let (entry, command) = (service.get("entrypoint"), service.get("command"));
    if let (Some(entry), Some(command)) = (entry, command)
        && let (Some(mut words), Some(more)) = (words(entry), words(command))
        && !words.iter().any(|word| word.text.ends_with(".sh"))
    {
        words.extend(more);
        return vec![script(Code::Words(words, span(entry.range.start..entry.range.end)))];
    }
    [entry, command]
        .into_iter()
        .flatten()
        .filter_map(|node| Some(script(code(file, node, Dialect::Posix)?)))
        .collect()
}

/// A list of words, or a text that is cut into words.
fn code(file: &File<'_>, node: &Node, dialect: Dialect) -> Option<Code> {
    match words(node) {
        Some(words) => Some(Code::Words(words, span(node.range.clone()))),
        None => Some(Code::Shell(node.mapped(file.text)?, dialect)),
    }
}

fn words(node: &Node) -> Option<Vec<Word>> {
    let items = node.items();
    let known = |text: &str| !text.contains("${");
    let words: Option<Vec<Word>> = items
        .iter()
        .map(|item| item.text().map(|text| Word { text: text.into(), is_known: known(text) }))
        .collect();
    words.filter(|words| !words.is_empty())
}

/// `A: b`, or `- A=b`
fn environment(node: Option<&Node>) -> Environment {
    let mut found = Environment::new();
    let known = |text: &str| (!text.contains('$')).then(|| text.to_string());
    let Some(node) = node else { return found };
    for (name, value) in node.entries() {
        found.insert(name.to_string(), value.text().and_then(known));
    }
    for (name, value) in node.items().iter().filter_map(|item| item.text()?.split_once('=')) {
        found.insert(name.to_string(), known(value));
    }
    found
}

/// `jobs: test: steps: - run: …`
pub fn workflow(file: &File<'_>) -> Vec<Script> {
    let Some(root) = tree::yaml(file.text) else { return Vec::new() };
    let mut scripts = Vec::new();
    // A workflow runs at the top of the repository.
    let top: Vec<PathBuf> = file.folders.iter().skip(2).cloned().collect();
    for (_, job) in root.get("jobs").map(Node::entries).into_iter().flatten() {
        let platforms = platforms(job);
        let defaults = [Some(job), Some(&root)]
            .into_iter()
            .flatten()
            .find_map(|node| node.at(&["defaults", "run", "working-directory"])?.text());
        for step in job.get("steps").map(Node::items).unwrap_or_default() {
            let Some(text) = step.get("run").and_then(|run| run.mapped(file.text)) else { continue };
            let condition = step.get("if").and_then(Node::text).unwrap_or_default();
            let platforms = narrowed(&platforms, condition);
            if platforms.is_empty() {
                continue;
            }
            let shell = step
                .get("shell")
                .or_else(|| job.at(&["defaults", "run", "shell"]))
                .or_else(|| root.at(&["defaults", "run", "shell"]))
                .and_then(Node::text)
                .unwrap_or_default();
            let dialect = match shell {
                "cmd" => Dialect::Batch,
                "pwsh" | "powershell" => Dialect::PowerShell,
                "" if platforms == [Platform::Windows] => Dialect::PowerShell,
                _ => Dialect::Posix,
            };
            let folder = step.get("working-directory").and_then(Node::text).or(defaults);
            let mut all = environment(root.get("env"));
            all.extend(environment(job.get("env")));
            all.extend(environment(step.get("env")));
            scripts.push(Script {
                code: Code::Shell(text, dialect),
                folders: folder.map_or_else(|| top.clone(), |folder| moved(&top, folder)),
                environment: all,
                place: place(platforms),
            });
        }
    }
    scripts
}

/// What `runs-on` names, or the matrix it asks.
fn platforms(job: &Node) -> Vec<Platform> {
    let mut names = job.get("runs-on").map(Node::texts).unwrap_or_default();
    if names.iter().any(|name| name.contains("matrix")) {
        names.extend(job.at(&["strategy", "matrix"]).map(Node::texts).unwrap_or_default());
    }
    let named =
        |words: &[&str]| names.iter().any(|name| words.iter().any(|word| name.to_lowercase().contains(word)));
    let mut found = Vec::new();
    for (platform, words) in [
        (Platform::Windows, &["windows"][..]),
        (Platform::Linux, &["ubuntu", "linux", "debian"]),
        (Platform::Darwin, &["macos", "mac-os"]),
    ] {
        if named(words) {
            found.push(platform);
        }
    }
    if found.is_empty() { Platform::ALL.to_vec() } else { found }
}

/// `if: runner.os == 'Windows'`
fn narrowed(platforms: &[Platform], condition: &str) -> Vec<Platform> {
    let condition = condition.to_lowercase();
    let word = |platform: &Platform| match platform {
        Platform::Windows => "windows",
        Platform::Linux => {
            if condition.contains("ubuntu") {
                "ubuntu"
            } else {
                "linux"
            }
        }
        Platform::Darwin => "macos",
    };
    let named: Vec<Platform> =
        platforms.iter().copied().filter(|platform| condition.contains(word(platform))).collect();
    let about = condition.contains("runner.os") || condition.contains("matrix.");
    let all_named = Platform::ALL.iter().any(|platform| condition.contains(word(platform)));
    match (
        about && all_named,
        condition.contains("!=") || condition.contains("!contains") || condition.contains("!starts"),
    ) {
        (false, _) => platforms.to_vec(),
        (true, false) => named,
        (true, true) => platforms.iter().copied().filter(|platform| !named.contains(platform)).collect(),
    }
}

fn place(platforms: Vec<Platform>) -> Place {
    let reason = (!platforms.contains(&Platform::Windows)).then(|| {
        let shown: Vec<&str> = platforms.iter().map(|platform| platform.shown()).collect();
        format!("the job only runs on {}", shown.join(" and ")).into()
    });
    Place { platforms, reason }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commands, shown, spans};
    use crate::platform::Platform;

    #[test]
    fn compose_commands() {
        let text = "services:\n  web:\n    image: x\n    command: uvicorn main:app --port 80\n    environment:\n      - PYTHONPATH=src\n  worker:\n    command: [\"python\", \"-m\", \"worker\"]\n  two:\n    command:\n      - sh\n      - -c\n      - |\n        cd a\n        uvicorn b:app\n";
        assert_eq!(
            shown("docker-compose.yml", text),
            ["uvicorn main:app --port 80", "python -m worker", "uvicorn b:app"]
        );
        assert_eq!(spans("docker-compose.yml", text)[0], "uvicorn main:app --port 80");
        let found = commands("compose.yaml", text);
        assert_eq!(found[0].place.platforms, [Platform::Linux]);
        assert_eq!(found[0].environment["PYTHONPATH"].as_deref(), Some("src"));
    }

    #[test]
    fn workflow_steps() {
        let text = "on: push\njobs:\n  a:\n    runs-on: ${{ matrix.os }}\n    strategy:\n      matrix:\n        os: [ubuntu-latest, windows-latest]\n    steps:\n      - uses: x\n      - run: |\n          # ä\n          pip install .\n          uvicorn main:app &\n      - if: runner.os == 'Windows'\n        run: python main.py\n  b:\n    runs-on: ubuntu-22.04\n    steps:\n      - run: uvicorn main:app\n  c:\n    runs-on: windows-2022\n    steps:\n      - run: |\n          $env:A = 'b'\n          uvicorn main:app `\n            --port 1\n";
        let name = ".github/workflows/ci.yml";
        assert_eq!(
            shown(name, text),
            [
                "pip install .",
                "uvicorn main:app",
                "python main.py",
                "uvicorn main:app",
                "uvicorn main:app --port 1"
            ]
        );
        let found = commands(name, text);
        let platforms: Vec<&[Platform]> = found.iter().map(|line| line.place.platforms.as_slice()).collect();
        assert_eq!(platforms[1], [Platform::Windows, Platform::Linux]);
        assert_eq!(platforms[2], [Platform::Windows]);
        assert_eq!(found[3].place.reason.as_deref(), Some("the job only runs on Linux"));
        assert_eq!(spans(name, text)[1], "uvicorn main:app");
        assert_eq!(spans(name, text)[4], "uvicorn main:app `\n            --port 1");
    }
}
