//! The release binary under the Lambda runtime interface emulator, as AWS would run it.

use base64::{Engine, engine::general_purpose::STANDARD};
use kaizala_webhook::event::Event;
use serde_json::{Value, json};

use crate::support::{
    Fault, Sample, World,
    events::strange,
    lambda::{Lambda, RETENTION_DAYS},
    process::release_receiver,
    sample, samples,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_release_binary_answers_every_sample_event_as_the_service_does_in_process() {
    let (world, reference) = (World::with_retention(None).await, World::with_retention(Some(RETENTION_DAYS)).await);
    let lambda = Lambda::start(&world);

    for sample in samples() {
        let answer = lambda.invoke(&sample);
        let expected = reference.deliver(&sample).await;
        assert_eq!(answer["statusCode"], expected.status.as_u16(), "{}", sample.name);
        let body = answer["body"].as_str().expect("there is a body");
        let body = if answer["isBase64Encoded"] == true { STANDARD.decode(body).unwrap() } else { body.into() };
        assert_eq!(body, expected.body, "{}", sample.name);
        for (name, value) in &expected.headers {
            assert_eq!(answer["headers"][name.as_str()], value.to_str().unwrap(), "{}", sample.name);
        }
    }

    let (items, expected) = (world.items().await, reference.items().await);
    assert_eq!(items.len(), expected.len());
    for (key, item) in &items {
        assert!(expected[key] == *item, "{key:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_binary_keeps_strange_requests_that_bear_a_right_token() {
    let world = World::new().await;
    let lambda = Lambda::start(&world);

    for (kept, sample) in (1..).zip(strange()) {
        let answer = lambda.invoke(&sample);
        assert_eq!(answer["statusCode"], 200, "{}: {answer}", sample.name);
        assert_eq!(world.items().await.len(), kept, "{}", sample.name);
    }
}

/// Every text that a person wrote or is: names, phone numbers, messages, answers, URLs; and the tokens.
fn private_texts(sample: &Sample) -> Vec<String> {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(list) => list.iter().for_each(|value| collect(value, texts)),
            Value::Object(members) => {
                let told = [
                    "eventId",
                    "eventType",
                    "groupId",
                    "objectId",
                    "sourceGroupId",
                    "responseId",
                    "objectType",
                    "type",
                ];
                members
                    .iter()
                    .filter(|(name, _)| !told.contains(&name.as_str()))
                    .for_each(|(_, value)| collect(value, texts));
            }
            _ => {}
        }
    }
    let mut texts = Vec::new();
    let body = sample.body();
    match serde_json::from_slice(&body) {
        Ok(body) => collect(&body, &mut texts),
        // Broken on purpose: of what is between quotes, that which is neither an id nor the name of a field.
        Err(_) => {
            let text = String::from_utf8_lossy(&body);
            let private = |text: &&str| text.contains(' ') || text.starts_with('+') || text.starts_with("http");
            texts.extend(text.split('"').filter(private).map(str::to_owned));
        }
    }
    texts.extend(sample.event["headers"]["kz-callback-token"].as_str().map(str::to_owned));
    // Shorter ones are found in anything.
    texts.retain(|text| text.len() > 5);
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_one_line_per_delivery_and_nothing_that_people_wrote_even_at_trace_level() {
    let world = World::new().await;
    let lambda = Lambda::start(&world);

    for sample in samples() {
        lambda.invoke(&sample);
        let request_id = sample.event["requestContext"]["requestId"].as_str().expect("it has one").to_owned();
        let line: Value = lambda.process.wait_for(|line| {
            let json = serde_json::from_str::<Value>(line).ok()?;
            (json["requestId"] == request_id.as_str()).then_some(json)
        });
        assert!(line["timestamp"].is_string(), "without it Lambda takes every line for INFO");
        if sample.name.starts_with("handshake-") {
            assert_eq!(line["message"], "handshake");
        } else if sample.name.starts_with("refused-") {
            assert_eq!(line["message"], "refused");
        } else {
            assert_eq!(line["message"], "delivery");
            assert!(
                line["Outcome"].is_string() && line["StoreLatency"].is_number() && line["groupId"].is_string(),
                "{line}"
            );
            if !sample.name.starts_with("quarantine-") {
                let body = sample.body();
                let event = Event::parse(&body).expect("it is an event");
                assert_eq!((&line["eventId"], &line["eventType"]), (&json!(event.event_id), &json!(event.event_type)));
            }
        }
    }

    let output = lambda.process.output();
    for sample in samples() {
        for text in private_texts(&sample) {
            assert!(!output.contains(&text), "{}: the log holds {text:?}", sample.name);
        }
        let request_id = sample.event["requestContext"]["requestId"].as_str().expect("it has one");
        assert_eq!(output.matches(request_id).count(), 1, "{}", sample.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_opened_before_the_first_event() {
    let world = World::new().await;
    let lambda = Lambda::start(&world);

    let answer = lambda.invoke(&sample("text-message-created"));

    assert_eq!(answer["statusCode"], 200);
    assert_eq!(world.proxy.take_operations(), ["GetItem", "PutItem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_endpoint_url_counts_as_none() {
    let world = World::new().await;
    let lambda = Lambda::start_with(&[("AWS_ENDPOINT_URL_DYNAMODB", ""), ("AWS_ENDPOINT_URL", world.proxy.url())]);

    assert_eq!(lambda.invoke(&sample("text-message-created"))["statusCode"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_is_logged_with_its_ids_and_the_cause() {
    let world = World::new().await;
    let lambda =
        Lambda::start_with(&[("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url()), ("AWS_LAMBDA_LOG_LEVEL", "ERROR")]);
    let (stored, failed) = (sample("text-message-created"), sample("action-response"));
    lambda.invoke(&stored);
    world.proxy.always(Fault::Throttling);

    assert_eq!(lambda.invoke(&failed)["statusCode"], 503);

    let line: Value = lambda.process.wait_for(|line| serde_json::from_str(line).ok());
    let body = failed.json();
    assert_eq!(
        (&line["level"], &line["Outcome"], &line["reason"]),
        (&json!("ERROR"), &json!("failed"), &json!("throttled"))
    );
    assert_eq!((&line["eventId"], &line["groupId"]), (&body["eventId"], &body["data"]["groupId"]));
    assert!(
        line["error"].as_str().is_some_and(|error| error.contains("ProvisionedThroughputExceededException")),
        "{line}"
    );
    let output = lambda.process.output();
    let stored_id = stored.event["requestContext"]["requestId"].as_str().expect("it has one");
    assert!(!output.contains(stored_id), "a line below the level was written");
    for text in private_texts(&failed) {
        assert!(!output.contains(&text), "the log holds {text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lambdas_request_id_stands_in_for_api_gateways() {
    let world = World::new().await;
    let lambda = Lambda::start(&world);
    let mut event = sample("text-message-created");
    event.event["requestContext"].as_object_mut().expect("it has one").remove("requestId");

    assert_eq!(lambda.invoke(&event)["statusCode"], 200);

    let item = world.only_item().await;
    assert!(item.text("requestId").is_some_and(|id| lambda.process.output().contains(&format!("RequestId: {id}"))));
}

#[test]
fn the_release_binary_is_small() {
    let bytes = std::fs::metadata(release_receiver()).expect("it is there").len();
    assert!(bytes <= 8_000_000, "{bytes} bytes");
}
