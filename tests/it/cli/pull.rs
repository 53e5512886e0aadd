//! `kaizala pull` as a process: responses through the simulated API into the table that the receiver writes to.

use std::collections::HashMap;

use kaizala_webhook::{simulator::api::ResponsePlace, store::StoredItem};
use serde_json::{Value, json};

use crate::support::{Operator, World, operator::Ran};

pub(super) const GROUP: &str = "e24a6532-group@2";
pub(super) const PACKAGE: &str = "com.example.shopvisit";
const ACTION: &str = "b8a1f9d2-action";

/// The questions of the card, as the webhook sends them.
pub(super) fn questions() -> Vec<Value> {
    let option = |title: &str| json!({ "title": title });
    vec![
        json!({ "title": "Shop", "type": "Text", "options": [] }),
        json!({ "title": "Open", "type": "SingleOption", "options": [option("Yes"), option("No")] }),
        json!({ "title": "Visitors", "type": "Numeric", "options": [] }),
        json!({ "title": "Place", "type": "Location", "options": [] }),
        json!({ "title": "Picture", "type": "AttachmentList", "options": [] }),
        json!({ "title": "Remarks", "type": "LargeText", "options": [] }),
        json!({ "title": "ResponseTime", "type": "DateTime", "options": [], "isInvisible": true }),
    ]
}

/// A response as the webhook sends it: everything there is to tell.
fn pushed(id: &str, shop: &str) -> Value {
    let mut answered = questions();
    let answers = [
        json!(shop),
        json!(["Yes"]),
        json!(12.0),
        json!({ "lt": 12.9716, "lg": 77.5946, "n": "Market", "acc": 12.345 }),
        json!([{ "mediaUrl": "https://cdn.example/a.jpg?sig=first", "mediaFileName": "a.jpg" }]),
        Value::Null,
        json!(1_678_096_831_044_i64),
    ];
    for (question, answer) in answered.iter_mut().zip(answers) {
        question["answer"] = answer;
    }
    json!({
        "subscriptionId": "sub-1",
        "objectId": PACKAGE,
        "objectType": "ActionPackage",
        "eventType": "ActionResponse",
        "eventId": id,
        "context": "field team",
        "fromUser": "+12025550101",
        "fromUserId": "user-1",
        "data": {
            "actionId": ACTION,
            "actionPackageId": PACKAGE,
            "packageId": format!("{PACKAGE}.2"),
            "groupId": GROUP,
            "responseId": id,
            "isUpdateResponse": false,
            "responder": "+12025550101",
            "responderName": "Asha Example",
            "responderProfilePic": "https://cdn.example/asha.jpg",
            "responseDetails": { "responseWithQuestions": answered },
            "Properties": [{ "name": "Place", "type": "Text", "value": "x" }],
        }
    })
}

/// The same response as the API tells it: less, and in another way. Questions stand with the action alone, what the app
/// fills in is missing, an option is bare, a place has long names, a picture is signed anew.
pub(super) fn pulled(id: &str, shop: &str) -> Value {
    json!({
        "responseId": id,
        "responder": "+12025550101",
        "responderName": "Asha Example",
        "answers": [
            { "title": "Shop", "answer": shop },
            { "title": "Open", "answer": "Yes" },
            { "title": "Visitors", "answer": 12 },
            { "title": "Place", "answer": { "latitude": 12.9716, "longitude": 77.5946, "name": "Market" } },
            { "title": "Picture", "answer": [{ "mediaUrl": "https://cdn.example/a.jpg?sig=second" }] },
            { "title": "Remarks", "answer": "" },
        ],
    })
}

pub(super) fn put_responses(operator: &Operator, responses: Vec<Value>) {
    let action = json!({
        "id": PACKAGE,
        "packageId": PACKAGE,
        "creationTime": 1_678_000_000,
        "actionBody": { "actionId": ACTION, "title": "Shop visit", "questions": questions() },
    });
    operator.api.put_action(GROUP, action, responses);
}

