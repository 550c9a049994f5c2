//! Every format, on the same findings: a tab and CRLF line ends; wide characters and a Windows path;
//! control characters and commands for a pipeline in the source, the path and the message; and one
//! that a comment silences.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::analysis::{ChangedFile, Fixed, FixedRule};
use crate::entry::{Entry, Launch, LoopCase, LoopKind, Loops, Process};
use crate::files::Source;
use crate::finding::{Edit, Fix, Place, Position, Related};
use crate::fingerprint::fingerprints;
use crate::ir::Span;
use crate::suppress::Silencer;

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
    Place { path: path.into(), cell: None, start, end: start, span: None }
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
    let silenced = vec![silenced()];
    Analysis { findings, silenced, entries: vec![entry()], files_checked: 3, sources, ..Analysis::default() }
}

fn silenced() -> Silenced {
    let finding = Finding {
        code: "LC104",
        name: "loop-depends-on-reload",
        severity: Severity::Warning,
        message: "only because of reload".into(),
        label: String::new(),
        why: String::new(),
        help: String::new(),
        place: line_of(r"C:/my app/100%/serve.bat", 7),
        related: vec![],
        fix: None,
    };
    Silenced { finding, by: Silencer::Comment { reason: "never without".into() } }
}

fn entry() -> Entry {
    let loops = |windows| Loops { windows, linux: LoopKind::Selector, darwin: LoopKind::Selector };
    let main = source("main.py", MAIN);
    Entry {
        place: place(&main, "ui.run(port=8080)"),
        runner: "nicegui.ui.run".into(),
        launch: Launch::Script,
        root: "main.py".into(),
        python: None,
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
        is_deployment_open: false,
        findings: analysis.findings.iter().collect(),
        silenced: analysis.silenced.iter().collect(),
        failures: &analysis.failures,
        hidden: 0,
        entries: analysis.entries.len(),
        unknown: 0,
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
fn pylint_is_one_line_a_finding() {
    assert_eq!(
        shown(OutputFormat::Pylint),
        r"app/größe.py:1: [LC102] uvicorn runs on Proactor: C:\apps\start.bat starts it
bad␛[31m.py:1: [LC103] a ␛]0;title␇ in the message
main.py:4: [LC101] NiceGUI runs on the Proactor event loop on Windows
"
    );
}

#[test]
fn azure_puts_errors_first() {
    assert_eq!(
        shown(OutputFormat::Azure),
        r"##vso[task.logissue type=error;sourcepath=main.py;linenumber=4;columnnumber=2;code=LC101;]NiceGUI runs on the Proactor event loop on Windows
##vso[task.logissue type=warning;sourcepath=app/größe.py;linenumber=1;columnnumber=11;code=LC102;]uvicorn runs on Proactor: C:\apps\start.bat starts it
##vso[task.logissue type=warning;sourcepath=bad␛[31m.py;linenumber=1;columnnumber=13;code=LC103;]a ␛]0;title␇ in the message
"
    );
}

#[test]
fn no_text_passes_for_a_command_of_a_pipeline() {
    let mut analysis = example();
    for finding in &mut analysis.findings {
        finding.message = "100% ##vso[task.setvariable variable=a]b ##[error]c\n::error::d".into();
        finding.place.path = "a;b]##vso[x].py".into();
    }
    let text = |format| render(&everything(&analysis), format, Paint::PLAIN);
    let azure = text(OutputFormat::Azure);
    assert_eq!(azure.lines().count(), 3);
    for line in azure.lines() {
        assert!(line.starts_with("##vso[task.logissue type="));
        assert_eq!((line.matches("##").count(), line.matches(']').count()), (1, 3), "{line}");
        assert!(line.contains(";sourcepath=a%3Bb%5D#\u{fffd}vso[x%5D.py;"), "{line}");
        assert!(line.contains("100%AZP25 "), "{line}");
    }
    let github = text(OutputFormat::Github);
    assert!(!github.contains("##") && !github.contains("\n::error::d"), "{github}");
}

#[test]
fn junit_is_a_failed_test_a_finding() {
    assert_eq!(
        shown(OutputFormat::Junit),
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="loopcheck" tests="3" failures="3" errors="0">
    <testsuite name="app/größe.py" tests="1" failures="1" errors="0" package="loopcheck">
        <testcase name="loopcheck.LC102" classname="app/größe.py">
            <failure type="warning" message="uvicorn runs on Proactor: C:\apps\start.bat starts it">line 1, col 11, uvicorn runs on Proactor: C:\apps\start.bat starts it
takes ProactorEventLoop
start it with C:\apps\selector.bat</failure>
        </testcase>
    </testsuite>
    <testsuite name="bad␛[31m.py" tests="1" failures="1" errors="0" package="loopcheck">
        <testcase name="loopcheck.LC103" classname="bad␛[31m.py">
            <failure type="info" message="a ␛]0;title␇ in the message">line 1, col 13, a ␛]0;title␇ in the message
here␊and there</failure>
        </testcase>
    </testsuite>
    <testsuite name="main.py" tests="1" failures="1" errors="0" package="loopcheck">
        <testcase name="loopcheck.LC101" classname="main.py">
            <failure type="error" message="NiceGUI runs on the Proactor event loop on Windows">line 4, col 2, NiceGUI runs on the Proactor event loop on Windows
uvicorn 0.54.0 takes ProactorEventLoop here
a client that resets the connection raises WinError 10054
choose the Selector loop</failure>
        </testcase>
    </testsuite>
</testsuites>
"#
    );
}

#[test]
fn xml_is_well_formed_whatever_the_text() {
    let mut analysis = example();
    for finding in &mut analysis.findings {
        finding.message = "<a href=\"b\">'&'</a> ]]> \0\x0b\u{fffe}\u{ffff}\r\n\t".into();
        finding.place.path = "a&b<c>\"'.py".into();
    }
    let text = render(&everything(&analysis), OutputFormat::Junit, Paint::PLAIN);
    let document = roxmltree::Document::parse(&text).expect("XML");
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
    let expected = "<a href=\"b\">'&'</a> ]]> ␀␋\u{fffd}\u{fffd}␍␊␉";
    assert_eq!(failure.attribute("message"), Some(expected));
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).expect("a suite");
    assert_eq!(suite.attribute("name"), Some("a&b<c>\"'.py"));
}

