//! Commands wait longer than deliveries, and read in pages that fit.

use kaizala_webhook::store::TimeRange;

use crate::support::{Fault, Operator, World, sample};

#[tokio::test]
async fn a_command_waits_for_an_answer_that_a_delivery_would_not_wait_for() {
    let operator = Operator::new().await;
    operator.world.deliver_body(r#"{"eventId":"1","eventType":"X","groupId":"g"}"#).await;
    operator.world.proxy.take_operations();
    operator.world.proxy.next(Fault::Late);

    let listed = operator.run(&["events", "list", "--group", "g", "--json"]).await.json();

    assert_eq!(listed["events"][0]["eventKey"], "X#1");
    assert_eq!(operator.world.proxy.take_operations(), ["Query", "BatchGetItem"]);
}

#[tokio::test]
async fn whatever_reads_many_items_reads_them_in_pages() {
    let world = World::new().await;
    world.deliver(&sample("text-message-created")).await;
    world.proxy.take_requests();
    let by_type = TimeRange { event_type: Some("X".to_owned()), ..TimeRange::default() };

    world.store.scan_page(0, 1, None).await.expect("the table answers");
    world.store.list("g", &TimeRange::default(), usize::MAX).await.expect("the table answers");
    world.store.list("g", &by_type, 1).await.expect("the table answers");

    let requests = world.proxy.take_requests();
    assert_eq!(requests.len(), 3);
    for (operation, request) in requests {
        assert!(request["Limit"].as_u64().is_some_and(|items| items > 1 && items <= 1000), "{operation}: {request}");
    }
}
