//! The finding as a picture: the line, what is wrong in it, and the chain of causes.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::files::Source;
use crate::finding::{Applicability, Finding, Place, Position, Related, Severity};
use crate::knowledge::pages;
use crate::report::paint::{BOLD, GUTTER, Paint};
use crate::report::{Report, summary, visible};

/// Causes at most this many lines away are drawn into the same picture.
const NEAR: u32 = 6;

pub fn render(report: &Report<'_>, paint: Paint) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text += &picture(report, finding, paint);
        text.push('\n');
    }
    if report.summary {
        text += &summary::render(report, paint);
    }
    text
}

fn picture(report: &Report<'_>, finding: &Finding, paint: Paint) -> String {
    let source = report.sources.get(&finding.place.path);
    let (near, far) = split_related(finding, source.is_some());
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut title = level.primary_title(visible::line(&finding.message)).id(finding.code);
    if paint.links {
        title = title.id_url(pages::url(finding.code));
    }
    let window = source.map(|source| Window::around(source, &finding.place, &near));
    let group = match &window {
        Some(window) => title.element(window.snippet(finding, &near)),
        None => Group::with_title(title),
    };
    let renderer = if paint.colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&[group]) + "\n";

    let width = window.as_ref().map_or(1, |window| window.last_line().to_string().len());
    if window.is_none() {
        text += &format!("{:width$}{} {}\n", "", paint.with(GUTTER, "-->"), spot(&finding.place));
    }
    let mut below = far_lines(&far, width, paint);
    for (word, sentence) in sentences(finding, window.is_some()) {
        below +=
            &format!("{:width$} {} {}: {sentence}\n", "", paint.with(GUTTER, "="), paint.with(BOLD, word));
    }
    if !below.is_empty() {
        text += &format!("{:width$} {}\n", "", paint.with(GUTTER, "|"));
    }
    text + &below
}

/// What is said below the picture, each under its word.
fn sentences(finding: &Finding, has_picture: bool) -> Vec<(&'static str, String)> {
    // Without a picture nothing else says what the label says.
    let label = if has_picture { "" } else { finding.label.as_str() };
    let mut sentences =
        vec![("note", visible::line(label).into_owned()), ("why", visible::line(&finding.why).into_owned())];
    sentences.push(match &finding.fix {
        None => ("help", visible::line(&finding.help).into_owned()),
        Some(fix) => {
            let flags = match fix.applicability {
                Applicability::Safe => "[safe, --fix]",
                Applicability::Unsafe => "[unsafe, --fix --unsafe-fixes]",
            };
            ("fix", format!("{} {flags}", visible::line(&fix.message)))
        }
    });
    sentences.retain(|(_, sentence)| !sentence.is_empty());
    sentences
}

/// Those that can be drawn into the picture, and those that are listed below it.
///
/// A line holds one label: a second one would be pushed below it and pull the picture apart.
fn split_related(finding: &Finding, has_source: bool) -> (Vec<&Related>, Vec<&Related>) {
    let mut lines = vec![finding.place.start.line, finding.place.end.line];
    finding.related.iter().partition(|related| {
        let Place { path, cell, start, end, .. } = &related.place;
        let close = start.line.abs_diff(finding.place.start.line) <= NEAR;
        let fits = has_source
            && (path, cell) == (&finding.place.path, &finding.place.cell)
            && close
            && start.line == end.line
            && !lines.contains(&start.line);
        if fits {
            lines.push(start.line);
        }
        fits
    })
}

fn far_lines(far: &[&Related], width: usize, paint: Paint) -> String {
    let spots: Vec<String> = far.iter().map(|related| spot(&related.place)).collect();
    let column = spots.iter().map(|spot| spot.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (related, spot) in far.iter().zip(spots) {
        let sign = paint.with(GUTTER, ":::");
        text += &format!("{:width$}{sign} {spot:<column$}  {}\n", "", visible::line(&related.message));
    }
    text
}

/// `main.py:5:1`, or `uv.lock:212` where a column says nothing.
fn spot(place: &Place) -> String {
    let path = visible::line(&place.path);
    match (place.span, place.start.column) {
        (None, 1) => format!("{path}:{}", visible::line_number(place)),
        _ => format!("{path}:{}", visible::position(place)),
    }
}

/// The lines of a file that the picture needs, made visible, with byte offsets of their own.
struct Window {
    path: String,
    first_line: u32,
    lines: Vec<String>,
}

impl Window {
    fn around(source: &Source, place: &Place, near: &[&Related]) -> Window {
        let related = near.iter().map(|related| related.place.start.line);
        let first_line = related.clone().fold(place.start.line, u32::min).max(1);
        let last_line = related.fold(place.end.line, u32::max).max(first_line);
        let lines = lines(&source.text)
            .skip((source.lines_before(place) + first_line) as usize - 1)
            .take((last_line - first_line) as usize + 1)
            .map(|line| visible::source_line(line).into_owned())
            .collect();
        let cell = place.cell.map_or(String::new(), |cell| format!(":cell {cell}"));
        Window { path: format!("{}{cell}", visible::line(&place.path)), first_line, lines }
    }

    fn last_line(&self) -> u32 {
        self.first_line + (self.lines.len() as u32).saturating_sub(1)
    }

    fn snippet(&self, finding: &Finding, near: &[&Related]) -> Snippet<'_, Annotation<'_>> {
        let label = |text: &str| (!text.is_empty()).then(|| visible::line(text).into_owned());
        let primary = AnnotationKind::Primary.span(self.span(&finding.place)).label(label(&finding.label));
        let causes = near.iter().map(|related| {
            AnnotationKind::Context.span(self.span(&related.place)).label(label(&related.message))
        });
        Snippet::source(self.lines.join("\n"))
            .path(self.path.as_str())
            .line_start(self.first_line as usize)
            .annotation(primary)
            .annotations(causes)
    }

    fn span(&self, place: &Place) -> std::ops::Range<usize> {
        let start = self.offset(place.start);
        start..self.offset(place.end).max(start)
    }

    /// Where a position stands in the joined lines, in bytes; past the end of a line is its end.
    fn offset(&self, position: Position) -> usize {
        let row = position.line.saturating_sub(self.first_line) as usize;
        let before: usize = self.lines.iter().take(row).map(|line| line.len() + 1).sum();
        let Some(line) = self.lines.get(row) else {
            return before.saturating_sub(1);
        };
        let column = position.column.saturating_sub(1) as usize;
        before + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
    }
}

/// Lines end at `\n`, `\r\n` or `\r`, as everywhere in loopcheck.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}
