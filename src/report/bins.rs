//! Bins of a chart's axis: time in units of clock or calendar, and numbers in equal steps.

use super::calendar::{Calendar, Unit};
use crate::event::Timestamp;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Periods that are shorter than these are shown in seconds, minutes and hours.
const SHORT: [(Unit, i64); 3] =
    [(Unit::Second, 2 * 60 * 1000), (Unit::Minute, 2 * HOUR_MS), (Unit::Hour, 3 * 24 * HOUR_MS)];
/// The longest period that is shown in days.
const MOST_DAYS: u16 = 190;

/// Time cut into equal units, one after the other.
#[derive(Clone, Debug)]
pub(super) struct TimeBins {
    pub(super) unit: Unit,
    calendar: Calendar,
    span: (Timestamp, Timestamp),
    first: i64,
    pub(super) count: u16,
}

impl TimeBins {
    /// Bins for a period as people look at it: hours for some days, days for some months, weeks or more beyond. At most `most`
    /// bins.
    pub(super) fn of_period(calendar: &Calendar, from: Timestamp, to: Timestamp, most: u16) -> Self {
        let length = to.epoch_millis() - from.epoch_millis();
        if let Some((unit, _)) = SHORT.into_iter().find(|(_, longest)| length < *longest) {
            return Self::of(unit, calendar.clone(), (from, to));
        }
        let mut bins = Self::new(calendar, from, to, most);
        if bins.unit == Unit::Day && bins.count > MOST_DAYS {
            bins.coarsen();
        }
        bins
    }

    /// The finest bins, days or larger, that reach from one time to another and are at most `most`.
    pub(super) fn new(calendar: &Calendar, from: Timestamp, to: Timestamp, most: u16) -> Self {
        let mut bins = Self::of(Unit::Day, calendar.clone(), (from, to));
        while bins.count > most && bins.coarsen() {}
        Self { count: bins.count.min(most), ..bins }
    }

    fn of(unit: Unit, calendar: Calendar, span: (Timestamp, Timestamp)) -> Self {
        let [first, last] = [span.0, span.1].map(|time| unit.number(calendar.local(time)));
        // Clocks that are set back show an earlier time at the end of a short period than at its beginning.
        let count = u16::try_from(last.max(first) - first + 1).unwrap_or(u16::MAX);
        Self { unit, calendar, span, first, count }
    }

    /// Changes to the next larger unit. Returns `false` if there is none.
    pub(super) fn coarsen(&mut self) -> bool {
        let Some(larger) = self.unit.larger() else { return false };
        *self = Self::of(larger, self.calendar.clone(), self.span);
        true
    }

    /// The bin that a time is in: `None` if it is outside of all bins.
    pub(super) fn index(&self, time: Timestamp) -> Option<u16> {
        let number = self.unit.number(self.calendar.local(time));
        u16::try_from(number - self.first).ok().filter(|index| *index < self.count)
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
