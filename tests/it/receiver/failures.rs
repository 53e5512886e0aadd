//! A store that fails: nothing is half-done, the caller is asked to come again, and then it works.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::StatusCode;
use kaizala_webhook::store::StoreError;

use crate::support::{Fault, World, events::CALLBACK_TOKEN, sample, world::arrival};

/// The promise to Kaizala is four seconds; a busy machine gets half a second more.
const ANSWERED_WITHIN: Duration = Duration::from_millis(4500);

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_hangs_or_throttles_is_a_503_in_time_and_the_next_delivery_stores() {
    for fault in [Fault::ServerError, Fault::Throttling, Fault::TransactionConflict, Fault::Hang, Fault::LostAnswer] {
        let world = World::new().await;
        let event = sample("action-response");
        world.proxy.always(fault);

        let reply = tokio::time::timeout(ANSWERED_WITHIN, world.deliver(&event)).await;

        let reply = reply.unwrap_or_else(|_| panic!("{fault:?}: no answer in time"));
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        assert!(reply.headers.contains_key("retry-after"), "{fault:?}");
        assert_eq!(reply.json()["error"]["code"], "store-unavailable");

        world.proxy.heal();
        let expected = if fault == Fault::LostAnswer { "duplicate" } else { "stored" };
        assert_eq!(world.deliver(&event.clone().again()).await.outcome(), expected, "{fault:?}");
        assert_eq!(world.body(&world.only_item().await).await, event.body());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_holds_for_all_the_writes_of_a_delivery_together() {
    let world = World::new().await;
    // The event's write hangs once and is then rejected; quarantine hangs.
    world.proxy.next(Fault::Hang);
    world.proxy.next(Fault::Rejection);
    world.proxy.always(Fault::Hang);

    let reply = tokio::time::timeout(ANSWERED_WITHIN, world.deliver(&sample("action-response"))).await;

    assert_eq!(reply.expect("there is an answer in time").status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_hundred_deliveries_that_fail_leave_the_next_ones_all_their_attempts() {
    let world = World::new().await;
    world.proxy.always(Fault::Throttling);
    for _ in 0..5 {
        let replies = join_all((0..20).map(|_| world.deliver_body(r#"{"eventId":"1","eventType":"X"}"#))).await;
        assert!(replies.iter().all(|reply| reply.status == StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(world.proxy.take_operations().len(), 20 * 6);
    }

    world.proxy.heal();
    for _ in 0..5 {
        world.proxy.next(Fault::Throttling);
    }

    assert_eq!(world.deliver(&sample("action-response")).await.outcome(), "stored");
    assert_eq!(world.proxy.take_operations().len(), 6);
}

#[tokio::test]
async fn an_attempt_to_store_is_made_even_when_reading_the_body_has_used_up_the_time() {
    let world = World::new().await;
    let late = world.receiver.clone().with_store_deadline(Duration::ZERO);
    let request = http::Request::post("https://example.com/webhook").header("kz-callback-token", CALLBACK_TOKEN);
    let request = request.body(Bytes::from(sample("action-response").body())).expect("it is a request");

    let response = late.answer(request, arrival()).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test]
async fn one_bad_answer_is_not_the_callers_concern() {
    for fault in [Fault::ServerError, Fault::Throttling, Fault::Hang, Fault::TransactionConflict] {
        let world = World::new().await;
        world.proxy.next(fault);

        assert_eq!(world.deliver(&sample("text-message-created")).await.outcome(), "stored", "{fault:?}");

        assert_eq!(world.items().await.len(), 1);
    }
}

#[tokio::test]
async fn our_own_retry_of_a_write_whose_answer_was_lost_counts_as_stored() {
    let world = World::new().await;
    world.proxy.next(Fault::DropAnswer);
    assert_eq!(world.deliver(&sample("action-response")).await.outcome(), "stored");
    assert_eq!(world.proxy.take_operations(), ["PutItem", "PutItem"]);

    // The original refuses the edit, the answer to the revision is lost, and its repetition finds itself.
    world.proxy.next_passes(1);
    world.proxy.next(Fault::DropAnswer);
    assert_eq!(world.deliver(&sample("action-response-edit")).await.outcome(), "revised");
    assert_eq!(world.proxy.take_operations(), ["PutItem", "PutItem", "PutItem"]);

    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn an_event_that_dynamodb_rejects_for_good_is_quarantined_and_not_refused() {
    let world = World::new().await;
    let event = sample("action-response");
    world.proxy.next(Fault::Rejection);

    assert_eq!(world.deliver(&event).await.outcome(), "quarantined");

    let item = world.only_item().await;
    assert_eq!((item.text("groupId"), item.text("reason")), (Some("quarantine"), Some("rejected-by-store")));
    assert_eq!(world.body(&item).await, event.body());
}

#[tokio::test]
async fn a_store_that_is_not_there_is_named_in_the_error_and_not_in_the_answer() {
    let world = World::new().await;
    world.proxy.always(Fault::ServerError);

    let error = world.store.warm_up().await.expect_err("the store is broken");

    assert!(matches!(error, StoreError::Unavailable(_)));
    assert!(error.to_string().contains("InternalServerError"), "{error}");
    let reply = world.deliver(&sample("text-message-created")).await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("InternalServerError"));
}
