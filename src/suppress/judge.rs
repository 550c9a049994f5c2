//! LC901: a suppression that suppresses nothing. LC902: one that names nothing loopcheck knows.

use std::path::PathBuf;

use crate::analysis::Workspace;
use crate::entry::{Entry, LoopKind};
use crate::files;
use crate::finding::{Applicability, Finding, Severity};
use crate::fix::intent::Intent;
use crate::fix::{self, Cure};
use crate::interpret::trace::RootTrace;
use crate::ir::Span;
use crate::knowledge::pages;
use crate::project::evidence::Deployment;
use crate::rules::{Diagnosis, Draft};
use crate::settings::Settings;
use crate::suppress::Comments;
use crate::suppress::comment::{Code, Directive, Reach};

/// The rules about suppressions, which nobody has to break to be allowed to silence them.
const OWN: &str = "LC9";

pub fn unknown(settings: &Settings, workspace: &Workspace, comments: &Comments) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    // A file that cannot be parsed has one thing wrong with it, and no comment is added or changed there.
    let is_parsed = |module: usize| workspace.modules[module].readable().is_ok();
    for (module, directives) in comments.values().filter(|(module, _)| is_parsed(*module)) {
        for directive in directives {
            if let Some((what, help)) = &directive.problem {
                let draft = about_comment("LC902", format!("Unknown suppression: {what}"), help.clone());
                let place = workspace.modules[*module].source().place(directive.span);
                found.push(finished(draft.at(place), None));
            }
            for code in &directive.codes {
                if let Err(meant) = code.rules {
                    found.push(no_such_rule(settings, workspace, *module, directive, code, meant));
                }
            }
        }
    }
    found
}

/// A code that no rule has silences nothing, so it goes. Where it looks like a slip, its repair may
/// silence what was reported until now, and that is for a person to decide.
fn no_such_rule(
    settings: &Settings,
    workspace: &Workspace,
    module: usize,
    directive: &Directive,
    code: &Code,
    meant: Option<&str>,
) -> Diagnosis {
    let message = format!("Unknown suppression: there is no rule `{}`", code.text);
    let cure = match meant {
        Some(meant) => Cure {
            applicability: Applicability::Unsafe,
            message: format!("write `{meant}`, which was most likely meant"),
            intents: vec![(module, Intent::ReplaceComment { span: code.span, content: meant.to_owned() })],
        },
        None => removal(workspace, module, directive, &[code]),
    };
    let draft = about_comment("LC902", message, cure.message.clone());
    with_cure(
        settings,
        workspace,
        module,
        draft.at(workspace.modules[module].source().place(code.span)),
        cure,
    )
}

pub fn unused(
    settings: &Settings,
    workspace: &Workspace,
    traces: &[RootTrace],
    entries: &[Entry],
    comments: &Comments,
) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for (path, (module, directives)) in comments {
        if !is_complete(settings, workspace, traces, *module) {
            continue;
        }
        let open: Vec<u32> = entries
            .iter()
            .filter(|entry| entry.place.path == *path && entry.loops.windows == LoopKind::Unknown)
            .map(|entry| entry.place.start.line)
            .collect();
        for directive in directives {
            // Where a loop is not known, the comment may well be right.
            let covers_open = match &directive.reach {
                Reach::File => !open.is_empty(),
                Reach::Lines(lines) => open.iter().any(|line| lines.contains(line)),
            };
            if covers_open {
                continue;
            }
            let idle = |code: &&Code| !code.used && is_judged(settings, path, code);
            let idle: Vec<&Code> = directive.codes.iter().filter(idle).collect();
            if !idle.is_empty() {
                found.push(diagnosis(settings, workspace, *module, directive, &idle));
            }
        }
    }
    found
}

/// Every rule the code names was looked for in this file.
fn is_judged(settings: &Settings, path: &str, code: &Code) -> bool {
    let mut named = pages::rules().iter().filter(|rule| code.names(rule.code)).peekable();
    named.peek().is_some()
        && named.all(|rule| !rule.code.starts_with(OWN) && settings.reports(rule.code, path))
}

