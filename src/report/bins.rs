//! Bins of a chart's axis: time in hours, days, weeks, months or years, and numbers in equal steps.

use time::{Date, Duration, Month, OffsetDateTime};

use crate::event::Timestamp;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The longest period that is shown in hours.
const MOST_HOURS: u16 = 36;
/// The longest period that is shown in days.
const MOST_DAYS: u16 = 190;

/// A unit of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
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
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The number of the unit that a time is in. Consecutive units have consecutive numbers.
    fn number(self, time: Timestamp) -> i64 {
        let days = time.epoch_millis().div_euclid(DAY_MS);
        match self {
            Self::Hour => time.epoch_millis().div_euclid(HOUR_MS),
            Self::Day => days,
            // 1970-01-01 was a Thursday, three days after a Monday.
            Self::Week => (days + 3).div_euclid(7),
            Self::Month | Self::Year => {
                // No timestamp is outside of the range of dates: both end with the year 9999.
                let date =
                    OffsetDateTime::from_unix_timestamp(time.epoch_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
                let (year, month) = (i64::from(date.year()), i64::from(u8::from(date.month())));
                if self == Self::Year { year } else { year * 12 + month - 1 }
            }
        }
    }

    /// When the unit with a number begins, such as `2023-03-06`, or `2023-03-06T14:00` for an hour.
    fn begin(self, number: i64) -> String {
        let after_epoch = |days| OffsetDateTime::UNIX_EPOCH.date().saturating_add(Duration::days(days));
        let first_of = |year: i64, month: i64| {
            let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
            let year = i32::try_from(year).ok();
            year.zip(month).and_then(|(year, month)| Date::from_calendar_date(year, month, 1).ok()).unwrap_or(Date::MAX)
        };
        let date = match self {
            Self::Hour => return format!("{}T{:02}:00", Self::Day.begin(number.div_euclid(24)), number.rem_euclid(24)),
            Self::Day => after_epoch(number),
            Self::Week => after_epoch(number * 7 - 3),
            Self::Month => first_of(number.div_euclid(12), number.rem_euclid(12) + 1),
            Self::Year => first_of(number, 1),
        };
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

/// Time cut into equal units, one after the other.
#[derive(Clone, Debug)]
pub(super) struct TimeBins {
    pub(super) unit: Unit,
    span: (Timestamp, Timestamp),
    first: i64,
    pub(super) count: u16,
}

impl TimeBins {
    /// Bins for a period as people look at it: hours for a day, days for some months, weeks or more beyond. At most `most` bins.
    pub(super) fn of_period(from: Timestamp, to: Timestamp, most: u16) -> Self {
        let hours = Self::of(Unit::Hour, (from, to));
        if hours.count <= MOST_HOURS.min(most) {
            return hours;
        }
        let mut bins = Self::new(from, to, most);
        if bins.unit == Unit::Day && bins.count > MOST_DAYS {
            bins.coarsen();
        }
        bins
    }

    /// The finest bins, days or larger, that reach from one time to another and are at most `most`.
    pub(super) fn new(from: Timestamp, to: Timestamp, most: u16) -> Self {
        let mut bins = Self::of(Unit::Day, (from, to));
        while bins.count > most && bins.coarsen() {}
        Self { count: bins.count.min(most), ..bins }
    }

    fn of(unit: Unit, span: (Timestamp, Timestamp)) -> Self {
        let first = unit.number(span.0);
        let count = u16::try_from(unit.number(span.1) - first + 1).unwrap_or(u16::MAX);
        Self { unit, span, first, count }
    }

    /// Changes to the next larger unit. Returns `false` if there is none.
    pub(super) fn coarsen(&mut self) -> bool {
        let larger = match self.unit {
            Unit::Hour => Unit::Day,
            Unit::Day => Unit::Week,
            Unit::Week => Unit::Month,
            Unit::Month => Unit::Year,
            Unit::Year => return false,
        };
        *self = Self::of(larger, self.span);
        true
    }

    /// The bin that a time is in: `None` if it is outside of all bins.
    pub(super) fn index(&self, time: Timestamp) -> Option<u16> {
        u16::try_from(self.unit.number(time) - self.first).ok().filter(|index| *index < self.count)
    }

    /// When each bin begins.
    pub(super) fn labels(&self) -> Vec<String> {
        (0..i64::from(self.count)).map(|index| self.unit.begin(self.first + index)).collect()
    }
}

/// Bins for numbers: equal steps, one bin for everything below the first step and one for everything above the last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NumberBins {
    pub(super) start: f64,
    pub(super) step: f64,
    pub(super) count: u16,
    /// Whether every step is one whole number.
    pub(super) is_whole: bool,
}

/// Larger numbers do not decide the bins: in double precision, steps between them would lose their meaning.
const LARGEST: f64 = 1e15;
const MOST_STEPS: f64 = 20.0;

impl NumberBins {
    /// Bins for values like these. Outliers go to the first and the last bin. `None` without values.
    pub(super) fn of_sample(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.filter(|value| value.abs() < LARGEST).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = without_outliers(&values)?;
        let is_whole = values.iter().all(|value| value.fract() == 0.0) && high - low < MOST_STEPS;
        let step = if is_whole { 1.0 } else { nice_step((high - low) / MOST_STEPS) };
        let start = (low / step).floor() * step;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 22: see the step")]
        let count = (((high - start) / step).floor() + 1.0) as u16;
        Some(Self { start, step, count, is_whole })
    }

    /// The bin that a number is in: 0 below the first step, `count + 1` above the last.
    pub(super) fn index(&self, number: f64) -> u16 {
        let steps = ((number - self.start) / self.step).floor();
        if steps < 0.0 {
            0
        } else if steps < f64::from(self.count) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and count")]
            let steps = steps as u16;
            steps + 1
        } else {
            self.count + 1
        }
    }
}

/// The least and the greatest of sorted values, each at most three interquartile ranges away from the quartiles.
fn without_outliers(values: &[f64]) -> Option<(f64, f64)> {
    let part = |of: usize| values.get((values.len().saturating_sub(1) * of) / 4).copied();
    let (least, lower, upper, greatest) = (part(0)?, part(1)?, part(3)?, part(4)?);
    let reach = (upper - lower) * 3.0;
    if reach > 0.0 { Some((least.max(lower - reach), greatest.min(upper + reach))) } else { Some((least, greatest)) }
}

/// The smallest number of the series …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not below `least`.
fn nice_step(least: f64) -> f64 {
    if least <= 0.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|step| step * magnitude).into_iter().find(|step| *step >= least).unwrap_or(10.0 * magnitude)
}
