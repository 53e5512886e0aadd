//! `kaizala simulate deliver` and `kaizala check` as processes, against `kaizala dev`.

use std::process::Command;

use kaizala_webhook::store::connect_local;
use serde_json::Value;

use crate::support::{dev::Dev, process::run};

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

async fn delete(dev: &Dev, group: &str, key: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;

    let request = connect_local(&dev.db_url).delete_item().table_name("kaizala-events");
    let request = request.key("groupId", AttributeValue::S(group.to_owned()));
    request.key("eventKey", AttributeValue::S(key.to_owned())).send().await.expect("the table answers");
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

    let store = kaizala_webhook::store::Store::new(connect_local(&dev.db_url), "kaizala-events", None);
    let mut keys = Vec::new();
    store.for_each_key(|group, key, _| keys.push((group, key.to_string()))).await.expect("the table answers");
    let (group, key) = keys.iter().find(|(_, key)| !key.contains("#r")).expect("there is one");
    delete(&dev, group, key).await;

    let (code, output, error) = deliver(&dev, &[&mix[..8], &["--verify-only"]].concat());
    assert_eq!(code, 1, "{output}{error}");
    assert!(output.contains(&format!("lost: {group} / {key}")), "{output}");
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

    let (code, output, error) =
        kaizala(&["simulate", "deliver", "--url", &dev.url, "--events", "3", "--concurrency", "1"]);
    assert_eq!(code, 1);
    assert!(output.contains("failed with 401") && error.contains("disables"), "{output}{error}");

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
