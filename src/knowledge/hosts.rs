//! Files that a program runs because of their name, `rules/hosts.toml`.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    #[serde(rename = "host")]
    rows: Vec<Host>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The program, as people type it.
    pub program: String,
    file: String,
    imports: String,
    /// The name under which the program loads the file.
    pub module: String,
    pub evidence: String,
}

impl Hosts {
    pub fn bundled() -> Hosts {
        // A test parses the bundled table; without it a host's file is a script like any other.
        toml::from_str(include_str!("../../rules/hosts.toml")).unwrap_or_default()
    }

    /// The program that runs a file of this name and text; the text of a file of another name is not
    /// asked for.
    pub fn of<'t>(&self, file: &str, text: impl Fn() -> &'t str) -> Option<&Host> {
        let mut named = self.rows.iter().filter(|host| host.file == file);
        named.find(|host| text().lines().any(|line| imports(line, &host.imports)))
    }
}

/// Whether a line begins to import a package, or something of it.
fn imports(line: &str, package: &str) -> bool {
    let mut words = line.split_whitespace();
    matches!(words.next(), Some("import" | "from"))
        && words.next().is_some_and(|name| name.split(['.', ',', ';']).next() == Some(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_and_what_it_imports() {
        let hosts = Hosts::bundled();
        let program = |file, text| hosts.of(file, || text).map(|host| host.program.as_str());
        assert_eq!(program("env.py", "import asyncio\nfrom alembic import context\n"), Some("alembic"));
        assert_eq!(
            program("env.py", "try:\n    import alembic.context\nexcept ImportError: ...\n"),
            Some("alembic")
        );
        assert_eq!(program("env.py", "import alembic_utils\n"), None);
        assert_eq!(program("main.py", "from alembic import context\n"), None);
        assert!(hosts.rows.iter().all(|host| !host.evidence.is_empty() && !host.module.is_empty()));
    }
}
