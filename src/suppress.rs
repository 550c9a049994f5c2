//! Suppression comments: `# loopcheck: ignore[LC102] reason` and `# loopcheck: file-ignore[LC1]`.

use crate::analysis::Workspace;
use crate::finding::Finding;

/// Whether a comment on the line of the finding, alone on the line above it, or for the whole file, silences it.
pub fn is_suppressed(workspace: &Workspace, finding: &Finding) -> bool {
    let Some(module) = workspace.modules.iter().find(|module| module.shown == finding.place.path) else {
        return false;
    };
    let text = &module.source().text;
    let lines: Vec<&str> = text.lines().collect();
    let line = finding.place.start.line as usize;
    let on_line = lines.get(line.wrapping_sub(1)).is_some_and(|line| silences(line, "ignore[", finding));
    let above = line >= 2
        && lines.get(line - 2).is_some_and(|line| is_comment(line) && silences(line, "ignore[", finding));
    on_line || above || lines.iter().any(|line| silences(line, "file-ignore[", finding))
}

/// A line that is a comment in Python, YAML and shells, in batch files, XML or JSON.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches('@').to_ascii_lowercase();
    ["#", "::", "rem ", "<!--", "//"].iter().any(|start| line.starts_with(start))
}

fn silences(line: &str, keyword: &str, finding: &Finding) -> bool {
    let Some((_, comment)) = line.split_once("# loopcheck:") else { return false };
    let Some(list) = comment.trim_start().strip_prefix(keyword) else { return false };
    let Some((codes, _)) = list.split_once(']') else { return false };
    codes
        .split(',')
        .map(str::trim)
        .any(|code| !code.is_empty() && (finding.code.starts_with(code) || finding.name == code))
}
