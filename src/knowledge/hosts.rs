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

    /// Whether the name alone may make a file one of these.
    pub fn is_file(&self, name: &str) -> bool {
        self.rows.iter().any(|host| host.file == name)
    }

    /// The program that runs a file of this name and text.
    pub fn of(&self, file: &str, text: &str) -> Option<&Host> {
        let imports = |line: &str, package: &str| {
            let name = line.strip_prefix("from ").or_else(|| line.strip_prefix("import "))?;
            let rest = name.trim_start().strip_prefix(package)?;
            Some(!rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        };
        self.rows
            .iter()
            .filter(|host| host.file == file)
            .find(|host| text.lines().any(|line| imports(line.trim_start(), &host.imports) == Some(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_and_what_it_imports() {
        let hosts = Hosts::bundled();
        let program = |file, text| hosts.of(file, text).map(|host| host.program.as_str());
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
