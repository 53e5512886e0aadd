//! Times and numbers as downloads and spreadsheets write them.

use time::{Date, Month, PrimitiveDateTime, Time};

use crate::event::Timestamp;

/// Reads a time in UTC: `2020-04-01 23:00:41 PM` on the 24-hour clock, whose AM or PM says nothing, with or without that,
/// seconds and fractions of them, with `T` and `Z`; a date alone is its midnight. With an offset, RFC 3339.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let bare = without_half_day(text);
    let (date, clock) = bare.split_at_checked(10)?;
    let date = date_of(date)?;
    if clock.is_empty() {
        return at(date, Time::MIDNIGHT);
    }
    let clock = clock.strip_prefix([' ', 'T', 't'])?.trim();
    let clock = clock.strip_suffix(['Z', 'z']).unwrap_or(clock);
    match clock_of(clock) {
        Some(clock) => at(date, clock),
        None => Timestamp::from_rfc3339(text),
    }
}

fn at(date: Date, clock: Time) -> Option<Timestamp> {
    let nanos = PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp_nanos();
    Timestamp::from_epoch_millis(i64::try_from(nanos / 1_000_000).ok()?)
}

fn without_half_day(text: &str) -> &str {
    match text.len().checked_sub(2).and_then(|at| text.split_at_checked(at)) {
        Some((time, half)) if half.eq_ignore_ascii_case("AM") || half.eq_ignore_ascii_case("PM") => time.trim_end(),
        _ => text,
    }
}

fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(digits(month)?).ok()?;
    let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
    Date::from_calendar_date(year, month, digits(day)?).ok()
}

fn clock_of(text: &str) -> Option<Time> {
    let (text, millis) = match text.split_once('.') {
        Some((text, fraction)) if !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            let digits = |at: usize| fraction.as_bytes().get(at).map_or(0, |digit| u16::from(digit - b'0'));
            (text, digits(0) * 100 + digits(1) * 10 + digits(2))
        }
        Some(_) => return None,
        None => (text, 0),
    };
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = parts.next().map_or(Some(0), digits)?;
    if parts.next().is_some() {
        return None;
    }
    Time::from_hms_milli(hour, minute, second, millis).ok()
}

/// One or two digits.
fn digits(text: &str) -> Option<u8> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Reads degrees; in files that separate their values by semicolons, decimals may stand behind a comma.
pub(super) fn degrees(text: &str, separator: u8) -> Option<f64> {
    let text = text.trim();
    let number = if separator == b';' { text.replacen(',', ".", 1).parse() } else { text.parse() };
    let looks_like_one = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
    number.ok().filter(|degrees: &f64| looks_like_one && degrees.is_finite())
}
