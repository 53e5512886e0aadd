//! `kaizala forget` on a whole table: every trace goes, everything else stays, also if a run is killed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    process::{Command, Stdio},
    time::Instant,
};

use kaizala_webhook::{
    simulator::generator::Generator,
    store::{ItemKind, StoredItem},
};
use serde_json::{Value, json};

use super::forget::forget_with;
use crate::support::{
    Fault, World,
    events::noise,
    process::PATIENCE,
    tables::{exported, stored},
    world::TABLE,
};

const EVENTS: usize = 20_000;
const ARRIVAL: &str = "2026-11-23T10:04:00.000Z";

type Items = HashMap<(String, String), StoredItem>;

/// The key of the first version of an event, of any of its items.
fn first((group, key): &(String, String)) -> (String, String) {
    (group.clone(), key.split('#').take(2).collect::<Vec<_>>().join("#"))
}

/// Columns that name a person, and only one in a row.
const STRUCTURED: [&str; 10] = [
    "from_user_id",
    "from_user",
    "responder_id",
    "responder",
    "member_id",
    "member",
    "person_id",
    "assignee",
    "user_id",
    "phone",
];

#[tokio::test(flavor = "multi_thread")]
async fn of_three_people_among_twenty_thousand_events_no_trace_is_left_and_all_else_stays_byte_for_byte() {
    let world = World::new().await;
    let bodies: Vec<_> = Generator::new(17).take(EVENTS).map(|event| event.body()).collect();
    let items: Vec<_> = bodies.iter().flat_map(|body| stored(body.clone(), ARRIVAL, false)).collect();
    // Of doubled keys the last counts, as a batch must not name one twice.
    let distinct: BTreeMap<_, _> = items
        .into_iter()
        .map(|item| ((item.group().map(str::to_owned), item.event_key().map(str::to_owned)), item))
        .collect();
    world.plant_all(&distinct.into_values().collect::<Vec<_>>()).await;
    let mut people = BTreeMap::new();
    for body in &bodies {
        let event: Value = serde_json::from_slice(body).expect("it is JSON");
        if let (Some(id), Some(phone)) = (event["fromUserId"].as_str(), event["fromUser"].as_str())
            && people.len() < 3
        {
            people.insert(id.to_owned(), phone.to_owned());
        }
    }
    let known: Vec<_> = people.iter().map(|(id, phone)| format!("user-id {id}\nphone {phone}\n")).collect();
    let known = known.concat();
    let names_one = |text: &str| people.iter().any(|(id, phone)| text.contains(id) || text.contains(phone));
    let before = world.all_items().await;
    let mut traced = BTreeSet::new();
    for (key, item) in before.iter().filter(|(_, item)| !item.is_part()) {
        let body = world.body(item).await;
        if names_one(&String::from_utf8(body).expect("it is text")) {
            traced.insert(first(key));
        }
    }
    assert!(traced.len() > 50, "{}", traced.len());
    let home = tempfile::tempdir().expect("there is a place for files");

    let ran = forget_with(&world, home.path(), &["--stdin", "--yes", "--json"], &known).await;

    let mentioned: BTreeSet<_> = ran.json()["plan"]["mentions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|place| [&place["groupId"], &place["eventKey"]].map(|part| part.as_str().unwrap_or_default().to_owned()))
        .map(|[group, key]| (group, key))
        .collect();
    let gone = traced.difference(&mentioned).cloned().collect();
    assert_gone(&before, &world.all_items().await, &gone);
    let options = ["--table", TABLE, "--endpoint-url", world.proxy.url()];
    for (table, rows) in exported("table", &options) {
        // The assignees of a job for several people are mentions.
        for row in rows.iter().filter(|_| table != "jobs" && table != "people") {
            let of_people = STRUCTURED.iter().filter_map(|name| row[name].as_str());
            assert!(of_people.clone().all(|value| !names_one(value)), "{table}: {row}");
        }
    }

    forget_with(&world, home.path(), &["--stdin", "--yes", "--json", "--include-mentions"], &known).await.ok();

    assert_gone(&before, &world.all_items().await, &traced);
    for (table, rows) in exported("table", &options) {
        assert!(rows.iter().all(|row| !names_one(&row.to_string())), "{table}");
    }
}

/// Of some events nothing but tombstones is left, and everything else is as it was.
fn assert_gone(before: &Items, after: &Items, gone: &BTreeSet<(String, String)>) {
    for (key, item) in before {
        match after.get(key) {
            Some(now) if gone.contains(&first(key)) => assert_eq!(now.kind(), ItemKind::Erased, "{key:?}"),
            None if gone.contains(&first(key)) => assert!(item.is_part(), "{key:?} has no tombstone"),
            now => assert!(now == Some(item), "{key:?}"),
        }
    }
    assert!(after.keys().all(|key| before.contains_key(key)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_anywhere_ends_the_same_when_it_is_started_again() {
    let mut kills = 0;
    for passes in 1.. {
        let world = World::new().await;
        let event = |id: &str, sender: &str, text: &str| {
            json!({
                "eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "fromUserId": sender,
                "data": { "text": text },
            })
        };
        for (id, sender, text) in [
            ("a", "the-person", "first"),
            ("a", "the-person", &noise("second", 600_000)),
            ("a", "", "third"),
            ("b", "the-person", &noise("large", 900_000)),
            ("c", "somebody-else", "stays"),
            ("d", "somebody-else", &noise("stays", 600_000)),
        ] {
            world.deliver_body(event(id, sender, text).to_string()).await;
        }
        let before = world.all_items().await;
        let home = tempfile::tempdir().expect("there is a place for files");
        let begun = world.proxy.passed();
        world.proxy.next_passes(passes);
        world.proxy.always(Fault::Hang);
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(["forget", "--user-id", "the-person", "--yes", "--segments", "1", "--receipt", "first.json"]);
        command.env_clear().current_dir(home.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.envs([("TABLE_NAME", TABLE), ("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url())]);
        let mut child = command.spawn().expect("it starts");
        let deadline = Instant::now() + PATIENCE;
        let is_killed = loop {
            assert!(Instant::now() < deadline, "it neither hangs nor ends");
            if child.try_wait().expect("it is ours").is_some() {
                break false;
            }
            if world.proxy.passed() > begun + passes {
                break true;
            }
            tokio::task::yield_now().await;
        };
        // SIGKILL; it may have ended by itself.
        let _ = child.kill();
        child.wait().expect("it is ours");
        world.proxy.heal();

        let again = forget_with(&world, home.path(), &["--user-id", "the-person", "--yes"], "").await.ok();

        let gone = BTreeSet::from(["a", "b"].map(|id| ("g".to_owned(), format!("TextMessageCreated#{id}"))));
        assert_gone(&before, &world.all_items().await, &gone);
        assert_eq!(
            world.parts().await,
            before.iter().filter(|(key, item)| item.is_part() && key.1.contains("#d#")).count()
        );
        if !is_killed {
            assert!(again.output.contains("Nothing found"), "{again:?}");
            break;
        }
        kills += 1;
    }
    assert!(kills > 8, "{kills}");
}
