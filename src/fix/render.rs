//! From intents to edits of one file's text, such as a careful person would have made.
//!
//! Every part of the work looks at the text as it was and writes into one [`Draft`]; the draft then
//! adds the imports that were asked for, puts the pieces in order, and proves that the result still
//! parses. What cannot be done well is not done: the error says why, for people.

mod arm;
mod call;
mod guard;
mod imports;
mod layout;
mod policy;
mod replace;
mod statement;
mod suite;
mod value;

use std::collections::HashSet;

use crate::fix::apply::{TextEdit, apply};
use crate::fix::intent::{GuardStyle, Intent, Style};
use crate::ir::Span;
use crate::python::view::{Meaning, StatementKind, View};

use layout::Layout;
use policy::Gap;

/// The edits that fulfil all the intents for one file: sorted, not overlapping.
///
/// # Errors
/// The reason, for people, why this file is left alone: it does not parse, its line ends are mixed,
/// a name is shadowed, two intents touch the same text, ….
pub fn render(text: &str, intents: &[Intent], style: &Style) -> Result<Vec<TextEdit>, String> {
    let view = View::new(text).map_err(|error| format!("the file does not parse: {error}"))?;
    let layout = Layout::of(text, &view)?;
    let mut draft = Draft {
        layout,
        view: &view,
        style: *style,
        pieces: Vec::new(),
        wanted: Vec::new(),
        spelled_names: HashSet::new(),
    };

    policy::insert(&mut draft, intents)?;
    policy::move_up(&mut draft, intents)?;
    call::set_keywords(&mut draft, intents)?;
    let mut done: Vec<&Intent> = Vec::new();
    for intent in intents {
        if done.contains(&intent) {
            continue;
        }
        done.push(intent);
        match intent {
            Intent::InsertPolicyHere { before, bound } => policy::insert_here(&mut draft, *before, *bound)?,
            Intent::ReplaceCall { call, on, text } => replace::replace(&mut draft, *call, *on, text)?,
            Intent::RemoveParentheses { call } => {
                let call = view.call(*call).ok_or("the call is not in the file as it is now")?;
                let Span { start, end } = call.parentheses;
                if !draft.layout.slice(start + 1, end - 1).trim().is_empty() {
                    return Err("a comment stands between the parentheses".into());
                }
                draft.replace(start, end, String::new());
            }
            Intent::Instantiate { class } => draft.insert(class.end, Rank::Text, "()"),
            Intent::ReplaceString { constant, text } => {
                let quoted = draft.layout.quoted(&format!("\"{text}\""));
                draft.replace(constant.start, constant.end, quoted);
            }
            Intent::WrapInGuard { statement } => guard::wrap(&mut draft, *statement)?,
            Intent::TwoArmedRun { statement, call } => guard::two_arms(&mut draft, *statement, *call)?,
            Intent::ReplaceComment { span, content } => draft.replace(span.start, span.end, content.as_str()),
            Intent::InsertPolicy { .. }
            | Intent::MovePolicy { .. }
            | Intent::MoveComments { .. }
            | Intent::RemoveComments { .. }
            | Intent::SetKeyword { .. }
            | Intent::RemoveStatement { .. } => {}
        }
    }
    statement::remove(&mut draft, intents)?;
    imports::add(&mut draft)?;
    let edits = draft.finish()?;

    let result = apply(text, &edits);
    let result = View::new(&result).map_err(|error| format!("the edited file would not parse: {error}"))?;
    if has_late_future(&result) && !has_late_future(&view) {
        return Err("a __future__ import has to stay the first statement".into());
    }
    Ok(edits)
}

/// Whether a `__future__` import stands where Python does not take it, which the parser does not say.
fn has_late_future(view: &View) -> bool {
    let is_future =
        |kind: &StatementKind| matches!(kind, StatementKind::ImportFrom(module) if module == "__future__");
    let kinds = view.blocks.first().into_iter().flat_map(|block| &block.statements);
    let mut kinds = kinds.map(|id| &view.statements[*id].kind);
    kinds.by_ref().find(|kind| !is_future(kind) && **kind != StatementKind::Docstring).is_some()
        && kinds.any(is_future)
}

/// The order of pieces that go in at the same offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A line added to a section of imports.
    ImportLine,
    /// A section of imports that was not there.
    Imports,
    Policy,
    Text,
}

