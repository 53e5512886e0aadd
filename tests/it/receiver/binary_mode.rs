//! CloudEvents in binary mode: the attributes in headers, the data in the body.

use http::HeaderValue;
use serde_json::{Value, json};

use crate::support::{World, cloud_events::Sent, events::CALLBACK_TOKEN};

fn binary(id: &str, more: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Sent {
    let required = [("ce-specversion", "1.0"), ("ce-id", id), ("ce-source", "/test"), ("ce-type", "org.example.test")];
    Sent::new(&[&required[..], more].concat(), body)
}

async fn kept(world: &World, key: &str) -> Value {
    let item = world.item("/test", &format!("org.example.test#{key}")).await;
    serde_json::from_slice(&world.body(&item).await).expect("it is JSON")
}

#[tokio::test]
async fn an_event_in_binary_mode_is_kept_as_the_structured_one_that_it_stands_for_without_any_credential() {
    let world = World::new().await;
    let more = [
        ("content-type", "application/json"),
        ("authorization", "Bearer secret"),
        ("cookie", "secret"),
        ("ce-time", "2026-01-02T03:04:05Z"),
        ("ce-tenant", "north"),
    ];
    let sent = binary("1", &more, r#" {"b": 1, "a": "ü"} "#);

    assert_eq!(world.deliver(&sent.payload()).await.outcome(), "stored");

    let body = kept(&world, "1").await;
    assert_eq!(
        body,
        json!({"specversion": "1.0", "id": "1", "source": "/test", "type": "org.example.test", "tenant": "north",
            "time": "2026-01-02T03:04:05Z", "datacontenttype": "application/json", "data": {"b": 1, "a": "ü"}})
    );
    assert!(!body.to_string().contains("secret") && !body.to_string().contains(CALLBACK_TOKEN));
    // Sent as that, it is the same event.
    assert_eq!(world.deliver(&Sent::structured(&body).payload()).await.outcome(), "duplicate");
}

#[tokio::test]
async fn data_is_the_same_event_in_binary_and_in_structured_mode_whatever_its_type() {
    let world = World::new().await;
    let cases: [(&str, &[u8]); 12] = [
        ("application/json", b"{\"a\": [1, 2.5]}"),
        ("application/json", b"\"a string\""),
        ("application/json", b"no JSON"),
        ("application/json", b"\xff\xfe"),
        ("Application/Problem+JSON; charset=utf-8", b"{ }"),
        ("text/plain", b"{\"a\": 1}"),
        ("text/plain", "naïve \"x\"\u{0}".as_bytes()),
        ("application/xml", b"<a/>"),
        ("application/octet-stream", b"\x00\xff"),
        ("image/png", b"text after all"),
        ("", b"{\"a\":1}"),
        ("", b"no JSON"),
    ];
    for (id, (content_type, data)) in cases.into_iter().enumerate() {
        let id = id.to_string();
        let sent = binary(&id, &[("content-type", content_type)], data);
        let sent = if content_type.is_empty() { sent.without("content-type") } else { sent };
        assert_eq!(world.deliver(&sent.payload()).await.outcome(), "stored", "{id}");
        let body = kept(&world, &id).await;
        assert_eq!(world.deliver(&Sent::structured(&body).payload()).await.outcome(), "duplicate", "{body}");

        // As another client would write it: everything that is not JSON as base64.
        let mut other = body.clone();
        let members = other.as_object_mut().expect("it is one");
        members.remove("data");
        members.insert(
            "data_base64".to_owned(),
            json!(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, data)),
        );
        assert_eq!(world.deliver(&Sent::structured(&other).payload()).await.outcome(), "duplicate", "{other}");
    }
}

#[tokio::test]
async fn headers_are_decoded_once_and_leniently() {
    let world = World::new().await;
    for (id, (sent, subject)) in [
        ("plain", "plain"),
        ("50%25%20%22ja%22%20%E2%82%AC", "50% \"ja\" €"),
        ("%e2%82%ac", "€"),
        ("%2541", "%41"),
        ("50% ja", "50% ja"),
        ("100%", "100%"),
        ("%zz%2", "%zz%2"),
        ("\"a \\\"b\\\" c\"", "a \"b\" c"),
        ("\"%41\"", "A"),
        ("\"", "\""),
        ("a\"b\"", "a\"b\""),
        ("ü", "ü"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = id.to_string();
        let binary = binary(&id, &[("ce-subject", sent)], "");
        assert_eq!(world.deliver(&binary.payload()).await.outcome(), "stored", "{sent}");
        assert_eq!(kept(&world, &id).await["subject"], subject, "{sent}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_latin_1_unless_they_were_encoded() {
    let world = World::new().await;
    let mut request = binary("1", &[], "").request();
    request.headers_mut().insert("ce-subject", HeaderValue::from_bytes(b"gr\xfcn").expect("it is a value"));
    assert_eq!(world.send(request).await.status(), 200);
    assert_eq!(kept(&world, "1").await["subject"], "grün");

    let sent = binary("2", &[("ce-subject", "gr%FCn")], "x");
    assert_eq!(world.deliver(&sent.payload()).await.outcome(), "quarantined");
    let items = world.items().await;
    let item = items.values().find(|item| item.reason().is_some()).expect("it is there");
    assert_eq!(item.reason(), Some("header-not-utf8"));
    let body: Value = serde_json::from_slice(&world.body(item).await).expect("it is JSON");
    assert_eq!((&body["subject"], &body["data_base64"]), (&json!("gr%FCn"), &json!("eA==")));
}

#[tokio::test]
async fn an_event_without_data_is_not_taken_for_a_handshake() {
    let world = World::new().await;
    let mut sent = binary("1", &[], "").payload();
    sent.event["rawQueryString"] = json!("validationToken=x");

    assert_eq!(world.deliver(&sent).await.outcome(), "stored");

    let body = kept(&world, "1").await;
    assert!(body.get("data").is_none() && body.get("data_base64").is_none(), "{body}");
}

#[tokio::test]
async fn data_does_not_come_out_of_headers_and_not_all_four_attributes_make_no_cloud_event() {
    let world = World::new().await;
    let more = [("ce-data", "x"), ("ce-data_base64", "x"), ("ce-datacontenttype", "text/plain"), ("ce-", "x")];
    assert_eq!(world.deliver(&binary("1", &more, "7").payload()).await.outcome(), "stored");
    assert_eq!(
        kept(&world, "1").await,
        json!({"specversion": "1.0", "id": "1", "source": "/test", "type": "org.example.test", "data": 7})
    );

    for header in ["ce-id", "ce-type", "ce-source", "ce-specversion"] {
        let kaizala = json!({"eventId": header, "eventType": "TextMessageCreated"}).to_string();
        let sent = binary("2", &[], kaizala).without(header);
        assert_eq!(world.deliver(&sent.payload()).await.json()["eventId"], header);
    }
}

#[tokio::test]
async fn a_structured_content_type_beats_headers_and_blank_headers_are_quarantined() {
    let world = World::new().await;
    let event = json!({"specversion": "1.0", "id": "body", "source": "/test", "type": "org.example.test"});
    let sent = binary("header", &[("content-type", "application/cloudevents+json")], event.to_string());
    assert_eq!(world.deliver(&sent.payload()).await.json()["eventId"], "body");

    let sent = binary("", &[], "x");
    assert_eq!(world.deliver(&sent.payload()).await.outcome(), "quarantined");
    let sent = binary("1", &[], "x").without("ce-specversion").with("ce-specversion", "0.3");
    assert_eq!(world.deliver(&sent.payload()).await.outcome(), "quarantined");
    let reasons: Vec<_> = world.items().await.values().filter_map(|item| item.reason().map(str::to_owned)).collect();
    assert!(reasons.contains(&"no-event-id".to_owned()) && reasons.contains(&"spec-version".to_owned()), "{reasons:?}");
}