async fn pull(operator: &Operator, more: &[&str]) -> Ran {
    operator.run(&[&["pull", "--group", GROUP, "--package", PACKAGE, "--json"], more].concat()).await
}

/// What a pull says: stored, revised, already there.
pub(super) fn counts(ran: &Ran) -> [u64; 3] {
    let summary = ran.json();
    ["stored", "revised", "alreadyThere"].map(|name| summary[name].as_u64().expect("it is a number"))
}

async fn push(operator: &Operator, event: &Value) -> String {
    operator.world.deliver_body(event.to_string()).await.outcome()
}

pub(super) async fn table(world: &World) -> HashMap<(String, String), StoredItem> {
    world.items().await
}

fn assert_same(before: &HashMap<(String, String), StoredItem>, after: &HashMap<(String, String), StoredItem>) {
    assert!(before == after, "before {:?}, after {:?}", before.keys(), after.keys());
}

#[tokio::test]
async fn what_was_pushed_is_not_changed_by_a_pull() {
    for place in [ResponsePlace::Body, ResponsePlace::Action, ResponsePlace::Details] {
        let operator = Operator::with(|config| config.response_place = place).await;
        assert_eq!(push(&operator, &pushed("r1", "Corner")).await, "stored");
        assert_eq!(push(&operator, &pushed("r2", "Market")).await, "stored");
        let before = table(&operator.world).await;

        put_responses(&operator, vec![pulled("r1", "Corner"), pulled("r2", "Market")]);
        assert_eq!(counts(&pull(&operator, &[]).await), [0, 0, 2]);
        assert_eq!(counts(&pull(&operator, &[]).await), [0, 0, 2]);

        assert_same(&before, &table(&operator.world).await);
    }
}

#[tokio::test]
async fn what_was_pulled_is_not_changed_by_a_push() {
    let operator = Operator::new().await;
    put_responses(&operator, vec![pulled("r1", "Corner"), pulled("r2", "Market")]);
    assert_eq!(counts(&pull(&operator, &[]).await), [2, 0, 0]);
    let before = table(&operator.world).await;
    assert_eq!(before.len(), 2);

    assert_eq!(push(&operator, &pushed("r1", "Corner")).await, "duplicate");
    assert_eq!(push(&operator, &pushed("r2", "Market")).await, "duplicate");
    assert_eq!(push(&operator, &pushed("r2", "Market")).await, "duplicate");

    assert_same(&before, &table(&operator.world).await);
}

#[tokio::test]
async fn a_pulled_response_is_marked_and_reads_as_one_that_was_pushed() {
    let operator = Operator::new().await;
    put_responses(&operator, vec![pulled("r1", "Corner")]);
    pull(&operator, &["--retention-days", "10"]).await.ok();

    let item = operator.world.item(GROUP, "ActionResponse#r1").await;
    assert!(item.is_pulled() && item.number("expiresAt").is_some());
    assert_eq!(item.text("actionId"), Some(ACTION));
    assert_eq!(item.text("responseId"), Some("r1"));
    let body: Value = serde_json::from_slice(&operator.world.body(&item).await).expect("it is JSON");
    assert_eq!((&body["pulled"], &body["eventType"]), (&json!(true), &json!("ActionResponse")));
    let questions = &body["data"]["responseDetails"]["responseWithQuestions"];
    assert_eq!(questions[1]["options"].as_array().map(Vec::len), Some(2), "{questions}");
    assert_eq!((&questions[1]["type"], &questions[1]["answer"]), (&json!("SingleOption"), &json!("Yes")));
    assert_eq!(body["data"]["responderName"], "Asha Example");
}

