//! `kaizala events list`, `show` and `tail` as processes.

use kaizala_webhook::{
    clock::now,
    event::{Event, Timestamp},
    store::{Arrival, Record},
};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::support::{Operator, process::Process};

const GROUP: &str = "group-1";

/// Stores an event that was received so many seconds after some time in 2023.
async fn store(operator: &Operator, event_type: &str, id: &str, second: i64) {
    let received_at = Timestamp::from_epoch_millis((1_680_000_000 + second) * 1000).expect("it is a time");
    store_at(operator, event_type, id, received_at).await;
}

async fn store_at(operator: &Operator, event_type: &str, id: &str, received_at: Timestamp) {
    let body = json!({
        "eventType": event_type, "eventId": id, "objectId": GROUP, "objectType": "Group",
        "data": { "text": format!("Text of {id}"), "amount": 1.0 },
    });
    let body = bytes::Bytes::from(body.to_string());
    let record = Record::of_event(&Event::parse(&body).expect("it is one"), Arrival { received_at, request_id: None });
    operator.world.behind.put(&record, &body).await.expect("the table answers");
}

async fn list(operator: &Operator, more: &[&str]) -> Vec<String> {
    let arguments = [&["events", "list", "--group", GROUP, "--json"], more].concat();
    let listed = operator.run(&arguments).await.json();
    let events = listed["events"].as_array().expect("it is a list");
    events.iter().map(|event| event["eventId"].as_str().expect("it has one").to_owned()).collect()
}

#[tokio::test]
async fn events_are_listed_by_group_type_and_time_the_newest_first() {
    let operator = Operator::new().await;
    for (at, event_type) in ["TextMessageCreated", "Announcement", "TextMessageCreated", "Odd#Type"].iter().enumerate()
    {
        store(&operator, event_type, &format!("id#{at}"), i64::try_from(at).expect("it is small")).await;
    }

    assert_eq!(list(&operator, &[]).await, ["id#3", "id#2", "id#1", "id#0"]);
    assert_eq!(list(&operator, &["--type", "TextMessageCreated"]).await, ["id#2", "id#0"]);
    assert_eq!(list(&operator, &["--type", "Odd#Type"]).await, ["id#3"]);
    assert_eq!(list(&operator, &["--type", "Text"]).await, [""; 0]);
    assert_eq!(list(&operator, &["--limit", "1"]).await, ["id#3"]);
    assert_eq!(list(&operator, &["--type", "TextMessageCreated", "--limit", "1"]).await, ["id#2"]);
    let between = ["--since", "2023-03-28T10:40:01Z", "--until", "2023-03-28T12:40:02+02:00"];
    assert_eq!(list(&operator, &between).await, ["id#2", "id#1"]);
    assert_eq!(list(&operator, &["--since", "2h"]).await, [""; 0]);

    let text = operator.run(&["events", "list", "--group", GROUP]).await.ok().output;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("RECEIVED") && lines[1].starts_with("2023-03-28T10:40:03.000Z"), "{text}");
    assert!(lines[1].contains("Odd#Type") && lines[1].ends_with("Odd%23Type#id%233"), "{text}");
}

#[tokio::test]
async fn senders_are_listed_and_texts_only_when_asked_for() {
    let operator = Operator::new().await;
    let long = "word ".repeat(30);
    for (id, more) in [
        ("1", json!({ "fromUserId": "user-1", "fromUserName": "Asha", "data": { "text": long } })),
        ("2", json!({ "fromUserId": "user-2", "data": { "text": "Hello\nthere" } })),
    ] {
        let mut body =
            json!({ "eventType": "TextMessageCreated", "eventId": id, "objectId": GROUP, "objectType": "Group" });
        body.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
        operator.world.deliver_body(body.to_string()).await;
    }
    let secret = json!({ "eventType": "SurveyResponse", "eventId": "3", "objectId": GROUP, "objectType": "Group",
        "fromUserId": "user-3", "fromUserName": "Nobody",
        "data": { "responseDetails": { "isAnonymous": true }, "isAnonymous": true } });
    operator.world.deliver_body(secret.to_string()).await;

    let text = operator.run(&["events", "list", "--group", GROUP]).await.ok().output;
    assert!(text.contains("Asha") && text.contains("user-2") && text.contains("(anonymous)"), "{text}");
    assert!(!text.contains("Hello") && !text.contains("word") && !text.contains("Nobody"), "{text}");
    let text = operator.run(&["events", "list", "--group", GROUP, "--show-text"]).await.ok().output;
    assert!(text.contains("Hello there") && text.contains("word word") && text.contains('…'), "{text}");

    let listed = operator.run(&["events", "list", "--group", GROUP, "--json", "--show-text"]).await.json();
    let event = |id: &str| listed["events"].as_array().into_iter().flatten().find(|event| event["eventId"] == id);
    assert_eq!(event("1").expect("it is there")["fromUserName"], "Asha");
    assert_eq!(event("2").expect("it is there")["text"], "Hello there");
    assert_eq!(event("3").expect("it is there")["fromUserId"], Value::Null);
    let listed = operator.run(&["events", "list", "--group", GROUP, "--json"]).await;
    assert!(!listed.output.contains("Hello") && listed.json()["more"] == false, "{listed:?}");
}

