//! What is counted, and in which cells: the vocabulary of the second reading.

use std::collections::BTreeMap;

/// The smallest part of the counts that the page's filters tell apart. The numbers are places in the lists of the
/// [`ReportPlan`](super::plan::ReportPlan).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) group: u8,
    /// `None` for a quarantined body, which has no event type.
    pub(super) event_type: Option<u8>,
    pub(super) action: u16,
    pub(super) bin: u16,
}

/// What is counted of the events in a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Events, edits included.
    pub(super) events: u32,
    /// Events that are stored as revisions of another.
    pub(super) revisions: u32,
    /// Events that are CloudEvents.
    pub(super) cloud_events: u32,
    /// Responses, including those to jobs, in their latest version.
    pub(super) responses: u32,
    /// Responses that a newer version has replaced.
    pub(super) replaced: u32,
    /// People whose first answer to an action is in this cell.
    pub(super) people: u32,
    /// Assignments of jobs.
    pub(super) assigned: u32,
    /// Assignments that are done.
    pub(super) done: u32,
    /// Assignments that are open after their due time.
    pub(super) late: u32,
}

/// What is counted of the answers to a question in a cell.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) answered: u32,
    pub(super) skipped: u32,
    /// The sum of the answers that are numbers.
    pub(super) sum: f64,
    /// How many answers each bar of the chart has.
    pub(super) bars: BTreeMap<u16, u32>,
}

/// A single answer that the page holds.
pub(super) struct Sample {
    pub(super) cell: Cell,
    pub(super) value: Sampled,
}

/// What somebody has answered, as the page holds it.
pub(super) enum Sampled {
    Number(f64),
    Text(String),
    Place { latitude: f64, longitude: f64, name: Option<String> },
    File { name: Option<String>, url: Option<String> },
}

/// How many characters of a text the page shows.
const MAX_CHARACTERS: usize = 200;

/// Cuts a text to the length that the page shows, and marks the cut with an ellipsis.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
