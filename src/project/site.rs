//! What Python imports before the program: `sitecustomize`, from the folders of `PYTHONPATH`.
//!
//! The folder of the script, and the working directory of `-m`, are no place for it: they are put on
//! `sys.path` after it was looked for (CPython 3.12 Lib/site.py:591, main in `site`).

use std::path::{Path, PathBuf};

use crate::entry::Launch;
use crate::interpret::trace::Root;
use crate::project::Project;

impl Project {
    /// The `sitecustomize.py` that a program starts with, when what starts it says so: the command
    /// line, or the line in its own text that tells people how to start it. What another program runs
    /// because of its name, and a function that no run reaches, have no line of their own: they start as
    /// the project starts the rest of the folder.
    pub fn sitecustomize(&self, root: &Root) -> Option<usize> {
        let module = &self.modules[root.module];
        let folders = match &module.command {
            Some(command) => command.python_path.clone(),
            None if module.host().is_some() || root.launch == Launch::Function => {
                self.modules.python_paths_around(&module.path)
            }
            None => documented(&module.path, &module.source().text, &self.root),
        };
        folders.iter().find_map(|folder| self.modules.at(&folder.join("sitecustomize.py")))
    }
}

/// What `PYTHONPATH=. python tool.py` in the text of `tool.py` may mean: the folders it names, seen
/// from each folder between the file and the root of its project.
fn documented(path: &Path, text: &str, root: &Path) -> Vec<PathBuf> {
    let (Some(name), Some(folder)) = (path.file_name().and_then(|name| name.to_str()), path.parent()) else {
        return Vec::new();
    };
    let lines = text.lines().filter(|line| line.contains(name));
    let values = lines.filter_map(|line| line.split_once("PYTHONPATH=")?.1.split_whitespace().next());
    let values: Vec<&str> = values.flat_map(|value| value.split([':', ';'])).collect();
    let around = folder.ancestors().take_while(|folder| folder.starts_with(root));
    around.flat_map(|folder| values.iter().map(|value| folder.join(value))).map(clean).collect()
}

/// Without the parts that lead nowhere.
fn clean(path: PathBuf) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_the_file_says_how_it_is_started() {
        let told = |text| documented(Path::new("/p/backend/debug.py"), text, Path::new("/p"));
        assert_eq!(
            told("\"\"\"Run:\n    cd backend && PYTHONPATH=. uv run python debug.py\n\"\"\""),
            [Path::new("/p/backend"), Path::new("/p")]
        );
        assert!(told("# PYTHONPATH=. python other.py").is_empty());
        assert!(told("os.environ['PYTHONPATH'] = 'debug.py'").is_empty());
    }
}
