//! Whatever API Gateway hands over is answered: nothing that a client can write into a request is an error of the function.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::support::{
    World,
    environment::Environment,
    events::{CALLBACK_TOKEN, strange},
    sample,
};

const TOKEN_HEADER: &str = "kz-callback-token";

#[tokio::test(flavor = "multi_thread")]
async fn a_strange_request_is_kept_with_a_right_token_and_refused_without_one() {
    let world = World::new().await;
    let mut environment = Environment::start(&world).await;
    for (kept, mut sample) in (1..).zip(strange()) {
        let answer = environment.invoke(&sample.event).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_eq!(answer["statusCode"], 200, "{}", sample.name);
        assert_eq!(world.items().await.len(), kept, "{}", sample.name);

        sample.event["headers"].as_object_mut().expect("they are").remove(TOKEN_HEADER);
        let answer = environment.invoke(&sample.event).await;
        let answer = answer.unwrap_or_else(|error| panic!("{} without a token: {error}", sample.name));
        assert_eq!(answer["statusCode"], 401, "{}", sample.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_should_be_base64_and_is_not_is_kept_as_it_came() {
    let world = World::new().await;
    let mut event = sample("text-message-created");
    event.event["isBase64Encoded"] = json!(true);
    let text = event.event["body"].as_str().expect("it has a body").to_owned();

    assert_eq!(world.deliver(&event).await.outcome(), "quarantined");

    let item = world.item("quarantine", &hex::encode(Sha256::digest(&text))).await;
    assert_eq!(item.text("reason"), Some("not-base64"));
    assert_eq!(world.body(&item).await, text.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_api_gateway_would_not_send_is_not_an_error_either() {
    let world = World::new().await;
    let mut environment = Environment::start(&world).await;
    for event in
        [json!({}), json!(null), json!([]), json!("text"), json!({"headers": [], "requestContext": 1, "body": {}})]
    {
        let answer = environment.invoke(&event).await.unwrap_or_else(|error| panic!("{event}: {error}"));
        assert_eq!(answer["statusCode"], 404, "{event}");
    }
}

/// A request, with the body that was sent in it.
type Case = (Value, Vec<u8>);

fn any_event() -> impl Strategy<Value = Case> {
    let method = prop_oneof![
        6 => Just("POST".to_owned()),
        2 => Just("GET".to_owned()),
        1 => select(vec!["PUT", "OPTIONS", "HEAD", "post"]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let path = prop_oneof![8 => Just("/webhook".to_owned()), 1 => any::<String>(), 1 => "/[ -~]{0,8}"];
    let query = prop_oneof![
        4 => Just(String::new()),
        4 => any::<String>(),
        2 => any::<String>().prop_map(|token| format!("a=<&validationToken={token}")),
        1 => Just(format!("validationToken={}", "<".repeat(70_000))),
    ];
    let token = prop_oneof![
        6 => Just(Some(CALLBACK_TOKEN.to_owned())),
        1 => Just(None),
        2 => any::<String>().prop_map(Some),
    ];
    let headers = (
        hash_map(any::<String>(), any::<String>(), 0..6),
        option::of(any::<String>()),
        option::of(select(vec!["https,https", "", "ht tp", "\u{1}"])),
    );
    let body = prop_oneof![
        1 => Just((None, false, Vec::new())),
        3 => any::<String>().prop_map(|text| (Some(text.clone()), false, text.into_bytes())),
        3 => (0..50_u8, 0..3_u8).prop_map(|(id, version)| {
            let text = json!({"eventId": id.to_string(), "eventType": "X", "data": {"version": version}}).to_string();
            (Some(text.clone()), false, text.into_bytes())
        }),
        3 => vec(any::<u8>(), 0..64).prop_map(|bytes| (Some(STANDARD.encode(&bytes)), true, bytes)),
        3 => "[^A-Za-z0-9+/=]{1,16}".prop_map(|text| (Some(text.clone()), true, text.into_bytes())),
    ];
    let others = (option::of(vec(any::<String>(), 0..3)), any::<String>(), any::<String>(), any::<i64>());
    (method, path, query, token, headers, body, others).prop_map(
        |(
            method,
            path,
            query,
            token,
            (more, host, scheme),
            (body, is_base64, sent),
            (cookies, stage, domain, time),
        )| {
            let mut headers = json!(more);
            headers["host"] = json!(host);
            headers["x-forwarded-proto"] = json!(scheme);
            headers[TOKEN_HEADER] = json!(token);
            let context = json!({
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
                "requestId": Uuid::new_v4().to_string(), "timeEpoch": time, "stage": stage, "domainName": domain,
            });
            let event = json!({
                "version": "2.0", "routeKey": "ANY /webhook", "rawPath": path, "rawQueryString": query,
                "headers": headers, "cookies": cookies, "requestContext": context,
                "body": body, "isBase64Encoded": is_base64,
            });
            (event, sent)
        },
    )
}

/// The status codes that an event may be answered with.
fn expected(event: &Value, body: &[u8]) -> &'static [u16] {
    let has_token = event["headers"][TOKEN_HEADER] == CALLBACK_TOKEN;
    match (event["rawPath"].as_str(), event["requestContext"]["http"]["method"].as_str(), body.is_empty()) {
        (Some("/webhook"), Some("GET"), _) => &[200, 400],
        (Some("/webhook"), Some("POST"), false) if has_token => &[200],
        (Some("/webhook"), Some("POST"), false) => &[401],
        (Some("/webhook"), Some("POST"), true) => &[200, 400, 401],
        (Some("/webhook"), ..) => &[405],
        _ => &[404],
    }
}

#[test]
fn any_event_of_api_gateway_is_answered_and_what_bears_a_right_token_is_kept_whole() {
    let runtime = Runtime::new().expect("there are threads");
    let world = runtime.block_on(World::new());
    let environment = tokio::sync::Mutex::new(runtime.block_on(Environment::start(&world)));
    let kept = std::sync::Mutex::new(HashSet::new());

    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let result = runner.run(&any_event(), |(event, body)| {
        let answer = runtime.block_on(async { environment.lock().await.invoke(&event).await });
        let answer = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
        prop_assert!(expected(&event, &body).contains(&status), "{answer}");
        if answer["headers"]["content-type"] == "application/json" && status == 200 {
            kept.lock().expect("nobody panics while holding it").insert(body);
        }
        Ok(())
    });

    if let Err(error) = result {
        panic!("{error}");
    }
    let stored = runtime.block_on(async {
        let mut bodies = HashSet::new();
        for item in world.items().await.values() {
            bodies.insert(world.body(item).await);
        }
        bodies
    });
    let kept = kept.into_inner().expect("nobody panicked while holding it");
    assert!(kept.len() > 50, "only {} events had a right token", kept.len());
    assert_eq!(stored, kept);
}
