//! `kaizala quarantine list`, `show` and `replay` as processes.

use bytes::Bytes;
use kaizala_webhook::{
    event::{QUARANTINE_GROUP, Sha256Digest, Timestamp, Unreadable},
    store::{Arrival, QuarantineReason, Record, Store, connect_local},
};
use serde_json::{Value, json};

use crate::support::{Fault, Operator, events::noise, process::Process, world::TABLE};

const GROUP: &str = "group-1";
const KEY: &str = "TextMessageCreated#id-1";

fn event(text: &str) -> String {
    json!({
        "eventType": "TextMessageCreated", "eventId": "id-1", "objectId": GROUP, "objectType": "Group",
        "data": { "text": text },
    })
    .to_string()
}

/// Quarantines a body as an older version did that could not read it, and returns its key.
async fn quarantine(operator: &Operator, body: &str) -> String {
    let body = Bytes::from(body.to_owned());
    let received_at = Timestamp::from_epoch_millis(1_680_000_000_000).expect("it is a time");
    let arrival = Arrival { received_at, request_id: Some("request-1".to_owned()) };
    let record = Record::of_quarantined(&body, QuarantineReason::Unreadable(Unreadable::NoEventId), arrival);
    let store = Store::new(operator.world.client.clone(), TABLE, std::num::NonZeroU32::new(3650));
    store.put(&record, &body).await.expect("the table answers");
    Sha256Digest::of(&body).to_string()
}

/// The keys of all items.
async fn keys(operator: &Operator) -> Vec<(String, String)> {
    let mut keys: Vec<_> = operator.world.items().await.into_keys().collect();
    keys.sort();
    keys
}

fn here() -> (String, String) {
    (GROUP.to_owned(), KEY.to_owned())
}

/// What a replay of one body did.
async fn replay(operator: &Operator, key: &str) -> String {
    let replayed = operator.run(&["quarantine", "replay", key, "--json"]).await.json();
    replayed["replayed"][0]["result"].as_str().expect("it is text").to_owned()
}

#[tokio::test]
async fn quarantined_bodies_are_listed_with_the_reason_and_shown_without_harm() {
    let operator = Operator::new().await;
    operator.world.deliver_body("{ \u{1b}[2J no JSON").await;
    operator.world.deliver_body(vec![0xff, 0xfe]).await;
    let listed = operator.run(&["quarantine", "list", "--json"]).await.json();
    let listed = listed["quarantined"].as_array().expect("it is a list").clone();
    assert_eq!(listed.len(), 2);
    let key = |reason: &str| {
        let found = listed.iter().find(|item| item["reason"] == reason).expect("there is one");
        found["key"].as_str().expect("it is text").to_owned()
    };

    let text = operator.run(&["quarantine", "show", &key("not-json")]).await.ok().output;
    assert!(text.contains("reason       not-json") && text.contains("[2J no JSON"), "{text}");
    assert!(!text.contains('\u{1b}'), "a terminal would obey");
    let shown = operator.run(&["quarantine", "show", &key("not-utf8"), "--json"]).await.json();
    assert_eq!(shown["payloadHex"], "fffe");
    let raw = operator.run(&["quarantine", "show", &key("not-json"), "--raw"]).await.ok().output;
    assert_eq!(raw, "{ \u{1b}[2J no JSON");
    let table = operator.run(&["quarantine", "list", "--limit", "1"]).await.ok().output;
    assert_eq!(table.lines().count(), 2, "{table}");
    assert_eq!(operator.run(&["quarantine", "show", "no-such-key"]).await.code, 1);
}

#[tokio::test]
async fn what_is_an_event_now_moves_to_its_group_with_the_time_of_its_arrival() {
    let operator = Operator::new().await;
    let body = event("Hello");
    let key = quarantine(&operator, &body).await;
    let before = operator.world.item(QUARANTINE_GROUP, &key).await;

    assert_eq!(replay(&operator, &key).await, "stored");

    assert_eq!(keys(&operator).await, [here()]);
    let item = operator.world.item(GROUP, KEY).await;
    assert_eq!(operator.world.body(&item).await, body.as_bytes());
    assert_eq!(item.text("receivedAt"), Some("2023-03-28T10:40:00.000Z"));
    assert_eq!(item.text("requestId"), Some("request-1"));
    assert_eq!(item.number("expiresAt"), before.number("expiresAt"));
    assert_eq!(operator.world.deliver_body(body).await.outcome(), "duplicate");

    let again = operator.run(&["quarantine", "replay", &key]).await;
    assert!(again.code == 1 && again.error.contains("in quarantine"), "{again:?}");
}

