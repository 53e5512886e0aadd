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

pub use self::{data::About, page::render};
use self::{outline::Outline, plan::ReportPlan, tally::Tally};
use crate::tables::read::{Progress, RowsError, StoredRows};

/// The most cells of group, type, action and time in the page, so that a browser opens it at once.
const MAX_COUNTS: usize = 100_000;

/// Counts all rows, and returns the data of the page as JSON. `progress` is told of the blocks of both readings.
///
/// # Errors
/// When the rows cannot be read back.
pub fn count(
    rows: &StoredRows,
    threads: usize,
    progress: Progress<'_>,
    about: &About,
) -> Result<serde_json::Value, RowsError> {
    let mut outlines = rows.each_row(threads, progress, Outline::default)?.into_iter();
    let mut outline = outlines.next().unwrap_or_default();
    for other in outlines {
        outline.merge(other);
    }
    let mut plan = ReportPlan::new(outline);
    loop {
        let mut tally = Tally::new(&plan);
        for other in rows.each_row(threads, progress, || Tally::new(&plan))? {
            tally.merge(other);
        }
        let tallied = tally.finish();
        // Seldom: many groups and types over years. Then another reading, to count by larger units of time.
        if tallied.counts.len() > MAX_COUNTS && plan.bins.coarsen() {
            continue;
        }
        return Ok(data::page_data(&plan, &tallied, about, rows.items, rows.damaged.len()));
    }
}
