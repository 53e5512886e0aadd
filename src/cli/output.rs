//! What commands print: tables for people, JSON for machines. The only file that writes to a terminal: `println!` panics when
//! nobody reads any more or a disk is full, and prints whatever it is given.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{self, IsTerminal, Write},
};

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
        if self.json { say_json(json) } else { say(text().trim_end()) }
    }
}

/// The output cannot be written: nobody reads it any more, or there is no room for it.
#[derive(Debug)]
pub(super) struct Unwritable(io::Error);

impl Unwritable {
    /// Whether the reader has seen enough, as `head` has.
    pub(super) fn is_unread(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the output cannot be written")
    }
}

impl Error for Unwritable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Prints text and a line break.
pub(super) fn say(text: impl Display) -> anyhow::Result<()> {
    write(format!("{text}\n").as_bytes())
}

/// Prints JSON on one line.
pub(super) fn say_json(json: &impl Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string(json)?)
}

/// Prints bytes as they are, whatever a terminal makes of them.
pub(super) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = io::stdout();
    Ok(output.write_all(bytes).and_then(|()| output.flush()).map_err(Unwritable)?)
}

/// Prints a line on stderr. If that cannot be written, there is nobody left to tell.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
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
    // If the question cannot be seen, no is the answer.
    write!(io::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("nothing was changed") }
}
