//! `kaizala doctor` as a process: each line is ok, or says what to do.

use std::process::Command;

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use kaizala_webhook::{store::Deployment, token::TokenDigest};
use serde_json::Value;

use crate::support::{Operator, dev::Dev, events::CALLBACK_TOKEN, operator::Ran, process::run};

const EVENT: &[u8] = br#"{"eventId":"1","eventType":"X","groupId":"g","data":{}}"#;

/// What was found, and in which words.
fn check(ran: &Ran, name: &str) -> (String, String) {
    let json = ran.json_whatever_the_code();
    let checks = json["checks"].as_array().expect("it is a list").clone();
    let found = checks.into_iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("there is no {name}: {ran:?}"));
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    (text(&found["result"]), text(&found["detail"]))
}

fn assert_found(ran: &Ran, name: &str, result: &str, about: &str) {
    let (found, detail) = check(ran, name);
    assert!(found == result && detail.contains(about), "{name}: {found}: {detail}");
}

async fn doctor(operator: &Operator, more: &[&str]) -> Ran {
    operator.run(&[&["doctor", "--json"], more].concat()).await
}

async fn tag(operator: &Operator, template: &str, token: &[u8]) {
    let tokens = vec![TokenDigest::of(token).to_string()];
    let deployment = Deployment { template: Some(template.to_owned()), tokens };
    operator.world.behind.tag(&deployment).await.expect("the table answers");
}

#[test]
fn nothing_is_wrong_with_dev_once_an_event_has_come() {
    let dev = Dev::start(&["--memory"], Some("t"));
    let doctor = |token: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(["doctor", "--endpoint-url", &dev.db_url]).env_clear().env("KAIZALA_CALLBACK_TOKEN", token);
        let output = run(&mut command, b"");
        (output.status.code(), String::from_utf8(output.stdout).expect("it prints text"))
    };

    let (code, text) = doctor("t");
    assert!(code == Some(3) && text.contains("last event     to do"), "{text}");
    assert!(dev.post("t", EVENT).contains("stored"));
    let (code, text) = doctor("t");
    assert!(code == Some(0) && !text.contains("to do") && text.contains("accepted (1 deployed)"), "{text}");
    let (code, text) = doctor("another");
    assert!(code == Some(3) && text.contains(&TokenDigest::of(b"another").to_string()), "{text}");
}

#[tokio::test]
async fn a_wrong_table_is_told_by_its_name_or_by_its_schema() {
    let operator = Operator::new().await;
    let ran = doctor(&operator, &["--table", "another"]).await;
    assert_eq!((ran.code, &ran.json_whatever_the_code()["ok"]), (3, &Value::Bool(false)), "{ran:?}");
    assert_found(&ran, "table", "to do", "table another does not exist");
    assert_found(&ran, "schema", "not checked", "without the table");

    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().expect("it is whole");
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build();
    let request = operator.world.client.create_table().table_name("orders").key_schema(key);
    let request = request.attribute_definitions(id.expect("it is whole")).billing_mode(BillingMode::PayPerRequest);
    request.send().await.expect("the table is made");
    let ran = doctor(&operator, &["--table", "orders", "--group", "g"]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    for flaw in ["its keys are not groupId and eventKey", "there is no index byTime", "do not expire by expiresAt"] {
        assert_found(&ran, "schema", "to do", flaw);
    }
}

#[tokio::test]
async fn missing_credentials_and_a_missing_region_are_told() {
    let operator = Operator::new().await;
    // A spelling of this machine that the command does not take for an emulator.
    let url = operator.world.proxy.url().replace("127.0.0.1", "127.1");
    let elsewhere = [("AWS_ENDPOINT_URL_DYNAMODB", url.as_str()), ("AWS_EC2_METADATA_DISABLED", "true")];

    let ran = operator.run_with(&["doctor", "--json", "--region", "eu-west-1"], &elsewhere).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_found(&ran, "region", "ok", "eu-west-1");
    assert_found(&ran, "credentials", "to do", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    assert_found(&ran, "table", "not checked", "without accepted credentials");

    let ran = operator.run_with(&["doctor", "--json"], &elsewhere).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_found(&ran, "region", "to do", "--region");
    assert_found(&ran, "credentials", "not checked", "without a region");
}

#[tokio::test]
async fn a_disabled_subscription_is_told_with_what_repairs_it() {
    let operator = Operator::new().await;
    let file = format!(
        "callback_url = \"{}\"\ncallback_token = {{ env = \"KAIZALA_CALLBACK_TOKEN\" }}\n\
         [[subscription]]\ngroup = \"group-1\"\nevents = \"all\"\n",
        operator.callback_url()
    );
    operator.write("subscriptions.toml", &file);
    operator.run(&["webhook", "sync", "subscriptions.toml", "--yes"]).await.ok();
    let named = ["--subscriptions", "subscriptions.toml"];
    assert_found(&doctor(&operator, &named).await, "subscriptions", "ok", "as the file says");

    let id = operator.api.subscriptions().remove(0).id;
    operator.api.disable(&id);
    let ran = doctor(&operator, &named).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_found(&ran, "subscriptions", "to do", &format!("repair {id} (Group group-1): disabled by Kaizala"));
    assert!(!operator.api.subscription(&id).expect("it is there").is_active, "a check changes nothing");

    assert_found(&doctor(&operator, &["--subscriptions", "nowhere"]).await, "subscriptions", "to do", "nowhere");
    assert_found(&doctor(&operator, &[]).await, "subscriptions", "not checked", "--subscriptions");
}

#[tokio::test]
async fn another_version_another_token_and_silence_are_told() {
    let operator = Operator::new().await;
    let ran = doctor(&operator, &[]).await;
    assert_found(&ran, "template", "to do", "does not say which version");
    assert_found(&ran, "token", "not checked", "deploy again");

    tag(&operator, "0.0.1", b"another").await;
    let ran = doctor(&operator, &[]).await;
    assert_found(&ran, "template", "to do", "the deployment has version 0.0.1");
    assert_found(&ran, "token", "to do", &TokenDigest::of(CALLBACK_TOKEN.as_bytes()).to_string());
    assert_found(&ran, "last event", "to do", "there is none");

    tag(&operator, env!("CARGO_PKG_VERSION"), CALLBACK_TOKEN.as_bytes()).await;
    operator.world.deliver(&crate::support::sample("text-message-created")).await;
    let ran = doctor(&operator, &[]).await;
    assert_found(&ran, "template", "ok", env!("CARGO_PKG_VERSION"));
    assert_found(&ran, "token", "ok", "accepted");
    // The sample is of 2023.
    assert_found(&ran, "last event", "to do", "silence");
    let ran = doctor(&operator, &["--silence-hours", "4000000"]).await;
    assert!(ran.code == 0, "{ran:?}");
    assert_found(&doctor(&operator, &["--group", "no-such-group"]).await, "last event", "to do", "there is none");
}
