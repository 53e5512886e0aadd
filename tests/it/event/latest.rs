//! Which version of a response is the latest.

use kaizala_webhook::event::{Event, Rank, Timestamp};
use proptest::{
    option,
    prelude::*,
    test_runner::{Config, TestRunner},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_millis(second * 1000).expect("it is a time")
}

#[test]
fn an_edit_beats_an_original_that_comes_late_and_a_pull_beats_what_was_said_before() {
    let in_order = [
        // An original without a time that comes after everything.
        Rank::of_pushed(false, None, at(90), "a"),
        Rank::of_pushed(true, Some(at(10)), at(80), "b"),
        Rank::of_pushed(true, Some(at(20)), at(40), "c"),
        Rank::of_pulled(at(30), "d"),
        // A phone whose clock runs ahead counts as of its arrival.
        Rank::of_pushed(true, Some(at(1000)), at(31), "e"),
        Rank::of_pushed(true, None, at(32), "f"),
        // The same time: the later arrival, then the greater key.
        Rank::of_pushed(true, Some(at(33)), at(34), "g"),
        Rank::of_pushed(true, Some(at(33)), at(35), "g"),
        Rank::of_pushed(true, Some(at(33)), at(35), "g#r0"),
    ];

    assert!(in_order.is_sorted_by(|one, other| one < other), "{in_order:?}");
    assert_eq!(in_order[4].ranked_at(), at(31));
}

#[test]
fn only_an_event_that_says_that_it_is_an_edit_is_one() {
    for (data, is_edit) in [
        (r#"{"isUpdateResponse":true}"#, true),
        (r#"{"isUpdateResponse":"TRUE"}"#, true),
        (r#"{"isUpdateResponse":1}"#, true),
        (r#"{"isUpdateResponse":false}"#, false),
        (r#"{"isUpdateResponse":null}"#, false),
        (r#"{"responseDetails":{"isUpdateResponse":true}}"#, false),
        ("[true]", false),
    ] {
        let body = format!(r#"{{"eventId":"1","eventType":"ActionResponse","isUpdateResponse":true,"data":{data}}}"#);
        assert_eq!(Event::parse(body.as_bytes()).expect("it is an event").is_edit(), is_edit, "{data}");
    }
}

/// Whether it is pulled, whether it is an edit, the sender's time, the arrival, the key.
type Told = (bool, bool, Option<i64>, i64, String);

fn rank((is_pulled, is_edit, occurred_at, received_at, key): &Told) -> Rank<'_> {
    if *is_pulled {
        Rank::of_pulled(at(*received_at), key)
    } else {
        Rank::of_pushed(*is_edit, occurred_at.map(at), at(*received_at), key)
    }
}

#[test]
fn bytes_sort_as_ranks_do() {
    let told = || (any::<bool>(), any::<bool>(), option::of(0..4_i64), 0..4_i64, "[a#é]{0,2}");
    let bytes = |told: &Told| {
        let mut bytes = Vec::new();
        rank(told).append_to(&mut bytes);
        bytes
    };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let holds = runner.run(&(told(), told()), |(one, other)| {
        prop_assert_eq!(bytes(&one).cmp(&bytes(&other)), rank(&one).cmp(&rank(&other)));
        Ok(())
    });
    if let Err(error) = holds {
        panic!("{error}");
    }
}
