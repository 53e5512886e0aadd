//! `kaizala report`'s page: rows become counts, counts become one HTML file that needs no network.
//!
//! The rows are read twice. The first reading (`outline`) finds out what there is, `plan` decides what of it is shown one by
//! one and what is counted together, and the second reading (`tally`) counts. So memory and page do not grow with the number of
//! events, but only with that of different actions, people and answers.

mod bins;
mod counts;
mod data;
mod hash;
mod jobs;
mod lists;
mod newest;
mod outline;
mod page;
mod people;
mod plan;
mod question;
mod tally;
mod who;

use std::path::Path;

pub use self::{data::About, page::render};
use self::{outline::Outline, plan::ReportPlan, tally::Tally};
use crate::tables::read::{CheckedExport, DamagedItem, OnDamage, Read, RowsError};

/// The most cells of group, type, action and time in the page, so that a browser opens it at once.
const MAX_COUNTS: usize = 100_000;

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
