//! Setting keywords of a call without disturbing how the call is written.

use crate::fix::apply::{TextEdit, apply};
use crate::fix::intent::{Intent, LoopText};
use crate::ir::Span;
use crate::python::view::{Argument, ArgumentKind, Call, Shape};

use super::Draft;
use super::arm;
use super::layout::width;
use super::value::Value;

/// One keyword to set, as in [`Intent::SetKeyword`].
pub struct Keyword<'a> {
    pub name: &'a str,
    pub value: &'a LoopText,
    pub beside_spread: bool,
}

/// Carries out every [`Intent::SetKeyword`], one call at a time.
pub fn set_keywords(draft: &mut Draft, intents: &[Intent]) -> Result<(), String> {
    let mut calls: Vec<(Span, Vec<Keyword>)> = Vec::new();
    for intent in intents {
        let Intent::SetKeyword { call, name, value, beside_spread } = intent else { continue };
        let at = calls.iter().position(|(other, _)| other == call).unwrap_or_else(|| {
            calls.push((*call, Vec::new()));
            calls.len() - 1
        });
        let keywords = &mut calls[at].1;
        match keywords.iter_mut().find(|other| other.name == name) {
            Some(same) if same.value == value => same.beside_spread |= beside_spread,
            Some(same) if value.is_within(same.value) => *same = Keyword { name, value, ..*same },
            Some(same) if same.value.is_within(value) => {}
            Some(_) => return Err(format!("two fixes disagree about {name}= of one call")),
            None => keywords.push(Keyword { name, value, beside_spread: *beside_spread }),
        }
    }
    for (call, mut keywords) in calls {
        let on_windows: Vec<Option<LoopText>> =
            keywords.iter().map(|keyword| without_question(draft, keyword.value, call)).collect();
        for (keyword, plain) in keywords.iter_mut().zip(&on_windows) {
            keyword.value = plain.as_ref().unwrap_or(keyword.value);
        }
        for edit in edits(draft, call, &keywords, Some(0))? {
            draft.replace(edit.start, edit.end, edit.content);
        }
    }
    Ok(())
}

/// What is left of a value that asks for Windows where only Windows comes.
fn without_question(draft: &Draft, value: &LoopText, call: Span) -> Option<LoopText> {
    match value {
        LoopText::Conditional { windows, and: None, .. } if arm::is_on_windows(draft, call) => {
            Some(LoopText::Plain(windows.clone()))
        }
        _ => None,
    }
}

/// The edits that set these keywords of one call. `deeper` is how many columns the lines will be
/// moved to the right afterwards; without it, a call in one line stays in one line.
pub fn edits(
    draft: &mut Draft,
    call: Span,
    keywords: &[Keyword],
    deeper: Option<usize>,
) -> Result<Vec<TextEdit>, String> {
    let view = draft.view;
    let call = view.call(call).ok_or("the call is not in the file as it is now")?;
    if view.interpolated.iter().any(|string| string.contains(call.span)) {
        return Err("the call stands inside an f-string".into());
    }
    if call.arguments.iter().any(|argument| argument.kind == ArgumentKind::BareGenerator) {
        return Err("the call's only argument is a generator without parentheses".into());
    }
    let room = deeper.unwrap_or(0);
    let mut change = Change { call, replaced: Vec::new(), added: Vec::new(), deeper: room };
    let is_spread = call.arguments.iter().any(|argument| argument.kind == ArgumentKind::DoubleStar);
    for Keyword { name, value: text, beside_spread } in keywords {
        let present = call.arguments.iter().enumerate().find_map(|(index, argument)| match &argument.kind {
            ArgumentKind::Keyword { name: other, value } if other == name => Some((index, *value)),
            _ => None,
        });
        match present {
            Some((index, value)) => {
                let span = view.parenthesized(draft.layout.text, value, call.parentheses);
                if let Some((place, value)) = arm::exchanged(draft, text, value, span)? {
                    change.replaced.push((index, place, value));
                    continue;
                }
                let old = draft.layout.slice(span.start, span.end);
                if let LoopText::Conditional { windows, .. } = text
                    && windows.starts_with("{\"")
                    && !matches!(old, "None" | "{}")
                {
                    let wanted = draft.spelled(windows, call.span.start)?;
                    return Err(format!("the call passes {name}= already, where {wanted} is to be added"));
                }
                let bare = span == value
                    && matches!(view.shape(value), Some(Shape::Conditional { .. } | Shape::Lambda));
                let old = if bare { format!("({old})") } else { old.to_string() };
                change.replaced.push((index, span, Value::new(draft, text, Some(old), call.span.start)?));
            }
            None if is_spread && !beside_spread => {
                return Err(format!("the call passes **kwargs; {name}= may be in it"));
            }
            None => change.added.push((name.to_string(), Value::new(draft, text, None, call.span.start)?)),
        }
    }
    let parentheses = call.parentheses;
    if draft.layout.is_one_line(parentheses.start, parentheses.end) {
        Ok(if deeper.is_some() { change.in_one_line(draft) } else { change.inline(draft) })
    } else {
        Ok(change.in_many_lines(draft))
    }
}

