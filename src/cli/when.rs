//! Times as people write them on a command line.

use clap::Args;

use crate::{clock::now, event::Timestamp};

/// Which items to list.
#[derive(Args)]
pub(super) struct Window {
    /// Only what was received since: a date, a time (RFC 3339), or 90s, 15m, 2h, 7d for how long ago.
    #[arg(long, env = "KAIZALA_SINCE", value_parser = when, value_name = "TIME")]
    pub(super) since: Option<Timestamp>,

    /// Only what was received until then.
    #[arg(long, env = "KAIZALA_UNTIL", value_parser = when, value_name = "TIME")]
    pub(super) until: Option<Timestamp>,

    /// List this many at most.
    #[arg(long, env = "KAIZALA_LIMIT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: u32,
}

/// Reads a time: a date, RFC 3339, or how long ago (`90s`, `15m`, `2h`, `7d`).
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    if let Some(millis) = ago(text) {
        let then = now().epoch_millis().checked_sub(millis).and_then(Timestamp::from_epoch_millis);
        return then.ok_or_else(|| "is too long ago".to_owned());
    }
    text.parse().map_err(|error| format!("{error}, or 90s, 15m, 2h or 7d for how long ago"))
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
