//! `kaizala quarantine`: sizes, beginnings of keys, and deletion.

use crate::support::{Operator, events::noise};

/// The key under which a body is quarantined.
async fn quarantined(operator: &Operator, body: &[u8]) -> String {
    operator.world.deliver_body(body).await;
    kaizala_webhook::event::Sha256Digest::of(body).to_string()
}

#[tokio::test]
async fn bodies_are_listed_with_their_sizes_and_shown_by_the_beginning_of_their_keys() {
    let operator = Operator::new().await;
    let key = quarantined(&operator, b"no JSON").await;

    let listed = operator.run(&["quarantine", "list", "--json"]).await.json();
    assert_eq!((&listed["quarantined"][0]["bytes"], &listed["more"]), (&7.into(), &false.into()));
    let shown = operator.run(&["quarantine", "show", &key[..8], "--json"]).await.json();
    assert_eq!((&shown["eventKey"], &shown["bytes"]), (&key.clone().into(), &7.into()));

    let replayed = operator.run(&["quarantine", "replay", &key[..8], "--json"]).await.json_whatever_the_code();
    assert_eq!((&replayed["replayed"][0]["key"], &replayed["replayed"][0]["result"]), (&key.into(), &"stays".into()));
}

#[tokio::test]
async fn a_beginning_that_fits_several_keys_is_refused_with_the_keys() {
    let operator = Operator::new().await;
    // Of seventeen digests, two begin with the same hex digit.
    let mut keys = Vec::new();
    for number in 0..17 {
        keys.push(quarantined(&operator, format!("no JSON {number}").as_bytes()).await);
    }
    keys.sort();
    let twins = keys.windows(2).find(|pair| pair[0][..1] == pair[1][..1]).expect("there are sixteen digits");
    for command in [&["quarantine", "show"][..], &["quarantine", "delete", "--yes"], &["quarantine", "replay"]] {
        let ran = operator.run(&[command, &[&twins[0][..1]]].concat()).await;
        assert!(ran.code == 1 && ran.error.contains(&twins[0]) && ran.error.contains(&twins[1]), "{ran:?}");
    }
    assert_eq!(operator.world.items().await.len(), 17);
    let ran = operator.run(&["quarantine", "list", "--limit", "5"]).await.ok();
    assert!(ran.output.lines().count() == 6 && ran.error == "more: --limit 10\n", "{ran:?}");
}

#[tokio::test]
async fn bodies_are_deleted_with_their_parts_and_nothing_else_is() {
    let operator = Operator::new().await;
    let large = quarantined(&operator, &[b"{".as_slice(), noise("quarantined", 600_000).as_bytes()].concat()).await;
    let kept = quarantined(&operator, b"no JSON").await;
    assert!(operator.world.parts().await > 0, "the body is cut up");

    let ran = operator.run(&["quarantine", "delete", &large]).await;
    assert!(ran.code == 1 && ran.error.contains("--yes"), "{ran:?}");
    let ran = operator.run(&["quarantine", "delete", &large, "ffffffffffffffffffff", "--yes"]).await;
    assert!(ran.code == 1 && ran.error.contains("`kaizala quarantine list` shows keys"), "{ran:?}");
    assert_eq!(operator.world.items().await.len(), 2, "nothing is deleted if a key is not there");

    let deleted = operator.run(&["quarantine", "delete", &large[..10], &large, "--yes", "--json"]).await.json();
    assert_eq!(deleted["deleted"], serde_json::json!([large]));
    assert_eq!(operator.world.parts().await, 0);
    assert_eq!(operator.world.only_item().await.event_key(), Some(kept.as_str()));
}

#[tokio::test]
async fn a_replay_of_nothing_is_wrong_usage_that_names_all() {
    let operator = Operator::new().await;
    let ran = operator.run(&["quarantine", "replay"]).await;
    assert!(ran.code == 2 && ran.error.contains("--all"), "{ran:?}");
    assert_eq!(operator.run(&["quarantine", "replay", "key", "--all"]).await.code, 2);
    assert_eq!(operator.run(&["quarantine", "delete"]).await.code, 2);
}