#[tokio::test]
async fn what_is_there_already_only_leaves_the_quarantine_and_an_edit_becomes_a_revision() {
    let operator = Operator::new().await;
    operator.world.deliver_body(event("Hello")).await;
    let same = quarantine(&operator, &format!(" {}", event("Hello"))).await;
    let edit = quarantine(&operator, &event("Edited")).await;
    let same_edit = quarantine(&operator, &format!(" {}", event("Edited"))).await;

    assert_eq!(replay(&operator, &same).await, "duplicate");
    assert_eq!(replay(&operator, &edit).await, "revised");
    assert_eq!(replay(&operator, &same_edit).await, "duplicate");

    let keys = keys(&operator).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys[0] == here() && keys[1].1.starts_with(&format!("{KEY}#r")), "{keys:?}");
    let revision = operator.world.item(&keys[1].0, &keys[1].1).await;
    assert_eq!(revision.text("revisionOf"), Some(KEY));
}

#[tokio::test]
async fn what_is_still_no_event_stays_and_only_a_named_one_is_a_failure() {
    let operator = Operator::new().await;
    let good = quarantine(&operator, &event("Hello")).await;
    let bad = quarantine(&operator, "no JSON").await;

    let all = operator.run(&["quarantine", "replay", "--all", "--json"]).await.json();
    let results = all["replayed"].as_array().expect("it is a list");
    let of = |key: &str| results.iter().find(|result| result["key"] == key).expect("it is there")["result"].clone();
    assert_eq!((of(&good), of(&bad)), (json!("stored"), json!("stays")));
    assert_eq!(keys(&operator).await, [here(), (QUARANTINE_GROUP.to_owned(), bad.clone())]);

    let named = operator.run(&["quarantine", "replay", &bad]).await;
    assert!(named.code == 1 && named.output.contains("not-json"), "{named:?}");
    assert_eq!(operator.run(&["quarantine", "replay"]).await.code, 2);
    assert_eq!(operator.run(&["quarantine", "replay", "--all", &bad]).await.code, 2);
}

#[tokio::test]
async fn a_body_that_cannot_be_replayed_does_not_stop_the_others() {
    let operator = Operator::new().await;
    // Damaged, and the first that arrived.
    let damaged = quarantine(&operator, &event(&noise("large", 1_500_000))).await;
    let part = operator.world.part_keys().await.remove(0);
    operator.world.overwrite_part(&part, b"something else").await;
    let good = quarantine(&operator, &event("Hello")).await;

    let all = operator.run(&["quarantine", "replay", "--all", "--json"]).await;
    let replayed = all.json_whatever_the_code()["replayed"].clone();
    let of =
        |key: &str| replayed.as_array().and_then(|all| all.iter().find(|one| one["key"] == key)).expect("it is there");
    assert_eq!((&of(&good)["result"], &of(&damaged)["result"]), (&json!("stored"), &json!("failed")), "{all:?}");
    assert!(all.code == 1 && all.error.contains("replays that failed: 1"), "{all:?}");
    let text = operator.run(&["quarantine", "replay", "no-such-key", &damaged]).await;
    assert!(text.code == 1 && text.output.contains("not in quarantine") && text.output.contains("failed"), "{text:?}");
}

#[tokio::test]
async fn a_replay_ends_when_dynamodb_is_out_of_reach_and_tells_what_was_done() {
    let operator = Operator::new().await;
    for number in 0..8 {
        quarantine(&operator, &event(&number.to_string())).await;
    }
    // The list, and the first body.
    operator.world.proxy.next_passes(3);
    operator.world.proxy.always(Fault::ServerError);

    let ran = operator.run(&["quarantine", "replay", "--all", "--json"]).await;
    let replayed = ran.json_whatever_the_code()["replayed"].clone();
    let results: Vec<_> = replayed.as_array().expect("it is a list").iter().map(|one| one["result"].clone()).collect();
    assert!(ran.code == 1 && results.len() == 6 && results[0] == "stored" && results[5] == "failed", "{ran:?}");
    assert!(ran.error.contains("run the command again"), "{ran:?}");
}

