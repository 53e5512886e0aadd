//! `kaizala forget`: who is found, what is erased, and what stays.

use std::{path::Path, process::Command};

use kaizala_webhook::store::ItemKind;
use serde_json::{Value, json};

use crate::support::{
    World,
    events::noise,
    operator::Ran,
    process::run,
    tables::{exported, text},
    world::TABLE,
};

const ID: &str = "user-of-asha";
const PHONE: &str = "+919876543210";

/// Runs the command against a table, in a folder of its own, with `input` as its standard input.
pub async fn forget_with(world: &World, home: &Path, more: &[&str], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    command.args(["forget", "--segments", "1"]).args(more).env_clear().current_dir(home);
    command.envs([("TABLE_NAME", TABLE), ("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url()), ("USER", "operator")]);
    let input = input.to_owned();
    let ran = tokio::task::spawn_blocking(move || run(&mut command, input.as_bytes()));
    let output = ran.await.expect("it does not panic");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    Ran { code: output.status.code().expect("it exits"), output: text(output.stdout), error: text(output.stderr) }
}

/// Erases that person and returns what was printed, and the receipt.
async fn forget(world: &World, more: &[&str]) -> (Value, Value) {
    let home = tempfile::tempdir().expect("there is a place for files");
    let receipt = home.path().join("receipt.json");
    let common = ["--yes", "--json", "--receipt", text(&receipt)];
    let ran = forget_with(world, home.path(), &[&common, more].concat(), "").await;
    let receipt = std::fs::read(&receipt).map(|json| serde_json::from_slice(&json).expect("it is JSON"));
    (ran.json(), receipt.unwrap_or_default())
}

fn event(id: &str, event_type: &str, more: &Value, data: &Value) -> String {
    let mut event = json!({ "eventId": id, "eventType": event_type, "groupId": "g", "data": data });
    event.as_object_mut().expect("it is an object").extend(more.as_object().cloned().unwrap_or_default());
    event.to_string()
}

/// What the person is in, each event under an id that says how.
fn of_the_person() -> Vec<String> {
    let sent = json!({ "fromUserId": ID, "fromUser": PHONE, "fromUserName": "Asha Rao" });
    let by_phone = json!({ "fromUser": "+91 98765-43210" });
    let other = json!({ "fromUserId": "someone-else" });
    let question = json!({ "title": "Whom?", "type": "PhoneNumber", "answer": { "cc": "91", "pn": "9876543210" } });
    vec![
        event("sent", "TextMessageCreated", &sent, &json!({ "text": "hello" })),
        event("by-phone", "Announcement", &by_phone, &json!({ "title": "t" })),
        event("created", "ActionCreated", &sent, &json!({ "actionId": "a" })),
        event("answered", "ActionResponse", &other, &json!({ "responderId": ID })),
        event("hidden", "SurveyResponse", &json!({}), &json!({ "responder": PHONE, "isAnonymous": true })),
        event(
            "phone-answer",
            "ActionResponse",
            &other,
            &json!({ "responseDetails": { "responseWithQuestions": [question] } }),
        ),
        event("job-of-one", "JobCreated", &other, &json!({ "assignedTo": [PHONE, PHONE] })),
        event(
            "job-answer",
            "JobResponse",
            &other,
            &json!({ "responseDetails": { "response": { "assignee": PHONE } } }),
        ),
        event("joined", "MemberAdded", &other, &json!({ "memberId": ID, "member": "+1" })),
        event("unknown", "SomethingNew", &sent, &json!(["?"])),
        event("large", "TextMessageCreated", &sent, &json!({ "text": noise("large", 900_000) })),
    ]
}

/// What only mentions them.
fn of_others() -> Vec<String> {
    let other = json!({ "fromUserId": "someone-else", "fromUser": "+15550100", "fromUserName": "Asha Rao" });
    vec![
        event("job-of-two", "JobCreated", &other, &json!({ "assignedTo": [PHONE, "+15550100"] })),
        event("text", "TextMessageCreated", &other, &json!({ "text": "call 98765 43210" })),
        event("escaped", "TextMessageCreated", &other, &json!({ "text": "x" }))
            .replace("\"x\"", r#""\u0075ser-of-asha""#),
    ]
}

async fn erased_ids(world: &World) -> Vec<String> {
    let items = world.items().await;
    let mut ids: Vec<_> = items
        .into_iter()
        .filter(|(_, item)| item.kind() == ItemKind::Erased)
        .map(|((_, key), _)| key.split('#').skip(1).collect::<Vec<_>>().join("#"))
        .collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_person_acts_in_or_is_the_subject_of_goes_and_mentions_stay_until_they_are_asked_for() {
    let world = World::new().await;
    for body in of_the_person().into_iter().chain(of_others()) {
        assert_eq!(world.deliver_body(body).await.outcome(), "stored");
    }
    let body = format!("not JSON, of {PHONE}");
    world.deliver_body(body.clone()).await;
    world
        .deliver_body(event("bystander", "X", &json!({ "fromUserId": "user-of-ashok" }), &json!("+91987654321")))
        .await;
    let before = world.all_items().await;
    assert!(world.parts().await > 1);

    let (printed, receipt) = forget(&world, &["--user-id", ID, "--phone", PHONE]).await;

    let mut expected: Vec<_> = of_the_person().iter().map(|body| id_of(body)).collect();
    expected.sort();
    assert_eq!(erased_ids(&world).await, expected);
    assert_eq!(world.parts().await, 0);
    assert_eq!(printed["plan"]["mentions"].as_array().map(Vec::len), Some(4), "{printed}");
    assert_eq!((&receipt["erasedEvents"], &receipt["by"]), (&json!(11), &json!("operator")));
    let after = world.all_items().await;
    for (key, item) in &before {
        let stays =
            key.0 == "quarantine" || of_others().iter().any(|body| key.1.ends_with(&format!("#{}", id_of(body))));
        if stays || key.1 == "X#bystander" {
            assert!(after[key] == *item, "{key:?}");
        }
    }
    for said in [printed.to_string(), receipt.to_string()] {
        assert!(!said.contains(ID) && !said.contains("98765") && !said.contains("Asha"), "{said}");
    }
    // Kaizala delivers them again.
    for body in of_the_person() {
        assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");
    }
    assert_eq!(world.parts().await, 0);

    forget(&world, &["--user-id", ID, "--phone", PHONE, "--include-mentions"]).await;

    let live: Vec<_> = world.items().await.into_values().filter(|item| item.kind() != ItemKind::Erased).collect();
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(world.deliver_body(body).await.outcome(), "duplicate");
    assert_eq!(exported("table", &["--table", TABLE, "--endpoint-url", world.proxy.url()])["quarantine"].len(), 0);
}

fn id_of(body: &str) -> String {
    let event: Value = serde_json::from_str(body).expect("it is JSON");
    event["eventId"].as_str().expect("it has an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_of_an_event_go_and_none_comes_back() {
    let world = World::new().await;
    let version = |text: &str, sender: &Value| event("edited", "TextMessageCreated", sender, &json!({ "text": text }));
    let (nobody, person) = (json!({}), json!({ "fromUserId": ID }));
    let large = noise("second", 900_000);
    // The person is told in one of them alone.
    let versions = [version("first", &nobody), version(&large, &person), version("third", &nobody)];
    for body in &versions {
        world.deliver_body(body.clone()).await;
    }
    assert_eq!(world.items().await.len(), 3);

    let (printed, receipt) = forget(&world, &["--user-id", ID]).await;

    assert_eq!(receipt["erasedItems"], 3, "{printed}");
    assert_eq!((erased_ids(&world).await.len(), world.parts().await), (3, 0));
    for body in versions.iter().chain([&version("fourth", &person)]) {
        world.proxy.take_operations();
        assert_eq!(world.deliver_body(body.clone()).await.outcome(), "duplicate");
    }
    assert_eq!((world.items().await.len(), world.parts().await), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_finds_what_has_nothing_else_and_says_that_others_may_bear_it() {
    let world = World::new().await;
    let row = |name: &str| json!({ "Responder Name": name, "Group Name": "Doctors" });
    world.deliver_body(event("alone", "ImportedResponse", &json!({}), &row(" asha  RAO"))).await;
    world.deliver_body(event("number", "ImportedResponse", &json!({}), &row("Asha Rao 4711"))).await;
    world.deliver_body(event("longer", "ImportedResponse", &json!({}), &row("Asha Raonavi"))).await;
    let other = json!({ "fromUserId": "someone-else", "fromUserName": "Asha Rao" });
    world.deliver_body(event("namesake", "X", &other, &json!({}))).await;
    let home = tempfile::tempdir().expect("there is a place for files");

    let shown = forget_with(&world, home.path(), &["--stdin", "--dry-run"], "# many\nname Asha Rao\n").await.ok();

    assert!(shown.output.contains("name alone: 1 event. Others may bear the same name"), "{shown:?}");
    assert!(!shown.output.to_lowercase().contains("asha rao"), "{shown:?}");
    assert_eq!(erased_ids(&world).await, [""; 0]);

    let (printed, _) = forget(&world, &["--name", "Asha Rao"]).await;

    assert_eq!(erased_ids(&world).await, ["alone"]);
    assert_eq!(printed["plan"]["mentions"].as_array().map(Vec::len), Some(2), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_nowhere_is_not_a_failure_and_nothing_is_changed_unasked() {
    let world = World::new().await;
    world.deliver_body(of_the_person().swap_remove(0)).await;
    let before = world.all_items().await;
    let home = tempfile::tempdir().expect("there is a place for files");

    let nobody = forget_with(&world, home.path(), &["--user-id", "nobody-here"], "").await.ok();
    assert!(nobody.output.contains("Nothing found"), "{nobody:?}");

    let unasked = forget_with(&world, home.path(), &["--user-id", ID], "").await;
    assert_eq!(unasked.code, 1, "{unasked:?}");
    assert!(unasked.error.contains("--yes"), "{unasked:?}");
    assert!(world.all_items().await == before);
    assert_eq!(std::fs::read_dir(home.path()).expect("it is there").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_match_everything_is_refused_and_not_repeated() {
    let world = World::new().await;
    let home = tempfile::tempdir().expect("there is a place for files");
    let unfit: [&[&str]; 8] = [
        &[],
        &["--user-id", ""],
        &["--user-id", " u "],
        &["--phone", ""],
        &["--phone", "7"],
        &["--phone", "call 555 0100 now"],
        &["--name", " "],
        &["--name", "7777777"],
    ];
    for arguments in unfit {
        let ran = forget_with(&world, home.path(), arguments, "").await;
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(!ran.error.contains("555 0100") && !ran.error.contains("7777777"), "{ran:?}");
    }
    let ran = forget_with(&world, home.path(), &["--stdin", "--yes"], "\nfax 5550100\n").await;
    assert_eq!(ran.code, 2);
    assert!(ran.error.contains("line 2") && !ran.error.contains("5550100"), "{ran:?}");
    assert_eq!(world.proxy.take_operations(), [""; 0]);
}
