//! Converts a response from the API into the shape in which the webhook delivers it.
//!
//! The API's documentation does not show what a pulled response looks like. So all its fields are kept under their own names,
//! the fields that only the webhook sends are added from the action, and answers are looked for in every place where they were
//! seen or documented.

use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::actions::Action;
use crate::event::{
    EventType,
    json::{JsonObject, list},
};

/// A response as the body of a callback. In addition to what Kaizala sends, it has `"pulled": true` outside of `data`.
#[derive(Clone, PartialEq, Eq)]
pub struct PulledResponse {
    /// Identifies the response.
    pub response_id: String,
    /// The body, JSON for [`Event::parse`](crate::event::Event::parse).
    pub body: Vec<u8>,
}

/// Shows only what identifies the response, not what people wrote.
impl fmt::Debug for PulledResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PulledResponse").field("response_id", &self.response_id).finish_non_exhaustive()
    }
}

/// Why a response cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The response has no id.
    NoId,
    /// No known field holds the answers. Stored without them, the response would look like an edit that deletes them.
    NoAnswers,
}

/// A JSON object that is being made.
#[derive(Default)]
struct Members<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'a> Members<'a> {
    fn of(object: &JsonObject<'a>) -> Self {
        Self(object.members().map(|(name, value)| (name, Cow::Borrowed(value))).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && value.get() != "null")
    }

    /// Sets a field, and replaces one of the same name.
    fn set(&mut self, name: &'static str, value: Cow<'a, RawValue>) {
        self.0.retain(|(key, _)| key != name);
        self.0.push((name.into(), value));
    }

    /// Sets a field unless one of the same name is there.
    fn fill(&mut self, name: &'static str, value: Option<Cow<'a, RawValue>>) {
        if let Some(value) = value
            && !self.has(name)
        {
            self.set(name, value);
        }
    }

    fn fill_text(&mut self, name: &'static str, text: Option<&str>) {
        self.fill(name, text.map(json));
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, &**value)))
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Cow<'static, RawValue> {
    Cow::Owned(to_raw_value(value).expect("texts, flags, and what was JSON already can be written"))
}

impl Action {
    /// The responses to the action, each as the body of a callback of type `event_type`. `None` if no known field holds
    /// responses; then the action may have none, or may have them in an unknown field.
    pub fn responses(&self, group: &str, event_type: EventType) -> Option<Vec<Result<PulledResponse, Unusable>>> {
        let action = self.object()?;
        let mut places = Self::bodies(&action);
        let questions = places.iter().map(|body| body.list("questions")).find(|list| !list.is_empty());
        let questions = questions.unwrap_or_default();
        let package = ["packageId", "id"].iter().find_map(|name| action.id(name));
        let action_id = self.id();
        places.push(action);
        let lists: Vec<_> = places.iter().filter_map(|place| place.raw("responses")).map(list).collect();
        // An empty list counts only if no other field has a list with entries.
        let responses = lists.iter().find(|list| !list.is_empty()).or(lists.first())?;
        let card = Card { group, event_type, action_id, package: package.as_deref(), questions };
        Some(responses.iter().map(|response| card.body(response)).collect())
    }
}

/// What all responses to an action have in common.
struct Card<'a> {
    group: &'a str,
    event_type: EventType,
    action_id: Option<String>,
    package: Option<&'a str>,
    questions: Vec<&'a RawValue>,
}

impl Card<'_> {
    fn body(&self, response: &RawValue) -> Result<PulledResponse, Unusable> {
        let response = JsonObject::parse(response.get()).ok_or(Unusable::NoId)?;
        let response_id = response.id("responseId").or_else(|| response.id("id")).ok_or(Unusable::NoId)?.into_owned();
        let mut data = Members::of(&response);
        data.fill_text("actionId", self.action_id.as_deref());
        data.fill_text("packageId", self.package);
        data.fill_text("groupId", Some(self.group));
        data.fill_text("responseId", Some(&response_id));
        if self.event_type == EventType::JobResponse {
            // The receiver reads this field both at the top and nested.
            let nested = response.object("responseDetails").and_then(|details| details.object("response"));
            nested.as_ref().unwrap_or(&response).raw("isCompleted").ok_or(Unusable::NoAnswers)?;
        } else {
            let answered = self.answered(&response).ok_or(Unusable::NoAnswers)?;
            let mut details =
                response.object("responseDetails").map(|details| Members::of(&details)).unwrap_or_default();
            details.set("responseWithQuestions", json(&answered));
            data.set("responseDetails", json(&details));
        }
        let mut body = Members::default();
        body.set("objectId", json(self.group));
        body.set("objectType", json("Group"));
        body.set("eventType", json(self.event_type.name()));
        body.set("eventId", json(&response_id));
        body.set("groupId", json(self.group));
        body.set("pulled", json(&true));
        body.set("data", json(&data));
        let body = json(&body).get().as_bytes().to_vec();
        Ok(PulledResponse { response_id, body })
    }

    /// The answers with their questions, in the form of `responseWithQuestions`: `None` if no known field holds them.
    fn answered<'a>(&'a self, response: &JsonObject<'a>) -> Option<Vec<Members<'a>>> {
        let details = response.object("responseDetails");
        let in_details = details.as_ref().and_then(|details| details.raw("responseWithQuestions"));
        let beside = ["responseWithQuestions", "answers", "questions"].map(|name| response.raw(name));
        let bare = response.raw("responseDetails").filter(|_| details.is_none());
        let places: Vec<_> = in_details.into_iter().chain(beside.into_iter().flatten()).chain(bare).map(list).collect();
        // An empty list counts only if no other field has a list with entries.
        let answers = places.iter().find(|list| !list.is_empty()).or(places.first())?;
        Some(answers.iter().enumerate().map(|(at, answer)| self.with_question(at, answer)).collect())
    }

    fn with_question<'a>(&'a self, at: usize, answer: &'a RawValue) -> Members<'a> {
        let asked: Vec<_> = self.questions.iter().map(|question| JsonObject::parse(question.get())).collect();
        // An object without any of these fields is itself the answer, such as a place.
        let names = ["title", "question", "answer", "response"];
        let item = JsonObject::parse(answer.get()).filter(|item| names.iter().any(|name| item.raw(name).is_some()));
        let title = item.as_ref().and_then(|item| item.text("title"));
        let same_title = |question: &&Option<JsonObject<'_>>| {
            title.is_some() && question.as_ref().and_then(|question| question.text("title")) == title
        };
        // A question at the same position belongs to the answer unless the answer has another title.
        let at_position = asked.get(at).filter(|question| title.is_none() || same_title(question));
        let question = at_position.or_else(|| asked.iter().find(same_title)).and_then(Option::as_ref);
        let mut members = item.as_ref().map(Members::of).unwrap_or_default();
        for name in ["title", "type", "options", "isInvisible"] {
            members.fill(name, question.and_then(|question| question.raw(name)).map(Cow::Borrowed));
        }
        match item {
            None => members.set("answer", Cow::Borrowed(answer)),
            Some(item) => members.fill("answer", item.raw("response").map(Cow::Borrowed)),
        }
        members
    }
}