#[tokio::test]
async fn a_group_of_events_with_the_name_of_the_quarantine_hides_no_body() {
    let operator = Operator::new().await;
    let key = quarantine(&operator, "no JSON").await;
    for number in 0..3 {
        let body = event(&number.to_string()).replace(GROUP, QUARANTINE_GROUP).replace("id-1", &format!("id-{number}"));
        assert_eq!(operator.world.deliver_body(body).await.outcome(), "stored");
    }

    let listed = operator.run(&["quarantine", "list", "--limit", "1", "--json"]).await.json();
    assert_eq!(listed["quarantined"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed["quarantined"][0]["key"], key);
}

#[tokio::test]
async fn a_body_in_parts_moves_with_its_parts() {
    let operator = Operator::new().await;
    let body = event(&noise("large", 1_500_000));
    let key = quarantine(&operator, &body).await;
    let parts = operator.world.parts().await;
    assert!(parts > 1);

    assert_eq!(replay(&operator, &key).await, "stored");

    let item = operator.world.item(GROUP, KEY).await;
    assert_eq!(operator.world.body(&item).await, body.as_bytes());
    assert_eq!(keys(&operator).await, [here()]);
    assert_eq!(operator.world.parts().await, parts, "those in quarantine are gone");

    let again = quarantine(&operator, &body).await;
    assert_eq!(replay(&operator, &again).await, "duplicate");
    assert_eq!(operator.world.parts().await, parts);
}

/// Kills a replay at its transaction, which `fault` leaves without an answer, and runs it again.
async fn killed_and_run_again(fault: Fault) -> (Operator, Value) {
    let operator = Operator::new().await;
    let key = quarantine(&operator, &event("Hello")).await;
    // The list and the item.
    operator.world.proxy.next_passes(2);
    operator.world.proxy.next(fault);
    operator.world.proxy.take_operations();
    let mut seen = Vec::new();
    let replay = Process::start(&mut operator.command(&["quarantine", "replay", "--all"]));
    while !seen.contains(&"TransactWriteItems".to_owned()) {
        tokio::task::yield_now().await;
        seen.extend(operator.world.proxy.take_operations());
    }
    // With a lost answer, the work is done a moment after it was asked for.
    while matches!(fault, Fault::LostAnswer) && keys(&operator).await != [here()] {
        tokio::task::yield_now().await;
    }
    tokio::task::spawn_blocking(move || drop(replay)).await.expect("it does not panic");
    operator.world.proxy.heal();
    let there = keys(&operator).await;
    assert!(there == [here()] || there == [(QUARANTINE_GROUP.to_owned(), key)], "here or there: {there:?}");

    let again = operator.run(&["quarantine", "replay", "--all", "--json"]).await.json();
    assert_eq!(keys(&operator).await, [here()]);
    (operator, again)
}

#[tokio::test]
async fn a_replay_that_is_killed_before_its_transaction_is_done_by_the_next_one() {
    let (_, again) = killed_and_run_again(Fault::Hang).await;
    assert_eq!(again["replayed"][0]["result"], "stored");
}

#[tokio::test]
async fn a_replay_that_is_killed_after_its_transaction_was_done_leaves_nothing_to_do() {
    let (_, again) = killed_and_run_again(Fault::LostAnswer).await;
    assert_eq!(again["replayed"], json!([]));
}

#[tokio::test]
async fn a_replay_whose_answer_is_lost_and_two_at_once_store_the_event_once() {
    let operator = Operator::new().await;
    let key = quarantine(&operator, &event("Hello")).await;
    operator.world.proxy.next_passes(1);
    operator.world.proxy.next(Fault::DropAnswer);
    let result = replay(&operator, &key).await;
    assert!(["stored", "gone"].contains(&&*result), "{result}");
    assert_eq!(keys(&operator).await, [here()]);

    operator.world.delete(&here()).await;
    let key = quarantine(&operator, &event("Hello")).await;
    let store = Store::new(connect_local(operator.world.proxy.url()), TABLE, None);
    let item = operator.world.item(QUARANTINE_GROUP, &key).await;
    let (one, other) = tokio::join!(store.replay(&item), store.replay(&item));
    one.expect("the table answers");
    other.expect("the table answers");
    assert_eq!(keys(&operator).await, [here()]);
}
