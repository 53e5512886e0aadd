//! `kaizala simulate export`: made-up events in the form of a DynamoDB export, to try dashboards without AWS.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::output::say,
    event::{Event, Timestamp},
    export_files::ExportFolderWriter,
    simulator::{
        generator,
        plan::{DeliveryPlan, Mix},
    },
    store::{Arrival, Record},
};

/// Size at which the next data file begins.
const FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Of that many data files, each gets its share in turn, as the partitions of a table do.
const OPEN_FILES: usize = 8;
/// When the first event arrives, in epoch milliseconds, and how long until the next.
const BEGINNING: i64 = generator::BEGINNING.cast_signed();
const PAUSE: i64 = 5_000;

/// Write made-up events as a DynamoDB export, as AWS writes it to S3, to try exports and dashboards without AWS.
///
/// The items are what the receiver would have stored. The same seed makes the same events.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala simulate export --events 10000 --out trial\n  \
                        kaizala export --from trial --out tables --format csv")]
pub(in crate::cli) struct Export {
    /// How many events happen.
    #[arg(long, env = "KAIZALA_SIMULATE_EVENTS", default_value_t = 1000)]
    events: u64,

    /// Number that the events are made from.
    #[arg(long, env = "KAIZALA_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,

    /// The folder to write the export into; AWSDynamoDB/ appears in it.
    #[arg(long, env = "KAIZALA_SIMULATE_OUT", value_name = "DIR")]
    out: PathBuf,
}

impl Export {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let name = format!("{BEGINNING:014}-{:08x}", self.seed);
        let folder = ExportFolderWriter::new(&self.out, &name, "kaizala-events")?;
        let mut next = 0;
        let mut begin = || {
            next += 1;
            folder.data_file(&format!("{:026}", next - 1))
        };
        let mut open = (0..OPEN_FILES).map(|_| begin()).collect::<Result<Vec<_>, _>>()?;
        let mut files = Vec::new();
        let mut received_at = BEGINNING;
        let plan = DeliveryPlan::new(self.seed, Mix { events: self.events, duplicates: 0.0, revisions: 0.02 });
        let mut at = 0;
        let mut items = 0_u64;
        for (body, is_edit) in plan.stored() {
            let event = Event::parse(&body)?;
            let arrival = Arrival {
                received_at: Timestamp::from_epoch_millis(received_at).unwrap_or(Timestamp::EPOCH),
                request_id: None,
            };
            received_at += PAUSE;
            for item in Record::of_event(&event, arrival).stored_items(&body, is_edit) {
                open[at].write(&item)?;
                at = (at + 1) % OPEN_FILES;
                items += 1;
                if open[at].bytes() >= FILE_BYTES {
                    files.push(std::mem::replace(&mut open[at], begin()?).finish()?);
                }
            }
        }
        for file in open {
            files.push(file.finish()?);
        }
        folder.finish(&files, Timestamp::from_epoch_millis(received_at).unwrap_or(Timestamp::EPOCH))?;
        say(format_args!("{items} items in {}", self.out.display()))
    }
}
