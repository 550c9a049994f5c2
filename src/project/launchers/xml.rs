//! `web.config` of IIS, services of WinSW, tasks of the Windows task scheduler.

use std::path::PathBuf;

use roxmltree::{Document, Node};

use super::text::{Mapped, span};
use super::{Code, Dialect, Environment, File, Place, Script, Word, shell};

pub fn read(file: &File<'_>) -> Vec<Script> {
    // Most files of this ending are about something else.
    let wanted = ["httpplatform", "aspnetcore", "<executable>", "<exec>"];
    let lower = file.text.to_ascii_lowercase();
    if !wanted.iter().any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let Ok(document) = Document::parse(file.text) else { return Vec::new() };
    document.descendants().filter_map(|node| element(file, node)).collect()
}

/// The program and its arguments, wherever this element keeps them.
fn element(file: &File<'_>, node: Node<'_, '_>) -> Option<Script> {
    match node.tag_name().name().to_ascii_lowercase().as_str() {
        "httpplatform" | "aspnetcore" => {
            let attribute =
                |name: &str| node.attributes().find(|attribute| attribute.name().eq_ignore_ascii_case(name));
            let program = attribute("processPath")?;
            let range =
                attribute("arguments").map_or(program.range_value(), |attribute| attribute.range_value());
            let arguments = attribute("arguments").map_or("", |attribute| attribute.value());
            let mut environment = Environment::new();
            for one in node.descendants().filter(|node| node.has_tag_name("environmentVariable")) {
                if let (Some(name), Some(value)) = (one.attribute("name"), one.attribute("value")) {
                    environment.insert(name.to_string(), Some(value.to_string()));
                }
            }
            let range =
                program.range_value().start.min(range.start)..program.range_value().end.max(range.end);
            Some(script(file, program.value(), arguments, range, None, environment))
        }
        "executable" => {
            let service = node.parent()?;
            let arguments = child(service, "arguments");
            let mut environment = Environment::new();
            for one in service.children().filter(|node| node.has_tag_name("env")) {
                if let (Some(name), Some(value)) = (one.attribute("name"), one.attribute("value")) {
                    environment.insert(name.to_string(), Some(value.to_string()));
                }
            }
            let folder = child(service, "workingdirectory").and_then(|node| node.text());
            Some(command(file, node, arguments, folder, environment))
        }
        "command" => {
            let exec =
                node.parent().filter(|parent| parent.tag_name().name().eq_ignore_ascii_case("exec"))?;
            let folder = child(exec, "workingdirectory").and_then(|node| node.text());
            Some(command(file, node, child(exec, "arguments"), folder, Environment::new()))
        }
        _ => None,
    }
}

fn child<'n, 'd>(node: Node<'n, 'd>, name: &str) -> Option<Node<'n, 'd>> {
    node.children().find(|child| child.tag_name().name().eq_ignore_ascii_case(name))
}

fn command(
    file: &File<'_>,
    program: Node<'_, '_>,
    arguments: Option<Node<'_, '_>>,
    folder: Option<&str>,
    environment: Environment,
) -> Script {
    let place = arguments.unwrap_or(program).range();
    let text = arguments.and_then(|node| node.text()).unwrap_or_default();
    script(file, program.text().unwrap_or_default(), text, place, folder, environment)
}

fn script(
    file: &File<'_>,
    program: &str,
    arguments: &str,
    range: std::ops::Range<usize>,
    folder: Option<&str>,
    environment: Environment,
) -> Script {
    let written = |text: &str| Word { text: text.trim().to_string(), is_known: !text.contains('%') };
    let mut words = vec![written(program)];
    let text = Mapped::whole(arguments, span(range.clone()));
    for simple in shell::commands(&text.text.replace(['\r', '\n'], " "), Dialect::Batch) {
        for raw in simple.words {
            words.push(written(&arguments[raw.range].replace('"', "")));
        }
    }
    // `%BASE%` of WinSW is the folder of the file.
    let base = file.folder().to_string_lossy();
    let folder = folder.map(|folder| folder.trim().replace("%BASE%", &base).replace('\\', "/"));
    let folder = folder.map(|folder| file.folder().join(folder)).filter(|folder: &PathBuf| folder.is_dir());
    Script {
        code: Code::Words(words, span(range)),
        folders: folder.into_iter().chain(file.folders.iter().cloned()).collect(),
        environment,
        place: Place::windows(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commands, shown, spans};

    #[test]
    fn web_config() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <system.webServer>
    <httpPlatform processPath="C:\app\venv\Scripts\python.exe"
                  arguments="-m uvicorn main:app --port %HTTP_PLATFORM_PORT%">
      <environmentVariables><environmentVariable name="PYTHONPATH" value="." /></environmentVariables>
    </httpPlatform>
  </system.webServer>
</configuration>"#;
        assert_eq!(
            shown("web.config", text),
            ["C:\\app\\venv\\Scripts\\python.exe -m uvicorn main:app --port ‹%HTTP_PLATFORM_PORT%›"]
        );
        assert!(spans("web.config", text)[0].starts_with("C:\\app"));
        assert_eq!(commands("web.config", text)[0].environment["PYTHONPATH"].as_deref(), Some("."));
    }

    #[test]
    fn services_and_tasks() {
        let text = "<service><id>x</id><executable>python</executable><arguments>-m uvicorn &quot;main:app&quot;</arguments></service>";
        assert_eq!(shown("service.xml", text), ["python -m uvicorn main:app"]);
        let text = "<Task xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\"><Actions><Exec><Command>py</Command><Arguments>main.py</Arguments></Exec></Actions></Task>";
        assert_eq!(shown("task.xml", text), ["py main.py"]);
        assert_eq!(shown("other.xml", "<a><executable>"), [""; 0]);
    }
}
