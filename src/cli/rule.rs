//! `loopcheck rule`: the page of a rule.

use crate::cli::Exit;
use crate::cli::args::{Form, Rule};
use crate::cli::output::Output;
use crate::error::Error;
use crate::knowledge::pages;
use crate::report::rule;
use crate::settings::selection;

pub fn run(args: &Rule, output: &Output) -> Result<Exit, Error> {
    let text = match (&args.rule, args.output_format) {
        (Some(name), form) => {
            let page = pages::find(name).ok_or_else(|| selection::unknown_rule(name))?;
            match form {
                Form::Text => rule::render(page),
                Form::Json => rule::render_json(page),
            }
        }
        (None, Form::Text) => rule::render_all(pages::rules()),
        (None, Form::Json) => rule::render_all_json(pages::rules()),
    };
    output.write(&text)?;
    Ok(Exit::Clean)
}
