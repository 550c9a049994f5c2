//! Prints what loopcheck says of the bundled sample project, and the diff that cures it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nicegui-windows-server");
    let run = |arguments: &[&str]| loopcheck::cli::main(arguments.iter().map(Into::into));
    run(&["loopcheck", sample]);
    println!();
    run(&["loopcheck", sample, "--diff"]);
    ExitCode::SUCCESS
}
