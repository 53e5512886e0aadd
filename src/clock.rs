//! The time by the system's clock. The rooms that must not depend on it are handed a [`Timestamp`].

use std::time::{SystemTime, UNIX_EPOCH};

use crate::event::Timestamp;

/// The current time. A clock that stands before 1970 counts as 1970.
pub fn now() -> Timestamp {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis());
    i64::try_from(millis).ok().and_then(Timestamp::from_epoch_millis).unwrap_or(Timestamp::EPOCH)
}
