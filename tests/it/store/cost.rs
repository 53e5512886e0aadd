//! What a delivery costs in DynamoDB: write units, as the engine counts them.
//!
//! A write that the condition refuses is charged by the size of the item all the same
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>), but neither DynamoDB
//! nor the engine says so in the refusal. Its units are computed here, by the rule that accepted writes confirm.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::{World, events::noise, samples};

const KB: usize = 1024;

/// What a delivery did: its requests, and what the engine counted for those that were accepted.
struct Bill {
    /// Sizes of the items that were put, in bytes.
    items: Vec<usize>,
    /// Units of the table and of the index, for each accepted write.
    units: Vec<(usize, usize)>,
}

async fn world() -> World {
    let world = World::new().await;
    world.proxy.count_capacity();
    world
}

async fn deliver(world: &World, body: &str, outcome: &str) -> Bill {
    world.proxy.take_requests();
    world.proxy.take_consumed();
    assert_eq!(world.deliver_body(body).await.outcome(), outcome);
    let requests = world.proxy.take_requests();
    assert!(requests.iter().all(|(operation, _)| operation == "PutItem"), "{requests:?}");
    let items = requests.iter().map(|(_, put)| item_bytes(&put["Item"])).collect();
    let units = |consumed: Value| {
        let (table, index) = (&consumed["Table"], &consumed["GlobalSecondaryIndexes"]["byTime"]);
        let units = |part: &Value| part["CapacityUnits"].as_f64().unwrap_or_else(|| panic!("no units: {consumed}"));
        (whole(units(table)), whole(units(index)))
    };
    Bill { items, units: world.proxy.take_consumed().into_iter().map(units).collect() }
}

/// Size of an item by DynamoDB's rule, as far as our items go: names and strings as UTF-8, binary as it is.
fn item_bytes(item: &Value) -> usize {
    let value_bytes = |value: &Value| match (&value["S"], &value["B"]) {
        (Value::String(text), _) => text.len(),
        (_, Value::String(base64)) => STANDARD.decode(base64).expect("it is base64").len(),
        _ => panic!("{value}"),
    };
    let attributes = item.as_object().expect("an item is an object");
    attributes.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// Units of a write of that size.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(KB)
}

/// Units, which reads may take in halves and writes only whole.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small whole number")]
fn whole(units: f64) -> usize {
    assert!(units.fract() == 0.0 && units >= 0.0, "{units}");
    units as usize
}

fn event(id: usize, bytes: usize) -> String {
    let event = |text: &str| {
        let data = json!({"groupId": "e24a6532-922d-4a24-9512-05c802d2f410@2", "text": text});
        json!({"eventId": id.to_string(), "eventType": "TextMessageCreated", "objectType": "Group", "data": data})
            .to_string()
    };
    let envelope = event("").len();
    event(&noise(&id.to_string(), bytes - envelope))
}

#[tokio::test]
async fn a_new_event_costs_a_unit_per_kb_of_its_item_and_one_for_the_index() {
    let world = world().await;
    // Around each limit of a unit, wherever the item's other attributes put it.
    let sizes = (1..=64).map(|step| step * 64).chain([100 * KB, 370 * KB]);
    for (id, bytes) in sizes.enumerate().filter(|(_, bytes)| *bytes > 200) {
        let bill = deliver(&world, &event(id, bytes), "stored").await;
        assert_eq!(bill.items.len(), 1);
        assert_eq!(bill.units, [(units(bill.items[0]), 1)], "{bytes}");
    }
}

#[tokio::test]
async fn a_new_cloud_event_costs_what_kaizalas_does() {
    let world = world().await;
    let event = |id: usize, bytes: usize| {
        let event = |text: &str| {
            json!({"specversion": "1.0", "id": id.to_string(), "source": "/test", "type": "org.example.test",
                "subject": "x", "time": "2026-01-02T03:04:05Z", "data": {"text": text}})
            .to_string()
        };
        let envelope = event("").len();
        event(&noise(&id.to_string(), bytes - envelope))
    };
    for (id, bytes) in [300, 700, KB, 2 * KB, 4 * KB, 100 * KB, 370 * KB].into_iter().enumerate() {
        let bill = deliver(&world, &event(id, bytes), "stored").await;
        assert_eq!(bill.items.len(), 1);
        assert_eq!(bill.units, [(units(bill.items[0]), 1)], "{bytes}");
        assert!(bill.items[0] <= bytes + KB, "what the item says besides the body costs at most one unit");
        assert_eq!(deliver(&world, &event(id, bytes), "duplicate").await.items.len(), 1);
    }
}

#[tokio::test]
async fn what_an_item_says_besides_the_body_costs_at_most_one_unit() {
    let world = world().await;
    for sample in samples() {
        let body = sample.body();
        let Ok(text) = String::from_utf8(body.clone()) else { continue };
        if !sample.name.starts_with("quarantine-") && !sample.name.starts_with("handshake-") {
            world.proxy.take_requests();
            world.deliver_body(text).await;
            for (_, put) in world.proxy.take_requests() {
                assert!(item_bytes(&put["Item"]) <= body.len() + KB, "{}", sample.name);
            }
        }
    }
}

#[tokio::test]
async fn a_duplicate_costs_what_the_event_did_but_for_the_index() {
    let world = world().await;
    for (id, bytes) in [300, KB, 4 * KB, 100 * KB].into_iter().enumerate() {
        let first = deliver(&world, &event(id, bytes), "stored").await;
        let again = deliver(&world, &event(id, bytes), "duplicate").await;
        assert_eq!(again.items.len(), 1);
        assert_eq!(again.units, [], "it was refused");
        assert_eq!(units(again.items[0]), first.units[0].0, "{bytes}");
    }
}

#[tokio::test]
async fn a_revision_costs_a_refused_write_and_a_new_event() {
    let world = world().await;
    deliver(&world, &event(1, 4 * KB), "stored").await;
    let edit = event(1, 4 * KB - 100);

    let bill = deliver(&world, &edit, "revised").await;

    let [refused, accepted] = bill.items[..] else { panic!("{:?}", bill.items) };
    assert_eq!(units(refused), 5);
    assert_eq!(bill.units, [(units(accepted), 1)]);
    assert_eq!(units(accepted), 5);

    let again = deliver(&world, &edit, "duplicate").await;
    assert_eq!((again.items.len(), again.units.len()), (2, 0), "both are refused");
}

#[tokio::test]
async fn a_quarantined_body_costs_a_unit_per_kb_and_one_for_the_index() {
    let world = world().await;
    for bytes in [0, 300, 4 * KB] {
        let body = noise("not JSON", bytes);
        let bill = deliver(&world, &body, "quarantined").await;
        assert_eq!(bill.units, [(units(bill.items[0]), 1)], "{bytes}");

        let again = deliver(&world, &body, "quarantined").await;
        assert_eq!((again.items.len(), again.units.len()), (1, 0), "it is refused");
    }
}
