//! How many bytes the page may have, and how its parts share them. The parts that grow with the events stop at their share.

use serde::Serialize;

use super::{page, plan};

/// The most bytes of the page, however many events it counts. A larger one would open slowly, and few would send it to anybody.
pub const MAX_PAGE_BYTES: usize = 3_000_000;

/// The counts of events by group, type, action and time. If they need more, a larger unit of time is chosen.
pub(super) const COUNTS: usize = 620_000;
/// The counts of answers, which may use what the counts of events leave. If they need more, the questions with the fewest answers are left out.
pub(super) const ANSWERS: usize = 700_000;
/// Single answers. All questions that need it have the same share.
pub(super) const SAMPLES: usize = 360_000;
/// The names of people. If they need more, the last of those who have not answered are not listed.
pub(super) const PEOPLE: usize = 250_000;
/// The events of the most active people, by time. If they need more, the least active of these people are left out.
pub(super) const ACTIVITY: usize = 80_000;
/// How many people who have not answered are listed for one action in one group.
pub(super) const MAX_SILENT: usize = 100;
/// How many people who have not answered are listed in the whole page.
pub(super) const MAX_SILENT_IN_ALL: usize = 8_000;
/// Open assignments. If they need more, the last of the list are left out.
pub(super) const OPEN: usize = 90_000;
/// How many open assignments are listed.
pub(super) const MAX_OPEN: usize = 500;

/// The most bytes of a name of a group, a type or an action. They are not left out, so each has to be short.
const NAME: usize = 240;
const NAMES: usize = plan::MAX_GROUPS * (2 * NAME + 30)
    + plan::MAX_TYPES * (NAME + 3)
    + (plan::MAX_CARDS + plan::MAX_JOBS + plan::MAX_PACKAGES + 2) * (3 * NAME + 60);
/// For each card in a group: five numbers, of at most three digits on average. For each person: a place of at most four.
const KNOWN: usize = plan::MAX_CARDS * (plan::MAX_GROUPS + 1) * 15 + MAX_SILENT_IN_ALL * 4;
/// Times, the source, and what holds the parts together.
const REST: usize = 20_000;

const _: () = assert!(
    page::FRAME + COUNTS + ANSWERS + SAMPLES + PEOPLE + ACTIVITY + NAMES + KNOWN + OPEN + REST <= MAX_PAGE_BYTES,
    "the shares are larger than the page"
);

/// How many bytes a value takes in the page.
pub(super) fn bytes(value: &impl Serialize) -> usize {
    // What cannot be JSON cannot be in the page either.
    let json = serde_json::to_string(value).unwrap_or_default();
    json.len() + json.matches('<').count() * (page::LESS_THAN.len() - 1)
}

/// Cuts a name that is too long for the page, and marks the cut with an ellipsis.
pub(super) fn name(text: &str) -> String {
    let mut room = NAME - r#""…""#.len();
    let end = text.char_indices().find(|(_, character)| {
        let rest = room.checked_sub(bytes(character) - r#""""#.len());
        room = rest.unwrap_or_default();
        rest.is_none()
    });
    match end {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
