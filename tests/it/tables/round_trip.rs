//! What goes through the disk on its way into an export comes out as it was: every cell of every row, whatever is in it.

use std::collections::BTreeMap;

use kaizala_webhook::{
    store::StoredItem,
    tables::{Flattened, Table, flatten},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    events::noise,
    tables::{Rows, exported, json_row, sorted, stored, text, write_export},
};

/// Exports that are made; each is a process.
const CASES: u32 = 24;
/// More text than rows wait for in memory before they go to disk together.
const LARGE: usize = 1_500_000;

/// A value as senders have them: of every type, empty, repeated, long, and in every script.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(String::new()),
        Just("the same".to_owned()),
        "\\PC{0,12}",
        Just("नमस्ते 👋🏽 \u{0}\n\t\"\\".to_owned()),
        (0_u8..3).prop_map(|seed| noise(&seed.to_string(), 30_000)),
    ];
    prop_oneof![
        4 => text.prop_map(Value::from),
        2 => any::<i32>().prop_map(Value::from),
        // With so few digits that those who read JSON here read them exactly.
        2 => any::<i32>().prop_map(|number| json!(f64::from(number) / 1000.0)),
        1 => prop::sample::select(vec![0.0, -0.5, 1e-7, 1.5e300]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([])),
        1 => Just(json!(["A", "A", "B", ""])),
        1 => (-90_i8..90, -180_i16..180).prop_map(|(lt, lg)| {
            json!({"lt": f64::from(lt) / 8.0, "lg": f64::from(lg) / 8.0, "n": "a place", "acc": 3.5})
        }),
        1 => Just(json!({"mediaUrl": "https://media.example.com/a.jpg", "mediaFileName": "a.jpg"})),
        1 => Just(json!({"stars": 4, "of": 5})),
    ]
}

fn question() -> impl Strategy<Value = Value> {
    let types = ["Text", "Numeric", "SingleOption", "MultiOption", "DateTime", "Location", "Image", "Unheard of"];
    (value(), prop::sample::select(types.to_vec()), any::<bool>(), value()).prop_map(
        |(title, question_type, is_invisible, answer)| {
            json!({"title": title, "type": question_type, "isInvisible": is_invisible, "answer": answer})
        },
    )
}

fn data(event_type: &'static str) -> BoxedStrategy<Value> {
    match event_type {
        "SurveyResponse" | "ActionResponse" => (0_u8..3, any::<bool>(), vec(question(), 0..5), value())
            .prop_map(|(response, is_update, questions, name)| {
                json!({
                    "actionId": "an action", "responseId": response.to_string(), "isUpdateResponse": is_update,
                    "responder": "+15555550126", "responderName": name,
                    "responseDetails": {"responseWithQuestions": questions},
                })
            })
            .boxed(),
        "JobResponse" => (0_u8..2, value(), value())
            .prop_map(|(response, assignee, done)| {
                let details = json!({"response": {"assignee": assignee, "isCompleted": done}});
                json!({"actionId": "a job", "responseId": response.to_string(), "responseDetails": details})
            })
            .boxed(),
        "JobCreated" => (vec(value(), 0..4), value(), value())
            .prop_map(|(assigned, title, due)| {
                json!({"actionId": "a job", "assignedTo": assigned, "title": title, "dueDate": due})
            })
            .boxed(),
        "MemberAdded" => (value(), value())
            .prop_map(|(member, name)| json!({"member": member, "memberName": name, "type": "Member"}))
            .boxed(),
        _ => value().prop_map(|text| json!({"text": text, "caption": text, "media": [text]})).boxed(),
    }
}

/// A body, and whether it is stored as a revision.
fn delivery() -> impl Strategy<Value = (Value, bool)> {
    let types = ["SurveyResponse", "ActionResponse", "JobResponse", "JobCreated", "MemberAdded", "TextMessageCreated"];
    let types = prop::sample::select([&types[..], &["AttachmentCreated", "SomethingNew"]].concat());
    let event = types.prop_flat_map(|event_type| (Just(event_type), data(event_type)));
    (event, value(), any::<bool>()).prop_map(|((event_type, data), from, is_revision)| {
        (json!({"eventType": event_type, "groupId": "g", "fromUserName": from, "data": data}), is_revision)
    })
}

/// The rows of items by themselves, without a disk between; which version is the latest is another test's.
fn expected(items: &[(Vec<StoredItem>, String)]) -> BTreeMap<&'static str, Rows> {
    let mut tables = BTreeMap::<_, Rows>::new();
    for (stored, body) in items {
        let item = stored.last().expect("there is an item");
        let flattened = flatten(item, body.as_bytes(), true, &mut |row| {
            tables.entry(row.table().name()).or_default().push(without_is_latest(json_row(row, 0)));
        });
        assert_eq!(flattened, Flattened::Rows);
    }
    tables.into_iter().map(|(table, rows)| (table, sorted(rows))).collect()
}

fn without_is_latest(mut row: Value) -> Value {
    row.as_object_mut().expect("it is an object").remove("is_latest");
    row
}

fn comes_through(items: &[(Vec<StoredItem>, String)], files: usize) {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let all: Vec<_> = items.iter().flat_map(|(stored, _)| stored.clone()).collect();
    write_export(folder.path(), &all, files);
    let mut found = exported(text(folder.path()), &[]);
    // What sums over items is another test's.
    found.retain(|name, rows| !rows.is_empty() && Table::all_in_lake().any(|table| table.name() == *name));
    let expected = expected(items);
    for (table, rows) in found {
        let rows = sorted(rows.into_iter().map(without_is_latest).collect());
        assert!(Some(&rows) == expected.get(table), "{table}: {rows:#?}\n{:#?}", expected.get(table));
    }
}

#[test]
fn every_value_of_every_type_comes_through_an_export_as_it_was() {
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let same = runner.run(&(vec(delivery(), 1..60), 1_usize..4), |(deliveries, files)| {
        let items: Vec<_> = deliveries
            .into_iter()
            .enumerate()
            .map(|(number, (mut body, is_revision))| {
                body["eventId"] = json!(number.to_string());
                let body = body.to_string();
                (stored(body.clone(), "2023-03-06T10:00:00.123Z", is_revision), body)
            })
            .collect();
        comes_through(&items, files);
        Ok(())
    });
    if let Err(error) = same {
        panic!("{error}");
    }
}

#[test]
fn values_that_are_larger_than_what_waits_in_memory_come_through_and_so_does_what_is_beside_them() {
    let message = |number: u32, text: &str| {
        let body = json!({"eventId": number.to_string(), "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": text}});
        (stored(body.to_string(), "2023-03-06T10:00:00Z", false), body.to_string())
    };
    let large = noise("large", LARGE);
    let texts = ["", "small", &large, "", &large, &large[1..], "small"];
    let items: Vec<_> = (0..).zip(texts).map(|(number, text)| message(number, text)).collect();
    comes_through(&items, 2);
}
