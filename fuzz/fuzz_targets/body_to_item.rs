//! Any bytes as a callback's body: an event with sound keys whose spelling does not matter, or a stable reason why not.
//!
//! What is compared comes from serde_json's own strings and lists, sorted and spelled here, and so shares nothing with
//! `event::canonical` but the rules of the JSON grammar.

#![no_main]

use std::{fmt, str};

use kaizala_webhook::{
    event::{Answer, Data, Event, Location, Media, PhoneNumber, Question, Sender, Sha256Digest, Timestamp, Unreadable},
    store::{Arrival, QuarantineReason, Record},
};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// DynamoDB's limits.
const MAX_SORT_KEY_BYTES: usize = 1024;
const MAX_GROUP_ID_BYTES: usize = 2048;
/// More parts than a body of Lambda's 6 MB can have.
const LAST_PART: u64 = 9999;
/// Below the depth at which `event::canonical` stops sorting, which is for its own test to look at.
const MAX_DEPTH: usize = 100;

fuzz_target!(|body: &[u8]| {
    match Event::parse(body) {
        // Its own target looks at these.
        Ok(event) if event.sender() == Sender::CloudEvents => check_keys(&event),
        Ok(event) => {
            check_keys(&event);
            check_times(&event);
            let _ = format!("{:?}", Record::of_event(&event, arrival()));
            // Also where there is nothing to compare with: no field of anything may panic.
            let seen = Seen::of(&event);
            check_spelling(body, &event, &seen);
        }
        Err(reason) => check_reason(body, reason),
    }
});

fn arrival() -> Arrival {
    Arrival { received_at: Timestamp::EPOCH, request_id: Some("fuzz".to_owned()) }
}

fn check_keys(event: &Event<'_>) {
    let group = event.table_group();
    assert!((1..=MAX_GROUP_ID_BYTES).contains(&group.len()), "group of {} bytes", group.len());
    let content = event.content_digest();
    let key = event.key();
    let longest = key.revision(&content).part(&content, LAST_PART);
    assert!(longest.as_str().len() <= MAX_SORT_KEY_BYTES, "key of {} bytes", longest.as_str().len());
    // Two events share a key only if they share type and id: both can be read out of it.
    let parts: Vec<_> = key.as_str().split('#').map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    assert_eq!(parts, [event.event_type.as_ref(), event.event_id.as_ref()]);
}

fn check_times(event: &Event<'_>) {
    if let Some(time) = event.occurred_at() {
        assert_eq!(Timestamp::from_epoch_millis(time.epoch_millis()), Some(time));
        assert_eq!(time.to_string().len(), "1970-01-01T00:00:00.000Z".len());
    }
}

fn check_reason(body: &[u8], reason: Unreadable) {
    assert_eq!(Event::parse(body).err(), Some(reason));
    let right = match reason {
        Unreadable::NotUtf8 => str::from_utf8(body).is_err(),
        Unreadable::NotJson => str::from_utf8(body).is_ok() && json_text(body).is_none(),
        Unreadable::NotAnObject => json_text(body).is_some_and(|json| !json.get().starts_with('{')),
        Unreadable::NoEventId
        | Unreadable::NoEventType
        | Unreadable::KeyTooLong
        | Unreadable::SpecVersion
        | Unreadable::NoSource
        | Unreadable::TwoData
        | Unreadable::BadBase64 => json_text(body).is_some_and(|json| json.get().starts_with('{')),
    };
    assert!(right, "{reason} is not what is wrong");
    let _ = format!("{:?}", Record::of_quarantined(body, QuarantineReason::Unreadable(reason), arrival()));
}

/// The JSON that a body is, behind its byte order mark if it has one.
fn json_text(body: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)).ok()
}

