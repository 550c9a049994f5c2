//! Where the guarded policy goes, and what it says.

use crate::fix::intent::Intent;
use crate::ir::Span;
use crate::python::view::StatementKind;

use super::layout::width;
use super::suite::gone_with;
use super::{Draft, Rank, call};

/// Puts in the module-level policy that covers all [`Intent::InsertPolicy`] of the file: above the
/// earliest place asked for, and in force wherever one of them wants it in force.
pub fn insert(draft: &mut Draft, intents: &[Intent]) -> Result<(), String> {
    let policies = intents.iter().filter_map(|intent| match intent {
        Intent::InsertPolicy { before, bound, main_only } => Some((*before, *bound, *main_only)),
        _ => None,
    });
    let widest = policies.reduce(|one, two| {
        let bound = one.1.zip(two.1).map(|(one, two)| one.max(two));
        (one.0.min(two.0), bound, one.2 && two.2)
    });
    let Some((before, bound, main_only)) = widest else { return Ok(()) };

    let gap = gap_before(draft, place(draft, before)?)?;
    let mut conditions = Vec::new();
    if main_only {
        conditions.push(draft.layout.quoted("__name__ in {\"__main__\", \"__mp_main__\"}"));
    }
    let moved: String = intents.iter().map(|intent| moved_comments(draft, intent)).collect();
    let text = moved + &guarded(draft, conditions, bound, "", gap.at)?;
    draft.insert_paragraph(gap, Rank::Policy, text);
    Ok(())
}

/// Carries out every [`Intent::MovePolicy`].
pub fn move_up(draft: &mut Draft, intents: &[Intent]) -> Result<(), String> {
    for intent in intents {
        let Intent::MovePolicy { statement, before } = intent else { continue };
        let gap = gap_before(draft, place(draft, *before)?)?;
        let view = draft.view;
        let names = view
            .names_read(*statement, gap.at)
            .ok_or("its test needs names that have no value yet at the top of the file")?;
        draft.spelled_names.extend(names);
        let layout = &draft.layout;
        let lines = layout.slice(attached_comments(draft, statement.start), layout.next_line(statement.end));
        let indent = layout.indentation(statement.start);
        let mut text = String::new();
        for line in lines.split_inclusive('\n') {
            let is_blank = line.trim().is_empty();
            let line = line.strip_prefix(indent).or(is_blank.then_some(layout.newline));
            text.push_str(line.ok_or("its lines are not indented alike")?);
        }
        if !text.ends_with('\n') {
            text.push_str(layout.newline);
        }
        draft.insert_paragraph(gap, Rank::Policy, text);
    }
    Ok(())
}

/// Whether the lines of comments directly above a statement are about the policy that it sets, and
/// about nothing else.
pub fn comments_are_about_policy(draft: &Draft, statement: Span) -> bool {
    let layout = &draft.layout;
    let start = attached_comments(draft, statement.start);
    let text = layout.slice(start, layout.line_start(statement.start)).to_lowercase();
    let is_title = |line: &str| line.trim().trim_start_matches(['#', ' ']).starts_with(['-', '=', '*', '~']);
    // What a file begins with is its header.
    start > 0
        && ["policy", "selector", "proactor"].iter().any(|word| text.contains(word))
        && !text.lines().any(|line| is_title(line) || line.contains("todo") || line.contains("fixme"))
}

/// The lines of comments that come along with the policy; what only speaks to tools does not.
fn moved_comments(draft: &Draft, intent: &Intent) -> String {
    let Intent::MoveComments { statement } = intent else { return String::new() };
    let layout = &draft.layout;
    let ids = draft.view.statement(*statement).into_iter().collect();
    let whole = gone_with(draft, &ids).first().map_or(*statement, |gone| gone.span(draft));
    let start = attached_comments(draft, whole.start);
    let end = layout.line_end(whole.end);
    let inside = draft.view.comments.iter().filter(|comment| start <= comment.start && comment.end <= end);
    let texts = inside.map(|comment| layout.slice(comment.start, comment.end));
    let for_people = texts.filter(|text| !call::measured(text).is_empty());
    for_people.map(|text| format!("{text}{}", layout.newline)).collect()
}

/// Puts the policy directly above a statement, with the comments that stand above it.
pub fn insert_here(draft: &mut Draft, before: Span, bound: Option<(u8, u8)>) -> Result<(), String> {
    if draft.view.statement(before).is_none() || !draft.layout.starts_line(before.start) {
        return Err("the statement shares its line with another one; give it a line of its own first".into());
    }
    let indent = draft.layout.indentation(before.start).to_string();
    let at = attached_comments(draft, before.start);
    let text = guarded(draft, Vec::new(), bound, &indent, before.start)?;
    draft.insert(at, Rank::Text, text);
    Ok(())
}

