//! `kaizala simulate deliver` and `kaizala check` as processes, against `kaizala dev`.

use std::{collections::HashMap, process::Command};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use kaizala_webhook::{
    event::Event,
    store::{Store, StoredItem, connect_local},
};
use serde_json::Value;

use crate::support::{dev::Dev, process::run};

const TABLE: &str = "kaizala-events";
const TOKEN: &str = "a-token-for-simulations";

/// Runs a command with the token in its environment and returns exit code, stdout and stderr.
fn kaizala(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    command.args(arguments).env("KAIZALA_CALLBACK_TOKEN", TOKEN);
    for variable in ["TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE", "AWS_REGION"] {
        command.env_remove(variable);
    }
    let output = run(&mut command, b"");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}

fn deliver(dev: &Dev, more: &[&str]) -> (i32, String, String) {
    let common = ["simulate", "deliver", "--url", &dev.url, "--endpoint-url", &dev.db_url, "--events", "300"];
    kaizala(&[&common, more].concat())
}

/// Everything in the table that a test may break: group and key of the first of an event.
async fn originals(dev: &Dev) -> Vec<(String, String)> {
    let store = Store::new(connect_local(&dev.db_url), TABLE, None);
    let page = store.scan_page(0, 1, None).await.expect("the table answers");
    let text = |item: &StoredItem, name| item.text(name).expect("a key is a string").to_owned();
    let keys = page.items.iter().filter(|item| item.text("payload").is_some());
    let keys = keys.map(|item| (text(item, "groupId"), text(item, "eventKey")));
    keys.filter(|(_, key)| !key.contains("#r")).collect()
}

fn key((group, key): &(String, String)) -> HashMap<String, AttributeValue> {
    [("groupId", group), ("eventKey", key)]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())))
        .into()
}

async fn delete(dev: &Dev, of: &(String, String)) {
    let request = connect_local(&dev.db_url).delete_item().table_name(TABLE).set_key(Some(key(of)));
    request.send().await.expect("the table answers");
}

/// Puts another value in place of an attribute, as a receiver with a defect would have.
async fn overwrite(dev: &Dev, of: &(String, String), attribute: &str, value: AttributeValue) {
    let request = connect_local(&dev.db_url).update_item().table_name(TABLE).set_key(Some(key(of)));
    let request = request.update_expression(format!("SET {attribute} = :value"));
    request.expression_attribute_values(":value", value).send().await.expect("the table answers");
}

#[tokio::test]
async fn a_simulation_delivers_and_verifies_and_a_deleted_row_is_named() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    let mix = ["--duplicates", "0.2", "--revisions", "0.1", "--lost-answers", "0.05", "--concurrency", "4", "--json"];

    let (code, output, error) = deliver(&dev, &[&mix[..], &["--verify"]].concat());

    assert_eq!(code, 0, "{output}{error}");
    let summary: Value = serde_json::from_str(&output).expect("it is JSON");
    let count = |outcome: &str| summary["outcomes"][outcome].as_u64().unwrap_or_default();
    assert_eq!(count("stored") + count("revised") + count("duplicate"), summary["deliveries"].as_u64().unwrap());
    assert!(count("revised") > 10 && count("duplicate") > 30, "{summary}");
    let latency = |quantile: &str| summary["latencyMs"][quantile].as_f64().expect("it is a number");
    assert!(latency("p50") > 0.0 && latency("p99") >= latency("p50"), "{summary}");
    assert_eq!(summary["verification"]["lost"], Value::Array(vec![]));
    assert!(summary["verification"]["expected"].as_u64() > Some(300));

    let gone = &originals(&dev).await[0];
    delete(&dev, gone).await;

    let (code, output, error) = deliver(&dev, &[&mix[..8], &["--verify-only"]].concat());
    assert_eq!(code, 1, "{output}{error}");
    assert!(output.contains(&format!("lost: {} / {}", gone.0, gone.1)), "{output}");
}

#[tokio::test]
async fn a_receiver_that_stores_a_changed_payload_is_caught() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    assert_eq!(deliver(&dev, &[]).0, 0);
    let originals = originals(&dev).await;
    let other = r#"{"eventId":"1","eventType":"X","data":{}}"#;
    let digest = Event::parse(other.as_bytes()).expect("it is an event").content_digest();

    // One keeps the digest of what was sent, in another the digest fits the payload, in the third it is wrong.
    overwrite(&dev, &originals[0], "payload", AttributeValue::S(other.to_owned())).await;
    let digest = || AttributeValue::B(Blob::new(digest.as_bytes().as_slice()));
    overwrite(&dev, &originals[1], "payload", AttributeValue::S(other.to_owned())).await;
    overwrite(&dev, &originals[1], "contentSha256", digest()).await;
    overwrite(&dev, &originals[2], "contentSha256", digest()).await;

    let (code, output, error) = deliver(&dev, &["--verify-only"]);
    assert_eq!(code, 1, "{output}{error}");
    assert!(output.contains("0 lost, 0 twice, 3 changed, 0 unexpected"), "{output}");
    for (group, key) in &originals[..3] {
        assert!(output.contains(&format!("changed: {group} / {key}")), "{output}");
    }
}

#[test]
fn the_deliveries_are_summed_up_even_if_the_table_cannot_be_compared() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));

    let (code, output, error) = deliver(&dev, &["--verify", "--table", "another-table"]);
    assert_eq!(code, 1, "{output}{error}");
    assert!(output.contains("Events       300") && output.contains("Verified     no"), "{output}");
    assert!(error.contains("--table"), "{error}");

    let (_, output, _) = deliver(&dev, &["--verify", "--table", "another-table", "--json"]);
    let summary: Value = serde_json::from_str(output.lines().next().unwrap_or_default()).expect("it is JSON");
    assert_eq!(summary["events"], 300);
    assert!(summary["verification"]["error"].as_str().is_some_and(|error| error.contains("--table")), "{summary}");
}

