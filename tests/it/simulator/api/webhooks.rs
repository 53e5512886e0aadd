//! Subscriptions of the simulated API.

use std::time::Duration;

use axum::{
    Router,
    extract::RawQuery,
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, StatusCode};
use kaizala_webhook::simulator::api::CallbackSpelling;
use serde_json::{Value, json};

use super::{DAY, GROUP, GROUP_IN_PATH, Kaizala, assert_refused, callback, receiver, subscription, text};

/// A receiver that makes its answer of the validation token's raw and decoded form.
async fn odd_receiver(answer: fn(&str, String) -> Response) -> String {
    let handler = async move |RawQuery(query): RawQuery| {
        let query = query.expect("there is a query");
        let raw = query.strip_prefix("validationToken=").expect("it is a handshake");
        let (_, decoded) = url::form_urlencoded::parse(query.as_bytes()).next().expect("there is a parameter");
        answer(raw, decoded.into_owned())
    };
    callback(Router::new().fallback(handler)).await
}

#[tokio::test]
async fn a_subscription_is_made_listed_and_deleted() {
    let kaizala = Kaizala::start().await;
    let url = receiver().await;
    let id = kaizala.subscribe(&url).await;
    let list = format!("/v1/webhook?objectId={GROUP_IN_PATH}&objectType=Group");

    let expected = json!({ "webhooks": [{
        "id": id,
        "objectId": GROUP,
        "objectType": "Group",
        "events": ["ActionResponse", "TextMessageCreated"],
        "filters": [],
        "callbackUrl": url,
        "callbackToken": "a-callback-token",
        "ts": 1_700_000_000_000_u64,
        "validity": 1_763_113_904_000_u64,
        "active": true,
    }]});
    assert_eq!(kaizala.get(&list).await.json(), expected);
    assert_eq!(kaizala.get("/v1/webhook?objectId=x&objectType=Group").await.json(), json!({ "webhooks": [] }));

    let path = format!("/v1/webhook/{}", id.replace('-', "%2D"));
    assert_eq!(kaizala.call(Method::DELETE, &path, &Value::Null).await.status, StatusCode::OK);
    assert_eq!(kaizala.get(&list).await.json(), json!({ "webhooks": [] }));
    for method in [Method::DELETE, Method::PUT] {
        assert_refused(&kaizala.call(method, &path, &json!({})).await, StatusCode::NOT_FOUND, "NotFound");
    }
}

#[tokio::test]
async fn webhooks_are_also_listed_in_the_other_spelling() {
    let kaizala = Kaizala::with(|config| config.callback_spelling = CallbackSpelling::Table).await;
    let url = receiver().await;
    kaizala.subscribe(&url).await;

    let body = kaizala.get(&format!("/v1/webhook?objectId={GROUP_IN_PATH}&objectType=Group")).await.json();
    let webhook = &body["webhooks"][0];
    assert_eq!((&webhook["callBackUrl"], &webhook["callBackToken"]), (&json!(url), &json!("a-callback-token")));
    assert!(webhook.get("callbackUrl").is_none() && webhook.get("callbackToken").is_none());
}

#[tokio::test]
async fn a_callback_url_that_does_not_answer_with_200_and_exactly_the_token_is_refused() {
    let answers: [fn(&str, String) -> Response; 7] = [
        |raw, _| raw.to_owned().into_response(),
        |_, token| format!("\"{token}\"").into_response(),
        |_, token| format!("{token}\n").into_response(),
        |_, token| token.replace(' ', "+").into_response(),
        |_, token| (StatusCode::ACCEPTED, token).into_response(),
        |raw, _| Redirect::temporary(&format!("/elsewhere?validationToken={raw}")).into_response(),
        |_, _| ().into_response(),
    ];
    let kaizala = Kaizala::start().await;
    for answer in answers {
        let body = subscription(&odd_receiver(answer).await);
        let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
        assert!(reply.json().get("webhookId").is_none());
    }
    let nobody = subscription("http://127.0.0.1:1/webhook");
    let reply = kaizala.call(Method::POST, "/v1/webhook", &nobody).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
    assert_eq!(kaizala.api.subscriptions(), []);
}

#[tokio::test]
async fn a_callback_url_that_needs_more_than_five_seconds_is_refused() {
    let kaizala = Kaizala::start().await;
    let slow = async || {
        tokio::time::sleep(Duration::from_mins(1)).await;
    };
    let url = callback(Router::new().fallback(slow)).await;

    let reply = kaizala.call(Method::POST, "/v1/webhook", &subscription(&url)).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
}

