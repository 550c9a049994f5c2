//! Formats that are shell text as they stand: batch files, PowerShell, Procfiles.

use super::text::Mapped;
use super::{Code, Dialect, Environment, File, Place, Script};

/// The whole file is a script, which people start from its own folder.
pub fn whole(file: &File<'_>, dialect: Dialect, place: Place) -> Vec<Script> {
    let text = Mapped::exact(file.text, 0..file.text.len());
    vec![Script {
        code: Code::Shell(text, dialect),
        folders: file.folders.clone(),
        environment: Environment::new(),
        place,
    }]
}

/// `web: uvicorn main:app`
pub fn procfile(file: &File<'_>) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((name, command)) = line.split_once(':') else { continue };
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            continue;
        }
        let from = start + line.len() - command.len();
        scripts.push(Script {
            code: Code::Shell(Mapped::exact(file.text, from..at), Dialect::Posix),
            folders: file.folders.clone(),
            environment: Environment::new(),
            place: Place::linux("a Procfile is run by hosts on Linux"),
        });
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{shown, spans};

    #[test]
    fn procfiles() {
        let text = "# comment: x\nrelease: python manage.py migrate\nweb: uvicorn main:app --port=$PORT\n";
        assert_eq!(shown("Procfile", text), ["python manage.py migrate", "uvicorn main:app ‹--port=$PORT›"]);
        assert_eq!(spans("Procfile", text)[1], "uvicorn main:app --port=$PORT");
    }
}
