//! The settings as text, each with where it came from.

use std::fmt::Write;

use clap::ValueEnum;

use crate::settings::keys::{KEYS, Key};
use crate::settings::layer::Origin;
use crate::settings::{Settings, Windows, discover};

impl Settings {
    /// What `--show-settings` prints: one line a setting, in the order of the documentation, then as
    /// comments what differs in folders with a configuration file of their own.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let config = match &self.config {
            Some(path) => discover::shown(path, &self.cwd),
            None => "none".to_owned(),
        };
        // Writing to a `String` never fails.
        let _ = writeln!(text, "# configuration file: {config}");
        for key in shown_keys() {
            let _ = writeln!(text, "{}", self.line(key));
        }
        for (folder, here) in self.nested() {
            let folder = discover::shown(folder, &self.cwd);
            let file = here.config.as_ref().map(|path| discover::shown(path, &self.cwd));
            let _ = writeln!(
                text,
                "\n# configuration file below {folder}: {}",
                file.as_deref().unwrap_or("none")
            );
            let differs = |key: &&Key| !key.is_of_run() && here.line(key) != self.line(key);
            for key in shown_keys().filter(differs) {
                let _ = writeln!(text, "#   {}", here.line(key));
            }
        }
        text
    }

    fn line(&self, key: &Key) -> String {
        format!("{} = {}  # {}", key.name, self.value_of(key.name), self.origin_of(key.name))
    }

    fn value_of(&self, key: &str) -> String {
        match key {
            "select" => list(&self.rules.codes()),
            "fixable" => list(&self.fixable.codes()),
            "per-file-ignores" => {
                let pairs: Vec<String> = self
                    .per_file_ignores
                    .iter()
                    .map(|ignore| {
                        let negation = if ignore.negated { "!" } else { "" };
                        let pattern = format!("{negation}{}", ignore.patterns.texts().concat());
                        format!("{pattern:?} = {}", list(&ignore.codes))
                    })
                    .collect();
                if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
            }
            "exclude" => list(self.exclude.texts()),
            "force-exclude" => self.force_exclude.to_string(),
            "respect-gitignore" => self.respect_gitignore.to_string(),
            "target-version" => match self.target_version {
                Some(version) => format!("\"{version}\""),
                None => "\"from the project\"".to_owned(),
            },
            "windows" => match self.windows {
                Windows::Auto => "\"auto\"".to_owned(),
                Windows::Yes => "true".to_owned(),
                Windows::No => "false".to_owned(),
            },
            "fail-on" => name(&self.fail_on),
            "min-severity" => name(&self.min_severity),
            "output-format" => name(&self.output_format),
            "baseline" => match &self.baseline {
                Some(path) => format!("{:?}", discover::shown(path, &self.cwd)),
                None => "\"\"".to_owned(),
            },
            "remedy" => name(&self.remedy),
            "guard" => name(&self.guard),
            "unsafe-fixes" => self.unsafe_fixes.to_string(),
            _ => String::new(),
        }
    }

    fn origin_of(&self, key: &str) -> String {
        let also: &[&str] = match key {
            "select" => &["select", "extend-select", "ignore"],
            "fixable" => &["fixable", "unfixable"],
            "exclude" => &["exclude", "extend-exclude"],
            _ => &[],
        };
        let mut origins: Vec<String> = also
            .iter()
            .filter_map(|key| self.origins.get(key).map(|origin| format!("{key}: {origin}")))
            .collect();
        if also.is_empty() {
            origins.extend(self.origins.get(key).map(ToString::to_string));
        }
        if origins.is_empty() { Origin::Default.to_string() } else { origins.join(", ") }
    }
}

/// The others only change the set that the line of `select`, `fixable` or `exclude` shows.
fn shown_keys() -> impl Iterator<Item = &'static Key> {
    let adds = |key: &&Key| matches!(key.name, "extend-select" | "ignore" | "unfixable" | "extend-exclude");
    KEYS.iter().filter(move |key| !adds(key))
}

fn list(texts: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{:?}", text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

fn name<T: ValueEnum>(value: &T) -> String {
    let name = value.to_possible_value().map(|value| value.get_name().to_owned());
    format!("\"{}\"", name.unwrap_or_default())
}
