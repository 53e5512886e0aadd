//! Which row of a response is marked as the latest: the greatest by the order that the documentation names, computed here from
//! the columns of the rows themselves.

use std::{cell::Cell, collections::BTreeMap};

use kaizala_webhook::{
    event::{Event, Timestamp},
    store::{Arrival, Record, StoredItem},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    events::noise,
    tables::{Rows, exported, text, write_export},
};

/// How an event may spell that it is an edit.
const SPELLINGS: [(&str, bool); 7] = [
    ("", false),
    (r#","isUpdateResponse":false"#, false),
    (r#","isUpdateResponse": false"#, false),
    (r#","isUpdateResponse":null"#, false),
    (r#","isUpdateResponse":true"#, true),
    (r#","isUpdateResponse":"TRUE""#, true),
    (r#","isUpdateRespons\u0065":true"#, true),
];
const TYPES: [&str; 3] = ["ActionResponse", "SurveyResponse", "JobResponse"];

/// A version of a response.
#[derive(Clone, Debug)]
struct Version {
    event_type: usize,
    response: u8,
    /// Whether it has an event id of its own.
    is_apart: bool,
    spelling: usize,
    is_pulled: bool,
    occurred: Option<u8>,
    received: u8,
    /// Whether its data is not an object, so that it has no row but that of the event.
    is_odd: bool,
}

fn version() -> impl Strategy<Value = Version> {
    let what = (0..TYPES.len(), 0..4_u8, any::<bool>(), 0..SPELLINGS.len());
    let when = (prop::bool::weighted(0.2), option::of(0..5_u8), 0..5_u8, prop::bool::weighted(0.05));
    (what, when).prop_map(|((event_type, response, is_apart, spelling), (is_pulled, occurred, received, is_odd))| {
        Version { event_type, response, is_apart, spelling, is_pulled, occurred, received, is_odd }
    })
}

fn at(minute: u8) -> Timestamp {
    Timestamp::from_epoch_millis(1_678_096_800_000 + i64::from(minute) * 60_000).expect("it is a time")
}

impl Version {
    /// Its items, with so much text that the body is stored as it is, gzipped or in parts.
    fn items(&self, number: usize, filling: &str) -> Vec<StoredItem> {
        let Self { response, received, .. } = self;
        let event_type = TYPES[self.event_type];
        let event_id = if self.is_apart { format!("r{response}-{number}") } else { format!("r{response}") };
        // What people write may look like what the app says.
        let mut questions = json!([{ "title": "isUpdateResponse", "type": "Text", "answer": filling }]);
        if let Some(minute) = self.occurred {
            let time = json!({ "title": "ResponseTime", "type": "DateTime", "answer": at(minute).epoch_millis() });
            questions.as_array_mut().expect("it is a list").push(time);
        }
        let data = if self.is_odd {
            "[]".to_owned()
        } else {
            let spelling = SPELLINGS[self.spelling].0;
            format!(
                r#"{{"responseId":"r{response}","n":{number}{spelling},"responseDetails":{{"responseWithQuestions":{questions}}}}}"#
            )
        };
        let body = format!(r#"{{"eventId":"{event_id}","eventType":"{event_type}","groupId":"g","data":{data}}}"#);
        let event = Event::parse(body.as_bytes()).expect("it is an event");
        let record = Record::of_event(&event, Arrival { received_at: at(*received), request_id: None });
        let record = if self.is_pulled { record.pulled() } else { record };
        record.stored_items(&body.into(), true)
    }
}

/// The key of the row that should be the latest, and those that are, by response.
fn latest(rows: &Rows) -> BTreeMap<String, (String, Vec<String>)> {
    let text = |row: &Value, name: &str| row[name].as_str().expect("it is a text").to_owned();
    let mut responses = BTreeMap::<_, Vec<&Value>>::new();
    for row in rows {
        responses.entry(text(row, "response_id")).or_default().push(row);
    }
    let rank = |row: &&&Value| {
        let flag = |name: &str| row[name] == true;
        let is_edit = flag("is_update") || flag("is_pulled");
        (is_edit, text(row, "ranked_at"), text(row, "received_at"), text(row, "event_key"))
    };
    let latest = responses.into_iter().map(|(id, rows)| {
        let greatest = rows.iter().max_by_key(rank).expect("there is one");
        let marked = rows.iter().filter(|row| row["is_latest"] == true).map(|row| text(row, "event_key")).collect();
        (id, (text(greatest, "event_key"), marked))
    });
    latest.collect()
}

#[test]
fn exactly_the_greatest_version_of_a_response_is_the_latest() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (gzipped, in_parts) = ("again and again ".repeat(30_000), noise("noise", 600_000));
    let case = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let holds = runner.run(&vec(version(), 1..60), |versions| {
        case.set(case.get() + 1);
        let mut items = Vec::new();
        for (number, version) in versions.iter().enumerate() {
            let filling = match number {
                1 => &gzipped,
                2 => &in_parts,
                _ => r#"{"isUpdateResponse":true}"#,
            };
            items.extend(version.items(number, filling));
        }
        let raw = folder.path().join(case.get().to_string());
        write_export(&raw, &items, 3);

        let tables = exported(text(&raw), &[]);

        for table in ["responses", "job_responses"] {
            for (id, (greatest, marked)) in latest(&tables[table]) {
                prop_assert_eq!(vec![greatest], marked, "{} {}", table, id);
            }
        }
        prop_assert_eq!(tables["responses"].len() + tables["job_responses"].len(), rows_of(&versions));
        for row in &tables["answers"] {
            let of_response = tables["responses"].iter().find(|response| response["event_key"] == row["event_key"]);
            prop_assert_eq!(of_response.map(|response| &response["is_latest"]), Some(&row["is_latest"]));
        }
        let edits = |rows: &Rows| rows.iter().filter(|row| row["is_update"] == true).count();
        let said = versions.iter().filter(|version| !version.is_odd && SPELLINGS[version.spelling].1);
        prop_assert_eq!(edits(&tables["responses"]) + edits(&tables["job_responses"]), said.count());
        Ok(())
    });
    if let Err(error) = holds {
        panic!("{error}");
    }
}

/// How many rows the versions have.
fn rows_of(versions: &[Version]) -> usize {
    versions.iter().filter(|version| !version.is_odd).count()
}

#[test]
fn a_newer_version_that_is_damaged_does_not_hide_the_one_before_it() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    let version = |spelling, received| Version {
        event_type: 0,
        response: 1,
        is_apart: false,
        spelling,
        is_pulled: false,
        occurred: None,
        received,
        is_odd: false,
    };
    let mut items = version(0, 1).items(1, "whole");
    let mut damaged = version(4, 2).items(2, &noise("noise", 600_000));
    // One of its parts is missing.
    damaged.remove(0);
    items.extend(damaged);
    write_export(&raw, &items, 1);

    let rows = exported(text(&raw), &["--skip-damaged"]).remove("responses").expect("there is one");

    assert_eq!(rows.iter().map(|row| &row["is_latest"]).collect::<Vec<_>>(), [&json!(true)]);
}