#[test]
fn a_junit_report_is_never_without_a_test() {
    let analysis = Analysis::default();
    let text = render(&everything(&analysis), OutputFormat::Junit, Paint::PLAIN);
    let document = roxmltree::Document::parse(&text).expect("XML");
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("testcase")).count(), 1);
}

#[test]
fn gitlab_knows_a_finding_again() {
    let issues: Value = parsed(OutputFormat::Gitlab);
    assert_eq!(
        issues[2],
        json!({
            "check_name": "LC101",
            "description": "LC101: NiceGUI runs on the Proactor event loop on Windows",
            "severity": "major",
            "fingerprint": "c7677fb7f5ededb0:1",
            "location": {
                "path": "main.py",
                "positions": { "begin": { "line": 4, "column": 2 }, "end": { "line": 4, "column": 19 } },
            },
        })
    );
    assert_eq!((&issues[0]["severity"], &issues[1]["severity"]), (&json!("minor"), &json!("info")));
}

#[test]
fn a_fingerprint_survives_moved_lines_and_other_blanks() {
    let mut analysis = example();
    let before =
        fingerprints(&analysis.findings, &analysis.sources, |finding| finding.place.path.to_string());
    let moved = source("main.py", &format!("import sys\r\n{}", MAIN.replace("\tui.run", "    ui.run")));
    analysis.findings[2].place = place(&moved, "ui.run(port=8080)");
    analysis.sources.insert("main.py".into(), moved);
    let again = analysis.findings[2].clone();
    analysis.findings.push(again);
    let after = fingerprints(&analysis.findings, &analysis.sources, |finding| finding.place.path.to_string());
    assert_eq!(before, after[..3]);
    assert_eq!(after[3].to_string(), after[2].to_string().replace(":1", ":2"), "the second of its kind");
}