/// Where the policy goes: above this top-level statement.
fn place(draft: &Draft, before: Span) -> Result<usize, String> {
    let view = draft.view;
    let target = view.top_level(before.start).ok_or("the place for the policy is outside every statement")?;
    let top = &view.blocks[0].statements;
    match &view.statements[target].kind {
        StatementKind::ImportFrom(module) if module == "__future__" => {
            return Err("the policy cannot stand above a __future__ import".into());
        }
        StatementKind::Docstring => return Err("the policy cannot stand above the docstring".into()),
        StatementKind::Import(_) | StatementKind::ImportFrom(_) | StatementKind::ImportBlock => {
            return Ok(target);
        }
        _ => {}
    }
    let mut place = None;
    for (index, id) in top.iter().enumerate() {
        if *id == target {
            break;
        }
        match view.statements[*id].kind {
            StatementKind::Docstring
            | StatementKind::Import(_)
            | StatementKind::ImportFrom(_)
            | StatementKind::ImportBlock => place = top.get(index + 1).copied(),
            StatementKind::Simple => place = place.or(Some(*id)),
            _ => break,
        }
    }
    // Without any import or docstring, it goes above the first statement.
    Ok(place.or(top.first().copied()).unwrap_or(target))
}

/// A place between two top-level statements, and how many blank lines a paragraph put there needs
/// above and below itself.
#[derive(Clone, Copy)]
pub struct Gap {
    pub at: u32,
    pub above: usize,
    pub below: usize,
}

/// The gap above a top-level statement: directly below what stands before it, so that comments above
/// the statement stay with it.
pub fn gap_before(draft: &Draft, id: usize) -> Result<Gap, String> {
    let layout = &draft.layout;
    let statement = &draft.view.statements[id];
    let needed = if statement.kind == StatementKind::Definition { 2 } else { 1 };
    let (previous, _) = draft.view.neighbours(id);
    let Some(previous) = previous.map(|previous| &draft.view.statements[previous]) else {
        let at = attached_comments(draft, statement.span.start);
        // A comment the file begins with is its header, not this statement's.
        let at = if at == 0 { layout.line_start(statement.span.start) } else { at };
        return Ok(Gap { at, above: 0, below: needed });
    };
    if layout.is_one_line(previous.span.end, statement.span.start) {
        return Err("two statements share the line where the policy or an import would go; \
                    give each a line of its own first"
            .into());
    }
    let mut at = layout.next_line(previous.span.end);
    // Indented comments still belong to the suite above.
    let mut line = at;
    while line < statement.span.start {
        let content = layout.slice(line, layout.line_end(line));
        if content.trim_start().starts_with('#') && !content.starts_with('#') {
            at = layout.next_line(line);
        } else if !content.trim().is_empty() {
            break;
        }
        line = layout.next_line(line);
    }
    let blank = layout
        .slice(at, statement.span.start)
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty() && line.ends_with('\n'))
        .count();
    // Two blank lines below imports where one would do were asked for (`lines-after-imports`).
    let is_import = matches!(previous.kind, StatementKind::Import(_) | StatementKind::ImportFrom(_));
    let is_wide = previous.kind == StatementKind::Definition || (is_import && needed < 2 && blank >= 2);
    let above = if is_wide { 2 } else { 1 };
    Ok(Gap { at, above, below: needed.saturating_sub(blank) })
}

/// The start of the lines of comments directly above the line of this offset, or of that line.
pub fn attached_comments(draft: &Draft, offset: u32) -> u32 {
    let layout = &draft.layout;
    let indent = layout.indentation(offset);
    let mut at = layout.line_start(offset);
    while at > 0 {
        let above = layout.line_start(at - 1);
        let line = layout.slice(above, at);
        let is_comment =
            draft.view.comments.iter().any(|comment| comment.start == above + indent.len() as u32);
        if !is_comment || !line.starts_with(indent) {
            break;
        }
        at = above;
    }
    at
}

/// The whole guarded policy, with indentation and line ends.
fn guarded(
    draft: &mut Draft,
    mut conditions: Vec<String>,
    bound: Option<(u8, u8)>,
    indent: &str,
    at: u32,
) -> Result<String, String> {
    conditions.push(draft.windows_test(at)?);
    if let Some((major, minor)) = bound {
        conditions.push(draft.spelled(&format!("{{sys}}.version_info < ({major}, {minor})"), at)?);
    }
    let asyncio = draft.spell("asyncio", at)?;
    let (newline, unit) = (draft.layout.newline, draft.layout.unit(indent));
    let mut lines = vec![condition_lines(draft, "if ", &conditions, indent)];
    let policy = format!("{asyncio}.WindowsSelectorEventLoopPolicy()");
    let one_line = format!("{indent}{unit}{asyncio}.set_event_loop_policy({policy})");
    if width(&one_line) <= draft.style.line_length {
        lines.push(one_line);
    } else {
        lines.push(format!("{indent}{unit}{asyncio}.set_event_loop_policy("));
        lines.push(format!("{indent}{unit}{unit}{policy}"));
        lines.push(format!("{indent}{unit})"));
    }
    Ok(lines.join(newline) + newline)
}

/// `if a and b:`, in parentheses over several lines where it is too long for one.
pub fn condition_lines(draft: &Draft, keyword: &str, conditions: &[String], indent: &str) -> String {
    let one_line = format!("{indent}{keyword}{}:", conditions.join(" and "));
    if width(&one_line) <= draft.style.line_length {
        return one_line;
    }
    let (newline, unit) = (draft.layout.newline, draft.layout.unit(indent));
    let inner = format!("{newline}{indent}{unit}");
    let joined = conditions.join(&format!("{inner}and "));
    format!("{indent}{keyword}({inner}{joined}{newline}{indent}):")
}
