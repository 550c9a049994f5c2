//! What a package installs beside the program: completions for shells, and the manual page.

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::Exit;
use crate::cli::args::Args;
use crate::cli::output::Output;
use crate::error::Error;

pub fn completions(shell: Shell, output: &Output) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "loopcheck", &mut script);
    output.write_bytes(&script)?;
    Ok(Exit::Clean)
}

const EXIT_STATUS: &str = ".SH \"EXIT STATUS\"
.TP
0
There is nothing to report, or everything was fixed.
.TP
1
There are findings at or above the severity of --fail-on.
.TP
2
loopcheck itself failed: bad arguments, bad configuration, a file that could not be read or written.
";

/// One page: the program, then each command with its options.
pub fn manual(output: &Output) -> Result<Exit, Error> {
    let failed = |error: std::io::Error| Error::new("cannot make the manual page").at(error.to_string());
    let mut command = Args::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for command in command.get_subcommands().filter(|command| is_described(command)) {
        let part = clap_mangen::Man::new(command.clone());
        page.extend_from_slice(
            format!(".SH \"LOOPCHECK {}\"\n", command.get_name().to_uppercase()).as_bytes(),
        );
        part.render_description_section(&mut page).map_err(failed)?;
        part.render_synopsis_section(&mut page).map_err(failed)?;
        part.render_options_section(&mut page).map_err(failed)?;
    }
    page.extend_from_slice(EXIT_STATUS.as_bytes());
    // Within the part of a command, its sections are one level down.
    let text = String::from_utf8_lossy(&page);
    let mut within = false;
    let lines = text.lines().map(|line| {
        match line.strip_prefix(".SH ") {
            Some(title) if title.starts_with('"') => within = true,
            Some(title) if within => return format!(".SS {title}\n"),
            _ => {}
        }
        format!("{line}\n")
    });
    output.write(&lines.collect::<String>())?;
    Ok(Exit::Clean)
}

fn is_described(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}
