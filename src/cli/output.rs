//! Everything that commands print: tables for people, JSON for machines. No other file writes to the terminal, because
//! `println!` panics on a closed pipe or a full disk, and passes every control character on.

use std::{
    error::Error,
    fmt::{self, Display, Write as _},
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{bail, ensure};
use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;

pub(super) use crate::kaizala::shown_url;

/// The option that chooses between text and JSON.
#[derive(Args, Clone, Copy)]
pub(super) struct Output {
    /// Print JSON.
    #[arg(long, env = "KAIZALA_JSON")]
    pub(super) json: bool,
}

impl Output {
    /// Prints JSON or text, as the user has chosen.
    pub(super) fn print(self, json: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json { say_json(json) } else { say(text().trim_end()) }
    }
}

/// The error of output that cannot be written, because the reader has closed the pipe or the disk is full.
#[derive(Debug)]
pub(super) struct Unwritable(io::Error);

impl Unwritable {
    /// Whether the reader has closed the pipe, as `head` does.
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

/// Whether this process has printed anything on its standard output.
static HAS_PRINTED: AtomicBool = AtomicBool::new(false);

/// Whether anything has been printed on standard output. A program that reads one JSON document there must not get a second.
pub(super) fn has_printed() -> bool {
    HAS_PRINTED.load(Ordering::Relaxed)
}

/// Prints text and a line break. Control characters other than line breaks are replaced.
pub(super) fn say(text: impl Display) -> anyhow::Result<()> {
    write(format!("{}\n", visible(&text.to_string())).as_bytes())
}

/// Prints JSON on one line, with every control character escaped.
pub(super) fn say_json(json: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string(json)?;
    // A body that is shown as received may have these as white space between its tokens.
    write(format!("{}\n", printable(&json).replace(['\n', '\r', '\t'], " ")).as_bytes())
}

/// Prints bytes unchanged. A terminal may take some of them for commands.
pub(super) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    HAS_PRINTED.store(true, Ordering::Relaxed);
    let mut output = io::stdout();
    Ok(output.write_all(bytes).and_then(|()| output.flush()).map_err(Unwritable)?)
}

/// Prints a line on standard error. A failure to write it is ignored, since no other place is left to report it.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&text.to_string()));
}

/// Lays out a table with headings, for people.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| harmless(&cell))));
    // Without this, the padding around cells would indent every line.
    let lines = table.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or_default().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Makes text safe for a terminal, on one line: replaces every control character.
pub(super) fn harmless(text: &str) -> String {
    text.replace(char::is_control, REPLACEMENT)
}

/// Makes text safe for a terminal: replaces every control character except line breaks.
fn visible(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', REPLACEMENT)
}

const REPLACEMENT: &str = "\u{fffd}";

/// Escapes the control characters that JSON allows in strings: DEL and the C1 controls.
pub(super) fn printable(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' => {
                let _ = write!(printable, "\\u{:04x}", u32::from(character));
            }
            character => printable.push(character),
        }
    }
    printable
}

/// Asks the user whether to make a change. With `yes`, does not ask.
///
/// # Errors
/// When the answer is not yes, or standard input is not a terminal.
pub(super) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(io::stdin().is_terminal(), "nobody can be asked here: add --yes to go ahead");
    // A user who cannot see the question cannot say yes.
    write!(io::stderr(), "{} [y/N] ", visible(question))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("nothing was changed") }
}
