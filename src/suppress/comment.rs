//! Reading suppression comments.

use std::ops::RangeInclusive;

use crate::error::nearest;
use crate::files::Source;
use crate::ir::Span;
use crate::python;
use crate::settings::layer::Origin;
use crate::settings::selection::{Selector, meant_rule};

/// How every one begins, white space aside.
const MARK: &str = "loopcheck:";

/// One suppression, well written or not.
#[derive(Clone, Debug)]
pub struct Directive {
    /// From `#` to the end of the reason.
    pub span: Span,
    /// Between the brackets.
    pub list: Span,
    pub reach: Reach,
    pub codes: Vec<Code>,
    pub reason: String,
    /// Why it is none, and what to do.
    pub problem: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Lines(RangeInclusive<u32>),
    File,
}

/// One code, prefix or name in the brackets.
#[derive(Clone, Debug)]
pub struct Code {
    pub text: String,
    pub span: Span,
    /// The rules it names; where there is none, the rule that was most likely meant.
    pub rules: Result<Selector, Option<&'static str>>,
    /// It has silenced something.
    pub used: bool,
}

impl Code {
    pub fn names(&self, code: &str) -> bool {
        self.rules.as_ref().is_ok_and(|rules| rules.names(code))
    }
}

/// The suppressions among the comments of a Python file.
pub fn in_python(source: &Source) -> Vec<Directive> {
    let text = &*source.text;
    if !text.contains(MARK) {
        return Vec::new();
    }
    let mut directives = Vec::new();
    for comment in python::comments(text).0 {
        let line = source.position(comment.span.start).line;
        let lines = |span: Span| (source.position(span.start).line, source.position(span.end).line);
        let reach = match (comment.statement.map(lines), comment.alone) {
            (Some((first, last)), true) => first..=last,
            (Some((first, last)), false) if line == first || line == last => first..=last,
            (None, true) => line + 1..=line + 1,
            (_, false) => line..=line,
        };
        directives.extend(read(text, comment.span, reach));
    }
    directives
}

/// The suppressions in a file that is no Python: batch files, YAML, TOML, XML and the like, where a
/// comment alone above a line speaks of that line.
pub fn in_lines(source: &Source) -> Vec<Directive> {
    let text = &*source.text;
    let mut directives = Vec::new();
    for (at, _) in text.match_indices(MARK) {
        let line = source.position(at as u32).line;
        let whole = source.line(line);
        let start = whole.as_ptr() as usize - text.as_ptr() as usize;
        let Some(hash) =
            text[start..at].rfind('#').filter(|hash| text[start + hash + 1..at].trim().is_empty())
        else {
            continue;
        };
        let span = Span { start: (start + hash) as u32, end: (start + whole.len()) as u32 };
        let reach = if is_comment(whole) { line..=line + 1 } else { line..=line };
        directives.extend(read(text, span, reach));
    }
    directives
}

/// A line that is a comment in Python, YAML and shells, in batch files, XML or JSON.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches('@').to_ascii_lowercase();
    ["#", "::", "rem ", "<!--", "//"].iter().any(|start| line.starts_with(start))
}

