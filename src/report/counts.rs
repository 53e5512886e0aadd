//! What is counted, and in which cells: the vocabulary of the second reading.

use std::collections::{BTreeMap, HashMap};

use super::{jobs::Open, people::Members};

/// What the page's filters tell apart. The numbers are places in the [`ReportPlan`](super::plan::ReportPlan).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) group: u8,
    /// `None` for what is not an event.
    pub(super) event_type: Option<u8>,
    pub(super) action: u16,
    pub(super) bin: u16,
}

/// What is counted of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Events, edits included.
    pub(super) events: u32,
    /// Those of them that are stored as revisions of another.
    pub(super) revisions: u32,
    /// Responses, answers to jobs among them, in their latest version.
    pub(super) responses: u32,
    /// Responses that a newer version has replaced.
    pub(super) replaced: u32,
    /// People whose first answer to an action it is.
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
    /// Of all numbers.
    pub(super) sum: f64,
    /// By bar of the chart.
    pub(super) bars: BTreeMap<u16, u32>,
}

/// An answer that the page holds as such.
pub(super) struct Sample {
    pub(super) cell: Cell,
    pub(super) value: Sampled,
}

/// What was answered.
pub(super) enum Sampled {
    Number(f64),
    Text(String),
    Place { latitude: f64, longitude: f64, name: Option<String> },
    File { name: Option<String>, url: Option<String> },
}

/// All counts at the end.
pub(super) struct Tallied {
    pub(super) counts: BTreeMap<Cell, Counts>,
    pub(super) quarantine: BTreeMap<(String, Cell), u32>,
    pub(super) answers: BTreeMap<(u16, Cell), Answers>,
    /// The texts at the bars of a question, by question and bar.
    pub(super) labels: HashMap<(u16, u16), String>,
    /// Some answers to each question, chosen by a hash of where they stand.
    pub(super) samples: Vec<BTreeMap<u64, Sample>>,
    /// Who was in a group while an action was answered there, by action and group.
    pub(super) known: BTreeMap<(u16, u8), Members>,
    /// Events by place in the list of the most active people.
    pub(super) activity: BTreeMap<(Cell, u16), u32>,
    /// Assignments that are not done.
    pub(super) open: Vec<Open>,
}

/// A text in the page is cut after that many characters.
const MAX_CHARACTERS: usize = 200;

/// A text as the page has it, of limited length.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
