//! Files that choose one Python: `.python-version`, `runtime.txt`, `.tool-versions`.

use std::path::Path;

use super::{Collected, Origin, PythonHint, Strength, text};
use crate::project::python_versions::minor_of;

/// Reads them in the order in which they count.
pub fn read_all(root: &Path, collected: &mut Collected) {
    for name in [".python-version", "runtime.txt", ".tool-versions"] {
        let path = root.join(name);
        let Some(text) = text::read(&path, &mut collected.problems) else { continue };
        for (line, number) in text.lines().zip(1..) {
            let line = line.split('#').next().unwrap_or("").trim();
            // In .tool-versions other tools stand beside Python.
            let version = match name {
                ".tool-versions" => {
                    line.strip_prefix("python ").unwrap_or("").split(' ').next().unwrap_or("")
                }
                _ => line,
            };
            if let Some(minor) = minor_of(version) {
                let origin = Origin { path: path.clone(), line: number, text: line.to_string() };
                collected.python(PythonHint { strength: Strength::Installs(minor), origin });
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::dependencies;

    #[test]
    fn the_first_version_counts() {
        let pyenv = dependencies(&[(".python-version", "# local\n3.11.9\n3.10\n")]);
        assert_eq!((pyenv.python.verdict, pyenv.python.origin.unwrap().line), ((3, 11), 2));
        assert_eq!(dependencies(&[("runtime.txt", "python-3.12.1\n")]).python.verdict, (3, 12));
        assert_eq!(
            dependencies(&[(".tool-versions", "nodejs 20.1\npython 3.13.0 3.12\n")]).python.verdict,
            (3, 13)
        );
        assert!(!dependencies(&[(".python-version", "my-env\n")]).python.declared);
    }
}
