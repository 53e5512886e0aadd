//! When things happen: by day and by week as people work, and more often the longer the groups have been there.

use super::dice::Dice;

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_HOURS: u64 = 24;
/// The epoch began on a Thursday.
const WEEKDAY_OF_THE_EPOCH: u64 = 3;

/// How much happens in each hour of a day from Monday to Friday, UTC, in hundredths of the busiest.
const WORKDAY: [u64; 24] = [2, 1, 1, 1, 1, 2, 6, 20, 60, 95, 100, 95, 70, 80, 95, 90, 80, 60, 35, 22, 16, 12, 8, 4];
/// The same on Saturday and Sunday.
const WEEKEND: [u64; 24] = [2, 1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 14, 12, 10, 10, 10, 10, 10, 10, 10, 9, 7, 5, 3];

/// Half of the time that passes until the first event, in milliseconds of the busiest hours. The time of an event grows with the
/// root of its number, so that a thousand events take four weeks and a million two years and a half, and so that the time
/// of an event does not depend on how many follow it.
const HALF_OF_THE_FIRST_PAUSE: u64 = 11_650_000;
/// Bits behind the point of a root.
const ROOT_BITS: u32 = 10;

/// The time after `now` at which the event of that number happens; the first is 1. Both times are epoch milliseconds.
pub(super) fn next(now: u64, number: u64, dice: &mut Dice) -> u64 {
    let root = (number << (2 * ROOT_BITS)).isqrt().max(1);
    let mean = (HALF_OF_THE_FIRST_PAUSE << ROOT_BITS) / root;
    let pause = dice.between(mean / 8, mean * 15 / 8).max(1);
    after(now, pause * WORKDAY[10])
}

/// When so much has happened after `now`, in hundredths of what happens in a millisecond of the busiest hour.
fn after(mut now: u64, mut much: u64) -> u64 {
    loop {
        let share = share(now);
        let left = HOUR_MS - now % HOUR_MS;
        if much <= left * share {
            return now + much.div_ceil(share);
        }
        much -= left * share;
        now += left;
    }
}

/// How much happens in the hour of that time.
fn share(now: u64) -> u64 {
    let hours = now / HOUR_MS;
    let weekday = (hours / DAY_HOURS + WEEKDAY_OF_THE_EPOCH) % 7;
    let shares = if weekday < 5 { &WORKDAY } else { &WEEKEND };
    let hour = (hours % DAY_HOURS) as usize;
    shares[hour]
}