#[test]
fn the_same_seed_twice_stores_nothing_new_the_second_time() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    deliver(&dev, &["--seed", "7", "--json"]);

    let (code, output, _) = deliver(&dev, &["--seed", "7", "--json", "--verify", "--rate", "2000"]);

    let summary: Value = serde_json::from_str(&output).expect("it is JSON");
    assert_eq!(code, 0);
    assert_eq!(summary["outcomes"]["duplicate"], summary["deliveries"]);
}

#[test]
fn a_simulation_against_nobody_or_with_a_wrong_token_fails_with_advice() {
    let dev = Dev::start(&["--memory"], Some("another-token"));

    let (code, _, error) = deliver(&dev, &["--events", "1"]);
    assert_eq!(code, 2, "--events is given twice: {error}");

    let (code, output, error) = deliver(&dev, &["--concurrency", "1", "--json"]);
    assert_eq!(code, 1);
    assert!(error.contains("the token was refused") && error.contains("KAIZALA_CALLBACK_TOKEN"), "{error}");
    let summary: Value = serde_json::from_str(output.lines().next().unwrap_or_default()).expect("it is JSON");
    assert_eq!((&summary["deliveries"], &summary["retries"]), (&1.into(), &0.into()), "{summary}");
    assert_eq!((&summary["outcomes"]["failed with 401"], &summary["disabled"]), (&1.into(), &false.into()));

    let (code, _, error) = kaizala(&["simulate", "deliver", "--url", "http://127.0.0.1:1/webhook"]);
    assert_eq!(code, 1);
    assert!(error.contains("is the receiver running"), "{error}");
    assert_eq!(kaizala(&["simulate", "deliver", "--url", &dev.url, "--duplicates", "2"]).0, 2);
}

#[test]
fn a_check_of_a_good_deployment_passes_and_stores_one_event() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));

    let (code, output, error) = kaizala(&["check", "--url", &dev.url, "--endpoint-url", &dev.db_url]);
    assert_eq!(code, 0, "{error}");
    assert_eq!(output.lines().filter(|line| line.starts_with("ok")).count(), 4, "{output}");

    let (_, output, _) = kaizala(&["check", "--url", &dev.url, "--endpoint-url", &dev.db_url, "--json"]);
    let result: Value = serde_json::from_str(&output).expect("it is JSON");
    assert_eq!((&result["ok"], &result["groupId"]), (&Value::Bool(true), &"kaizala-check".into()));
}

#[test]
fn a_check_says_what_is_wrong() {
    let dev = Dev::start(&["--memory"], Some("another-token"));
    let fails = |arguments: &[&str], advice: &str| {
        let (code, _, error) = kaizala(&[&["check"], arguments].concat());
        assert_eq!(code, 1);
        assert!(error.contains(advice), "{error}");
    };

    fails(&["--url", &dev.url, "--endpoint-url", &dev.db_url], "CALLBACK_TOKEN_SHA256");
    fails(&["--url", &dev.url.replace("webhook", "hook")], "CallbackUrl");
    let (_, output, _) = kaizala(&["check", "--url", &dev.url, "--endpoint-url", &dev.db_url, "--json"]);
    let result: Value = serde_json::from_str(&output).expect("it is JSON");
    assert!(
        result["ok"] == false && result["error"].as_str().is_some_and(|error| error.contains("refused")),
        "{result}"
    );
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    fails(&["--url", &dev.url, "--endpoint-url", &dev.db_url, "--table", "another-table"], "--table");
}

#[tokio::test]
async fn a_simulated_sender_of_cloud_events_delivers_and_verifies() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    let mix = ["--duplicates", "0.2", "--revisions", "0.1", "--lost-answers", "0.05", "--concurrency", "4", "--json"];
    let as_sender = ["--sender", "cloudevents", "--verify"];

    let (code, output, error) = deliver(&dev, &[&mix[..], &as_sender].concat());

    assert_eq!(code, 0, "{output}{error}");
    let summary: Value = serde_json::from_str(&output).expect("it is JSON");
    let count = |outcome: &str| summary["outcomes"][outcome].as_u64().unwrap_or_default();
    assert!(count("stored") > 200 && count("revised") > 10 && count("duplicate") > 30, "{summary}");
    assert_eq!(summary["verification"]["lost"], Value::Array(vec![]));
    assert!(summary["verification"]["expected"].as_u64() > Some(300), "{summary}");
    let store = Store::new(connect_local(&dev.db_url), TABLE, None);
    let page = store.scan_page(0, 1, None).await.expect("the table answers");
    assert!(page.items.iter().filter(|item| !item.is_part()).all(|item| item.text("sender") == Some("cloudevents")));

    let gone = &originals(&dev).await[0];
    delete(&dev, gone).await;
    let (code, output, _) = deliver(&dev, &[&mix[..], &["--sender", "cloudevents", "--verify-only"]].concat());
    assert_eq!(code, 1);
    let found: Value = serde_json::from_str(&output).expect("it is JSON");
    assert_eq!(found["lost"], serde_json::json!([format!("{} / {}", gone.0, gone.1)]));
}

#[test]
fn a_check_as_a_sender_of_cloud_events_passes_on_a_receiver_that_works() {
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    let check = ["check", "--url", &dev.url, "--endpoint-url", &dev.db_url, "--sender", "cloudevents"];

    let (code, output, error) = kaizala(&check);

    assert_eq!(code, 0, "{output}{error}");
    assert!(output.contains("permits to deliver") && output.contains("byte for byte"), "{output}");
}
