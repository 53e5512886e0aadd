//! Batches of CloudEvents: each event is kept as one of its own.

use std::time::Duration;

use http::StatusCode;
use kaizala_webhook::event::{QUARANTINE_GROUP, Sha256Digest};
use serde_json::{Value, json};

use crate::support::{Fault, Operator, World, cloud_events::Sent, environment::Environment, events::noise};

fn event(id: &str) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/batch", "type": "org.example.ping", "data": {"n": 1}})
}

fn events(count: usize) -> Vec<Value> {
    (0..count).map(|id| event(&id.to_string())).collect()
}

#[tokio::test]
async fn bad_elements_alone_go_to_quarantine_each_as_it_stands_in_the_body() {
    let world = World::new().await;
    let bad = json!({"specversion": "1.0", "id": "1", "type": "org.example.ping"});
    let batch = format!("[ {} , {bad},\n 7, {} ]", event("1"), event("2"));
    let sent = Sent::new(&[("content-type", "application/cloudevents-batch+json")], batch);

    assert_eq!(world.deliver(&sent.payload()).await.json(), json!({"outcomes": {"stored": 2, "quarantined": 2}}));

    assert_eq!(world.items().await.len(), 4);
    for (body, reason) in [(bad.to_string(), "no-source"), ("7".to_owned(), "not-an-object")] {
        let item = world.item(QUARANTINE_GROUP, &Sha256Digest::of(body.as_bytes()).to_string()).await;
        assert_eq!(item.reason(), Some(reason));
        assert_eq!(world.body(&item).await, body.as_bytes());
    }
    let item = world.item("/batch", "org.example.ping#1").await;
    assert_eq!(world.body(&item).await, event("1").to_string().as_bytes());
    assert_eq!(
        world.deliver(&sent.payload()).await.json(),
        json!({"outcomes": {"duplicate": 2, "quarantined": 2}}),
        "a redelivery"
    );
    assert_eq!(world.items().await.len(), 4);
}

#[tokio::test]
async fn an_event_that_is_twice_in_a_batch_is_stored_once_and_a_changed_one_is_a_revision() {
    let world = World::new().await;
    let mut changed = event("1");
    changed["data"]["n"] = json!(2);

    let answer = world.deliver(&Sent::batch(&[event("1"), event("1"), changed, event("1")]).payload()).await.json();

    assert_eq!(answer, json!({"outcomes": {"stored": 1, "duplicate": 2, "revised": 1}}));
    assert_eq!(world.items().await.len(), 2);
    assert_eq!(world.proxy.take_operations().len(), 3);
}

#[tokio::test]
async fn a_batch_of_a_hundred_takes_one_request_for_each_event() {
    let world = World::new().await;

    let answer = world.deliver(&Sent::batch(&events(100)).payload()).await;

    assert_eq!(answer.json(), json!({"outcomes": {"stored": 100}}));
    assert_eq!(world.proxy.take_operations(), vec!["PutItem"; 100]);
    assert_eq!(world.items().await.len(), 100);
}

