//! Times as people write them on a command line.

use crate::{event::Timestamp, receiver::now};

/// A time: a date, RFC 3339, or so long ago (`90s`, `15m`, `2h`, `7d`).
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    if let Some(millis) = ago(text) {
        let then = now().epoch_millis().checked_sub(millis).and_then(Timestamp::from_epoch_millis);
        return then.ok_or_else(|| "is too long ago".to_owned());
    }
    text.parse().map_err(|error| format!("{error}, or 90s, 15m, 2h or 7d for so long ago"))
}

/// Milliseconds.
fn ago(text: &str) -> Option<i64> {
    let (at, unit) = text.char_indices().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    text[..at].parse::<u32>().ok().map(|count| i64::from(count) * seconds * 1000)
}
