//! The JSON Schema of the configuration, in the form that editors and SchemaStore take.

use serde_json::{Map, Value, json};

use crate::knowledge::pages;
use crate::settings::keys::{KEYS, Key, Takes};

/// The schema of `loopcheck.toml`, and of the table `[tool.loopcheck]`.
pub fn schema() -> Value {
    let properties: Map<String, Value> =
        KEYS.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/loopcheck.json",
        "title": "loopcheck",
        "description": "Settings of loopcheck: the table [tool.loopcheck] of pyproject.toml, or loopcheck.toml.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "definitions": { "Rule": rule() },
    })
}

fn property(key: &Key) -> Value {
    let rules = json!({ "type": "array", "items": { "$ref": "#/definitions/Rule" } });
    let mut property = match key.takes {
        Takes::Rules => rules,
        Takes::RulesByPattern => json!({ "type": "object", "additionalProperties": rules }),
        Takes::Patterns => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::FlagOrAuto => json!({ "enum": ["auto", true, false] }),
        Takes::Version => json!({ "type": "string", "pattern": "^(py3|3\\.)([7-9]|[1-9][0-9])$" }),
        Takes::File => json!({ "type": "string" }),
        Takes::Choice(names) => json!({ "type": "string", "enum": names() }),
    };
    property["description"] = sentence(key.about).into();
    if let Some(default) = value(&key.default()) {
        property["default"] = default;
    }
    property
}

/// Codes and their prefixes in capitals, and names. Editors complete them; any case is accepted.
fn rule() -> Value {
    let mut known: Vec<String> = vec!["ALL".to_owned(), "LC".to_owned()];
    for page in pages::rules() {
        known.extend((3..=page.code.len()).map(|end| page.code[..end].to_owned()));
        known.push(page.name.to_owned());
    }
    known.sort();
    known.dedup();
    json!({ "type": "string", "anyOf": [{ "enum": known }, { "pattern": "^[A-Za-z][A-Za-z0-9-]*$" }] })
}

/// A value of TOML as JSON.
fn value(toml: &str) -> Option<Value> {
    let table: toml::Table = format!("it = {toml}").parse().ok()?;
    serde_json::to_value(table.get("it")?).ok()
}

fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
