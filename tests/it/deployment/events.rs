//! `events/README.md` says of every sample event what it is and what becomes of it.

use std::fs;

use crate::support::{World, samples, template::root};

#[tokio::test]
async fn the_readme_of_the_sample_events_lists_each_with_what_it_is_answered() {
    let readme = fs::read_to_string(root().join("events/README.md")).expect("it is there");
    let listed: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
        .map(|(name, rest)| (name, rest.rsplit_once(" | ").expect("situation and outcome").1))
        .collect();
    let world = World::new().await;

    let mut answered = Vec::new();
    let samples = samples();
    for sample in &samples {
        let reply = world.deliver(sample).await;
        let is_delivery = reply.status == 200 && !sample.name.starts_with("handshake-");
        let outcome = if is_delivery { reply.outcome() } else { reply.status.as_u16().to_string() };
        answered.push((sample.name.as_str(), outcome));
    }

    let answered: Vec<_> = answered.iter().map(|(name, outcome)| (*name, outcome.as_str())).collect();
    assert_eq!(listed, answered);
}
