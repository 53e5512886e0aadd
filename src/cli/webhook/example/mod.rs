//! `kaizala webhook example`: files to begin with.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::output::{Output, say};

/// Print a sample of a file: the subscriptions that `sync` reads, or the profile with the application's secrets.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala webhook example subscriptions > subscriptions.toml\n  \
                        (umask 077; mkdir -p ~/.config/kaizala; kaizala webhook example profile > ~/.config/kaizala/profile.toml)")]
pub(super) struct Example {
    /// Which file.
    #[arg(value_enum, env = "KAIZALA_EXAMPLE", default_value_t = Sample::Subscriptions)]
    file: Sample,

    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sample {
    Subscriptions,
    Profile,
}

impl Example {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let text = match self.file {
            Sample::Subscriptions => include_str!("subscriptions.toml"),
            Sample::Profile => include_str!("profile.toml"),
        };
        if self.output.json { self.output.print(&json!({ "text": text }), String::new) } else { say(text.trim_end()) }
    }
}
