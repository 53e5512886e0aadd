//! The receipt of an erasure: what, how much, when and by whom. Nothing in it tells of the person.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::{event::Timestamp, files, files::Readers};

/// What an erasure in the table leaves elsewhere, for a while.
pub(super) const OUTLIVES: [&str; 5] = [
    "Point-in-time recovery can bring the items back for up to 35 days.",
    "Exports in S3 hold old images until their lifecycle ends: 36 days in lake/exports/, 30 in exports/; results of queries 7.",
    "Lines in rejected/ of the bucket stay for RetentionDays, or until somebody deletes them: look there.",
    "The Parquet tables of the dashboards follow with the next export.",
    "Copies outside of this deployment (downloads, exported tables, reports) are not touched.",
];

/// What is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt {
    pub(super) table: String,
    pub(super) by: String,
    pub(super) began_at: String,
    /// `None` if the run has not come to its end.
    pub(super) ended_at: Option<String>,
    pub(super) include_mentions: bool,
    /// How many ids, numbers and names were looked for.
    pub(super) sought: Value,
    pub(super) items_looked_at: u64,
    /// Events by group, type, and how they were found.
    pub(super) planned: Value,
    pub(super) erased_events: u64,
    pub(super) erased_items: u64,
    pub(super) deleted_parts: u64,
    pub(super) changed_meanwhile: u64,
    pub(super) mentions_kept: usize,
    pub(super) unreadable_items: usize,
    pub(super) tombstones_until: String,
    pub(super) outlives: [&'static str; 5],
}

impl Receipt {
    /// Writes the receipt in place of an earlier state of it. Only its owner can read it.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        files::replace(path, &json, Readers::Owner).with_context(|| {
            format!("the receipt cannot be written to {}: name another file with --receipt", path.display())
        })
    }
}

/// A name that no other receipt has, in the current folder.
pub(super) fn default_path(began_at: Timestamp) -> PathBuf {
    format!("forget-{}.json", began_at.to_string().replace(':', "")).into()
}

/// The name of a group may be that of a person where nothing else is known of it.
pub(super) fn without_names(planned: Value) -> Value {
    let Value::Array(mut rows) = planned else { return planned };
    for row in &mut rows {
        if row["groupId"].as_str().is_some_and(|group| group.starts_with("name:")) {
            row["groupId"] = "name:…".into();
        }
    }
    Value::Array(rows)
}