#[tokio::test]
async fn a_list_that_is_cut_off_says_how_to_see_more_and_one_that_just_fits_does_not() {
    let operator = Operator::new().await;
    for second in 0..3 {
        store(&operator, "TextMessageCreated", &format!("id-{second}"), second).await;
    }
    let list = ["events", "list", "--group", GROUP, "--limit"];
    let ran = operator.run(&[&list[..], &["2"]].concat()).await.ok();
    assert!(ran.error == "more: --limit 4\n" && ran.output.lines().count() == 3, "{ran:?}");
    assert_eq!(operator.run(&[&list[..], &["2", "--json"]].concat()).await.json()["more"], true);
    assert_eq!(operator.run(&[&list[..], &["3"]].concat()).await.ok().error, "");
}

#[tokio::test]
async fn an_event_is_shown_by_the_beginning_of_its_key_if_no_other_begins_so() {
    let operator = Operator::new().await;
    for id in ["id-1", "id-12", "id-3"] {
        store(&operator, "TextMessageCreated", id, 0).await;
    }
    let show = async |key: &str| operator.run(&["events", "show", "--group", GROUP, key, "--json"]).await;

    assert_eq!(show("TextMessageCreated#id-3").await.json()["eventId"], "id-3");
    assert_eq!(show("TextMessageCreated#id-1").await.json()["eventId"], "id-1", "a whole key is that key");
    let several = show("TextM").await;
    assert!(several.code == 1 && several.error.contains("\n  TextMessageCreated#id-12"), "{several:?}");
    let none = show("Survey").await;
    assert!(none.code == 1 && none.error.contains("there is no item"), "{none:?}");
}