#[tokio::test]
async fn an_empty_batch_is_accepted() {
    let world = World::new().await;
    assert_eq!(world.deliver(&Sent::batch(&[]).payload()).await.json(), json!({"outcomes": {}}));
    assert!(world.proxy.take_operations().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_failure_of_any_element_is_a_503_for_all_and_the_repeat_makes_it_good() {
    let world = World::new().await;
    let sent = Sent::batch(&events(20));
    world.proxy.every(3, Fault::Denial);

    let reply = world.deliver(&sent.payload()).await;

    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.headers.contains_key("retry-after"));
    let stored = world.items().await.len();
    assert!((10..20).contains(&stored), "the others are kept: {stored}");

    world.proxy.heal();
    assert_eq!(
        world.deliver(&sent.payload()).await.json(),
        json!({"outcomes": {"stored": 20 - stored, "duplicate": stored}})
    );
    assert_eq!(world.items().await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_over_a_store_that_hangs_is_answered_in_time() {
    let world = World::new().await;
    world.proxy.always(Fault::Hang);
    let sent = Sent::batch(&events(100)).payload();

    let reply = tokio::time::timeout(Duration::from_millis(4500), world.deliver(&sent)).await;

    assert_eq!(reply.expect("there is an answer in time").status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_element_that_the_store_rejects_goes_to_quarantine_alone() {
    let world = World::new().await;
    world.proxy.next(Fault::Rejection);

    let answer = world.deliver(&Sent::batch(&events(3)).payload()).await.json();

    assert_eq!(answer, json!({"outcomes": {"stored": 2, "quarantined": 1}}));
}

#[tokio::test]
async fn large_elements_are_kept_whole() {
    let world = World::new().await;
    let mut large = event("large");
    large["data"]["text"] = json!(noise("large", 1024 * 1024));

    let answer = world.deliver(&Sent::batch(&[event("1"), large.clone()]).payload()).await.json();

    assert_eq!(answer, json!({"outcomes": {"stored": 2}}));
    let item = world.item("/batch", "org.example.ping#large").await;
    assert_eq!(world.body(&item).await, large.to_string().as_bytes());
}

#[tokio::test]
async fn a_larger_batch_is_quarantined_whole_and_replay_splits_it() {
    let operator = Operator::new().await;
    let world = &operator.world;
    let mut batch = events(150);
    batch.extend([event("0"), json!({"id": "bad"})]);
    for content_type in ["application/cloudevents-batch+json", "application/json"] {
        let sent = Sent::new(&[("content-type", content_type)], json!(batch).to_string());
        assert_eq!(world.deliver(&sent.payload()).await.json(), json!({"outcome": "quarantined", "eventId": null}));
    }
    assert_eq!(world.only_item().await.reason(), Some("batch-too-large"));
    assert_eq!(world.deliver(&Sent::batch(&[event("7")]).payload()).await.json(), json!({"outcomes": {"stored": 1}}));

    let replayed = operator.run(&["quarantine", "replay", "--all", "--json"]).await.json();

    assert_eq!(replayed["replayed"][0]["result"], "split");
    assert_eq!(replayed["replayed"][0]["detail"], "2 duplicate, 1 quarantined, 149 stored");
    let items = world.items().await;
    assert_eq!(items.len(), 151);
    let quarantined: Vec<_> = items.values().filter_map(|item| item.reason()).collect();
    assert_eq!(quarantined, ["spec-version"]);

    // What has stayed is not a batch.
    let replayed = operator.run(&["quarantine", "replay", "--all", "--json"]).await.json();
    assert_eq!(replayed["replayed"][0]["result"], "stays");
}

#[tokio::test]
async fn a_replay_that_breaks_off_leaves_the_batch_and_the_next_one_goes_on() {
    let operator = Operator::new().await;
    let world = &operator.world;
    world.deliver(&Sent::batch(&events(101)).payload()).await;
    world.proxy.next_passes(40);
    world.proxy.always(Fault::Denial);

    let ran = operator.run(&["quarantine", "replay", "--all"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(world.items().await.values().any(|item| item.reason() == Some("batch-too-large")));

    world.proxy.heal();
    operator.run(&["quarantine", "replay", "--all"]).await.ok();
    assert_eq!(world.items().await.len(), 101);
    assert!(world.items().await.values().all(|item| item.reason().is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_a_line_in_the_log_for_each_outcome_with_its_count() {
    let world = World::new().await;
    let mut environment = Environment::start(&world).await;
    let sent = Sent::batch(&[event("1"), event("2"), json!(7)]).payload();
    let request_id = sent.event["requestContext"]["requestId"].clone();

    environment.invoke(&sent.event).await.expect("it is answered");

    for (outcome, count, reason) in [("quarantined", 1, json!("not-an-object")), ("stored", 2, Value::Null)] {
        let line: Value = environment.process.wait_for(|line| {
            let line = serde_json::from_str::<Value>(line).ok()?;
            (line["requestId"] == request_id && line["Outcome"] == outcome).then_some(line)
        });
        assert_eq!((&line["Deliveries"], &line["reason"]), (&json!(count), &reason), "{line}");
        assert_eq!((&line["sender"], &line["EventType"]), (&json!("cloudevents"), &json!("Other")), "{line}");
    }
}
