//! Computes the changes for an incremental export: the differences between two states of a table.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::Context;
use flate2::read::MultiGzDecoder;

use crate::{
    event::Timestamp,
    export_files::ExportFolder,
    store::{Change, StoredItem},
};

/// Reads all items of a full export.
pub(super) fn read_items(folder: &Path) -> anyhow::Result<Vec<StoredItem>> {
    let mut items = Vec::new();
    for file in ExportFolder::find(folder)?.files {
        let unreadable = || format!("{} cannot be read", file.path.display());
        let gzip = File::open(&file.path).with_context(unreadable)?;
        for line in BufReader::new(MultiGzDecoder::new(gzip)).lines() {
            items.push(StoredItem::from_export_line(&line.with_context(unreadable)?).with_context(unreadable)?);
        }
    }
    Ok(items)
}

/// The items that changed within a period, each as it was before and after.
pub(super) fn changes(
    before: Vec<StoredItem>,
    after: Vec<StoredItem>,
    (since, until): (Timestamp, Timestamp),
) -> Vec<Change> {
    let mut old = by_key(before);
    let change_of = |old: Option<StoredItem>, new: Option<StoredItem>| {
        (old != new).then(|| Change { written_at_micros: written_at(new.as_ref(), since, until), old, new })
    };
    let mut changes: Vec<_> =
        by_key(after).into_iter().filter_map(|(key, new)| change_of(old.remove(&key), Some(new))).collect();
    changes.extend(old.into_values().filter_map(|old| change_of(Some(old), None)));
    changes
}

fn by_key(items: Vec<StoredItem>) -> BTreeMap<(String, String), StoredItem> {
    let key = |item: &StoredItem| {
        (item.group().unwrap_or_default().to_owned(), item.event_key().unwrap_or_default().to_owned())
    };
    items.into_iter().map(|item| (key(&item), item)).collect()
}

/// When an item was written, in microseconds: when it arrived if that is within the period, else the end of the period.
fn written_at(item: Option<&StoredItem>, since: Timestamp, until: Timestamp) -> u64 {
    let arrived = item.and_then(StoredItem::received_at).filter(|time| (since..until).contains(time));
    let millis = arrived.map_or(until.epoch_millis() - 1, Timestamp::epoch_millis);
    u64::try_from(millis * 1000).unwrap_or_default()
}
