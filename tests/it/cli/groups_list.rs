//! `kaizala groups list` as a process.

use kaizala_webhook::event::Timestamp;
use serde_json::{Value, json};

use crate::support::{
    Operator,
    tables::{text, write_export},
};

async fn put(operator: &Operator, group: &str, id: &str, second: i64) {
    use kaizala_webhook::{
        event::Event,
        store::{Arrival, Record},
    };
    let body = json!({ "eventType": "TextMessageCreated", "eventId": id, "groupId": group, "data": { "text": id } });
    let body = bytes::Bytes::from(body.to_string());
    let received_at = Timestamp::from_epoch_millis((1_680_000_000 + second) * 1000).expect("it is a time");
    let record = Record::of_event(&Event::parse(&body).expect("it is one"), Arrival { received_at, request_id: None });
    operator.world.behind.put(&record, &body).await.expect("the table answers");
}

#[tokio::test]
async fn groups_are_listed_from_the_table_and_from_an_export_alike_the_newest_first() {
    let operator = Operator::new().await;
    for (group, id, second) in [("a", "1", 0), ("b", "2", 5), ("b", "3", 2), ("quarantine", "4", 1)] {
        put(&operator, group, id, second).await;
    }
    operator.world.deliver_body("not an event").await;
    let expected = json!({ "groups": [
        { "groupId": "b", "events": 2, "lastReceivedAt": "2023-03-28T10:40:05.000Z" },
        { "groupId": "quarantine", "events": 1, "lastReceivedAt": "2023-03-28T10:40:01.000Z" },
        { "groupId": "a", "events": 1, "lastReceivedAt": "2023-03-28T10:40:00.000Z" },
    ]});

    assert_eq!(operator.run(&["groups", "list", "--json"]).await.json(), expected);
    let folder = operator.file("export");
    let items: Vec<_> = operator.world.items().await.into_values().collect();
    write_export(&folder, &items, 2);
    let of_export: Value = operator.run(&["groups", "list", "--from", text(&folder), "--json"]).await.json();
    assert_eq!(of_export, expected);

    let shown = operator.run(&["groups", "list"]).await.ok().output;
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("LAST EVENT") && lines[1].ends_with(" b"), "{shown}");
}
