//! What cannot be understood is kept whole.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Sample, World, sample, samples};

#[tokio::test]
async fn a_body_that_is_no_event_is_kept_whole_with_the_reason() {
    for (name, reason) in [
        ("quarantine-blank-event-id", "no-event-id"),
        ("quarantine-missing-event-id", "no-event-id"),
        ("quarantine-numeric-event-id", "no-event-id"),
        ("quarantine-missing-event-type", "no-event-type"),
        ("quarantine-not-json", "not-json"),
        ("quarantine-not-an-object", "not-an-object"),
        ("quarantine-empty-body", "not-json"),
        ("quarantine-not-utf8", "not-utf8"),
        ("quarantine-event-id-too-long", "key-too-long"),
    ] {
        let world = World::new().await;
        let sample = sample(name);

        assert_eq!(world.deliver(&sample).await.outcome(), "quarantined", "{name}");

        let item = world.item("quarantine", &hex::encode(Sha256::digest(sample.body()))).await;
        assert_eq!(item.text("reason"), Some(reason), "{name}");
        assert_eq!(item.text("requestId"), sample.event["requestContext"]["requestId"].as_str());
        assert!(item.text("receivedAt").is_some(), "{name}");
        assert_eq!(world.body(&item).await, sample.body(), "{name}");
    }
}

#[tokio::test]
async fn white_space_is_not_an_id() {
    let world = World::new().await;
    let blank = ["", " ", "\t\n", "\u{a0}\u{3000}"];
    for blank in blank {
        for (id, event_type, reason) in [(blank, "X", "no-event-id"), ("1", blank, "no-event-type")] {
            let body = json!({"eventId": id, "eventType": event_type, "data": {}}).to_string();

            assert_eq!(world.deliver_body(body.clone()).await.outcome(), "quarantined", "{body}");

            let item = world.item("quarantine", &hex::encode(Sha256::digest(&body))).await;
            assert_eq!(item.text("reason"), Some(reason), "{body}");
        }
    }
    // White space around an id is part of it.
    let body = json!({"eventId": " 1 ", "eventType": "X", "data": {}}).to_string();
    assert_eq!(world.deliver_body(body).await.outcome(), "stored");
}

#[test]
fn every_quarantine_sample_has_its_reason_tested() {
    assert_eq!(samples().iter().filter(|sample| sample.name.starts_with("quarantine-")).count(), 9);
}

#[tokio::test]
async fn the_same_broken_body_twice_is_one_item() {
    let world = World::new().await;

    assert_eq!(world.deliver_body("{oops").await.outcome(), "quarantined");
    assert_eq!(world.deliver_body("{oops").await.outcome(), "quarantined");

    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test]
async fn a_group_called_quarantine_does_not_mix_with_quarantined_bodies() {
    let world = World::new().await;
    let event = json!({"eventId": "1", "eventType": "X", "groupId": "quarantine", "data": {}}).to_string();

    world.deliver_body(event).await;
    world.deliver_body("{oops").await;

    let reasons: Vec<_> = world.items().await.values().map(|item| item.text("reason").is_some()).collect();
    assert_eq!(reasons.len(), 2);
    assert_ne!(reasons[0], reasons[1]);
}

#[tokio::test]
async fn keys_at_dynamodbs_limits_are_stored_and_beyond_them_quarantined() {
    let world = World::new().await;
    let event = |id: usize, group: usize| {
        let body = json!({"eventId": "i".repeat(id), "eventType": "X", "groupId": "g".repeat(group), "data": {}});
        Sample::with_body(body.to_string().as_bytes())
    };
    // A key leaves room for the suffixes of a revision and a part, 44 bytes in all, and has `X#` in front.
    let longest = 1024 - 44 - 2;

    assert_eq!(world.deliver(&event(longest, 2048)).await.outcome(), "stored");
    assert_eq!(world.deliver(&event(longest + 1, 1)).await.outcome(), "quarantined");
    assert_eq!(world.deliver(&event(1, 2049)).await.outcome(), "quarantined");
}

#[tokio::test]
async fn fields_of_unexpected_types_are_no_reason_for_quarantine() {
    let world = World::new().await;
    let bodies = [
        r#"{"eventId":"1","eventType":"TextMessageCreated"}"#,
        r#"{"eventId":"2","eventType":"TextMessageCreated","data":"text"}"#,
        r#"{"eventId":"3","eventType":"ActionResponse","data":{"groupId":{},"responseDetails":[1]},"fromUserId":7,"objectId":null}"#,
        r#"{"eventId":"4","eventType":"NeverHeardOf","data":{"x":1},"more":{"y":[]}}"#,
        r#"{"eventId":"5","eventType":"X","eventType":"TextMessageCreated","data":{},"data":{"text":"x"}}"#,
        r#"{"eventId":"6","eventType":"X","\ud83d":1,"data":{"\ud83d":"\ud83d"}}"#,
    ];
    for body in bodies {
        assert_eq!(world.deliver_body(body).await.outcome(), "stored", "{body}");
    }
}

#[tokio::test]
async fn a_control_character_in_a_name_is_json_only_when_it_is_escaped() {
    let world = World::new().await;
    let not_json = [
        "{\"eventId\":\"1\",\"eventType\":\"T\",\"\u{1}\":0}",
        "{\"a\tb\":0,\"eventId\":\"1\",\"eventType\":\"T\"}",
        "{\"eventId\":\"1\",\"eventType\":\"T\",\"data\":{\"\u{1}\":0}}",
    ];
    for body in not_json {
        assert_eq!(world.deliver_body(body).await.outcome(), "quarantined", "{body:?}");
    }
    assert!(world.items().await.values().all(|item| item.text("reason") == Some("not-json")));

    let json = r#"{"eventId":"1","eventType":"T","\u0001":0,"data":{"\u0001":0}}"#;
    assert_eq!(world.deliver_body(json).await.outcome(), "stored");
}
