//! `kaizala groups`: the groups that events belong to.

mod file;
mod list;
mod set;

use clap::{Args, Subcommand};

/// Look at groups, or say what they are called.
#[derive(Args)]
pub(super) struct Groups {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(Subcommand)]
enum GroupsCommand {
    List(list::List),
    Set(set::Set),
}

impl Groups {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            GroupsCommand::List(list) => list.run(),
            GroupsCommand::Set(set) => set.run(),
        }
    }
}
