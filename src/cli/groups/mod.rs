//! `kaizala groups`: the groups that events belong to.

mod list;

use clap::{Args, Subcommand};

/// Look at groups.
#[derive(Args)]
pub(super) struct Groups {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(Subcommand)]
enum GroupsCommand {
    List(list::List),
}

impl Groups {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            GroupsCommand::List(list) => list.run(),
        }
    }
}
