//! Two revisions of an event whose digests begin alike, which no sender brings about and nobody can rule out.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use bytes::Bytes;
use kaizala_webhook::{
    clock::now,
    event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest, Unreadable},
    store::{Arrival, QuarantineReason, Record, StoredItem},
};

use crate::support::World;

const KEY: &str = "X#1";

fn event(text: &str) -> String {
    format!(r#"{{"eventId":"1","eventType":"X","groupId":"g","data":"{text}"}}"#)
}

/// An original, and under the key of `edit` a revision whose digest differs behind the first eight bytes.
async fn world_with_collision(edit: &str) -> (World, StoredItem) {
    let world = World::new().await;
    assert_eq!(world.deliver_body(event("original")).await.outcome(), "stored");
    let digest = Sha256Digest::of(format!("X\n\"{edit}\"").as_bytes());
    let planted = plant(&world, &EventKey::from_table(KEY).revision(&digest), digest).await;
    (world, planted)
}

/// Plants a revision under that key, of another content than the one with that digest.
async fn plant(world: &World, key: &EventKey, digest: Sha256Digest) -> StoredItem {
    let mut digest = *digest.as_bytes();
    digest[8] ^= 1;
    let item = HashMap::from([
        ("groupId".to_owned(), AttributeValue::S("g".to_owned())),
        ("eventKey".to_owned(), AttributeValue::S(key.to_string())),
        ("contentSha256".to_owned(), AttributeValue::B(Blob::new(digest))),
        ("payload".to_owned(), AttributeValue::S(event("another edit"))),
    ]);
    world.plant(item).await;
    world.item("g", key.as_str()).await
}

#[tokio::test]
async fn a_revision_whose_digest_only_begins_like_that_of_another_is_quarantined_and_not_lost() {
    let (world, planted) = world_with_collision("edit").await;

    for _ in 0..2 {
        assert_eq!(world.deliver_body(event("edit")).await.outcome(), "quarantined");
    }

    let quarantined = world.item(QUARANTINE_GROUP, &Sha256Digest::of(event("edit").as_bytes()).to_string()).await;
    assert_eq!(quarantined.text("reason"), Some("digest-collision"));
    assert_eq!(world.body(&quarantined).await, event("edit").as_bytes());
    assert!(world.item("g", planted.text("eventKey").expect("it has a key")).await == planted);
    assert_eq!(world.items().await.len(), 3);
}

#[tokio::test]
async fn a_replay_of_such_a_revision_leaves_it_in_quarantine() {
    let (world, planted) = world_with_collision("edit").await;
    let body = Bytes::from(event("edit"));
    let arrival = Arrival { received_at: now(), request_id: None };
    let record = Record::of_quarantined(&body, QuarantineReason::Unreadable(Unreadable::NoEventId), arrival);
    world.behind.put(&record, &body).await.expect("the table answers");
    let quarantined = world.item(QUARANTINE_GROUP, &Sha256Digest::of(&body).to_string()).await;

    let error = world.behind.replay(&quarantined).await.expect_err("its key is taken").to_string();

    assert!(error.contains("digests begin alike"), "{error}");
    assert!(world.item(QUARANTINE_GROUP, &Sha256Digest::of(&body).to_string()).await == quarantined);
    assert!(world.item("g", planted.text("eventKey").expect("it has a key")).await == planted);
}

#[tokio::test]
async fn a_pull_does_not_take_such_a_revision_for_its_own() {
    let world = World::new().await;
    assert_eq!(world.deliver_body(event("original")).await.outcome(), "stored");
    let body = Bytes::from(event("edit"));
    let pulled = Event::parse(&body).expect("it is an event");
    let key = pulled.key().pulled_revision(&pulled.content_digest(), &pulled.key());
    let planted = plant(&world, &key, pulled.content_digest()).await;
    let record = Record::of_event(&pulled, Arrival { received_at: now(), request_id: None }).pulled();

    let error = world.behind.put_pulled(&record, &body).await.expect_err("its key is taken").to_string();

    assert!(error.contains("digests begin alike"), "{error}");
    assert!(world.item("g", key.as_str()).await == planted);
}