#[tokio::test]
async fn a_callback_url_is_https_or_on_this_machine_and_may_have_a_query() {
    let kaizala = Kaizala::start().await;
    for url in ["http://example.com/webhook", "ftp://localhost/webhook", "/webhook", "not a URL"] {
        let reply = kaizala.call(Method::POST, "/v1/webhook", &subscription(url)).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
    let url = receiver().await.replace("127.0.0.1", "localhost");
    kaizala.subscribe(&format!("{url}?stage=prod")).await;
}

#[tokio::test]
async fn a_request_that_lacks_a_field_or_has_a_bad_one_is_told_which() {
    let kaizala = Kaizala::start().await;
    let bad = [
        ("objectId", vec![Value::Null, json!(""), json!(1)]),
        ("objectType", vec![Value::Null, json!("Person")]),
        ("eventTypes", vec![Value::Null, json!([]), json!("ActionResponse"), json!([1])]),
        ("callBackUrl", vec![Value::Null, json!(true)]),
        ("callBackToken", vec![json!(1)]),
        ("validity", vec![json!("tomorrow"), json!(-1)]),
    ];
    for (name, values) in bad {
        for value in values {
            let mut body = subscription("http://127.0.0.1:1/webhook");
            body[name] = value;
            let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
            assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
            assert!(text(&reply.json()["message"]).contains(name), "{body} {reply:?}");
        }
    }
    for body in [json!([]), Value::Null] {
        let reply = kaizala.call(Method::POST, "/v1/webhook", &body).await;
        assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
    for path in ["/v1/webhook", "/v1/webhook?objectId=x", "/v1/webhook?objectType=Group&objectId="] {
        assert_refused(&kaizala.get(path).await, StatusCode::BAD_REQUEST, "InvalidRequest");
    }
}

#[tokio::test]
async fn only_the_string_true_enables_a_disabled_webhook_again() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&receiver().await).await;
    let path = format!("/v1/webhook/{id}");

    assert!(kaizala.api.disable(&id));
    assert!(!kaizala.api.disable("nothing"));
    let reply = kaizala.call(Method::PUT, &path, &json!({ "Active": true })).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "InvalidRequest");
    kaizala.call(Method::PUT, &path, &json!({ "active": "true" })).await;
    assert!(!kaizala.subscribed(&id).is_active);

    assert_eq!(kaizala.call(Method::PUT, &path, &json!({ "Active": "true" })).await.status, StatusCode::OK);
    assert!(kaizala.subscribed(&id).is_active);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_a_new_callback_url_is_validated() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&receiver().await).await;
    let path = format!("/v1/webhook/{id}");
    let before = kaizala.subscribed(&id);

    let update = json!({ "callBackToken": "another", "validity": "1800000000000", "eventTypes": ["JobCreated"] });
    assert_eq!(kaizala.call(Method::PUT, &path, &update).await.status, StatusCode::OK);
    let after = kaizala.subscribed(&id);
    assert_eq!(after.callback_token.as_deref(), Some("another"));
    assert_eq!(after.valid_until_ms, 1_800_000_000_000);
    assert_eq!(after.event_types, ["JobCreated"]);
    assert_eq!((&after.callback_url, &after.callback_context), (&before.callback_url, &before.callback_context));

    let nobody = json!({ "callBackUrl": "http://127.0.0.1:1/webhook", "callBackContext": "new" });
    let reply = kaizala.call(Method::PUT, &path, &nobody).await;
    assert_refused(&reply, StatusCode::BAD_REQUEST, "CallbackValidationFailed");
    assert_eq!(kaizala.subscribed(&id), after);

    let url = receiver().await;
    assert_eq!(kaizala.call(Method::PUT, &path, &json!({ "callBackUrl": url })).await.status, StatusCode::OK);
    assert_eq!(kaizala.subscribed(&id).callback_url, url);
}

#[tokio::test]
async fn an_event_is_covered_by_the_active_and_valid_subscriptions_to_its_object_and_type() {
    let kaizala = Kaizala::start().await;
    let url = receiver().await;
    let id = kaizala.subscribe(&url).await;
    let covering = |object_id: &str, object_type: &str, event_type: &str| {
        kaizala.api.covering(object_id, object_type, event_type).len()
    };

    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 1);
    assert_eq!(covering(GROUP, "Action", "ActionResponse"), 0);
    assert_eq!(covering("another", "Group", "ActionResponse"), 0);
    assert_eq!(covering(GROUP, "Group", "JobCreated"), 0);

    kaizala.api.disable(&id);
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 0);
    kaizala.subscribe(&url).await;
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 1);
    kaizala.sleep(731 * DAY);
    assert_eq!(covering(GROUP, "Group", "ActionResponse"), 0);
}

#[tokio::test]
async fn a_subscription_can_be_printed_without_its_secrets() {
    let kaizala = Kaizala::start().await;
    let id = kaizala.subscribe(&format!("{}?code=in-the-url", receiver().await)).await;

    let printed = format!("{:?}", kaizala.subscribed(&id));
    assert!(printed.contains(&id), "{printed}");
    for secret in ["a-callback-token", "a-context", "in-the-url"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
