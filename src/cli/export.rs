//! `kaizala export`: flat tables for dashboards.

use std::{path::PathBuf, time::Instant};

use anyhow::Context;
use clap::{Args, ValueEnum, error::ErrorKind};
use serde_json::{Value, json};

use super::{
    export_source::{ExportSource, archive_files, tell_left_out},
    output::{Output, say, say_json},
    progress,
    redaction::Redaction,
    threads::threads,
    time_zone::TimeZone,
    workplace::Workplace,
};
use crate::{
    clock::now,
    event::Timestamp,
    tables::{
        read::RowsError,
        write::{self, ExportError, Exported, FileOptions},
    },
};

/// Export the events as flat tables, for dashboards.
///
/// Writes a folder with one file per table and datapackage.json, which describes them. The folder appears when everything is
/// written; a run that fails leaves an earlier export as it was. If a run fails while it reads a live table or S3, the same
/// command resumes it; Ctrl-C leaves nothing behind. While it runs, it needs room beside the folder for temporary files: about
/// twice the size of the gzipped export. Exit code 1 if the filters match nothing, unless --allow-empty is given.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala export --from table --endpoint-url http://127.0.0.1:8000 --out tables --format csv\n  \
                        kaizala export --from s3://my-bucket/exports --out tables --format parquet\n  \
                        kaizala export --from SurveyResponse.zip --out tables --format csv"
)]
pub(super) struct Export {
    #[command(flatten)]
    source: ExportSource,

    /// The folder to write. An earlier export there is replaced; any other folder is left alone.
    #[arg(long, env = "KAIZALA_EXPORT_OUT", value_name = "DIR")]
    out: PathBuf,

    /// The format of the files.
    #[arg(long, env = "KAIZALA_EXPORT_FORMAT", value_enum, default_value_t = Format::Parquet)]
    #[arg(default_value_if("excel", "true", "csv"))]
    format: Format,

    /// Begin CSV with a byte order mark, by which Excel tells that it is UTF-8. Makes CSV the default format.
    #[arg(long, env = "KAIZALA_EXPORT_EXCEL")]
    excel: bool,

    /// Add `wide/`: a file for each card, with a row for each response in its latest version and a column for each question.
    #[arg(long, env = "KAIZALA_EXPORT_WIDE")]
    wide: bool,

    /// Only this card among the wide tables, by the id of its action or package; several times for several cards.
    #[arg(long = "card", env = "KAIZALA_EXPORT_CARD", value_name = "ID", value_delimiter = ',', requires = "wide")]
    cards: Vec<String>,

    #[command(flatten)]
    time_zone: TimeZone,

    #[command(flatten)]
    redaction: Redaction,

    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
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
        if self.excel && self.format != Format::Csv {
            clap::Error::raw(
                ErrorKind::ArgumentConflict,
                "--excel is for CSV: leave out --format, or give --format csv\n",
            )
            .exit();
        }
        let started = Instant::now();
        let redactor = self.redaction.redactor()?;
        let out = std::path::absolute(&self.out).context("--out is not a path")?;
        let place = Workplace::claim(&out)?;
        let options = FileOptions {
            format: self.format.into(),
            byte_order_mark: self.excel,
            zone: self.time_zone.zone().cloned(),
        };
        let mut export = write::TablesExport::begin(&out, options)?;
        if self.wide {
            export.add_wide(self.cards.iter().cloned().collect())?;
        }
        let rows = self.source.read(&place, export.scratch(), redactor)?;
        let damaged = rows.left_out();
        self.source.filter().require_match(&rows, rows.items + damaged)?;

        let progress = progress::blocks("writing", rows.blocks());
        let count = |blocks| progress.inc(blocks);
        let sink = || export.sink();
        let written = rows.each_block(threads(), &count, sink, write::Batches::take);
        let written = written.and_then(|sinks| export.sum_up(sinks).map_err(RowsError::Sink));
        progress.finish_and_clear();
        if let Err(error) = written {
            // A sink that was closed only says so. The writer of a table, which closed it, has the cause.
            export.abandon()?;
            return Err(error.into());
        }
        let wide = export.write_wide(threads()).map_err(explained)?;
        let exported = place.publish(|| export.finish(wide, now()))?;
        tell_left_out(&rows);
        let summary = TablesSummary {
            exported,
            exported_at: Timestamp::from_rfc3339(rows.exported_at()),
            items: rows.items,
            damaged,
            archive: archive_files(&rows),
            seconds: started.elapsed().as_secs_f64(),
        };
        if self.output.json { say_json(&self.json(&summary)) } else { self.print(&summary) }
    }

    fn json(&self, summary: &TablesSummary) -> Value {
        let TablesSummary { exported, exported_at, items, damaged, archive, seconds } = summary;
        let tables: serde_json::Map<_, _> = exported
            .files
            .iter()
            .map(|file| (file.table.name().to_owned(), json!({ "rows": file.rows, "bytes": file.bytes })))
            .collect();
        json!({
            "out": self.out,
            "format": write::Format::from(self.format).name(),
            "exportedAt": exported_at.map(|time| time.to_string()),
            "items": items,
            "damaged": damaged,
            "tables": tables,
            "wide": exported.wide.as_ref().map(|wide| json!({ "cards": wide.cards, "rows": wide.rows, "bytes": wide.bytes })),
            "archive": archive,
            "seconds": seconds,
        })
    }

    fn print(&self, summary: &TablesSummary) -> anyhow::Result<()> {
        say(format_args!("{:<14} {:>12} {:>14}", "table", "rows", "bytes"))?;
        for file in &summary.exported.files {
            say(format_args!("{:<14} {:>12} {:>14}", file.table.name(), file.rows, file.bytes))?;
        }
        if let Some(wide) = &summary.exported.wide {
            let name = format!("wide ({})", wide.cards);
            say(format_args!("{name:<14} {:>12} {:>14}", wide.rows, wide.bytes))?;
        }
        let TablesSummary { items, seconds, .. } = summary;
        let as_of = summary.exported_at.map(|time| format!(" as of {time}")).unwrap_or_default();
        say(format_args!("\n{items} items{as_of} in {seconds:.1} s, in {}", self.out.display()))
    }
}

/// Adds what to do about an error.
fn explained(error: ExportError) -> anyhow::Error {
    match error {
        error @ ExportError::NoCard(_) => anyhow::Error::new(error)
            .context("nothing was written: the ids of cards are in the column action_id of the table responses"),
        error => error.into(),
    }
}

/// What one run has exported, and how long it took.
struct TablesSummary {
    exported: Exported,
    /// The point in time at which the table had these events.
    exported_at: Option<Timestamp>,
    items: u64,
    damaged: u64,
    /// What was read of an archive.
    archive: Option<Value>,
    seconds: f64,
}
