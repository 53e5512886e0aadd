//! CloudEvents: the requests of `tests/fixtures/cloudevents/`, and others like them.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use kaizala_webhook::store::{Store, StoredItem};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Sample,
    events::{CALLBACK_TOKEN, Reply},
};

/// The token in the fixtures. Good for nothing else.
pub const SAMPLE_TOKEN: &str = "sample-token-not-a-secret";

/// A request of a sender of CloudEvents.
#[derive(Clone, Debug)]
pub struct Sent {
    pub name: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The requests of the fixtures, each with what is to come of it, by name.
pub fn fixtures() -> Vec<(Sent, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cloudevents");
    let expected = fs::read(folder.join("expected.json")).expect("it is there");
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).expect("it is JSON");
    let read = |(name, expected): (String, Value)| {
        let file = fs::read(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let sent = if Path::new(&name).extension().is_some_and(|extension| extension == "http") {
            Sent::of_http(&name, &file)
        } else {
            Sent::of_json(&name, file)
        };
        (sent, expected)
    };
    expected.into_iter().map(read).collect()
}

/// The request of the fixtures with that name.
pub fn fixture(name: &str) -> Sent {
    fixtures().into_iter().find(|(sent, _)| sent.name == name).unwrap_or_else(|| panic!("{name} is not there")).0
}

impl Sent {
    /// A POST with a right token.
    pub fn new(headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let token = [("kz-callback-token".to_owned(), CALLBACK_TOKEN.to_owned())];
        Self {
            name: String::new(),
            method: "POST".to_owned(),
            headers: token.into_iter().chain(headers).collect(),
            body: body.into(),
        }
    }

    /// A POST in structured mode with a right token.
    pub fn structured(event: &Value) -> Self {
        Self::new(&[("content-type", "application/cloudevents+json")], event.to_string())
    }

    /// A POST of a batch with a right token.
    pub fn batch(events: &[Value]) -> Self {
        Self::new(&[("content-type", "application/cloudevents-batch+json")], json!(events).to_string())
    }

    fn of_http(name: &str, file: &[u8]) -> Self {
        let end = file.windows(4).position(|window| window == b"\r\n\r\n").expect("it has a head");
        let head = std::str::from_utf8(&file[..end]).expect("heads of fixtures are ASCII");
        let (request, headers) = head.split_once("\r\n").expect("it has headers");
        let headers = headers.lines().map(|line| line.split_once(':').expect("it is a header"));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Self {
            name: name.to_owned(),
            method: request.split(' ').next().expect("it has a method").to_owned(),
            headers: headers.filter(|(name, _)| !["host", "content-length"].contains(&&**name)).collect(),
            body: file[end + 4..].to_vec(),
        }
    }

    /// A body alone, of which nothing is known but that it is JSON where it is Azure's own schema.
    fn of_json(name: &str, body: Vec<u8>) -> Self {
        let json = if name.contains("eventgrid-schema") { "application/json" } else { "application/cloudevents+json" };
        let mut sent = Self::new(&[("content-type", json)], body);
        name.clone_into(&mut sent.name);
        SAMPLE_TOKEN.clone_into(&mut sent.headers[0].1);
        sent
    }

    /// The same request without a header.
    pub fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self
    }

    /// The same request with a header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As plain HTTP has it.
    pub fn request(&self) -> Request<Vec<u8>> {
        let mut request = Request::builder().method(&*self.method).uri("https://example.com/webhook");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone()).expect("it is a request")
    }

    /// As API Gateway hands it to a function: the headers of one name joined, what is not text as base64.
    pub fn payload(&self) -> Sample {
        let mut headers = BTreeMap::<&str, String>::new();
        for (name, value) in &self.headers {
            let there = headers.entry(name).or_default();
            *there = if there.is_empty() { value.clone() } else { format!("{there},{value}") };
        }
        let (body, is_base64) = match std::str::from_utf8(&self.body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(&self.body), true),
        };
        let event = json!({
            "version": "2.0",
            "routeKey": "ANY /webhook",
            "rawPath": "/webhook",
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "http": {"method": self.method, "path": "/webhook", "protocol": "HTTP/1.1"},
                "requestId": Uuid::new_v4().to_string(),
                "stage": "$default",
                "timeEpoch": 1_767_323_045_678_i64,
            },
            "body": body,
            "isBase64Encoded": is_base64,
        });
        Sample { name: self.name.clone(), event }
    }

    /// The lines of the request, for a client that writes them itself.
    pub fn head(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("\r\n{name}: {value}"));
        format!("{} /webhook HTTP/1.1{}", self.method, headers.collect::<String>())
    }
}

