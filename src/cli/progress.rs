//! Progress bars for long work, on standard error and only on a terminal. Figures are whole numbers, because decimals flicker.

use std::{
    fmt::{self, Write},
    io::{self, IsTerminal},
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar for work of a known length. The template is in the syntax of indicatif.
pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    styled(ProgressBar::new(length), template)
}

/// A bar for work on a number of bytes.
pub(super) fn bytes(what: &str, bytes: u64) -> ProgressBar {
    bar(bytes, &format!("{what} {{wide_bar}} {{bytes}}/{{total_bytes}} {{bytes_per_sec}} {{eta}}"))
}

/// A bar for work on a number of blocks of rows.
pub(super) fn blocks(what: &str, blocks: u64) -> ProgressBar {
    bar(blocks, &format!("{what} {{wide_bar}} {{percent}} % {{eta}}"))
}

/// A spinner for work of unknown length.
pub(super) fn spinner(template: &str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), template)
}

fn styled(progress: ProgressBar, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(in_whole_numbers(style)),
        Err(_) => progress,
    }
}

/// Replaces the keys of a template that indicatif would show with decimals.
fn in_whole_numbers(style: ProgressStyle) -> ProgressStyle {
    fn put(to: &mut dyn Write, text: fmt::Arguments<'_>) {
        // The line is in memory, so writing cannot fail.
        let _ = to.write_fmt(text);
    }
    style
        .with_key("per_sec", |state: &ProgressState, to: &mut dyn Write| {
            put(to, format_args!("{:.0}/s", state.per_sec()));
        })
        .with_key("bytes", |state: &ProgressState, to: &mut dyn Write| put(to, format_args!("{}", Size(state.pos()))))
        .with_key("total_bytes", |state: &ProgressState, to: &mut dyn Write| {
            put(to, format_args!("{}", Size(state.len().unwrap_or_default())));
        })
        .with_key("bytes_per_sec", |state: &ProgressState, to: &mut dyn Write| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rate is positive and is shown in round numbers"
            )]
            let rate = state.per_sec() as u64;
            put(to, format_args!("{}/s", Size(rate)));
        })
}

/// Shows a number of bytes in the largest unit in which it is at least ten, as a whole number.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..10_000 => write!(f, "{bytes} B"),
            bytes @ 10_000..10_000_000 => write!(f, "{} kB", bytes / 1000),
            bytes => write!(f, "{} MB", bytes / 1_000_000),
        }
    }
}
