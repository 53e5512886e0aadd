//! Nothing of an event is lost: every value of a body is found in some column of some row of that event.

use std::collections::HashSet;

use kaizala_webhook::{
    event::{Event, Timestamp},
    simulator::generator::Generator,
    store::StoredBody,
    tables::flatten,
};
use serde_json::{Value, json};

use crate::support::{
    samples,
    tables::{ARRIVAL, json_row, rows_of, stored},
};

/// What the columns of an event hold, by what it can be compared with.
#[derive(Default)]
struct Held {
    texts: HashSet<String>,
    numbers: Vec<f64>,
    has_true: bool,
    has_false: bool,
}

impl Held {
    fn of(body: &[u8]) -> Self {
        let mut held = Self::default();
        let items = stored(body.to_vec(), ARRIVAL, false);
        let item = items.last().expect("there is an item");
        let is_whole = matches!(item.body(), Ok(StoredBody::Whole(_)));
        assert!(is_whole || items.len() > 1);
        flatten(item, body, true, &mut |row| {
            for cell in json_row(row, 0).as_object().expect("it is an object").values() {
                held.add(cell);
                let json = cell.as_str().filter(|text| text.starts_with(['{', '[']));
                if let Some(json) = json.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
                    held.add(&json);
                }
            }
        });
        held
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(true) => self.has_true = true,
            Value::Bool(false) => self.has_false = true,
            Value::Number(number) => self.number(number.as_f64().expect("it is one")),
            Value::String(text) => {
                if let Some(time) = Timestamp::from_rfc3339(text) {
                    let millis = f64::from(i32::try_from(time.epoch_seconds()).expect("it is near"));
                    self.number(millis);
                    self.number(time.epoch_millis().to_string().parse().expect("it is a number"));
                }
                self.texts.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(members) => members.values().for_each(|member| self.add(member)),
        }
    }

    fn number(&mut self, number: f64) {
        self.numbers.push(number);
    }

    /// serde_json's numbers may be off by the last bit.
    fn has_number(&self, number: f64) -> bool {
        self.numbers.iter().any(|held| (held - number).abs() <= number.abs() * 1e-15)
    }

    fn holds(&self, leaf: &Value) -> bool {
        match leaf {
            Value::Bool(true) => self.has_true,
            Value::Bool(false) => self.has_false,
            Value::Number(number) => {
                self.texts.contains(&number.to_string()) || self.has_number(number.as_f64().expect("it is one"))
            }
            Value::String(text) => {
                let number = text.trim().parse::<f64>().ok();
                let time = Timestamp::from_rfc3339(text).map(|time| time.to_string());
                self.texts.contains(text)
                    || number.is_some_and(|number| self.has_number(number))
                    || time.is_some_and(|time| self.texts.contains(&time))
                    || (text == "true" && self.has_true)
                    || (text == "false" && self.has_false)
            }
            _ => true,
        }
    }
}

/// Asserts it of all values that say something.
fn is_whole(name: &str, body: &[u8]) {
    fn walk(path: &str, value: &Value, held: &Held, lost: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                (0..).zip(items).for_each(|(at, item): (usize, _)| walk(&format!("{path}[{at}]"), item, held, lost));
            }
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| walk(&format!("{path}.{name}"), value, held, lost));
            }
            Value::String(text) if text.is_empty() => {}
            leaf if held.holds(leaf) => {}
            leaf => lost.push(format!("{path}: {leaf}")),
        }
    }
    let held = Held::of(body);
    let mut lost = Vec::new();
    walk("", &serde_json::from_slice(body).expect("it is JSON"), &held, &mut lost);
    assert!(lost.is_empty(), "{name}: {lost:?}");
}

/// Whether a body is an event that says who it is of.
fn is_open_event(body: &[u8]) -> bool {
    Event::parse(body).is_ok_and(|event| !event.is_anonymous())
}

#[test]
fn every_value_of_the_sample_events_is_in_some_column() {
    let mut walked = 0;
    for sample in samples() {
        // Of half a surrogate pair serde_json makes nothing.
        let is_unicode = serde_json::from_slice::<Value>(&sample.body()).is_ok();
        if !sample.name.starts_with("refused-") && is_unicode && is_open_event(&sample.body()) {
            is_whole(&sample.name, &sample.body());
            walked += 1;
        }
    }
    assert!(walked > 25);
}

#[test]
fn every_value_of_simulated_events_and_of_their_edits_is_in_some_column() {
    let mut walked = 0;
    for event in Generator::new(11).take(1500) {
        for event in event.edited().into_iter().chain([event]) {
            if is_open_event(&event.body()) {
                is_whole(event.event_type(), &event.body());
                walked += 1;
            }
        }
    }
    assert!(walked > 2000);
}

