//! `kaizala simulate`: plays Kaizala, towards a receiver or towards an operator.

use clap::{Args, Subcommand};

use super::{simulate_api, simulate_deliver};

/// Play Kaizala: deliver events to a receiver, or serve Kaizala's API.
#[derive(Args)]
pub(super) struct Simulate {
    #[command(subcommand)]
    command: SimulateCommand,
}

#[derive(Subcommand)]
enum SimulateCommand {
    Deliver(Box<simulate_deliver::Deliver>),
    Api(simulate_api::Api),
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            SimulateCommand::Deliver(deliver) => deliver.run(),
            SimulateCommand::Api(api) => api.run(),
        }
    }
}
