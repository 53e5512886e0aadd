//! `kaizala export`: flat tables for dashboards.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    export_source::{ExportSource, bytes_progress, threads},
    output::{Output, note, say, say_json},
};
use crate::{
    clock::now,
    tables::{
        Redactor,
        write::{self, Exported, OutputFolder},
    },
};

/// The key of --redact. A secret, so it has no option.
const REDACT_KEY_VARIABLE: &str = "KAIZALA_REDACT_KEY";
/// A shorter key could be found by trying, and with it every phone number.
const MIN_REDACT_KEY_BYTES: usize = 16;

/// Export the events as flat tables, for dashboards.
///
/// Makes a folder with one file per table and datapackage.json, which describes them. The folder appears when everything
/// is written; a run that fails leaves the one that was there. An export of a live table is read with --read-rate at most,
/// and one that was broken off goes on where it was.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala export --from table --endpoint-url http://127.0.0.1:8000 --out tables --format csv\n  \
                        kaizala export --from s3://my-bucket/exports --out tables --format parquet"
)]
pub(super) struct Export {
    #[command(flatten)]
    source: ExportSource,

    /// The folder to write. Replaced when it is an export; anything else is left alone.
    #[arg(long, env = "KAIZALA_EXPORT_OUT", value_name = "DIR")]
    out: PathBuf,

    /// The format of the files.
    #[arg(long, env = "KAIZALA_EXPORT_FORMAT", value_enum, default_value_t = Format::Parquet)]
    format: Format,

    /// Replace phone numbers and names by keyed hashes, the same in every table. The key comes from KAIZALA_REDACT_KEY or
    /// --redact-key-file; without one, a fresh key is made and forgotten.
    #[arg(long, env = "KAIZALA_EXPORT_REDACT")]
    redact: bool,

    /// A file with the key of --redact.
    #[arg(long, env = "KAIZALA_REDACT_KEY_FILE", value_name = "FILE", requires = "redact")]
    redact_key_file: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
    Ndjson,
}

impl From<Format> for write::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Parquet => Self::Parquet,
            Format::Ndjson => Self::Ndjson,
        }
    }
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let redactor = if self.redact { Some(Redactor::new(&self.redact_key()?)) } else { None };
        let out = std::path::absolute(&self.out).context("--out is no path")?;
        // What it takes to resume is beside the folder, and nowhere else: the folder is replaced.
        let fetched = OutputFolder::beside(&out, "source")?;
        let export = write::TablesExport::begin(&out, self.format.into(), redactor)?;
        let checked = self.source.prepare(&fetched, export.scratch())?;

        let progress = bytes_progress("writing", checked.bytes());
        let read =
            checked.rows(export.scratch(), threads(), self.source.damage(), &|bytes| progress.inc(bytes), || {
                export.sink()
            });
        progress.finish_and_clear();
        // When no table takes any more rows, the tables know why.
        let (items, damaged, exported) = match read {
            Ok(read) => (read.items, read.damaged, export.finish(read.sinks, now())?),
            Err(error) => {
                export.abandon()?;
                return Err(error.into());
            }
        };
        remove(&fetched)?;
        for error in &damaged {
            note(format_args!("left out: {error}"));
        }
        let seconds = started.elapsed().as_secs_f64();
        if self.output.json {
            say_json(&self.summary(&exported, items, damaged.len(), seconds))
        } else {
            print(&self.out, &exported, items, seconds)
        }
    }

    fn redact_key(&self) -> anyhow::Result<Vec<u8>> {
        let key = match (&self.redact_key_file, env::var_os(REDACT_KEY_VARIABLE)) {
            (Some(file), _) => fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
            (None, Some(key)) => key.into_encoded_bytes(),
            (None, None) => {
                let mut key = vec![0; 32];
                getrandom::fill(&mut key).context("the operating system has no randomness to give")?;
                key
            }
        };
        let key = key.trim_ascii_end().to_vec();
        ensure!(
            key.len() >= MIN_REDACT_KEY_BYTES,
            "the key of --redact has less than {MIN_REDACT_KEY_BYTES} bytes: make one with `kaizala token new`"
        );
        Ok(key)
    }

    fn summary(&self, exported: &Exported, items: u64, damaged: usize, seconds: f64) -> serde_json::Value {
        let tables: serde_json::Map<_, _> = exported
            .files
            .iter()
            .map(|file| (file.table.name().to_owned(), json!({ "rows": file.rows, "bytes": file.bytes })))
            .collect();
        json!({
            "out": self.out,
            "format": write::Format::from(self.format).name(),
            "items": items,
            "damaged": damaged,
            "tables": tables,
            "seconds": seconds,
        })
    }
}

fn print(out: &Path, exported: &Exported, items: u64, seconds: f64) -> anyhow::Result<()> {
    say(format_args!("{:<14} {:>12} {:>14}", "table", "rows", "bytes"))?;
    for file in &exported.files {
        say(format_args!("{:<14} {:>12} {:>14}", file.table.name(), file.rows, file.bytes))?;
    }
    say(format_args!("\n{items} items in {seconds:.1} s, in {}", out.display()))
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be deleted", folder.display()))?;
    }
    Ok(())
}
