//! The events of `events/`: what API Gateway hands to the function, one case a file.

use std::{fs, path::PathBuf};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use http::{HeaderMap, StatusCode};
use lambda_http::Body;
use serde_json::{Value, json};
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

/// The sample of that name, without `.json`.
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
    /// An authenticated callback with that body, and a request id of its own.
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

    /// The same delivery once more: same body, another request id.
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

    /// What `lambda_http` makes of it.
    pub fn request(&self) -> lambda_http::Request {
        lambda_http::request::from_str(&self.event.to_string()).expect("it is an HTTP API event")
    }
}

/// Text that hardly compresses: a hash chain in base64, of exactly that many bytes.
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

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn from_lambda(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, headers: head.headers, body: body.to_vec() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    /// What became of a delivery that was accepted.
    pub fn outcome(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()["outcome"].as_str().expect("an outcome is a string").to_owned()
    }
}