#[test]
fn what_is_spelled_in_no_known_way_is_not_lost_either() {
    let cases = [
        json!({"eventType": "PollCreated", "data": {"question": "Q?", "choices": ["a", {"title": "b", "image": "https://x/1"}], "expiryDate": "soon"}}),
        json!({"eventType": "PollResponse", "data": {"responseId": "r", "choice": {"title": "a", "index": 3}}}),
        json!({"eventType": "LetsMeetResponse", "data": {"responseDetails": {"response": "Yes"}, "note": ["late"]}}),
        json!({"eventType": "ActionResponse", "data": {"responseDetails": [1, {"a": "b"}], "isAnonymous": "perhaps"}}),
        json!({"eventType": "ActionResponse", "data": {"responseDetails": {"more": 5, "responseWithQuestions": [
            7, {"title": {"en": "T"}, "type": ["x"], "id": "q1", "isInvisible": "maybe", "answer": "x"},
            {"title": "N", "type": "Numeric", "answer": 12_345_678_901_234_567_u64},
            {"title": "D", "type": "DateTime", "answer": 1_678_093_290_580.75},
            {"title": "R", "type": "Rating", "answer": "{\"stars\":4,\"of\":5}"},
            {"title": "L", "type": "Location", "answer": {"lt": 1.5, "lg": 2.5, "alt": 77, "n": "a", "a": "b"}},
            {"title": "M", "type": "Image", "answer": [{"mediaUrl": "u", "thumbnail": "t"}, "v"]},
            {"title": "O", "type": "MultiOption", "answer": ["a", {"title": "b", "id": 9}]},
        ]}}}),
        json!({"eventType": "JobCreated", "data": {"dueDate": "soon", "assignedTo": ["+1555", {"phone": "+1556"}]}}),
        json!({"eventType": "JobResponse", "data": {"assignee": "+1", "responseDetails": {"x": 1, "response": {"assignee": "+2", "isCompleted": "half"}}}}),
        json!({"eventType": "AttachmentCreated", "data": {"media": [{"mediaUrl": "u", "size": 12}], "caption": {"a": "b"}}}),
        json!({"eventType": "MemberAdded", "data": {"member": {"phone": "+1"}, "memberProfilePic": "https://x/p"}}),
        json!({"eventType": "GroupAdded", "data": {"groupId": {"id": "x"}, "groupImageUrl": "https://x/g"}}),
        json!({"eventType": "TextMessageCreated", "data": {"text": {"html": "<b>"}}, "groupId": ["odd"], "isBotfromUser": "no idea", "context": {"a": 1}}),
        json!({"eventType": "Anything", "data": {"deep": [[[{"a": 1.25}]]], "actionId": "a", "groupId": "elsewhere"}, "groupId": "here"}),
    ];
    for mut body in cases {
        body["eventId"] = json!("e1");
        is_whole(&body["eventType"].to_string(), body.to_string().as_bytes());
    }
}

#[test]
fn of_doubled_members_none_is_lost() {
    let body = r#"{"eventId":"1","eventType":"TextMessageCreated","fromUser":"+1555","fromUser":"+1556",
        "data":{"text":"first","text":"second"}}"#;

    let rows = rows_of(body);
    assert_eq!(rows["messages"][0]["text"], "second");
    assert_eq!(rows["events"][0]["other"], r#"{"fromUser":"+1555","data":{"text":"first"}}"#);
}

#[test]
fn an_anonymous_response_names_nobody_in_any_column() {
    let person = json!({
        "responder": "+15550001234", "responderId": "user-77", "responderName": "Nia Wanderi",
        "responderProfilePic": "https://x/user-77.jpg"});
    for event_type in ["SurveyResponse", "ActionResponse", "PollResponse", "JobResponse", "SomethingResponse"] {
        let mut body = json!({
            "eventId": "r1", "eventType": event_type, "groupId": "g",
            "fromUser": "+15550001234", "fromUserId": "user-77", "fromUserName": "Nia Wanderi",
            "fromUserProfilePic": "https://x/user-77.jpg", "fromUserAlias": "nia",
            "more": ["by Nia \u{57}anderi", {"tel": 15_550_001_234_u64}],
            "data": {"actionId": "a", "isAnonymous": true, "isUpdateResponse": true, "creator": "user-77",
                "responseDetails": {"response": {"assignee": "+15550001234", "assigneeName": "Nia Wanderi"},
                    "responseWithQuestions": [{"title": "Q", "type": "Text", "answer": "fine", "by": "user-77"}]},
                "Properties": [{"name": "Sent by", "type": "Text", "value": "Nia Wanderi (+1 555 000 1234, user-77)"}]}});
        for (name, value) in person.as_object().expect("it is one") {
            body["data"][name] = value.clone();
        }

        let rows = rows_of(body.to_string());
        let shown = json!(rows).to_string();
        for secret in ["5550001234", "user-77", "Nia", "nia"] {
            assert!(!shown.contains(secret), "{event_type}: {secret} in {shown}");
        }
        assert!(rows["events"][0]["person_id"].is_null());
    }
}
