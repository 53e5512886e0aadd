//! `kaizala completions`: what a shell completes.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, output::write};

/// Print completions for a shell.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala completions bash > ~/.local/share/bash-completion/completions/kaizala")]
pub(super) struct Completions {
    /// The shell.
    #[arg(env = "KAIZALA_COMPLETIONS_SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "kaizala", &mut script);
        write(&script)
    }
}
