//! `kaizala report`: makes a page of charts.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use super::{
    export_source::{ExportSource, archive_files, tell_left_out},
    output::{Output, note},
    progress,
    redaction::Redaction,
    threads::threads,
    time_zone::TimeZone,
    workplace::Workplace,
};
use crate::{
    clock::now,
    files::{self, Readers},
    report::{self, About},
};

/// Make a page of charts: one HTML file that opens in any browser and needs no network.
///
/// The page shows events over time, responses and completion per action, a chart for each question, jobs, membership and
/// quarantine, with filters and a table for every chart. It contains names and answers: share it as carefully as the events
/// themselves, or made without names and phone numbers by --redact. The file appears when it is complete; a run that fails leaves
/// an earlier file as it was. While it runs, it needs room for temporary files: about twice the size of the gzipped export, in the
/// folder that TMPDIR names.
/// Exit code 1 if the filters match nothing, unless --allow-empty is given.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala report --from SurveyResponse.zip --out report.html\n  \
                        kaizala report --from table --endpoint-url http://127.0.0.1:8000 --out report.html --open\n  \
                        kaizala report --from s3://my-bucket/exports --since 2023-03-01 --time-zone Asia/Kolkata --redact --out report.html")]
pub(super) struct Report {
    #[command(flatten)]
    source: ExportSource,

    /// The file to write. An existing file is replaced.
    #[arg(long, env = "KAIZALA_REPORT_OUT", value_name = "FILE.html")]
    out: PathBuf,

    /// Open the page in the browser when it is made.
    #[arg(long, env = "KAIZALA_REPORT_OPEN")]
    open: bool,

    #[command(flatten)]
    time_zone: TimeZone,

    #[command(flatten)]
    redaction: Redaction,

    #[command(flatten)]
    output: Output,
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let redactor = self.redaction.redactor()?;
        let is_redacted = redactor.is_some();
        let out = std::path::absolute(&self.out).context("--out is not a path")?;
        ensure!(!out.is_dir(), "--out is a folder: name a file, such as {}", out.join("report.html").display());
        let place = Workplace::claim(&out)?;
        let scratch = tempfile::tempdir().context("temporary files cannot be written: set TMPDIR")?;
        let rows = self.source.read(&place, scratch.path(), redactor)?;
        let (items, damaged) = (rows.items, rows.left_out());
        let filter = self.source.filter();
        filter.require_match(&rows, items + damaged)?;

        let about = About {
            made_at: now(),
            source: self.source.place(),
            filters: filter.words(),
            zone: self.time_zone.zone().cloned(),
            is_redacted,
        };
        let progress = progress::blocks("counting", rows.blocks() * 2);
        let data = report::count(&rows, threads(), &|blocks| progress.inc(blocks), &about);
        progress.finish_and_clear();
        let page = report::render(&data?);
        place
            .publish(|| files::replace(&out, page.as_bytes(), Readers::Usual))
            .with_context(|| format!("{} cannot be written", out.display()))?;
        tell_left_out(&rows);
        let (bytes, seconds) = (page.len(), started.elapsed().as_secs_f64());
        let archive = archive_files(&rows);
        let summary = json!({
            "out": self.out, "items": items, "damaged": damaged, "archive": archive, "bytes": bytes, "seconds": seconds,
        });
        if self.open {
            open_in_browser(&out);
        }
        self.output
            .print(&summary, || format!("{items} items in {seconds:.1} s: {}, {bytes} bytes", self.out.display()))
    }
}

/// Has the system open a file with its browser. The report is made in any case, so a failure is only told.
fn open_in_browser(file: &Path) {
    if let Err(error) = open::that_detached(file) {
        note(format_args!("nothing here opens a browser ({error}): open {} yourself", file.display()));
    }
}
