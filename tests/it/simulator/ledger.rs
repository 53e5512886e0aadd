//! The comparison of a table with what was sent sees every way to be wrong.

use kaizala_webhook::{
    event::{Event, EventKey, QUARANTINE_GROUP, Sha256Digest},
    simulator::{
        ledger::{Differences, Found, Ledger},
        plan::{DeliveryPlan, Mix},
    },
};

fn body(version: u32) -> String {
    format!(r#"{{"eventId":"1","eventType":"X","groupId":"g","data":{{"version":{version}}}}}"#)
}

fn content(body: &str) -> Sha256Digest {
    Event::parse(body.as_bytes()).expect("it is an event").content_digest()
}

/// An item as the receiver writes it.
fn item(key: &str, body: &str) -> Found {
    Found {
        group: "g".to_owned(),
        key: EventKey::from_table(key),
        content: Some(content(body)),
        body: Some(Sha256Digest::of(body.as_bytes())),
    }
}

fn original(version: u32) -> Found {
    item("X#1", &body(version))
}

fn revision_key(version: u32) -> String {
    EventKey::from_table("X#1").revision(&content(&body(version))).to_string()
}

fn revision(version: u32) -> Found {
    item(&revision_key(version), &body(version))
}

fn differences(sent: &[&str], table: &[Found]) -> Differences {
    let mut ledger = Ledger::default();
    for body in sent {
        ledger.note(body.as_bytes());
    }
    let mut comparison = ledger.compare();
    for item in table {
        comparison.check_off(item);
    }
    comparison.differences()
}

/// Compares a table with an original and its edit, and returns how many are lost, twice, changed and unexpected.
fn compare(table: &[Found]) -> (usize, usize, usize, usize) {
    let Differences { lost, twice, changed, unexpected } = differences(&[&body(1), &body(2)], table);
    (lost.len(), twice.len(), changed.len(), unexpected.len())
}

#[test]
fn an_original_and_its_edit_are_right_in_either_order() {
    for (first, second) in [(1, 2), (2, 1)] {
        assert_eq!(compare(&[original(first), revision(second)]), (0, 0, 0, 0));
        assert_eq!(compare(&[revision(second), original(first)]), (0, 0, 0, 0));
    }
}

#[test]
fn a_missing_original_or_edit_is_lost() {
    assert_eq!(compare(&[original(1)]), (1, 0, 0, 0));
    assert_eq!(compare(&[revision(2)]), (1, 0, 0, 0));
    assert_eq!(compare(&[]), (2, 0, 0, 0));
    // Both are there, but under revision keys: the place of the first is empty.
    assert_eq!(compare(&[revision(1), revision(2)]), (1, 0, 0, 0));
}

#[test]
fn what_is_lost_is_named_by_the_key_under_which_it_should_be() {
    let lost = |table: &[Found]| differences(&[&body(1), &body(2)], table).lost.into_iter().collect::<Vec<_>>();
    assert_eq!(lost(&[original(1)]), [format!("g / {}", revision_key(2))]);
    assert_eq!(lost(&[revision(2)]), ["g / X#1"]);
}

#[test]
fn a_content_under_two_keys_is_there_twice() {
    assert_eq!(compare(&[original(1), revision(1), revision(2)]), (0, 1, 0, 0));
}

#[test]
fn a_content_that_was_not_sent_is_unexpected() {
    let with = |more| compare(&[original(1), revision(2), more]);
    assert_eq!(with(revision(3)), (0, 0, 0, 1));
    assert_eq!(with(item("X#2", &body(1))), (0, 0, 0, 1));
    assert_eq!(with(item("X#1#r", &body(3))), (0, 0, 0, 1));
}

#[test]
fn a_body_that_was_not_sent_is_a_change_whatever_digest_stands_beside_it() {
    let body_of_another = Found { body: original(3).body, ..original(1) };
    assert_eq!(compare(&[body_of_another, revision(2)]), (0, 0, 1, 0));
    assert_eq!(compare(&[original(3), revision(2)]), (0, 0, 1, 0));
    assert_eq!(compare(&[original(1), item(&revision_key(2), &body(3))]), (0, 0, 1, 0));
    // The same content in other words.
    let respelled = body(1).replace(":{", ": {");
    assert_eq!(content(&respelled), content(&body(1)));
    assert_eq!(compare(&[item("X#1", &respelled), revision(2)]), (0, 0, 1, 0));
    // What cannot be read is not what was sent.
    assert_eq!(compare(&[Found { body: None, ..original(1) }, revision(2)]), (0, 0, 1, 0));
}

#[test]
fn a_digest_that_is_not_that_of_the_body_is_a_change() {
    for wrong in [None, original(2).content] {
        assert_eq!(compare(&[Found { content: wrong, ..original(1) }, revision(2)]), (0, 0, 1, 0));
    }
}

#[test]
fn a_body_of_either_subscription_is_right() {
    let other = body(1).replace(r#""groupId""#, r#""subscriptionId":"s","groupId""#);
    for stored in [body(1), other.clone()] {
        assert!(differences(&[&body(1), &other], &[item("X#1", &stored)]).is_empty());
    }
}

#[test]
fn an_event_id_that_looks_like_the_suffix_of_a_revision_is_none() {
    let body = body(1).replace(r#""1""#, r#""r1""#);
    assert!(differences(&[&body], &[item("X#r1", &body)]).is_empty());
}

#[test]
fn a_quarantined_body_is_compared_and_those_of_others_are_not() {
    let quarantined = |body: &str| Found {
        group: QUARANTINE_GROUP.to_owned(),
        key: EventKey::quarantined(&Sha256Digest::of(body.as_bytes())),
        content: None,
        body: Some(Sha256Digest::of(body.as_bytes())),
    };

    assert!(differences(&["{"], &[quarantined("{"), quarantined("[")]).is_empty());
    assert_eq!(differences(&["{"], &[]).lost.len(), 1);
    let changed = Found { body: Some(Sha256Digest::of(b"[")), ..quarantined("{") };
    assert_eq!(differences(&["{"], &[changed]).changed.len(), 1);
}

#[test]
fn a_plan_is_noted_as_exactly_as_many_items_as_things_happen() {
    let plan = || DeliveryPlan::new(5, Mix { events: 400, duplicates: 0.2, revisions: 0.1 });
    let mut delivered = plan();
    delivered.by_ref().for_each(drop);

    let ledger = Ledger::of(plan()).expect("events are not mixed up");

    assert_eq!(ledger.items(), delivered.items());
    assert!(ledger.items() > 400);
}
