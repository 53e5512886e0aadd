//! What of an event its typed view leaves aside: the members that nothing else of this room reads, or that do not read as what
//! they should be. Empty values (`null`, "", [], {}) say nothing and are left out.

use std::{borrow::Cow, fmt::Write};

use serde_json::value::RawValue;

#[cfg(feature = "lake")]
use super::imported;
use super::{
    Created, Data, Event,
    canonical::{canonical_json, compact_json},
    data::{ANSWERS_OF_POLLS, due_time},
    json::{JsonObject, list, text},
    question::{Element, Media, Question, is_title},
};

/// Shorter texts are not looked for where a responder is withheld: they occur by accident.
const MIN_WITHHELD_CHARACTERS: usize = 3;
/// A number of so many digits is looked for as a phone number.
const MIN_PHONE_DIGITS: usize = 7;
/// What members are called that tell of the person behind an event.
const OF_PERSON: [&str; 4] = ["fromuser", "responder", "assignee", "member"];

/// What is left of a member.
enum Left {
    /// Nothing: it is held elsewhere.
    Nothing,
    /// Nothing: it tells of a person who is withheld.
    Withheld,
    /// All of it.
    All,
    /// A part, as JSON.
    Part(String),
}

impl Left {
    fn unless(is_held: bool) -> Self {
        if is_held { Self::Nothing } else { Self::All }
    }

    fn part(json: Option<String>) -> Self {
        json.map_or(Self::Nothing, Self::Part)
    }
}

impl<'a> Event<'a> {
    /// Whether the event hides who answered. A card that asks for such answers has a sender as any other.
    pub fn is_anonymous(&self) -> bool {
        let says_so = self.fields().and_then(|data| data.flag("isAnonymous")) == Some(true);
        says_so && !self.known_type().is_some_and(|known| known.name().ends_with("Created"))
    }

    /// What the typed view of the event leaves aside, as a JSON object with its members where they stand in the body, those of
    /// questions under their positions; `None` if nothing. `group` is the group that the event is stored under, `data` is
    /// [`Event::data`]. Where the responder is withheld, so is what tells of a person.
    pub fn rest(&self, data: &Data<'_>, group: &str) -> Option<String> {
        let withheld = self.withheld();
        // Of a CloudEvent, `cloud_events` holds everything.
        let envelope = self.kaizala()?;
        let rest = left_of(envelope, |name, _| match name {
            _ if withheld.is_some() && is_of_person(name) => Left::Withheld,
            "eventId" | "eventType" => Left::Nothing,
            // What `kaizala pull` adds.
            "pulled" => Left::unless(envelope.flag(name) == Some(true)),
            "groupId" => Left::unless(envelope.id(name).as_deref() == Some(group)),
            "objectId" | "objectType" | "fromUserId" | "fromUser" | "subscriptionId" => {
                Left::unless(envelope.id(name).is_some())
            }
            "context" | "fromUserName" => Left::unless(envelope.label(name).is_some()),
            "isBotfromUser" => Left::unless(envelope.flag(name).is_some()),
            #[cfg(feature = "lake")]
            "data" if self.imported.is_some() => Left::part(self.imported_rest(group)),
            "data" => match &self.members {
                Some(members) => Left::part(Self::rest_of_data(members, data, group, withheld.is_some())),
                None => Left::All,
            },
            _ => Left::All,
        })?;
        Some(match withheld {
            Some(withheld) => without(&withheld, &rest),
            None => rest,
        })
    }

    /// What no table has of a row of a download.
    #[cfg(feature = "lake")]
    fn imported_rest(&self, group: &str) -> Option<String> {
        let (imported, row) = (self.imported?, self.members.as_ref()?);
        let mut out = String::new();
        for (name, value) in row.members() {
            if !is_empty(value) && !imported::is_held(imported, row, &name, group) {
                out.push(if out.is_empty() { '{' } else { ',' });
                out.push_str(&serde_json::to_string(&name).unwrap_or_default());
                out.push(':');
                out.push_str(value.get());
            }
        }
        (!out.is_empty()).then(|| out + "}")
    }

    /// Properties of a card or a response as JSON, without white space between tokens. Where the responder is withheld,
    /// without what tells of a person.
    pub fn properties_json(&self) -> Option<String> {
        let properties = self.properties().filter(|properties| !is_empty(properties))?;
        let json = compact_json(properties);
        Some(match self.withheld() {
            Some(withheld) => without(&withheld, &json),
            None => json,
        })
    }

