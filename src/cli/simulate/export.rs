//! `kaizala simulate export`: writes made-up events or the items of a table as a DynamoDB export, to try dashboards without
//! AWS. Emulators of DynamoDB do not write exports.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::changes::{changes, read_items};
use crate::{
    cli::{output::say, table::TableOptions, when::when},
    clock::now,
    event::{Event, Timestamp},
    export_files::{DataFileWriter, ExportFilesError, ExportFolderWriter, WrittenFile},
    simulator::{
        generator,
        plan::{DeliveryPlan, Mix, Stored},
    },
    store::{Arrival, Change, Record, StoredItem},
};

/// The size at which a data file is full and the next one begins.
const FILE_BYTES: u64 = 16 * 1024 * 1024;
/// How many data files are written at a time. Each gets items in turn, like the partitions of a table.
const OPEN_FILES: usize = 8;
/// When made-up events begin to happen, in epoch milliseconds, and how long after that each one arrives.
const BEGINNING: i64 = generator::BEGINNING.cast_signed();
const DELAY: i64 = 1_000;

/// Write a DynamoDB export in the form in which AWS writes it to S3, of made-up events or of a table, to try exports and
/// dashboards without AWS.
///
/// The items of made-up events are those that the receiver would have stored. They arrive over weeks from 2023-01-01 on, a
/// thousand in four weeks, most of them in office hours (UTC). The same seed makes the same events.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala simulate export --events 10000 --out trial\n  \
                        kaizala export --from trial --out tables --format csv")]
pub(in crate::cli) struct Export {
    /// How many events to make.
    #[arg(long, env = "KAIZALA_SIMULATE_EVENTS", default_value_t = 1000)]
    events: u64,

    /// Seed of the random numbers that the events are made from.
    #[arg(long, env = "KAIZALA_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,

    /// Export the table instead of made-up events.
    #[arg(long, env = "KAIZALA_SIMULATE_FROM", value_enum)]
    from: Option<Source>,

    /// Write an incremental export: only the changes, with each item before and after.
    #[arg(long, env = "KAIZALA_SIMULATE_INCREMENTAL")]
    incremental: bool,

    /// With --incremental, the folder with a full export of the state before [default: an empty table].
    #[arg(long, env = "KAIZALA_SIMULATE_BEFORE", value_name = "DIR", requires = "incremental")]
    before: Option<PathBuf>,

    /// When the period of an incremental export begins.
    #[arg(long, env = "KAIZALA_SIMULATE_SINCE", value_name = "TIME", value_parser = when, requires = "incremental")]
    since: Option<Timestamp>,

    /// When the period ends, or the time of a full export.
    #[arg(long, env = "KAIZALA_SIMULATE_UNTIL", value_name = "TIME", value_parser = when)]
    until: Option<Timestamp>,

    /// The id of the export [default: a random one].
    #[arg(long = "export-id", env = "KAIZALA_SIMULATE_EXPORT_ID", value_name = "ID")]
    id: Option<String>,

    /// The prefix of all object keys, which is also the path below --out.
    #[arg(long, env = "KAIZALA_SIMULATE_PREFIX", default_value = "")]
    prefix: String,

    /// The folder to write the export into; AWSDynamoDB/ appears in it.
    #[arg(long, env = "KAIZALA_SIMULATE_OUT", value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    table: TableOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum Source {
    Table,
}

