//! `kaizala report`: makes a page of charts.

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use super::{
    export_source::{ExportSource, archive_files, tell_left_out},
    output::Output,
    progress,
    threads::threads,
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
/// themselves. The file appears when it is complete; a run that fails leaves an earlier file as it was. While it runs, it needs
/// room for temporary files: about twice the size of the gzipped export, in the folder that TMPDIR names.
/// Exit code 1 if the filters match nothing, unless --allow-empty is given.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala report --from SurveyResponse.zip --out report.html\n  \
                        kaizala report --from table --endpoint-url http://127.0.0.1:8000 --out report.html\n  \
                        kaizala report --from s3://my-bucket/exports --since 2023-03-01 --out report.html")]
pub(super) struct Report {
    #[command(flatten)]
    source: ExportSource,

    /// The file to write. An existing file is replaced.
    #[arg(long, env = "KAIZALA_REPORT_OUT", value_name = "FILE.html")]
    out: PathBuf,

    #[command(flatten)]
    output: Output,
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let out = std::path::absolute(&self.out).context("--out is not a path")?;
        ensure!(!out.is_dir(), "--out is a folder: name a file, such as {}", out.join("report.html").display());
        let place = Workplace::claim(&out)?;
        let scratch = tempfile::tempdir().context("temporary files cannot be written: set TMPDIR")?;
        let rows = self.source.read(&place, scratch.path(), None)?;
        let (items, damaged) = (rows.items, rows.left_out());
        let filter = self.source.filter();
        filter.require_match(&rows, items + damaged)?;

        let about = About { made_at: now(), source: self.source.place(), filters: filter.words() };
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
        self.output
            .print(&summary, || format!("{items} items in {seconds:.1} s: {}, {bytes} bytes", self.out.display()))
    }
}
