//! The HTTP contract: what each request is answered with.

use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Sample, World, events::CALLBACK_TOKEN, sample, samples};

const TOKEN_HEADER: &str = "kz-callback-token";

fn get(query: &str) -> Request<&'static [u8]> {
    Request::get(format!("https://example.com/webhook{query}")).body(&b""[..]).expect("it is a request")
}

fn post() -> http::request::Builder {
    Request::post("https://example.com/webhook")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map(|value| value.to_str().expect("it is text")).unwrap_or_default()
}

fn error_code(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("an error is JSON");
    assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    body["error"]["code"].as_str().expect("an error has a code").to_owned()
}

#[tokio::test]
async fn a_handshake_gets_its_token_back_as_plain_text() {
    let world = World::new().await;
    for name in ["handshake-get", "handshake-post-empty-body"] {
        let sample = sample(name);
        let query = sample.event["rawQueryString"].as_str().expect("it has a query");
        let url = url_of(query);
        let expected = url.query_pairs().find(|(name, _)| name == "validationToken").expect("it has a token").1;

        let reply = world.deliver(&sample).await;

        assert_eq!(reply.status, StatusCode::OK, "{name}");
        assert_eq!(reply.body, expected.as_bytes(), "{name}");
        assert_eq!(header(&reply.headers, "content-type"), "text/plain; charset=utf-8");
        assert_eq!(header(&reply.headers, "x-content-type-options"), "nosniff");
        assert_eq!(header(&reply.headers, "cache-control"), "no-store");
    }
    assert!(world.items().await.is_empty());
}

/// A second opinion on how a query is decoded.
fn url_of(query: &str) -> url::Url {
    url::Url::parse(&format!("https://example.com/?{query}")).expect("it is a URL")
}

#[tokio::test]
async fn a_validation_token_is_decoded_once_and_echoed_byte_for_byte() {
    let world = World::new().await;
    let cases: [(&str, &[u8]); 7] = [
        ("a+b%2Bc", b"a b+c"),
        ("%2541", b"%41"),
        ("%20x%0A", b" x\n"),
        ("%3Cscript%3E", b"<script>"),
        ("na%C3%AFve", "naïve".as_bytes()),
        ("%FF%FE", b"\xff\xfe"),
        ("%EF%BB%BFx", b"\xef\xbb\xbfx"),
    ];
    for (encoded, token) in cases {
        let response = world.send(get(&format!("?a=b&validationToken={encoded}&c=d"))).await;
        assert_eq!((response.status(), &response.body()[..]), (StatusCode::OK, token), "{encoded}");

        let mut event = sample("handshake-get");
        event.event["rawQueryString"] = json!(format!("validationToken={encoded}"));
        let reply = world.deliver(&event).await;
        assert_eq!((reply.status, &reply.body[..]), (StatusCode::OK, token), "{encoded} through the Lambda");
    }
}

