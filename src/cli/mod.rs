//! The operator's command line. One file per command; [`run`] is the edge where errors become words and exit codes.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod account;
mod check;
mod completions;
mod dev;
mod doctor;
mod events;
mod export;
mod export_filter;
mod export_source;
mod groups;
mod item;
mod output;
mod preview;
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
    fmt::{self, Display},
    process::ExitCode,
};

use anyhow::bail;
use clap::{
    ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use serde_json::json;

use self::output::{Unwritable, has_printed, note, say_json, shown_url};

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
    Doctor(Box<doctor::Doctor>),
    Token(token::Token),
    Webhook(webhook::Webhook),
    Pull(Box<pull::Pull>),
    Groups(groups::Groups),
    Events(events::Events),
    Quarantine(quarantine::Quarantine),
    Completions(completions::Completions),
    Export(Box<export::Export>),
    Report(Box<report::Report>),
}

/// Runs the command that the arguments name. Exit code 0: done; 1: failed; 2: wrong usage; 3: nothing failed, and something
/// is to be done, which only a check ends with.
pub fn run() -> ExitCode {
    let parsed = command(false)
        .try_get_matches()
        .or_else(|error| if error.use_stderr() { command(true).try_get_matches() } else { Err(error) });
    let matches = parsed.unwrap_or_else(|error| without_secrets(error).exit());
    let command = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.command,
        Err(error) => error.exit(),
    };
    let done = match command {
        Command::Dev(dev) => dev.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Check(check) => check.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Token(token) => token.run(),
        Command::Webhook(webhook) => webhook.run(),
        Command::Pull(pull) => pull.run(),
        Command::Groups(groups) => groups.run(),
        Command::Events(events) => events.run(),
        Command::Quarantine(quarantine) => quarantine.run(),
        Command::Completions(completions) => completions.run(),
        Command::Export(export) => export.run(),
        Command::Report(report) => report.run(),
    };
    done.map_or_else(|error| failed(&error, wants_json(&matches)), |()| ExitCode::SUCCESS)
}

/// The command line. Help names the variables that options are taken from, and does not print their values, which may be
/// secret. An option whose variable is set does not show as required; with `hides_set` it does not show at all, since clap puts
/// it among what the usage in an error asks for.
fn command(hides_set: bool) -> clap::Command {
    fn for_people(command: clap::Command, hides_set: bool) -> clap::Command {
        let command = command.mut_args(|argument| {
            let is_set = argument.get_env().is_some_and(|variable| env::var_os(variable).is_some());
            let argument = argument.hide_env_values(true);
            if is_set { argument.required(false).hide(hides_set) } else { argument }
        });
        command.mut_subcommands(|command| for_people(command, hides_set))
    }
    for_people(Cli::command(), hides_set)
}

/// Wrong usage, with a URL that is quoted reduced to what may be shown.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && value.contains("://")
    {
        let shown = shown_url(value);
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    }
    error
}

/// Whether the command that was named was asked for JSON.
fn wants_json(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, matches)) => wants_json(matches),
        None => matches.try_get_one("json").ok().flatten().is_some_and(|json| *json),
    }
}

fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    if error.downcast_ref().is_some_and(Unwritable::is_unread) {
        // Who reads the output has seen enough, as `head` does.
        return ExitCode::SUCCESS;
    }
    if let Some(SomethingToDo(what)) = error.downcast_ref() {
        note(what);
        return ExitCode::from(3);
    }
    let text = table::explained(error).unwrap_or_else(|| match account::advice(error) {
        Some(advice) => format!("{}: {advice}", in_words(error)),
        None => in_words(error),
    });
    note(format_args!("error: {text}"));
    if json && !has_printed() {
        // That it cannot be written changes nothing any more.
        let _ = say_json(&json!({ "ok": false, "error": text }));
    }
    ExitCode::FAILURE
}

/// An error and its causes. Some say what caused them in their own text, for logs, which take only that: no text comes twice.
fn in_words(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// What a check has found to be done, in words. Not a failure.
#[derive(Debug)]
struct SomethingToDo(String);

impl Display for SomethingToDo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SomethingToDo {}

/// The callback token from the environment; `None` if it is not set.
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
