//! Every format, on the same three findings: a tab and CRLF line ends; wide characters and a Windows
//! path; control characters in the source, the path and the message.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::analysis::{ChangedFile, Fixed, FixedRule};
use crate::entry::{Entry, Launch, LoopCase, LoopKind, Loops, Process};
use crate::files::Source;
use crate::finding::{Edit, Fix, Place, Position, Related};
use crate::ir::Span;

const MAIN: &str = "from nicegui import ui\r\n\r\nif True:\r\n\tui.run(port=8080)\r\n";
const WIDE: &str = "名前 = 'é'; uvicorn.run(app)\n";
const CONTROL: &str = "x = '\x1b[2J'; asyncio.run(main())\n";

fn source(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source::from_text(PathBuf::from(path), path.into(), text.into()))
}

/// Where `code` stands in the source.
fn place(source: &Source, code: &str) -> Place {
    let start = source.text.find(code).expect("the code stands in the source") as u32;
    source.place(Span { start, end: start + code.len() as u32 })
}

fn line_of(path: &str, line: u32) -> Place {
    let start = Position { line, column: 1 };
    Place { path: path.into(), start, end: start, span: None }
}

fn example() -> Analysis {
    let main = source("main.py", MAIN);
    let wide = source("app/größe.py", WIDE);
    let control = source("bad\x1b[31m.py", CONTROL);
    let run = place(&main, "ui.run(port=8080)");
    let after = Place { start: run.end, ..run.clone() };
    let findings = vec![
        Finding {
            code: "LC102",
            name: "server-on-proactor",
            severity: Severity::Warning,
            message: r"uvicorn runs on Proactor: C:\apps\start.bat starts it".into(),
            label: "takes ProactorEventLoop".into(),
            why: String::new(),
            help: r"start it with C:\apps\selector.bat".into(),
            place: place(&wide, "uvicorn.run(app)"),
            related: vec![],
            fix: None,
        },
        Finding {
            code: "LC103",
            name: "asyncio-on-proactor",
            severity: Severity::Info,
            message: "a \x1b]0;title\x07 in the message".into(),
            label: "here\nand there".into(),
            why: String::new(),
            help: String::new(),
            place: place(&control, "asyncio.run(main())"),
            related: vec![],
            fix: None,
        },
        Finding {
            code: "LC101",
            name: "nicegui-on-proactor",
            severity: Severity::Error,
            message: "NiceGUI runs on the Proactor event loop on Windows".into(),
            label: "uvicorn 0.54.0 takes ProactorEventLoop here".into(),
            why: "a client that resets the connection raises WinError 10054".into(),
            help: "choose the Selector loop".into(),
            place: run,
            related: vec![
                Related { place: place(&main, "from nicegui import ui"), message: "NiceGUI 3.1.0".into() },
                Related { place: line_of("uv.lock", 212), message: "uvicorn 0.54.0".into() },
                Related { place: line_of("start.bat", 3), message: "started on Windows".into() },
            ],
            fix: Some(Fix {
                applicability: Applicability::Safe,
                message: "pass loop=\"asyncio:SelectorEventLoop\" on Windows".into(),
                edits: vec![Edit { place: Place { end: after.start, ..after }, content: ", loop=x".into() }],
            }),
        },
    ];
    let sources = [main, wide, control].into_iter().map(|source| (source.shown.clone(), source)).collect();
    Analysis { findings, entries: vec![entry()], files_checked: 3, sources, ..Analysis::default() }
}

fn entry() -> Entry {
    let loops = |windows| Loops { windows, linux: LoopKind::Selector, darwin: LoopKind::Selector };
    let main = source("main.py", MAIN);
    Entry {
        place: place(&main, "ui.run(port=8080)"),
        runner: "nicegui.ui.run".into(),
        launch: Launch::Script,
        root: "main.py".into(),
        process: Process::Child,
        loops: loops(LoopKind::Depends),
        cases: vec![LoopCase { when: "reload=False".into(), loops: loops(LoopKind::Proactor) }],
        reason: None,
        because: vec![Related { place: line_of("uv.lock", 212), message: "uvicorn 0.54.0".into() }],
    }
}

/// Indented JSON on one line, in the order in which it was written.
fn compact(json: &str) -> String {
    json.lines().map(|line| line.trim_start().replacen("\": ", "\":", 1)).collect()
}

/// The example in a format, notes included.
fn shown(format: OutputFormat) -> String {
    let analysis = example();
    render(&everything(&analysis), format, Paint::PLAIN)
}

