//! `loopcheck explain`: what a paper run did, step by step.

use std::path::{Path, PathBuf};

use crate::analysis;
use crate::cli::args::{Explain, Form, Project};
use crate::cli::output::Output;
use crate::cli::{Exit, project};
use crate::error::Error;
use crate::files;
use crate::report::{explain, visible};
use crate::settings::layer::Layer;

pub fn run(args: &Explain, output: &Output) -> Result<Exit, Error> {
    let cwd = std::env::current_dir()
        .map_err(|error| Error::new("there is no working directory").at(error.to_string()))?;
    let (file, line) = place(&args.place, &cwd)?;
    // The whole project is run, so that what is explained is what `entries` lists.
    let path = cwd.join(&file);
    let root = root(path.parent().unwrap_or(&cwd), &cwd);
    let project =
        Project { paths: vec![file.clone(), root], stdin_filename: None, options: args.options.clone() };
    let mut settings = project::settings(&project, Layer::new(), output)?;
    // A baseline knows findings, and none are asked for.
    settings.baseline = None;
    let explanation = analysis::explain(&settings, &file, line)?;
    let text = match args.output_format {
        Form::Text => explain::render(&explanation, output.verbose, output.paint),
        Form::Json => explain::render_json(&explanation, output.verbose),
    };
    output.write(&text)?;
    let failures = explanation.workspace.failures();
    for failure in &failures {
        output.error(format!("{}: {}", visible::line(&failure.path), visible::line(&failure.message)));
    }
    Ok(if failures.is_empty() { Exit::Clean } else { Exit::Failed })
}

/// The nearest project root; where nothing marks one, the working directory if the file is below it.
fn root(folder: &Path, cwd: &Path) -> PathBuf {
    let root = files::project_root(folder);
    if !files::has_marker(&root) && root.starts_with(cwd) { cwd.to_path_buf() } else { root }
}

/// `main.py`, `main.py:14`, also `main.py:14:5` as other reports write it.
fn place(text: &str, cwd: &Path) -> Result<(PathBuf, Option<u32>), Error> {
    let is_file = |text: &str| cwd.join(text).is_file();
    let mut rest = text;
    let mut numbers: Vec<u32> = Vec::new();
    while !is_file(rest) && numbers.len() < 2 {
        let Some((head, Ok(number))) = rest.rsplit_once(':').map(|(head, tail)| (head, tail.parse())) else {
            break;
        };
        numbers.push(number);
        rest = head;
    }
    if cwd.join(rest).is_dir() {
        return Err(Error::new(format!("{rest} is a folder"))
            .help("name a file; `loopcheck entries` lists the entry points of a folder"));
    }
    if !is_file(rest) {
        return Err(Error::new(format!("there is no file {rest}"))
            .help("write FILE or FILE:LINE, such as main.py:14"));
    }
    Ok((PathBuf::from(rest), numbers.last().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_and_perhaps_a_line() {
        let cwd = Path::new(env!("CARGO_MANIFEST_DIR"));
        let of =
            |text: &str| place(text, cwd).map(|(file, line)| (file.to_string_lossy().into_owned(), line));
        assert_eq!(of("src/lib.rs"), Ok(("src/lib.rs".into(), None)));
        assert_eq!(of("src/lib.rs:3"), Ok(("src/lib.rs".into(), Some(3))));
        assert_eq!(of("src/lib.rs:3:9"), Ok(("src/lib.rs".into(), Some(3))));
        assert!(of("src/lib.rs:x").is_err());
        assert!(of("src").is_err_and(|error| error.what.contains("folder")));
    }
}
