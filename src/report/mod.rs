//! The page of charts that `kaizala report` makes: rows become counts, and counts become one HTML file that needs no network.
//!
//! The rows are read twice. The first reading (`outline`) finds out which groups, actions, questions and people there are;
//! `plan` decides which of them are shown one by one and which are counted together; the second reading (`tally`) counts. So
//! memory and page grow with the number of different actions, people and answers, but not with the number of events.

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
mod series;
mod tally;
mod who;

pub use self::{data::About, page::render};
use self::{outline::Outline, plan::ReportPlan, tally::Tally};
use crate::tables::read::{Progress, RowsError, StoredRows};

/// The most cells of group, type, action and time in the page. A page with more would open slowly.
const MAX_COUNTS: usize = 100_000;

/// Counts all rows, and returns the data of the page as JSON. `progress` is called with the blocks of both readings.
///
/// # Errors
/// [`RowsError`] when the rows cannot be read back.
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
        // Many groups and types over years may need too many cells. That is rare, so the rows are simply read again, to be
        // counted by a larger unit of time.
        if tallied.counts.len() > MAX_COUNTS && plan.bins.coarsen() {
            continue;
        }
        return Ok(data::page_data(&plan, &tallied, about, rows.items, rows.left_out()));
    }
}
