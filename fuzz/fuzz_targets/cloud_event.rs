//! Any bytes as a CloudEvent: as its JSON, as a batch, and as the data of one in binary mode.

#![no_main]

use std::str;

use kaizala_webhook::{
    event::{Batch, Event, Sender, Sha256Digest, Timestamp, Unreadable, structured},
    store::{Arrival, QuarantineReason, Record},
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, value::RawValue};

fuzz_target!(|body: &[u8]| {
    check(body);
    if let Some(batch) = Batch::parse(body) {
        assert_eq!(Event::parse_cloud_event(body).err(), Some(Unreadable::NotAnObject));
        assert!(batch.elements.len() <= Batch::MOST);
        assert!(!batch.is_larger || batch.elements.len() == Batch::MOST);
        batch.elements.iter().for_each(|element| check(element.as_bytes()));
    }
    for content_type in [None, Some("application/json"), Some("text/plain"), Some("application/octet-stream")] {
        check_binary(content_type, body);
    }
});

/// An event whose parts can be read back, or a stable reason why not.
fn check(body: &[u8]) {
    let arrival = || Arrival { received_at: Timestamp::EPOCH, request_id: Some("fuzz".to_owned()) };
    match Event::parse_cloud_event(body) {
        Ok(event) => {
            assert_eq!(event.sender(), Sender::CloudEvents);
            assert_eq!(event.known_type(), None);
            assert_eq!(Some(&*event.table_group()), event.group_id.as_deref());
            let cloud_event = event.cloud_event().expect("it is one");
            for json in [cloud_event.data(), cloud_event.extensions().map(Into::into)].into_iter().flatten() {
                assert!(serde_json::from_str::<&RawValue>(&json).is_ok(), "{json}");
            }
            let _ = (cloud_event.content_type(), cloud_event.data_schema());
            let _ = format!("{:?}", Record::of_event(&event, arrival()));
            // What was stored reads as the same event.
            let stored = Event::parse_stored(body, Sender::CloudEvents, event.occurred_at()).expect("it is an event");
            assert_eq!(stored.content_digest(), event.content_digest());
            assert_eq!((stored.key(), stored.table_group()), (event.key(), event.table_group()));
        }
        Err(reason) => {
            assert_eq!(Event::parse_cloud_event(body).err(), Some(reason));
            let _ = format!("{:?}", Record::of_quarantined(body, QuarantineReason::Unreadable(reason), arrival()));
        }
    }
}

/// Whatever the data is, the event holds it, and its digest does not depend on the mode.
fn check_binary(content_type: Option<&str>, data: &[u8]) {
    let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "/fuzz"), ("type", "t")];
    let body = structured(attributes, content_type, data);
    let event = Event::parse_cloud_event(&body).unwrap_or_else(|reason| panic!("{reason}"));
    let is_json = content_type.is_none_or(|media_type| media_type == "application/json");
    let json_text = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
    let is_json = is_json && serde_json::from_slice::<&RawValue>(json_text).is_ok();
    if !is_json && !data.is_empty() {
        assert_eq!(event.content_digest(), Sha256Digest::of(&[b"t\n", data].concat()));
    }
    if str::from_utf8(data).is_ok() && !is_json {
        let there: Value = serde_json::from_slice(&body).expect("it is JSON");
        assert!(data.is_empty() || content_type.is_none_or(|t| t == "application/json") || there["data"].is_string());
    }
}
