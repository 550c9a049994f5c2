//! Whether a project's type checker reports what later Pythons deprecate.

use std::path::Path;

use toml::{Table, Value};

use super::launchers::{LIMIT, load};

/// Whether pyright, as the nearest folder from that of a file up to `top` configures it, reports deprecated
/// names: it does so when it is strict or is told to (`reportDeprecated`).
pub fn are_reported(folder: &Path, top: &Path) -> bool {
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(top));
    folders.into_iter().find_map(configured).unwrap_or(false)
}

/// What the configuration of pyright in this folder says, if there is one.
fn configured(folder: &Path) -> Option<bool> {
    let own = load(&folder.join("pyrightconfig.json"), LIMIT);
    let parse = |text: String| jsonc_parser::parse_to_serde_value(&text, &Default::default()).ok();
    if let Some(settings) = own.and_then(parse) {
        let settings: serde_json::Value = settings;
        let mode = settings.get("typeCheckingMode").and_then(serde_json::Value::as_str);
        let report =
            settings.get("reportDeprecated").map(|value| value.as_str().map_or(value == true, is_told));
        return Some(report.unwrap_or(mode == Some("strict")));
    }
    let pyproject: Table = load(&folder.join("pyproject.toml"), LIMIT)?.parse().ok()?;
    let settings = pyproject.get("tool")?.get("pyright")?;
    let mode = settings.get("typeCheckingMode").and_then(Value::as_str);
    let report = settings.get("reportDeprecated").map(|value| match value {
        Value::String(text) => is_told(text),
        value => value.as_bool() == Some(true),
    });
    Some(report.unwrap_or(mode == Some("strict")))
}

fn is_told(level: &str) -> bool {
    !matches!(level, "none" | "false")
}

#[cfg(test)]
mod tests {
    use super::super::dependencies::testing::project;
    use super::are_reported;

    #[test]
    fn the_nearest_configuration_of_pyright_counts() {
        let of = |files: &[(&str, &str)]| {
            let folder = project(files);
            are_reported(&folder.path().join("app"), folder.path())
        };
        assert!(!of(&[("pyproject.toml", "[tool.ruff]\n")]));
        let strict = ("pyproject.toml", "[tool.pyright]\ntypeCheckingMode = \"strict\"\n");
        assert!(of(&[strict]));
        assert!(!of(&[strict, ("app/pyrightconfig.json", "{ /* none */ }")]));
        assert!(!of(&[(
            "pyproject.toml",
            "[tool.pyright]\ntypeCheckingMode = \"strict\"\nreportDeprecated = \"none\"\n"
        )]));
        assert!(of(&[("pyrightconfig.json", "{\"reportDeprecated\": \"warning\"}")]));
        assert!(of(&[("pyrightconfig.json", "{\"reportDeprecated\": true}")]));
    }
}
