//! Bodies beyond what an item holds.

use std::{collections::HashMap, io::Write};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use flate2::{Compression, write::GzEncoder};
use kaizala_webhook::store::{ReadError, StoredItem};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Fault, Sample, World, events::noise, world::TABLE};

fn event(id: &str, text: &str) -> String {
    json!({"eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}}).to_string()
}

const MB: usize = 1024 * 1024;

#[tokio::test]
async fn a_large_body_that_compresses_stays_one_item_and_one_request() {
    let world = World::new().await;
    let body = event("1", &"the same words again and again ".repeat(60_000));
    world.proxy.take_operations();

    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");
    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "duplicate");

    assert_eq!(world.proxy.take_operations(), ["PutItem", "PutItem"]);
    let item = world.only_item().await;
    assert!(item.bytes("payloadGzip").is_some() && item.text("payload").is_none());
    assert_eq!(world.body(&item).await, body.as_bytes());
}

/// The pieces of a gzip, one behind the other.
async fn gzip_of(world: &World, keys: &[String]) -> Vec<u8> {
    let mut gzip = Vec::new();
    for key in keys {
        gzip.extend_from_slice(world.item("g", key).await.bytes("part").expect("it is a part"));
    }
    gzip
}

#[tokio::test]
async fn five_megabytes_come_back_byte_for_byte() {
    let world = World::with_retention(Some(1)).await;
    let body = event("1", &noise("a", 5 * MB));

    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");

    let item = world.only_item().await;
    assert_eq!(world.body(&item).await, body.as_bytes());
    assert_eq!(item.bytes("payloadSha256"), Some(&Sha256::digest(&body)[..]));
    let keys: Vec<_> = world.part_keys().await.into_iter().map(|(_, key)| key).collect();
    assert_eq!(item.bytes("partsSha256"), Some(&Sha256::digest(gzip_of(&world, &keys).await)[..]));
    let digest = hex::encode(item.bytes("partsSha256").expect("it has one"));
    let part = |index| format!("TextMessageCreated#1#part{}-{index:04}", &digest[..16]);
    assert_eq!(keys, (0..item.number("payloadParts").expect("it has parts")).map(part).collect::<Vec<_>>());
    for key in keys {
        assert!(world.item("g", &key).await.number("expiresAt") > item.number("expiresAt"), "a part expires too early");
    }
}

#[tokio::test]
async fn a_large_duplicate_writes_no_parts() {
    let world = World::new().await;
    let body = event("1", &noise("a", MB));
    world.deliver_body(body.clone()).await;
    world.proxy.take_operations();

    assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");

    assert_eq!(world.proxy.take_operations(), ["GetItem"]);
}

#[tokio::test]
async fn a_large_original_and_a_large_edit_under_one_event_id_both_come_back() {
    let world = World::new().await;
    let (original, edit) = (event("1", &noise("a", MB)), event("1", &noise("b", MB)));

    assert_eq!(world.deliver_body(original.clone()).await.outcome(), "stored");
    assert_eq!(world.deliver_body(edit.clone()).await.outcome(), "revised");
    assert_eq!(world.deliver_body(edit.clone()).await.outcome(), "duplicate");
    assert_eq!(world.deliver_body(original.clone()).await.outcome(), "duplicate");

    let items = world.items().await;
    assert_eq!(items.len(), 2);
    for item in items.values() {
        let expected = if item.text("revisionOf").is_some() { &edit } else { &original };
        assert!(world.body(item).await == expected.as_bytes());
    }
}

#[tokio::test]
async fn a_small_edit_of_a_large_original_is_kept_and_the_other_way_round() {
    let world = World::new().await;
    let (large, small) = (noise("a", MB), "short");

    for (id, first, second) in [("1", &*large, small), ("2", small, &*large)] {
        assert_eq!(world.deliver_body(event(id, first)).await.outcome(), "stored");
        assert_eq!(world.deliver_body(event(id, second)).await.outcome(), "revised");
    }

    for item in world.items().await.values() {
        world.body(item).await;
    }
}

#[tokio::test]
async fn a_large_broken_body_comes_back_byte_for_byte() {
    let world = World::new().await;
    let text = format!("{{\"eventId\":\"1\",{}", noise("a", 2 * MB)).into_bytes();
    let mut bytes = text.clone();
    bytes.push(0xff);

    for body in [text, bytes] {
        assert_eq!(world.deliver_body(body.clone()).await.outcome(), "quarantined");
        assert_eq!(world.deliver_body(body.clone()).await.outcome(), "quarantined");
        let items = world.items().await;
        let mut found = false;
        for item in items.values() {
            found |= world.body(item).await == body;
        }
        assert!(found);
    }
    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn a_large_body_whose_writing_breaks_off_is_invisible_and_whole_after_a_retry() {
    let world = World::new().await;
    let body = event("1", &noise("a", 2 * MB));
    // The look before, the look for the first part, and that part; then nothing gets through.
    world.proxy.next_passes(3);
    world.proxy.always(Fault::Rejection);

    assert_eq!(world.deliver_body(body.clone()).await.status.as_u16(), 503);
    assert!(world.items().await.is_empty());
    assert_eq!(world.parts().await, 1);

    world.proxy.heal();
    world.proxy.take_operations();
    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");
    assert_eq!(world.body(&world.only_item().await).await, body.as_bytes());
    // The item and all parts but the one that was there: a redelivery gets further than the one before.
    let puts = world.proxy.take_operations().iter().filter(|operation| *operation == "PutItem").count();
    assert_eq!(puts, world.parts().await);
}

#[tokio::test]
async fn a_part_left_behind_with_other_bytes_is_written_anew() {
    let world = World::new().await;
    let body = event("1", &noise("a", MB));
    world.deliver_body(body.clone()).await;
    let parts = world.part_keys().await;
    world.overwrite_part(&parts[0], b"the same body by another gzip").await;
    world.delete(&("g".to_owned(), "TextMessageCreated#1".to_owned())).await;

    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");

    assert_eq!(world.body(&world.only_item().await).await, body.as_bytes());
}

#[tokio::test]
async fn a_part_left_of_an_item_that_expired_does_not_expire_before_the_next_item_that_counts_it() {
    let world = World::with_retention(Some(1)).await;
    let body = event("1", &noise("a", MB));
    let mut days_ago = Sample::with_body(body.as_bytes());
    let time = &mut days_ago.event["requestContext"]["timeEpoch"];
    *time = json!(time.as_i64().expect("it is a number") - 84 * 60 * 60 * 1000);
    assert_eq!(world.deliver(&days_ago).await.outcome(), "stored");
    // As DynamoDB does it: the item first.
    world.delete(&("g".to_owned(), "TextMessageCreated#1".to_owned())).await;

    assert_eq!(world.deliver_body(body).await.outcome(), "stored");

    let expires_at = world.only_item().await.number("expiresAt");
    for (group, key) in world.part_keys().await {
        assert!(world.item(&group, &key).await.number("expiresAt") > expires_at, "{key} expires too early");
    }
}

#[tokio::test]
async fn a_body_in_parts_of_an_earlier_version_is_still_read() {
    let world = World::new().await;
    let body = event("1", &noise("a", MB));
    world.deliver_body(body.clone()).await;
    let item = world.only_item().await;
    let [digest, in_keys] =
        ["payloadSha256", "partsSha256"].map(|name| hex::encode(item.bytes(name).expect("it is there")));
    // Earlier versions had the body's digest in the keys of parts, and none of the gzip.
    for (group, key) in world.part_keys().await {
        let part = world.item(&group, &key).await;
        let older = key.replace(&in_keys[..16], &digest[..16]);
        world.overwrite_part(&(group.clone(), older), part.bytes("part").expect("it is a part")).await;
        world.delete(&(group, key)).await;
    }
    let update = world.client.update_item().table_name(TABLE).update_expression("REMOVE partsSha256");
    let update = update.key("groupId", AttributeValue::S("g".to_owned()));
    let update = update.key("eventKey", AttributeValue::S("TextMessageCreated#1".to_owned()));
    update.send().await.expect("the table answers");

    assert_eq!(world.body(&world.only_item().await).await, body.as_bytes());
    assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");
}

/// Delivers two bodies at once, both of which find that nothing is there. The outcomes in alphabetical order.
async fn race(world: &World, one: &str, other: &str) -> [String; 2] {
    world.proxy.next(Fault::Meeting);
    world.proxy.next(Fault::Meeting);
    let (one, other) = tokio::join!(world.deliver_body(one), world.deliver_body(other));
    let mut outcomes = [one.outcome(), other.outcome()];
    outcomes.sort();
    outcomes
}

#[tokio::test]
async fn the_parts_of_a_large_event_that_lost_a_race_between_two_subscriptions_are_emptied_and_expire() {
    let world = World::new().await;
    let through = |subscription: &str| {
        json!({
            "eventId": "1", "eventType": "TextMessageCreated", "groupId": "g", "subscriptionId": subscription,
            "data": {"text": noise("a", MB)},
        })
        .to_string()
    };

    assert_eq!(race(&world, &through("one"), &through("other")).await, ["duplicate", "stored"]);

    let item = world.only_item().await;
    let body = world.body(&item).await;
    assert!(body == through("one").as_bytes() || body == through("other").as_bytes());
    let in_keys = hex::encode(&item.bytes("partsSha256").expect("it has parts")[..8]);
    let keys = world.part_keys().await;
    assert_eq!(keys.len() as u64, 2 * item.number("payloadParts").expect("it has parts"));
    for (group, key) in keys {
        let part = world.item(&group, &key).await;
        let is_counted = key.contains(&in_keys);
        assert_eq!(part.bytes("part").expect("it is a part").is_empty(), !is_counted, "{key}");
        assert_eq!(part.number("expiresAt").is_some(), !is_counted, "{key}");
    }

    // Should the item be gone one day, the emptied parts do not stand in the way of the event.
    world.delete(&("g".to_owned(), "TextMessageCreated#1".to_owned())).await;
    for subscription in ["one", "other"] {
        assert_eq!(world.deliver_body(through(subscription)).await.outcome(), "stored");
        assert_eq!(world.body(&world.only_item().await).await, through(subscription).as_bytes());
        world.delete(&("g".to_owned(), "TextMessageCreated#1".to_owned())).await;
    }
}

#[tokio::test]
async fn a_large_body_whose_last_answer_is_lost_keeps_its_parts() {
    let world = World::new().await;
    world.deliver_body(event("0", &noise("a", MB))).await;
    let parts = world.parts().await;
    let body = event("1", &noise("a", MB));
    // A look for the item, and for each part a look and a write.
    world.proxy.next_passes(1 + 2 * parts);
    world.proxy.next(Fault::DropAnswer);

    assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");

    assert_eq!(world.body(&world.item("g", "TextMessageCreated#1").await).await, body.as_bytes());
    assert_eq!(world.parts().await, 2 * parts);
}

#[tokio::test]
async fn two_deliveries_of_the_same_large_body_at_once_share_its_parts() {
    let world = World::new().await;
    let body = event("1", &noise("a", MB));

    assert_eq!(race(&world, &body, &body).await, ["duplicate", "stored"]);

    let item = world.only_item().await;
    assert_eq!(world.body(&item).await, body.as_bytes());
    assert_eq!(world.parts().await as u64, item.number("payloadParts").expect("it has parts"));
}

#[tokio::test]
async fn sizes_around_the_limits_all_come_back() {
    let world = World::new().await;
    let mut bodies = Vec::new();
    for (id, bytes) in
        (370..=390).map(|kb| kb * 1024).chain([388_400, 388_900, 389_100, 511_000, 516_000, 518_500]).enumerate()
    {
        let body = event(&id.to_string(), &noise(&id.to_string(), bytes));
        assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored", "{bytes}");
        bodies.push(body);
    }
    for (id, body) in bodies.iter().enumerate() {
        let item = world.item("g", &format!("TextMessageCreated#{id}")).await;
        assert!(world.body(&item).await == body.as_bytes(), "{id}");
    }
}

#[tokio::test]
async fn a_body_with_a_missing_or_foreign_part_is_reported_and_not_made_up() {
    let world = World::new().await;
    world.deliver_body(event("1", &noise("a", MB))).await;
    let item = world.only_item().await;
    let part = world.part_keys().await.into_iter().next().expect("there are parts");

    world.overwrite_part(&part, b"something else").await;
    assert!(world.behind.body(&item).await.is_err());

    world.delete(&part).await;
    let error = world.behind.body(&item).await.expect_err("a part is gone").to_string();
    assert!(error.contains("part is missing") && error.contains("TextMessageCreated#1"), "{error}");
}

#[tokio::test]
async fn a_large_edit_under_the_longest_key_there_may_be_comes_back() {
    let world = World::new().await;
    let body = |text: &str| {
        let (id, group) = ("i".repeat(1024 - 44 - 2), "g".repeat(2048));
        json!({"eventId": id, "eventType": "X", "groupId": group, "data": {"text": text}}).to_string()
    };
    let (original, edit) = (body(&noise("a", MB)), body(&noise("b", MB)));

    assert_eq!(world.deliver_body(original).await.outcome(), "stored");
    assert_eq!(world.deliver_body(edit.clone()).await.outcome(), "revised");

    let revision =
        world.items().await.into_values().find(|item| item.text("revisionOf").is_some()).expect("it is there");
    assert_eq!(world.body(&revision).await, edit.as_bytes());
}

#[test]
fn a_body_that_unpacks_to_more_than_any_that_is_received_is_damaged_and_fills_no_memory() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..65 {
        gzip.write_all(&vec![b' '; MB]).expect("a Vec takes every write");
    }
    let gzip = gzip.finish().expect("a Vec takes every write");
    let item = StoredItem::from(HashMap::from([("payloadGzip".to_owned(), AttributeValue::B(Blob::new(gzip)))]));

    assert!(matches!(item.body(), Err(ReadError::Damaged { .. })));
}
