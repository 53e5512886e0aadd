//! Nothing is lost and nothing is there twice, whatever breaks between the receiver and its database.

use std::{sync::Arc, time::Duration};

use kaizala_webhook::{
    event::{EventKey, Sha256Digest},
    simulator::{
        delivery::{self, DeliveryOptions},
        ledger::{Differences, Found, Ledger},
        plan::{DeliveryPlan, Mix},
        sender::{HandshakeError, Sender},
    },
    store::StoredItem,
};
use tokio::time::sleep;

use crate::support::{
    Fault, World,
    events::CALLBACK_TOKEN,
    gateway::{Lambdas, Served},
};

/// The first retry comes after that long, where Kaizala waits three quarters of an hour.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

fn sender(url: http::Uri) -> Sender {
    Sender::new(url, CALLBACK_TOKEN).expect("the token fits into a header").with_first_pause(FIRST_PAUSE)
}

/// Delivers a plan, several events at a time, and returns what was sent and how often it had to be sent again.
async fn deliver_all(sender: &Arc<Sender>, seed: u64, events: u64) -> (Ledger, u64) {
    let plan = || DeliveryPlan::new(seed, Mix { events, duplicates: 0.1, revisions: 0.05 });
    let options = DeliveryOptions { concurrency: 8, rate: None, lost_answers: 0.0, seed };
    let tally = delivery::deliver(sender.clone(), plan(), options, |_| ()).await;
    assert_eq!(sender.stopped(), None);
    (Ledger::of(plan()).expect("events are not mixed up"), tally.retries)
}

async fn differences(world: &World, ledger: Ledger) -> Differences {
    let mut comparison = ledger.compare();
    for ((group, key), item) in world.items().await {
        comparison.check_off(&found(world, &group, &key, &item).await);
    }
    comparison.differences()
}

async fn found(world: &World, group: &str, key: &str, item: &StoredItem) -> Found {
    Found {
        group: group.to_owned(),
        key: EventKey::from_table(key),
        content: item.bytes("contentSha256").and_then(Sha256Digest::from_bytes),
        body: Some(Sha256Digest::of(&world.body(item).await)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_whatever_the_database_does() {
    let faults =
        [Fault::ServerError, Fault::Throttling, Fault::Drop, Fault::DropAnswer, Fault::Hang, Fault::LostAnswer];
    for (seed, fault) in (1..).zip(faults) {
        let world = World::new().await;
        let served = Served::start(world.receiver.clone()).await;
        let sender = Arc::new(sender(served.url.clone()));
        let delivering = tokio::spawn({
            let sender = sender.clone();
            async move { deliver_all(&sender, seed, 150).await }
        });
        // Outages that last until they have reached the sender: shorter ones the store's own retries hide.
        for _ in 0..2 {
            let passed = world.proxy.passed();
            until(|| world.proxy.passed() > passed + 30 || delivering.is_finished()).await;
            world.proxy.always(fault);
            let unavailable = served.unavailable();
            until(|| served.unavailable() > unavailable + 3 || delivering.is_finished()).await;
            world.proxy.heal();
        }

        let (ledger, retries) = delivering.await.expect("it does not panic");

        assert!(retries > 3, "{fault:?} reached nobody");
        assert!(ledger.items() > 150);
        assert_eq!(differences(&world, ledger).await, Differences::default(), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_of_the_database_are_waited_for() {
    let world = World::new().await;
    let sender = Arc::new(sender(Served::start(world.receiver.clone()).await.url));
    world.proxy.every(10, Fault::Slow);

    let (ledger, retries) = deliver_all(&sender, 31, 150).await;

    assert_eq!(retries, 0);
    assert_eq!(differences(&world, ledger).await, Differences::default());
}

/// Waits for a condition.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_when_receivers_are_killed_in_the_middle_of_their_work() {
    let world = World::new().await;
    let lambdas = Lambdas::start(&world, 3).await;
    // Long enough for a process to come up again.
    let sender = Arc::new(sender(lambdas.url.clone()).with_first_pause(Duration::from_millis(200)));
    let delivering = tokio::spawn({
        let sender = sender.clone();
        async move { deliver_all(&sender, 11, 400).await }
    });

    let (mut turn, mut killed) = (0, 0);
    while !delivering.is_finished() {
        // Not after a time but after some work, so that there is some to interrupt.
        let before = world.proxy.passed();
        until(|| world.proxy.passed() >= before + 40 || delivering.is_finished()).await;
        killed += usize::from(lambdas.replace(turn % 3));
        turn += 1;
    }
    let (ledger, retries) = delivering.await.expect("it does not panic");

    assert!(killed > 3, "only {killed} were killed");
    assert!(retries > 0, "nobody noticed");
    assert_eq!(differences(&world, ledger).await, Differences::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_of_a_table_finds_what_is_lost_or_was_not_sent() {
    let world = World::new().await;
    let sender = Arc::new(sender(Served::start(world.receiver.clone()).await.url));
    let (ledger, _) = deliver_all(&sender, 21, 50).await;
    let key = world.items().await.into_keys().find(|(_, key)| !key.contains("#r")).expect("there is one");
    world.delete(&key).await;
    let stranger = format!(r#"{{"eventId":"not-sent","eventType":"X","groupId":"{}","data":{{}}}}"#, key.0);
    world.deliver_body(stranger).await;

    let found = differences(&world, ledger).await;

    assert_eq!(found.lost.into_iter().collect::<Vec<_>>(), [format!("{} / {}", key.0, key.1)]);
    assert_eq!(found.unexpected.into_iter().collect::<Vec<_>>(), [format!("{} / X#not-sent", key.0)]);
    assert!(found.twice.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_keeps_failing_is_disabled_and_nothing_more_is_sent() {
    let world = World::new().await;
    let sender = sender(Served::start(world.receiver.clone()).await.url).with_first_pause(Duration::from_millis(1));
    world.proxy.always(Fault::Rejection);

    let delivery = sender.deliver("{}".into()).await.expect("it was sent");

    assert_eq!((delivery.attempts, delivery.is_accepted()), (7, false));
    assert!(sender.is_disabled());
    world.proxy.heal();
    assert!(sender.deliver("{}".into()).await.is_none());
    assert!(world.items().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_does_not_disable_the_webhook() {
    let world = World::new().await;
    let sender = sender(Served::start(world.receiver.clone()).await.url);
    let mut ledger = Ledger::default();

    for body in ["", "{", "[]", "null", r#"{"eventId":""}"#, r#"{"eventId":1,"eventType":"X"}"#, "\u{0}"] {
        ledger.note(body.as_bytes());
        let delivery = sender.deliver(body.into()).await.expect("it is sent");
        assert_eq!((delivery.attempts, delivery.is_accepted()), (1, true), "{body}");
    }

    assert!(!sender.is_disabled());
    assert_eq!(differences(&world, ledger).await, Differences::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_url_is_accepted_only_when_it_returns_its_token() {
    let world = World::new().await;
    let url = Served::start(world.receiver.clone()).await.url;

    assert!(sender(url.clone()).validate("a token + %2B / \"with\" é").await.is_ok());
    let elsewhere: http::Uri = url.to_string().replace("/webhook", "/elsewhere").parse().expect("it is a URI");
    let refused = sender(elsewhere).validate("token").await;
    assert!(matches!(refused, Err(HandshakeError::Status(status)) if status == 404));
    let nobody = "http://127.0.0.1:1/webhook".parse().expect("it is a URI");
    assert!(matches!(sender(nobody).validate("token").await, Err(HandshakeError::NoAnswer(_))));
}