/// The digest is that of the data's canonical form, and another spelling of the whole body is the same event.
fn check_spelling(body: &[u8], event: &Event<'_>, seen: &Seen) {
    let json = json_text(body).expect("events are JSON");
    let Some(data) = canonical_data(json) else { return };
    let content = format!("{}\n{data}", event.event_type);
    assert_eq!(event.content_digest(), Sha256Digest::of(content.as_bytes()), "canonical: {content}");

    let Some(other) = spell(json, Spelling::Odd) else { return };
    let again = Event::parse(other.as_bytes()).unwrap_or_else(|reason| panic!("{reason}: {other}"));
    assert_eq!(again.content_digest(), event.content_digest(), "{other}");
    assert_eq!(again.key(), event.key(), "{other}");
    assert_eq!(again.table_group(), event.table_group(), "{other}");
    assert_eq!(again.occurred_at(), event.occurred_at(), "{other}");
    assert_eq!(&Seen::of(&again), seen, "{other}");
}

fn canonical_data(json: &RawValue) -> Option<String> {
    let Members(members) = serde_json::from_str(json.get()).ok()?;
    // Of doubled names the last counts.
    match members.into_iter().rev().find(|(name, _)| name == "data") {
        Some((_, data)) => spell(data, Spelling::Canonical),
        None => Some("null".to_owned()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    /// Compact, members sorted, nothing escaped that need not be.
    Canonical,
    /// White space everywhere, members sorted backwards, everything escaped.
    Odd,
}

/// `json` in another spelling; none where it holds an unpaired surrogate, which no `String` can, or is too deep.
fn spell(json: &RawValue, spelling: Spelling) -> Option<String> {
    let mut out = String::new();
    write(json, spelling, MAX_DEPTH, &mut out)?;
    Some(out)
}

fn write(json: &RawValue, spelling: Spelling, depth: usize, out: &mut String) -> Option<()> {
    let json = json.get();
    let space = if spelling == Spelling::Odd { " \t\r\n" } else { "" };
    out.push_str(space);
    match json.as_bytes()[0] {
        b'{' => {
            let Members(mut members) = serde_json::from_str(json).ok()?;
            // Stable, both ways: members of the same name keep their order, on which their meaning depends.
            match spelling {
                Spelling::Canonical => members.sort_by(|a, b| a.0.cmp(&b.0)),
                Spelling::Odd => members.sort_by(|a, b| b.0.cmp(&a.0)),
            }
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(space);
                write_string(name, spelling, out);
                out.push_str(space);
                out.push(':');
                write(value, spelling, depth.checked_sub(1)?, out)?;
            }
            out.push_str(space);
            out.push('}');
        }
        b'[' => {
            out.push('[');
            for (index, value) in serde_json::from_str::<Vec<&RawValue>>(json).ok()?.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(value, spelling, depth.checked_sub(1)?, out)?;
            }
            out.push_str(space);
            out.push(']');
        }
        b'"' => write_string(&serde_json::from_str::<String>(json).ok()?, spelling, out),
        _ => out.push_str(json),
    }
    out.push_str(space);
    Some(())
}

fn write_string(text: &str, spelling: Spelling, out: &mut String) {
    match spelling {
        Spelling::Canonical => out.push_str(&serde_json::to_string(text).expect("it is a string")),
        Spelling::Odd => {
            out.push('"');
            out.extend(text.encode_utf16().map(|unit| format!("\\u{unit:04X}")));
            out.push('"');
        }
    }
}

