//! Every file of `events/` ends as its name says.

use std::collections::HashSet;

use crate::support::{World, sample, samples};

/// Files that repeat an event of another file on purpose, with what becomes of them after it.
const REPEATS: [(&str, &str); 3] = [
    ("action-response-duplicate", "duplicate"),
    ("action-response-edit", "revised"),
    ("action-response-other-subscription", "duplicate"),
];

#[tokio::test]
async fn every_sample_event_is_stored_once_where_it_belongs_with_its_body_byte_for_byte() {
    let world = World::new().await;
    let mut stored = 0;
    for sample in samples() {
        let before = world.items().await.len();
        let reply = world.deliver(&sample).await;
        let name = sample.name.as_str();
        if name.starts_with("handshake-") || name.starts_with("refused-") {
            assert_eq!(world.items().await.len(), before, "{name} left something");
            continue;
        }
        let expected = REPEATS
            .iter()
            .find(|(repeat, _)| *repeat == name)
            .map_or(if name.starts_with("quarantine-") { "quarantined" } else { "stored" }, |(_, outcome)| outcome);
        assert_eq!(reply.outcome(), expected, "{name}");
        if expected == "duplicate" {
            assert_eq!(world.items().await.len(), before, "{name} left something");
            continue;
        }
        stored += 1;
        let items = world.items().await;
        assert_eq!(items.len(), stored, "{name}");
        let request_id = sample.event["requestContext"]["requestId"].as_str();
        let item = items.values().find(|item| item.text("requestId") == request_id).expect("it is there");
        assert_eq!(world.body(item).await, sample.body(), "{name}");
    }
    assert!(stored > 30, "only {stored} were stored");
}

#[tokio::test]
async fn a_sample_event_belongs_to_the_group_that_its_subscription_names() {
    let world = World::new().await;
    for (name, pointer) in [
        ("text-message-created", "/objectId"),
        ("action-response-other-subscription", "/data/groupId"),
        ("group-added", "/groupId"),
        ("group-removed", "/groupId"),
        ("group-added-no-envelope-group", "/objectId"),
        ("job-response-member-shape", "/objectId"),
        ("action-created-printed-shape", "/data/groupId"),
    ] {
        let sample = sample(name);
        let body = sample.json();
        let group = body.pointer(pointer).and_then(|group| group.as_str()).expect("it has a group");
        let key = format!("{}#{}", body["eventType"].as_str().unwrap(), body["eventId"].as_str().unwrap());

        world.deliver(&sample).await;

        world.item(group, &key).await;
    }
}

#[test]
fn sample_events_have_request_ids_of_their_own() {
    let ids: Vec<_> = samples().iter().map(|sample| sample.event["requestContext"]["requestId"].to_string()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}
