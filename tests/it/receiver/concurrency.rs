//! Deliveries at the same moment.

use std::{collections::HashMap, sync::Arc};

use tokio::task::JoinSet;

use crate::support::{Sample, World, sample};

/// Delivers everything at once and counts the outcomes.
async fn all_at_once(world: &Arc<World>, deliveries: impl IntoIterator<Item = Sample>) -> HashMap<String, usize> {
    let mut tasks = JoinSet::new();
    for delivery in deliveries {
        let world = world.clone();
        tasks.spawn(async move { world.deliver(&delivery).await.outcome() });
    }
    let mut outcomes = HashMap::new();
    for outcome in tasks.join_all().await {
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_duplicates_exactly_one_is_stored() {
    let world = Arc::new(World::new().await);
    let event = sample("action-response");

    let outcomes = all_at_once(&world, (0..64).map(|_| event.clone().again())).await;

    assert_eq!(outcomes, HashMap::from([("stored".to_owned(), 1), ("duplicate".to_owned(), 63)]));
    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_original_and_its_edits_at_once_each_is_kept_once() {
    let world = Arc::new(World::new().await);
    let versions = (0..8).map(|version| {
        let body = serde_json::json!({"eventId": "1", "eventType": "SurveyResponse", "data": {"version": version}});
        Sample::with_body(body.to_string().as_bytes())
    });
    let deliveries: Vec<_> = versions.flat_map(|version| (0..8).map(move |_| version.clone().again())).collect();

    let outcomes = all_at_once(&world, deliveries).await;

    let count = |outcome: &str| outcomes.get(outcome).copied().unwrap_or_default();
    assert_eq!((count("stored"), count("revised"), count("duplicate")), (1, 7, 56), "{outcomes:?}");
    assert_eq!(world.items().await.len(), 8);
}
