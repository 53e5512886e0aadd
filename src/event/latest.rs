//! Which version of a response is the latest: the one order that everything that ranks versions goes by.
//!
//! The sender promises no order and retries for two days, so that arrival alone decides nothing: an original that comes late
//! would replace its own edit. Neither does the sender's time alone, which only some responses have and which comes from
//! phones.

use super::Timestamp;

/// Where a version stands among the versions of its response. The greatest is the latest.
///
/// First an edit, or what was pulled, beats what is neither; then the time decides; then the arrival, and at last the key, so
/// that no two versions are equal. The time is the [earlier](Self::of_pushed) of the sender's and the arrival: a phone whose
/// clock runs ahead wins nothing by it. One whose clock runs behind can lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank<'a> {
    is_edit: bool,
    ranked_at: Timestamp,
    received_at: Timestamp,
    event_key: &'a str,
}

impl<'a> Rank<'a> {
    /// The rank of a version that came by webhook. `is_edit` is [`Event::is_edit`](super::Event::is_edit), `occurred_at`
    /// [`Event::occurred_at`](super::Event::occurred_at).
    pub fn of_pushed(
        is_edit: bool,
        occurred_at: Option<Timestamp>,
        received_at: Timestamp,
        event_key: &'a str,
    ) -> Self {
        let ranked_at = occurred_at.map_or(received_at, |time| time.min(received_at));
        Self { is_edit, ranked_at, received_at, event_key }
    }

    /// The rank of a version that was pulled: it is what the sender said at that moment, whenever it was written, and so
    /// beats all that was said before.
    pub fn of_pulled(received_at: Timestamp, event_key: &'a str) -> Self {
        Self { is_edit: true, ranked_at: received_at, received_at, event_key }
    }

    /// The time by which the version is ranked.
    pub fn ranked_at(&self) -> Timestamp {
        self.ranked_at
    }

    /// Appends bytes that sort as ranks do.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_edit));
        // Never negative.
        out.extend_from_slice(&self.ranked_at.epoch_millis().to_be_bytes());
        out.extend_from_slice(&self.received_at.epoch_millis().to_be_bytes());
        out.extend_from_slice(self.event_key.as_bytes());
    }
}
