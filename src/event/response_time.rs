//! When a response was given, as the app tells it among the answers.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    json::JsonObject,
    question::{RESPONSE_TIME_TITLES, answered_questions, epoch_millis},
    timestamp::Timestamp,
};

/// How many of a response's last questions are looked at for the time. Forms have dozens; a body has room for millions of
/// objects, and reading them all would use up the time in which it has to be stored.
const QUESTIONS_ASKED_FOR_THE_TIME: usize = 1000;

/// When a response was given: the answer to its question `ResponseTime` or `Response Time` of type DateTime.
pub(super) fn response_time(data: &JsonObject<'_>) -> Option<Timestamp> {
    let Last(questions) = answered_questions(data, Last::of);
    // The app appends it behind the questions that people see, one of which may bear the same title.
    questions.into_iter().rev().filter_map(|question| JsonObject::parse(question.get())).find_map(|question| {
        let titled = RESPONSE_TIME_TITLES.contains(&question.string("title")?.as_ref());
        let timed = question.string("type")? == "DateTime";
        if titled && timed { epoch_millis(question.raw("answer")?) } else { None }
    })
}

/// The last [`QUESTIONS_ASKED_FOR_THE_TIME`] elements of a list.
#[derive(Default)]
struct Last<'a>(Vec<&'a RawValue>);

impl<'a> Last<'a> {
    /// Of an array; any other value counts as a list of itself.
    fn of(value: &'a RawValue) -> Self {
        serde_json::from_str(value.get()).unwrap_or_else(|_| Self(vec![value]))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Last<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Last<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Last<'de>, A::Error> {
                let mut last = Vec::new();
                while let Some(element) = elements.next_element()? {
                    if last.len() == 2 * QUESTIONS_ASKED_FOR_THE_TIME {
                        last.drain(..QUESTIONS_ASKED_FOR_THE_TIME);
                    }
                    last.push(element);
                }
                last.drain(..last.len().saturating_sub(QUESTIONS_ASKED_FOR_THE_TIME));
                Ok(Last(last))
            }
        }

        deserializer.deserialize_seq(Elements)
    }
}
