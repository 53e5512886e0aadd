//! `kaizala completions`: scripts that let a shell complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, output::write};

/// Print a script that completes commands and options in a shell.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala completions bash > ~/.local/share/bash-completion/completions/kaizala")]
pub(super) struct Completions {
    /// The shell that is to run the script.
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
