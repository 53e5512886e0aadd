//! Values that events state again and again, of which the newest counts.

use super::hash::hash;
use crate::{event::Timestamp, tables::Origin};

/// When an event arrived, such that no two events did at once: the time and, among those of the same millisecond, a hash of
/// the key.
pub(super) type Arrived = (Timestamp, u64);

/// When a row's event arrived.
pub(super) fn arrived(origin: &Origin<'_>) -> Arrived {
    (origin.received_at, hash(origin.event_key))
}

/// The newest of the values that were seen.
#[derive(Clone, Debug)]
pub(super) struct Newest<T> {
    at: Arrived,
    pub(super) value: T,
}

impl<T> Newest<T> {
    /// Puts a value into its place unless a newer one is there.
    pub(super) fn put(place: &mut Option<Self>, at: Arrived, value: impl FnOnce() -> T) {
        if place.as_ref().is_none_or(|newest| newest.at < at) {
            *place = Some(Self { at, value: value() });
        }
    }

    /// Keeps the newer of two.
    pub(super) fn merge(place: &mut Option<Self>, other: Option<Self>) {
        if let Some(other) = other {
            Self::put(place, other.at, || other.value);
        }
    }
}
