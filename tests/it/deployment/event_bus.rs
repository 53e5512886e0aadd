//! What an event bus is told: of each new event once, by its ids, and of nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use serde_json::{Value, json};

use crate::support::{
    World, samples,
    template::{all, only, root, template},
    world::TABLE,
};

type Item = HashMap<String, AttributeValue>;

/// Whether a pattern of EventBridge lets an event through; with what the pipe's pattern uses.
fn lets_through(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, inner)| lets_through(inner, &event[name])),
        Value::Array(choices) => choices.iter().any(|choice| match choice["exists"].as_bool() {
            Some(exists) => exists != event.is_null(),
            None => choice.is_string() && choice == event,
        }),
        other => panic!("{other}"),
    }
}

/// The pipe's pattern.
fn pattern(template: &Value) -> Value {
    let (_, pipe) = only(template, "AWS::Pipes::Pipe");
    let filters = pipe["Properties"]["SourceParameters"]["FilterCriteria"]["Filters"].as_array().expect("a list");
    let [filter] = &filters[..] else { panic!("there are several") };
    serde_json::from_str(filter["Pattern"].as_str().expect("a text")).expect("it is JSON")
}

/// What the pipe tells, by name: the attribute that it takes.
fn told(template: &Value) -> BTreeMap<String, String> {
    let (_, pipe) = only(template, "AWS::Pipes::Pipe");
    let template = pipe["Properties"]["TargetParameters"]["InputTemplate"].as_str().expect("a text");
    let fields: BTreeMap<String, String> = serde_json::from_str(template).expect("it is JSON of texts");
    let attribute = |path: &str| {
        let name = path.strip_prefix("<$.dynamodb.NewImage.")?.strip_suffix(".S>")?;
        Some(name.to_owned())
    };
    fields.into_iter().map(|(name, path)| (name, attribute(&path).unwrap_or_else(|| panic!("{path}")))).collect()
}