impl Export {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let name = self.id.clone().unwrap_or_else(|| format!("{BEGINNING:014}-{:08x}", self.seed));
        let since = self.incremental.then(|| self.since.unwrap_or(time(BEGINNING)));
        let folder = ExportFolderWriter::with(&self.out, &self.prefix, &name, self.table.name(), since)?;
        let mut files = DataFiles::begin(folder, name)?;
        let end = match (self.from, since) {
            (None, None) => self.made_up(|item| files.item(&item))?,
            (source, since) => {
                let mut items = Vec::new();
                let end = match source {
                    Some(Source::Table) => {
                        items = tokio::runtime::Runtime::new()?.block_on(scanned(&self.table))?;
                        now()
                    }
                    None => self.made_up(|item| {
                        items.push(item);
                        Ok(())
                    })?,
                };
                match since {
                    None => items.iter().try_for_each(|item| files.item(item))?,
                    Some(since) => {
                        let before = self.before.as_deref().map_or_else(|| Ok(Vec::new()), read_items)?;
                        let until = self.until.unwrap_or(end);
                        changes(before, items, (since, until)).iter().try_for_each(|change| files.change(change))?;
                    }
                }
                end
            }
        };
        let lines = files.finish(self.until.unwrap_or(end))?;
        let what = if since.is_some() { "changes" } else { "items" };
        say(format_args!("{lines} {what} in {}", self.out.display()))
    }

    /// Calls `each` with every item of made-up events. Returns the time at which they end.
    fn made_up(&self, mut each: impl FnMut(StoredItem) -> Result<(), ExportFilesError>) -> anyhow::Result<Timestamp> {
        let mut end = time(BEGINNING);
        let plan = DeliveryPlan::new(self.seed, Mix { events: self.events, duplicates: 0.0, revisions: 0.02 });
        for Stored { body, happened_at, is_edit } in plan.stored() {
            let event = Event::parse(&body)?;
            let received_at = time(happened_at.cast_signed() + DELAY);
            let arrival = Arrival { received_at, request_id: None };
            end = end.max(time(received_at.epoch_millis() + 1));
            for item in Record::of_event(&event, arrival).stored_items(&body, is_edit) {
                each(item)?;
            }
        }
        Ok(end)
    }
}

fn time(millis: i64) -> Timestamp {
    Timestamp::from_epoch_millis(millis).unwrap_or(Timestamp::EPOCH)
}

async fn scanned(table: &TableOptions) -> anyhow::Result<Vec<StoredItem>> {
    let store = table.open().await?;
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = store.scan_page(0, 1, after.as_ref()).await?;
        items.extend(page.items);
        after = page.last;
        if after.is_none() {
            return Ok(items);
        }
    }
}

/// The data files of an export that is being written.
struct DataFiles {
    folder: ExportFolderWriter,
    name: String,
    open: Vec<DataFileWriter>,
    /// The file that gets the next item.
    at: usize,
    begun: usize,
    written: Vec<WrittenFile>,
    lines: u64,
}

impl DataFiles {
    fn begin(folder: ExportFolderWriter, name: String) -> Result<Self, ExportFilesError> {
        let mut files = Self { folder, name, open: Vec::new(), at: 0, begun: 0, written: Vec::new(), lines: 0 };
        for _ in 0..OPEN_FILES {
            let file = files.next_file()?;
            files.open.push(file);
        }
        Ok(files)
    }

    /// Begins a data file. Its name contains the name of the export, because incremental exports share a folder.
    fn next_file(&mut self) -> Result<DataFileWriter, ExportFilesError> {
        self.begun += 1;
        self.folder.data_file(&format!("{}-{:06}", self.name, self.begun))
    }

    fn item(&mut self, item: &StoredItem) -> Result<(), ExportFilesError> {
        self.open[self.at].write(item)?;
        self.turn()
    }

    fn change(&mut self, change: &Change) -> Result<(), ExportFilesError> {
        self.open[self.at].write_change(change)?;
        self.turn()
    }

    fn turn(&mut self) -> Result<(), ExportFilesError> {
        self.lines += 1;
        self.at = (self.at + 1) % OPEN_FILES;
        if self.open[self.at].bytes() >= FILE_BYTES {
            let next = self.next_file()?;
            self.written.push(std::mem::replace(&mut self.open[self.at], next).finish()?);
        }
        Ok(())
    }

    /// Writes the manifests; returns the number of lines.
    fn finish(self, until: Timestamp) -> Result<u64, ExportFilesError> {
        let mut written = self.written;
        for file in self.open {
            written.push(file.finish()?);
        }
        self.folder.finish(&written, until)?;
        Ok(self.lines)
    }
}