struct Piece {
    rank: Rank,
    edit: TextEdit,
    /// The blank lines above and below, for a paragraph of its own.
    gap: Option<Gap>,
}

struct Draft<'a> {
    layout: Layout<'a>,
    view: &'a View,
    style: Style,
    pieces: Vec<Piece>,
    /// Modules that must be imported above an offset.
    wanted: Vec<(&'static str, u32)>,
    /// Names of modules that the new text uses.
    spelled_names: HashSet<String>,
}

impl Draft<'_> {
    fn replace(&mut self, start: u32, end: u32, content: impl Into<String>) {
        let edit = TextEdit { start, end, content: content.into() };
        self.pieces.push(Piece { rank: Rank::Text, edit, gap: None });
    }

    fn insert(&mut self, at: u32, rank: Rank, content: impl Into<String>) {
        let edit = TextEdit { start: at, end: at, content: content.into() };
        self.pieces.push(Piece { rank, edit, gap: None });
    }

    fn insert_paragraph(&mut self, gap: Gap, rank: Rank, content: String) {
        let edit = TextEdit { start: gap.at, end: gap.at, content };
        self.pieces.push(Piece { rank, edit, gap: Some(gap) });
    }

    /// How the code at `at` names this module; asks for an import where nothing does yet.
    fn spell(&mut self, module: &'static str, at: u32) -> Result<String, String> {
        let view = self.view;
        let mut names = std::iter::once(module).chain(view.names_of(module));
        if let Some(name) =
            names.find(|name| view.meaning(name, module, at) == (Meaning::Module { certain: true }))
        {
            self.spelled_names.insert(name.to_string());
            return Ok(name.to_string());
        }
        if view.meaning(module, module, at) == Meaning::Other {
            return Err(format!("the name `{module}` may mean something else than the module there"));
        }
        let statement = view.top_level(at).map_or(at, |id| view.statements[id].span.start.min(at));
        self.wanted.push((module, statement));
        Ok(module.to_string())
    }

    /// Our own source text in the file's spelling: quotes, and `{asyncio}`, `{sys}` by their names.
    fn spelled(&mut self, source: &str, at: u32) -> Result<String, String> {
        let mut result = self.layout.quoted(source);
        for (placeholder, module) in [("{asyncio}", "asyncio"), ("{sys}", "sys")] {
            if result.contains(placeholder) {
                result = result.replace(placeholder, &self.spell(module, at)?);
            }
        }
        Ok(result)
    }

    /// The test for Windows.
    fn windows_test(&mut self, at: u32) -> Result<String, String> {
        match self.style.guard {
            GuardStyle::SysPlatform => self.spelled("{sys}.platform == \"win32\"", at),
            GuardStyle::PlatformSystem => {
                let platform = self.spell("platform", at)?;
                Ok(self.layout.quoted(&format!("{platform}.system() == \"Windows\"")))
            }
        }
    }

    /// Pieces at the same offset become one edit; the blank lines around paragraphs are settled.
    fn finish(mut self) -> Result<Vec<TextEdit>, String> {
        self.pieces.sort_by_key(|piece| (piece.edit.start, piece.edit.end != piece.edit.start, piece.rank));
        let newline = self.layout.newline;
        let mut edits: Vec<TextEdit> = Vec::new();
        let mut paragraph: Option<u32> = None;
        let mut pieces = self.pieces.into_iter().peekable();
        while let Some(Piece { edit: mut piece, gap, .. }) = pieces.next() {
            if let Some(Gap { at, above, below }) = gap {
                let above = if paragraph == Some(at) { 1 } else { above };
                let is_last = pieces.peek().is_none_or(|next| next.edit.start != at || next.gap.is_none());
                let below = if is_last { below } else { 0 };
                piece.content = newline.repeat(above) + &piece.content + &newline.repeat(below);
                paragraph = Some(at);
            }
            match edits.last_mut() {
                Some(last) if last.start == piece.start && last.end == piece.start => {
                    last.content.push_str(&piece.content);
                    last.end = piece.end;
                }
                _ => edits.push(piece),
            }
        }
        if edits.windows(2).any(|pair| pair[1].start < pair[0].end) {
            return Err("two fixes change the same text; fix one, then run again".into());
        }
        Ok(edits)
    }
}

#[cfg(test)]
mod tests;
