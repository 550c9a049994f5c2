//! The paper run of an entry, step by step, Windows beside Linux and macOS.

mod json;
mod lines;
mod tree;
mod ways;
mod words;

use unicode_width::UnicodeWidthStr;

use crate::analysis::{Explained, Explanation, Workspace};
use crate::entry::Process;
use crate::platform::Platform;
use crate::report::explain::lines::{Frame, Part};
use crate::report::explain::ways::{Row, Way, ways};
use crate::report::paint::{BOLD, GUTTER, Paint};
use crate::report::{plural, visible};

pub use json::render as render_json;

/// Columns of a terminal that are used.
const WIDTH: usize = 100;
/// Ways and assumptions that are listed unless everything is.
const WAYS: usize = 6;
const ASSUMPTIONS: usize = 3;

/// The runs as text; `all` shows every step instead of those that matter.
pub fn render(explanation: &Explanation, all: bool, paint: Paint) -> String {
    let workspace = &explanation.workspace;
    let mut parts: Vec<String> = Vec::new();
    if !explanation.nothing.is_empty() {
        parts.push(explanation.nothing.iter().map(|text| wrapped("", "", text)).collect());
    }
    // Runs that start no loop and end at the same place have the same to say.
    let mut ends: Vec<Vec<&Row>> = Vec::new();
    let told: Vec<Vec<Way>> = explanation.runs.iter().map(|run| ways(workspace, run, all)).collect();
    for (run, ways) in explanation.runs.iter().zip(&told) {
        let end = end(ways);
        if run.entry.is_none() && !end.is_empty() && ends.contains(&end) {
            let launch = words::launch(workspace, run);
            parts.push(wrapped("", "  ", &format!("Run: {launch}: ends as the one above")));
            continue;
        }
        parts.push(story(workspace, run, ways, all, paint));
        ends.push(if run.entry.is_none() { end } else { Vec::new() });
    }
    parts.join("\n")
}

/// The lines that say where the ways of a run die.
fn end(ways: &[Way]) -> Vec<&Row> {
    ways.iter().flat_map(|way| &way.rows).filter(|row| row.kind == "raised").collect()
}

fn story(workspace: &Workspace, run: &Explained, ways: &[Way], all: bool, paint: Paint) -> String {
    let mut text = String::new();
    let launch = words::launch(workspace, run);
    if let Some((entry, _)) = &run.entry {
        let place = &entry.place;
        let spot = format!("{}:{}:{}", place.path, place.start.line, place.start.column);
        text += &paint.with(BOLD, visible::line(&format!("{spot} {}", entry.runner)));
        text += "\n";
    }
    let on: Vec<Platform> = Platform::ALL
        .into_iter()
        .filter(|platform| run.trace.paths.iter().any(|path| path.platform == *platform))
        .collect();
    let only = match on.len() {
        0 | 3 => String::new(),
        _ => format!(", only on {}", words::names(&on)),
    };
    text += &wrapped("", "  ", &format!("Run: {launch}{only}"));
    let width = ways
        .iter()
        .flat_map(|way| &way.rows)
        .filter_map(|row| row.at.start)
        .map(|start| start.line.to_string().len())
        .max()
        .unwrap_or(1);
    // Ways that never come to the call have nothing to say about it.
    let (telling, other): (Vec<&Way>, Vec<&Way>) =
        ways.iter().partition(|way| all || run.entry.is_none() || way.reaches);
    let shown = if all { telling.len() } else { telling.len().min(WAYS) };
    for (index, way) in telling[..shown].iter().enumerate() {
        text.push('\n');
        if ways.len() > 1 {
            text += &wrapped("", "  ", &heading(&format!("Way {}", index + 1), way));
        }
        let before = index.checked_sub(1).map_or(&[][..], |before| &telling[before].rows);
        let known = before.iter().zip(&way.rows).take_while(|(a, b)| a == b).count();
        text += &layout(workspace, way, known, width, paint);
    }
    if shown < telling.len() {
        let more = plural(telling.len() - shown, "further way");
        text += &format!("\n{more}; `-v` shows them.\n");
    }
    if !other.is_empty() {
        text.push('\n');
    }
    for way in other {
        text += &wrapped("", "  ", &heading("Not reached", way));
    }
    text.push('\n');
    text + &verdict(workspace, run, all)
}

