//! Responses of every kind, pushed and pulled in either order: the table is the same after the second way.

use std::collections::BTreeMap;

use bytes::Bytes;
use kaizala_webhook::{
    clock::now,
    event::{Event, EventType},
    simulator::generator::Generator,
    store::{Arrival, Outcome, Record},
};
use serde_json::{Map, Value, json};

use crate::support::Operator;

/// Members of `data` that the webhook has and the API may leave out.
const PUSHED_ONLY: [&str; 6] =
    ["isUpdateResponse", "isAnonymous", "responderProfilePic", "Properties", "creatorId", "sourceGroupId"];

/// The generated responses of a group, with edits where there are some.
fn responses() -> Vec<Value> {
    let events = Generator::new(6).take(1500).filter(|event| event.event_type().ends_with("Response"));
    let bodies = events.map(|event| serde_json::from_slice(&event.body()).expect("it is JSON"));
    bodies.filter(|body: &Value| body["data"]["responseId"] == body["eventId"]).collect()
}

fn place(body: &Value) -> (String, String, String) {
    let text = body.to_string();
    let event = Event::parse(text.as_bytes()).expect("it is one");
    let action = event.action_id().expect("it has one").to_owned();
    (event.table_group().into_owned(), event.event_type.into_owned(), action)
}

/// A response as the API might tell it: what is only pushed is missing, what the app fills in too, and pictures are signed
/// anew.
fn told_by_api(data: &Value) -> Value {
    let mut told = data.as_object().expect("it is an object").clone();
    told.retain(|name, _| !PUSHED_ONLY.contains(&name.as_str()));
    if let Some(questions) = told.get_mut("responseDetails").and_then(|it| it.get_mut("responseWithQuestions")) {
        let questions = questions.as_array_mut().expect("it is a list");
        questions.retain(|question| question["isInvisible"] != true);
        for question in questions {
            sign_anew(&mut question["answer"]);
        }
    }
    Value::Object(told)
}

fn sign_anew(answer: &mut Value) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(sign_anew),
        Value::Object(members) => {
            for name in ["mediaUrl", "url"] {
                if let Some(Value::String(url)) = members.get_mut(name) {
                    url.push_str(if url.contains('?') { "&sig=anew" } else { "?sig=anew" });
                }
            }
        }
        _ => {}
    }
}

/// Puts the responses into the simulated API, each with its action.
fn put_into_api(operator: &Operator, responses: &[Value]) -> Vec<(String, String, String)> {
    let mut actions: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for body in responses {
        actions.entry(place(body)).or_default().push(told_by_api(&body["data"]));
    }
    for ((group, event_type, action), told) in &actions {
        let mut shown = Map::new();
        shown.insert("actionBody".to_owned(), json!({ "actionId": action }));
        if let Some(kind) = event_type.strip_suffix("Response").filter(|kind| *kind != "Action") {
            shown.insert("actionType".to_owned(), json!(kind));
        }
        operator.api.put_action(group, Value::Object(shown), told.clone());
    }
    actions.into_keys().collect()
}

/// Pulls every action, and counts what became of the responses.
async fn pull(operator: &Operator, actions: &[(String, String, String)]) -> BTreeMap<&'static str, usize> {
    let client = operator.client();
    let mut outcomes = BTreeMap::new();
    for (group, event_type, id) in actions {
        let action = client.action(group, id).await.expect("it is there");
        assert_eq!(Some(action.response_type()), EventType::from_name(event_type));
        for response in action.responses(group, action.response_type()).expect("it tells them") {
            let body = Bytes::from(response.expect("it can be kept").body);
            let event = Event::parse(&body).expect("it is one");
            let record = Record::of_event(&event, Arrival { received_at: now(), request_id: None }).pulled();
            let outcome = operator.world.behind.put_pulled(&record, &body).await.expect("the table answers");
            *outcomes.entry(outcome.as_str()).or_default() += 1;
        }
    }
    outcomes
}

async fn push(operator: &Operator, responses: &[Value]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for body in responses {
        *outcomes.entry(operator.world.deliver_body(body.to_string()).await.outcome()).or_default() += 1;
    }
    outcomes
}

#[tokio::test]
async fn pushed_then_pulled() {
    let operator = Operator::with(|config| config.calls_per_minute = None).await;
    let responses = responses();
    assert!(responses.len() > 400, "{}", responses.len());
    assert_eq!(push(&operator, &responses).await, [("stored".to_owned(), responses.len())].into());
    let before = operator.world.items().await;

    let actions = put_into_api(&operator, &responses);
    assert_eq!(pull(&operator, &actions).await, [(Outcome::Duplicate.as_str(), responses.len())].into());
    assert!(operator.world.items().await == before);
}

#[tokio::test]
async fn pulled_then_pushed() {
    let operator = Operator::with(|config| config.calls_per_minute = None).await;
    let responses = responses();
    let actions = put_into_api(&operator, &responses);
    assert_eq!(pull(&operator, &actions).await, [(Outcome::Stored.as_str(), responses.len())].into());
    let before = operator.world.items().await;

    assert_eq!(push(&operator, &responses).await, [("duplicate".to_owned(), responses.len())].into());
    assert!(operator.world.items().await == before);
}
