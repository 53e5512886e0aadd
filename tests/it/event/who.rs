//! Who acts in an event and whom it is about.

use kaizala_webhook::event::{Event, searchable};
use serde_json::{Value, json};

use crate::support::samples;

/// Ids, numbers and names of everybody concerned.
fn concerned(body: &[u8]) -> Vec<String> {
    let event = Event::parse(body).expect("it is an event");
    let people = event.concerned();
    people
        .into_iter()
        .flat_map(|person| [person.user_id, person.phone, person.name])
        .flatten()
        .map(Into::into)
        .collect()
}

#[test]
fn every_field_that_names_one_person_in_the_samples_is_of_somebody_concerned() {
    const FIELDS: [&str; 10] = [
        "fromUserId",
        "fromUser",
        "fromUserName",
        "responder",
        "responderId",
        "responderName",
        "assignee",
        "member",
        "memberId",
        "memberName",
    ];
    fn values(json: &Value, into: &mut Vec<String>) {
        for (name, value) in json.as_object().into_iter().flatten() {
            if FIELDS.contains(&name.as_str()) && value.as_str().is_some_and(|text| !text.is_empty()) {
                into.push(value.as_str().unwrap_or_default().to_owned());
            }
            values(value, into);
        }
    }
    let mut looked_at = 0;
    for body in samples().into_iter().map(|sample| sample.body()) {
        let (Ok(event), Ok(json)) = (Event::parse(&body), serde_json::from_slice::<Value>(&body)) else { continue };
        if event.known_type().is_none() {
            continue;
        }
        let mut named = Vec::new();
        values(&json, &mut named);
        let concerned = concerned(&body);
        assert!(named.iter().all(|value| concerned.contains(value)), "{event:?}");
        looked_at += named.len();
    }
    assert!(looked_at > 20, "{looked_at}");
}

#[test]
fn one_of_several_assignees_is_not_concerned_and_the_subject_of_a_cloud_event_is() {
    let job = |assignees: Value| {
        json!({ "eventId": "1", "eventType": "JobCreated", "data": { "assignedTo": assignees } }).to_string()
    };
    assert_eq!(concerned(job(json!(["+1", "+1"])).as_bytes()), ["+1"]);
    assert_eq!(concerned(job(json!(["+1", "+2"])).as_bytes()), [""; 0]);
    let cloud_event = json!({
        "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "subject": "user-1",
        "fromUserId": "an extension", "data": {},
    });
    assert_eq!(concerned(cloud_event.to_string().as_bytes()), ["user-1", "user-1"]);
}

#[test]
fn no_escape_hides_anything_from_a_search() {
    assert!(searchable(br#"{"\u0061":"\u0041sha \u0930"}"#).contains("Asha \u{930}"));
    assert!(searchable(b"{not JSON, of Asha \xff").contains("Asha"));
}