#[test]
fn rdjson_counts_bytes_and_suggests_the_fix() {
    let report = parsed(OutputFormat::Rdjson);
    let wide = &report["diagnostics"][0];
    // Two characters of three bytes and one of two stand before the call.
    assert_eq!(wide["location"]["range"]["start"], json!({ "line": 1, "column": 16 }));
    assert_eq!(wide["location"]["range"]["end"], json!({ "line": 1, "column": 32 }));
    let main = &report["diagnostics"][2];
    assert_eq!(main["severity"], "ERROR");
    assert_eq!(main["code"]["value"], "LC101");
    let at = json!({ "line": 4, "column": 19 });
    assert_eq!(main["suggestions"], json!([{ "range": { "start": at, "end": at }, "text": ", loop=x" }]));
    assert_eq!(main["relatedLocations"][1]["location"]["path"], "uv.lock");
}

#[test]
fn sarif_says_all_there_is() {
    let log = parsed(OutputFormat::Sarif);
    let run = &log["runs"][0];
    assert_eq!((&log["version"], &run["columnKind"]), (&json!("2.1.0"), &json!("unicodeCodePoints")));
    let results = run["results"].as_array().expect("results");
    let codes: Vec<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(codes, ["LC104", "LC102", "LC103", "LC101"], "in the order of their places");
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().expect("the page").contains("## Why is this bad"));
        assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
    }
    let uri = |result: &Value| {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().map(str::to_owned)
    };
    assert_eq!(uri(&results[0]).as_deref(), Some("file:///C:/my%20app/100%25/serve.bat"));
    assert_eq!(uri(&results[1]).as_deref(), Some("app/gr%C3%B6%C3%9Fe.py"));
    assert_eq!(uri(&results[2]).as_deref(), Some("bad%1B%5B31m.py"));
    assert_eq!(
        results[0]["suppressions"],
        json!([{ "kind": "inSource", "status": "accepted", "justification": "never without" }])
    );
    assert_eq!(results[1].get("suppressions"), None);
    let main = &results[3];
    assert_eq!(main["level"], "error");
    assert_eq!(
        main["locations"][0]["physicalLocation"]["region"],
        json!({ "startLine": 4, "startColumn": 2, "endLine": 4, "endColumn": 19 })
    );
    assert_eq!(main["relatedLocations"][1]["physicalLocation"]["region"], json!({ "startLine": 212 }));
    let replacement = &main["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], ", loop=x");
    assert_eq!(replacement["deletedRegion"]["startColumn"], 19);
}

fn parsed(format: OutputFormat) -> Value {
    serde_json::from_str(&shown(format)).expect("JSON")
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
fn no_format_lets_a_control_character_through() {
    use clap::ValueEnum;
    for format in OutputFormat::value_variants() {
        let text = shown(*format);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format:?}:\n{text}");
    }
}

#[test]
fn no_format_lets_text_be_reordered() {
    use clap::ValueEnum;
    let mut analysis = example();
    for finding in &mut analysis.findings {
        finding.message = "user\u{202e}nimda\u{2066}\u{2028}\u{9b}2J\x7f".into();
        finding.place.path = "a\u{202e}yp.py".into();
    }
    for format in OutputFormat::value_variants() {
        let text = render(&everything(&analysis), *format, Paint::PLAIN);
        assert!(!text.contains(visible::acts_on_terminals), "{format:?}:\n{text}");
    }
    let text = render(&everything(&analysis), OutputFormat::Json, Paint::PLAIN);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["findings"][0]["path"], "a\u{202e}yp.py", "what is escaped is not lost");
}

#[test]
fn colour_is_only_added() {
    let analysis = example();
    let report = everything(&analysis);
    for format in [OutputFormat::Full, OutputFormat::Concise, OutputFormat::Grouped] {
        let painted = render(&report, format, Paint { colour: true, links: false });
        assert!(painted.contains('\x1b'));
        let stripped = anstream::adapter::strip_str(&painted).to_string();
        assert_eq!(stripped, render(&report, format, Paint::PLAIN), "{format:?}");
    }
}

#[test]
fn codes_lead_to_their_pages_on_a_terminal_that_knows_links() {
    let analysis = example();
    let report = everything(&analysis);
    for format in [OutputFormat::Full, OutputFormat::Concise, OutputFormat::Grouped] {
        let painted = render(&report, format, Paint { colour: true, links: true });
        let link = format!("\x1b]8;;{}\x1b\\", crate::knowledge::pages::url("LC101"));
        assert_eq!(painted.matches(&link).count(), 1, "{format:?}");
        assert_eq!(painted.matches("\x1b]8;;\x1b\\").count(), 3, "{format:?}: every link ends");
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
