//! What is measured: the work on an event between the HTTP request and the request to DynamoDB, and between an item and the
//! rows of an export.

use std::{fs, hint::black_box};

use bytes::Bytes;
use kaizala_webhook::{
    event::{Event, Timestamp},
    store::{Arrival, Record, StoredItem},
    tables,
    token::{AcceptedTokens, TokenDigest},
};

/// As `kaizala token new` makes them: 256 bits.
pub const TOKEN: &str = "gJ3v0bqXW5m8cYd1RkTnLz7uHsPaE2iOfQx4MwVyB6A";

/// The body of that size: a file of `benches/bodies/`, or `100kb`, which is the largest of them with its questions asked
/// again and again.
///
/// # Panics
/// When there is none, or when it is not of that size.
pub fn body(size: &str) -> Bytes {
    if size == "100kb" {
        return repeated(&file("4kb"), 100 * 1024);
    }
    file(size).into()
}

fn file(size: &str) -> String {
    let path = format!("{}/benches/bodies/{size}.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn repeated(body: &str, bytes: usize) -> Bytes {
    const QUESTIONS: &str = r#""responseWithQuestions":["#;
    const LAST: &str = r#"{"isInvisible":true,"title":"ResponseTime""#;
    let first = body.find(QUESTIONS).expect("it is a response") + QUESTIONS.len();
    let last = body.find(LAST).expect("it has a time");
    let times = bytes.div_ceil(last - first);
    let questions = body[first..last].repeat(times);
    format!("{}{questions}{}", &body[..first], &body[last..]).into()
}

/// Body to ready item, as a delivery makes it.
///
/// # Panics
/// If the body is not an event.
pub fn item(body: &Bytes) -> StoredItem {
    item_of(&Event::parse(body).expect("it is an event"), body)
}

/// The same of a CloudEvent in structured mode.
///
/// # Panics
/// If the body is not one.
pub fn cloud_event_item(body: &Bytes) -> StoredItem {
    item_of(&Event::parse_cloud_event(body).expect("it is an event"), body)
}

fn item_of(event: &Event<'_>, body: &Bytes) -> StoredItem {
    let arrival = Arrival {
        received_at: Timestamp::from_epoch_millis(1_678_106_879_578).expect("it is after 1970"),
        request_id: Some("M2YkcHPwsTeGH1W=".to_owned()),
    };
    Record::of_event(event, arrival).stored_items(body, false).pop().expect("there is one")
}

/// Two, as while a token is being rotated.
pub fn accepted() -> AcceptedTokens {
    let digests = [TokenDigest::of(TOKEN.as_bytes()), TokenDigest::of(b"the one before")];
    digests.map(|digest| digest.to_string()).join(",").parse().expect("they are digests")
}

/// The check of a callback's token.
pub fn is_accepted(tokens: &AcceptedTokens) -> bool {
    tokens.accepts(black_box(TOKEN.as_bytes()))
}

/// What an export reads: an item, and its body.
pub fn stored(size: &str) -> (StoredItem, Bytes) {
    let body = body(size);
    (item(&body), body)
}

/// The rows of an item, every cell of them looked at; how many cells there are.
pub fn rows((item, body): &(StoredItem, Bytes)) -> usize {
    let mut cells = 0;
    tables::flatten(item, body, true, &mut |row| {
        row.each_cell(|_, cell| {
            black_box(cell);
            cells += 1;
        });
    });
    cells
}
