//! `kaizala report`'s page: rows become counts, counts become one HTML file that needs no network.
//!
//! The rows are read twice. The first reading (`outline`) finds out what there is, `plan` decides what of it stands on
//! its own and what is counted together, and the second (`tally`) counts. So neither memory nor the page grows with the
//! number of events, but only with that of different actions, people and answers.

mod bins;
mod data;
mod jobs;
mod outline;
mod page;
mod people;
mod plan;
mod question;
mod tally;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

pub use self::page::render;
use self::{outline::Outline, plan::ReportPlan, tally::Tally};
use crate::{
    event::Timestamp,
    tables::read::{CheckedExport, DamagedItem, OnDamage, Read, RowsError},
};

/// Cells of group, type, action and time in the page, so that it stays a page that a browser likes to open.
const MAX_COUNTS: usize = 200_000;

/// What the page says about itself.
#[derive(Clone, Debug)]
pub struct About {
    /// When it is made.
    pub made_at: Timestamp,
    /// Where the events come from, in words.
    pub source: String,
    /// What was left out on purpose, in words: one entry for each filter.
    pub filters: Vec<String>,
}

/// Everything that the page shows.
pub struct Report {
    /// The data of the page, as JSON.
    pub data: serde_json::Value,
    /// How many items were read.
    pub items: u64,
    /// Items that were left out because they are damaged.
    pub damaged: Vec<DamagedItem>,
}

impl Report {
    /// Reads all wanted items, twice, and counts. `progress` is told the bytes of both readings; see [`CheckedExport::rows`] for
    /// the other arguments.
    ///
    /// # Errors
    /// When the export cannot be read, or an item is damaged and that fails.
    pub fn make(
        checked: &CheckedExport,
        scratch: &Path,
        threads: usize,
        damage: OnDamage,
        progress: &(dyn Fn(u64) + Sync),
        about: &About,
    ) -> Result<Self, RowsError> {
        let read = checked.rows(scratch, threads, damage, progress, Outline::default)?;
        let mut outlines = read.sinks.into_iter();
        let mut outline = outlines.next().unwrap_or_default();
        for other in outlines {
            outline.merge(other);
        }
        let mut plan = ReportPlan::new(outline);
        loop {
            let Read { sinks, items, damaged } =
                checked.rows(scratch, threads, damage, progress, || Tally::new(&plan))?;
            let mut tally = Tally::new(&plan);
            for other in sinks {
                tally.merge(other);
            }
            let tallied = tally.finish();
            // Seldom: many groups and types over years. Then another reading, to count by larger units of time.
            if tallied.counts.len() > MAX_COUNTS && plan.bins.coarsen() {
                continue;
            }
            let data = data::page_data(&plan, &tallied, about, items, damaged.len());
            return Ok(Self { data, items, damaged });
        }
    }
}

/// A text or several by 64 bits. Millions of them are told apart in a fraction of their memory; that two of them fall
/// together is less likely than a broken disk.
fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A value that events state again and again, of which the newest counts.
#[derive(Clone, Debug)]
struct Newest<T> {
    /// The time of arrival and, among those of the same millisecond, a hash of the key.
    at: (Timestamp, u64),
    value: T,
}

impl<T> Newest<T> {
    /// Puts a value into its place unless a newer one is there.
    fn put(place: &mut Option<Self>, at: (Timestamp, u64), value: impl FnOnce() -> T) {
        if place.as_ref().is_none_or(|newest| newest.at < at) {
            *place = Some(Self { at, value: value() });
        }
    }

    fn merge(place: &mut Option<Self>, other: Option<Self>) {
        if let Some(other) = other {
            Self::put(place, other.at, || other.value);
        }
    }
}
