//! How many requests to DynamoDB a delivery costs.

use crate::support::{World, events::noise, sample, samples};

#[tokio::test]
async fn a_new_event_and_a_duplicate_cost_one_request_each() {
    let world = World::new().await;
    for sample in samples() {
        let name = &sample.name;
        let free = name.starts_with("handshake-") || name.starts_with("refused-");
        let edit = name == "action-response-edit";
        world.proxy.take_operations();
        world.deliver(&sample).await;
        let expected = if free { vec![] } else { vec!["PutItem"; if edit { 2 } else { 1 }] };
        assert_eq!(world.proxy.take_operations(), expected, "{name}");

        if !free && !edit {
            world.deliver(&sample.clone().again()).await;
            assert_eq!(world.proxy.take_operations(), ["PutItem"], "{name} again");
        }
    }
}

#[tokio::test]
async fn warming_up_reads_once_and_leaves_nothing() {
    let world = World::new().await;

    world.store.warm_up().await.expect("the store answers");

    assert_eq!(world.proxy.take_operations(), ["GetItem"]);
    assert!(world.items().await.is_empty());
    world.deliver(&sample("text-message-created")).await;
    assert_eq!(world.proxy.take_operations(), ["PutItem"]);
}

#[tokio::test]
async fn what_decides_about_a_duplicate_is_read_consistently() {
    let world = World::new().await;
    let body = format!(r#"{{"eventId":"1","eventType":"X","data":{{"text":"{}"}}}}"#, noise("a", 1_000_000));

    world.deliver_body(body).await;

    let requests = world.proxy.take_requests();
    let reads: Vec<_> = requests.iter().filter(|(operation, _)| operation == "GetItem").collect();
    assert!(!reads.is_empty());
    for (_, read) in reads {
        assert_eq!(read["ConsistentRead"], true);
    }
    for (_, put) in
        requests.iter().filter(|(operation, put)| operation == "PutItem" && put["Item"].get("part").is_none())
    {
        assert_eq!(put["ConditionExpression"], "attribute_not_exists(eventKey)");
        assert_eq!(put["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    }
}
