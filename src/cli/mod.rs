//! The operator's command line. One file per command; [`run`] is the edge where errors become words and exit codes.

mod check;
mod dev;
mod export;
mod export_source;
mod serving;
mod simulate;
mod simulate_api;
mod simulate_deliver;
mod simulate_export;
mod table;
mod token;

use std::{
    env::{self, VarError},
    process::ExitCode,
};

use anyhow::bail;
use clap::{Parser, Subcommand};

/// The callback token for commands that send or receive callbacks. A secret, so it has no option.
const CALLBACK_TOKEN_VARIABLE: &str = "KAIZALA_CALLBACK_TOKEN";

/// Looks after a deployment of kaizala-webhook: tokens, a local run, a smoke test, and a Kaizala to test against.
#[derive(Parser)]
#[command(name = "kaizala", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Simulate(simulate::Simulate),
    Check(check::Check),
    Token(token::Token),
    Export(Box<export::Export>),
}

/// Runs the command that the arguments name. Exit code 0: done; 1: failed; 2: wrong usage.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(dev) => dev.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Check(check) => check.run(),
        Command::Token(token) => token.run(),
        Command::Export(export) => export.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The callback token from the environment; none when it is not set.
fn callback_token_if_set() -> anyhow::Result<Option<String>> {
    match env::var(CALLBACK_TOKEN_VARIABLE) {
        Ok(token) if token.is_empty() => bail!("{CALLBACK_TOKEN_VARIABLE} is empty: set it to a token, or unset it"),
        Ok(token) => Ok(Some(token)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{CALLBACK_TOKEN_VARIABLE} is not Unicode"),
    }
}

/// The callback token from the environment.
fn callback_token() -> anyhow::Result<String> {
    match callback_token_if_set()? {
        Some(token) => Ok(token),
        None => bail!("{CALLBACK_TOKEN_VARIABLE} is not set: set it to the callback token that the receiver accepts"),
    }
}
