//! CloudEvents: who may deliver them, how they are told from Kaizala's events, and what of them is not an event.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    World,
    cloud_events::{Sent, fixture},
    environment::Environment,
    events::CALLBACK_TOKEN,
};

fn event(id: &str) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/test", "type": "org.example.test", "data": {"n": 1}})
}

/// The reason for which the only item is in quarantine, which is then taken out.
async fn reason(world: &World) -> String {
    let items = world.items().await;
    assert_eq!(items.len(), 1, "{:?}", items.keys());
    let (key, item) = items.into_iter().next().expect("there is one");
    assert_eq!(key.0, "quarantine", "{key:?}");
    world.delete(&key).await;
    item.reason().expect("it has one").to_owned()
}

#[tokio::test]
async fn a_bearer_token_counts_where_there_is_no_callback_token_and_nowhere_else() {
    let world = World::new().await;
    let bearer = format!("Bearer {CALLBACK_TOKEN}");
    let sent = Sent::structured(&event("1")).without("kz-callback-token");
    let odd = format!("bEARER  {CALLBACK_TOKEN}");
    for (authorization, status) in [
        (&*bearer, StatusCode::OK),
        (&odd, StatusCode::OK),
        ("Bearer wrong", StatusCode::UNAUTHORIZED),
        ("Bearer", StatusCode::UNAUTHORIZED),
        ("Bearer ", StatusCode::UNAUTHORIZED),
        (CALLBACK_TOKEN, StatusCode::UNAUTHORIZED),
        (&format!("Basic {CALLBACK_TOKEN}"), StatusCode::UNAUTHORIZED),
        (&format!("{bearer},{bearer}"), StatusCode::UNAUTHORIZED),
    ] {
        let sent = sent.clone().with("authorization", authorization);
        assert_eq!(world.send(sent.request()).await.status(), status, "{authorization}");
        assert_eq!(world.deliver(&sent.payload()).await.status, status, "{authorization}");
    }
    let twice = sent.clone().with("authorization", &bearer).with("authorization", &bearer);
    assert_eq!(world.send(twice.request()).await.status(), StatusCode::UNAUTHORIZED);
    for token in ["wrong", ""] {
        let wrong = sent.clone().with("authorization", &bearer).with("kz-callback-token", token);
        assert_eq!(world.send(wrong.request()).await.status(), StatusCode::UNAUTHORIZED, "{token:?}");
    }
    for beside in ["Bearer wrong", "Basic eA=="] {
        let right = Sent::structured(&event("1")).with("authorization", beside);
        assert_eq!(world.send(right.request()).await.status(), StatusCode::OK, "{beside}");
    }
    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test]
