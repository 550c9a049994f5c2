//! Which files outside Python may start programs, by their names.

use std::path::Path;

/// The folder of VS Code.
pub(super) const VS_CODE: &str = ".vscode";

/// How a file says what is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LauncherKind {
    Batch,
    PowerShell,
    /// `web.config` of IIS, services of WinSW, tasks of the Windows task scheduler.
    Xml,
    Dockerfile,
    Procfile,
    Compose,
    /// A workflow of GitHub.
    Workflow,
    /// `launch.json`
    VsCode,
    /// The task tables of `pyproject.toml`.
    Pyproject,
}

impl LauncherKind {
    pub fn of(path: &Path) -> Option<LauncherKind> {
        let name = path.file_name()?.to_str()?;
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let within = |folders: &[&str]| {
            let mut above = path.ancestors().skip(1);
            folders.iter().all(|folder| above.next().is_some_and(|dir| dir.ends_with(folder)))
        };
        let is = |text: &str, other: &str| text.eq_ignore_ascii_case(other);
        Some(match extension {
            _ if is(extension, "bat") || is(extension, "cmd") => LauncherKind::Batch,
            _ if is(extension, "ps1") => LauncherKind::PowerShell,
            _ if is(name, "web.config") || is(extension, "xml") => LauncherKind::Xml,
            "dockerignore" => return None,
            _ if is(extension, "dockerfile") || is(stem, "dockerfile") || is(name, "dockerfile") => {
                LauncherKind::Dockerfile
            }
            _ if is(name, "containerfile") => LauncherKind::Dockerfile,
            _ if name == "Procfile" || stem == "Procfile" => LauncherKind::Procfile,
            "yml" | "yaml" if within(&["workflows", ".github"]) => LauncherKind::Workflow,
            "yml" | "yaml" if stem.contains("compose") => LauncherKind::Compose,
            "json" if name == "launch.json" && within(&[VS_CODE]) => LauncherKind::VsCode,
            "toml" if name == "pyproject.toml" => LauncherKind::Pyproject,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("start.BAT", Some(LauncherKind::Batch)),
            ("web.config", Some(LauncherKind::Xml)),
            ("Web.config", Some(LauncherKind::Xml)),
            ("Dockerfile", Some(LauncherKind::Dockerfile)),
            ("Dockerfile.prod", Some(LauncherKind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("api.Dockerfile", Some(LauncherKind::Dockerfile)),
            ("docker-compose.dev.yml", Some(LauncherKind::Compose)),
            ("compose.yaml", Some(LauncherKind::Compose)),
            ("r/.github/workflows/ci.yml", Some(LauncherKind::Workflow)),
            ("r/.github/dependabot.yml", None),
            (".vscode/launch.json", Some(LauncherKind::VsCode)),
            ("launch.json", None),
            ("Procfile.dev", Some(LauncherKind::Procfile)),
            ("main.py", None),
            ("app.config", None),
        ];
        for (name, kind) in cases {
            assert_eq!(LauncherKind::of(Path::new(name)), kind, "{name}");
        }
    }
}
