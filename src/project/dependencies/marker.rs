//! PEP 508 environment markers: does a requirement count here?

use pep440_rs::{Version, VersionSpecifiers, release_specifiers_to_ranges};

use super::Platform;
use super::requirement::normalise;

/// Where a marker is asked: CPython of one minor version on one platform.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    pub platform: Platform,
    pub python: (u8, u8),
    /// The extra through which the requirement is looked at; empty for none.
    pub extra: &'a str,
}

/// `None` where the marker asks for what is not known (the machine, a dependency group) or cannot
/// be read. A requirement whose marker is unknown is kept.
pub fn holds(marker: &str, environment: Environment) -> Option<bool> {
    let tokens = tokens(marker)?;
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0, environment };
    let value = reader.any();
    // Text behind the end means that the marker was not understood.
    if reader.at == tokens.len() { value } else { None }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Operator(&'a str),
    Open,
    Close,
}

fn tokens(marker: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' => {
                tokens.push(Token::Open);
                1
            }
            ')' => {
                tokens.push(Token::Close);
                1
            }
            '"' | '\'' => {
                let end = rest[1..].find(first)?;
                tokens.push(Token::Text(&rest[1..1 + end]));
                end + 2
            }
            '<' | '>' | '=' | '!' | '~' => {
                let end = rest.find(|c| !"<>=!~".contains(c)).unwrap_or(rest.len());
                tokens.push(Token::Operator(&rest[..end]));
                end
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                    .unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                end
            }
            _ => return None,
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// Parentheses nested deeper than this are nobody's marker.
const DEEPEST: usize = 64;

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    environment: Environment<'a>,
}