/// `Way 2, only on Windows, when not (DEBUG):`
fn heading(what: &str, way: &Way) -> String {
    let platforms = match way.platforms.len() {
        3 => String::new(),
        _ => format!(", only on {}", words::names(&way.platforms)),
    };
    let mut whens: Vec<String> = way.when.iter().map(|labels| labels.join(", ")).collect();
    whens.retain(|when| !when.is_empty());
    let more = whens.len().saturating_sub(ASSUMPTIONS);
    whens.truncate(ASSUMPTIONS);
    let when = if whens.is_empty() { String::new() } else { format!(", when {}", whens.join("; or when ")) };
    let more = if more > 0 { format!("; and {more} more like it") } else { String::new() };
    format!("{what}{platforms}{when}{more}")
}

/// The rows of a way; the first `known` of them are those of the way above.
fn layout(workspace: &Workspace, way: &Way, known: usize, width: usize, paint: Paint) -> String {
    let mut text = String::new();
    if known > 0 {
        text += &format!("{:width$} {} as above, then\n", "", paint.with(GUTTER, "="));
    }
    let mut part = Part::Process(Process::Parent);
    let mut frame: Option<&Frame> = None;
    let mut quoted: Option<u32> = None;
    for row in &way.rows[known..] {
        if row.at.part != part {
            part = row.at.part;
            (frame, quoted) = (None, None);
            text += &format!("{:width$} {}\n", "", part_heading(part));
        }
        let line = row.at.start.map(|start| start.line);
        if frame != Some(&*row.at.frame) && row.kind != "end" {
            frame = Some(&*row.at.frame);
            quoted = None;
            text += &frame_heading(&row.at.frame, line, width, paint);
        }
        if let Some(line) = line
            && quoted != Some(line)
        {
            quoted = Some(line);
            text += &quote(workspace, &row.at.frame, line, width, paint);
        }
        text += &remarks(row, &way.platforms, width, paint);
    }
    text
}

fn part_heading(part: Part) -> String {
    match part {
        Part::Process(Process::Parent) => "In the parent process:".into(),
        Part::Process(Process::Child) => "In the child process:".into(),
        Part::Thread(Process::Parent, thread) => format!("In thread {thread}:"),
        Part::Thread(Process::Child, thread) => format!("In thread {thread} of the child process:"),
        Part::Later => "Later, called by code that is not seen:".into(),
    }
}

fn frame_heading(frame: &Frame, line: Option<u32>, width: usize, paint: Paint) -> String {
    let code = if frame.code.is_empty() { String::new() } else { format!(" in {}", frame.code) };
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    let spot = format!("{}{line}{code}", frame.path);
    format!("{:width$}{} {}\n", "", paint.with(GUTTER, "-->"), visible::line(&spot))
}

/// The line of source, cut at the edge.
fn quote(workspace: &Workspace, frame: &Frame, line: u32, width: usize, paint: Paint) -> String {
    let source = workspace.modules.iter().find(|module| module.shown == frame.path);
    let source = source.map_or("", |module| {
        let source = &module.source().text;
        source
            .split('\n')
            .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
            .nth(line as usize - 1)
            .unwrap_or("")
    });
    let source = visible::source_line(source.trim_end()).replace('\t', "    ");
    let source = cut(&source, WIDTH - width - 3);
    let number = paint.with(GUTTER, format!("{line:>width$} |"));
    format!("{number} {source}").trim_end().to_owned() + "\n"
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if short.width() >= width {
            short.pop();
            break;
        }
    }
    short + "…"
}

