//! The page of charts that `kaizala report` makes: rows become counts, and counts become one HTML file that needs no network.
//!
//! The rows are read twice. The first reading (`outline`) finds out which groups, actions, questions and people there are;
//! `plan` decides which of them are shown one by one and which are counted together; the second reading (`tally`) counts. So
//! memory grows with the number of different actions, people and answers, but not with the number of events; and the page never
//! grows beyond [`MAX_PAGE_BYTES`].

mod answers;
mod bins;
mod calendar;
mod counts;
mod cube;
mod data;
mod hash;
mod jobs;
mod lists;
mod newest;
mod outline;
mod packed;
mod page;
mod people;
mod plan;
mod question;
mod room;
mod series;
mod tally;
mod who;

use self::{calendar::Calendar, cube::Cube, outline::Outline, plan::ReportPlan, tally::Tally};
pub use self::{data::About, page::render, room::MAX_PAGE_BYTES};
use crate::tables::read::{Progress, RowsError, StoredRows};

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
    let mut plan = ReportPlan::new(outline, Calendar(about.zone.clone()));
    loop {
        let mut tally = Tally::new(&plan);
        for other in rows.each_row(threads, progress, || Tally::new(&plan))? {
            tally.merge(other);
        }
        let tallied = tally.finish();
        let cube = Cube::of(&tallied);
        // Many groups and types over years may need too much room. That is rare, so the rows are simply read again, to be counted
        // by larger units.
        if cube.bytes() > room::COUNTS && plan.coarsen() {
            continue;
        }
        return Ok(data::page_data(&plan, &tallied, &cube, about, [rows.items, rows.left_out()]));
    }
}
