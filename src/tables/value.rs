//! The values of an answer, and which columns each fills.

use std::{borrow::Cow, iter};

use serde_json::value::RawValue;

use super::schema::{AnswerRow, Row};
use crate::event::{
    Answer, Media, Question, is_title,
    json::{JsonObject, list, text},
};

/// What a rating says its number is.
const RATINGS: [&str; 3] = ["stars", "rating", "score"];
/// A double holds every number of so many digits.
const EXACT_DIGITS: usize = 15;

/// One value of an answer.
enum Value<'a> {
    Whole(&'a Answer<'a>),
    Option(&'a str),
    Media(&'a Media<'a>),
}

/// Puts the values of a question's answer into `row`, a row of `answers`, one after the other and calls `each` with every one, or once if it was not
/// answered. Which columns a value fills is decided by that value alone.
pub(super) fn each_value<'a>(question: &'a Question<'a>, row: &mut Row<'a>, each: &mut impl FnMut(&Row<'_>)) {
    let Some(answer) = &question.answer else { return each(row) };
    let sent = question.sent_answer();
    let more = |is_whole: fn(&RawValue) -> bool| {
        let elements = sent.map(list).unwrap_or_default().into_iter();
        elements.map(move |element| (!is_whole(element)).then_some(element))
    };
    let mut fill = |position: i64, value, sent| {
        if let Row::Answers(row) = row {
            clear(row);
            row.answer_position = Some(position);
            fill(row, &value, sent, question.question_type.as_deref());
        }
        each(row);
    };
    match answer {
        Answer::Options(titles) => {
            // Most options are titles alone: those need not be looked at again.
            let has_more = sent.is_some_and(|sent| sent.get().contains('{'));
            let mut more = has_more.then(|| more(is_title));
            for (position, title) in (1..).zip(titles) {
                fill(position, Value::Option(title), more.as_mut().and_then(Iterator::next).flatten());
            }
        }
        Answer::Media(media) => {
            for ((position, media), more) in (1..).zip(media).zip(more(Media::is_whole).chain(iter::repeat(None))) {
                fill(position, Value::Media(media), more);
            }
        }
        answer => fill(1, Value::Whole(answer), sent),
    }
}

fn clear(row: &mut AnswerRow<'_>) {
    row.answer_text = None;
    row.answer_number = None;
    row.answer_time = None;
    row.answer_json = None;
    row.latitude = None;
    row.longitude = None;
    row.accuracy_m = None;
    row.place = None;
    row.media_url = None;
    row.media_file_name = None;
}

/// `sent` is the value as it was sent; of one of several only if its columns do not hold it whole.
fn fill<'a>(row: &mut AnswerRow<'a>, value: &Value<'a>, sent: Option<&'a RawValue>, kind: Option<&str>) {
    let json = |sent: &'a RawValue| match text(sent) {
        // Text that holds JSON.
        Some(text) => text,
        None => Answer::compact_json(sent).into(),
    };
    match value {
        Value::Option(title) => {
            row.answer_number = plain_number(title);
            row.answer_text = Some(Cow::Borrowed(title));
            row.answer_json = sent.map(json);
        }
        Value::Media(media) => {
            row.media_url = media.url.as_deref().map(Cow::Borrowed);
            row.media_file_name = media.file_name.as_deref().map(Cow::Borrowed);
            row.answer_json = sent.map(json);
        }
        Value::Whole(answer) => match answer {
            Answer::Text(text) => fill_text(row, Cow::Borrowed(text), kind),
            Answer::Number(number) => {
                row.answer_number = Some(*number);
                row.answer_text = sent.filter(|sent| !is_exact(sent)).and_then(text);
            }
            Answer::Time(time) => {
                row.answer_time = Some(*time);
                row.answer_text = sent.filter(|sent| !is_whole_number(sent)).and_then(text);
            }
            Answer::Location(location) => {
                row.latitude = Some(location.latitude);
                row.longitude = Some(location.longitude);
                row.accuracy_m = location.accuracy_m;
                row.place = location.place().map(Cow::Owned);
                row.answer_json = sent.map(json);
            }
            Answer::PhoneNumber(phone) => {
                row.answer_text = Some(phone.international().into());
                row.answer_json = sent.map(json);
            }
            Answer::Json(sent) => match text(sent) {
                Some(text) => fill_text(row, text, kind),
                None => {
                    row.answer_number = rating(sent.get());
                    row.answer_json = Some(Answer::compact_json(sent).into());
                }
            },
            // Their values are those of their elements.
            Answer::Options(_) | Answer::Media(_) => {}
        },
    }
}

fn fill_text<'a>(row: &mut AnswerRow<'a>, text: Cow<'a, str>, kind: Option<&str>) {
    match kind {
        // Whatever a text looks like, somebody wrote it; a number that it is counts as one.
        Some("Text" | "LargeText") => row.answer_number = plain_number(&text),
        Some("PhoneNumber") => {}
        _ if text.starts_with('{') && serde_json::from_str::<&RawValue>(&text).is_ok() => {
            row.answer_number = rating(&text);
            row.answer_json = Some(text);
            return;
        }
        _ => row.answer_number = plain_number(&text),
    }
    row.answer_text = Some(text);
}

/// The number of a rating such as `{"stars":4,"of":5}`.
fn rating(json: &str) -> Option<f64> {
    let rating = JsonObject::parse(json)?;
    let number = |name: &&str| text(rating.raw(name)?)?.trim().parse().ok().filter(|number: &f64| number.is_finite());
    RATINGS.iter().find_map(number)
}

/// The number that a text is, with white space around it. One that begins with `+` is a phone number, one with a 0 in front
/// is a phone number or a code, and one that a double cannot hold is an id.
fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = are_digits(whole)
        && are_digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && whole.len() + fraction.len() <= EXACT_DIGITS;
    if is_plain { text.parse().ok() } else { None }
}

/// Whether a double holds the number whole.
fn is_exact(number: &RawValue) -> bool {
    number.get().bytes().filter(u8::is_ascii_digit).count() <= EXACT_DIGITS
}

/// Whether a time, as it was sent, has no fraction that its column would cut off.
fn is_whole_number(number: &RawValue) -> bool {
    text(number).is_some_and(|text| text.trim().bytes().all(|byte| byte.is_ascii_digit()))
}
