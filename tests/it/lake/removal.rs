//! What goes wrong with single lines, files and parts, and what a change removes.

use kaizala_webhook::{
    event::Timestamp,
    lake::LakeError,
    store::StoredItem,
    tables::lake_files::{FooterError, Wanted, may_hold},
};
use serde_json::{Value, json};

use super::{
    aws::{Attributes, Aws, MINUTE, SECOND, attributes},
    storage::{content, execute, finished, keys, lake, rows},
};
use crate::support::{events::noise, tables::stored};

const START: &str = "2026-11-23T10:00:30Z";

fn run(aws: &Aws) -> Result<bool, LakeError> {
    finished(execute(&lake(aws), || aws.now()))
}

fn message(id: &str, text: &str, received_at: &str) -> Vec<StoredItem> {
    let body = json!({"eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
    stored(body.to_string(), received_at, false)
}

fn put(aws: &Aws, id: &str, text: &str) -> Vec<Attributes> {
    let items: Vec<_> = message(id, text, &aws.now().to_string()).iter().map(attributes).collect();
    for item in &items {
        aws.table().put(item.clone());
    }
    items
}

fn key(item: &Attributes) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().expect("it has a key").to_owned();
    (text("groupId"), text("eventKey"))
}

/// The texts of all messages.
fn texts(aws: &Aws) -> Vec<Value> {
    let mut rows = rows(&aws.bucket);
    let mut texts: Vec<_> = rows.remove("messages").into_iter().flatten().map(|row| row["text"].clone()).collect();
    texts.sort_by_key(ToString::to_string);
    texts
}

/// A lake with a full export behind it, in which there is one event.
fn begun() -> (Aws, Attributes) {
    let aws = Aws::new(START);
    let item = put(&aws, "one", "one").remove(0);
    aws.table().now += 5 * MINUTE;
    run(&aws).expect("it works");
    (aws, item)
}

fn next_window(aws: &Aws) {
    aws.table().now += 20 * MINUTE;
    run(aws).expect("it works");
}

#[test]
fn a_deleted_item_leaves_the_lake_and_one_that_has_expired_leaves_with_its_files() {
    let (aws, item) = begun();
    let mut expiring = put(&aws, "two", "two").remove(0);
    let expires_at = aws.table().now / SECOND + 25 * 60;
    expiring.insert("expiresAt".to_owned(), json!({"N": expires_at.to_string()}));
    aws.table().put(expiring.clone());
    next_window(&aws);
    assert_eq!(texts(&aws), ["one", "two"]);

    aws.table().write(key(&item), None);
    aws.table().now += 10 * MINUTE;
    aws.table().write(key(&expiring), None);
    next_window(&aws);

    assert_eq!(texts(&aws), ["two"]);
    assert!(!rows(&aws.bucket)["events"].iter().any(|row| row["event_id"] == "one"));
}

#[test]
fn a_note_about_pulled_revisions_writes_and_removes_nothing() {
    let (aws, mut item) = begun();
    let before = keys(&aws.bucket, "tables");
    item.insert("pulledRevisions".to_owned(), json!({"SS": ["TextMessageCreated#one#r0123456789abcdef"]}));
    aws.table().put(item);
    next_window(&aws);
    assert_eq!(keys(&aws.bucket, "tables"), before);
}

#[test]
fn a_file_that_loses_all_its_rows_stays_so_that_a_late_convert_finds_it() {
    let (aws, item) = begun();
    let before = keys(&aws.bucket, "tables");
    aws.table().write(key(&item), None);
    next_window(&aws);
    assert_eq!(keys(&aws.bucket, "tables"), before);
    assert!(rows(&aws.bucket).is_empty());
}

#[test]
fn what_a_full_export_saw_within_its_second_is_there_once() {
    let aws = Aws::new(START);
    put(&aws, "one", "one");
    // A full export may look as far ahead as the end of its second.
    let second = aws.now().epoch_millis() * 1000 / MINUTE * MINUTE + 5 * MINUTE;
    aws.table().now = second + SECOND / 2;
    put(&aws, "two", "two");
    let mut noted = put(&aws, "three", "three").remove(0);
    let erased = key(&put(&aws, "four", "four").remove(0));
    aws.table().looks_ahead = SECOND;
    aws.table().now += MINUTE;
    run(&aws).expect("it works");
    assert_eq!(texts(&aws), ["four", "one", "three", "two"]);
    // Written again later in the same window.
    noted.insert("pulledRevisions".to_owned(), json!({"SS": ["TextMessageCreated#three#r0123456789abcdef"]}));
    aws.table().put(noted);
    let mark = json!({"groupId": {"S": erased.0}, "eventKey": {"S": erased.1}, "erased": {"BOOL": true}});
    aws.table().put(mark.as_object().expect("it is an object").clone());
    next_window(&aws);
    assert_eq!(texts(&aws), ["one", "three", "two"]);
    assert_eq!(rows(&aws.bucket)["events"].len(), 3);
}

#[test]
fn setting_the_lake_back_by_hand_makes_no_row_twice() {
    let (aws, _) = begun();
    put(&aws, "two", "two");
    next_window(&aws);
    let mut state: Value = serde_json::from_slice(&content(&aws.bucket, "lake/state.json")).expect("it is JSON");
    // To the end of the full export.
    state["done"] = json!("2026-11-23T10:04:00Z");
    aws.plant("lake/state.json", state.to_string());
    put(&aws, "three", "three");
    next_window(&aws);
    assert_eq!(texts(&aws), ["one", "three", "two"]);
}

#[test]
fn a_body_in_parts_comes_whole_and_without_its_parts_only_if_it_is_gone() {
    let (aws, _) = begun();
    let large = noise("large", 700 * 1024);
    let kept = put(&aws, "kept", &large);
    assert!(kept.len() > 2, "there are parts");
    let gone = put(&aws, "gone", &noise("gone", 700 * 1024));
    let damaged = put(&aws, "damaged", &noise("damaged", 700 * 1024));
    aws.table().now += 18 * MINUTE;
    // After the end of the window: deleted as a whole, and without a part.
    for item in &gone {
        aws.table().write(key(item), None);
    }
    aws.table().write(key(&damaged[0]), None);
    aws.table().now += SECOND;
    run(&aws).expect("it goes on");

    assert_eq!(texts(&aws), [large.as_str(), "one"]);
    let rejected = keys(&aws.bucket, "rejected");
    assert_eq!(rejected.len(), 1);
    let line: Value = serde_json::from_slice(&content(&aws.bucket, &rejected[0])).expect("it is a line");
    assert_eq!(line["NewImage"], json!(damaged.last()));
    // Every table has a file of this export too, so that nobody who still had the parts can add one later.
    assert_eq!(keys(&aws.bucket, "tables").len(), 2 * kaizala_webhook::tables::Table::all_in_lake().count());
}

#[test]
fn a_line_that_makes_no_rows_is_put_away_and_the_window_goes_on() {
    let (aws, _) = begun();
    put(&aws, "two", "two");
    let mut foreign = Attributes::new();
    foreign.insert("groupId".to_owned(), json!({"S": "g"}));
    foreign.insert("eventKey".to_owned(), json!({"S": "somebody#else"}));
    foreign.insert("payload".to_owned(), json!({"S": "a secret"}));
    aws.table().put(foreign.clone());
    next_window(&aws);
    assert_eq!(texts(&aws), ["one", "two"]);
    let rejected = keys(&aws.bucket, "rejected");
    assert_eq!(rejected.len(), 1);
    assert!(rejected[0].starts_with("rejected/0"), "{rejected:?}");
    let line: Value = serde_json::from_slice(&content(&aws.bucket, &rejected[0])).expect("it is a line");
    assert_eq!(line["NewImage"], json!(foreign));
}

/// What comes of an export whose files are not as they should be.
fn fails(change: impl Fn(&Aws, &str, bytes::Bytes)) -> LakeError {
    let (aws, _) = begun();
    let before = keys(&aws.bucket, "tables");
    put(&aws, "two", "two");
    aws.table().now += 20 * MINUTE;
    finished(lake(&aws).run(kaizala_webhook::lake::Step::Begin, aws.now())).expect("it begins");
    for key in keys(&aws.bucket, "lake/exports") {
        change(&aws, &key, content(&aws.bucket, &key));
    }
    let error = run(&aws).expect_err("it fails");
    assert_eq!(keys(&aws.bucket, "tables"), before, "nothing half-written is there");
    let state: Value = serde_json::from_slice(&content(&aws.bucket, "lake/state.json")).expect("it is JSON");
    assert_eq!(state["done"], "2026-11-23T10:04:00.000Z", "the lake has not moved on");
    error
}

#[test]
fn files_that_are_not_those_that_were_exported_stop_the_window_and_are_named() {
    let is_data = |key: &str| key.starts_with("lake/exports/AWSDynamoDB/data");
    let cut = fails(|aws, key, content| {
        if is_data(key) {
            aws.plant(key, &content[..content.len() / 2]);
        }
    });
    assert_eq!(cut.name(), "Lake.DataFile");
    assert!(cut.to_string().contains("file lake/exports/AWSDynamoDB/data/"), "{cut}");
    assert!(cut.to_string().contains("export 0"), "{cut}");

    let longer = fails(|aws, key, content| {
        if is_data(key) {
            aws.plant(key, [&content[..], &content[..]].concat());
        }
    });
    assert!(longer.to_string().contains("MD5 checksum"), "{longer}");

    let manifest = fails(|aws, key, content| {
        if key.ends_with("manifest-files.json") {
            aws.plant(key, [&content[..], b"\n"].concat());
        }
    });
    assert_eq!(manifest.name(), "Lake.Manifest");
    assert!(manifest.to_string().contains("MD5"), "{manifest}");

    let version = |from: &'static str, to: &'static str| {
        fails(move |aws, key, content| {
            if key.ends_with("manifest-summary.json") {
                let text = String::from_utf8(content.to_vec()).expect("it is text");
                aws.plant(key, text.replace(from, to));
            }
            if key.ends_with("manifest-summary.md5") {
                // Of no use any more.
                aws.plant(key, "");
            }
        })
    };
    for (from, to) in [("2023-08-01", "2029-01-01"), ("NEW_AND_OLD_IMAGES", "NEW_IMAGE")] {
        let error = version(from, to);
        assert_eq!(error.name(), "Lake.Manifest");
    }
}

/// What is looked for by one key, whenever it arrived.
struct ByKey<'a>(&'a str);

