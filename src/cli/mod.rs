//! The operator's command line. One file per command; [`run`] is the edge where errors become words and exit codes.

mod dev;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The callback token for commands that send or receive callbacks. A secret, so it has no option.
const CALLBACK_TOKEN_VARIABLE: &str = "KAIZALA_CALLBACK_TOKEN";

/// Looks after a deployment of kaizala-webhook: tokens, and a local run.
#[derive(Parser)]
#[command(name = "kaizala", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Token(token::Token),
}

/// Runs the command that the arguments name. Exit code 0: done; 1: failed; 2: wrong usage.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(dev) => dev.run(),
        Command::Token(token) => token.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
