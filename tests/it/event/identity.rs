//! What makes two deliveries the same event, and what their item holds.

use std::collections::HashMap;

use kaizala_webhook::store::StoredItem;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Sample, World, sample};

/// contentSha256 by another way than the code's: through serde_json's own sorted maps.
fn content_sha256(body: &Value) -> Vec<u8> {
    let text = format!("{}\n{}", body["eventType"].as_str().expect("it has a type"), body["data"]);
    Sha256::digest(text).to_vec()
}

fn strings(item: &StoredItem, names: &[&str]) -> HashMap<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!(item.text(name)))).collect()
}

#[tokio::test]
async fn an_event_becomes_an_item_with_every_documented_attribute() {
    let world = World::new().await;
    let event = sample("action-response");
    let body = event.json();
    let id = body["eventId"].as_str().expect("it is a string");
    let group = body["data"]["groupId"].as_str().expect("it is a string");
    let occurred_at = body["data"]["responseDetails"]["responseWithQuestions"]
        .as_array()
        .expect("there are questions")
        .iter()
        .find(|question| question["title"] == "ResponseTime")
        .and_then(|question| question["answer"].as_i64())
        .expect("it has a response time");

    assert_eq!(world.deliver(&event).await.outcome(), "stored");

    let item = world.item(group, &format!("ActionResponse#{id}")).await;
    let context = &event.event["requestContext"];
    let expected = json!({
        "eventId": id,
        "eventType": "ActionResponse",
        "objectType": body["objectType"],
        "objectId": body["objectId"],
        "actionId": body["data"]["actionId"],
        "responseId": body["data"]["responseId"],
        "fromUserId": body["fromUserId"],
        "receivedAt": rfc3339(context["timeEpoch"].as_i64().expect("it is a number")),
        "occurredAt": rfc3339(occurred_at),
        "requestId": context["requestId"],
        "revisionOf": null,
        "reason": null,
        "payload": String::from_utf8(event.body()).expect("it is text"),
    });
    let names: Vec<_> = expected.as_object().expect("it is one").keys().map(String::as_str).collect();
    assert_eq!(json!(strings(&item, &names)), expected);
    assert_eq!(item.bytes("contentSha256"), Some(&content_sha256(&body)[..]));
    assert_eq!(item.number("expiresAt"), None);
}

/// RFC 3339 by another way than the code's.
fn rfc3339(millis: i64) -> String {
    let time = aws_sdk_dynamodb::primitives::DateTime::from_millis(millis);
    let seconds = time.fmt(aws_sdk_dynamodb::primitives::DateTimeFormat::DateTime).expect("it is in range");
    format!("{}.{:03}Z", &seconds[..19], millis.rem_euclid(1000))
}

#[tokio::test]
async fn an_event_delivered_again_is_a_duplicate_and_changes_nothing() {
    let world = World::new().await;
    world.deliver(&sample("action-response")).await;
    let before = world.only_item().await;

    assert_eq!(world.deliver(&sample("action-response-duplicate")).await.outcome(), "duplicate");

    assert!(world.only_item().await == before);
}

