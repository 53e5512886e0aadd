//! Times and periods as people write them on a command line.

use clap::{ArgMatches, Args, Command, FromArgMatches, error::ErrorKind};

use crate::{clock::now, event::Timestamp};

/// Options that choose the items to list.
#[derive(Args)]
pub(super) struct Window {
    #[command(flatten)]
    pub(super) period: Period,

    /// List at most this many.
    #[arg(long, env = "KAIZALA_LIMIT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) limit: u32,
}

/// A period in which something was received. A period that ends before it begins is wrong usage.
#[derive(Clone, Debug)]
pub(super) struct Period {
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    words: String,
}

#[derive(Args)]
struct PeriodOptions {
    /// Only what was received at this time or later: a date (UTC), a time (RFC 3339), or 90s, 15m, 2h, 7d for how long ago.
    #[arg(long, env = "KAIZALA_SINCE", value_parser = when, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Only what was received up to this time, in the same forms as --since.
    #[arg(long, env = "KAIZALA_UNTIL", value_parser = when, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl Period {
    /// Identifies the period by how it was written: `7d` gives the same key when the command is repeated later.
    pub(super) fn words(&self) -> &str {
        &self.words
    }
}

impl FromArgMatches for Period {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let PeriodOptions { since, until } = PeriodOptions::from_arg_matches(matches)?;
        if since.zip(until).is_some_and(|(since, until)| until < since) {
            let what = "the period ends before it begins: --until has to be later than --since\n";
            return Err(clap::Error::raw(ErrorKind::ValueValidation, what));
        }
        let word = |id| matches.get_raw(id).into_iter().flatten().map(|word| word.to_string_lossy().into_owned());
        let words = word("since").chain(["..".to_owned()]).chain(word("until")).collect();
        Ok(Self { since, until, words })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Period {
    fn augment_args(command: Command) -> Command {
        PeriodOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        PeriodOptions::augment_args_for_update(command)
    }
}

/// Reads a time: a date, RFC 3339, or how long ago (`90s`, `15m`, `2h`, `7d`).
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    if let Some(millis) = ago(text) {
        let then = now().epoch_millis().checked_sub(millis).and_then(Timestamp::from_epoch_millis);
        return then.ok_or_else(|| "is too long ago".to_owned());
    }
    text.parse().map_err(|error| format!("{error}, or 90s, 15m, 2h or 7d for how long ago"))
}

/// Units of time, the largest first, with their milliseconds.
const UNITS: [(char, i64); 4] = [('d', 24 * 60 * 60 * 1000), ('h', 60 * 60 * 1000), ('m', 60 * 1000), ('s', 1000)];

/// Reads a length of time such as `90s` as milliseconds.
fn ago(text: &str) -> Option<i64> {
    let (at, last) = text.char_indices().last()?;
    let (_, millis) = UNITS.into_iter().find(|(unit, _)| *unit == last)?;
    text[..at].parse::<u32>().ok().map(|count| i64::from(count) * millis)
}

/// How long ago a time was, in the form that [`when`] reads.
pub(super) fn age(time: Timestamp) -> String {
    let age = (now().epoch_millis() - time.epoch_millis()).max(0);
    let (unit, millis) = UNITS.into_iter().find(|(_, millis)| *millis <= age).unwrap_or(('s', 1000));
    format!("{}{unit}", age / millis)
}