/// The suppressions in one comment, which may hold others: `# noqa  # loopcheck: ignore[LC102]`.
fn read(text: &str, comment: Span, reach: RangeInclusive<u32>) -> Vec<Directive> {
    let whole = &text[comment.start as usize..comment.end as usize];
    let mut directives = Vec::new();
    // Each part of a comment begins with a `#` of its own; one within a reason is `issue #12`.
    let mut starts: Vec<usize> = whole.match_indices('#').map(|(at, _)| at).collect();
    starts.retain(|at| {
        let after =
            whole[at + 1..].starts_with(|c: char| c.is_whitespace()) || whole[at + 1..].starts_with(MARK);
        *at == 0 || (after && whole[..*at].ends_with(char::is_whitespace))
    });
    starts.push(whole.len());
    for part in starts.windows(2) {
        let written = whole[part[0]..part[1]].trim_end();
        let Some(rest) = written[1..].trim_start().strip_prefix(MARK) else { continue };
        let offset = |tail: &str| comment.start + (tail.as_ptr() as usize - whole.as_ptr() as usize) as u32;
        let start = comment.start + part[0] as u32;
        let span = Span { start, end: start + written.len() as u32 };
        let rest = rest.trim_start();
        let word_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        let (word, tail) = rest.split_at(word_end);
        let mut directive = Directive {
            span,
            list: Span { start: span.end, end: span.end },
            reach: if word == "file-ignore" { Reach::File } else { Reach::Lines(reach.clone()) },
            codes: Vec::new(),
            reason: String::new(),
            problem: None,
        };
        let inner = tail.strip_prefix('[').and_then(|tail| tail.split_once(']'));
        if word != "ignore" && word != "file-ignore" {
            let help = match nearest(word, ["ignore", "file-ignore"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write `# loopcheck: ignore[LC102]` or `# loopcheck: file-ignore[LC102]`".to_owned(),
            };
            directive.problem = Some((format!("`{word}` is no suppression"), help));
        } else if let Some((list, reason)) = inner {
            let begin = offset(list);
            directive.list = Span { start: begin, end: begin + list.len() as u32 };
            // What closes a comment of XML is not part of a reason.
            directive.reason = reason.trim().trim_end_matches("-->").trim_end().to_owned();
            directive.codes = codes(list, begin);
            if directive.codes.is_empty() {
                directive.problem = Some((
                    "the suppression names no rule".to_owned(),
                    format!("write the codes into the brackets, such as `{word}[LC102]`"),
                ));
            }
        } else {
            directive.problem = Some((
                format!("`{word}` needs the rules in brackets"),
                format!("write `# loopcheck: {word}[LC102] reason`"),
            ));
        }
        directives.push(directive);
    }
    directives
}

fn codes(list: &str, begin: u32) -> Vec<Code> {
    let mut at = begin;
    let mut codes = Vec::new();
    for part in list.split(',') {
        let text = part.trim();
        let start = at + (part.len() - part.trim_start().len()) as u32;
        at += part.len() as u32 + 1;
        if text.is_empty() {
            continue;
        }
        let rules = Selector::parse(text, &Origin::Default).map_err(|_| meant_rule(text));
        let span = Span { start, end: start + text.len() as u32 };
        codes.push(Code { text: text.to_owned(), span, rules, used: false });
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::from_text("/main.py".into(), "main.py".into(), text.into())
    }

    /// Reach, codes and reason of each.
    fn shown(text: &str) -> Vec<String> {
        let told = |directive: &Directive| {
            let reach = match &directive.reach {
                Reach::File => "file".to_owned(),
                Reach::Lines(lines) => format!("{}-{}", lines.start(), lines.end()),
            };
            let codes: Vec<&str> = directive.codes.iter().map(|code| code.text.as_str()).collect();
            match &directive.problem {
                Some((what, help)) => format!("{what}; {help}"),
                None => format!("{reach} {} {}", codes.join("+"), directive.reason).trim_end().to_owned(),
            }
        };
        in_python(&source(text)).iter().map(told).collect()
    }

    #[test]
    fn codes_and_reasons_are_read() {
        assert_eq!(
            shown("run()  # loopcheck: ignore[LC102] ten clients at most\n"),
            ["1-1 LC102 ten clients at most"]
        );
        assert_eq!(shown("run()  #loopcheck:ignore[ LC1 , policy-ignored,]\n"), ["1-1 LC1+policy-ignored"]);
        assert_eq!(shown("# loopcheck: file-ignore[LC1] see issue #12\n"), ["file LC1 see issue #12"]);
    }

    #[test]
    fn other_comments_may_stand_beside() {
        assert_eq!(
            shown("run()  # noqa: E501  # loopcheck: ignore[LC102] slow  # type: ignore\n"),
            ["1-1 LC102 slow"]
        );
        assert_eq!(shown("run()  # see loopcheck: ignore[LC102]\n"), [""; 0]);
    }

    #[test]
    fn a_comment_reaches_its_statement() {
        assert_eq!(shown("# loopcheck: ignore[LC1]\n\nrun(\n  a,\n)\n"), ["3-5 LC1"]);
        assert_eq!(shown("run(  # loopcheck: ignore[LC1]\n  a,\n)\n"), ["1-3 LC1"]);
        assert_eq!(shown("run(\n  a,\n)  # loopcheck: ignore[LC1]\n"), ["1-3 LC1"]);
        assert_eq!(shown("run(\n  a,  # loopcheck: ignore[LC1]\n)\n"), ["2-2 LC1"]);
        assert_eq!(shown("run(\n  # loopcheck: ignore[LC1]\n  a,\n)\n"), ["3-3 LC1"]);
    }

    #[test]
    fn strings_are_no_comments() {
        assert_eq!(
            shown("text = '# loopcheck: ignore[LC1]'\n'''\n# loopcheck: file-ignore[LC1]\n'''\n"),
            [""; 0]
        );
    }

    #[test]
    fn what_is_no_suppression_says_why() {
        assert_eq!(
            shown("a  # loopcheck: ignore\n"),
            ["`ignore` needs the rules in brackets; write `# loopcheck: ignore[LC102] reason`"]
        );
        assert_eq!(
            shown("a  # loopcheck: ignroe[LC1]\n"),
            ["`ignroe` is no suppression; did you mean `ignore`?"]
        );
        assert_eq!(
            shown("a  # loopcheck: ignore[]\n"),
            ["the suppression names no rule; write the codes into the brackets, such as `ignore[LC102]`"]
        );
    }

    #[test]
    fn files_of_other_kinds_are_read_by_lines() {
        let text = "@echo off\r\nrem # loopcheck: ignore[LC102] slow\r\npython main.py\r\n";
        let [directive] = &in_lines(&source(text))[..] else { panic!("one suppression") };
        assert_eq!((&directive.reach, directive.reason.as_str()), (&Reach::Lines(2..=3), "slow"));
        let text = "<!-- # loopcheck: ignore[LC102] slow -->\n<a/>\n";
        assert_eq!(in_lines(&source(text))[0].reason, "slow");
    }
}
