//! A table whose items expire.

use crate::support::{World, sample};

#[tokio::test]
async fn an_edit_that_comes_again_after_its_original_expired_stays_one_item() {
    let world = World::with_retention(Some(1)).await;
    let (original, edit) = (sample("action-response"), sample("action-response-edit"));
    assert_eq!(world.deliver(&original).await.outcome(), "stored");
    let key = world.items().await.into_keys().next().expect("there is one");
    assert_eq!(world.deliver(&edit).await.outcome(), "revised");

    // As DynamoDB does it: the original first.
    world.delete(&key).await;

    assert_eq!(world.deliver(&edit.clone().again()).await.outcome(), "duplicate");
    assert_eq!(world.body(&world.only_item().await).await, edit.body());
}

#[tokio::test]
async fn an_edit_without_an_original_is_stored_once_where_items_expire() {
    let world = World::with_retention(Some(1)).await;
    let edit = sample("action-response-edit");

    assert_eq!(world.deliver(&edit).await.outcome(), "stored");
    assert_eq!(world.deliver(&edit.clone().again()).await.outcome(), "duplicate");
    assert_eq!(world.deliver(&sample("action-response")).await.outcome(), "revised");

    assert_eq!(world.items().await.len(), 2);
}

#[tokio::test]
async fn where_items_expire_only_an_edit_costs_a_request_more() {
    let world = World::with_retention(Some(1)).await;
    for name in ["action-response", "text-message-created", "job-created", "quarantine-not-json"] {
        world.proxy.take_operations();
        world.deliver(&sample(name)).await;
        world.deliver(&sample(name).again()).await;
        assert_eq!(world.proxy.take_operations(), ["PutItem", "PutItem"], "{name}");
    }

    world.deliver(&sample("action-response-edit")).await;
    assert_eq!(world.proxy.take_operations(), ["GetItem", "PutItem", "PutItem"]);
}
