//! Steps that stand still while others finish their window and the next, and then go on.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
};

use kaizala_webhook::lake::{Begun, Lake, Step, StepOutput};
use serde_json::{Value, json};

use super::{
    aws::{Aws, MINUTE, attributes},
    storage::{Shaky, execute, finished, lake, lake_over, rows},
};
use crate::support::{events::noise, tables::stored};

fn put(aws: &Aws, id: &str, text: &str) {
    let body = json!({"eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
    for item in stored(body.to_string(), "2026-11-23T10:00:00Z", false) {
        aws.table().put(attributes(&item));
    }
}

fn texts(aws: &Aws) -> Vec<Value> {
    let rows = rows(&aws.bucket).remove("messages").into_iter().flatten();
    rows.map(|row| json!([row["event_id"], row["text"]])).collect()
}

fn window(aws: &Aws) {
    aws.table().now += 20 * MINUTE;
    assert!(finished(execute(&lake(aws), || aws.now())).expect("it works"));
}

/// Lets a step stand still after every number of calls there is, while the others finish its window and the next. An event
/// is edited in both, another one in the second alone.
fn stands_still(step: impl Fn(String) -> Step) {
    for calls in 0.. {
        let aws = Aws::new("2026-11-23T10:00:30Z");
        put(&aws, "one", "first");
        put(&aws, "other", "first");
        window(&aws);
        put(&aws, "one", "second");
        aws.table().now += 20 * MINUTE;
        let all = lake(&aws);
        let run = |lake: &Lake<Aws>, step: Step| finished(lake.run(step, aws.now())).expect("it works");
        let StepOutput::Begun(Begun::Export { export_arn, .. }) = run(&all, Step::Begin) else {
            panic!("there is an export")
        };
        run(&all, Step::Plan { export_arn: export_arn.clone() });

        let slow = lake_over(&aws, Arc::new(Shaky::new(aws.bucket.clone(), [])));
        let mut late = pin!(slow.run(step(export_arn), aws.now()));
        let mut poll = || late.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let is_done = (0..calls).any(|_| poll());
        assert!(finished(execute(&all, || aws.now())).expect("the others go on"));
        put(&aws, "one", "third");
        put(&aws, "other", "second");
        window(&aws);
        while !is_done && !poll() {}

        let expected = [json!(["one", "third"]), json!(["other", "second"])];
        assert_eq!(texts(&aws), expected, "after {calls} calls");
        if is_done {
            return;
        }
    }
}

#[test]
fn a_late_convert_brings_nothing_back() {
    stands_still(|export_arn| Step::Convert { export_arn, group: 0 });
}

#[test]
fn a_late_remove_takes_nothing_away_from_a_later_export() {
    stands_still(|export_arn| Step::Remove { export_arn });
}

#[test]
fn a_late_plan_changes_nothing() {
    stands_still(|export_arn| Step::Plan { export_arn });
}

#[test]
fn a_late_convert_that_still_had_the_parts_of_a_body_brings_no_row_of_what_was_deleted() {
    let text = noise("large", 600 * 1024);
    let body = json!({"eventId": "large", "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
    let items: Vec<_> = stored(body.to_string(), "2026-11-23T10:00:00Z", false).iter().map(attributes).collect();
    assert!(items.len() > 1, "there are parts");
    for calls in 0.. {
        let aws = Aws::new("2026-11-23T10:00:30Z");
        window(&aws);
        for item in &items {
            aws.table().put(item.clone());
        }
        aws.table().now += 20 * MINUTE;
        let all = lake(&aws);
        let begun = finished(all.run(Step::Begin, aws.now())).expect("it begins");
        let StepOutput::Begun(Begun::Export { export_arn, .. }) = begun else { panic!("there is an export") };
        finished(all.run(Step::Plan { export_arn: export_arn.clone() }, aws.now())).expect("it plans");

        let slow = lake_over(&aws, Arc::new(Shaky::new(aws.bucket.clone(), [])));
        let mut late = pin!(slow.run(Step::Convert { export_arn, group: 0 }, aws.now()));
        let mut poll = || late.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let is_done = (0..calls).any(|_| poll());
        for item in &items {
            let text = |name: &str| item[name]["S"].as_str().expect("it has a key").to_owned();
            aws.table().write((text("groupId"), text("eventKey")), None);
        }
        assert!(finished(execute(&all, || aws.now())).expect("the others go on"));
        window(&aws);
        while !is_done && !poll() {}

        assert!(rows(&aws.bucket).is_empty(), "after {calls} calls");
        if is_done {
            return;
        }
    }
}
