//! How many requests to DynamoDB a delivery costs.

use super::support::{World, sample, samples};

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
