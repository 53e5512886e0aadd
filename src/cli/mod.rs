//! The operator's command line. One file per command; [`run`] is the edge where errors become words and exit codes.

mod account;
mod check;
mod completions;
mod dev;
mod events;
mod export;
mod export_filter;
mod export_source;
mod item;
mod output;
mod progress;
mod pull;
mod quarantine;
mod report;
mod serving;
mod simulate;
mod table;
mod threads;
mod token;
mod webhook;
mod when;
mod workplace;

use std::{
    env::{self, VarError},
    process::ExitCode,
};

use anyhow::bail;
use clap::{Parser, Subcommand};

use self::output::{Unwritable, note};

/// The callback token for commands that send or receive callbacks. A secret, so it has no option.
const CALLBACK_TOKEN_VARIABLE: &str = "KAIZALA_CALLBACK_TOKEN";

/// Looks after a deployment of kaizala-webhook: tokens, subscriptions, backfill, what is in the table, a local run, a smoke
/// test, and a Kaizala to test against.
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
    Webhook(webhook::Webhook),
    Pull(Box<pull::Pull>),
    Events(events::Events),
    Quarantine(quarantine::Quarantine),
    Completions(completions::Completions),
    Export(Box<export::Export>),
    Report(Box<report::Report>),
}

/// Runs the command that the arguments name. Exit code 0: done; 1: failed; 2: wrong usage.
pub fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Dev(dev) => dev.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Check(check) => check.run(),
        Command::Token(token) => token.run(),
        Command::Webhook(webhook) => webhook.run(),
        Command::Pull(pull) => pull.run(),
        Command::Events(events) => events.run(),
        Command::Quarantine(quarantine) => quarantine.run(),
        Command::Completions(completions) => completions.run(),
        Command::Export(export) => export.run(),
        Command::Report(report) => report.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough, as `head` does.
        Err(error) if error.downcast_ref().is_some_and(Unwritable::is_unread) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("error: {error:#}"));
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
