//! What commands print: tables for people, JSON for machines. The only file that writes to a terminal: `println!` panics when
//! nobody reads any more or a disk is full, and lets every control character through.

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

/// Whether this process has printed anything on standard output, of which it has one.
static HAS_PRINTED: AtomicBool = AtomicBool::new(false);

/// Whether anything is on standard output: a machine that reads one JSON document there must not find a second one.
pub(super) fn has_printed() -> bool {
    HAS_PRINTED.load(Ordering::Relaxed)
}

/// Prints text and a line break. Of control characters, only line breaks get through.
pub(super) fn say(text: impl Display) -> anyhow::Result<()> {
    write(format!("{}\n", visible(&text.to_string())).as_bytes())
}

/// Prints JSON on one line, without any control character.
pub(super) fn say_json(json: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string(json)?;
    // Outside of strings, these are white space between tokens, which a body that is shown as received may have.
    write(format!("{}\n", printable(&json).replace(['\n', '\r', '\t'], " ")).as_bytes())
}

/// Prints bytes as they are, whatever a terminal makes of them.
pub(super) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    HAS_PRINTED.store(true, Ordering::Relaxed);
    let mut output = io::stdout();
    Ok(output.write_all(bytes).and_then(|()| output.flush()).map_err(Unwritable)?)
}

/// Prints a line on standard error. If that cannot be written, there is nobody left to tell.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&text.to_string()));
}

/// Columns under headings, for people.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| harmless(&cell))));
    // The space around each cell, which would stand at the beginning of every line too.
    let lines = table.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or_default().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Text on one line, without what a terminal takes for a command.
pub(super) fn harmless(text: &str) -> String {
    text.replace(char::is_control, REPLACEMENT)
}

/// Text without what a terminal takes for a command, except line breaks.
fn visible(text: &str) -> String {
    text.replace(|character: char| character.is_control() && character != '\n', REPLACEMENT)
}

const REPLACEMENT: &str = "\u{fffd}";

/// JSON with the control characters escaped that JSON allows in strings: DEL and the C1 controls.
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

/// Asks before something is changed, unless `yes` is the answer already.
pub(super) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(io::stdin().is_terminal(), "nobody can be asked here: add --yes to go ahead");
    // If the question cannot be seen, the answer is no.
    write!(io::stderr(), "{} [y/N] ", visible(question))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { bail!("nothing was changed") }
}