/// The edits that put a value in the place of an argument's, which stands at `place` with its parentheses.
pub fn replace_argument(
    draft: &Draft,
    call: &Call,
    index: usize,
    place: Span,
    value: Value,
) -> Vec<TextEdit> {
    let change = Change { call, replaced: vec![(index, place, value)], added: Vec::new(), deeper: 0 };
    if draft.layout.is_one_line(call.parentheses.start, call.parentheses.end) {
        change.in_one_line(draft)
    } else {
        change.in_many_lines(draft)
    }
}

struct Change<'a> {
    call: &'a Call,
    /// Index of the argument, the value that goes (with its parentheses), and the one that comes.
    replaced: Vec<(usize, Span, Value)>,
    added: Vec<(String, Value)>,
    deeper: usize,
}

impl Change<'_> {
    fn in_one_line(&self, draft: &Draft) -> Vec<TextEdit> {
        let layout = &draft.layout;
        let inline = self.inline(draft);
        let Span { start, end } = self.call.parentheses;
        let (from, to) = (layout.line_start(start), layout.line_end(end));
        let line = apply_within(layout.text, from, to, &inline);
        if self.deeper + width(measured(&line)) <= draft.style.line_length {
            return inline;
        }
        // Calls around it in the same line are opened with it, as the formatters do.
        let mut chain: Vec<&Call> = draft
            .view
            .calls
            .iter()
            .filter(|call| call.parentheses.contains(self.call.parentheses))
            .filter(|call| layout.is_one_line(call.parentheses.start, call.parentheses.end))
            .collect();
        chain.sort_by_key(|call| std::cmp::Reverse(call.parentheses.start));
        let between = |inner: Span| {
            let around = draft.view.brackets.iter().map(|bracket| bracket.span);
            around.filter(|span| span.contains(inner) && *span != inner).max_by_key(|span| span.start)
        };
        let whole = chain
            .windows(2)
            .take_while(|pair| between(pair[0].parentheses) == Some(pair[1].parentheses))
            .filter(|pair| pair[1].arguments.iter().all(|item| item.kind != ArgumentKind::BareGenerator))
            .count();
        chain.truncate(whole + 1);
        // The call itself is the first of them.
        let Some(outermost) = chain.last() else { return inline };
        let Span { start, end } = outermost.parentheses;
        let content = self.opened(draft, &chain, layout.indentation(start), &inline);
        vec![TextEdit { start, end, content }]
    }

    /// The edits that keep everything in one line.
    fn inline(&self, draft: &Draft) -> Vec<TextEdit> {
        let mut edits: Vec<TextEdit> = self
            .replaced
            .iter()
            .map(|(_, span, value)| TextEdit { start: span.start, end: span.end, content: value.flat() })
            .collect();
        if !self.added.is_empty() {
            edits.push(self.inline_added(draft));
        }
        edits.sort_by_key(|edit| (edit.start, edit.end));
        edits
    }

    /// The last call of the chain (innermost first): its arguments together in one line where they
    /// fit, otherwise one a line.
    fn opened(&self, draft: &Draft, chain: &[&Call], indent: &str, inline: &[TextEdit]) -> String {
        let layout = &draft.layout;
        let Some((call, inner)) = chain.split_last() else { return String::new() };
        let newline = layout.newline;
        let indent_inside = format!("{indent}{}", layout.unit(indent));
        let Span { start, end } = call.parentheses;
        let row = apply_within(layout.text, start + 1, end - 1, inline);
        let row = format!("{indent_inside}{}", row.trim());
        let is_magic = chain.iter().any(|call| trailing_comma(draft, call).is_some());
        if !is_magic && self.deeper + width(&row) <= draft.style.line_length {
            return format!("({newline}{row}{newline}{indent})");
        }
        let items = match inner.last() {
            None => self.items(draft, &indent_inside),
            Some(held) => items_of(draft, call)
                .into_iter()
                .map(|item| {
                    let flat = apply_within(layout.text, item.start, item.end, inline);
                    let room = self.deeper + width(&indent_inside) + width(&flat) < draft.style.line_length;
                    if room || !item.contains(held.parentheses) {
                        return flat;
                    }
                    let opened = self.opened(draft, inner, &indent_inside, inline);
                    let before = layout.slice(item.start, held.parentheses.start);
                    format!("{before}{opened}{}", layout.slice(held.parentheses.end, item.end))
                })
                .collect(),
        };
        let comma = if items.len() > 1 || trailing_comma(draft, call).is_some() { "," } else { "" };
        let lines = items.join(&format!(",{newline}{indent_inside}"));
        format!("({newline}{indent_inside}{lines}{comma}{newline}{indent})")
    }

    /// The call's arguments as they are to be, each to stand on lines of its own.
    fn items(&self, draft: &Draft, indent: &str) -> Vec<String> {
        let layout = &draft.layout;
        let mut items: Vec<String> = Vec::new();
        for (index, item) in items_of(draft, self.call).into_iter().enumerate() {
            items.push(match self.replaced.iter().find(|(at, _, _)| *at == index) {
                Some((_, _, value)) if self.is_alone() => value.lines(draft, indent, "", self.deeper),
                Some((_, span, value)) => {
                    let before = layout.slice(item.start, span.start);
                    format!("{before}{}", value.fitted(draft, indent, before, ",", self.deeper))
                }
                None => layout.slice(item.start, item.end).to_string(),
            });
        }
        for (name, value) in &self.added {
            let before = format!("{name}=");
            items.push(format!("{before}{}", value.fitted(draft, indent, &before, ",", self.deeper)));
        }
        items
    }

    /// The only argument, without a name, needs no parentheses besides the call's.
    fn is_alone(&self) -> bool {
        matches!(&self.call.arguments[..], [Argument { kind: ArgumentKind::Positional, .. }])
            && self.added.is_empty()
    }

    /// Where the arguments start and end, when they stand together in one line below the call.
    fn row_below(&self, draft: &Draft) -> Option<(u32, u32)> {
        let layout = &draft.layout;
        let first = items_of(draft, self.call).first()?.start;
        let end = last_end(draft, self.call)?;
        let alone = layout.is_one_line(first, end)
            && layout.starts_line(first)
            && layout.starts_line(self.call.parentheses.end - 1)
            && layout.slice(end, layout.line_end(end)).trim().is_empty();
        alone.then_some((first, end))
    }

    fn in_many_lines(&self, draft: &Draft) -> Vec<TextEdit> {
        let layout = &draft.layout;
        if let Some((first, end)) = self.row_below(draft) {
            let inline = self.inline(draft);
            let from = layout.line_start(first);
            let row = apply_within(layout.text, from, layout.line_end(end), &inline);
            if self.deeper + width(&row) <= draft.style.line_length {
                return inline;
            }
            let indent = layout.indentation(first);
            let items = self.items(draft, indent);
            let comma = if self.is_alone() { "" } else { "," };
            let content = items.join(&format!(",{}{indent}", layout.newline)) + comma;
            return vec![TextEdit { start: first, end, content }];
        }
        let mut edits: Vec<TextEdit> = Vec::new();
        for (_, span, value) in &self.replaced {
            let before = layout.slice(layout.line_start(span.start), span.start).trim_start();
            let after = layout.slice(span.end, layout.line_end(span.end));
            let indent = layout.indentation(span.start);
            let content = value.fitted(draft, indent, before, measured(after), self.deeper);
            edits.push(TextEdit { start: span.start, end: span.end, content });
        }
        if !self.added.is_empty() {
            edits.extend(self.added_in_many_lines(draft));
        }
        edits.sort_by_key(|edit| (edit.start, edit.end));
        edits
    }

    fn added_in_many_lines(&self, draft: &Draft) -> Vec<TextEdit> {
        let layout = &draft.layout;
        let close = self.call.parentheses.end - 1;
        let insert = |at: u32, content: String| TextEdit { start: at, end: at, content };
        let (Some(last), Some(end)) = (self.call.arguments.last(), last_end(draft, self.call)) else {
            // Only comments stand inside; the new line goes below them.
            let outer = layout.indentation(self.call.parentheses.start);
            let indent = format!("{outer}{}", layout.unit(outer));
            let above = layout.slice(self.call.parentheses.start, close).trim_end().len() as u32;
            let at = self.call.parentheses.start + above;
            return vec![insert(at, self.lines(draft, &indent, ",", true))];
        };
        let indent = layout.indentation(last.span.start);
        if !layout.starts_line(close) {
            let rest = if trailing_comma(draft, self.call).is_some() || !layout.starts_line(last.span.start) {
                return vec![self.inline_added(draft)];
            } else {
                self.lines(draft, indent, "", false)
            };
            return vec![insert(end, format!(",{rest}"))];
        }
        if let Some(comma) = trailing_comma(draft, self.call) {
            return vec![insert(layout.line_end(comma), self.lines(draft, indent, ",", true))];
        }
        let line_end = layout.line_end(end);
        // A lone argument has no comma behind it where the formatters put one behind the last of two.
        let lines = match self.call.arguments.len() {
            1 => self.lines(draft, indent, ",", true),
            _ => self.lines(draft, indent, "", false),
        };
        if line_end == end {
            return vec![insert(end, format!(",{lines}"))];
        }
        vec![insert(end, ",".to_string()), insert(line_end, lines)]
    }

    /// One line for each new keyword, each with the line end before it.
    fn lines(&self, draft: &Draft, indent: &str, after: &str, comma_at_end: bool) -> String {
        let newline = draft.layout.newline;
        let lines: Vec<String> = self
            .added
            .iter()
            .map(|(name, value)| {
                let before = format!("{name}=");
                let value = value.fitted(draft, indent, &before, after, self.deeper);
                format!("{newline}{indent}{before}{value}")
            })
            .collect();
        lines.join(",") + if comma_at_end { "," } else { "" }
    }

    /// The new keywords, in the line the call ends in.
    fn inline_added(&self, draft: &Draft) -> TextEdit {
        let added = self.row();
        let (at, content) = match (last_end(draft, self.call), trailing_comma(draft, self.call)) {
            (None, _) => (self.call.parentheses.end - 1, added),
            (Some(_), Some(comma)) => (comma + 1, format!(" {added}")),
            (Some(end), None) => (end, format!(", {added}")),
        };
        TextEdit { start: at, end: at, content }
    }

    fn row(&self) -> String {
        let added: Vec<String> =
            self.added.iter().map(|(name, value)| format!("{name}={}", value.flat())).collect();
        added.join(", ")
    }
}

