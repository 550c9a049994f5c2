//! The paper run for programs; a promise as the other JSON is.

use serde::Serialize;

use crate::analysis::{Explained, Explanation, Workspace};
use crate::entry::Launch;
use crate::finding::Position;
use crate::platform::Platform;
use crate::report::explain::lines::Part;
use crate::report::explain::ways::{Row, Way, ways};
use crate::report::json;

#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    runs: Vec<RunView<'a>>,
    nothing: &'a [String],
}

#[derive(Serialize)]
struct RunView<'a> {
    root: &'a str,
    launch: Launch,
    function: Option<&'a str>,
    entry: Option<json::EntryView<'a>>,
    ways: Vec<WayView<'a>>,
    incomplete: Option<&'a str>,
    effort: Vec<EffortView>,
}

#[derive(Serialize)]
struct WayView<'a> {
    platforms: Vec<&'static str>,
    /// One list of assumptions for each of the ways that are alike.
    when: Vec<Vec<&'a str>>,
    steps: Vec<StepView<'a>>,
}

#[derive(Serialize)]
struct StepView<'a> {
    kind: &'a str,
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    function: Option<&'a str>,
    process: &'static str,
    thread: u32,
    later: bool,
    said: Vec<SaidView>,
}

#[derive(Serialize)]
struct SaidView {
    platforms: Vec<&'static str>,
    message: String,
}

#[derive(Serialize)]
struct EffortView {
    platform: &'static str,
    steps: u64,
    ways: usize,
}

pub fn render(explanation: &Explanation, all: bool) -> String {
    let told: Vec<Vec<Way>> =
        explanation.runs.iter().map(|run| ways(&explanation.workspace, run, all)).collect();
    let runs = explanation
        .runs
        .iter()
        .zip(&told)
        .map(|(run, ways)| run_view(&explanation.workspace, run, ways))
        .collect();
    json::text(&Document { version: 1, runs, nothing: &explanation.nothing })
}

fn run_view<'a>(workspace: &'a Workspace, run: &'a Explained, ways: &'a [Way]) -> RunView<'a> {
    let root = &run.trace.root;
    RunView {
        root: &workspace.modules[root.module].shown,
        launch: root.launch,
        function: root.function.as_ref().map(|(name, _)| &**name),
        entry: run.entry.as_ref().map(|(entry, _)| json::entry_view(entry)),
        ways: ways.iter().map(way_view).collect(),
        incomplete: run.trace.incomplete.as_deref(),
        effort: run
            .trace
            .effort
            .iter()
            .map(|effort| EffortView {
                platform: name(effort.platform),
                steps: effort.taken,
                ways: effort.ways,
            })
            .collect(),
    }
}

fn way_view(way: &Way) -> WayView<'_> {
    WayView {
        platforms: names(&way.platforms),
        when: way.when.iter().map(|labels| labels.iter().map(|label| &**label).collect()).collect(),
        steps: way.rows.iter().map(step_view).collect(),
    }
}

fn step_view(row: &Row) -> StepView<'_> {
    use crate::entry::Process;
    let (process, thread) = match row.at.part {
        Part::Process(process) => (process, 0),
        Part::Thread(process, thread) => (process, thread),
        Part::Later => (Process::Parent, 0),
    };
    StepView {
        kind: row.kind,
        path: &row.at.frame.path,
        line: row.at.start.map(|Position { line, .. }| line),
        column: row.at.start.map(|Position { column, .. }| column),
        function: Some(&*row.at.frame.code).filter(|code| !code.is_empty()),
        process: if process == Process::Parent { "parent" } else { "child" },
        thread,
        later: row.at.part == Part::Later,
        said: row
            .remarks
            .iter()
            .map(|(platforms, remark)| {
                let message = match row.kind {
                    "test" => format!("`{}` is {remark}", row.name),
                    _ => remark.clone(),
                };
                SaidView { platforms: names(platforms), message }
            })
            .collect(),
    }
}

fn names(platforms: &[Platform]) -> Vec<&'static str> {
    platforms.iter().map(|platform| name(*platform)).collect()
}

/// As in the entries' `loop`.
fn name(platform: Platform) -> &'static str {
    match platform {
        Platform::Windows => "windows",
        Platform::Linux => "linux",
        Platform::Darwin => "darwin",
    }
}
