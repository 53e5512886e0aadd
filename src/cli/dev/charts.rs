//! The report of the table, made anew each time that somebody asks for it.

use anyhow::Context;

use crate::{
    cli::threads::threads,
    clock::now,
    export_files::{ScanOptions, scan},
    report::{self, About},
    store::Store,
    tables::{
        Filter,
        read::{OnDamage, ReadOptions, StoredRows},
    },
};

/// Reads the whole table and makes the page of charts.
pub(super) async fn page(store: &Store) -> anyhow::Result<String> {
    let scratch = tempfile::tempdir().context("temporary files cannot be written: set TMPDIR")?;
    let options = ScanOptions { segments: 1, read_rate: None };
    let export = scan(store, store.table(), &scratch.path().join("scan"), options, now(), |_| {}).await?;
    let source = format!("table {} of kaizala dev", store.table());
    let made = tokio::task::spawn_blocking(move || {
        let options =
            ReadOptions { filter: Filter::default(), damage: OnDamage::Skip, redactor: None, threads: threads() };
        let rows = StoredRows::read(export, &options, scratch.path(), &|_| {})?;
        let about = About { made_at: now(), source, filters: Vec::new(), zone: None, is_redacted: false };
        let data = report::count(&rows, threads(), &|_| {}, &about)?;
        anyhow::Ok(report::render(&data))
    });
    made.await?
}
