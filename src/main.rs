fn main() -> std::process::ExitCode {
    loopcheck::cli::main(std::env::args_os())
}
