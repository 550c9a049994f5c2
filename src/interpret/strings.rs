//! The methods of strings.

use std::sync::Arc;

use crate::interpret::machine::{Flow, Machine, short};
use crate::interpret::operators::MAX_TEXT;
use crate::interpret::value::Value;

impl<'p> Machine<'p> {
    pub fn call_str(&mut self, method: &str, receiver: Value, args: Vec<Value>) -> Flow<Value> {
        let Value::Str(text) = &receiver else { return Ok(self.unknown("a string")) };
        let text = text.clone();
        let shown = |method: &str| format!("{:?}.{method}()", short(text.clone()));
        let strip = |chars: Option<&Value>, start: bool, end: bool| {
            let set: Vec<char> = match chars {
                Some(Value::Str(chars)) => chars.chars().collect(),
                _ => vec![' ', '\t', '\n', '\r'],
            };
            let mut result = &*text;
            if start {
                result = result.trim_start_matches(|c| set.contains(&c));
            }
            if end {
                result = result.trim_end_matches(|c| set.contains(&c));
            }
            Value::str(result)
        };
        Ok(match (method, args.as_slice()) {
            ("lower" | "casefold", _) => Value::str(text.to_lowercase()),
            ("upper", _) => Value::str(text.to_uppercase()),
            ("swapcase", _) => Value::str(
                text.chars()
                    .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
                    .collect::<String>(),
            ),
            ("capitalize", _) => Value::str(capitalized(&text)),
            // A word begins behind whatever is no letter.
            ("title", _) => {
                let words = text.split_inclusive(|c: char| !c.is_alphabetic());
                Value::str(words.map(capitalized).collect::<String>())
            }
            ("strip", chars) => strip(chars.first(), true, true),
            ("lstrip", chars) => strip(chars.first(), true, false),
            ("rstrip", chars) => strip(chars.first(), false, true),
            ("startswith" | "endswith", [affix]) => {
                let fits = |affix: &str| {
                    if method == "startswith" { text.starts_with(affix) } else { text.ends_with(affix) }
                };
                match affix {
                    Value::Str(affix) => Value::Bool(fits(affix)),
                    Value::Tuple(affixes) if affixes.iter().all(|affix| affix.as_str().is_some()) => {
                        Value::Bool(affixes.iter().filter_map(Value::as_str).any(fits))
                    }
                    _ => self.unknown(shown(method)),
                }
            }
            ("__eq__", [other]) => match self.equal(&receiver, other) {
                Some(answer) => Value::Bool(answer),
                None => self.unknown("a comparison"),
            },
            ("__contains__", [Value::Str(part)]) => Value::Bool(text.contains(&**part)),
            ("replace", [Value::Str(from), Value::Str(to), ..])
                if text.matches(&**from).count() * to.len() + text.len() <= MAX_TEXT =>
            {
                Value::str(text.replace(&**from, to))
            }
            ("removeprefix", [Value::Str(affix)]) => Value::str(text.strip_prefix(&**affix).unwrap_or(&text)),
            ("removesuffix", [Value::Str(affix)]) => Value::str(text.strip_suffix(&**affix).unwrap_or(&text)),
            ("split", []) => {
                let parts = text.split_whitespace().map(Value::str).collect();
                self.list(parts)
            }
            ("split", [Value::Str(by)]) if !by.is_empty() => {
                let parts = text.split(&**by).map(Value::str).collect();
                self.list(parts)
            }
            ("split", [Value::Str(by), Value::Int(n)]) if !by.is_empty() && *n >= 0 => {
                let parts = text.splitn(*n as usize + 1, &**by).map(Value::str).collect();
                self.list(parts)
            }
            ("partition", [Value::Str(by)]) => match text.split_once(&**by) {
                Some((head, tail)) => {
                    Value::tuple(vec![Value::str(head), Value::Str(by.clone()), Value::str(tail)])
                }
                None => Value::tuple(vec![receiver.clone(), Value::str(""), Value::str("")]),
            },
            ("rpartition", [Value::Str(by)]) => match text.rsplit_once(&**by) {
                Some((head, tail)) => {
                    Value::tuple(vec![Value::str(head), Value::Str(by.clone()), Value::str(tail)])
                }
                None => Value::tuple(vec![Value::str(""), Value::str(""), receiver.clone()]),
            },
            ("rsplit", [Value::Str(by), Value::Int(n)]) if !by.is_empty() && *n >= 0 => {
                let mut parts: Vec<Value> = text.rsplitn(*n as usize + 1, &**by).map(Value::str).collect();
                parts.reverse();
                self.list(parts)
            }
            ("join", [parts]) => {
                let parts: Option<Vec<Arc<str>>> = match self.items(parts) {
                    Some((items, false)) => items
                        .into_iter()
                        .map(|item| if let Value::Str(part) = item { Some(part) } else { None })
                        .collect(),
                    _ => None,
                };
                match parts {
                    Some(parts)
                        if parts.iter().map(|part| part.len() + text.len()).sum::<usize>() <= MAX_TEXT =>
                    {
                        Value::str(parts.join(&*text))
                    }
                    _ => self.unknown("a string"),
                }
            }
            ("format", parts)
                if parts.iter().all(|part| part.as_str().is_some())
                    && text.matches('{').count() == text.matches("{}").count()
                    && text.matches("{}").count() <= parts.len()
                    && parts.iter().filter_map(Value::as_str).map(str::len).sum::<usize>() + text.len()
                        <= MAX_TEXT =>
            {
                let mut parts = parts.iter().filter_map(Value::as_str);
                let pieces = text.split_inclusive("{}");
                Value::str(pieces.fold(String::new(), |text, piece| match piece.strip_suffix("{}") {
                    Some(piece) => text + piece + parts.next().unwrap_or_default(),
                    None => text + piece,
                }))
            }
            ("isalpha", _) => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
            ("isalnum", _) => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric)),
            ("islower" | "isupper", _) => {
                let other = |c: char| if method == "islower" { c.is_uppercase() } else { c.is_lowercase() };
                Value::Bool(text.chars().any(char::is_alphabetic) && !text.chars().any(other))
            }
            ("zfill", [Value::Int(width)]) if !text.starts_with(['+', '-']) && (0..256).contains(width) => {
                Value::str(format!("{text:0>width$}", width = *width as usize))
            }
            ("isdigit", _) => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
            ("count", [Value::Str(part)]) if !part.is_empty() => {
                Value::Int(text.matches(&**part).count() as i64)
            }
            ("find" | "index", [Value::Str(part)]) => match text.find(&**part) {
                Some(at) => Value::Int(text[..at].chars().count() as i64),
                None if method == "find" => Value::Int(-1),
                None => return self.doubt("ValueError", "substring not found"),
            },
            _ => self.unknown(shown(method)),
        })
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    head + &chars.as_str().to_lowercase()
}
