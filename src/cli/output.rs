//! What commands print: tables for people, JSON for machines.

use std::io::{self, IsTerminal, Write};

use anyhow::{bail, ensure};
use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;

/// How to print.
#[derive(Args, Clone, Copy)]
pub(super) struct Output {
    /// Print JSON.
    #[arg(long, env = "KAIZALA_JSON")]
    pub(super) json: bool,
}

impl Output {
    /// Prints one or the other.
    pub(super) fn print(self, json: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json { say(&serde_json::to_string(json)?) } else { say(text().trim_end()) }
    }
}

/// Prints a line. Unlike `println!`, it returns an error when nobody reads any more.
pub(super) fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// Columns under headings, for the eyes.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| harmless(&cell))));
    // The space around each cell, which would stand at the beginning of every line too.
    let lines = table.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or_default().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Text without what a terminal takes for an order.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

/// A URL without its query, which may hold a secret.
pub(super) fn shown_url(url: &str) -> String {
    match url.split_once('?') {
        Some((place, _)) => format!("{place}?…"),
        None => url.to_owned(),
    }
}

/// Asks before something is changed, unless `yes` says so already.
pub(super) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(io::stdin().is_terminal(), "nobody is there to be asked: add --yes to go ahead");
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("nothing was changed") }
}
