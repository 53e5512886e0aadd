//! Points in time: epoch milliseconds inside, RFC 3339 outside.

use std::fmt;

use time::{
    Date, Month, OffsetDateTime, PrimitiveDateTime, Time, format_description::BorrowedFormatItem,
    macros::format_description,
};

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

    /// The time that many milliseconds after the epoch; none outside the years 1970 to 9999.
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

    /// The time that a text in RFC 3339 says, with any offset; digits behind the milliseconds are cut off.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |range: std::ops::Range<usize>| {
            let digits = bytes.get(range)?;
            digits
                .iter()
                .try_fold(0_u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
        };
        let small = |range| u8::try_from(number(range)?).ok();
        let punctuated = |at: usize, marks: &[u8]| bytes.get(at).is_some_and(|byte| marks.contains(byte));
        let separators: [(usize, &[u8]); 5] = [(4, b"-"), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
        if !separators.into_iter().all(|(at, marks)| punctuated(at, marks)) {
            return None;
        }
        let month = Month::try_from(small(5..7)?).ok()?;
        let date = Date::from_calendar_date(i32::from(number(0..4)?), month, small(8..10)?).ok()?;
        // A leap second counts as the one before it.
        let seconds = small(17..19).filter(|seconds| *seconds <= 60)?.min(59);
        let (fraction, offset) = match bytes.get(19..)? {
            [b'.', rest @ ..] => rest.split_at(rest.iter().position(|byte| !byte.is_ascii_digit())?),
            rest => (&[][..], rest),
        };
        let millis =
            (0..3).fold(0, |millis, at| millis * 10 + u16::from(fraction.get(at).map_or(0, |digit| digit - b'0')));
        let at = bytes.len() - offset.len();
        let offset_minutes = match offset {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let minutes = i64::from(number(at + 1..at + 3)?) * 60 + i64::from(number(at + 4..at + 6)?);
                if *sign == b'-' { -minutes } else { minutes }
            }
            _ => return None,
        };
        let time = Time::from_hms_milli(small(11..13)?, small(14..16)?, seconds, millis).ok()?;
        let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() - offset_minutes * 60;
        Self::from_epoch_millis(seconds * 1000 + i64::from(millis))
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

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?
            .format(RFC3339_MILLIS)
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}
