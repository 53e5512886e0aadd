//! Which period comes next.

use super::{Idle, LakeError, state::Window};
use crate::event::Timestamp;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
/// The shortest and the longest period that DynamoDB exports.
const SHORTEST: i64 = 15 * MINUTE;
const LONGEST: i64 = 24 * 60 * MINUTE;
/// DynamoDB refuses a period that ends in the future by its own clock.
const DISTANCE: i64 = MINUTE;

/// The window that follows `done`, or why there is none. `earliest` is how far back recovery reaches.
pub(super) fn next(
    done: Option<Timestamp>,
    earliest: Timestamp,
    now: Timestamp,
) -> Result<Result<Window, Idle>, LakeError> {
    let horizon = now.epoch_millis() - DISTANCE;
    let Some(done) = done else {
        let to = whole_minute(horizon);
        return Ok(if earliest > to { Err(Idle::RecoveryTooYoung) } else { Ok(Window { from: None, to }) });
    };
    if earliest > done {
        return Err(LakeError::Gap { done, earliest });
    }
    let to = whole_minute(horizon.min(done.epoch_millis() + LONGEST));
    if to.epoch_millis() - done.epoch_millis() < SHORTEST {
        return Ok(Err(Idle::WindowTooShort));
    }
    Ok(Ok(Window { from: Some(done), to }))
}

fn whole_minute(millis: i64) -> Timestamp {
    Timestamp::from_epoch_millis(millis / MINUTE * MINUTE).unwrap_or(Timestamp::EPOCH)
}