/// Where the last argument ends, parentheses of its own included.
fn last_end(draft: &Draft, call: &Call) -> Option<u32> {
    items_of(draft, call).last().map(|item| item.end)
}

fn trailing_comma(draft: &Draft, call: &Call) -> Option<u32> {
    let end = last_end(draft, call)?;
    let bracket = draft.view.bracket_at(call.parentheses.start)?;
    bracket.commas.last().copied().filter(|comma| *comma >= end)
}

/// The arguments, with parentheses of their own.
fn items_of(draft: &Draft, call: &Call) -> Vec<Span> {
    let outer = |argument: &Argument| {
        let outer = draft.view.parenthesized(draft.layout.text, argument.value(), call.parentheses);
        Span { start: outer.start.min(argument.span.start), end: outer.end.max(argument.span.end) }
    };
    call.arguments.iter().map(outer).collect()
}

/// A part of the text with the edits that lie inside it.
fn apply_within(text: &str, from: u32, to: u32, edits: &[TextEdit]) -> String {
    let inside: Vec<TextEdit> = edits
        .iter()
        .filter(|edit| from <= edit.start && edit.end <= to)
        .map(|edit| TextEdit {
            start: edit.start - from,
            end: edit.end - from,
            content: edit.content.clone(),
        })
        .collect();
    apply(&text[from as usize..to as usize], &inside)
}

/// The part of a line that counts for its length: comments for tools do not.
pub fn measured(line: &str) -> &str {
    let pragmas = ["# noqa", "# type:", "# pyright:", "# pylint:", "# ruff:", "# flake8:"];
    let at = pragmas.iter().filter_map(|pragma| line.find(pragma)).min();
    at.map_or(line, |at| line[..at].trim_end())
}
