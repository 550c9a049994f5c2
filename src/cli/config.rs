//! `loopcheck config`: what can be set, and `loopcheck schema`: the same for editors.

use crate::cli::Exit;
use crate::cli::args::{Config, Form};
use crate::cli::output::Output;
use crate::error::Error;
use crate::report;
use crate::settings::keys::{KEYS, Key};
use crate::settings::layer::unknown_key;
use crate::settings::schema;

pub fn run(args: &Config, output: &Output) -> Result<Exit, Error> {
    let keys: Vec<&Key> = match &args.key {
        None => KEYS.iter().collect(),
        Some(name) => {
            // ruff's users write the whole path.
            let short = name.strip_prefix("tool.loopcheck.").unwrap_or(name);
            let known = KEYS.iter().find(|key| key.name == short);
            vec![known.ok_or_else(|| unknown_key(short))?]
        }
    };
    let text = match (args.output_format, &args.key) {
        (Form::Json, _) => report::keys::render_json(&keys),
        (Form::Text, None) => report::keys::render_list(&keys),
        (Form::Text, Some(_)) => keys.iter().map(|key| report::keys::render(key)).collect(),
    };
    output.write(&text)?;
    Ok(Exit::Clean)
}

pub fn schema(output: &Output) -> Result<Exit, Error> {
    output.write(&report::keys::render_schema(&schema::schema()))?;
    Ok(Exit::Clean)
}
