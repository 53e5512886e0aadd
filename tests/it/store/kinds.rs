//! The kinds of items: events, quarantined bodies, parts, names of groups, and what is left of erased events.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use kaizala_webhook::store::{ItemKind, StoredItem};

use crate::support::{
    World,
    events::noise,
    sample,
    tables::{exported, text, write_export},
};

fn item(group: &str, key: &str, more: impl IntoIterator<Item = (&'static str, AttributeValue)>) -> StoredItem {
    StoredItem::from(attributes(group, key, more))
}

fn attributes(
    group: &str,
    key: &str,
    more: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> HashMap<String, AttributeValue> {
    let keys = [("groupId", string(group)), ("eventKey", string(key))];
    keys.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// What is left of an event that was erased.
fn erased(group: &str, key: &str) -> HashMap<String, AttributeValue> {
    let digest = AttributeValue::B(Blob::new([7; 32]));
    let expiry = AttributeValue::N("4102444800".to_owned());
    attributes(group, key, [("contentSha256", digest), ("erased", AttributeValue::Bool(true)), ("expiresAt", expiry)])
}

#[tokio::test]
async fn every_item_that_the_receiver_writes_is_of_its_kind() {
    let world = World::new().await;
    world.deliver_body(format!(r#"{{"eventId":"1","eventType":"X","data":"{}"}}"#, noise("large", 600_000))).await;
    world.deliver(&sample("action-response")).await;
    world.deliver(&sample("action-response-edit")).await;
    world.deliver(&sample("quarantine-not-json")).await;
    // An event of a group that has the name of the partition of names.
    world.deliver_body(r#"{"eventId":"1","eventType":"X","groupId":"groups"}"#).await;

    for ((group, key), item) in world.all_items().await {
        let expected = match group.as_str() {
            "quarantine" => ItemKind::Quarantined,
            _ if key.contains("#part") => ItemKind::Part,
            _ => ItemKind::Event,
        };
        assert_eq!(item.kind(), expected, "{group} / {key}");
    }
}

#[test]
fn names_of_groups_and_erased_events_are_kinds_of_their_own() {
    assert_eq!(item("groups", "g%231", [("groupName", string("Doctors"))]).kind(), ItemKind::Group);
    assert_eq!(item("g", "X#1", [("erased", AttributeValue::Bool(true))]).kind(), ItemKind::Erased);
    assert_eq!(item("g", "X#1", [("erased", AttributeValue::Bool(false))]).kind(), ItemKind::Event);
}

#[tokio::test]
async fn whatever_an_erased_event_refuses_is_a_duplicate_for_one_request() {
    let world = World::new().await;
    world.plant(erased("g", "X#1")).await;
    let before = world.all_items().await;

    for data in ["1", "2"] {
        world.proxy.take_operations();
        let body = format!(r#"{{"eventId":"1","eventType":"X","groupId":"g","data":{data}}}"#);
        assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");
        assert_eq!(world.proxy.take_operations(), ["PutItem"]);
    }

    let large = format!(r#"{{"eventId":"1","eventType":"X","groupId":"g","data":"{}"}}"#, noise("large", 600_000));
    assert_eq!(world.deliver_body(large).await.outcome(), "duplicate");
    assert!(world.all_items().await == before);
}

#[tokio::test]
async fn neither_an_erased_event_nor_the_name_of_a_group_is_listed_or_makes_rows() {
    let world = World::new().await;
    world.deliver(&sample("text-message-created")).await;
    world.plant(erased("g", "X#1")).await;
    world.plant(attributes("groups", "g", [("groupName", string("Doctors"))])).await;

    let folder = tempfile::tempdir().expect("there is a place for files");
    let items: Vec<_> = world.all_items().await.into_values().collect();
    write_export(folder.path(), &items, 1);
    let tables = exported(text(folder.path()), &[]);
    assert_eq!((tables["events"].len(), tables["quarantine"].len()), (1, 0));
}