fn everything(analysis: &Analysis) -> Report<'_> {
    Report {
        findings: analysis.findings.iter().collect(),
        hidden: 0,
        entries: analysis.entries.len(),
        files: analysis.files_checked,
        sources: &analysis.sources,
        unsafe_fixes: false,
        summary: true,
    }
}

#[test]
fn full_draws_the_line_its_causes_and_its_cure() {
    assert_eq!(
        shown(OutputFormat::Full),
        r#"warning[LC102]: uvicorn runs on Proactor: C:\apps\start.bat starts it
 --> app/größe.py:1:11
  |
1 | 名前 = 'é'; uvicorn.run(app)
  |             ^^^^^^^^^^^^^^^^ takes ProactorEventLoop
  |
  = help: start it with C:\apps\selector.bat

info[LC103]: a ␛]0;title␇ in the message
 --> bad␛[31m.py:1:13
  |
1 | x = '␛[2J'; asyncio.run(main())
  |             ^^^^^^^^^^^^^^^^^^^ here␊and there

error[LC101]: NiceGUI runs on the Proactor event loop on Windows
 --> main.py:4:2
  |
1 | from nicegui import ui
  | ---------------------- NiceGUI 3.1.0
...
4 |     ui.run(port=8080)
  |     ^^^^^^^^^^^^^^^^^ uvicorn 0.54.0 takes ProactorEventLoop here
  |
 ::: uv.lock:212  uvicorn 0.54.0
 ::: start.bat:3  started on Windows
  = why: a client that resets the connection raises WinError 10054
  = fix: pass loop="asyncio:SelectorEventLoop" on Windows [safe, --fix]

1 entry point, 1 error, 1 warning, 1 note. 1 fixable with `--fix`.
"#
    );
}

#[test]
fn full_draws_a_call_over_several_lines() {
    let text = "\n".repeat(9) + "ui.run(\r\n\tport=8080,\r\n)\r\n";
    let main = source("main.py", &text);
    let mut analysis = example();
    analysis.findings.drain(..2);
    analysis.findings[0].place = place(&main, "ui.run(\r\n\tport=8080,\r\n)");
    analysis.findings[0].related.remove(0);
    analysis.sources.insert("main.py".into(), main);
    let report = Report { summary: false, ..everything(&analysis) };
    assert_eq!(
        render(&report, OutputFormat::Full, Paint::PLAIN),
        "\
error[LC101]: NiceGUI runs on the Proactor event loop on Windows
  --> main.py:10:1
   |
10 | / ui.run(
11 | |     port=8080,
12 | | )
   | |_^ uvicorn 0.54.0 takes ProactorEventLoop here
   |
  ::: uv.lock:212  uvicorn 0.54.0
  ::: start.bat:3  started on Windows
   = why: a client that resets the connection raises WinError 10054
   = fix: pass loop=\"asyncio:SelectorEventLoop\" on Windows [safe, --fix]

"
    );
}

#[test]
fn concise_is_one_line_a_finding() {
    assert_eq!(
        shown(OutputFormat::Concise),
        r"app/größe.py:1:11: LC102 uvicorn runs on Proactor: C:\apps\start.bat starts it
bad␛[31m.py:1:13: LC103 a ␛]0;title␇ in the message
main.py:4:2: LC101 [*] NiceGUI runs on the Proactor event loop on Windows
1 entry point, 1 error, 1 warning, 1 note. 1 fixable with `--fix`.
"
    );
}

#[test]
fn grouped_names_each_file_once() {
    assert_eq!(
        shown(OutputFormat::Grouped),
        r"app/größe.py:
  1:11  LC102 uvicorn runs on Proactor: C:\apps\start.bat starts it

bad␛[31m.py:
  1:13  LC103 a ␛]0;title␇ in the message

main.py:
  4:2  LC101 [*] NiceGUI runs on the Proactor event loop on Windows

1 entry point, 1 error, 1 warning, 1 note. 1 fixable with `--fix`.
"
    );
}

#[test]
fn github_puts_errors_first_and_then_says_it_in_words() {
    assert_eq!(
        shown(OutputFormat::Github),
        r"::error title=loopcheck (LC101),file=main.py,line=4,endLine=4,col=2,endColumn=19::LC101 NiceGUI runs on the Proactor event loop on Windows%0Auvicorn 0.54.0 takes ProactorEventLoop here%0Aa client that resets the connection raises WinError 10054%0Achoose the Selector loop
::warning title=loopcheck (LC102),file=app/größe.py,line=1,endLine=1,col=11,endColumn=27::LC102 uvicorn runs on Proactor: C:\apps\start.bat starts it%0Atakes ProactorEventLoop%0Astart it with C:\apps\selector.bat
::notice title=loopcheck (LC103),file=bad␛[31m.py,line=1,endLine=1,col=13,endColumn=32::LC103 a ␛]0;title␇ in the message%0Ahere␊and there
warning[LC102]: app/größe.py:1:11: uvicorn runs on Proactor: C:\apps\start.bat starts it
info[LC103]: bad␛[31m.py:1:13: a ␛]0;title␇ in the message
error[LC101]: main.py:4:2: [*] NiceGUI runs on the Proactor event loop on Windows
1 entry point, 1 error, 1 warning, 1 note. 1 fixable with `--fix`.
"
    );
}

