//! Where `kaizala export` and its like find events: options for the source and for what is wanted of it.

use std::{
    fs, io,
    io::IsTerminal,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    thread,
};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    output::note,
    table::{TableOptions, UNREADABLE},
    when::when,
};
use crate::{
    clock::now,
    event::Timestamp,
    export_files::{ExportFolder, S3Location, ScanOptions, download, scan},
    store::sdk_config,
    tables::{
        Filter,
        read::{CheckedExport, OnDamage},
    },
};

/// Where the events are, and which of them are wanted.
#[derive(Args)]
pub(super) struct ExportSource {
    /// Where the events are: `table` (the live table), a folder with a DynamoDB export, or s3://bucket/prefix with one.
    #[arg(long, env = "KAIZALA_EXPORT_FROM", value_name = "table|FOLDER|s3://…")]
    from: Source,

    /// Only this group; several times for several groups.
    #[arg(long = "group", env = "KAIZALA_EXPORT_GROUP", value_delimiter = ',')]
    groups: Vec<String>,

    /// Only this event type; several times for several types.
    #[arg(long = "type", env = "KAIZALA_EXPORT_TYPE", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,

    /// Only what was received then or later: a date (2023-03-06, UTC), a time
    /// (2023-03-06T10:00:00Z), or so long ago (7d).
    #[arg(long, env = "KAIZALA_EXPORT_SINCE", value_name = "TIME", value_parser = when)]
    since: Option<Timestamp>,

    /// Only what was received before.
    #[arg(long, env = "KAIZALA_EXPORT_UNTIL", value_name = "TIME", value_parser = when)]
    until: Option<Timestamp>,

    /// Leave out items that are damaged, and say which, instead of failing.
    #[arg(long, env = "KAIZALA_EXPORT_SKIP_DAMAGED")]
    skip_damaged: bool,

    /// Of the live table, how many segments are read at once.
    #[arg(long, env = "KAIZALA_EXPORT_SEGMENTS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    segments: u16,

    /// Of the live table, read units a second on average; no limit by default.
    #[arg(long, env = "KAIZALA_EXPORT_READ_RATE", value_name = "UNITS", value_parser = clap::value_parser!(u32).range(1..))]
    read_rate: Option<u32>,

    /// Begin anew instead of going on where a run that failed has left off.
    #[arg(long, env = "KAIZALA_EXPORT_NO_RESUME")]
    no_resume: bool,

    #[command(flatten)]
    table: TableOptions,
}

#[derive(Clone)]
enum Source {
    Table,
    Folder(PathBuf),
    S3(S3Location),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("name a folder, s3://bucket/prefix or table".to_owned()),
            "table" => Ok(Self::Table),
            url if url.contains("://") => S3Location::parse(url)
                .map(Self::S3)
                .ok_or_else(|| "of all URLs, s3://bucket/prefix alone holds an export".to_owned()),
            folder => Ok(Self::Folder(folder.into())),
        }
    }
}

impl ExportSource {
    /// Gets the export into a folder and checks it. What has to be fetched is kept in `fetched`, so that a run that fails
    /// can be resumed; `scratch` is for what is of no use afterwards.
    pub(super) fn prepare(&self, fetched: &Path, scratch: &Path) -> anyhow::Result<CheckedExport> {
        let export = match &self.from {
            Source::Folder(folder) => ExportFolder::find(folder)?,
            place => {
                if self.no_resume && fetched.exists() {
                    fs::remove_dir_all(fetched).with_context(|| format!("{} cannot be deleted", fetched.display()))?;
                }
                if fetched.exists() {
                    note("going on where an earlier run has left off; --no-resume begins anew");
                }
                fs::create_dir_all(fetched).with_context(|| format!("{} cannot be made", fetched.display()))?;
                tokio::runtime::Builder::new_multi_thread()
                    .enable_all()
                    .build()?
                    .block_on(self.fetch(place, fetched))?
            }
        };
        let progress = bytes_progress("checking", export.bytes());
        let filter = Filter {
            groups: self.groups.iter().cloned().collect(),
            types: self.types.iter().cloned().collect(),
            since: self.since,
            until: self.until,
        };
        let checked = CheckedExport::check(export, filter, scratch, threads(), &|bytes| progress.inc(bytes))?;
        progress.finish_and_clear();
        Ok(checked)
    }

    async fn fetch(&self, place: &Source, fetched: &Path) -> anyhow::Result<ExportFolder> {
        let progress = spinner(match place {
            Source::S3(_) => "{spinner} fetching {bytes} {bytes_per_sec}",
            _ => "{spinner} scanning {human_pos} items {per_sec}",
        });
        let counter = progress.clone();
        let count = move |more| counter.inc(more);
        let export = match place {
            Source::S3(location) => {
                let config = sdk_config(self.table.connect_options()).await?;
                download(location, &config, fetched, count).await?
            }
            _ => {
                let options = ScanOptions { segments: self.segments, read_rate: self.read_rate };
                let store = self.table.open().await?;
                let scanned = scan(&store, &self.table.place(), fetched, options, now(), count).await;
                scanned
                    .with_context(|| format!("{UNREADABLE}; the same command goes on where this one has left off"))?
            }
        };
        progress.finish_and_clear();
        Ok(export)
    }

    /// Where the events come from, in words.
    pub(super) fn place(&self) -> String {
        match &self.from {
            Source::Table => format!("table {}", self.table.name()),
            Source::Folder(folder) => folder.display().to_string(),
            Source::S3(location) => location.to_string(),
        }
    }

    /// What is wanted of them, in words; nothing when all is.
    pub(super) fn filters(&self) -> Vec<String> {
        let among = |what, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        let time = |what, time: Option<Timestamp>| time.map(|time| format!("received {what} {time}"));
        let all = [
            among("group", &self.groups),
            among("type", &self.types),
            time("from", self.since),
            time("before", self.until),
        ];
        all.into_iter().flatten().collect()
    }

    /// What to do about damaged items.
    pub(super) fn damage(&self) -> OnDamage {
        if self.skip_damaged { OnDamage::Skip } else { OnDamage::Fail }
    }
}

/// As many threads as there are processors.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A bar for work on that many bytes.
pub(super) fn bytes_progress(what: &str, bytes: u64) -> ProgressBar {
    let template = format!("{what} {{wide_bar}} {{bytes}}/{{total_bytes}} {{bytes_per_sec}} {{eta}}");
    styled(ProgressBar::new(bytes), &template)
}

fn spinner(template: &str) -> ProgressBar {
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
