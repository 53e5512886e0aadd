//! Transactions that something else is in the way of.

use bytes::Bytes;
use kaizala_webhook::{
    clock::now,
    event::{QUARANTINE_GROUP, Sha256Digest, Unreadable},
    store::{Arrival, Outcome, QuarantineReason, Record, Replay, StoredItem},
};

use crate::support::{Fault, World};

const BODY: &[u8] = br#"{"eventId":"1","eventType":"X","groupId":"g"}"#;

/// An event that is in quarantine.
async fn quarantined(world: &World) -> StoredItem {
    let body = Bytes::from_static(BODY);
    let arrival = Arrival { received_at: now(), request_id: None };
    let record = Record::of_quarantined(&body, QuarantineReason::Unreadable(Unreadable::NoEventId), arrival);
    world.behind.put(&record, &body).await.expect("the table answers");
    world.item(QUARANTINE_GROUP, &Sha256Digest::of(BODY).to_string()).await
}

#[tokio::test]
async fn a_transaction_that_meets_another_write_or_is_throttled_is_done_after_that() {
    for reason in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
        let world = World::new().await;
        let item = quarantined(&world).await;
        world.proxy.take_operations();
        for _ in 0..3 {
            world.proxy.next(Fault::Cancelled(reason));
        }

        let replay = world.store.replay(&item).await.expect("it is over at last");

        assert!(matches!(replay, Replay::Moved { outcome: Outcome::Stored, .. }), "{reason}: {replay:?}");
        assert_eq!(world.proxy.take_operations(), ["TransactWriteItems"; 4], "{reason}");
        assert_eq!(world.only_item().await.text("eventKey"), Some("X#1"), "{reason}");
    }
}

#[tokio::test]
async fn a_transaction_that_never_gets_through_is_an_error_and_does_nothing() {
    let world = World::new().await;
    let item = quarantined(&world).await;
    for (reason, attempts) in [("TransactionConflict", 8), ("ValidationError", 1)] {
        world.proxy.take_operations();
        world.proxy.always(Fault::Cancelled(reason));

        let error = world.store.replay(&item).await.expect_err("it does not get through").to_string();

        assert!(error.contains("TransactionCanceledException"), "{error}");
        assert_eq!(world.proxy.take_operations().len(), attempts, "{reason}");
        assert!(world.only_item().await == item);
    }
}

#[tokio::test]
async fn the_end_of_a_quarantine_that_meets_a_transaction_is_tried_again() {
    let world = World::new().await;
    world.deliver_body(BODY).await;
    let item = quarantined(&world).await;
    world.proxy.take_operations();
    // The transaction is refused, since the event is there; a look at that; then the body leaves the quarantine.
    world.proxy.next_passes(2);
    world.proxy.next(Fault::TransactionConflict);

    let replay = world.store.replay(&item).await.expect("it is over at last");

    assert!(matches!(replay, Replay::Moved { outcome: Outcome::Duplicate, .. }), "{replay:?}");
    assert_eq!(world.proxy.take_operations(), ["TransactWriteItems", "GetItem", "DeleteItem", "DeleteItem"]);
    assert_eq!(world.only_item().await.text("eventKey"), Some("X#1"));
}
