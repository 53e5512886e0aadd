//! Nothing is lost and nothing is there twice, whatever breaks between the receiver and its database.

use std::{sync::Arc, time::Duration};

use kaizala_webhook::simulator::{
    ledger::{Differences, Found, Ledger},
    plan::{Mix, Plan},
    sender::{HandshakeError, Sender},
};
use tokio::{sync::Mutex, task::JoinSet};

use super::support::{
    Fault, World,
    events::CALLBACK_TOKEN,
    gateway::{self, Lambdas},
};

/// The first retry comes after that long, where Kaizala waits three quarters of an hour.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

fn sender(url: http::Uri) -> Sender {
    Sender::new(url, CALLBACK_TOKEN).expect("the token fits into a header").with_first_pause(FIRST_PAUSE)
}

/// Delivers a plan, several events at a time, and returns what was sent.
async fn deliver_all(sender: &Arc<Sender>, seed: u64, events: u64) -> Ledger {
    let plan = Plan::new(seed, Mix { events, duplicates: 0.1, revisions: 0.05 });
    let deliveries = Arc::new(Mutex::new((plan, Ledger::default())));
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let (sender, deliveries) = (sender.clone(), deliveries.clone());
        workers.spawn(async move {
            loop {
                let mut next = deliveries.lock().await;
                let Some(body) = next.0.next() else { return };
                next.1.note(&body);
                drop(next);
                sender.deliver(body).await;
            }
        });
    }
    workers.join_all().await;
    let mut deliveries = deliveries.lock().await;
    std::mem::take(&mut deliveries.1)
}

async fn differences(world: &World, ledger: &Ledger) -> Differences {
    let mut found = Vec::new();
    let table = world.behind.for_each_key(|group, key, content| found.push(Found { group, key, content }));
    table.await.expect("the table answers");
    ledger.compare(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_whatever_the_database_does() {
    let faults = [
        (3, Fault::ServerError),
        (3, Fault::Throttling),
        (3, Fault::Drop),
        (3, Fault::DropAnswer),
        (10, Fault::Slow),
        (40, Fault::Hang),
        (40, Fault::LostAnswer),
    ];
    for (seed, (nth, fault)) in (1..).zip(faults) {
        let world = World::new().await;
        let sender = Arc::new(sender(gateway::serve(world.receiver.clone()).await));
        world.proxy.every(nth, fault);

        let ledger = deliver_all(&sender, seed, 150).await;

        assert!(!sender.is_disabled(), "{fault:?}");
        assert_eq!(differences(&world, &ledger).await, Differences::default(), "{fault:?}");
        assert!(ledger.items() > 150);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_twice_when_receivers_are_killed_in_the_middle_of_their_work() {
    let world = World::new().await;
    let lambdas = Lambdas::start(&world, 3).await;
    let sender = Arc::new(sender(lambdas.url.clone()));
    let delivering = tokio::spawn({
        let sender = sender.clone();
        async move { deliver_all(&sender, 11, 400).await }
    });

    let mut killed = 0;
    while !delivering.is_finished() {
        // Not after a time but after some work, so that there is some to interrupt.
        let before = world.proxy.passed();
        while world.proxy.passed() < before + 40 && !delivering.is_finished() {
            tokio::task::yield_now().await;
        }
        lambdas.replace(killed % 3);
        killed += 1;
    }
    let ledger = delivering.await.expect("it does not panic");

    assert!(killed > 3, "only {killed} were killed");
    assert!(!sender.is_disabled());
    assert_eq!(differences(&world, &ledger).await, Differences::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_finds_what_is_lost_twice_or_not_sent() {
    let world = World::new().await;
    let sender = Arc::new(sender(gateway::serve(world.receiver.clone()).await));
    let ledger = deliver_all(&sender, 21, 50).await;
    let key = world.items().await.into_keys().find(|(_, key)| !key.contains("#r")).expect("there is one");
    world.delete(&key).await;
    let stranger = format!(r#"{{"eventId":"not-sent","eventType":"X","groupId":"{}","data":{{}}}}"#, key.0);
    world.deliver_body(stranger).await;

    let found = differences(&world, &ledger).await;

    assert_eq!(found.lost.into_iter().collect::<Vec<_>>(), [format!("{} / {}", key.0, key.1)]);
    assert_eq!(found.unexpected.into_iter().collect::<Vec<_>>(), [format!("{} / X#not-sent", key.0)]);
    assert!(found.twice.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_keeps_failing_is_disabled_and_nothing_more_is_sent() {
    let world = World::new().await;
    let sender = sender(gateway::serve(world.receiver.clone()).await).with_first_pause(Duration::from_millis(1));
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
    let sender = sender(gateway::serve(world.receiver.clone()).await);
    let mut ledger = Ledger::default();

    for body in ["", "{", "[]", "null", r#"{"eventId":""}"#, r#"{"eventId":1,"eventType":"X"}"#, "\u{0}"] {
        ledger.note(body.as_bytes());
        let delivery = sender.deliver(body.into()).await.expect("it is sent");
        assert_eq!((delivery.attempts, delivery.is_accepted()), (1, true), "{body}");
    }

    assert!(!sender.is_disabled());
    assert_eq!(differences(&world, &ledger).await, Differences::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_url_is_accepted_only_when_it_returns_its_token() {
    let world = World::new().await;
    let url = gateway::serve(world.receiver.clone()).await;

    assert!(sender(url.clone()).validate("a token + %2B / \"with\" é").await.is_ok());
    let elsewhere: http::Uri = url.to_string().replace("/webhook", "/elsewhere").parse().expect("it is a URI");
    let refused = sender(elsewhere).validate("token").await;
    assert!(matches!(refused, Err(HandshakeError::Status(status)) if status == 404));
    let nobody = "http://127.0.0.1:1/webhook".parse().expect("it is a URI");
    assert!(matches!(sender(nobody).validate("token").await, Err(HandshakeError::NoAnswer(_))));
}
