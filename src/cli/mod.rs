//! The operator's command line. One file per command; [`run`] is the edge where errors become words and exit codes.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod account;
mod check;
mod compare;
mod completions;
mod dev;
mod doctor;
mod events;
mod export;
mod export_filter;
mod export_source;
mod forget;
mod groups;
mod import;
mod item;
mod output;
mod preview;
mod progress;
mod pull;
mod pull_groups;
mod quarantine;
mod redaction;
mod report;
mod serving;
mod simulate;
mod table;
mod threads;
mod time_zone;
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
    ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue},
};
use serde_json::json;

use crate::event::Sender;

use self::output::{Unwritable, has_printed, note, say_json, shown_url};

/// The variable with the callback token, for commands that send or receive callbacks. The token is a secret, so no option
/// takes it.
const CALLBACK_TOKEN_VARIABLE: &str = "KAIZALA_CALLBACK_TOKEN";

/// Look after a deployment of kaizala-webhook: tokens, subscriptions, backfill, the table, exports. Run the receiver on this
/// machine, test a deployment, and simulate Kaizala.
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
    Import(Box<import::Import>),
    Groups(groups::Groups),
    Events(events::Events),
    Quarantine(quarantine::Quarantine),
    Completions(completions::Completions),
    Compare(Box<compare::Compare>),
    Forget(Box<forget::Forget>),
    Export(Box<export::Export>),
    Report(Box<report::Report>),
}

/// Runs the command that the arguments name. The exit code is 0 if it is done, 1 if it failed, 2 for wrong usage, and 3 if a
/// check has succeeded and found something to do.
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
        Command::Import(import) => import.run(),
        Command::Groups(groups) => groups.run(),
        Command::Events(events) => events.run(),
        Command::Quarantine(quarantine) => quarantine.run(),
        Command::Completions(completions) => completions.run(),
        Command::Compare(compare) => compare.run(),
        Command::Forget(forget) => forget.run(),
        Command::Export(export) => export.run(),
        Command::Report(report) => report.run(),
    };
    done.map_or_else(|error| failed(&error, wants_json(&matches)), |()| ExitCode::SUCCESS)
}

/// Makes the parser of the command line. The help names the variables of options, but does not print their values, which may
/// be secret. An option whose variable is set is not required. With `hides_set` such options are hidden, because the usage in
/// clap's errors would ask for them.
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

/// Removes from an error about wrong usage what a quoted URL must not show.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && value.contains("://")
    {
        let shown = shown_url(value);
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    }
    error
}

/// Whether the arguments ask the command for JSON.
fn wants_json(matches: &ArgMatches) -> bool {
    match matches.subcommand() {
        Some((_, matches)) => wants_json(matches),
        None => matches.try_get_one("json").ok().flatten().is_some_and(|json| *json),
    }
}

fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    if error.downcast_ref().is_some_and(Unwritable::is_unread) {
        // The reader of the output has closed it, as `head` does when it has seen enough.
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
        // The exit code says that the command failed, even if this cannot be written.
        let _ = say_json(&json!({ "ok": false, "error": text }));
    }
    ExitCode::FAILURE
}

/// An error and its causes in one line. Some errors repeat their cause in their own text, because logs show only that text;
/// the cause is left out then.
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

/// What a check has found that somebody should do, in words. The check itself has not failed.
#[derive(Debug)]
struct SomethingToDo(String);

impl Display for SomethingToDo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SomethingToDo {}

/// A sender on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Envelope {
    Kaizala,
    // clap would have a hyphen in it.
    #[value(name = Sender::CloudEvents.as_str())]
    CloudEvents,
}

impl From<Envelope> for Sender {
    fn from(envelope: Envelope) -> Self {
        match envelope {
            Envelope::Kaizala => Self::Kaizala,
            Envelope::CloudEvents => Self::CloudEvents,
        }
    }
}

/// Reads the callback token from the environment: `None` if the variable is not set.
fn callback_token_if_set() -> anyhow::Result<Option<String>> {
    match env::var(CALLBACK_TOKEN_VARIABLE) {
        Ok(token) if token.is_empty() => bail!("{CALLBACK_TOKEN_VARIABLE} is empty: set it to a token, or unset it"),
        Ok(token) => Ok(Some(token)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{CALLBACK_TOKEN_VARIABLE} is not Unicode"),
    }
}

/// Reads the callback token from the environment.
///
/// # Errors
/// When the variable is not set.
fn callback_token() -> anyhow::Result<String> {
    match callback_token_if_set()? {
        Some(token) => Ok(token),
        None => bail!("{CALLBACK_TOKEN_VARIABLE} is not set: set it to the callback token that the receiver accepts"),
    }
}
