//! `kaizala compare`: an export and a table, item by item.

use std::{collections::BTreeMap, path::Path, process::Command};

use aws_sdk_dynamodb::types::AttributeValue;
use kaizala_webhook::{simulator::generator::Generator, store::StoredItem};
use serde_json::{Value, json};

use crate::support::{
    World,
    operator::Ran,
    process::run,
    tables::{stored, text, write_export},
    world::TABLE,
};

async fn compare(world: &World, from: &Path, more: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    command.args(["compare", "--from", text(from), "--table", TABLE]).args(more).env_clear();
    command.env("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url());
    let ran = tokio::task::spawn_blocking(move || run(&mut command, b"")).await.expect("it does not panic");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    Ran { code: ran.status.code().expect("it exits"), output: text(ran.stdout), error: text(ran.stderr) }
}

fn items(seed: u64, events: usize) -> Vec<StoredItem> {
    let bodies = Generator::new(seed).take(events).map(|event| event.body());
    let items = bodies.flat_map(|body| stored(body, "2026-11-23T10:04:00.000Z", false));
    let by_key: BTreeMap<_, _> =
        items.map(|item| ((item.group().map(str::to_owned), item.event_key().map(str::to_owned)), item)).collect();
    by_key.into_values().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_planted_difference_among_twenty_thousand_items_is_found() {
    let world = World::new().await;
    let items = items(18, 20_000);
    world.plant_all(&items).await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(folder.path(), &items, 3);

    let same = compare(&world, folder.path(), &["--json"]).await.json();
    assert_eq!(same["same"], json!(items.len()));

    let chosen = items.iter().filter(|item| !item.is_part()).nth(12_345).expect("there are so many");
    let (group, key) = (chosen.group().expect("it has one"), chosen.event_key().expect("it has one"));
    let change = world.client.update_item().table_name(TABLE);
    let change = change.key("groupId", AttributeValue::S(group.to_owned()));
    let change = change.key("eventKey", AttributeValue::S(key.to_owned()));
    let change = change.update_expression("SET requestId = :id");
    change
        .expression_attribute_values(":id", AttributeValue::S("planted".to_owned()))
        .send()
        .await
        .expect("the table answers");

    let ran = compare(&world, folder.path(), &["--json"]).await;

    assert_eq!(ran.code, 3, "{ran:?}");
    let found: Value = ran.json_whatever_the_code();
    let place = json!([{ "groupId": group, "eventKey": key }]);
    assert_eq!(found["otherContent"], json!({ "count": 1, "keys": place }));
    assert_eq!((&found["onlyInExport"]["count"], &found["onlyInTable"]["count"]), (&json!(0), &json!(0)));
    assert_eq!(found["same"], json!(items.len() - 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_one_side_alone_is_told_by_its_key_and_sets_have_no_order() {
    let world = World::new().await;
    let mut items = items(19, 40);
    items.retain(|item| !item.is_part());
    let body = |id: &str, text: &str| {
        format!(r#"{{"eventId":"{id}","eventType":"TextMessageCreated","groupId":"g","data":{{"text":"{text}"}}}}"#)
    };
    world.plant_all(&items).await;
    world.deliver_body(body("late", "a secret of the table")).await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    items.extend(stored(body("early", "a secret of the export"), "2026-11-23T10:04:00.000Z", false));
    let keys = |order: [&str; 2]| {
        let mut attributes = [("groupId", "g"), ("eventKey", "X#noted")]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
            .to_vec();
        attributes.push(("pulledRevisions".to_owned(), AttributeValue::Ss(order.map(str::to_owned).to_vec())));
        attributes.into_iter().collect::<std::collections::HashMap<_, _>>()
    };
    world.plant(keys(["a", "b"])).await;
    items.push(StoredItem::from(keys(["b", "a"])));
    write_export(folder.path(), &items, 2);

    let ran = compare(&world, folder.path(), &[]).await;

    assert_eq!(ran.code, 3, "{ran:?}");
    let expected = "Only in the export: 1\n  g / TextMessageCreated#early\nOnly in the table: 1\n  g / TextMessageCreated#late\nOther content: 0";
    assert!(ran.output.contains(expected), "{ran:?}");
    assert!(!ran.output.contains("secret"), "{ran:?}");
    assert!(ran.error.contains("different items: 2"), "{ran:?}");
    assert_eq!(compare(&world, &folder.path().join("nowhere"), &[]).await.code, 1);
}