impl Wanted for ByKey<'_> {
    fn arrived(&self, _: Timestamp, _: Timestamp) -> bool {
        true
    }

    fn any_key(&self, is_there: impl Fn(&str) -> bool) -> bool {
        is_there(self.0)
    }
}

#[test]
fn the_end_of_a_file_says_which_events_are_not_in_it_also_once_rows_were_removed() {
    let aws = Aws::new(START);
    let ids: Vec<_> = (0..5000).map(|number| format!("m{number}")).collect();
    let items: Vec<_> = ids.iter().flat_map(|id| put(&aws, id, id)).collect();
    aws.table().now += 5 * MINUTE;
    run(&aws).expect("it works");
    let file = || {
        let keys = keys(&aws.bucket, "tables/messages");
        content(&aws.bucket, &keys[0])
    };
    // As the lake reads them: a little, and more if that is not enough.
    let holds = |file: &bytes::Bytes, id: &str| {
        let key = format!("TextMessageCreated#{id}");
        let mut bytes = 64;
        loop {
            let tail = file.slice(file.len().saturating_sub(bytes)..);
            match may_hold(&tail, file.len() as u64, &ByKey(&key)) {
                Ok(holds) => return (holds, bytes),
                Err(FooterError::TooShort(needed)) => bytes = usize::try_from(needed).expect("it is in memory"),
                Err(error) => panic!("{error:?}"),
            }
        }
    };

    let before = file();
    assert!(ids.iter().all(|id| holds(&before, id).0));
    let wrong = (0..5000).filter(|number| holds(&before, &format!("n{number}")).0).count();
    assert!(wrong < 25, "{wrong} of 5000");
    assert!(holds(&before, "n1").1 < before.len() / 2, "most of the file is not read");

    aws.table().write(key(&items[7]), None);
    next_window(&aws);
    let after = file();
    assert!(!holds(&after, "m7").0 && holds(&after, "m8").0);
}
