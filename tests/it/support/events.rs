//! The events of `events/`: what API Gateway passes to the function, one case per file.

use std::{fs, path::PathBuf};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use http::{HeaderMap, StatusCode};
use kaizala_webhook::receiver::lambda::GatewayEvent;
use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpResponse};
use serde_json::{Value, json, value::to_raw_value};
use sha2::{Digest, Sha512};
use uuid::Uuid;

/// The callback token in `events/`.
pub const CALLBACK_TOKEN: &str = "local-callback-token-not-for-production";

/// One file of `events/`, or a variation of one.
#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub event: Value,
}

/// Reads the sample with a name, which is given without `.json`.
pub fn sample(name: &str) -> Sample {
    let path = folder().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Sample { name: name.to_owned(), event }
}

/// All samples, by name.
pub fn samples() -> Vec<Sample> {
    let files = fs::read_dir(folder()).expect("there are events").map(|entry| entry.expect("it can be listed").path());
    let events = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let stem = |path: PathBuf| path.file_stem().expect("it is a file").to_string_lossy().into_owned();
    let mut names: Vec<_> = events.map(stem).collect();
    names.sort();
    names.iter().map(|name| sample(name)).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events")
}

impl Sample {
    /// A callback with the right token, a body, and a request id of its own.
    pub fn with_body(body: &[u8]) -> Self {
        let mut sample = sample("text-message-created").again();
        match std::str::from_utf8(body) {
            Ok(text) => sample.event["body"] = json!(text),
            Err(_) => {
                sample.event["body"] = json!(STANDARD.encode(body));
                sample.event["isBase64Encoded"] = json!(true);
            }
        }
        sample
    }

    /// A second delivery of the same event: the body is the same, the request id is another.
    pub fn again(mut self) -> Self {
        self.event["requestContext"]["requestId"] = json!(Uuid::new_v4().to_string());
        self
    }

    /// The body as Kaizala sent it.
    pub fn body(&self) -> Vec<u8> {
        let body = self.event["body"].as_str().unwrap_or_default();
        if self.event["isBase64Encoded"] == true { STANDARD.decode(body).expect("it is base64") } else { body.into() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The event as JSON, as the function gets it.
    pub fn payload(&self) -> GatewayEvent {
        to_raw_value(&self.event).expect("it is JSON")
    }
}

/// Callbacks that must be stored although something about each request is unusual. All have a right token.
pub fn strange() -> Vec<Sample> {
    let named = |name: &str, pointer: &str, value: Value| {
        let body = json!({"eventId": name, "eventType": "TextMessageCreated", "data": {"text": "x"}}).to_string();
        let mut sample = Sample::with_body(body.as_bytes());
        name.clone_into(&mut sample.name);
        let (parent, member) = pointer.rsplit_once('/').expect("it is a pointer");
        sample.event.pointer_mut(parent).expect("it is there")[member] = value;
        sample
    };
    let mut not_base64 = named("a body that is not base64", "/isBase64Encoded", json!(true));
    not_base64.event["body"] = json!("{not base64}");
    vec![
        named("a query with a bracket", "/rawQueryString", json!("a=<b>")),
        named("a query with a quotation mark", "/rawQueryString", json!("a=\"b\"")),
        named("a query with a space", "/rawQueryString", json!("a=b c")),
        named("a query with a control character", "/rawQueryString", json!("a=\u{1}")),
        named("a query beyond the length of a URI", "/rawQueryString", json!("x".repeat(70_000))),
        named("a host with a space", "/headers/host", json!("exa mple.com")),
        named("a host with brackets", "/headers/host", json!("[::1")),
        named("an empty host", "/headers/host", json!("")),
        named("two schemes", "/headers/x-forwarded-proto", json!("https,https")),
        named("a header with a control character", "/headers/user-agent", json!("a\u{1}b")),
        named("a header that is not ASCII", "/headers/user-agent", json!("naïve")),
        named("a name of a header with a space", "/headers/user agent", json!("x")),
        named("a cookie with a line break", "/cookies", json!(["a=\n"])),
        named("a stage", "/requestContext/stage", json!("a b")),
        named("a time before the epoch", "/requestContext/timeEpoch", json!(-1)),
        named("a time that is not a number", "/requestContext/timeEpoch", json!("now")),
        not_base64,
    ]
}

/// Text of an exact length in bytes that hardly compresses: a chain of hashes in base64.
pub fn noise(seed: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 128);
    let mut block = Sha512::digest(seed);
    while text.len() < bytes {
        text.push_str(&STANDARD_NO_PAD.encode(block));
        block = Sha512::digest(block);
    }
    text.truncate(bytes);
    text
}

/// An answer of the function.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn from_lambda(answer: ApiGatewayV2httpResponse) -> Self {
        let body = answer.body.expect("every answer has a body");
        assert_eq!(answer.is_base64_encoded, matches!(body, Body::Binary(_)));
        let status = answer.status_code.try_into().ok().and_then(|status| StatusCode::from_u16(status).ok());
        Self { status: status.expect("it is a status"), headers: answer.headers, body: body.to_vec() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// The outcome of a delivery that was accepted, such as `stored`.
    pub fn outcome(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()["outcome"].as_str().expect("an outcome is a string").to_owned()
    }
}
