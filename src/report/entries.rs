//! Every entry point and the loop it gets, as a table or as JSON.

use unicode_width::UnicodeWidthStr;

use crate::entry::{Entry, Launch, LoopKind, Process};
use crate::finding::Place;
use crate::report::paint::{BOLD, Paint, severity_style};
use crate::report::{json, plural, visible};

const COLUMNS: [&str; 7] = ["PLACE", "RUNNER", "LAUNCH", "WINDOWS", "LINUX", "MACOS", "DECIDED BY"];

/// The columns that name a loop.
const LOOPS: std::ops::Range<usize> = 3..6;

pub fn render_json(entries: &[Entry]) -> String {
    json::render_entries(entries)
}

pub fn render(entries: &[Entry], paint: Paint) -> String {
    if entries.is_empty() {
        return "No entry points found.\n".to_owned();
    }
    let rows: Vec<[String; 7]> = entries.iter().flat_map(rows).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.chain([COLUMNS[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut text = line(&COLUMNS, &widths, |_, cell| paint.with(BOLD, cell));
    for row in &rows {
        let cells = row.each_ref().map(String::as_str);
        text += &line(&cells, &widths, |column, cell| match (LOOPS.contains(&column), cell) {
            (true, "proactor") => paint.with(severity_style(crate::finding::Severity::Warning), cell),
            _ => cell.to_owned(),
        });
    }
    text + &format!("\n{}.\n", plural(entries.len(), "entry point"))
}

/// One line, cells padded to their column; nothing follows the last one.
fn line(cells: &[&str; 7], widths: &[usize], style: impl Fn(usize, &str) -> String) -> String {
    let mut text = String::new();
    let mut gap = 0;
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if !cell.is_empty() {
            text += &" ".repeat(gap);
            text += &style(column, cell);
            gap = 0;
        }
        gap += width + 2 - cell.width();
    }
    text + "\n"
}

/// The row of an entry, then one for each of its cases.
fn rows(entry: &Entry) -> Vec<[String; 7]> {
    let place = &entry.place;
    let spot = format!("{}:{}", visible::line(&place.path), visible::position(place));
    let [windows, linux, darwin] = names([entry.loops.windows, entry.loops.linux, entry.loops.darwin]);
    let first = [
        spot,
        visible::line(&entry.runner).into_owned(),
        launch(entry),
        windows,
        linux,
        darwin,
        decided_by(entry),
    ];
    let cases = entry.cases.iter().map(|case| {
        let [windows, linux, darwin] = names([case.loops.windows, case.loops.linux, case.loops.darwin]);
        let when = format!("  when {}", visible::line(&case.when));
        [when, String::new(), String::new(), windows, linux, darwin, String::new()]
    });
    [first].into_iter().chain(cases).collect()
}

fn names(loops: [LoopKind; 3]) -> [String; 3] {
    loops.map(|kind| kind.name().to_owned())
}

fn launch(entry: &Entry) -> String {
    let launch = match entry.launch {
        Launch::Script => "script",
        Launch::Module => "module",
        Launch::ConsoleScript => "console script",
        Launch::Launcher => "launcher",
        Launch::Notebook => "notebook",
        Launch::Import => "import",
        Launch::Function => "not reached",
        Launch::Child => "child",
        Launch::Assumed => "assumed",
    };
    let child = entry.process == Process::Child && entry.launch != Launch::Child;
    let process = if child { ", in its child" } else { "" };
    let python = entry.python.map_or(String::new(), |(major, minor)| format!(", on Python {major}.{minor}"));
    // The root says something only where it is another file.
    match entry.root == entry.place.path {
        true => format!("{launch}{process}{python}"),
        false => format!("{launch} {}{process}{python}", visible::line(&entry.root)),
    }
}

/// The last link of the chain of causes, or why there is none.
fn decided_by(entry: &Entry) -> String {
    if let Some(reason) = &entry.reason {
        return visible::line(reason).into_owned();
    }
    let Some(cause) = entry.because.last() else {
        return String::new();
    };
    let (place, message) = (&cause.place, visible::line(&cause.message));
    let line = |place: &Place| (place.path.clone(), place.cell, place.start.line);
    if line(place) == line(&entry.place) {
        return message.into_owned();
    }
    format!("{message} ({}:{})", visible::line(&place.path), visible::line_number(place))
}
