//! YAML, JSON with comments, and TOML as one kind of tree, whose leaves know their places.

use std::ops::Range;

use jsonc_parser::ast;
use saphyr_parser::{Event, Parser, ScalarStyle};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::text::Mapped;

/// A value of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    /// Bytes of the file; quotes included.
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Text(String),
    /// Text of several lines that lost their indentation.
    Block(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// What has no text of its own: null, an alias of YAML.
    Nothing,
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// A value inside values.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    pub fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        let entries = match &self.kind {
            Kind::Table(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Block(text) => Some(text),
            _ => None,
        }
    }

    /// Every text in and below this node.
    pub fn texts(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Block(text) => vec![text],
            Kind::List(items) => items.iter().flat_map(Node::texts).collect(),
            Kind::Table(entries) => entries.iter().flat_map(|(_, node)| node.texts()).collect(),
            Kind::Nothing => Vec::new(),
        }
    }

    /// The text with the way back to its places.
    pub fn mapped(&self, file: &str) -> Option<Mapped> {
        match &self.kind {
            Kind::Text(text) => Some(Mapped::value(file, self.range.clone(), text)),
            Kind::Block(text) => Some(Mapped::block(file, self.range.clone(), text)),
            _ => None,
        }
    }
}

/// The first document of a YAML file. Aliases are not followed, so that no file can grow.
pub fn yaml(text: &str) -> Option<Node> {
    // The parser counts characters.
    let offsets: Option<Vec<usize>> =
        (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect());
    let byte = |index: usize| match &offsets {
        Some(offsets) => offsets.get(index).copied().unwrap_or(text.len()),
        None => index.min(text.len()),
    };
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let range = byte(span.start.index())..byte(span.end.index());
        let done = match event {
            Event::Scalar(value, style, ..) => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let kind =
                    if block { Kind::Block(value.into_owned()) } else { Kind::Text(value.into_owned()) };
                Node { kind, range }
            }
            Event::Alias(_) => Node { kind: Kind::Nothing, range },
            Event::SequenceStart(..) => {
                open.push((Node { kind: Kind::List(Vec::new()), range }, None));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((Node { kind: Kind::Table(Vec::new()), range }, None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (mut node, _) = open.pop()?;
                node.range.end = range.end;
                node
            }
            Event::DocumentEnd => return None,
            _ => continue,
        };
        let Some((parent, key)) = open.last_mut() else { return Some(done) };
        match (&mut parent.kind, key.take()) {
            (Kind::List(items), _) => items.push(done),
            (Kind::Table(entries), Some(name)) => entries.push((name, done)),
            (Kind::Table(_), None) => *key = Some(done.text().unwrap_or_default().to_string()),
            _ => {}
        }
    }
    None
}

/// JSON as editors write it: with comments and trailing commas.
pub fn json(text: &str) -> Option<Node> {
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default()).ok()?;
    Some(of_json(&parsed.value?))
}

fn of_json(value: &ast::Value<'_>) -> Node {
    use jsonc_parser::common::Ranged;
    let range = value.range();
    let kind = match value {
        ast::Value::StringLit(text) => Kind::Text(text.value.to_string()),
        ast::Value::NumberLit(number) => Kind::Text(number.value.to_string()),
        ast::Value::BooleanLit(truth) => Kind::Text(truth.value.to_string()),
        ast::Value::Array(array) => Kind::List(array.elements.iter().map(of_json).collect()),
        ast::Value::Object(object) => Kind::Table(
            object
                .properties
                .iter()
                .map(|one| (one.name.as_str().to_string(), of_json(&one.value)))
                .collect(),
        ),
        ast::Value::NullKeyword(_) => Kind::Nothing,
    };
    Node { kind, range: range.start..range.end }
}

/// TOML; what stands before a syntax error still counts.
pub fn toml(text: &str) -> Node {
    let (table, _) = DeTable::parse_recoverable(text);
    Node { kind: of_table(table.get_ref()), range: 0..text.len() }
}

fn of_table(table: &DeTable<'_>) -> Kind {
    Kind::Table(table.iter().map(|(key, value)| (key.get_ref().to_string(), of_toml(value))).collect())
}

fn of_toml(value: &Spanned<DeValue<'_>>) -> Node {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Boolean(truth) => Kind::Text(truth.to_string()),
        DeValue::Array(items) => Kind::List(items.iter().map(of_toml).collect()),
        DeValue::Table(table) => of_table(table),
        _ => Kind::Nothing,
    };
    Node { kind, range: value.span() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(node: &Node, text: &str, keys: &[&str], expected: &str, raw: &str) {
        let found = node.at(keys).unwrap();
        assert_eq!(found.text(), Some(expected));
        assert!(text[found.range.clone()].contains(raw), "{:?}", &text[found.range.clone()]);
    }

    #[test]
    fn places_are_bytes() {
        let text = "# ä\na:\n  b: \"x y\"\n  c: |\n    one\n    two\nd: [e, f]\n";
        let node = yaml(text).unwrap();
        check(&node, text, &["a", "b"], "x y", "\"x y\"");
        check(&node, text, &["a", "c"], "one\ntwo\n", "one\n    two");
        assert_eq!(node.get("d").unwrap().items().len(), 2);
        let text = "// ä\n{\"a\": {\"b\": \"x\", /* c */},}";
        check(&json(text).unwrap(), text, &["a", "b"], "x", "\"x\"");
        let text = "# ä\n[a]\nb = 'x y'\n";
        check(&toml(text), text, &["a", "b"], "x y", "'x y'");
    }

    #[test]
    fn broken_and_growing_files_are_no_trouble() {
        for text in ["", "a: [", "a: &x [*x, *x]", "{", "\t: \"", "a: b: c", &"[".repeat(5_000)] {
            yaml(text);
            json(text);
            toml(text);
        }
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert_eq!(yaml(bomb).unwrap().texts().len(), 2);
    }
}
