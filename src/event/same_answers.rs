//! Whether two responses say the same.
//!
//! A response comes by webhook and by the API in shapes of which only the answers can be compared: the API leaves out what
//! the app fills in, spells places in another way, and signs the URL of the same file anew.

use super::{
    Data, Event,
    canonical::canonical_json,
    json::JsonObject,
    question::{Answer, Location, Media, Question},
};

/// What a response says.
enum Said<'a> {
    /// Its questions, in their order, those without an answer left out.
    Answers(Vec<Question<'a>>),
    /// Whether a job is done, and by whom.
    Job { assignee: Option<String>, is_completed: Option<bool> },
}

impl Event<'_> {
    /// Whether the event and another one are answers to the same action that say the same, whatever else their data holds.
    /// Events that are not answers, or whose answers cannot be read, say the same if their content is the same.
    pub fn says_the_same(&self, other: &Event<'_>) -> bool {
        match (self.said(), other.said()) {
            (Some(one), Some(other)) => one.is(&other),
            _ => self.content_digest() == other.content_digest(),
        }
    }

    fn said(&self) -> Option<Said<'_>> {
        if let Data::JobResponse(job) = self.data() {
            return Some(Said::Job { assignee: job.assignee.map(Into::into), is_completed: job.is_completed });
        }
        let data = JsonObject::parse(self.data?.get())?;
        data.object("responseDetails")?.raw("responseWithQuestions")?;
        let mut questions = Question::answered(&data);
        questions.retain(|question| question.answer.is_some());
        Some(Said::Answers(questions))
    }
}

impl Said<'_> {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answers(one), Self::Answers(other)) => same_answers(one, other),
            (
                Self::Job { assignee, is_completed },
                Self::Job { assignee: other_assignee, is_completed: other_is_completed },
            ) => is_completed == other_is_completed && agree(assignee.as_ref(), other_assignee.as_ref(), PartialEq::eq),
            _ => false,
        }
    }
}

/// What the app fills in counts only if both have it: the API may leave it out.
fn same_answers(one: &[Question<'_>], other: &[Question<'_>]) -> bool {
    let (visible, hidden) = apart(one);
    let (other_visible, other_hidden) = apart(other);
    same_list(&visible, &other_visible)
        && (hidden.is_empty() || other_hidden.is_empty() || same_list(&hidden, &other_hidden))
}

fn apart<'q, 'a>(questions: &'q [Question<'a>]) -> (Vec<&'q Question<'a>>, Vec<&'q Question<'a>>) {
    questions.iter().partition(|question| !question.is_invisible && !question.is_response_time())
}

fn same_list(one: &[&Question<'_>], other: &[&Question<'_>]) -> bool {
    // A list without titles has the answers in their order.
    let same = |(one, other): (&&Question<'_>, &&Question<'_>)| {
        agree(one.title.as_ref(), other.title.as_ref(), PartialEq::eq)
            && match (&one.answer, &other.answer) {
                (Some(one), Some(other)) => same_answer(one, other),
                (one, other) => one.is_none() && other.is_none(),
            }
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn same_answer(one: &Answer<'_>, other: &Answer<'_>) -> bool {
    match (one, other) {
        (Answer::Text(one), Answer::Text(other)) => one == other,
        (Answer::Number(one), Answer::Number(other)) => one.to_bits() == other.to_bits(),
        (Answer::Options(one), Answer::Options(other)) => one == other,
        // A bare option, where nothing says that it is one.
        (Answer::Options(options), Answer::Text(text)) | (Answer::Text(text), Answer::Options(options)) => {
            matches!(&options[..], [option] if option == text)
        }
        (Answer::Time(one), Answer::Time(other)) => one == other,
        (Answer::Location(one), Answer::Location(other)) => same_place(one, other),
        (Answer::Media(one), Answer::Media(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_file(one, other))
        }
        (Answer::PhoneNumber(one), Answer::PhoneNumber(other)) => one == other,
        (Answer::Json(one), Answer::Json(other)) => canonical_json(one) == canonical_json(other),
        _ => false,
    }
}

/// The coordinates decide: name, address and accuracy count only if both have them.
fn same_place(one: &Location<'_>, other: &Location<'_>) -> bool {
    let same = |one: f64, other: f64| one.to_bits() == other.to_bits() || (one - other).abs() < 1e-9;
    same(one.latitude, other.latitude)
        && same(one.longitude, other.longitude)
        && agree(one.name.as_ref(), other.name.as_ref(), PartialEq::eq)
        && agree(one.address.as_ref(), other.address.as_ref(), PartialEq::eq)
        && agree(one.accuracy_m, other.accuracy_m, |one, other| same(*one, *other))
}

/// The path of a file's URL names the file. The query is a signature that expires.
fn same_file(one: &Media<'_>, other: &Media<'_>) -> bool {
    let path = |url: &str| url.split('?').next().unwrap_or_default().to_owned();
    agree(one.url.as_deref().map(path), other.url.as_deref().map(path), PartialEq::eq)
        && agree(one.file_name.as_ref(), other.file_name.as_ref(), PartialEq::eq)
}

/// Whether two values are the same, or one of them is absent.
fn agree<T>(one: Option<T>, other: Option<T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(&one, &other),
        _ => true,
    }
}
