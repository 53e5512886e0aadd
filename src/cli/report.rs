//! `kaizala report`: one page of charts.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::json;

use super::{
    export_source::{ExportSource, bytes_progress, threads},
    output::{Output, note},
};
use crate::{
    clock::now,
    report::{self, About},
    tables::write::OutputFolder,
};

/// Make a page of charts: one HTML file that opens in any browser and needs no network.
///
/// It shows events over time, responses and completion per action, a chart for each question, jobs, membership and
/// quarantine, with filters and a table for every chart. It holds names of groups and what people have answered: share it
/// as you would share the events themselves. The file appears when it is complete; a run that fails leaves the old one.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala report --from table --endpoint-url http://127.0.0.1:8000 --out report.html\n  \
                        kaizala report --from s3://my-bucket/exports --since 2023-03-01 --out report.html"
)]
pub(super) struct Report {
    #[command(flatten)]
    source: ExportSource,

    /// The file to write. Replaced when it is there.
    #[arg(long, env = "KAIZALA_REPORT_OUT", value_name = "FILE.html")]
    out: PathBuf,

    #[command(flatten)]
    output: Output,
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let out = std::path::absolute(&self.out).context("--out is no path")?;
        ensure!(!out.is_dir(), "--out is a folder: name a file, such as {}", out.join("report.html").display());
        // What it takes to resume is beside the file: the same command goes on there.
        let fetched = OutputFolder::beside(&out, "source")?;
        let scratch = tempfile::tempdir().context("there is no place for temporary files: set TMPDIR")?;
        let checked = self.source.prepare(&fetched, scratch.path())?;

        let about = About { made_at: now(), source: self.source.place(), filters: self.source.filters() };
        let progress = bytes_progress("counting", checked.bytes() * 2);
        let count = |bytes| progress.inc(bytes);
        let report = report::Report::make(&checked, scratch.path(), threads(), self.source.damage(), &count, &about)?;
        progress.finish_and_clear();
        let page = report::render(&report.data);
        write(&out, &page).with_context(|| format!("{} cannot be written", out.display()))?;
        if fetched.exists() {
            fs::remove_dir_all(&fetched).with_context(|| format!("{} cannot be deleted", fetched.display()))?;
        }
        for error in &report.damaged {
            note(format_args!("left out: {error}"));
        }
        let (items, damaged, bytes) = (report.items, report.damaged.len(), page.len());
        let seconds = started.elapsed().as_secs_f64();
        let summary =
            json!({ "out": self.out, "items": items, "damaged": damaged, "bytes": bytes, "seconds": seconds });
        self.output
            .print(&summary, || format!("{items} items in {seconds:.1} s: {}, {bytes} bytes", self.out.display()))
    }
}

/// Writes a file such that there is the old one or the new one, and never half of it.
fn write(out: &Path, text: &str) -> anyhow::Result<()> {
    let partial = OutputFolder::beside(out, "partial")?;
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, out)
    });
    if written.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&partial);
    }
    Ok(written?)
}
