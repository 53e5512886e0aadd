//! `kaizala simulate`: takes the place of Kaizala for a receiver or an operator, or writes an export as AWS does.

mod api;
mod archive;
mod changes;
mod deliver;
mod export;
mod verification;

use clap::{Args, Subcommand};

/// Simulate Kaizala: deliver events to a receiver, serve Kaizala's API, or write an export or a download of made-up events.
#[derive(Args)]
pub(super) struct Simulate {
    #[command(subcommand)]
    command: SimulateCommand,
}

#[derive(Subcommand)]
enum SimulateCommand {
    Deliver(Box<deliver::Deliver>),
    Api(api::Api),
    Export(Box<export::Export>),
    Archive(archive::Archive),
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            SimulateCommand::Deliver(deliver) => deliver.run(),
            SimulateCommand::Api(api) => api.run(),
            SimulateCommand::Export(export) => export.run(),
            SimulateCommand::Archive(archive) => archive.run(),
        }
    }
}
