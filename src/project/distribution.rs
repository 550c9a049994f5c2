//! Is a project published, so that programs nobody sees here import it?

use std::path::Path;

use super::launchers::{LIMIT, console_scripts, load, tree};

/// Whether the metadata describes a library: it is built, it carries classifiers for an index, and it
/// installs no program. An application that is built to be deployed has no use for classifiers.
pub fn is_library(root: &Path) -> bool {
    let read = |name: &str| load(&root.join(name), LIMIT);
    let pyproject = read("pyproject.toml").map(|text| tree::toml(&text));
    let setup = read("setup.py");
    let is_built = setup.is_some()
        || pyproject
            .as_ref()
            .is_some_and(|tree| tree.get("build-system").is_some() || tree.at(&["tool", "poetry"]).is_some());
    let mut classifiers: Vec<String> = Vec::new();
    for keys in [["project"].as_slice(), &["tool", "poetry"]] {
        let listed = pyproject.as_ref().and_then(|tree| tree.at(keys)?.get("classifiers"));
        classifiers.extend(
            listed.into_iter().flat_map(|node| node.texts()).map(|classifier| classifier.to_string()),
        );
    }
    for text in [setup, read("setup.cfg")].into_iter().flatten() {
        let code = text.lines().map(|line| line.split('#').next().unwrap_or(line));
        classifiers.extend(code.filter(|line| line.contains(" :: ")).map(str::to_string));
    }
    // `Private :: Do Not Upload` keeps an index from taking it.
    let is_private = classifiers.iter().any(|classifier| classifier.contains("Private ::"));
    is_built && !classifiers.is_empty() && !is_private && console_scripts(root).is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::dependencies::testing::project;
    use super::is_library;

    const LIBRARY: &str = "[build-system]\nrequires = []\n[project]\nname = \"a\"\nclassifiers = [\"Topic :: Software Development :: Libraries\"]\n";

    #[test]
    fn what_is_a_library() {
        let of = |files: &[(&str, &str)]| is_library(project(files).path());
        assert!(of(&[("pyproject.toml", LIBRARY)]));
        assert!(of(&[("setup.py", "setup(name='a', classifiers=['License :: OSI Approved'])\n")]));
        assert!(of(&[
            ("setup.py", "setup()\n"),
            ("setup.cfg", "[metadata]\nclassifiers =\n    Topic :: Internet\n")
        ]));
        assert!(!of(&[("main.py", "")]));
        assert!(!of(&[("setup.py", "setup(name='a')  # Topic :: None\n")]));
        assert!(!of(&[("pyproject.toml", &LIBRARY.replace("[build-system]\nrequires = []\n", ""))]));
        assert!(!of(&[("pyproject.toml", &format!("{LIBRARY}[project.scripts]\na = \"a:main\"\n"))]));
        assert!(!of(&[("pyproject.toml", &LIBRARY.replace("Topic :: Software Development", "Private"))]));
    }
}
