//! One layer of configuration: a file, or the arguments. Values keep where they came from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, nearest};
use crate::settings::keys::KEYS;

/// Settings from one place, in the order they were written. Later layers win.
pub type Layer = Vec<Setting>;

/// One key and its value.
#[derive(Clone, Debug)]
pub struct Setting {
    pub key: &'static str,
    pub value: Value,
}

/// A value as it was written, not yet judged, and where.
#[derive(Clone, Debug)]
pub struct Value {
    pub raw: Raw,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub enum Raw {
    Text(String),
    Flag(bool),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// A number or a date, which no key takes.
    Other(&'static str),
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// A 1-based line of a configuration file, as it is shown to people.
    File {
        path: Arc<str>,
        line: usize,
    },
    /// `--select`, or the text given to `--config`.
    Argument(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => out.write_str("default"),
            Origin::File { path, line } => write!(out, "{path}:{line}"),
            Origin::Argument(text) => out.write_str(text),
        }
    }
}

impl Setting {
    /// A setting made by an argument such as `--select`.
    pub fn argument(key: &'static str, flag: &str, raw: Raw) -> Setting {
        Setting { key, value: Value { raw, origin: Origin::Argument(flag.into()) } }
    }
}

impl Raw {
    /// A list of texts that all came from the same place.
    pub fn list(texts: impl IntoIterator<Item = String>, origin: &Origin) -> Raw {
        let value = |text| Value { raw: Raw::Text(text), origin: origin.clone() };
        Raw::List(texts.into_iter().map(value).collect())
    }

    fn kind(&self) -> &'static str {
        match self {
            Raw::Text(_) => "a string",
            Raw::Flag(_) => "a boolean",
            Raw::List(_) => "a list",
            Raw::Map(_) => "a table",
            Raw::Other(kind) => kind,
        }
    }
}

impl Value {
    /// # Errors
    ///
    /// When the value is not a string.
    pub fn text(&self, key: &str) -> Result<&str, Error> {
        match &self.raw {
            Raw::Text(text) => Ok(text),
            _ => Err(self.mismatch(key, "a string")),
        }
    }

    /// # Errors
    ///
    /// When the value is neither true nor false.
    pub fn flag(&self, key: &str) -> Result<bool, Error> {
        match self.raw {
            Raw::Flag(flag) => Ok(flag),
            _ => Err(self.mismatch(key, "true or false")),
        }
    }

    /// The texts of a list, each with its origin.
    ///
    /// # Errors
    ///
    /// When the value is not a list of strings.
    pub fn texts(&self, key: &str) -> Result<Vec<(&str, &Origin)>, Error> {
        let Raw::List(items) = &self.raw else {
            return Err(self.mismatch(key, "a list of strings"));
        };
        items
            .iter()
            .map(|item| match &item.raw {
                Raw::Text(text) => Ok((text.as_str(), &item.origin)),
                other => Err(Error::new(format!("`{key}` holds {}, and takes only strings", other.kind()))
                    .at(item.origin.to_string())),
            })
            .collect()
    }

    /// # Errors
    ///
    /// When the value is not a table.
    pub fn map(&self, key: &str) -> Result<&[(String, Value)], Error> {
        match &self.raw {
            Raw::Map(pairs) => Ok(pairs),
            _ => Err(self.mismatch(key, "a table")),
        }
    }

    fn mismatch(&self, key: &str, wanted: &str) -> Error {
        Error::new(format!("`{key}` must be {wanted}, not {}", self.raw.kind())).at(self.origin.to_string())
    }
}

/// Reads `[tool.loopcheck]` of a pyproject.toml, or the whole of a loopcheck.toml.
///
/// Nothing where a pyproject.toml has no such table.
///
/// # Errors
///
/// When the text is not TOML, or a key is unknown.
pub fn read_file(text: &str, shown: &str) -> Result<Option<Layer>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = DeTable::parse(text).map_err(|error| not_toml(&error, text, shown))?;
    let path: Arc<str> = shown.into();
    let origin = |at: usize| Origin::File { path: path.clone(), line: line_of(text, at) };
    if !is_pyproject(Path::new(shown)) {
        return read_table(document.get_ref(), &origin).map(Some);
    }
    match document.get_ref().get("tool").and_then(|tool| tool.get_ref().get("loopcheck")) {
        None => Ok(None),
        Some(section) => match section.get_ref() {
            DeValue::Table(table) => read_table(table, &origin).map(Some),
            other => Err(Error::new(format!("`tool.loopcheck` must be a table, not {}", other.type_str()))
                .at(origin(section.span().start).to_string())),
        },
    }
}

/// Reads `key = value` as given to `--config`.
///
/// # Errors
///
/// As [`read_file`].
pub fn read_inline(text: &str) -> Result<Layer, Error> {
    let shown = format!("--config '{text}'");
    let document = DeTable::parse(text).map_err(|error| {
        Error::new(format!("`{text}` is neither a file nor a setting"))
            .at(error.message().to_owned())
            .help("write a path, or a setting in quotes such as --config 'select = [\"LC1\"]'")
    })?;
    let origin = Origin::Argument(shown.into());
    read_table(document.get_ref(), &|_| origin.clone())
}

/// Is this the file whose settings stand in a section of their own?
pub fn is_pyproject(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "pyproject.toml")
}

fn read_table(table: &DeTable<'_>, origin: &dyn Fn(usize) -> Origin) -> Result<Layer, Error> {
    let mut settings: Vec<(usize, Setting)> = Vec::new();
    let mut keys: Vec<_> = table.iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in keys {
        let at = key.span().start;
        let known = KEYS.iter().map(|key| key.name);
        let Some(name) = known.clone().find(|name| *name == key.get_ref().as_ref()) else {
            return Err(unknown_key(key.get_ref()).at(origin(at).to_string()));
        };
        settings.push((at, Setting { key: name, value: read_value(value, at, origin) }));
    }
    Ok(settings.into_iter().map(|(_, setting)| setting).collect())
}

/// The error for a key that does not exist.
pub fn unknown_key(key: &str) -> Error {
    let help = match nearest(key, KEYS.iter().map(|key| key.name)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            format!("the settings are {}", names.join(", "))
        }
    };
    Error::new(format!("unknown setting `{key}`")).help(help)
}

/// `at` is where the key stands: the value of a key is told by the line of its key.
fn read_value(value: &Spanned<DeValue<'_>>, at: usize, origin: &dyn Fn(usize) -> Origin) -> Value {
    let raw = match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Array(items) => {
            Raw::List(items.iter().map(|item| read_value(item, item.span().start, origin)).collect())
        }
        DeValue::Table(table) => {
            let mut pairs: Vec<_> = table.iter().collect();
            pairs.sort_by_key(|(key, _)| key.span().start);
            let read = |(key, value): (&Spanned<_>, _)| {
                let key: &Spanned<std::borrow::Cow<'_, str>> = key;
                (key.get_ref().to_string(), read_value(value, key.span().start, origin))
            };
            Raw::Map(pairs.into_iter().map(read).collect())
        }
        DeValue::Integer(_) | DeValue::Float(_) => Raw::Other("a number"),
        DeValue::Datetime(_) => Raw::Other("a date"),
    };
    Value { raw, origin: origin(at) }
}

fn not_toml(error: &toml::de::Error, text: &str, shown: &str) -> Error {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    Error::new(format!("{shown} is not valid TOML")).at(format!("{shown}:{line}: {}", error.message()))
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