#[test]
fn json_keeps_the_promised_names_and_order() {
    let text = compact(&shown(OutputFormat::Json));
    let (findings, summary) = text.split_once(r#"],"summary""#).expect("a summary ends the object");
    assert_eq!(
        findings,
        r#"{"version":1,"findings":[{"code":"LC102","name":"server-on-proactor","severity":"warning","message":"uvicorn runs on Proactor: C:\\apps\\start.bat starts it","help":"start it with C:\\apps\\selector.bat","url":"https://github.com/loopcheck/loopcheck/blob/main/rules/LC102.md","path":"app/größe.py","line":1,"column":11,"end_line":1,"end_column":27,"related":[],"fix":null},{"code":"LC103","name":"asyncio-on-proactor","severity":"info","message":"a \u001b]0;title\u0007 in the message","help":"","url":"https://github.com/loopcheck/loopcheck/blob/main/rules/LC103.md","path":"bad\u001b[31m.py","line":1,"column":13,"end_line":1,"end_column":32,"related":[],"fix":null},{"code":"LC101","name":"nicegui-on-proactor","severity":"error","message":"NiceGUI runs on the Proactor event loop on Windows","help":"choose the Selector loop","url":"https://github.com/loopcheck/loopcheck/blob/main/rules/LC101.md","path":"main.py","line":4,"column":2,"end_line":4,"end_column":19,"related":[{"path":"main.py","line":1,"column":1,"message":"NiceGUI 3.1.0"},{"path":"uv.lock","line":212,"column":1,"message":"uvicorn 0.54.0"},{"path":"start.bat","line":3,"column":1,"message":"started on Windows"}],"fix":{"applicability":"safe","message":"pass loop=\"asyncio:SelectorEventLoop\" on Windows","edits":[{"path":"main.py","start":{"line":4,"column":19},"end":{"line":4,"column":19},"content":", loop=x"}]}}"#
    );
    assert_eq!(summary, r#":{"files":3,"entries":1,"errors":1,"warnings":1,"infos":1,"fixable":1}}"#);
}

#[test]
fn json_lines_are_single_lines_without_controls() {
    let text = shown(OutputFormat::JsonLines);
    assert_eq!(text.lines().count(), 3);
    assert!(!text.contains('\x1b'));
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(value["code"].is_string());
    }
}

#[test]
fn entries_are_a_table() {
    assert_eq!(
        entries::render(&[entry()], Paint::PLAIN),
        "\
PLACE                RUNNER          LAUNCH                WINDOWS   LINUX     MACOS     DECIDED BY
main.py:4:2          nicegui.ui.run  script, in its child  depends   selector  selector  uvicorn 0.54.0 (uv.lock:212)
  when reload=False                                        proactor  selector  selector

1 entry point.
"
    );
}

#[test]
fn entries_json_keeps_the_promised_names_and_order() {
    assert_eq!(
        compact(&entries::render_json(&[entry()])),
        r#"{"version":1,"entries":[{"path":"main.py","line":4,"column":2,"runner":"nicegui.ui.run","launch":"script","root":"main.py","process":"child","loop":{"windows":"depends","linux":"selector","darwin":"selector"},"cases":[{"when":"reload=False","windows":"proactor","linux":"selector","darwin":"selector"}],"reason":null,"because":[{"path":"uv.lock","line":212,"column":1,"message":"uvicorn 0.54.0"}]}]}"#
    );
}

#[test]
fn no_entries_is_a_sentence() {
    assert_eq!(entries::render(&[], Paint::PLAIN), "No entry points found.\n");
    assert_eq!(entries::render_json(&[]), "{\n  \"version\": 1,\n  \"entries\": []\n}\n");
}

#[test]
fn statistics_count_rules() {
    let analysis = example();
    let text = statistics::render(&everything(&analysis), Paint::PLAIN);
    assert_eq!(
        text,
        "1\tLC101\t[*] nicegui-on-proactor\n1\tLC102\t[ ] server-on-proactor\n\
         1\tLC103\t[ ] asyncio-on-proactor\n\
         1 entry point, 1 error, 1 warning, 1 note. 1 fixable with `--fix`.\n"
    );
}

#[test]
fn a_clean_report_says_what_was_checked() {
    let mut analysis = Analysis { files_checked: 12, ..Analysis::default() };
    assert_eq!(
        render(&everything(&analysis), OutputFormat::Full, Paint::PLAIN),
        "All checks passed! No entry point in 12 files.\n"
    );
    analysis.entries = vec![entry(), entry()];
    let report = Report { hidden: 2, ..everything(&analysis) };
    assert_eq!(
        render(&report, OutputFormat::Concise, Paint::PLAIN),
        "All checks passed! 2 entry points in 12 files. \
         2 lesser findings hidden, `--min-severity info` shows them.\n"
    );
}

#[test]
fn unsafe_fixes_count_only_when_asked_for() {
    let mut analysis = example();
    analysis.findings[2].fix.as_mut().expect("the third has a fix").applicability = Applicability::Unsafe;
    let careful = everything(&analysis);
    assert!(summary::render(&careful, Paint::PLAIN).contains("1 fixable with `--fix --unsafe-fixes`."));
    let bold = Report { unsafe_fixes: true, ..everything(&analysis) };
    assert!(summary::render(&bold, Paint::PLAIN).contains("1 fixable with `--fix`."));
}

#[test]
fn a_place_without_source_is_still_told() {
    let mut analysis = example();
    analysis.sources.clear();
    let text = render(&everything(&analysis), OutputFormat::Full, Paint::PLAIN);
    assert!(
        text.contains("error[LC101]: NiceGUI runs on the Proactor event loop on Windows\n --> main.py:4:2\n")
    );
}

#[test]
fn a_place_that_is_not_in_the_text_does_not_panic() {
    let mut analysis = example();
    for finding in &mut analysis.findings {
        finding.place.start = Position { line: 99, column: 7 };
        finding.place.end = Position { line: 3, column: 0 };
    }
    render(&everything(&analysis), OutputFormat::Full, Paint::PLAIN);
}

#[test]
fn no_format_for_people_lets_a_control_character_through() {
    use OutputFormat::{Concise, Full, Github, Grouped};
    for format in [Full, Concise, Grouped, Github] {
        let text = shown(format);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format:?}:\n{text}");
    }
}

