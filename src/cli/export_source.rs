//! Where `kaizala export` and `kaizala report` get events: the options, and how a source becomes an export in a folder.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::{
    export_filter::ExportFilter,
    output::note,
    progress,
    table::{TableOptions, UNREADABLE},
    threads::threads,
    when::age,
    workplace::Workplace,
};
use crate::{
    archive::{Archive, Count},
    clock::now,
    export_files::{ExportFilesError, ExportFolder, S3Location, ScanOptions, download, scan, unfinished_scan},
    files,
    store::sdk_config,
    tables::{
        Redactor,
        read::{FileRead, OnDamage, ReadOptions, RowsError, StoredRows},
    },
};

/// Options that name a source of events and choose among them.
#[derive(Args)]
pub(super) struct ExportSource {
    /// Where the events are: `table` (the live table), a folder with a DynamoDB export, s3://bucket/prefix with one, or a
    /// download of Kaizala's own: a ZIP, a CSV or a folder of them, which needs no AWS.
    #[arg(long, env = "KAIZALA_EXPORT_FROM", value_name = "table|FOLDER|ARCHIVE|s3://…")]
    from: Source,

    #[command(flatten)]
    filter: ExportFilter,

    /// Leave out damaged items, and rows and files of an archive that cannot be read, and list them, instead of failing.
    #[arg(long, env = "KAIZALA_EXPORT_SKIP_DAMAGED")]
    skip_damaged: bool,

    /// How many segments of the live table are read at once.
    #[arg(long, env = "KAIZALA_EXPORT_SEGMENTS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    segments: u16,

    /// How many read units a second a scan of the live table may use on average [default: no limit].
    #[arg(long, env = "KAIZALA_EXPORT_READ_RATE", value_name = "UNITS", value_parser = clap::value_parser!(u32).range(1..))]
    read_rate: Option<u32>,

    /// Start again from the beginning instead of resuming a run that failed.
    #[arg(long, env = "KAIZALA_EXPORT_NO_RESUME")]
    no_resume: bool,

    #[command(flatten)]
    table: TableOptions,
}

/// A place that events can be read from.
#[derive(Clone)]
pub(super) enum Source {
    Table,
    /// An export in a folder, or an archive.
    Path(PathBuf),
    S3(S3Location),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("name a folder, a ZIP, s3://bucket/prefix or table".to_owned()),
            "table" => Ok(Self::Table),
            url if url.contains("://") => S3Location::parse(url)
                .map(Self::S3)
                .ok_or_else(|| "the only URL that can be read is s3://bucket/prefix".to_owned()),
            path => Ok(Self::Path(path.into())),
        }
    }
}

/// What is at a path.
enum Found {
    Export(ExportFolder),
    Archive(Archive),
}

/// A folder is an export if there is one in it.
fn found(path: &Path) -> anyhow::Result<Found> {
    if path.is_file() {
        return Ok(Found::Archive(Archive::open(path)?));
    }
    match ExportFolder::find(path) {
        Err(ExportFilesError::NoExport { .. }) if Archive::may_be(path) => Ok(Found::Archive(Archive::open(path)?)),
        found => Ok(Found::Export(found?)),
    }
}

impl ExportSource {
    /// Fetches the export into a folder if it is not in one, checks it and makes rows of it. Fetched files are in `place`; they
    /// stay there if fetching fails, so that the next run can resume. `scratch` is a folder for files that are deleted in any
    /// case.
    pub(super) fn read(
        &self,
        place: &Workplace,
        scratch: &Path,
        redactor: Option<Redactor>,
    ) -> anyhow::Result<StoredRows> {
        let export = match &self.from {
            Source::Path(path) => match found(path)? {
                Found::Export(export) => export,
                Found::Archive(archive) => return self.read_archive(&archive, place, scratch, redactor),
            },
            Source::Table => self.fetch(place, self.scan(place))?,
            Source::S3(location) => self.fetch(place, self.download(location, place))?,
        };
        // The export is complete. If reading it fails, it would fail again, so the next run fetches a newer export.
        place.keep_nothing();
        let progress = progress::bytes("reading", export.bytes());
        let options = self.options(redactor);
        let rows = StoredRows::read(export, &options, scratch, &|bytes| progress.inc(bytes));
        progress.finish_and_clear();
        rows.map_err(explained)
    }

    fn read_archive(
        &self,
        archive: &Archive,
        place: &Workplace,
        scratch: &Path,
        redactor: Option<Redactor>,
    ) -> anyhow::Result<StoredRows> {
        place.keep_nothing();
        let progress = progress::bytes("reading", 2 * archive.bytes());
        let options = self.options(redactor);
        let rows = StoredRows::read_archive(archive, now(), &options, scratch, &|bytes| progress.inc(bytes));
        progress.finish_and_clear();
        rows.map_err(explained)
    }

