//! The bodies of generated events: through either subscription, edited, and of every size.

use std::collections::{BTreeSet, HashSet};

use kaizala_webhook::simulator::generator::Generator;

use super::{SEED, Sent, json, parse, sent};

#[test]
fn through_its_package_an_event_is_the_same_in_other_bytes() {
    let mut packaged = BTreeSet::new();
    for Sent { event, body: through_group, .. } in sent() {
        let Some(through_package) = event.through_package() else {
            assert!(!["ActionCreated", "ActionResponse"].contains(&event.event_type()), "{event:?} has no package");
            continue;
        };
        packaged.insert(event.event_type());
        assert_ne!(*through_group, through_package);
        let (group, package) = (parse(through_group), parse(&through_package));
        assert_eq!(group.content_digest(), package.content_digest(), "{event:?}");
        assert_eq!(group.key(), package.key());
        assert_eq!(group.table_group(), package.table_group());
        assert_eq!(package.object_type.as_deref(), Some("ActionPackage"));
        assert_ne!(group.object_id, package.object_id);
        assert_ne!(group.subscription_id(), package.subscription_id());
        assert_ne!(group.context(), package.context());
        assert_eq!(group.from_user(), package.from_user());
    }
    assert_eq!(Vec::from_iter(packaged), ["ActionCreated", "ActionResponse", "SurveyCreated", "SurveyResponse"]);
}

#[test]
fn every_edit_of_a_response_is_a_further_revision() {
    let mut edited = BTreeSet::new();
    for Sent { event, body, .. } in sent().iter().take(500) {
        let is_response = event.event_type().ends_with("Response");
        assert_eq!(event.edited().is_some(), is_response, "{event:?}");
        if !is_response {
            continue;
        }
        edited.insert(event.event_type());
        let original = parse(body);
        let mut digests = HashSet::from([original.content_digest()]);
        let mut edit = event.clone();
        for _ in 0..4 {
            edit = edit.edited().expect("an edit can be edited");
            let body = edit.body();
            let read = parse(&body);
            assert!(digests.insert(read.content_digest()), "{event:?} is edited to what it was before");
            assert_eq!(read.key(), original.key());
            assert_eq!(read.table_group(), original.table_group());
            assert_eq!(read.response_id(), original.response_id());
            assert_eq!(json(&body)["data"]["isUpdateResponse"], true);
            if let Some(occurred_at) = original.occurred_at() {
                assert!(read.occurred_at() > Some(occurred_at), "{event:?} is edited before it was given");
            }
            if let Some(through_package) = edit.through_package() {
                assert_eq!(parse(&through_package).content_digest(), read.content_digest());
            }
        }
    }
    assert_eq!(
        Vec::from_iter(edited),
        ["ActionResponse", "JobResponse", "LetsMeetResponse", "PollResponse", "SurveyResponse"]
    );
}

#[test]
fn most_events_are_small_and_a_few_are_large_or_huge() {
    let mut sizes: Vec<_> = Generator::new(SEED).take(10_000).map(|event| event.body().len()).collect();
    sizes.sort_unstable();

    assert!((150..400).contains(&sizes[0]), "the smallest has {}", sizes[0]);
    assert!((500..4_000).contains(&sizes[5_000]), "the median is {}", sizes[5_000]);
    let large = sizes.iter().filter(|size| (150_000..1_000_000).contains(*size)).count();
    assert!((4..=5).contains(&large), "{large} are large");
    let huge: Vec<_> = sizes.iter().filter(|size| **size >= 1_000_000).collect();
    assert!(huge.len() == 1 && *huge[0] < 3_100_000, "{huge:?}");
    assert!(sizes[9_990] < 100_000, "the rest ends at {}", sizes[9_990]);
}

#[test]
fn an_edit_of_something_large_stays_large() {
    let mut edits = 0;
    for event in (0..3).flat_map(|seed| Generator::new(seed).take(2_000)) {
        let Some(edit) = event.edited().filter(|_| event.body().len() > 150_000) else { continue };
        assert!(edit.body().len() > 150_000, "{event:?}");
        edits += 1;
    }
    assert!(edits > 0);
}

#[test]
fn nothing_of_what_people_wrote_is_shown_by_accident() {
    for Sent { event, json, .. } in sent() {
        let shown = format!("{event:?}");
        let id = json["eventId"].as_str().expect("it has an id");
        assert_eq!(shown, format!("Generated {{ event_type: {:?}, event_id: {id:?}, .. }}", event.event_type()));
    }
}
