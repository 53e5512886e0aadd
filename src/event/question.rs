//! Questions of action cards and surveys, and their answers in every form that was seen.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    canonical::compact_json,
    json::{JsonObject, list, string, text},
    timestamp::Timestamp,
};

/// A question, with its answer when it comes out of a response.
///
/// There is no question id, and titles are neither unique nor stable: the position in the list counts too.
#[derive(Clone)]
pub struct Question<'a> {
    /// What was asked.
    pub title: Option<Cow<'a, str>>,
    /// `Text`, `Numeric`, `SingleOption`, …; see [`Answer`].
    pub question_type: Option<Cow<'a, str>>,
    /// The options to choose from, unread: most readers of responses want the answers alone.
    options: Option<&'a RawValue>,
    /// Whether the question is filled in by the app and not shown, as `ResponseTime` is.
    pub is_invisible: bool,
    /// The answer; `None` when the question was not answered: key absent, null, "" or [].
    pub answer: Option<Answer<'a>>,
    /// The answer as it was sent.
    sent: Option<&'a RawValue>,
    /// What it was read from, where that is an element of a list of questions.
    #[cfg(feature = "lake")]
    pub(super) element: Option<Element<'a>>,
}

/// An element of a list of questions.
#[cfg(feature = "lake")]
#[derive(Clone)]
pub(super) enum Element<'a> {
    /// A question as it ought to be.
    Object(JsonObject<'a>),
    /// Anything else.
    Other(&'a RawValue),
}

/// An answer, by the type of its question. What does not fit its type stays [`Answer::Json`]: nothing is dropped.
#[derive(Clone)]
pub enum Answer<'a> {
    /// `Text`, `LargeText`: untrimmed, may hold JSON text. Also any other type's answer that is a plain string.
    Text(Cow<'a, str>),
    /// `Numeric`.
    Number(f64),
    /// `SingleOption`, `SingleOptionExternal`, `MultiOption` (`MultipleOption`): titles of options.
    Options(Vec<Cow<'a, str>>),
    /// `DateTime` (epoch milliseconds) and `Date` (epoch seconds or milliseconds).
    Time(Timestamp),
    /// `Location`.
    Location(Location<'a>),
    /// `AttachmentList`, `Image`.
    Media(Vec<Media<'a>>),
    /// `PhoneNumber`. Personal data.
    PhoneNumber(PhoneNumber<'a>),
    /// Anything else, as it was sent.
    Json(&'a RawValue),
}

/// A place. Sent as `{lt, lg, n?, acc?, a?}`, as a string that holds that JSON, or with the names spelled out.
#[derive(Clone, PartialEq)]
pub struct Location<'a> {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What the place is called.
    pub name: Option<Cow<'a, str>>,
    /// The postal address.
    pub address: Option<Cow<'a, str>>,
    /// Radius of uncertainty in metres.
    pub accuracy_m: Option<f64>,
}

/// A file that was sent along. Documentation and payloads spell its keys two ways.
#[derive(Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// Where the file is; real ones run to 616 characters.
    pub url: Option<Cow<'a, str>>,
    /// What the file is called.
    pub file_name: Option<Cow<'a, str>>,
}

/// A phone number: country code and national number.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber<'a> {
    /// The country code without `+`, from `cc`.
    pub country_code: Cow<'a, str>,
    /// The national number, from `pn`.
    pub number: Cow<'a, str>,
}

/// Titles under which the app sends when a response was given, the only time that Kaizala sends at all.
pub(super) const RESPONSE_TIME_TITLES: [&str; 2] = ["ResponseTime", "Response Time"];

/// `responseDetails` as it is documented, of which one pass finds the questions.
#[derive(Deserialize)]
struct Details<L> {
    #[serde(rename = "responseWithQuestions")]
    questions: L,
}

/// The questions of a response's data, `responseDetails.responseWithQuestions`, as the kind of list that is asked for.
pub(super) fn answered_questions<'a, L>(data: &JsonObject<'a>, list: impl Fn(&'a RawValue) -> L) -> L
where
    L: Deserialize<'a> + Default,
{
    let Some(details) = data.raw("responseDetails") else { return L::default() };
    match serde_json::from_str::<Details<L>>(details.get()) {
        Ok(details) => details.questions,
        // A list of one without brackets, members twice, names that are not Unicode.
        Err(_) => JsonObject::parse(details.get())
            .and_then(|details| details.raw("responseWithQuestions"))
            .map(list)
            .unwrap_or_default(),
    }
}

impl<'a> Question<'a> {
    /// The questions of a response's data.
    pub(super) fn answered(data: &JsonObject<'a>) -> Vec<Self> {
        // Mostly all of them are objects, and are there after the pass that finds them.
        let details = data.raw("responseDetails").map(|details| serde_json::from_str(details.get()));
        if let Some(Ok(Details::<Vec<JsonObject<'_>>> { questions })) = details {
            return questions.into_iter().map(Self::of).collect();
        }
        Self::all(answered_questions(data, list))
    }

    /// The questions of a list; an element that is not an object becomes a question of which at most the title is known.
    pub(super) fn all(list: Vec<&'a RawValue>) -> Vec<Self> {
        list.into_iter().map(Self::read).collect()
    }

    /// Whether the question is the one by which the app tells the time.
    pub(super) fn is_response_time(&self) -> bool {
        self.title.as_deref().is_some_and(|title| RESPONSE_TIME_TITLES.contains(&title))
            && self.question_type.as_deref() == Some("DateTime")
    }

    /// The titles of the options to choose from.
    pub fn options(&self) -> Vec<Cow<'a, str>> {
        self.options.map(list).unwrap_or_default().into_iter().filter_map(option_title).collect()
    }

    /// The answer as it was sent: what a typed answer leaves aside is here.
    pub fn sent_answer(&self) -> Option<&'a RawValue> {
        self.sent
    }

    /// The question of a poll, which has its options beside it.
    pub(super) fn of_poll(title: Option<Cow<'a, str>>, choices: Option<&'a RawValue>) -> Self {
        Self { title, options: choices, ..Self::untyped() }
    }

    /// A member of an answer without questions: what it is called is the title, and a list holds what was chosen.
    pub(super) fn of_member(name: Cow<'a, str>, value: &'a RawValue) -> Self {
        let question_type = value.get().starts_with('[').then_some("MultiOption");
        Self { title: Some(name), answer: Answer::read(question_type, value), sent: Some(value), ..Self::untyped() }
    }

    fn untyped() -> Self {
        Self {
            title: None,
            question_type: None,
            options: None,
            is_invisible: false,
            answer: None,
            sent: None,
            #[cfg(feature = "lake")]
            element: None,
        }
    }

    /// A question that a download has a column for.
    #[cfg(feature = "lake")]
    pub(super) fn imported(title: Cow<'a, str>, question_type: &'static str, answer: Option<Answer<'a>>) -> Self {
        Self { title: Some(title), question_type: Some(question_type.into()), answer, ..Self::untyped() }
    }

    fn read(value: &'a RawValue) -> Self {
        let Some(question) = JsonObject::parse(value.get()) else {
            return Self {
                title: text(value),
                #[cfg(feature = "lake")]
                element: Some(Element::Other(value)),
                ..Self::untyped()
            };
        };
        Self::of(question)
    }

    fn of(question: JsonObject<'a>) -> Self {
        let question_type = question.id("type");
        let sent = question.raw("answer");
        let answer = sent.and_then(|answer| Answer::read(question_type.as_deref(), answer));
        Self {
            title: question.text("title"),
            question_type,
            options: question.raw("options"),
            is_invisible: question.flag("isInvisible").unwrap_or(false),
            answer,
            sent,
            #[cfg(feature = "lake")]
            element: Some(Element::Object(question)),
        }
    }
}

impl<'a> Answer<'a> {
    fn read(question_type: Option<&str>, answer: &'a RawValue) -> Option<Self> {
        let unanswered = match answer.get().as_bytes() {
            [b'"', b'"'] => true,
            [b'[', rest @ ..] => rest.trim_ascii_start().starts_with(b"]"),
            _ => false,
        };
        if unanswered {
            return None;
        }
        let typed = match question_type.unwrap_or_default() {
            "Numeric" => number(answer).map(Self::Number),
            "SingleOption" | "SingleOptionExternal" | "MultiOption" | "MultipleOption" => {
                list(answer).into_iter().map(option_title).collect::<Option<_>>().map(Self::Options)
            }
            "DateTime" => epoch_millis(answer).map(Self::Time),
            "Date" => number(answer).and_then(Timestamp::from_epoch_either).map(Self::Time),
            "Location" => Location::read(answer).map(Self::Location),
            "AttachmentList" | "Image" => {
                list(answer).into_iter().map(Media::read).collect::<Option<_>>().map(Self::Media)
            }
            "PhoneNumber" => PhoneNumber::read(answer).map(Self::PhoneNumber),
            _ => None,
        };
        typed.or_else(|| string(answer).map(Self::Text)).or(Some(Self::Json(answer)))
    }
}

impl Answer<'_> {
    /// The JSON of an answer that is [`Answer::Json`], without the white space between its tokens.
    pub fn compact_json(json: &RawValue) -> String {
        compact_json(json)
    }
}

impl PhoneNumber<'_> {
    /// The number in international form: `+`, country code, national number.
    pub fn international(&self) -> String {
        format!("+{}{}", self.country_code.trim_start_matches('+'), self.number)
    }
}

impl Location<'_> {
    /// What the place is called, and its address, as one text; `None` when there is neither.
    pub fn place(&self) -> Option<String> {
        let parts: Vec<_> = [&self.name, &self.address].into_iter().flatten().map(AsRef::as_ref).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl<'a> Location<'a> {
    fn read(value: &'a RawValue) -> Option<Self> {
        match string(value) {
            None => Self::of(&JsonObject::parse(value.get())?),
            Some(Cow::Borrowed(json)) => Self::of(&JsonObject::parse(json)?),
            Some(Cow::Owned(json)) => Location::of(&JsonObject::parse(&json)?).map(Location::into_owned),
        }
    }

    fn of(place: &JsonObject<'a>) -> Option<Self> {
        let number = |short, long| place.raw(short).or_else(|| place.raw(long)).and_then(number);
        let name = |short, long| place.label(short).or_else(|| place.label(long));
        Some(Self {
            latitude: number("lt", "latitude")?,
            longitude: number("lg", "longitude")?,
            name: name("n", "name"),
            address: name("a", "address"),
            accuracy_m: number("acc", "accuracy"),
        })
    }

    fn into_owned<'b>(self) -> Location<'b> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Location {
            latitude: self.latitude,
            longitude: self.longitude,
            name: own(self.name),
            address: own(self.address),
            accuracy_m: self.accuracy_m,
        }
    }
}

impl<'a> Media<'a> {
    /// An object in either spelling, or a bare URL.
    pub(super) fn read(value: &'a RawValue) -> Option<Self> {
        if let Some(url) = string(value) {
            return Some(Self { url: Some(url), file_name: None });
        }
        Self::of(&JsonObject::parse(value.get())?)
    }

    fn of(media: &JsonObject<'a>) -> Option<Self> {
        let media = Self {
            url: media.label("mediaUrl").or_else(|| media.label("url")),
            file_name: media.label("mediaFileName").or_else(|| media.label("fileName")),
        };
        (media.url.is_some() || media.file_name.is_some()).then_some(media)
    }
}

#[cfg(feature = "lake")]
impl Media<'_> {
    /// Whether a file's URL and name are all that a value says of it.
    pub(crate) fn is_whole(value: &RawValue) -> bool {
        let Some(object) = JsonObject::parse(value.get()) else { return string(value).is_some() };
        Media::of(&object).is_some_and(|media| {
            let parts = usize::from(media.url.is_some()) + usize::from(media.file_name.is_some());
            object.members().count() == parts
        })
    }
}

/// Whether an option's title is all that a value says of it.
#[cfg(feature = "lake")]
pub(crate) fn is_title(option: &RawValue) -> bool {
    option_title(option).is_some() && JsonObject::parse(option.get()).is_none_or(|option| option.members().count() == 1)
}

impl<'a> PhoneNumber<'a> {
    fn read(value: &'a RawValue) -> Option<Self> {
        let phone = JsonObject::parse(value.get())?;
        Some(Self { country_code: phone.text("cc")?, number: phone.text("pn")? })
    }
}

/// An option: `{title}`, or the bare title.
pub(super) fn option_title(option: &RawValue) -> Option<Cow<'_, str>> {
    text(option).or_else(|| JsonObject::parse(option.get())?.text("title"))
}

fn number(value: &RawValue) -> Option<f64> {
    text(value)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

pub(super) fn epoch_millis(value: &RawValue) -> Option<Timestamp> {
    Timestamp::from_epoch_millis_number(number(value)?)
}