async fn a_token_in_the_query_is_not_looked_at() {
    let world = World::new().await;
    let mut sent = Sent::structured(&event("1")).without("kz-callback-token").payload();
    sent.event["rawQueryString"] = json!(format!("access_token={CALLBACK_TOKEN}"));

    assert_eq!(world.deliver(&sent).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn kaizala_may_send_a_bearer_token_too() {
    let world = World::new().await;
    let body = json!({"eventId": "1", "eventType": "TextMessageCreated"}).to_string();
    let sent = Sent::new(&[("authorization", &format!("Bearer {CALLBACK_TOKEN}"))], body).without("kz-callback-token");

    assert_eq!(world.deliver(&sent.payload()).await.outcome(), "stored");
    assert_eq!(world.only_item().await.text("sender"), None);
}

#[tokio::test]
async fn permission_to_deliver_is_given_to_a_valid_name_with_or_without_a_token() {
    let world = World::new().await;
    let asked = fixture("eventgrid-options.http").without("webhook-request-origin");
    let long = format!("{}.example.org", "x".repeat(64));
    for (origin, is_granted) in [
        ("eventgrid.azure.net", true),
        ("localhost", true),
        ("a-1.example.org", true),
        ("", false),
        ("*", false),
        ("https://example.org", false),
        ("example.org:443", false),
        ("-a.example.org", false),
        ("a..example.org", false),
        ("example.org,example.com", false),
        ("exa mple.org", false),
        (&long, false),
    ] {
        let asked = asked.clone().with("webhook-request-origin", origin);
        for sent in [asked.clone(), asked.clone().with("kz-callback-token", "wrong")] {
            let response = world.send(sent.request()).await;
            let headers = response.headers();
            assert_eq!(headers["allow"], "GET, POST, OPTIONS");
            if is_granted {
                assert_eq!(response.status(), StatusCode::OK, "{origin}");
                assert_eq!(headers["webhook-allowed-origin"], origin);
                assert_eq!(headers["webhook-allowed-rate"], "*");
            } else {
                assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{origin}");
                assert!(!headers.contains_key("webhook-allowed-origin"), "{origin}");
                assert!(!headers.contains_key("webhook-allowed-rate"), "{origin}");
            }
        }
    }
    let twice = asked.with("webhook-request-origin", "a.example").with("webhook-request-origin", "b.example");
    assert_eq!(world.send(twice.request()).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(world.items().await.is_empty());
    assert!(world.proxy.take_operations().is_empty(), "the store was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_url_of_a_request_for_permission_is_not_logged() {
    let world = World::new().await;
    let mut environment = Environment::start(&world).await;
    let asked = fixture("eventgrid-options.http").payload();
    let request_id = asked.event["requestContext"]["requestId"].clone();

    environment.invoke(&asked.event).await.expect("it is answered");

    let line: Value = environment
        .process
        .wait_for(|line| serde_json::from_str::<Value>(line).ok().filter(|line| line["requestId"] == request_id));
    assert_eq!((&line["message"], &line["origin"]), (&json!("permission"), &json!("eventgrid.azure.net")));
    assert!(!environment.process.output().contains("rp-sample"));
}

#[tokio::test]
async fn a_body_without_an_event_id_and_with_a_spec_version_is_a_cloud_event_whatever_its_content_type() {
    let world = World::new().await;
    for (id, content_type) in [("1", "application/json"), ("2", "text/plain"), ("3", "")] {
        let sent = Sent::new(&[("content-type", content_type)], event(id).to_string());
        assert_eq!(world.deliver(&sent.payload()).await.outcome(), "stored");
        world.item("/test", &format!("org.example.test#{id}")).await;
    }
    let sent = Sent::new(&[("content-type", "application/json")], json!([event("1"), event("4"), 7]).to_string());
    assert_eq!(
        world.deliver(&sent.payload()).await.json(),
        json!({"outcomes": {"stored": 1, "duplicate": 1, "quarantined": 1}})
    );
}

#[tokio::test]
async fn an_event_of_kaizala_stays_one_whatever_else_its_body_holds() {
    let world = World::new().await;
    let body = json!({"eventId": "1", "eventType": "TextMessageCreated", "objectType": "Group", "objectId": "g",
        "specversion": "1.0", "id": "2", "source": "/test", "type": "t", "data": {"text": "x"}});
    let ce = ("ce-id", "1");

    assert_eq!(world.deliver(&Sent::new(&[ce], body.to_string()).payload()).await.outcome(), "stored");

    assert_eq!(world.item("g", "TextMessageCreated#1").await.text("sender"), None);
}

#[tokio::test]
async fn what_is_said_to_be_a_cloud_event_and_is_not_goes_to_quarantine_with_its_reason() {
    let world = World::new().await;
    let with = |name: &str, value: Value| {
        let mut event = event("1");
        event[name] = value;
        event.to_string()
    };
    let json = "application/cloudevents+json";
    for (content_type, body, expected) in [
        (json, with("data_base64", json!("AA==")), "two-data"),
        ("application/json", with("data_base64", json!("AA==")), "two-data"),
        (json, with("specversion", json!(1.0)), "spec-version"),
        (json, with("specversion", json!("2.0")), "spec-version"),
        (json, with("specversion", json!("1.")), "spec-version"),
        (json, with("specversion", json!("10.0")), "spec-version"),
        (json, with("specversion", Value::Null), "spec-version"),
        (json, with("id", json!(" ")), "no-event-id"),
        (json, with("id", json!(["1"])), "no-event-id"),
        (json, with("type", json!(null)), "no-event-type"),
        (json, with("source", json!("")), "no-source"),
        (json, with("source", json!({})), "no-source"),
        (json, with("source", json!("x".repeat(2049))), "key-too-long"),
        (json, with("type", json!("#".repeat(400))), "key-too-long"),
        (json, "no JSON".to_owned(), "not-json"),
        (json, "\"text\"".to_owned(), "not-an-object"),
        (json, String::new(), "not-json"),
        ("application/cloudevents-batch+json", "[1,".to_owned(), "not-json"),
        ("application/json", "[{\"id\":\"1\"}]".to_owned(), "not-an-object"),
        ("application/json", "{\"id\":\"1\"}".to_owned(), "no-event-id"),
        ("application/cloudevents+avro", "Obj\u{1}".to_owned(), "event-format"),
        ("application/cloudevents+protobuf", event("1").to_string(), "event-format"),
        ("Application/CloudEvents+XML; charset=utf-8", "<event/>".to_owned(), "event-format"),
        ("application/cloudevents-batch+protobuf", "x".to_owned(), "event-format"),
    ] {
        let sent = Sent::new(&[("content-type", content_type)], body.clone());
        assert_eq!(world.deliver(&sent.payload()).await.outcome(), "quarantined", "{content_type} {body}");
        assert_eq!(reason(&world).await, expected, "{content_type} {body}");
    }
    let mut two = event("1");
    two.as_object_mut().expect("it is one").remove("data");
    for base64 in [json!("AP8QJQo"), json!("AP8Q JQo="), json!("_-8="), json!(7), json!({})] {
        two["data_base64"] = base64;
        assert_eq!(world.deliver(&Sent::structured(&two).payload()).await.outcome(), "quarantined", "{two}");
        assert_eq!(reason(&world).await, "bad-base64", "{two}");
    }
    // Null is as good as absent.
    two["data_base64"] = json!("AA==");
    two["data"] = Value::Null;
    assert_eq!(world.deliver(&Sent::structured(&two).payload()).await.outcome(), "stored");
}

#[tokio::test]
async fn a_content_type_is_read_in_any_case_and_with_parameters() {
    let world = World::new().await;
    for (id, content_type) in [
        "application/cloudevents",
        "APPLICATION/CLOUDEVENTS+JSON",
        "application/cloudevents+json;charset=UTF-8",
        "application/cloudevents+json ; charset=utf-8",
        "application/cloudevents-batch+json",
    ]
    .into_iter()
    .enumerate()
    {
        let sent = Sent::new(&[("content-type", content_type)], event(&id.to_string()).to_string());
        assert_eq!(world.deliver(&sent.payload()).await.outcome(), "stored", "{content_type}");
    }
}

#[tokio::test]
async fn a_changed_cloud_event_under_its_id_is_a_revision_and_a_kaizala_type_makes_it_no_kaizala_event() {
    let world = World::new().await;
    let mut event = json!({"specversion": "1.0", "id": "1", "source": "/test", "type": "ActionResponse",
        "data": {"groupId": "g", "actionId": "a", "responseId": "r"}, "groupid": "g", "context": "x"});
    assert_eq!(world.deliver(&Sent::structured(&event).payload()).await.outcome(), "stored");
    let item = world.item("/test", "ActionResponse#1").await;
    assert_eq!((item.text("actionId"), item.text("responseId")), (None, None));

    event["data"]["responseId"] = json!("r2");
    assert_eq!(world.deliver(&Sent::structured(&event).payload()).await.outcome(), "revised");
    event["extension"] = json!("says nothing new");
    assert_eq!(world.deliver(&Sent::structured(&event).payload()).await.outcome(), "duplicate");
}
