//! The report's clock and calendar: those of UTC or of a time zone, in units from the second to the year.

use time::{Date, Duration, Month, OffsetDateTime};

use crate::{
    event::Timestamp,
    tables::{LocalTime, Zone},
};

/// Whose days and hours the report tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar(pub(super) Option<Zone>);

impl Calendar {
    /// The zone's name, as people read it behind a time.
    pub(super) fn name(&self) -> &str {
        self.0.as_ref().map_or("UTC", Zone::name)
    }

    /// What clocks show at a time.
    pub(super) fn local(&self, time: Timestamp) -> LocalTime {
        self.0.as_ref().map_or(LocalTime(time.epoch_millis()), |zone| zone.local(time))
    }

    /// When the unit begins that a time is in, such as `2023-03-06` for a day.
    pub(super) fn begin(&self, unit: Unit, time: Timestamp) -> String {
        unit.begin(unit.number(self.local(time)))
    }
}

/// A unit of clock or calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    /// A week that begins on Monday.
    Week,
    Month,
    Year,
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The next larger unit. `None` if there is none.
    pub(super) const fn larger(self) -> Option<Self> {
        Some(match self {
            Self::Second => Self::Minute,
            Self::Minute => Self::Hour,
            Self::Hour => Self::Day,
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::Year,
            Self::Year => return None,
        })
    }

    /// The length of a unit of the clock, or of a day.
    const fn millis(self) -> i64 {
        match self {
            Self::Second => 1000,
            Self::Minute => 60 * 1000,
            Self::Hour => 60 * 60 * 1000,
            Self::Day | Self::Week | Self::Month | Self::Year => 24 * 60 * 60 * 1000,
        }
    }

    /// The number of the unit that a time is in. Consecutive units have consecutive numbers.
    pub(super) fn number(self, LocalTime(millis): LocalTime) -> i64 {
        let number = millis.div_euclid(self.millis());
        match self {
            Self::Second | Self::Minute | Self::Hour | Self::Day => number,
            // 1970-01-01 was a Thursday, three days after a Monday.
            Self::Week => (number + 3).div_euclid(7),
            Self::Month | Self::Year => {
                // No timestamp is outside of the range of dates: both end with the year 9999.
                let date =
                    OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
                let (year, month) = (i64::from(date.year()), i64::from(u8::from(date.month())));
                if self == Self::Year { year } else { year * 12 + month - 1 }
            }
        }
    }

    /// When the unit with a number begins, such as `2023-03-06`, or `2023-03-06T14:00` for an hour.
    pub(super) fn begin(self, number: i64) -> String {
        let after_epoch = |days| OffsetDateTime::UNIX_EPOCH.date().saturating_add(Duration::days(days));
        let first_of = |year: i64, month: i64| {
            let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
            let year = i32::try_from(year).ok();
            year.zip(month).and_then(|(year, month)| Date::from_calendar_date(year, month, 1).ok()).unwrap_or(Date::MAX)
        };
        let date = match self {
            Self::Second | Self::Minute | Self::Hour => {
                let (millis, a_day) = (number * self.millis(), Self::Day.millis());
                let day = Self::Day.begin(millis.div_euclid(a_day));
                let seconds = millis.rem_euclid(a_day) / 1000;
                let minute = format!("{day}T{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
                return if self == Self::Second { format!("{minute}:{:02}", seconds % 60) } else { minute };
            }
            Self::Day => after_epoch(number),
            Self::Week => after_epoch(number * 7 - 3),
            Self::Month => first_of(number.div_euclid(12), number.rem_euclid(12) + 1),
            Self::Year => first_of(number, 1),
        };
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}
