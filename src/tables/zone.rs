//! Time zones by their IANA names, out of a database that the binary carries, and what clocks show there.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp as Instant,
    tz::{TimeZone, TimeZoneDatabase},
};
use time::{Duration, OffsetDateTime};

use crate::event::Timestamp;

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;
/// How many names are told in place of one that is unknown.
const NEAREST: usize = 3;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// The name is not that of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone {
    /// The names that are most like it, the nearest first.
    pub nearest: Vec<String>,
}

/// What clocks show in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(
    /// Milliseconds from the midnight with which 1970 began to this date and time, as if no clock were ever changed.
    pub i64,
);

/// A date in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalDay(
    /// Days since 1970-01-01.
    pub i64,
);

impl Zone {
    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What clocks show there at that time.
    pub fn local(&self, time: Timestamp) -> LocalTime {
        let offset = Instant::from_millisecond(time.epoch_millis())
            .map_or(0, |instant| i64::from(self.rules.to_offset(instant).seconds()));
        LocalTime(time.epoch_millis() + offset * SECOND_MS)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let known = TimeZoneDatabase::bundled();
        match known.get(name) {
            Ok(rules) => Ok(Self { name: rules.iana_name().unwrap_or(name).to_owned(), rules }),
            Err(_) => {
                let mut names: Vec<_> = known.available().map(|name| name.as_str().to_owned()).collect();
                names.sort_by_cached_key(|known| (unlikeness(name, known), known.clone()));
                names.truncate(NEAREST);
                Err(UnknownZone { nearest: names })
            }
        }
    }
}

/// How little a name is like a known one, or like what stands behind its last slash: many know the city alone.
fn unlikeness(name: &str, known: &str) -> u64 {
    let name = name.to_lowercase().replace(' ', "_");
    let known = known.to_lowercase();
    let city = known.rsplit('/').next().unwrap_or(&known);
    let likeness = strsim::normalized_levenshtein(&name, &known).max(strsim::normalized_levenshtein(&name, city));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1,000")]
    let unlikeness = ((1.0 - likeness) * 1000.0) as u64;
    unlikeness
}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no such time zone; the nearest names are {}", self.nearest.join(", "))
    }
}

impl std::error::Error for UnknownZone {}

impl LocalTime {
    /// The date.
    pub fn day(self) -> LocalDay {
        LocalDay(self.0.div_euclid(DAY_MS))
    }
}

/// As RFC 3339, without an offset from UTC.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.rem_euclid(DAY_MS);
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        write!(f, "{}T{hours:02}:{minutes:02}:{:02}.{:03}", self.day(), millis / 1000 % 60, millis % 1000)
    }
}

/// As `2023-03-06`.
impl fmt::Display for LocalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The instants of jiff end two days before the last date that a time can have.
        write!(f, "{}", OffsetDateTime::UNIX_EPOCH.date().saturating_add(Duration::days(self.0)))
    }
}
