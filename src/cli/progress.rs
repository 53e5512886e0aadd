//! Progress bars for long work, on stderr and only on a terminal.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work of a known length; the template is indicatif's.
pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    styled(ProgressBar::new(length), template)
}

/// A bar for work on that many bytes.
pub(super) fn bytes(what: &str, bytes: u64) -> ProgressBar {
    bar(bytes, &format!("{what} {{wide_bar}} {{bytes}}/{{total_bytes}} {{bytes_per_sec}} {{eta}}"))
}

/// A bar for work on that many blocks of rows.
pub(super) fn blocks(what: &str, blocks: u64) -> ProgressBar {
    bar(blocks, &format!("{what} {{wide_bar}} {{percent}} % {{eta}}"))
}

/// A sign of life for work of unknown length.
pub(super) fn spinner(template: &str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), template)
}

fn styled(progress: ProgressBar, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match ProgressStyle::with_template(template) {
        Ok(style) => progress.with_style(style),
        Err(_) => progress,
    }
}
