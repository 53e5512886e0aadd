//! Points in time: epoch milliseconds inside, RFC 3339 outside.

use std::fmt;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const RFC3339_MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The first millisecond of the year 10000, where RFC 3339 ends.
const YEAR_10000_MS: i64 = 253_402_300_800_000;

/// Below this magnitude a number that may be seconds or milliseconds is taken for seconds: as seconds it reaches to the
/// year 5138, as milliseconds only back to 1973, long before Kaizala.
const SECONDS_BELOW: f64 = 1e11;

/// A point in time between the years 1970 and 9999, to the millisecond. Displays as RFC 3339 in UTC with three decimals,
/// so that the texts sort as the times do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Self = Self(0);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(YEAR_10000_MS - 1);

    /// The time that many milliseconds after the epoch; `None` outside the years 1970 to 9999.
    pub fn from_epoch_millis(millis: i64) -> Option<Self> {
        (0..YEAR_10000_MS).contains(&millis).then_some(Self(millis))
    }

    /// The time meant by a number of seconds or milliseconds, decided by its magnitude. Answers to `Date` questions come
    /// as either.
    pub fn from_epoch_either(number: f64) -> Option<Self> {
        Self::from_epoch_millis_number(if number.abs() < SECONDS_BELOW { number * 1000.0 } else { number })
    }

    /// The time that many milliseconds after the epoch, of a number as JSON has them; fractions are cut off.
    pub fn from_epoch_millis_number(millis: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and the range check refuses what did")]
        let whole = millis as i64;
        if millis.is_nan() { None } else { Self::from_epoch_millis(whole) }
    }

    /// Reads RFC 3339 with any offset; digits behind the milliseconds are cut off.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        Self::from_epoch_millis(i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()?)
    }

    /// Milliseconds since the epoch.
    pub fn epoch_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub fn epoch_seconds(self) -> i64 {
        self.0 / 1000
    }
}

/// Reads RFC 3339 with any offset, and a date alone as its midnight in UTC.
#[cfg(feature = "lake")]
impl std::str::FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let midnight = || {
            let date = time::Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
            Self::from_epoch_millis(date.midnight().assume_utc().unix_timestamp() * 1000)
        };
        Self::from_rfc3339(text).or_else(midnight).ok_or(NotATime)
    }
}

/// The text is not a time between the years 1970 and 9999.
#[cfg(feature = "lake")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATime;

#[cfg(feature = "lake")]
impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a time like 2023-03-06 or 2023-03-06T10:20:31Z")
    }
}

#[cfg(feature = "lake")]
impl std::error::Error for NotATime {}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?
            .format(RFC3339_MILLIS)
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}
