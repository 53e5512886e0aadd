//! `docs/senders.md`: the events that it shows are kept as it says.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{World, cloud_events::Sent};

#[tokio::test]
async fn every_event_on_the_page_is_stored_once_with_or_without_its_content_type() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/senders.md");
    let page = fs::read_to_string(page).expect("it is there");
    let world = World::new().await;
    let mut shown = 0;
    for block in page.split("```json\n").skip(1) {
        let event: Value = serde_json::from_str(block.split("```").next().expect("it ends")).expect("it is JSON");
        assert_eq!(world.deliver(&Sent::structured(&event).payload()).await.outcome(), "stored", "{event}");
        let untold = Sent::new(&[("content-type", "application/json")], event.to_string());
        assert_eq!(world.deliver(&untold.payload()).await.outcome(), "duplicate", "{event}");
        shown += 1;
    }
    assert_eq!((shown, world.items().await.len()), (5, 5));
}