#[tokio::test]
async fn an_edit_under_the_same_event_id_is_kept_beside_the_original() {
    let world = World::new().await;
    let (original, edit) = (sample("action-response"), sample("action-response-edit"));
    assert_eq!(original.json()["eventId"], edit.json()["eventId"]);
    assert_eq!(world.deliver(&original).await.outcome(), "stored");
    let first = world.only_item().await;

    assert_eq!(world.deliver(&edit).await.outcome(), "revised");
    assert_eq!(world.deliver(&edit.clone().again()).await.outcome(), "duplicate");
    assert_eq!(world.deliver(&original.again()).await.outcome(), "duplicate");

    let (group, key) = (first.text("groupId").unwrap(), first.text("eventKey").unwrap());
    let revision_key = format!("{key}#r{}", hex::encode(&content_sha256(&edit.json())[..8]));
    let revision = world.item(group, &revision_key).await;
    assert_eq!(revision.text("revisionOf"), Some(key));
    assert_eq!(world.body(&revision).await, edit.body());
    assert!(world.item(group, key).await == first, "the original was overwritten");
    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn an_edit_that_overtakes_its_original_is_kept_too() {
    let world = World::new().await;

    assert_eq!(world.deliver(&sample("action-response-edit")).await.outcome(), "stored");
    assert_eq!(world.deliver(&sample("action-response")).await.outcome(), "revised");

    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn the_same_event_through_a_group_and_a_package_subscription_is_one_item() {
    let (through_group, through_package) = (sample("action-response"), sample("action-response-other-subscription"));
    assert_ne!(through_group.body(), through_package.body());
    for (first, second) in [(&through_group, &through_package), (&through_package, &through_group)] {
        let world = World::new().await;

        assert_eq!(world.deliver(first).await.outcome(), "stored");
        assert_eq!(world.deliver(second).await.outcome(), "duplicate");

        assert_eq!(world.body(&world.only_item().await).await, first.body());
    }
}

fn event(value: &Value) -> Sample {
    Sample::with_body(value.to_string().as_bytes())
}

#[tokio::test]
async fn data_that_is_equal_as_json_is_the_same_content() {
    let world = World::new().await;
    let spellings = [
        r#"{"eventId":"1","eventType":"X","data":{"a":1,"b":{"c":"é/\n","d":[1.0,{"y":null,"x":true}]}}}"#,
        r#"{ "data" : { "b" : { "d" : [ 1.0 , { "x" : true , "y" : null } ] , "c" : "\u00e9\/\u000a" } , "a" : 1 } , "eventType":"X","eventId":"1"}"#,
        "\u{feff}{\"eventId\":\"1\",\"eventType\":\"X\",\"data\":{\"\\u0061\":1,\"b\":{\"c\":\"\\u00E9/\\n\",\"d\":[1.0,{\"y\":null,\"x\":true}]}}}",
    ];

    for (index, body) in spellings.into_iter().enumerate() {
        let outcome = world.deliver_body(body).await.outcome();
        assert_eq!(outcome, if index == 0 { "stored" } else { "duplicate" }, "{body}");
    }
}

#[tokio::test]
async fn content_that_differs_at_all_is_a_revision() {
    let world = World::new().await;
    let data = [
        "null",
        "{}",
        "[]",
        r#"{"n":12345678901234567890123}"#,
        r#"{"n":12345678901234567890124}"#,
        r#"{"n":1}"#,
        r#"{"n":1.0}"#,
        r#"{"n":"1"}"#,
        r#"{"n":1e999}"#,
        r#"{"n":"\ud83d"}"#,
        r#"{"n":"\ude00"}"#,
        r#"{"n":1,"n":2}"#,
        r#"{"n":2,"n":1}"#,
        r#"{"n":"a b"}"#,
        r#"{"n":"a  b"}"#,
    ];
    for (index, data) in data.into_iter().enumerate() {
        let body = format!(r#"{{"eventId":"1","eventType":"X","objectType":"Group","objectId":"g","data":{data}}}"#);
        let outcome = world.deliver_body(body.clone()).await.outcome();
        assert_eq!(outcome, if index == 0 { "stored" } else { "revised" }, "{data}");
        assert_eq!(world.deliver_body(body).await.outcome(), "duplicate", "{data}");
    }
}

#[tokio::test]
async fn data_of_any_depth_and_size_of_number_is_stored() {
    let world = World::new().await;
    for (id, open, close) in [(1, "[", "]"), (2, r#"{"b":1,"a":"#, "}")] {
        let data = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
        let body = format!(r#"{{"eventId":"{id}","eventType":"TextMessageCreated","data":{data}}}"#);
        assert_eq!(world.deliver_body(body.clone()).await.outcome(), "stored");
        assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");
    }
}

#[tokio::test]
async fn the_group_comes_from_where_it_is_the_same_through_every_subscription() {
    let cases = [
        (
            json!({"eventType": "ActionResponse", "data": {"groupId": "a"}, "groupId": "b", "objectType": "Group", "objectId": "c"}),
            "a",
        ),
        (
            json!({"eventType": "ActionResponse", "data": {}, "groupId": "b", "objectType": "Group", "objectId": "c"}),
            "b",
        ),
        (json!({"eventType": "ActionResponse", "data": {}, "objectType": "Group", "objectId": "c"}), "c"),
        (
            json!({"eventType": "ActionResponse", "data": {}, "objectType": "ActionPackage", "objectId": "c"}),
            "ungrouped",
        ),
        (
            json!({"eventType": "ActionResponse", "data": {"groupId": ""}, "groupId": null, "objectType": "Group", "objectId": "c"}),
            "c",
        ),
        (json!({"eventType": "TextMessageCreated", "data": ["x"], "objectType": "Group", "objectId": "c"}), "c"),
        (json!({"eventType": "Other", "data": {"groupId": "a@2"}}), "a@2"),
        (json!({"eventType": "GroupAdded", "data": {"groupId": "a"}, "groupId": "b", "objectId": "c"}), "b"),
        (json!({"eventType": "GroupRemoved", "data": {"groupId": "a"}, "objectId": "c"}), "c"),
        (json!({"eventType": "GroupAdded", "data": {"groupId": "a"}}), "ungrouped"),
    ];
    for (mut body, group) in cases {
        let world = World::new().await;
        body["eventId"] = json!("1");
        world.deliver(&event(&body)).await;
        assert_eq!(world.only_item().await.text("groupId"), Some(group), "{body}");
    }
}

#[tokio::test]
async fn reserved_characters_in_ids_cannot_forge_a_key() {
    let world = World::new().await;
    let with = |event_type: &str, id: &str| {
        event(&json!({"eventId": id, "eventType": event_type, "data": {}, "groupId": "g"}))
    };

    for sample in [with("A", "B#rC"), with("A#B", "rC"), with("A", "B%23rC"), with("A%23B", "rC")] {
        assert_eq!(world.deliver(&sample).await.outcome(), "stored", "{sample:?}");
    }

    world.item("g", "A#B%23rC").await;
    world.item("g", "A%23B#rC").await;
    world.item("g", "A#B%2523rC").await;
    assert_eq!(world.deliver(&with("A", "идентификатор😀")).await.outcome(), "stored");
    world.item("g", "A#идентификатор😀").await;
    let sample = sample("ids-with-reserved-characters");
    assert_eq!(world.deliver(&sample).await.outcome(), "stored");
}

#[tokio::test]
async fn items_expire_as_many_days_after_arrival_as_is_configured() {
    let world = World::with_retention(Some(30)).await;
    let event = sample("text-message-created");
    let arrived = event.event["requestContext"]["timeEpoch"].as_u64().expect("it is a number");

    world.deliver(&event).await;
    world.deliver(&sample("quarantine-not-json")).await;

    for item in world.items().await.values() {
        let expires = item.number("expiresAt").expect("it expires");
        assert!(expires >= arrived / 1000 + 30 * 86_400);
    }
    let item = world.items().await.into_values().find(|item| item.text("eventId").is_some()).expect("it is there");
    assert_eq!(item.number("expiresAt"), Some(arrived / 1000 + 30 * 86_400));
}

#[tokio::test]
async fn an_id_too_long_to_look_up_stays_in_the_payload_alone() {
    let world = World::new().await;
    let long = "x".repeat(500_000);
    let body = json!({"eventId": "1", "eventType": "X", "objectType": "ActionPackage", "objectId": long, "data": {"actionId": long}});

    assert_eq!(world.deliver(&event(&body)).await.outcome(), "stored");

    let item = world.only_item().await;
    assert_eq!((item.text("objectId"), item.text("actionId")), (None, None));
    assert_eq!(world.body(&item).await, body.to_string().as_bytes());
}

#[tokio::test]
async fn an_edit_is_kept_even_under_the_request_id_of_its_original() {
    let world = World::new().await;
    let original = sample("action-response");
    let mut edit = sample("action-response-edit");
    edit.event["requestContext"]["requestId"] = original.event["requestContext"]["requestId"].clone();

    assert_eq!(world.deliver(&original).await.outcome(), "stored");
    assert_eq!(world.deliver(&edit).await.outcome(), "revised");

    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn without_request_ids_duplicates_and_edits_are_told_apart_all_the_same() {
    let world = World::new().await;
    let anonymous = |name: &str| {
        let mut sample = sample(name);
        sample.event["requestContext"]["requestId"] = json!("");
        sample
    };

    assert_eq!(world.deliver(&anonymous("action-response")).await.outcome(), "stored");
    assert_eq!(world.deliver(&anonymous("action-response-duplicate")).await.outcome(), "duplicate");
    assert_eq!(world.deliver(&anonymous("action-response-edit")).await.outcome(), "revised");
    assert_eq!(world.deliver(&anonymous("action-response-edit")).await.outcome(), "duplicate");

    assert!(world.items().await.values().all(|item| item.text("requestId").is_none()));
}

#[tokio::test]
async fn ids_that_are_not_all_unicode_do_not_become_one_another() {
    let world = World::new().await;
    let body = |id: &str, group: &str| {
        format!(
            r#"{{"eventId":"{id}","eventType":"X","objectType":"Group","objectId":"o","data":{{"groupId":"{group}"}}}}"#
        )
    };

    for id in [r"x\ud83d", r"x\ud83e"] {
        assert_eq!(world.deliver_body(body(id, "g")).await.outcome(), "quarantined", "{id}");
    }
    assert_eq!(world.deliver_body(body("1", r"h\ud83d")).await.outcome(), "stored");
    assert_eq!(world.deliver_body(body("1", r"h\ud83e")).await.outcome(), "revised");
    assert!(world.items().await.keys().all(|(group, _)| group == "quarantine" || group == "o"));
}

#[tokio::test]
async fn spelling_makes_no_difference_at_any_depth_or_in_odd_names() {
    let world = World::new().await;
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
    let pairs = [
        (deep(r#"{"a":1,"b":"x y\" z"}"#), deep("{\n \"a\" : 1,\t\"b\":\"x y\\\" z\" }")),
        (r#"{"\ud83d":1,"\\ud83d":2}"#.to_owned(), r#"{"\\ud83d":2,"\uD83D":1}"#.to_owned()),
        (r#"{"a\"":1,"a#":2}"#.to_owned(), r#"{"a#":2,"a\u0022":1}"#.to_owned()),
    ];
    for (id, (one, other)) in pairs.into_iter().enumerate() {
        let body = |data: &str| format!(r#"{{"eventId":"{id}","eventType":"X","data":{data}}}"#);
        assert_eq!(world.deliver_body(body(&one)).await.outcome(), "stored", "{one}");
        assert_eq!(world.deliver_body(body(&other)).await.outcome(), "duplicate", "{other}");
    }
}

#[tokio::test]
async fn arrival_is_by_the_clock_when_api_gateway_does_not_say() {
    let world = World::new().await;
    let mut event = sample("text-message-created");
    event.event["requestContext"]["timeEpoch"] = json!(0);
    let before = rfc3339(millis_now());

    world.deliver(&event).await;

    let item = world.only_item().await;
    let received_at = item.text("receivedAt").expect("it has one");
    assert!(*before <= *received_at && *received_at <= *rfc3339(millis_now()), "{received_at}");
}

fn millis_now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later");
    elapsed.as_millis().try_into().expect("it is not that late")
}
