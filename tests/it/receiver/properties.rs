//! Whatever arrives with a right token ends stored or quarantined, whole, and its redelivery changes nothing.

use std::sync::OnceLock;

use kaizala_webhook::event::Event;
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::support::{Sample, World, samples};

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("there are threads"))
}

fn holds_for(cases: u32, bodies: impl Strategy<Value = Vec<u8>>) {
    let world = runtime().block_on(World::new());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let kept = runner.run(&bodies, |body| {
        runtime().block_on(kept_once(&world, &body));
        Ok(())
    });
    if let Err(error) = kept {
        panic!("{error}");
    }
}

async fn kept_once(world: &World, body: &[u8]) {
    let delivery = Sample::with_body(body);
    let request_id = delivery.event["requestContext"]["requestId"].as_str();
    let before = world.items().await.len();
    let outcome = world.deliver(&delivery).await.outcome();
    let items = world.items().await;
    match outcome.as_str() {
        "stored" | "revised" | "quarantined" if items.len() == before + 1 => {
            let item = items.values().find(|item| item.text("requestId") == request_id).expect("it is ours");
            assert_eq!(world.body(item).await, body);
        }
        // The same random event or body as an earlier one.
        "duplicate" | "quarantined" => assert_eq!(items.len(), before),
        other => panic!("{other}, and {} items more", items.len() - before),
    }
    let again = world.deliver(&delivery.clone().again()).await.outcome();
    assert_eq!(again, if outcome == "quarantined" { "quarantined" } else { "duplicate" });
    assert_eq!(world.items().await.len(), items.len());
    // Reading the data must not panic on anything that was let in.
    if let Ok(event) = Event::parse(body) {
        let _ = format!("{:?}", event.data());
    }
}

#[test]
fn any_bytes_are_kept_once() {
    holds_for(64, vec(any::<u8>(), 0..256));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(prop_oneof![any::<String>(), known_name()], inner, 0..6)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

fn known_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "eventId",
        "eventType",
        "objectId",
        "objectType",
        "groupId",
        "data",
        "actionId",
        "responseId",
        "title",
        "type",
        "answer",
        "options",
        "questions",
        "responseDetails",
        "responseWithQuestions",
        "media",
        "mediaUrl",
        "text",
    ])
    .prop_map(str::to_owned)
}

#[test]
fn any_json_in_any_field_is_kept_once() {
    let event_type = prop_oneof![
        any::<String>(),
        prop::sample::select(vec!["ActionResponse", "ActionCreated", "JobResponse", "GroupAdded"])
            .prop_map(str::to_owned),
    ];
    let bodies = (event_type, "[0-9]{1,2}", any_json(), btree_map(known_name(), any_json(), 0..4));
    holds_for(
        128,
        bodies.prop_map(|(event_type, id, data, more)| {
            let mut body = Map::from_iter(more);
            body.insert("eventType".to_owned(), json!(event_type));
            body.insert("eventId".to_owned(), json!(id));
            body.insert("data".to_owned(), data);
            Value::from(body).to_string().into_bytes()
        }),
    );
}

#[test]
fn any_damage_to_a_sample_event_is_kept_once() {
    let bodies: Vec<_> = samples().iter().map(Sample::body).filter(|body| !body.is_empty()).collect();
    let damaged = (prop::sample::select(bodies), any::<prop::sample::Index>(), vec(any::<u8>(), 0..4), 0_usize..8);
    holds_for(
        128,
        damaged.prop_map(|(mut body, at, bytes, removed)| {
            let at = at.index(body.len());
            let end = (at + removed).min(body.len());
            body.splice(at..end, bytes);
            body
        }),
    );
}