#[test]
fn colour_is_only_added() {
    let analysis = example();
    let report = everything(&analysis);
    for format in [OutputFormat::Full, OutputFormat::Concise, OutputFormat::Grouped] {
        let painted = render(&report, format, Paint { colour: true });
        assert!(painted.contains('\x1b'));
        let stripped = anstream::adapter::strip_str(&painted).to_string();
        assert_eq!(stripped, render(&report, format, Paint::PLAIN), "{format:?}");
    }
}

fn changed() -> Fixed {
    let before = source("main.py", MAIN);
    let after = MAIN.replace("8080", "8080, loop=x");
    let fixed = vec![FixedRule { code: "LC101", name: "nicegui-on-proactor", count: 1 }];
    let file = ChangedFile { path: "main.py".into(), shown: "main.py".into(), before, after, fixed };
    Fixed { changed: vec![file], ..Fixed::default() }
}
#[test]
fn a_diff_keeps_line_ends_so_that_it_applies() {
    assert_eq!(
        diff::render(&changed().changed, Paint::PLAIN, false),
        "--- main.py\n+++ main.py\n@@ -1,4 +1,4 @@\n from nicegui import ui\r\n \r\n if True:\r\n\
         -\tui.run(port=8080)\r\n+\tui.run(port=8080, loop=x)\r\n"
    );
}

#[test]
fn a_diff_tells_a_missing_line_end() {
    let mut fixed = changed();
    fixed.changed[0].before = source("main.py", "a\nb");
    fixed.changed[0].after = "a\nc".into();
    assert_eq!(
        diff::render(&fixed.changed, Paint::PLAIN, false),
        "--- main.py\n+++ main.py\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n\
         +c\n\\ No newline at end of file\n"
    );
}

#[test]
fn fixes_are_counted_and_listed() {
    assert_eq!(fixes::render(&changed(), "Fixed", false, Paint::PLAIN), "Fixed 1 finding in 1 file.\n");
    assert_eq!(
        fixes::render(&changed(), "Fixed", true, Paint::PLAIN),
        "Fixed 1 finding in 1 file:\n- main.py:\n    1 × LC101 (nicegui-on-proactor)\n"
    );
    assert_eq!(fixes::render(&Fixed::default(), "Fixed", true, Paint::PLAIN), "");
}