#[tokio::test]
async fn a_get_without_a_usable_validation_token_is_a_bad_request() {
    let world = World::new().await;
    for query in ["", "?", "?validationtoken=x", "?token=x"] {
        let response = world.send(get(query)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(error_code(response.body()), "validation-token-missing", "{query}");
    }
    for query in ["?validationToken=".to_owned(), "?validationToken".to_owned(), too_long(4097)] {
        let response = world.send(get(&query)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_code(response.body()), "validation-token-invalid");
    }
    // What counts is the token and not how it is encoded.
    for query in [too_long(4096), format!("?validationToken={}", "%20".repeat(4096))] {
        assert_eq!(world.send(get(&query)).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_post_with_an_unusable_validation_token_and_no_body_is_a_bad_request_too() {
    let world = World::new().await;
    for query in ["?validationToken=".to_owned(), too_long(4097)] {
        let request = Request::post(format!("https://example.com/webhook{query}"));
        let response = world.send(request.body("").expect("it is a request")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(error_code(response.body()), "validation-token-invalid");
    }
}

fn too_long(bytes: usize) -> String {
    format!("?validationToken={}", "x".repeat(bytes))
}

#[tokio::test]
async fn an_event_stays_an_event_whatever_is_in_the_query() {
    let world = World::new().await;
    let mut event = sample("text-message-created");
    event.event["rawQueryString"] = json!("validationToken=abc");

    assert_eq!(world.deliver(&event).await.outcome(), "stored");

    event.event["headers"].as_object_mut().expect("they are").remove(TOKEN_HEADER);
    assert_eq!(world.deliver(&event).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_callback_without_exactly_one_right_token_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    for sample in samples().iter().filter(|sample| sample.name.starts_with("refused-")) {
        let reply = world.deliver(sample).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", sample.name);
        assert_eq!(error_code(&reply.body), "unauthorized");
    }

    let body = r#"{"eventId":"1","eventType":"TextMessageCreated","data":{"text":"x"}}"#;
    let twice = post().header(TOKEN_HEADER, CALLBACK_TOKEN).header(TOKEN_HEADER, CALLBACK_TOKEN);
    let joined = post().header(TOKEN_HEADER, format!("{CALLBACK_TOKEN},{CALLBACK_TOKEN}"));
    let spaced = post().header(TOKEN_HEADER, format!("{CALLBACK_TOKEN} x"));
    let bytes = post().header(TOKEN_HEADER, &b"\xff\xfe"[..]);
    for request in [twice, joined, spaced, bytes] {
        let response = world.send(request.body(body).expect("it is a request")).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }

    assert!(world.items().await.is_empty());
    assert!(world.proxy.take_operations().is_empty(), "the store was asked");
}

#[tokio::test]
async fn what_a_caller_without_a_token_sees_does_not_depend_on_what_is_wrong() {
    let world = World::new().await;
    let wrong = world.deliver(&sample("refused-wrong-token")).await;
    for name in ["refused-missing-token", "refused-empty-token"] {
        assert_eq!(world.deliver(&sample(name)).await.body, wrong.body, "{name}");
    }
}

#[tokio::test]
async fn a_delivery_is_answered_with_its_outcome_and_event_id() {
    let world = World::new().await;
    let event = sample("text-message-created");

    let reply = world.deliver(&event).await;

    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json(), json!({ "outcome": "stored", "eventId": event.json()["eventId"] }));
    assert_eq!(header(&reply.headers, "content-type"), "application/json");

    let reply = world.deliver(&sample("quarantine-not-json")).await;
    assert_eq!(reply.json(), json!({ "outcome": "quarantined", "eventId": null }));
}

#[tokio::test]
async fn other_methods_and_other_paths_are_told_apart() {
    let world = World::new().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::HEAD] {
        let request = Request::builder().method(method.clone()).uri("https://example.com/webhook");
        let response = world.send(request.body("x").expect("it is a request")).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(header(response.headers(), "allow"), "GET, POST, OPTIONS");
        assert_eq!(error_code(response.body()), "method-not-allowed");
    }
    for path in ["/", "/webhook/", "/webhooks", "/Webhook", "/default/webhook"] {
        let request = Request::post(format!("https://example.com{path}")).header(TOKEN_HEADER, CALLBACK_TOKEN);
        let response = world.send(request.body("{}").expect("it is a request")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(error_code(response.body()), "not-found");
    }
}

#[tokio::test]
async fn a_base64_body_is_the_event_that_it_encodes() {
    let world = World::new().await;
    let event = sample("base64-body");

    assert_eq!(world.deliver(&event).await.outcome(), "stored");

    assert_eq!(world.body(&world.only_item().await).await, event.body());
}

#[tokio::test]
async fn a_function_url_is_served_as_the_http_api_is() {
    let world = World::new().await;
    let mut event = sample("text-message-created");
    let context = event.event["requestContext"].as_object_mut().expect("it has one");
    context.insert("routeKey".to_owned(), json!("$default"));
    context.insert("domainName".to_owned(), json!("abcdefghij.lambda-url.eu-west-1.on.aws"));
    event.event["routeKey"] = json!("$default");

    assert_eq!(world.deliver(&event).await.outcome(), "stored");
}

#[tokio::test]
async fn a_delivery_without_a_request_id_is_stored_all_the_same() {
    let world = World::new().await;
    let body = Sample::with_body(&sample("text-message-created").body()).body();
    let request = Request::post("https://example.com/webhook").header(TOKEN_HEADER, CALLBACK_TOKEN);

    let response = world.send(request.body(body).expect("it is a request")).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(world.only_item().await.text("requestId"), None);
}
