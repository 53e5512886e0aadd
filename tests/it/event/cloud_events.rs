//! CloudEvents: which event a body is, computed here by another way than the code's.

use base64::{Engine, engine::general_purpose::STANDARD};
use kaizala_webhook::event::{Batch, Event, Sender, Sha256Digest, Timestamp, Unreadable, is_json_type, structured};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
};
use serde_json::{Map, Value, json};

/// The digest of data: of JSON through serde_json's own sorted maps, of anything else over its bytes.
fn digest(event_type: &str, data: &[u8]) -> Sha256Digest {
    Sha256Digest::of(&[event_type.as_bytes(), b"\n", data].concat())
}

fn json_data(data: &Value) -> Vec<u8> {
    data.to_string().into_bytes()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..5).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// Text that identifies something.
fn id() -> impl Strategy<Value = String> {
    "[^\\s]\\PC{0,40}"
}

fn extension() -> impl Strategy<Value = (String, Value)> {
    ("x[a-z0-9]{1,12}", prop_oneof![any::<bool>().prop_map(Value::from), any::<String>().prop_map(Value::from)])
}

proptest! {
    #[test]
    fn an_event_is_known_by_source_type_id_and_data_and_by_nothing_else(
        (id, source, event_type) in (id(), id(), id()),
        data in any_json(),
        extensions in vec(extension(), 0..4),
    ) {
        let mut event = json!({"specversion": "1.0", "id": id, "source": source, "type": event_type, "data": data});
        for (name, value) in extensions {
            event[name] = value;
        }
        let body = event.to_string();

        for parsed in [Event::parse_cloud_event(body.as_bytes()), Event::parse(body.as_bytes())] {
            let parsed = parsed.expect("it is an event");
            prop_assert_eq!(parsed.sender(), Sender::CloudEvents);
            prop_assert_eq!(parsed.table_group(), &*source);
            let (found_type, found_id) = parsed.key().event_type_and_id().expect("it has both");
            prop_assert_eq!((&found_type, &found_id), (&event_type, &id));
            prop_assert_eq!(parsed.content_digest(), digest(&event_type, &json_data(&data)));
            prop_assert_eq!(parsed.known_type(), None);
        }

        // The same data as base64.
        event["data_base64"] = json!(STANDARD.encode(json_data(&data)));
        event["data"] = Value::Null;
        let body = event.to_string();
        let parsed = Event::parse_cloud_event(body.as_bytes()).expect("it is an event");
        prop_assert_eq!(parsed.content_digest(), digest(&event_type, &json_data(&data)));
    }

    #[test]
    fn any_data_in_binary_mode_is_the_event_that_it_is_in_structured_mode(
        data in vec(any::<u8>(), 1..200),
        subject in any::<String>(),
        content_type in prop::sample::select(vec!["application/json", "text/plain", "application/octet-stream", "a/b+json", ""]),
    ) {
        let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t"), ("subject", &*subject)];
        let content_type = Some(content_type).filter(|content_type| !content_type.is_empty());
        let body = structured(attributes, content_type, &data);

        let event = Event::parse_cloud_event(&body).expect("it is an event");

        prop_assert_eq!(event.object_id.as_deref().unwrap_or_default(), &subject);
        let as_json = content_type.is_none_or(is_json_type).then(|| serde_json::from_slice::<Value>(&data).ok());
        let expected = match as_json.flatten() {
            // Numbers stay as they were written, which a value does not tell.
            Some(Value::Number(_)) => None,
            Some(json) => Some(json_data(&json)),
            None => Some(data.clone()),
        };
        if let Some(expected) = expected {
            prop_assert_eq!(event.content_digest(), digest("t", &expected));
        }
        // Sent again as it is kept, it is the same bytes.
        let again = Event::parse_cloud_event(&body).expect("it is an event");
        prop_assert_eq!(again.content_digest(), event.content_digest());
    }

    #[test]
    fn any_text_is_an_event_or_has_a_reason(text in any::<String>(), value in any_json()) {
        for body in [text, value.to_string()] {
            if let Ok(event) = Event::parse_cloud_event(body.as_bytes()) {
                prop_assert_eq!(event.sender(), Sender::CloudEvents);
            }
            if let Some(batch) = Batch::parse(body.as_bytes()) {
                prop_assert!(matches!(Event::parse_cloud_event(body.as_bytes()), Err(Unreadable::NotAnObject)));
                prop_assert!(batch.elements.iter().all(|element| body.contains(element)));
            }
        }
    }
}

#[test]
fn a_batch_has_its_elements_as_they_are_written_and_knows_when_there_are_more() {
    let of = |count: usize| format!("\u{feff} [{}] ", vec![" { \"a\": 1 } "; count].join(","));
    for (count, is_larger) in [(0, false), (1, false), (100, false), (101, true), (5000, true)] {
        let body = of(count);
        let batch = Batch::parse(body.as_bytes()).expect("it is an array");
        assert_eq!((batch.elements.len(), batch.is_larger), (count.min(100), is_larger));
        assert!(batch.elements.iter().all(|element| *element == "{ \"a\": 1 }"));
        assert_eq!(Batch::parse_whole(body.as_bytes()).expect("it is an array").elements.len(), count);
    }
    for body in ["", "{}", "[", "[1,]", "[] []", "null", "[\"\u{1}\"]"] {
        assert!(Batch::parse(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn a_time_is_read_with_any_offset_and_cut_to_milliseconds() {
    for (text, time) in [
        ("2026-01-02T03:04:05Z", Some("2026-01-02T03:04:05.000Z")),
        ("2026-01-02T03:04:05.6789012Z", Some("2026-01-02T03:04:05.678Z")),
        ("2026-01-02T08:34:05.678901+05:30", Some("2026-01-02T03:04:05.678Z")),
        ("2026-01-02t03:04:05z", Some("2026-01-02T03:04:05.000Z")),
        ("1969-12-31T23:59:59Z", None),
        ("2026-01-02", None),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ] {
        let body = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": text}).to_string();
        let event = Event::parse_cloud_event(body.as_bytes()).expect("it is an event");
        assert_eq!(event.occurred_at().map(|time| time.to_string()).as_deref(), time, "{text}");
        let stored = Event::parse_stored(body.as_bytes(), Sender::CloudEvents, Some(Timestamp::EPOCH));
        assert_eq!(stored.expect("it is an event").occurred_at(), Some(Timestamp::EPOCH));
    }
}

#[test]
fn json_types_are_told_from_others() {
    for media_type in
        ["application/json", "text/JSON", "application/problem+json; charset=utf-8", " a/json ;x", "a/+json"]
    {
        assert!(is_json_type(media_type), "{media_type}");
    }
    for media_type in ["json", "application/jsonl", "application/json+xml", "text/plain", "", "/", "application/xjson"]
    {
        assert!(!is_json_type(media_type), "{media_type}");
    }
}
