//! The rows of an archive are written, or it is found out what writing them would do.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
};

use super::groups::Targets;
use crate::{
    archive::{Archive, ImportedEvent, Repeat, Row, Survey},
    cli::progress,
    event::{Event, Timestamp},
    store::{Arrival, ItemKind, Outcome, Record, Store, StoreError},
};

/// How many rows are written at once.
const CONCURRENCY: usize = 16;
/// Rows that are read ahead.
const READ_AHEAD: usize = 64;

/// What became of the rows that are not repeated within the archive.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) stored: u64,
    pub(super) revised: u64,
    pub(super) already_there: u64,
}

/// Writes every row once, in order where that matters: versions of one event follow one another.
pub(super) async fn keep(
    store: &Store,
    archive: &Arc<Archive>,
    survey: &Arc<Survey>,
    targets: &Arc<Targets>,
    at: Timestamp,
    is_dry: bool,
) -> anyhow::Result<Kept> {
    let progress = progress::bar(survey.rows(), "{wide_bar} {pos}/{len} rows {per_sec} {msg}");
    let (sender, mut rows) = mpsc::channel(READ_AHEAD);
    let reading = spawn_blocking({
        let (archive, survey) = (archive.clone(), survey.clone());
        move || read(&archive, &survey, &sender)
    });
    let mut run = Run { kept: Kept::default(), progress, writes: JoinSet::new() };
    while let Some((event, repeat)) = rows.recv().await {
        if repeat == Repeat::Revision {
            // What it is a revision of has to be there first.
            run.settle(0).await?;
        }
        run.settle(CONCURRENCY - 1).await?;
        let group = targets.get(&event.group_name);
        run.writes.spawn(write(store.clone(), event, group, at, is_dry.then_some(repeat)));
    }
    run.settle(0).await?;
    reading.await?;
    run.progress.finish_and_clear();
    Ok(run.kept)
}

/// Sends all rows that are not repeated, in order, until nobody wants any more.
fn read(archive: &Archive, survey: &Survey, sender: &mpsc::Sender<(ImportedEvent, Repeat)>) {
    let send = |(): &mut (), row: Row| {
        let repeat = survey.repeat(row.number);
        match (row.cells.and_then(|cells| row.layout.event(&cells)), repeat) {
            // What cannot be read is accounted for by the survey.
            (Err(_), _) | (_, Repeat::Duplicate) => Ok(()),
            (Ok(event), repeat) => sender.blocking_send((event, repeat)).map_err(drop),
        }
    };
    // An error means that writing has failed, which is told.
    let _ = archive.each_row(1, &|_| {}, || (), send);
}

struct Run {
    kept: Kept,
    progress: ProgressBar,
    writes: JoinSet<Result<Outcome, StoreError>>,
}

impl Run {
    /// Waits until at most that many rows are being written.
    async fn settle(&mut self, most: usize) -> anyhow::Result<()> {
        while self.writes.len() > most
            && let Some(written) = self.writes.join_next().await
        {
            let outcome = written?.context("run this again, what is done stays done")?;
            *match outcome {
                Outcome::Stored => &mut self.kept.stored,
                Outcome::Revised => &mut self.kept.revised,
                Outcome::Duplicate | Outcome::Quarantined => &mut self.kept.already_there,
            } += 1;
            self.progress.inc(1);
        }
        Ok(())
    }
}

/// Writes a row, or only looks, if it is dry: then with what the row is within the archive.
async fn write(
    store: Store,
    imported: ImportedEvent,
    group: String,
    at: Timestamp,
    dry: Option<Repeat>,
) -> Result<Outcome, StoreError> {
    let body = Bytes::from(imported.body(&group));
    let Ok(event) = Event::parse(&body) else {
        // Only with a longer id of the group than its name would make, which DynamoDB does not take either.
        return Ok(Outcome::Quarantined);
    };
    if let Some(repeat) = dry {
        return would_become(&store, &group, &event, repeat).await;
    }
    let arrival = Arrival { received_at: imported.received_at.unwrap_or(at), request_id: None };
    store.put(&Record::of_event(&event, arrival).imported(at), &body).await
}

async fn would_become(store: &Store, group: &str, event: &Event<'_>, repeat: Repeat) -> Result<Outcome, StoreError> {
    let (key, content) = (event.key(), event.content_digest());
    let first = store.get(group, key.as_str()).await?;
    let is_there = |item: &crate::store::StoredItem| {
        item.kind() == ItemKind::Erased || item.content_sha256().as_ref() == Some(&content)
    };
    match &first {
        Some(first) if is_there(first) => return Ok(Outcome::Duplicate),
        None if repeat == Repeat::First => return Ok(Outcome::Stored),
        _ => {}
    }
    let revision = store.get(group, key.revision(&content).as_str()).await?;
    Ok(if revision.is_some() { Outcome::Duplicate } else { Outcome::Revised })
}