#[tokio::test]
async fn an_edit_is_kept_once_whichever_way_it_comes_first() {
    // Pushed, then edited; the edit is pulled first and pushed afterwards.
    let operator = Operator::new().await;
    push(&operator, &pushed("r1", "Corner")).await;
    put_responses(&operator, vec![pulled("r1", "Edited")]);
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 1, 0]);
    let before = table(&operator.world).await;
    assert_eq!(before.len(), 2);
    assert_eq!(push(&operator, &pushed("r1", "Edited")).await, "duplicate");
    assert_eq!(push(&operator, &pushed("r1", "Corner")).await, "duplicate");
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 0, 1]);
    assert_same(&before, &table(&operator.world).await);

    // Pushed, and edited and pushed again; then pulled.
    let operator = Operator::new().await;
    push(&operator, &pushed("r1", "Corner")).await;
    assert_eq!(push(&operator, &pushed("r1", "Edited")).await, "revised");
    let before = table(&operator.world).await;
    put_responses(&operator, vec![pulled("r1", "Edited")]);
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 0, 1]);
    assert_same(&before, &table(&operator.world).await);

    // Pulled, then edited and pushed, then edited once more and pulled.
    let operator = Operator::new().await;
    put_responses(&operator, vec![pulled("r1", "Corner")]);
    pull(&operator, &[]).await.ok();
    assert_eq!(push(&operator, &pushed("r1", "Edited")).await, "revised");
    put_responses(&operator, vec![pulled("r1", "Edited twice")]);
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 1, 0]);
    assert_eq!(push(&operator, &pushed("r1", "Edited twice")).await, "duplicate");
    assert_eq!(table(&operator.world).await.len(), 3);
}

#[tokio::test]
async fn a_push_costs_one_request_where_nothing_was_pulled() {
    let operator = Operator::new().await;
    operator.world.proxy.take_operations();
    push(&operator, &pushed("r1", "Corner")).await;
    assert_eq!(operator.world.proxy.take_operations(), ["PutItem"]);
    push(&operator, &pushed("r1", "Corner")).await;
    assert_eq!(operator.world.proxy.take_operations(), ["PutItem"]);
    push(&operator, &pushed("r1", "Edited")).await;
    assert_eq!(operator.world.proxy.take_operations(), ["PutItem", "PutItem"]);
}

#[tokio::test]
async fn only_responses_since_then_are_taken_and_those_that_do_not_tell() {
    let operator = Operator::new().await;
    let timed = |id: &str, millis: i64| {
        let mut response = pulled(id, "Corner");
        let time = json!({ "title": "ResponseTime", "type": "DateTime", "isInvisible": true, "answer": millis });
        response["answers"].as_array_mut().expect("it is a list").push(time);
        response
    };
    let responses = vec![timed("old", 1_600_000_000_000), timed("new", 1_700_000_000_000), pulled("untold", "Corner")];
    put_responses(&operator, responses);

    let summary = pull(&operator, &["--since", "2023-01-01"]).await.json();

    assert_eq!((&summary["stored"], &summary["leftOut"]), (&json!(2), &json!(1)));
    assert!(!table(&operator.world).await.keys().any(|(_, key)| key.ends_with("#old")));
    assert_eq!(pull(&operator, &["--since", "the other day"]).await.code, 2);
}

