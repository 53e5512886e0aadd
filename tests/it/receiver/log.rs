//! What the log says of a delivery.

use serde_json::{Value, json};

use crate::support::{Fault, World, environment::Environment, sample};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_logged_with_the_group_in_which_it_lies() {
    let world = World::new().await;
    let mut environment = Environment::start(&world).await;
    let event = sample("action-response");
    let body = event.json();
    let line = |environment: &Environment, request_id: &Value| -> Value {
        environment
            .process
            .wait_for(|line| serde_json::from_str::<Value>(line).ok().filter(|line| &line["requestId"] == request_id))
    };
    // Not while the function opens its connection.
    environment.invoke(&sample("handshake-get").event).await.expect("it is answered");

    for (fault, outcome, reason, group) in [
        (Some(Fault::Rejection), "quarantined", json!("rejected-by-store"), &json!("quarantine")),
        (None, "stored", Value::Null, &body["data"]["groupId"]),
    ] {
        let event = event.clone().again();
        if let Some(fault) = fault {
            world.proxy.next(fault);
        }

        environment.invoke(&event.event).await.expect("it is answered");

        let line = line(&environment, &event.event["requestContext"]["requestId"]);
        assert_eq!((&line["Outcome"], &line["reason"], &line["groupId"]), (&json!(outcome), &reason, group));
        assert_eq!((&line["eventId"], &line["eventType"]), (&body["eventId"], &body["eventType"]));
    }
}
