//! Values that several events state, such as the title of a card. The newest one counts.

use super::hash::hash;
use crate::{event::Timestamp, tables::Origin};

/// When an event arrived: the time and a hash of the event's key. The hash orders events of the same millisecond.
pub(super) type Arrived = (Timestamp, u64);

/// When the event of a row arrived.
pub(super) fn arrived(origin: &Origin<'_>) -> Arrived {
    (origin.received_at, hash(origin.event_key))
}

/// The newest of the values that have been seen.
#[derive(Clone, Debug)]
pub(super) struct Newest<T> {
    at: Arrived,
    pub(super) value: T,
}

impl<T> Newest<T> {
    /// Puts a value in `place` unless a newer one is there. `value` is called only if its result is kept.
    pub(super) fn put(place: &mut Option<Self>, at: Arrived, value: impl FnOnce() -> T) {
        if place.as_ref().is_none_or(|newest| newest.at < at) {
            *place = Some(Self { at, value: value() });
        }
    }

    /// Keeps the newer of two values.
    pub(super) fn merge(place: &mut Option<Self>, other: Option<Self>) {
        if let Some(other) = other {
            Self::put(place, other.at, || other.value);
        }
    }
}