/// An object's members as they come, doubled ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// Everything that can be read of an event, field by field, in one spelling.
#[derive(Debug, PartialEq)]
struct Seen(Vec<(&'static str, String)>);

impl Seen {
    fn of(event: &Event<'_>) -> Self {
        let mut seen = Self(Vec::new());
        seen.envelope(event);
        let data = event.data();
        seen.add("data", &data);
        match &data {
            Data::Created(created) => {
                seen.add("ids", &(&created.action_id, &created.group_id));
                seen.add("packages", &(&created.action_package_id, &created.package_id));
                seen.add("title", &created.title);
                seen.questions(&created.questions);
            }
            Data::Response(response) => {
                seen.add("ids", &(&response.action_id, &response.response_id));
                seen.add("group", &response.group_id);
                seen.add("packages", &(&response.action_package_id, &response.package_id));
                seen.add("person", &(&response.responder, &response.responder_id, &response.responder_name));
                seen.add("flags", &(response.is_update, response.is_anonymous));
                seen.questions(&response.questions);
            }
            Data::JobCreated(job) => {
                seen.add("ids", &(&job.action_id, &job.group_id));
                seen.add("texts", &(&job.title, &job.text, &job.due_date));
                seen.add("assigned to", &job.assigned_to);
            }
            Data::JobResponse(job) => {
                seen.add("ids", &(&job.action_id, &job.group_id, &job.response_id));
                seen.add("assignee", &(&job.assignee, &job.assignee_name));
                seen.add("completed", &job.is_completed);
            }
            Data::TextMessage(message) => seen.add("text", &message.text),
            Data::Attachment(attachment) => {
                seen.media(&attachment.media);
                seen.add("texts", &(&attachment.action_type, &attachment.caption));
            }
            Data::Announcement(announcement) => {
                seen.add("texts", &(&announcement.title, &announcement.text));
                seen.media(&announcement.media);
            }
            Data::MemberChange(change) => {
                seen.add("member", &(&change.member, &change.member_id, &change.member_name));
                seen.add("role", &change.role);
            }
            Data::SubGroup(group) => seen.add("sub-group", &(&group.group_id, &group.group_name, &group.group_type)),
            Data::Other(json) => seen.json("other", *json),
        }
        seen
    }

    fn envelope(&mut self, event: &Event<'_>) {
        self.add("event", &(event, event.known_type()));
        self.add("object", &(&event.object_id, &event.object_type, &event.group_id));
        self.add("subscription", &(event.subscription_id(), event.context()));
        self.add("from", &(event.from_user(), &event.from_user_id, event.from_user_name(), event.is_bot()));
        self.json("properties", event.properties());
        self.add("indexed", &(event.action_id(), event.response_id(), event.occurred_at()));
    }

    fn add(&mut self, what: &'static str, value: &dyn fmt::Debug) {
        self.0.push((what, format!("{value:?}")));
    }

    /// What stays JSON is as it was written; only its meaning is comparable.
    fn json(&mut self, what: &'static str, json: Option<&RawValue>) {
        self.add(what, &json.map(|json| spell(json, Spelling::Canonical)));
    }

    fn questions(&mut self, questions: &[Question<'_>]) {
        for question in questions {
            self.add("question", &(&question.title, &question.question_type, question.is_invisible));
            self.add("options", &question.options());
            match &question.answer {
                None => self.add("unanswered", &()),
                Some(Answer::Text(text)) => self.add("answer", text),
                Some(Answer::Number(number)) => {
                    assert!(number.is_finite());
                    self.add("number", number);
                }
                Some(Answer::Options(options)) => self.add("chosen", options),
                Some(Answer::Time(time)) => self.add("time", time),
                Some(Answer::Location(Location { latitude, longitude, name, address, accuracy_m })) => {
                    assert!(latitude.is_finite() && longitude.is_finite() && accuracy_m.is_none_or(f64::is_finite));
                    self.add("place", &(latitude, longitude, accuracy_m, name, address));
                }
                Some(Answer::Media(media)) => self.media(media),
                Some(Answer::PhoneNumber(PhoneNumber { country_code, number })) => {
                    self.add("phone", &(country_code, number));
                }
                Some(Answer::Json(json)) => self.json("json", Some(json)),
            }
        }
    }

    fn media(&mut self, media: &[Media<'_>]) {
        for Media { url, file_name } in media {
            self.add("file", &(url, file_name));
        }
    }
}
