//! New imports, where isort and ruff would put them.

use crate::python::view::{Statement, StatementKind};

use super::policy::gap_before;
use super::{Draft, Rank};
use crate::knowledge::stdlib::is_stdlib;

/// Adds the imports the draft asked for.
pub fn add(draft: &mut Draft) -> Result<(), String> {
    let mut wanted = std::mem::take(&mut draft.wanted);
    wanted.sort_unstable();
    wanted.dedup_by_key(|(module, _)| *module);
    // All go above the earliest use of any of them, so that they end up together.
    let Some(limit) = wanted.iter().map(|(_, above)| *above).min() else { return Ok(()) };
    let modules: Vec<&'static str> = wanted.into_iter().map(|(module, _)| module).collect();

    let sections = sections(draft, limit);
    match sections.iter().find(|section| section.iter().any(|id| imports_stdlib(draft, *id))) {
        Some(section) => {
            for module in modules {
                let at = line_for(draft, section, module);
                if at > limit {
                    return Err("an import shares its line with the code that needs another one; \
                                give it a line of its own first"
                        .into());
                }
                let line = format!("import {module}{}", draft.layout.newline);
                draft.insert(at, Rank::ImportLine, line);
            }
        }
        None => {
            let first = sections.first().and_then(|section| section.first().copied());
            let above = first.or_else(|| first_after_header(draft)).ok_or("the module has no statement")?;
            let gap = gap_before(draft, above)?;
            let newline = draft.layout.newline;
            let lines: String = modules.iter().map(|module| format!("import {module}{newline}")).collect();
            draft.insert_paragraph(gap, Rank::Imports, lines);
        }
    }
    Ok(())
}

/// The top-level imports above the limit, up to the first statement that does anything but name the
/// version or the author, in runs that no blank line and no other statement divides.
fn sections(draft: &Draft, limit: u32) -> Vec<Vec<usize>> {
    let view = draft.view;
    let mut sections: Vec<Vec<usize>> = Vec::new();
    let mut previous: Option<usize> = None;
    for id in &view.blocks[0].statements {
        let statement = &view.statements[*id];
        if statement.span.end > limit {
            break;
        }
        match &statement.kind {
            StatementKind::ImportFrom(module) if module == "__future__" => previous = None,
            StatementKind::Import(_) | StatementKind::ImportFrom(_) => {
                let joined = previous.is_some_and(|previous| {
                    let between =
                        draft.layout.slice(view.statements[previous].span.end, statement.span.start);
                    between.split('\n').skip(1).all(|line| !line.trim().is_empty())
                        || between.matches('\n').count() <= 1
                });
                match sections.last_mut() {
                    Some(section) if joined => section.push(*id),
                    _ => sections.push(vec![*id]),
                }
                previous = Some(*id);
            }
            StatementKind::Docstring | StatementKind::ImportBlock => previous = None,
            // Whatever else stands above an import makes it one that comes too late (E402).
            StatementKind::Simple if draft.layout.slice(statement.span.start, limit).starts_with("__") => {
                previous = None;
            }
            _ => break,
        }
    }
    sections
}

/// The line of the section above which `import module` goes.
fn line_for(draft: &Draft, section: &[usize], module: &str) -> u32 {
    let statements: Vec<&Statement> = section.iter().map(|id| &draft.view.statements[*id]).collect();
    let is_plain = |statement: &&Statement| matches!(statement.kind, StatementKind::Import(_));
    // Plain imports come first, unless the section is sorted by module alone.
    let last_plain = statements.iter().rposition(is_plain);
    let first_from = statements.iter().position(|statement| !is_plain(statement));
    let by_module = matches!((last_plain, first_from), (Some(plain), Some(from)) if plain > from);
    let peers: Vec<&Statement> =
        statements.iter().copied().filter(|statement| by_module || is_plain(statement)).collect();
    let key = sort_key(module);
    match peers.iter().rfind(|statement| sort_key(imported(statement)) < key) {
        Some(above) => draft.layout.next_line(above.span.end),
        None => {
            // A section has at least one import.
            let below = peers.first().copied().unwrap_or(statements[0]);
            // What comes first in the line may have to: `from __future__ import annotations; import os`.
            match draft.layout.starts_line(below.span.start) {
                true => draft.layout.line_start(below.span.start),
                false => draft.layout.next_line(below.span.end),
            }
        }
    }
}

fn first_after_header(draft: &Draft) -> Option<usize> {
    let view = draft.view;
    view.blocks[0].statements.iter().copied().find(|id| match &view.statements[*id].kind {
        StatementKind::Docstring => false,
        StatementKind::ImportFrom(module) => module != "__future__",
        _ => true,
    })
}

fn imports_stdlib(draft: &Draft, id: usize) -> bool {
    match &draft.view.statements[id].kind {
        StatementKind::Import(names) => names.iter().any(|(module, _)| is_stdlib(module)),
        StatementKind::ImportFrom(module) => is_stdlib(module),
        _ => false,
    }
}

fn imported(statement: &Statement) -> &str {
    match &statement.kind {
        StatementKind::Import(names) => names.first().map_or("", |(module, _)| module),
        StatementKind::ImportFrom(module) => module,
        _ => "",
    }
}

fn sort_key(module: &str) -> (String, &str) {
    (module.to_lowercase(), module)
}