    fn options(&self, redactor: Option<Redactor>) -> ReadOptions {
        let damage = if self.skip_damaged { OnDamage::Skip } else { OnDamage::Fail };
        ReadOptions { filter: self.filter.filter(), damage, redactor, threads: threads() }
    }

    fn fetch(
        &self,
        place: &Workplace,
        fetch: impl Future<Output = anyhow::Result<ExportFolder>>,
    ) -> anyhow::Result<ExportFolder> {
        if self.no_resume {
            let fetched = place.fetched();
            files::remove(fetched).with_context(|| format!("{} cannot be deleted", fetched.display()))?;
        }
        let fetched = tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(fetch);
        fetched.inspect_err(|error| match error.downcast_ref::<ExportFilesError>() {
            Some(cause) if !cause.can_be_resumed() => place.keep_nothing(),
            _ if place.fetched().exists() => note("run the same command to resume"),
            _ => {}
        })
    }

    async fn scan(&self, place: &Workplace) -> anyhow::Result<ExportFolder> {
        let store = self.table.open().await?;
        let source = json!([self.table.place(), store.region(), self.filter.key()]).to_string();
        if let Some(begun) = unfinished_scan(&source, place.fetched())? {
            resuming(format_args!("the scan that began at {begun}, {} ago", age(begun)));
        }
        let options = ScanOptions { segments: self.segments, read_rate: self.read_rate };
        let progress = progress::spinner("{spinner} scanning {human_pos} items {per_sec}");
        let counter = progress.clone();
        let count = move |more| counter.inc(more);
        let scanned = scan(&store, &source, place.fetched(), options, now(), count).await;
        progress.finish_and_clear();
        scanned.map_err(|error| match error {
            error @ ExportFilesError::Store(_) => anyhow::Error::new(error).context(UNREADABLE),
            error => error.into(),
        })
    }

    async fn download(&self, location: &S3Location, place: &Workplace) -> anyhow::Result<ExportFolder> {
        let config = sdk_config(self.table.connect_options()).await?;
        if place.fetched().exists() {
            resuming(format_args!("the files that an earlier run has fetched"));
        }
        let progress = progress::spinner("{spinner} fetching {bytes} {bytes_per_sec}");
        let fetched = download(location, &config, place.fetched(), |more| progress.inc(more)).await;
        progress.finish_and_clear();
        fetched.map_err(|error| match error {
            error @ ExportFilesError::S3 { .. } => {
                anyhow::Error::new(error).context("S3 cannot be read: check --from, --region and --profile")
            }
            error => error.into(),
        })
    }

    /// Names the source, for people.
    pub(super) fn place(&self) -> String {
        match &self.from {
            Source::Table => format!("table {}", self.table.name()),
            Source::Path(path) => path.display().to_string(),
            Source::S3(location) => location.to_string(),
        }
    }

    /// The options that choose events.
    pub(super) fn filter(&self) -> &ExportFilter {
        &self.filter
    }
}

fn resuming(with: fmt::Arguments<'_>) {
    note(format_args!("resuming with {with}; use --no-resume to start again"));
}

/// Adds to an error what to do about it.
fn explained(error: RowsError) -> anyhow::Error {
    match error {
        error @ RowsError::Damaged(_) => {
            anyhow::Error::new(error).context("an item is damaged: leave such items out with --skip-damaged")
        }
        error @ RowsError::Unreadable(_) => {
            anyhow::Error::new(error).context("something cannot be read; --skip-damaged leaves such rows and files out")
        }
        error => error.into(),
    }
}

/// Says what was left out.
pub(super) fn tell_left_out(rows: &StoredRows) {
    for item in &rows.damaged {
        note(format_args!("left out: {item}"));
    }
    let Some(archive) = rows.archive() else { return };
    for damage in &archive.damage {
        note(format_args!("left out: {damage}"));
    }
    if archive.more_damage() > 0 {
        note(format_args!("left out: {} more rows", archive.more_damage()));
    }
    let is_unknown =
        |file: &&FileRead| file.event_type.is_none() && !archive.damage.iter().any(|damage| damage.file == file.name);
    for file in archive.files.iter().filter(is_unknown) {
        note(format_args!(
            "not read: {}, which is of no known format (`kaizala import --describe` tells what it looks like)",
            file.name
        ));
    }
}

/// What was read of an archive, file by file, as JSON; `None` if the rows are not of one.
pub(super) fn archive_files(rows: &StoredRows) -> Option<Value> {
    let files = rows.archive()?.files.iter().map(|file| {
        let Count { rows, repeated, unreadable } = file.rows;
        json!({
            "file": file.name, "type": file.event_type, "rows": rows, "repeated": repeated, "unreadable": unreadable,
        })
    });
    Some(files.collect())
}
