//! What speaks for and against a project being deployed on Windows, as a list with points.

use crate::analysis::Deployed;
use crate::project::evidence::Deployment;
use crate::report::visible;

/// A paragraph for each project, a line for each reason, the strongest first.
pub fn render(projects: &[Deployed]) -> String {
    let mut text = String::new();
    for project in projects {
        let root = visible::line(&project.root);
        let verdict = match project.verdict {
            Deployment::Windows => "deployed on Windows",
            Deployment::Unknown => "not known to be deployed on Windows",
            Deployment::Elsewhere => "deployed elsewhere only",
        };
        let by = if project.is_configured { ", as the setting `windows` says" } else { "" };
        text += &format!("{root}: {verdict}{by}\n");
        if project.reasons.is_empty() {
            text += "   0  no file speaks for it or against it\n";
        }
        for reason in &project.reasons {
            let place = format!("{}:{}", visible::line(&reason.place.path), reason.place.start.line);
            text += &format!("  {:+}  {place}  {}\n", reason.points, visible::line(&reason.message));
        }
    }
    text
}
