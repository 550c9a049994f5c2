//! What a package installs beside the program: completions for shells, and the manual page.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Exit;
use crate::cli::args::Args;
use crate::cli::output::Output;
use crate::error::Error;

pub fn completions(shell: Shell, output: &Output) -> Result<Exit, Error> {
    let mut command = Args::command();
    // Without a command loopcheck checks, so the options of `check` may follow at once.
    let check = command.find_subcommand("check").cloned();
    let options = check.iter().flat_map(Command::get_arguments).filter(|option| !option.is_positional());
    command = command.args(options.cloned().collect::<Vec<_>>());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "loopcheck", &mut script);
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
    let page = page().map_err(|error| Error::new("cannot make the manual page").at(error.to_string()))?;
    output.write_bytes(&page)?;
    Ok(Exit::Clean)
}

fn page() -> io::Result<Vec<u8>> {
    let mut program = Args::command();
    program.build();
    let man = Man::new(program.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    for command in program.get_subcommands().filter(|command| is_described(command)) {
        let man = Man::new(command.clone());
        let mut part = Vec::new();
        man.render_description_section(&mut part)?;
        man.render_synopsis_section(&mut part)?;
        man.render_options_section(&mut part)?;
        writeln!(page, ".SH \"LOOPCHECK {}\"", command.get_name().to_uppercase())?;
        // Within the part of a command, its sections are one level down.
        page.extend(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").into_bytes());
    }
    page.extend_from_slice(EXIT_STATUS.as_bytes());
    Ok(page)
}

fn is_described(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}