/// Everything that could break a rule in this module was seen: all that may import it was walked, and
/// every run in its project came to its end.
fn is_complete(settings: &Settings, workspace: &Workspace, traces: &[RootTrace], module: usize) -> bool {
    let file = &workspace.modules[module];
    let project = workspace.project_of(module);
    let of_project = |trace: &&RootTrace| workspace.modules[trace.root.module].file.root == file.file.root;
    // Projects of one repository import from each other.
    let outermost = project.root.ancestors().filter(|folder| files::has_marker(folder)).last();
    let outermost = outermost.unwrap_or(&project.root);
    let walked = |path: &PathBuf| outermost.starts_with(files::absolute(path, &settings.cwd));
    settings.stdin.is_none()
        && settings.paths.iter().any(walked)
        && file.readable().is_ok()
        && project.evidence.verdict != Deployment::Elsewhere
        && !traces.iter().filter(of_project).any(|trace| trace.incomplete.is_some())
}

fn diagnosis(
    settings: &Settings,
    workspace: &Workspace,
    module: usize,
    directive: &Directive,
    idle: &[&Code],
) -> Diagnosis {
    let cure = removal(workspace, module, directive, idle);
    let message = format!("Unused suppression: there is nothing to silence for {}", names(idle));
    let draft = about_comment("LC901", message, cure.message.clone());
    let place = workspace.modules[module].source().place(directive.span);
    with_cure(settings, workspace, module, draft.at(place), cure)
}

/// Takes codes out of a comment, and the whole comment where no other is left.
fn removal(workspace: &Workspace, module: usize, directive: &Directive, codes: &[&Code]) -> Cure {
    let (message, (span, content)) = if codes.len() == directive.codes.len() {
        let text = &workspace.modules[module].source().text;
        ("remove the comment".to_owned(), (without_comment(text, directive), String::new()))
    } else {
        (format!("remove {} from the comment", names(codes)), without_codes(directive, codes))
    };
    Cure {
        applicability: Applicability::Safe,
        message,
        intents: vec![(module, Intent::ReplaceComment { span, content })],
    }
}

/// A finding with its cure, where the comment stands in Python: other files are not edited.
fn with_cure(
    settings: &Settings,
    workspace: &Workspace,
    module: usize,
    mut finding: Finding,
    wanted: Cure,
) -> Diagnosis {
    let mut cure = None;
    if workspace.modules[module].command.is_none() {
        match fix::render_cure(settings, workspace, &wanted) {
            Ok(rendered) => (finding.fix, cure) = (Some(rendered), Some(wanted)),
            Err(reason) => finding.help = format!("{}; not done by --fix: {reason}", finding.help),
        }
    }
    finished(finding, cure)
}

fn about_comment(code: &'static str, message: String, help: String) -> Draft {
    Draft {
        code,
        severity: Severity::Warning,
        message,
        label: String::new(),
        why: String::new(),
        help,
        related: Vec::new(),
    }
}

fn finished(finding: Finding, cure: Option<Cure>) -> Diagnosis {
    Diagnosis { finding, trace: None, site: None, cure, calls: Vec::new(), silenced: Vec::new() }
}

fn names(codes: &[&Code]) -> String {
    codes.iter().map(|code| format!("`{}`", code.text)).collect::<Vec<_>>().join(" and ")
}

/// The other codes, in brackets as they were.
fn without_codes(directive: &Directive, idle: &[&Code]) -> (Span, String) {
    let kept = directive.codes.iter().filter(|code| !idle.iter().any(|idle| idle.span == code.span));
    let texts: Vec<&str> = kept.map(|code| code.text.as_str()).collect();
    (directive.list, texts.join(", "))
}

/// The comment with the blanks before it, and with its line where it has one to itself.
fn without_comment(text: &str, directive: &Directive) -> Span {
    let Span { start, end } = directive.span;
    let line_start = text[..start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line_end = text[end as usize..].find(['\n', '\r']).map_or(text.len(), |at| end as usize + at);
    let before = text[line_start..start as usize].trim_end_matches([' ', '\t', '\x0c']);
    if !text[end as usize..line_end].trim().is_empty() {
        // What follows is another comment, which moves to this one's place.
        let next = text[end as usize..].find('#').map_or(line_end, |at| end as usize + at);
        return Span { start, end: next as u32 };
    }
    if before.is_empty() {
        let rest = &text[line_end..];
        let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
        return Span { start: line_start as u32, end: (line_end + newline) as u32 };
    }
    Span { start: (line_start + before.len()) as u32, end: line_end as u32 }
}
