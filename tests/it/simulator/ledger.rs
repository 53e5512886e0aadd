//! The comparison of a table with what was sent sees every way to be wrong.

use kaizala_webhook::{
    event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest},
    simulator::ledger::{Found, Ledger},
};

fn body(version: u32) -> String {
    format!(r#"{{"eventId":"1","eventType":"X","groupId":"g","data":{{"version":{version}}}}}"#)
}

fn digest(version: u32) -> Sha256Digest {
    Event::parse(body(version).as_bytes()).expect("it is an event").content_digest()
}

fn item(key: &str, content: Option<Sha256Digest>) -> Found {
    Found { group: "g".to_owned(), key: EventKey::from_table(key), content }
}

fn revision(version: u32) -> String {
    EventKey::from_table("X#1").revision(&digest(version)).to_string()
}

/// Compares a table with an original and its edit, and returns how many are lost, twice and unexpected.
fn compare(table: Vec<Found>) -> (usize, usize, usize) {
    let mut ledger = Ledger::default();
    ledger.note(body(1).as_bytes());
    ledger.note(body(2).as_bytes());
    let differences = ledger.compare(table);
    (differences.lost.len(), differences.twice.len(), differences.unexpected.len())
}

#[test]
fn an_original_and_its_edit_are_right_in_either_order() {
    for (first, second) in [(1, 2), (2, 1)] {
        assert_eq!(
            compare(vec![item("X#1", Some(digest(first))), item(&revision(second), Some(digest(second)))]),
            (0, 0, 0)
        );
    }
}

#[test]
fn a_missing_original_or_edit_is_lost() {
    assert_eq!(compare(vec![item("X#1", Some(digest(1)))]), (1, 0, 0));
    assert_eq!(compare(vec![item(&revision(2), Some(digest(2)))]), (1, 0, 0));
    assert_eq!(compare(vec![]), (2, 0, 0));
    // Both are there, but under revision keys: the place of the first is empty.
    assert_eq!(compare(vec![item(&revision(1), Some(digest(1))), item(&revision(2), Some(digest(2)))]), (1, 0, 0));
}

#[test]
fn a_content_under_two_keys_is_there_twice() {
    let table =
        vec![item("X#1", Some(digest(1))), item(&revision(1), Some(digest(1))), item(&revision(2), Some(digest(2)))];
    assert_eq!(compare(table), (0, 1, 0));
}

#[test]
fn a_content_that_was_not_sent_is_unexpected_or_in_the_place_of_another() {
    let right = || vec![item("X#1", Some(digest(1))), item(&revision(2), Some(digest(2)))];
    let with = |more| compare(right().into_iter().chain([more]).collect());
    assert_eq!(with(item(&revision(3), Some(digest(3)))), (0, 0, 1));
    assert_eq!(with(item("X#2", Some(digest(1)))), (0, 0, 1));
    assert_eq!(compare(vec![item("X#1", Some(digest(1))), item(&revision(2), Some(digest(3)))]), (0, 0, 1));
    assert_eq!(compare(vec![item("X#1", None), item(&revision(2), Some(digest(2)))]).0, 1);
}

#[test]
fn a_quarantined_body_is_told_by_its_key_alone() {
    let mut ledger = Ledger::default();
    ledger.note(b"{");
    let key = EventKey::quarantined(&Sha256Digest::of(b"{"));
    let found = Found { group: QUARANTINE_GROUP.to_owned(), key, content: None };

    assert!(ledger.compare([found]).is_empty());
    assert_eq!(ledger.compare([]).lost.len(), 1);
}
