//! `loopcheck entries`: every entry point and its loop.

use crate::analysis;
use crate::cli::args::{Entries, Form};
use crate::cli::output::Output;
use crate::cli::{Exit, project};
use crate::error::Error;
use crate::report::{entries, evidence, visible};
use crate::settings::layer::Layer;

pub fn run(args: &Entries, output: &Output) -> Result<Exit, Error> {
    let mut settings = project::settings(&args.project, Layer::new(), output)?;
    // A baseline knows findings, and none are asked for.
    settings.baseline = None;
    let analysis = analysis::survey(&settings)?;
    let text = match args.output_format {
        Form::Text if output.verbose => {
            let table = entries::render(&analysis.entries, output.paint);
            format!("{table}\n{}", evidence::render(&analysis.deployed))
        }
        Form::Text => entries::render(&analysis.entries, output.paint),
        Form::Json => entries::render_json(&analysis.entries),
    };
    output.write(&text)?;
    for failure in &analysis.failures {
        output.error(format!("{}: {}", visible::line(&failure.path), visible::line(&failure.message)));
    }
    Ok(if analysis.failures.is_empty() { Exit::Clean } else { Exit::Failed })
}
