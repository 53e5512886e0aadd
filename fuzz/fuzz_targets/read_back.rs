//! Any item of the table, as a hand or another program may have left it: its attributes one by one, its body whole.
//!
//! A body that was cut into parts is asked of DynamoDB and not read here: `tests/it` does that over a database.

#![no_main]

use std::{
    collections::HashMap,
    io::Write,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use flate2::{Compression, write::GzEncoder};
use kaizala_webhook::store::{ReadError, Store, StoredItem, connect_local};
use libfuzzer_sys::fuzz_target;

/// In the order in which scripts/fuzz.sh numbers them: keys and body first, then some that are only passed on.
const NAMES: [&str; 11] = [
    "groupId",
    "eventKey",
    "payload",
    "payloadBytes",
    "payloadGzip",
    "payloadParts",
    "payloadSha256",
    "part",
    "contentSha256",
    "expiresAt",
    "stranger",
];

/// Never connects: whatever would have to is left out.
static STORE: LazyLock<Store> = LazyLock::new(|| Store::new(connect_local("http://127.0.0.1:1"), "fuzz", None));

fuzz_target!(|input: &[u8]| {
    let Generated { attributes, unzipped } = Generated::from(input);
    let item = StoredItem::from(attributes.clone());
    for name in NAMES {
        let value = attributes.get(name);
        assert_eq!(item.text(name), value.and_then(|value| value.as_s().ok()).map(String::as_str));
        assert_eq!(item.bytes(name), value.and_then(|value| value.as_b().ok()).map(AsRef::as_ref));
        let digits = value.and_then(|value| value.as_n().ok());
        assert_eq!(item.number(name), digits.and_then(|digits| digits.parse().ok()));
    }
    assert_eq!(item.is_part(), attributes.contains_key("part"));
    let keys = attributes.into_iter().filter(|(name, _)| ["groupId", "eventKey"].contains(&name.as_str()));
    assert_eq!(format!("{item:?}"), format!("{:?}", StoredItem::from(keys.collect::<HashMap<_, _>>())));
    check_body(&item, unzipped.as_deref());
});

fn check_body(item: &StoredItem, unzipped: Option<&[u8]>) {
    let as_is = item.text("payload").map(str::as_bytes).or_else(|| item.bytes("payloadBytes"));
    let inside = as_is.is_some() || item.bytes("payloadGzip").is_some();
    let has_digest = item.bytes("payloadSha256").is_some_and(|digest| digest.len() == 32);
    if !inside && has_digest && item.number("payloadParts").is_some_and(|parts| parts > 0) {
        return;
    }
    match (read(item), as_is.or(unzipped)) {
        (Ok(body), Some(stored)) => assert_eq!(body, stored),
        // Foreign bytes that happen to be a gzip.
        (Ok(_), None) => assert!(inside, "a body out of nowhere"),
        (Err(error), None) => {
            let shown = error.to_string();
            let ReadError::Damaged { group, key, what } = error else { panic!("{shown}") };
            assert_eq!(group, item.text("groupId").unwrap_or_default());
            assert_eq!(key, item.text("eventKey").unwrap_or_default());
            assert!(shown.ends_with(what));
        }
        (Err(error), Some(_)) => panic!("{error}"),
    }
}

/// The body of an item that needs no answer from DynamoDB, and so is ready at once.
fn read(item: &StoredItem) -> Result<Vec<u8>, ReadError> {
    match pin!(STORE.body(item)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(body) => body,
        Poll::Pending => panic!("it went to the network"),
    }
}

/// An item made of the input: per attribute a byte for its name, one for its type, two for its length, and its value.
#[derive(Default)]
struct Generated {
    attributes: HashMap<String, AttributeValue>,
    /// What `payloadGzip` unpacks to, where that is known: mutations alone never make a gzip with a right checksum.
    unzipped: Option<Vec<u8>>,
}

impl From<&[u8]> for Generated {
    fn from(mut input: &[u8]) -> Self {
        let mut generated = Self::default();
        while let [name, kind, high, low, rest @ ..] = input {
            let (value, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
            generated.add(NAMES[usize::from(*name) % NAMES.len()], *kind, value);
            input = rest;
        }
        generated
    }
}

impl Generated {
    fn add(&mut self, name: &str, kind: u8, value: &[u8]) {
        let text = String::from_utf8_lossy(value).into_owned();
        let attribute = match kind {
            b'S' => AttributeValue::S(text),
            b'N' => AttributeValue::N(text),
            b'B' => AttributeValue::B(Blob::new(value)),
            b'Z' => AttributeValue::B(Blob::new(gzip(value))),
            b'L' => AttributeValue::L(vec![AttributeValue::S(text)]),
            _ => AttributeValue::Null(true),
        };
        self.attributes.insert(name.to_owned(), attribute);
        if name == "payloadGzip" {
            self.unzipped = (kind == b'Z').then(|| value.to_vec());
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a Vec takes every write")
}
