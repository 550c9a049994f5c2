//! Notebooks: linted by cell and line, in the loop of their kernel, and never written.

use serde_json::{Value, json};

use crate::project::{Files, Project};

/// A notebook of code cells below a title.
fn notebook(cells: &[&str]) -> Vec<u8> {
    let code = |source: &&str| {
        let lines: Vec<&str> = source.split_inclusive('\n').collect();
        json!({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": lines})
    };
    let mut all = vec![json!({"cell_type": "markdown", "metadata": {}, "source": "# Title"})];
    all.extend(cells.iter().map(code));
    let metadata = json!({"language_info": {"name": "python"}});
    json!({"cells": all, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).to_string().into_bytes()
}

fn project(cells: &[&str], requirements: &str) -> Project {
    let files = [("a.ipynb", notebook(cells)), ("requirements.txt", requirements.as_bytes().to_vec())];
    Project::new(&files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect::<Files>())
}

/// `cell 3:2 LC402` of each finding.
fn told(project: &Project) -> Vec<String> {
    let report = project.check(&[]).json().expect("a report");
    let findings = report["findings"].as_array().expect("findings").clone();
    let spot =
        |one: &Value| format!("cell {}:{} {}", one["cell"], one["line"], one["code"].as_str().unwrap_or(""));
    findings.iter().map(spot).collect()
}

fn windows(project: &Project) -> Vec<(u64, u64, String)> {
    let report = project.entries(&[]).json().expect("entries");
    let number = |one: &Value, key: &str| one[key].as_u64().expect("a number");
    let entries = report["entries"].as_array().expect("entries").iter();
    entries
        .map(|one| {
            (
                number(one, "cell"),
                number(one, "line"),
                one["loop"]["windows"].as_str().unwrap_or("").to_owned(),
            )
        })
        .collect()
}

const MAIN: &str = "import asyncio\n\n\nasync def main():\n    await asyncio.sleep(1)\n";

#[test]
fn the_first_await_shows_the_loop_of_the_kernel() {
    let cells =
        ["%pip install aiohttp\n!echo \"it's", MAIN, "%%bash\nwait(", "\nawait main()", "await main()"];
    let kernel = |requirements| windows(&project(&cells, requirements));
    assert_eq!(kernel(""), [(5, 2, "proactor".to_owned())]);
    assert_eq!(kernel("ipykernel==7.4.0\n"), [(5, 2, "proactor".to_owned())]);
    // Until 7.3 the kernel set the Selector policy.
    assert_eq!(kernel("ipykernel==7.3.0\n"), [(5, 2, "selector".to_owned())]);
    // It is nobody's choice, so there is nothing to say of it.
    assert_eq!(told(&project(&cells, "")), [] as [&str; 0]);
}

#[test]
fn what_fails_on_that_loop_is_told_by_cell_and_line_and_left_alone() {
    let cells = [
        "import asyncio\n",
        "loop = asyncio.get_running_loop()\nloop.add_reader(0, print)\nawait asyncio.sleep(1)",
    ];
    let notes = project(&cells, "");
    assert_eq!(told(&notes), ["cell 3:2 LC402"]);
    let concise = notes.run(&["check", "--min-severity", "info", "--output-format", "concise", "."]);
    assert!(concise.stdout.starts_with("a.ipynb:cell 3:2:1: LC402 "), "{}", concise.stdout);
    let github = notes.run(&["check", "--min-severity", "info", "--output-format", "github", "."]);
    assert!(github.stdout.contains("file=a.ipynb,line=1,"), "{}", github.stdout);
    assert!(github.stdout.contains("(cell 3, line 2)"), "{}", github.stdout);
    let full = notes.run(&["check", "--min-severity", "info", "."]);
    assert!(full.stdout.contains("--> a.ipynb:cell 3:2:1\n"), "{}", full.stdout);
    assert!(full.stdout.contains("2 | loop.add_reader(0, print)\n"), "{}", full.stdout);
    assert!(full.stdout.contains("run this in a thread with a loop of its own"), "{}", full.stdout);

    let subprocess = ["import asyncio\nawait asyncio.create_subprocess_exec('ls')"];
    assert_eq!(told(&project(&subprocess, "ipykernel<7\n")), ["cell 2:2 LC401"]);
    assert_eq!(told(&project(&subprocess, "ipykernel>=7.4\n")), [] as [&str; 0]);
}

#[test]
fn no_notebook_is_written() {
    let cells = [
        "import asyncio\nimport threading\n",
        "asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())",
        "threading.Thread(target=asyncio.run, args=(asyncio.sleep(1),)).start()",
    ];
    let project = project(&cells, "");
    assert_eq!(told(&project), ["cell 3:1 LC301"]);
    let before = project.files();
    let fixed = project.fix(&["--unsafe-fixes"]);
    assert_eq!(project.files(), before);
    let why = "not done by --fix: loopcheck does not write into notebooks\n";
    assert!(fixed.stdout.contains(why), "{}", fixed.stdout);
}

#[test]
fn comments_in_cells_silence() {
    let cells = [
        "import asyncio\n",
        "x = 1  # loopcheck: ignore[LC402]\nawait asyncio.sleep(1)",
        "asyncio.get_running_loop().add_reader(0, print)  # loopcheck: ignore[LC402] only on Linux",
    ];
    assert_eq!(told(&project(&cells, "")), ["cell 3:1 LC901"]);
}

#[test]
fn what_is_no_notebook_and_what_is_no_python_is_told() {
    let mut files = Files::new();
    files.insert("a.ipynb".to_owned(), b"{\n\"cells\": [asyncio.run".to_vec());
    files.insert("b.ipynb".to_owned(), notebook(&["x = 1", "import asyncio\nasyncio.run("]));
    let project = Project::new(&files);
    assert_eq!(told(&project), ["cell null:2 LC000", "cell 3:3 LC000"]);
    assert_eq!(project.check(&[]).status, 0);
}
