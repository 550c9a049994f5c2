//! `--fix` that cannot write, or is killed while it writes: every file is the old one or the new one.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FILES: usize = 4;

const OLD: &str =
    "import asyncio\n\n\nasync def main():\n    await asyncio.sleep(1)\n\n\nasyncio.run(main())\n";

const NEW: &str = "import asyncio\nimport sys\n\nif sys.platform == \"win32\":\n    \
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())\n\n\n\
    async def main():\n    await asyncio.sleep(1)\n\n\nasyncio.run(main())\n";

/// Programs of which each has something to fix, and is longer than one block.
fn project() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let ballast = "# ballast\n".repeat(500);
    for number in 0..FILES {
        fs::write(dir.path().join(format!("main{number}.py")), format!("{OLD}{ballast}")).unwrap();
    }
    (dir, ballast)
}

fn fix(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loopcheck"));
    command.args(["--fix", "--isolated", "."]).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// How many files are new; none is anything but the old or the new one.
fn whole(dir: &Path, ballast: &str) -> usize {
    let mut new = 0;
    for number in 0..FILES {
        let text = fs::read_to_string(dir.join(format!("main{number}.py"))).unwrap();
        let text = text.strip_suffix(ballast).unwrap_or_else(|| panic!("main{number}.py is cut off"));
        assert!([OLD, NEW].contains(&text), "main{number}.py is neither old nor new:\n{text}");
        new += usize::from(text == NEW);
    }
    new
}

#[test]
fn a_fix_that_is_killed_leaves_whole_files() {
    let (dir, ballast) = project();
    let started = std::time::Instant::now();
    assert!(fix(dir.path()).status().unwrap().code().is_some());
    let takes = started.elapsed();
    assert_eq!(whole(dir.path(), &ballast), FILES, "without a kill everything is fixed");

    // Writing comes last; from half of the time on, the moments are close together.
    const ROUNDS: u32 = 16;
    for round in 0..ROUNDS {
        let (dir, ballast) = project();
        let mut child = fix(dir.path()).spawn().unwrap();
        let share = takes / 2 + takes * round / (ROUNDS * 3 / 2);
        std::thread::sleep(share.max(Duration::from_millis(1)));
        child.kill().unwrap();
        child.wait().unwrap();
        whole(dir.path(), &ballast);
    }
}

#[test]
fn a_disk_without_room_leaves_old_files() {
    let (dir, ballast) = project();
    // No file may grow beyond nothing: what a full disk says to the first write.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" --fix --isolated .";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_loopcheck")])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let of_first = said.lines().find(|line| line.contains("not written")).unwrap();
    assert_eq!(of_first.matches(".py").count(), 1, "the file is named once: {said}");
    assert!(said.contains("the file is unchanged"), "{said}");
    assert_eq!(whole(dir.path(), &ballast), 0);
    let beside: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), FILES, "nothing is left beside the files: {beside:?}");
}