    fn rest_of_data(members: &JsonObject<'a>, data: &Data<'_>, group: &str, is_withheld: bool) -> Option<String> {
        let chosen = ["properties", "Properties"].into_iter().find(|name| members.raw(name).is_some());
        let package = members.id("packageId").or_else(|| members.id("actionPackageId"));
        left_of(members, |name, value| {
            if is_withheld && is_of_person(name) {
                return Left::Withheld;
            }
            let id = || Left::unless(members.id(name).is_some());
            let label = || Left::unless(members.label(name).is_some());
            let flag = || Left::unless(members.flag(name).is_some());
            match (data, name) {
                (Data::SubGroup(_), "groupId" | "groupType")
                | (_, "actionId" | "responseId")
                | (Data::Response(_), "responder" | "responderId")
                | (Data::MemberChange(_), "member" | "memberId" | "type") => id(),
                (Data::SubGroup(_), "groupName")
                | (Data::Response(_), "responderName")
                | (Data::MemberChange(_), "memberName") => label(),
                (Data::Response(_), "isAnonymous" | "isUpdateResponse")
                | (Data::JobResponse(_), "isUpdateResponse") => flag(),
                (_, "groupId") => Left::unless(members.id(name).as_deref() == Some(group)),
                (Data::Created(_) | Data::Response(_), "properties" | "Properties") => {
                    Left::unless(chosen == Some(name))
                }
                (Data::Created(_) | Data::Response(_), "packageId" | "actionPackageId") => {
                    Left::unless(members.id(name).is_some_and(|id| Some(id) == package))
                }
                (
                    Data::Created(_)
                    | Data::JobCreated(_)
                    | Data::Announcement(_)
                    | Data::TextMessage(_)
                    | Data::Attachment(_),
                    _,
                ) => rest_of_sent(members, data, name, value),
                (Data::Response(response), "responseDetails") if !response.questions.is_empty() => {
                    Left::part(rest_of_details(value, |name, _| match name {
                        "responseWithQuestions" => Left::part(rest_of_questions(&response.questions, &ANSWERED)),
                        // The answer to a poll or a meeting.
                        "response" => Left::unless(!has_questions(members)),
                        _ => Left::All,
                    }))
                }
                (Data::Response(response), _) if ANSWERS_OF_POLLS.contains(&name) => {
                    Left::unless(!response.questions.is_empty() && is_flat(members))
                }
                (Data::JobResponse(_), _) => rest_of_job_response(members, name, value, is_withheld),
                _ => Left::All,
            }
        })
    }

    /// What would tell who answered, if that is withheld.
    fn withheld(&self) -> Option<Vec<String>> {
        if !self.is_anonymous() {
            return None;
        }
        let mut all = Vec::new();
        let details = self.members.as_ref().and_then(|data| data.object("responseDetails"));
        let answer = details.as_ref().and_then(|details| details.object("response"));
        for (name, value) in
            [self.kaizala(), self.members.as_ref(), answer.as_ref()].into_iter().flatten().flat_map(JsonObject::members)
        {
            if is_of_person(&name)
                && let Some(text) = text(value)
            {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let is_phone = digits.len() >= MIN_PHONE_DIGITS && text.len() <= digits.len() + 8;
                all.extend((text.chars().count() >= MIN_WITHHELD_CHARACTERS).then(|| text.into_owned()));
                all.extend(is_phone.then_some(digits));
            }
        }
        // The longest first: one may be a part of another.
        all.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Some(all)
    }
}

fn is_of_person(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OF_PERSON.iter().any(|person| name.starts_with(person))
}

/// JSON without some texts.
fn without(withheld: &[String], json: &str) -> String {
    // One spelling for all strings, so that no escape hides a text.
    let Ok(raw) = serde_json::from_str::<&RawValue>(json) else { return String::new() };
    let mut json = String::from_utf8(canonical_json(raw)).unwrap_or_default();
    for text in withheld {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let inner = quoted.trim_matches('"');
        if inner.is_empty() || !json.contains(inner) {
            continue;
        }
        // In a number there is room for digits alone.
        let instead = if inner.bytes().all(|byte| byte.is_ascii_digit()) { "0" } else { "…" };
        json = json.replace(inner, instead);
    }
    json
}

/// The members of questions that are held of a card, and of a response.
struct Held {
    names: &'static [&'static str],
}

const ASKED: Held = Held { names: &["title", "type", "options"] };
const ANSWERED: Held = Held { names: &["title", "type", "isInvisible", "answer"] };

impl Held {
    fn holds(&self, question: &Question<'_>, members: &JsonObject<'_>, name: &str, value: &RawValue) -> bool {
        self.names.contains(&name)
            && match name {
                "title" => question.title.is_some(),
                "type" => question.question_type.is_some(),
                "isInvisible" => members.flag(name).is_some(),
                "options" => are_titles(value),
                _ => true,
            }
    }
}

