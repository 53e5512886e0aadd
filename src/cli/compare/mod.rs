//! `kaizala compare`: says what differs between an export and a table.

mod join;

use std::fmt::Write as _;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use self::join::{Dealt, Difference, Side};
use super::{
    SomethingToDo,
    export_source::Source,
    output::{Output, harmless},
    progress,
    table::{TableOptions, UNREADABLE},
    threads::threads,
};
use crate::{
    export_files::{ExportFilesError, ExportFolder, ScanOptions, download, pages},
    store::{StoredItem, sdk_config},
    tables::read::{LineError, RowsError, Worker, read_lines},
};

const NO_ROOM: &str = "there is no room for temporary files: set TMPDIR";

/// Compare a full export with a table, item by item, for instance after restoring it.
///
/// Prints the keys of items that are in the export alone, in the table alone, or differ; never what is in them. Parts and
/// names of groups count as items. Exit code 0 if there is no difference, 3 if there is one.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala compare --from s3://my-bucket/exports --table restored-events")]
pub(super) struct Compare {
    /// The export: a folder, or s3://bucket/prefix.
    #[arg(long, env = "KAIZALA_COMPARE_FROM", value_name = "FOLDER|s3://…")]
    from: Source,

    /// How many keys to print of each kind of difference; all are counted.
    #[arg(long, env = "KAIZALA_COMPARE_LIMIT", value_name = "KEYS", default_value_t = 1000)]
    limit: usize,

    /// How many segments of the table are read at once.
    #[arg(long, env = "KAIZALA_COMPARE_SEGMENTS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    segments: u16,

    /// How many read units a second the scan of the table may use on average [default: no limit].
    #[arg(long, env = "KAIZALA_COMPARE_READ_RATE", value_name = "UNITS", value_parser = clap::value_parser!(u32).range(1..))]
    read_rate: Option<u32>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,
}

/// Differences of one kind: how many, and the first of them.
#[derive(Default)]
struct Differences {
    count: u64,
    keys: Vec<(String, String)>,
}

impl Differences {
    fn json(&self) -> Value {
        let keys = self.keys.iter().map(|(group, key)| json!({ "groupId": group, "eventKey": key }));
        json!({ "count": self.count, "keys": keys.collect::<Vec<_>>() })
    }

    fn text(&self, what: &str) -> String {
        let mut text = format!("{what}: {}", self.count);
        for (group, key) in &self.keys {
            let _ = write!(text, "\n  {} / {}", harmless(group), harmless(key));
        }
        if self.count > self.keys.len() as u64 {
            text.push_str("\n  … more with --limit");
        }
        text
    }
}

impl Compare {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let fetched = tempfile::tempdir().context(NO_ROOM)?;
        let export = match &self.from {
            Source::Table => bail!("--from is an export: name its folder, or s3://bucket/prefix"),
            Source::Path(path) => ExportFolder::find(path)?,
            Source::S3(location) => runtime.block_on(async {
                let config = sdk_config(self.table.connect_options()).await?;
                let progress = progress::spinner("{spinner} fetching {bytes} {bytes_per_sec}");
                let counter = progress.clone();
                let fetched = download(location, &config, fetched.path(), move |more| counter.inc(more)).await;
                progress.finish_and_clear();
                fetched.map_err(|error| match error {
                    error @ ExportFilesError::S3 { .. } => {
                        anyhow::Error::new(error).context("S3 cannot be read: check --from, --region and --profile")
                    }
                    error => error.into(),
                })
            })?,
        };
        let dealt = Dealt::new().context(NO_ROOM)?;
        let progress = progress::bytes("reading", export.bytes());
        let read = read_lines(&export.files, threads(), &|bytes| progress.inc(bytes), || Reader(&dealt));
        progress.finish_and_clear();
        read?;
        drop(fetched);
        runtime.block_on(self.scan(&dealt))?;

        let [mut only_export, mut only_table, mut other] = [(); 3].map(|()| Differences::default());
        let same = dealt
            .compare(|difference, group, key| {
                let differences = match difference {
                    Difference::OnlyInExport => &mut only_export,
                    Difference::OnlyInTable => &mut only_table,
                    Difference::OtherContent => &mut other,
                };
                differences.count += 1;
                if differences.keys.len() < self.limit {
                    differences.keys.push((group, key));
                }
            })
            .context(NO_ROOM)?;
        let json = json!({
            "same": same,
            "onlyInExport": only_export.json(),
            "onlyInTable": only_table.json(),
            "otherContent": other.json(),
        });
        self.output.print(&json, || {
            let parts =
                [(&only_export, "Only in the export"), (&only_table, "Only in the table"), (&other, "Other content")];
            let parts = parts.map(|(differences, what)| differences.text(what));
            format!("Same: {same}\n{}", parts.join("\n"))
        })?;
        match only_export.count + only_table.count + other.count {
            0 => Ok(()),
            count => Err(SomethingToDo(format!("different items: {count}")).into()),
        }
    }

    async fn scan(&self, dealt: &Dealt) -> anyhow::Result<()> {
        let store = self.table.open().await?;
        let progress = progress::spinner("{spinner} scanning {human_pos} items {per_sec}");
        let mut pages = pages(&store, ScanOptions { segments: self.segments, read_rate: self.read_rate });
        while let Some(page) = pages.recv().await {
            let page = page.context(UNREADABLE)?;
            for item in &page {
                dealt.add(Side::Table, item).context(NO_ROOM)?;
            }
            progress.inc(page.len() as u64);
        }
        progress.finish_and_clear();
        Ok(())
    }
}

/// Deals the items of data files.
struct Reader<'a>(&'a Dealt);

impl Worker for Reader<'_> {
    const CHECKS: bool = true;

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let item = StoredItem::from_export_line(line).map_err(LineError::Json)?;
        self.0.add(Side::Export, &item).map_err(RowsError::Scratch)?;
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}