#[tokio::test]
async fn an_event_is_shown_with_its_body() {
    let operator = Operator::new().await;
    store(&operator, "TextMessageCreated", "id-1", 0).await;
    let show = ["events", "show", "--group", GROUP, "TextMessageCreated#id-1"];

    let text = operator.run(&show).await.ok().output;
    assert!(text.contains("receivedAt   2023-03-28T10:40:00.000Z"), "{text}");
    assert!(text.contains("\n    \"text\": \"Text of id-1\""), "{text}");
    let shown = operator.run(&[&show[..], &["--json"]].concat()).await;
    assert!(shown.output.contains(r#""amount":1.0"#), "as it was received: {shown:?}");
    assert_eq!(shown.json()["payload"]["eventId"], "id-1");
    assert_eq!(shown.json()["groupId"], GROUP);
    let raw = operator.run(&[&show[..], &["--raw"]].concat()).await.ok().output;
    let item = operator.world.item(GROUP, "TextMessageCreated#id-1").await;
    assert_eq!(raw.as_bytes(), operator.world.body(&item).await);

    let missing = operator.run(&["events", "show", "--group", GROUP, "TextMessageCreated#id-2"]).await;
    assert!(missing.code == 1 && missing.error.contains("there is no item"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_followed_as_they_come_each_once() {
    let operator = Operator::new().await;
    let arguments = ["events", "tail", "--group", GROUP, "--type", "TextMessageCreated", "--interval", "1", "--json"];
    let tail = Process::start(&mut operator.command(&arguments));
    let started = || operator.world.proxy.take_operations().contains(&"Query".to_owned());
    while !started() {
        tokio::task::yield_now().await;
    }

    let mut seen = Vec::new();
    for id in ["first", "second", "third"] {
        for event_type in ["Announcement", "TextMessageCreated"] {
            store_at(&operator, event_type, id, now()).await;
        }
        let line = block_in_place(|| tail.wait_for(|line| Some(line.to_owned())));
        let event: Value = serde_json::from_str(&line).expect("it is JSON");
        seen.push((event["eventType"].as_str().map(str::to_owned), event["eventId"].as_str().map(str::to_owned)));
    }

    let expected = ["first", "second", "third"].map(|id| (Some("TextMessageCreated".to_owned()), Some(id.to_owned())));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_aws_is_asked_for_in_vain_is_told_once_and_not_called_an_outage() {
    let operator = Operator::new().await;
    // A spelling of this machine that the command does not take for an emulator.
    let url = operator.world.proxy.url().replace("127.0.0.1", "127.1");
    let list = ["events", "list", "--group", GROUP, "--endpoint-url", &url, "--region", "eu-west-1"];
    let keys = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];

    operator.run_with(&list, &keys).await.ok();
    let ran = operator.run_with(&[&list[..], &["--table", "nope"]].concat(), &keys).await;
    assert!(ran.code == 1 && ran.error.starts_with("error: table nope does not exist in eu-west-1"), "{ran:?}");

    let ran = operator.run_with(&list, &[("AWS_EC2_METADATA_DISABLED", "true")]).await;
    assert!(ran.code == 1 && ran.error.starts_with("error: no AWS credentials: "), "{ran:?}");
    assert_eq!(ran.error.matches("credentials:").count(), 1, "{ran:?}");
    assert!(ran.error.contains("--profile") && ran.error.lines().count() == 1, "{ran:?}");
}

#[tokio::test]
async fn a_pull_into_a_table_that_is_not_there_is_not_to_be_run_again() {
    let operator = Operator::new().await;
    operator.api.put_group(json!({ "groupId": GROUP }), Vec::new());
    let action = json!({ "id": "package", "packageId": "package", "actionBody": { "actionId": "action",
        "questions": [{ "title": "Shop", "type": "Text", "options": [] }] } });
    let response = json!({ "actionId": "action", "packageId": "package", "groupId": GROUP, "responseId": "response-1",
        "responseDetails": { "responseWithQuestions": [{ "title": "Shop", "type": "Text", "options": [], "answer": "x" }] } });
    operator.api.put_action(GROUP, action, vec![response]);

    let pull = ["pull", "--group", GROUP, "--package", "package", "--table", "nope", "--region", "eu-west-1"];
    let ran = operator.run(&pull).await;
    assert!(ran.code == 1 && ran.error.starts_with("error: table nope does not exist in eu-west-1"), "{ran:?}");
    assert!(!ran.error.contains("again") && ran.error.lines().count() == 1, "{ran:?}");
}

#[tokio::test]
async fn an_outage_is_told_once_with_its_cause() {
    let operator = Operator::new().await;
    let ran = operator.run(&["events", "list", "--group", GROUP, "--endpoint-url", "http://127.0.0.1:1"]).await;
    assert!(ran.code == 1 && ran.error.contains("DynamoDB is unavailable: "), "{ran:?}");
    assert_eq!(ran.error.matches("efused").count(), 1, "{ran:?}");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told_with_advice() {
    let operator = Operator::new().await;
    let place = operator.world.proxy.url().to_owned();
    for arguments in [
        &["events", "list", "--group", GROUP][..],
        &["events", "show", "--group", GROUP, "key"],
        &["events", "tail", "--group", GROUP, "--interval", "3600"],
        &["quarantine", "list"],
        &["quarantine", "replay", "--all"],
        &["quarantine", "replay", "key"],
        &["export", "--from", "table", "--out", "tables"],
        &["check", "--url", &operator.callback_url()],
    ] {
        let ran = operator.run(&[arguments, &["--table", "another", "--region", "eu-west-1"]].concat()).await;
        let error = format!(
            "error: table another does not exist in eu-west-1 at {place}/: check --table, --endpoint-url, --region and --profile\n"
        );
        assert_eq!((ran.code, &ran.error), (1, &error), "{arguments:?}");
    }
    assert_eq!(operator.run(&["events", "list"]).await.code, 2);
    assert_eq!(operator.run(&["events", "list", "--group", GROUP, "--limit", "0"]).await.code, 2);
}