/// What is left of the questions that were read from a list.
fn rest_of_questions(questions: &[Question<'_>], held: &Held) -> Option<String> {
    let mut out = String::new();
    for (position, question) in (1..).zip(questions) {
        let rest = match &question.element {
            Some(Element::Object(members)) => {
                left_of(members, |name, value| Left::unless(held.holds(question, members, name, value)))
            }
            Some(Element::Other(value)) if question.title.is_none() && !is_empty(value) => Some(compact_json(value)),
            // The title is all there is.
            _ => None,
        };
        if let Some(rest) = rest {
            out.push(if out.is_empty() { '{' } else { ',' });
            // Writing to a String cannot fail.
            let _ = write!(out, "\"{position}\":{rest}");
        }
    }
    closed(out)
}

/// Whether all that options say is their titles.
fn are_titles(options: &RawValue) -> bool {
    list(options).into_iter().all(is_title)
}

fn has_questions(data: &JsonObject<'_>) -> bool {
    data.object("responseDetails").is_some_and(|details| !details.list("responseWithQuestions").is_empty())
}

/// Whether the one question of a card is that of a poll.
fn is_poll(card: &Created<'_>, data: &JsonObject<'_>) -> bool {
    !card.questions.is_empty() && data.list("questions").is_empty() && !has_questions(data)
}

/// Whether the members of `data` itself are what was answered.
fn is_flat(data: &JsonObject<'_>) -> bool {
    !has_questions(data) && data.object("responseDetails").and_then(|details| details.raw("response")).is_none()
}

fn rest_of_details(details: &RawValue, left: impl Fn(&str, &RawValue) -> Left) -> Option<String> {
    match JsonObject::parse(details.get()) {
        Some(details) => left_of(&details, left),
        None => Some(compact_json(details)),
    }
}

/// What is left of a member of a card, a job, a message, a file or an announcement.
fn rest_of_sent(members: &JsonObject<'_>, data: &Data<'_>, name: &str, value: &RawValue) -> Left {
    let readable = || Left::unless(members.text(name).is_some());
    match (data, name) {
        (Data::Created(card), "questions") if !card.questions.is_empty() && !list(value).is_empty() => {
            Left::part(rest_of_questions(&card.questions, &ASKED))
        }
        (Data::Created(card), "responseDetails") if members.list("questions").is_empty() => {
            Left::part(rest_of_details(value, |name, _| match name {
                "responseWithQuestions" => Left::part(rest_of_questions(&card.questions, &ASKED)),
                _ => Left::All,
            }))
        }
        (Data::Created(card), "question") => Left::unless(is_poll(card, members) && members.text(name).is_some()),
        (Data::Created(card), "choices") => Left::unless(is_poll(card, members) && are_titles(value)),
        (Data::Created(_) | Data::JobCreated(_) | Data::Announcement(_), "title")
        | (Data::JobCreated(_) | Data::Announcement(_) | Data::TextMessage(_), "text") => readable(),
        (Data::JobCreated(_), "dueDate") => {
            Left::unless(members.label(name).is_some_and(|due| due_time(&due).is_some()))
        }
        (Data::JobCreated(_), "assignedTo") => Left::unless(list(value).into_iter().all(|one| text(one).is_some())),
        (Data::Attachment(_), "actionType") => Left::unless(members.id(name).is_some()),
        (Data::Attachment(_), "caption") => Left::unless(members.label(name).is_some()),
        (Data::Attachment(_) | Data::Announcement(_), "media") => {
            Left::unless(list(value).into_iter().all(Media::is_whole))
        }
        _ => Left::All,
    }
}

fn rest_of_job_response(members: &JsonObject<'_>, name: &str, value: &RawValue, is_withheld: bool) -> Left {
    let nested = members.object("responseDetails").and_then(|details| details.object("response"));
    let of_answer = |answer: &JsonObject<'_>, name: &str| match name {
        _ if is_withheld && is_of_person(name) => Left::Withheld,
        "assignee" => Left::unless(answer.id(name).is_some()),
        "assigneeName" => Left::unless(answer.label(name).is_some()),
        "isCompleted" => Left::unless(answer.flag(name).is_some()),
        _ => Left::All,
    };
    match (nested, name) {
        (Some(answer), "responseDetails") => Left::part(rest_of_details(value, |name, _| match name {
            "response" => Left::part(left_of(&answer, |name, _| of_answer(&answer, name))),
            _ => Left::All,
        })),
        (Some(_), _) => Left::All,
        (None, name) => of_answer(members, name),
    }
}

/// The members of an object of which something is left, as an object.
fn left_of(object: &JsonObject<'_>, left: impl Fn(&str, &RawValue) -> Left) -> Option<String> {
    let mut out = String::new();
    for (name, value) in object.members() {
        if is_empty(value) {
            continue;
        }
        let left = match left(&name, value) {
            Left::Withheld => continue,
            // Of doubled names the last is read.
            Left::Nothing | Left::Part(_) if !object.raw(&name).is_some_and(|last| std::ptr::eq(last, value)) => {
                Left::All
            }
            left => left,
        };
        let json = match left {
            Left::Nothing | Left::Withheld => continue,
            Left::All if value.get().starts_with(['{', '[']) => Cow::Owned(compact_json(value)),
            Left::All => Cow::Borrowed(value.get()),
            Left::Part(json) => Cow::Owned(json),
        };
        out.reserve(name.len() + json.len() + 8);
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&serde_json::to_string(&name).unwrap_or_default());
        out.push(':');
        out.push_str(&json);
    }
    closed(out)
}

fn closed(mut out: String) -> Option<String> {
    if out.is_empty() {
        return None;
    }
    out.push('}');
    Some(out)
}

/// Whether a value says nothing.
fn is_empty(value: &RawValue) -> bool {
    match value.get().as_bytes() {
        b"null" | b"\"\"" => true,
        [b'[' | b'{', between @ .., b']' | b'}'] => between.iter().all(u8::is_ascii_whitespace),
        _ => false,
    }
}