/// Compares what was answered, and what is in the table, with what was to come of a fixture. Some of them are the same event,
/// so that what is there already is a duplicate.
pub struct Checked<'a> {
    pub store: &'a Store,
    there: Vec<(String, String)>,
}

impl<'a> Checked<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, there: Vec::new() }
    }

    pub async fn check(&mut self, sent: &Sent, expected: &Value, reply: &Reply) {
        let name = &sent.name;
        if let Some(answer) = expected["answer"].as_str() {
            return check_options(name, answer, reply);
        }
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
        let answer = reply.json();
        let Some(events) = expected.as_array() else {
            let outcome = self.outcome(expected);
            assert_eq!(answer["outcome"], outcome, "{name}: {answer}");
            return self.check_item(name, expected, &sent.body).await;
        };
        let mut outcomes = BTreeMap::<String, u64>::new();
        for event in events {
            *outcomes.entry(self.outcome(event)).or_default() += 1;
        }
        assert_eq!(answer, json!({ "outcomes": outcomes }), "{name}");
        for event in events {
            self.check_item(name, event, &[]).await;
        }
    }

    /// How many items there should be but for those in quarantine.
    pub fn events(&self) -> usize {
        self.there.len()
    }

    fn outcome(&mut self, expected: &Value) -> String {
        let text = |name: &str| expected[name].as_str().unwrap_or_default().to_owned();
        if expected["outcome"] != "stored" {
            return text("outcome");
        }
        let key = (text("groupId"), text("eventKey"));
        if self.there.contains(&key) {
            return "duplicate".to_owned();
        }
        self.there.push(key);
        "stored".to_owned()
    }

    async fn check_item(&self, name: &str, expected: &Value, body: &[u8]) {
        let get = async |group: &str, key: &str| -> StoredItem {
            let item = self.store.get(group, key).await.expect("the table answers");
            item.unwrap_or_else(|| panic!("{name}: there is no item {group} / {key}"))
        };
        if expected["outcome"] == "quarantined" {
            let item = get("quarantine", &kaizala_webhook::event::Sha256Digest::of(body).to_string()).await;
            assert_eq!(item.reason(), expected["reason"].as_str(), "{name}");
            assert_eq!(self.store.body(&item).await.expect("it is whole"), body, "{name}");
            return;
        }
        let text = |name: &str| expected[name].as_str().unwrap_or_default();
        let item = get(text("groupId"), text("eventKey")).await;
        for attribute in ["eventId", "eventType", "objectId", "occurredAt"] {
            assert_eq!(item.text(attribute), expected[attribute].as_str(), "{name}: {attribute}");
        }
        assert_eq!(item.text("objectType"), None, "{name}");
        assert_eq!(item.text("sender"), Some("cloudevents"), "{name}");
        let digest = item.content_sha256().expect("it has one").to_string();
        assert_eq!(digest, text("contentSha256"), "{name}");
    }
}

fn check_options(name: &str, answer: &str, reply: &Reply) {
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("allow"), Some("GET, POST, OPTIONS"), "{name}");
    if answer.starts_with("405") {
        assert_eq!(reply.status, 405, "{name}");
        let granted = reply.headers.keys().filter(|name| name.as_str().starts_with("webhook-"));
        assert_eq!(granted.count(), 0, "{name}");
        return;
    }
    assert_eq!(reply.status, 200, "{name}");
    assert_eq!(header("webhook-allowed-origin"), Some("eventgrid.azure.net"), "{name}");
    assert_eq!(header("webhook-allowed-rate"), Some("*"), "{name}");
    assert!(reply.body.is_empty(), "{name}");
}

/// An answer as a client reads it off the wire.
pub fn reply_of(answer: &str) -> Reply {
    let (head, body) = answer.split_once("\r\n\r\n").expect("it is HTTP");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("it has a status");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name: HeaderName = name.parse().expect("it is a name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("it is a value"));
    }
    Reply { status: status.parse().expect("it is a status"), headers, body: body.as_bytes().to_vec() }
}

/// What the release binary answers, as API Gateway reads it.
pub fn reply_of_function(answer: &Value) -> Reply {
    let mut headers = HeaderMap::new();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().expect("it is a name");
        headers.append(name, HeaderValue::from_str(value.as_str().expect("it is text")).expect("it is a value"));
    }
    let status = u16::try_from(answer["statusCode"].as_u64().expect("there is one")).expect("it is a status");
    Reply {
        status: status.try_into().expect("it is a status"),
        headers,
        body: answer["body"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}