impl<'a> Reader<'a> {
    fn any(&mut self) -> Option<bool> {
        let mut value = self.all();
        while self.word("or") {
            let right = self.all();
            value = match (value, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        value
    }

    fn all(&mut self) -> Option<bool> {
        let mut value = self.one();
        while self.word("and") {
            let right = self.one();
            value = match (value, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        value
    }

    fn one(&mut self) -> Option<bool> {
        if self.tokens.get(self.at) == Some(&Token::Open) {
            if self.depth == DEEPEST {
                return None;
            }
            self.at += 1;
            self.depth += 1;
            let value = self.any();
            self.depth -= 1;
            if self.tokens.get(self.at) != Some(&Token::Close) {
                return None;
            }
            self.at += 1;
            return value;
        }
        let left = self.next()?;
        let operator = match self.next()? {
            Token::Operator(operator) => operator,
            Token::Word("in") => "in",
            Token::Word("not") if self.word("in") => "not in",
            _ => return None,
        };
        let right = self.next()?;
        self.compare(&left, operator, &right)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(token)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Word(word));
        self.at += usize::from(found);
        found
    }

    fn compare(&self, left: &Token, operator: &str, right: &Token) -> Option<bool> {
        match (left, right) {
            (Token::Word(name), Token::Text(text)) => self.variable(name, operator, text),
            (Token::Text(text), Token::Word(name)) => match operator {
                "in" => Some(self.value(name)?.contains(text)),
                "not in" => Some(!self.value(name)?.contains(text)),
                _ => self.variable(name, mirrored(operator), text),
            },
            _ => None,
        }
    }

    fn variable(&self, name: &str, operator: &str, text: &str) -> Option<bool> {
        if name.starts_with("python_")
            && !matches!(operator, "in" | "not in")
            && name != "python_implementation"
        {
            return self.version(name, operator, text);
        }
        let value = self.value(name)?;
        let text = if name == "extra" { normalise(text) } else { text.to_string() };
        match operator {
            "==" | "===" => Some(value == text),
            "!=" => Some(value != text),
            "in" => Some(text.contains(&value)),
            "not in" => Some(!text.contains(&value)),
            "<" => Some(value < text),
            "<=" => Some(value <= text),
            ">" => Some(value > text),
            ">=" => Some(value >= text),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let platform = self.environment.platform;
        Some(match name {
            "sys_platform" | "sys.platform" => platform.sys_platform().to_string(),
            "platform_system" => platform.system().to_string(),
            "os_name" | "os.name" => platform.os_name().to_string(),
            "python_version" => format!("{}.{}", self.environment.python.0, self.environment.python.1),
            "implementation_name" => "cpython".to_string(),
            "platform_python_implementation" | "python_implementation" => "CPython".to_string(),
            "extra" => normalise(self.environment.extra),
            _ => return None,
        })
    }

    /// `python_version` is the minor version itself, `python_full_version` any of its releases.
    fn version(&self, name: &str, operator: &str, text: &str) -> Option<bool> {
        let (major, minor) = self.environment.python;
        let specifiers: VersionSpecifiers = format!("{operator}{text}").parse().ok()?;
        let minor_version = Version::new([u64::from(major), u64::from(minor)]);
        if name == "python_version" {
            return Some(specifiers.contains(&minor_version));
        }
        let asked = release_specifiers_to_ranges(specifiers);
        let ours: VersionSpecifiers = format!("=={major}.{minor}.*").parse().ok()?;
        let ours = release_specifiers_to_ranges(ours);
        if ours.subset_of(&asked) {
            Some(true)
        } else if ours.is_disjoint(&asked) {
            Some(false)
        } else {
            None
        }
    }
}

fn mirrored(operator: &str) -> &str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(platform: Platform, marker: &str) -> Option<bool> {
        holds(marker, Environment { platform, python: (3, 13), extra: "" })
    }

    fn windows(marker: &str) -> Option<bool> {
        on(Platform::Windows, marker)
    }

    #[test]
    fn platforms_are_known() {
        assert_eq!(windows("sys_platform == 'win32'"), Some(true));
        assert_eq!(windows("sys_platform != \"win32\" and sys_platform != 'cygwin'"), Some(false));
        assert_eq!(windows("platform_system == 'Windows' or os_name == 'posix'"), Some(true));
        assert_eq!(windows("'linux' in sys_platform"), Some(false));
        assert_eq!(windows("sys_platform not in 'linux darwin'"), Some(true));
        assert_eq!(on(Platform::Linux, "os_name == 'nt'"), Some(false));
        assert_eq!(on(Platform::Darwin, "sys_platform == 'darwin'"), Some(true));
    }

    #[test]
    fn versions_are_compared_as_versions() {
        assert_eq!(windows("python_version < '3.9'"), Some(false));
        assert_eq!(windows("python_version >= \"3.9\" and python_version < \"4\""), Some(true));
        assert_eq!(windows("'3.9' <= python_version"), Some(true));
        assert_eq!(windows("python_full_version < '3.13.2'"), None);
        assert_eq!(windows("python_full_version >= '3.12.4'"), Some(true));
    }

    #[test]
    fn parentheses_and_precedence() {
        assert_eq!(
            windows("(sys_platform != 'win32') and python_version > '3' or os_name == 'nt'"),
            Some(true)
        );
        assert_eq!(windows("(os_name == 'posix' or python_version < '3.8') and extra == ''"), Some(false));
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        assert_eq!(windows("platform_machine == 'x86_64'"), None);
        assert_eq!(windows("platform_machine == 'x86_64' and sys_platform == 'linux'"), Some(false));
        assert_eq!(windows("sys_platform =="), None);
        assert_eq!(windows("'a' == 'a'"), None);
        assert_eq!(windows(&"(".repeat(100_000)), None);
    }

    #[test]
    fn an_extra_is_looked_through() {
        let environment = Environment { platform: Platform::Linux, python: (3, 13), extra: "Standard" };
        assert_eq!(holds("extra == 'standard'", environment), Some(true));
        assert_eq!(holds("extra == 'all'", environment), Some(false));
    }
}