/// An item as the stream has it: of attributes, their types are enough.
fn record(event_name: &str, item: &Item) -> Value {
    let image: serde_json::Map<String, Value> = item
        .iter()
        .map(|(name, value)| {
            let value = match value {
                AttributeValue::S(text) => json!({"S": text}),
                AttributeValue::B(_) => json!({"B": ""}),
                AttributeValue::Bool(flag) => json!({"BOOL": flag}),
                AttributeValue::N(number) => json!({"N": number}),
                other => panic!("{other:?}"),
            };
            (name.clone(), value)
        })
        .collect();
    json!({"eventName": event_name, "dynamodb": {"NewImage": image}})
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The table after all samples, a body in parts, the name of a group and a tombstone.
async fn items() -> Vec<Item> {
    let world = World::with_retention(Some(30)).await;
    for sample in samples() {
        world.deliver(&sample).await;
    }
    let noise: String = (0..900_000_u64).map(|n| char::from(b'!' + (n.wrapping_mul(n) % 1_009 % 90) as u8)).collect();
    let noise = noise.replace(['"', '\\'], "x");
    let large =
        json!({"eventId": "large", "eventType": "TextMessageCreated", "data": {"groupId": "g1", "text": noise}});
    world.deliver_body(large.to_string()).await;
    let name = [("groupId", "groups"), ("eventKey", "g1"), ("groupName", "A name"), ("source", "file")];
    world.plant(name.map(|(name, value)| (name.to_owned(), text(value))).into()).await;
    let tombstone = [
        ("groupId", text("g1")),
        ("eventKey", text("Poll#1")),
        ("contentSha256", AttributeValue::B(Blob::new([0; 32]))),
        ("erased", AttributeValue::Bool(true)),
    ];
    world.plant(tombstone.map(|(name, value)| (name.to_owned(), value)).into()).await;
    world.client.scan().table_name(TABLE).send().await.expect("the table answers").items.expect("it has items")
}

#[tokio::test]
async fn a_bus_is_told_of_new_events_and_of_no_other_item_and_no_change() {
    let pattern = pattern(&template());
    let items = items().await;
    let (mut events, mut others) = (0, 0);
    for item in &items {
        let is_event = item.contains_key("eventType");
        assert_eq!(lets_through(&pattern, &record("INSERT", item)), is_event, "{:?}", item["eventKey"]);
        assert!(!lets_through(&pattern, &record("MODIFY", item)) && !lets_through(&pattern, &record("REMOVE", item)));
        if is_event { events += 1 } else { others += 1 }
    }
    let has = |name: &str| items.iter().any(|item| item.contains_key(name));
    assert!(events > 20 && others > 8, "{events} {others}");
    assert!(["reason", "groupName", "erased", "revisionOf"].into_iter().all(has));

    // Even if it had a type.
    for mark in [
        ("part", AttributeValue::B(Blob::new([0]))),
        ("erased", AttributeValue::Bool(true)),
        ("imported", AttributeValue::Bool(true)),
    ] {
        let mut item = items.iter().find(|item| item.contains_key("eventType")).expect("there is one").clone();
        item.insert(mark.0.to_owned(), mark.1);
        assert!(!lets_through(&pattern, &record("INSERT", &item)), "{}", mark.0);
    }
}

#[tokio::test]
async fn an_event_on_the_bus_carries_ids_and_marks_revisions_as_its_schema_says() {
    let template = template();
    let told = told(&template);
    let schema = fs::read_to_string(root().join("docs/event-bus.schema.json")).expect("it is there");
    let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
    let detail = &schema["properties"]["detail"];

    let names: BTreeSet<_> = told.keys().cloned().collect();
    assert_eq!(names, detail["properties"].as_object().expect("it has some").keys().cloned().collect());
    assert!(told.iter().all(|(name, attribute)| name == attribute), "{told:?}");
    assert!(names.contains("revisionOf") && names.contains("groupId") && names.contains("eventKey"));
    let personal = ["payload", "payloadGzip", "fromUserId", "groupName", "reason", "occurredAt"];
    assert!(personal.iter().all(|name| !names.contains(*name)));

    let items = items().await;
    let events: Vec<_> = items.iter().filter(|item| item.contains_key("eventType")).collect();
    for required in detail["required"].as_array().expect("a list").iter().filter_map(Value::as_str) {
        assert!(events.iter().all(|item| item[required].as_s().is_ok_and(|text| !text.is_empty())), "{required}");
    }
    for name in &names {
        assert!(events.iter().any(|item| item.contains_key(name)), "no event has {name}");
    }

    let (_, pipe) = only(&template, "AWS::Pipes::Pipe");
    let bus = &pipe["Properties"]["TargetParameters"]["EventBridgeEventBusParameters"];
    assert_eq!(bus["Source"], schema["properties"]["source"]["const"]);
    assert_eq!(bus["DetailType"], "$.dynamodb.NewImage.eventType.S");
}

#[test]
fn the_sample_rule_lets_new_answers_through_and_no_edit() {
    let rule = fs::read_to_string(root().join("docs/event-bus.rule.json")).expect("it is there");
    let rule: Value = serde_json::from_str(&rule).expect("it is JSON");
    let event = |event_type: &str, revision_of: &str| json!({"source": "kaizala-webhook", "detail-type": event_type, "detail": {"revisionOf": revision_of}});
    assert!(lets_through(&rule, &event("SurveyResponse", "")));
    assert!(!lets_through(&rule, &event("SurveyResponse", "SurveyResponse#1")));
    assert!(!lets_through(&rule, &event("TextMessageCreated", "")));
}

#[test]
fn the_table_has_a_stream_only_for_a_bus_and_what_the_bus_refuses_is_kept() {
    let template = template();
    let (table_name, table) = only(&template, "AWS::DynamoDB::Table");
    let (_, pipe) = only(&template, "AWS::Pipes::Pipe");
    let stream = json!({"Fn::If": ["HasEventBus", {"StreamViewType": "NEW_IMAGE"}, {"Ref": "AWS::NoValue"}]});
    assert_eq!(table["Properties"]["StreamSpecification"], stream);
    assert_eq!(template["Parameters"]["EventBusName"]["Default"], "");

    let source = &pipe["Properties"]["SourceParameters"]["DynamoDBStreamParameters"];
    assert_eq!(source["DeadLetterConfig"]["Arn"], json!({"Fn::GetAtt": ["EventPipeFailures", "Arn"]}));
    assert!(source["MaximumRetryAttempts"].as_i64() > Some(0), "or nothing behind it goes on for a day");
    assert_eq!(source["OnPartialBatchItemFailure"], "AUTOMATIC_BISECT");
    let alarm = &template["Resources"]["EventBusAlarm"]["Properties"];
    assert_eq!(alarm["Dimensions"][0]["Value"], json!({"Fn::GetAtt": ["EventPipeFailures", "QueueName"]}));

    let role = &template["Resources"]["EventPipeRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    for statement in role.as_array().expect("a list") {
        let resource = statement["Resource"].to_string();
        assert!(
            [table_name.as_str(), "event-bus/${EventBusName}", "EventPipeFailures"]
                .iter()
                .any(|own| resource.contains(own)),
            "{resource}"
        );
    }
    for (name, resource) in
        ["AWS::Pipes::Pipe", "AWS::SQS::Queue"].iter().flat_map(|resource_type| all(&template, resource_type))
    {
        let expected = if name.starts_with("Event") { "HasEventBus" } else { "HasDashboardTables" };
        assert_eq!(resource["Condition"], expected, "{name}");
    }
}