fn remarks(row: &Row, all: &[Platform], width: usize, paint: Paint) -> String {
    let sign = format!("{:width$} {} ", "", paint.with(GUTTER, "="));
    let rest = format!("{:width$}     ", "");
    let everywhere = |platforms: &[Platform]| platforms.len() == all.len();
    let mut text = String::new();
    if row.kind == "test" {
        let answers: Vec<String> = row
            .remarks
            .iter()
            .map(|(platforms, answer)| match everywhere(platforms) {
                true => answer.clone(),
                false => format!("{answer} on {}", words::names(platforms)),
            })
            .collect();
        let said = format!("`{}` is {}", row.name, answers.join(", "));
        return fold(&sign, width + 3, &rest, &said);
    }
    for (platforms, remark) in &row.remarks {
        let on = match everywhere(platforms) {
            true => String::new(),
            false => format!("{}: ", words::names(platforms)),
        };
        text += &fold(&sign, width + 3, &rest, &format!("{on}{remark}"));
    }
    text
}

/// What the entry gets and why; without an entry, how far the run got.
fn verdict(workspace: &Workspace, run: &Explained, all: bool) -> String {
    let mut text = String::new();
    if let Some((entry, _)) = &run.entry {
        text += &wrapped("", "  ", &format!("Verdict: {}", words::verdict(&entry.loops)));
        for case in &entry.cases {
            let when = format!("when {}: {}", case.when, words::verdict(&case.loops));
            text += &wrapped("  ", "    ", &when);
        }
        if let Some(reason) = &entry.reason {
            text += &wrapped("  ", "    ", &format!("because {reason}"));
        }
        for cause in &entry.because {
            let place = &cause.place;
            text += &wrapped(
                "  ",
                "    ",
                &format!("because {} ({}:{})", cause.message, place.path, place.start.line),
            );
        }
    }
    if let Some(reason) = &run.trace.incomplete {
        let given_up = run.trace.effort.iter().flat_map(|effort| &effort.given_up);
        let place = given_up.clone().find(|(other, _)| other == reason).and_then(|(_, site)| *site);
        let spot = place.and_then(|site| words::spot(workspace, site));
        let spot = spot.map_or(String::new(), |spot| format!(" ({spot})"));
        let what = "Not every way was followed to its end";
        text += &wrapped("", "  ", &format!("{what}: {reason}{spot}."));
    }
    if all || run.trace.incomplete.is_some() {
        text += &effort(run);
    }
    text
}

/// How many steps the run took, and where most of them went.
fn effort(run: &Explained) -> String {
    let mut text = String::new();
    for effort in &run.trace.effort {
        let said = format!(
            "{}: {} and {}",
            effort.platform.shown(),
            plural(effort.taken as usize, "step"),
            plural(effort.ways, "way")
        );
        text += &wrapped("  ", "    ", &said);
    }
    if let Some(effort) = run.trace.effort.first() {
        let most: Vec<String> = effort
            .spent
            .iter()
            .filter(|(_, _, spent)| *spent * 50 > effort.taken)
            .take(6)
            .map(|(name, _, spent)| format!("{name} {}", plural(*spent as usize, "step")))
            .collect();
        if !most.is_empty() {
            text += &wrapped(
                "  ",
                "    ",
                &format!("on {}, most in: {}", effort.platform.shown(), most.join(", ")),
            );
        }
    }
    text
}

/// Text with nothing harmful in it, folded at the edge of the screen.
fn wrapped(first: &str, rest: &str, text: &str) -> String {
    fold(first, first.width(), rest, text)
}

/// As [`wrapped`], where the first line begins with something that may hold colour.
fn fold(first: &str, first_width: usize, rest: &str, text: &str) -> String {
    let text = visible::line(text);
    let mut folded = first.to_owned();
    let mut used = first_width;
    let mut start = true;
    for word in text.split(' ') {
        if !start && used + 1 + word.width() > WIDTH {
            folded.push('\n');
            folded += rest;
            used = rest.width();
            start = true;
        }
        if !start {
            folded.push(' ');
            used += 1;
        }
        folded += word;
        used += word.width();
        start = false;
    }
    folded + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_at_the_edge_and_made_visible() {
        let text = fold("  = ", 4, "      ", &"word ".repeat(60));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.width() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("      word")), "{text}");
        assert_eq!(wrapped("", "", "a\u{1b}[2J\nb"), "a␛[2J␊b\n");
    }

    #[test]
    fn wide_characters_are_cut_by_their_width() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert!(cut("漢字漢字漢字", 6).width() <= 6);
    }
}