#[tokio::test]
async fn a_response_without_an_id_or_answers_is_told_and_the_others_are_kept() {
    let operator = Operator::new().await;
    let without = |id: &str, name: &str| {
        let mut response = pulled(id, "Corner");
        response.as_object_mut().expect("it is an object").remove(name);
        response
    };
    let responses = vec![without("r1", "responseId"), without("r2", "answers"), pulled("r3", "Market")];
    put_responses(&operator, responses);
    // Without its answers, the response would pass for an edit of this one.
    push(&operator, &pushed("r2", "Corner")).await;

    let ran = pull(&operator, &[]).await;

    assert!(ran.code == 1 && ran.error.contains("responseId"), "{ran:?}");
    let summary = ran.json_whatever_the_code();
    assert_eq!(
        (&summary["stored"], &summary["withoutId"], &summary["withoutAnswers"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(table(&operator.world).await.len(), 2);
}

#[tokio::test]
async fn surveys_and_jobs_are_pulled_by_their_type() {
    let operator = Operator::new().await;
    for at in 0..5 {
        let action = json!({
            "actionType": "Survey",
            "creationTime": 1_678_000_000 + at / 2,
            "actionBody": { "actionId": format!("survey-{at}"), "questions": [{ "title": "Shop", "type": "Text" }] },
        });
        operator.api.put_action(GROUP, action, vec![json!({ "responseId": format!("s{at}"), "answers": ["Corner"] })]);
    }
    let job = json!({ "actionType": "Job", "creationTime": 1_678_000_000, "actionBody": { "actionId": "job-1" } });
    let done = json!({ "responseId": "j1", "responseDetails": { "response": {
        "assignee": "+12025550102", "assigneeName": "Ben Example", "isCompleted": true,
    } } });
    operator.api.put_action(GROUP, job, vec![done]);
    let of_type = async |name: &str| operator.run(&["pull", "--group", GROUP, "--action-type", name, "--json"]).await;

    assert_eq!(of_type("Survey").await.json()["stored"], 5);
    assert_eq!(of_type("Survey").await.json()["alreadyThere"], 5);
    assert_eq!(of_type("Job").await.json()["stored"], 1);

    // The webhook brings the same, and tells more.
    let job = json!({
        "eventType": "JobResponse", "eventId": "j1", "objectId": GROUP, "objectType": "Group",
        "data": { "actionId": "job-1", "groupId": GROUP, "responseId": "j1", "responseDetails": { "response": {
            "assignee": "+12025550102", "assigneeName": "Ben Example", "assigneeProfilePic": "", "isCompleted": "true",
        } } },
    });
    assert_eq!(push(&operator, &job).await, "duplicate");
    let answered = json!({ "title": "Shop", "type": "Text", "options": [], "answer": "Corner" });
    let survey = json!({
        "eventType": "SurveyResponse", "eventId": "s0", "objectId": GROUP, "objectType": "Group",
        "data": { "actionId": "survey-0", "groupId": GROUP, "responseId": "s0", "isAnonymous": false,
            "responseDetails": { "responseWithQuestions": [answered] } },
    });
    assert_eq!(push(&operator, &survey).await, "duplicate");
    assert_eq!(table(&operator.world).await.len(), 6);
}

#[tokio::test]
async fn a_pull_that_was_interrupted_is_continued_by_the_same_command() {
    use crate::support::Fault;

    let operator = Operator::new().await;
    let responses = (0..40).map(|at| pulled(&format!("r{at}"), "Corner")).collect();
    put_responses(&operator, responses);
    operator.world.proxy.next_passes(25);
    for _ in 0..200 {
        operator.world.proxy.next(Fault::Rejection);
    }
    let ran = pull(&operator, &[]).await;
    assert!(ran.code == 1 && ran.error.contains("run the command again"), "{ran:?}");
    operator.world.proxy.heal();
    let there = table(&operator.world).await.len() as u64;
    assert!((1..40).contains(&there), "{there}");

    let [stored, revised, already_there] = counts(&pull(&operator, &[]).await);
    assert_eq!((stored, revised, already_there), (40 - there, 0, there));
    assert_eq!(table(&operator.world).await.len(), 40);
}

#[tokio::test]
async fn large_responses_are_compared_as_well() {
    use crate::support::events::noise;

    let operator = Operator::new().await;
    let shop = noise("shop", 900_000);
    put_responses(&operator, vec![pulled("r1", &shop)]);
    pull(&operator, &[]).await.ok();
    let parts = operator.world.parts().await;
    assert!(parts > 1);
    let before = table(&operator.world).await;

    assert_eq!(push(&operator, &pushed("r1", &shop)).await, "duplicate");
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 0, 1]);
    assert_same(&before, &table(&operator.world).await);
    assert_eq!(operator.world.parts().await, parts);

    let edited = noise("edited", 900_000);
    put_responses(&operator, vec![pulled("r1", &edited)]);
    assert_eq!(counts(&pull(&operator, &[]).await), [0, 1, 0]);
    assert_eq!(push(&operator, &pushed("r1", &edited)).await, "duplicate");
}
