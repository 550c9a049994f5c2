//! The settings that there are, for people and for programs.

use serde::Serialize;

use crate::report::json;
use crate::settings::keys::Key;

#[derive(Serialize)]
struct View {
    name: &'static str,
    about: &'static str,
    takes: String,
    /// TOML, as is the example.
    default: Option<String>,
    example: String,
    /// `run` or `folder`: in how much of a run the value of one configuration file counts.
    scope: &'static str,
}

/// One line a setting.
pub fn render_list(keys: &[&Key]) -> String {
    let width = keys.iter().map(|key| key.name.len()).max().unwrap_or(0);
    keys.iter().map(|key| format!("{:width$}  {}\n", key.name, key.about)).collect()
}

/// Everything about one.
pub fn render(key: &Key) -> String {
    let View { name, about, takes, default, example, .. } = view(key);
    let counts = match key.is_of_run() {
        true => "for a whole run, in the configuration file nearest to its first path",
        false => "for each file, in the configuration file nearest to it",
    };
    let default = default.unwrap_or_else(|| "none".to_owned());
    format!(
        "{name}: {about}\n\nTakes: {takes}\nDefault: {default}\nCounts: {counts}\nExample:\n\n\
         [tool.loopcheck]\n{example}\n"
    )
}

pub fn render_json(keys: &[&Key]) -> String {
    json::text(&keys.iter().map(|key| view(key)).collect::<Vec<_>>())
}

pub fn render_schema(schema: &serde_json::Value) -> String {
    json::text(schema)
}

fn view(key: &Key) -> View {
    let default = key.default();
    View {
        name: key.name,
        about: key.about,
        takes: key.kind(),
        default: (!default.is_empty()).then_some(default),
        example: format!("{} = {}", key.name, key.example),
        scope: if key.is_of_run() { "run" } else { "folder" },
    }
}
