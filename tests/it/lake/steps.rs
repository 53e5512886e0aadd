//! The steps one by one: what the state machine sends and is sent, and how each refuses and begins again.

use kaizala_webhook::{
    event::Timestamp,
    lake::{Begun, Idle, LakeError, Step, StepOutput},
    tables::Table,
};
use object_store::{ObjectStoreExt, path::Path as Key};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use super::{
    aws::{Aws, MINUTE, TABLE_ARN, attributes},
    storage::{content, execute, finished, keys, lake, ready, rows},
};
use crate::support::tables::stored;

const START: &str = "2026-11-23T10:00:30Z";

/// Does a step that comes as the state machine sends it, and returns what it is sent back, or the error's name.
fn step(aws: &Aws, step: Value) -> Result<Value, &'static str> {
    let step: Step = serde_json::from_value(step).expect("it is a step");
    let output = finished(lake(aws).run(step, aws.now()));
    output.map(|output| serde_json::to_value(output).expect("it is JSON")).map_err(|error| error.name())
}

fn state(aws: &Aws) -> Value {
    serde_json::from_slice(&content(&aws.bucket, "lake/state.json")).expect("it is JSON")
}

fn run(aws: &Aws) -> bool {
    finished(execute(&lake(aws), || aws.now())).expect("it works")
}

fn message(id: &str, received_at: &str) -> Vec<kaizala_webhook::store::StoredItem> {
    let body = json!({"eventId": id, "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": id}});
    stored(body.to_string(), received_at, false)
}

fn put(aws: &Aws, id: &str) {
    let now = aws.now().to_string();
    for item in message(id, &now) {
        aws.table().put(attributes(&item));
    }
}

#[test]
fn a_state_machine_is_led_from_step_to_step() {
    let aws = Aws::new(START);
    put(&aws, "one");
    aws.table().now += 5 * MINUTE;
    aws.table().takes = 1;

    let begun = step(&aws, json!({"step": "begin"})).expect("it begins");
    let arn = begun["exportArn"].as_str().expect("there is an export").to_owned();
    let with_arn = |name: &str| json!({"step": name, "exportArn": arn});

    assert_eq!(begun, json!({"next": "export", "exportArn": arn, "from": null, "to": "2026-11-23T10:04:00.000Z"}));
    assert_eq!(state(&aws), json!({"inFlight": {"exportArn": arn, "from": null, "to": "2026-11-23T10:04:00.000Z"}}));
    assert_eq!(step(&aws, json!({"step": "begin"})), Ok(begun), "a second one goes on with the same");
    assert_eq!(step(&aws, with_arn("status")), Ok(json!({"status": "complete"})));
    assert_eq!(step(&aws, with_arn("plan")), Ok(json!({"groups": [0]})));
    let convert = json!({"step": "convert", "exportArn": arn, "group": 0});
    assert_eq!(
        step(&aws, convert.clone()),
        Ok(json!({"items": 1, "rejected": 0, "gone": 0, "files": Table::all_in_lake().count()}))
    );
    assert_eq!(step(&aws, convert), Ok(json!({"items": 1, "rejected": 0, "gone": 0, "files": 0})), "a repeat");
    assert_eq!(step(&aws, with_arn("remove")), Ok(json!({"items": 0, "files": 0})));
    for _ in 0..2 {
        assert_eq!(step(&aws, with_arn("finish")), Ok(json!({"done": "2026-11-23T10:04:00.000Z"})));
    }
    assert_eq!(step(&aws, json!({"step": "begin"})), Ok(json!({"next": "nothing", "because": "window-too-short"})));
}

#[test]
fn files_are_filed_by_table_day_export_and_group_without_is_latest() {
    let aws = Aws::new(START);
    put(&aws, "one");
    aws.table().now += 5 * MINUTE;
    run(&aws);

    let id = state(&aws)["finished"]["exportArn"].as_str().expect("it is done").rsplit('/').next().map(str::to_owned);
    let id = id.expect("it has an id");
    let path = |table: Table| format!("tables/{}/day=2026-11-23/{id}-0.parquet", table.name());
    let mut expected: Vec<_> = Table::all_in_lake().map(path).collect();
    expected.sort();
    assert_eq!(keys(&aws.bucket, "tables"), expected);
    assert!(rows(&aws.bucket)["messages"][0].get("day").is_none());
    let columns = Table::Responses.lake_columns();
    assert!(columns.map(|column| column.name).all(|name| name != "is_latest"));
}

#[test]
fn every_step_but_the_first_refuses_an_export_that_is_not_in_flight() {
    let aws = Aws::new(START);
    aws.table().now += 5 * MINUTE;
    let other = format!("{TABLE_ARN}/export/01700000000000-00000000");
    for name in ["status", "plan", "convert", "remove", "finish"] {
        let refused = json!({"step": name, "exportArn": other, "group": 0});
        assert_eq!(step(&aws, refused.clone()), Err("Lake.NotInFlight"), "{name} before the first");
        step(&aws, json!({"step": "begin"})).expect("it begins");
        assert_eq!(step(&aws, refused), Err("Lake.NotInFlight"), "{name} of another one");
    }
}

#[test]
fn windows_are_whole_minutes_follow_each_other_and_have_24_hours_at_most() {
    let aws = Aws::new(START);
    aws.table().now += 5 * MINUTE;
    run(&aws);
    aws.table().now += 14 * MINUTE;
    assert!(!run(&aws), "under 15 minutes");
    aws.table().now += MINUTE;
    assert!(run(&aws));
    assert_eq!(state(&aws)["done"], "2026-11-23T10:19:00.000Z");

    // An outage of two days and a bit.
    aws.table().now += (2 * 24 * 60 + 20) * MINUTE;
    for done in ["2026-11-24T10:19:00.000Z", "2026-11-25T10:19:00.000Z", "2026-11-25T10:39:00.000Z"] {
        assert!(run(&aws));
        assert_eq!(state(&aws)["done"], done);
    }
    assert!(!run(&aws));
}

#[test]
fn recovery_that_is_young_is_waited_for_and_one_that_is_off_or_leaves_a_gap_is_an_error() {
    let aws = Aws::new(START);
    aws.table().now += 5 * MINUTE;
    let since = |time: Option<&str>| {
        aws.table().earliest_restorable = time.map(|time| Timestamp::from_rfc3339(time).expect("it is a time"));
    };
    since(Some("2026-11-23T10:04:01Z"));
    let young = finished(lake(&aws).run(Step::Begin, aws.now())).expect("it ends quietly");
    assert_eq!(young, StepOutput::Begun(Begun::Nothing { because: Idle::RecoveryTooYoung }));

    since(None);
    assert_eq!(step(&aws, json!({"step": "begin"})), Err("Lake.RecoveryOff"));

    since(Some("2026-11-23T10:04:00Z"));
    assert!(run(&aws));
    aws.table().now += 60 * MINUTE;
    since(Some("2026-11-23T10:04:01Z"));
    let gap = finished(lake(&aws).run(Step::Begin, aws.now())).expect_err("there is a gap");
    assert_eq!(gap.name(), "Lake.Gap");
    assert!(matches!(gap, LakeError::Gap { .. }));
    assert_eq!(
        gap.to_string(),
        "the lake has come to 2026-11-23T10:04:00.000Z, but recovery reaches back to 2026-11-23T10:04:01.000Z alone: what \
         was written in between is in no export; rebuild the tables"
    );
}

#[test]
fn an_export_that_fails_is_an_error_and_the_next_begin_asks_for_another() {
    let aws = Aws::new(START);
    put(&aws, "one");
    aws.table().now += 5 * MINUTE;
    aws.table().fails = true;

    let first = step(&aws, json!({"step": "begin"})).expect("it begins");
    assert_eq!(step(&aws, json!({"step": "status", "exportArn": first["exportArn"]})), Err("Lake.ExportFailed"));
    let second = step(&aws, json!({"step": "begin"})).expect("it begins");

    assert_ne!(first["exportArn"], second["exportArn"]);
    assert!(run(&aws));
    assert_eq!(rows(&aws.bucket)["messages"].len(), 1);
}

#[test]
fn a_plan_is_made_once_whatever_groups_a_later_one_would_make() {
    let aws = Aws::new(START);
    for id in ["one", "two", "three", "four"] {
        put(&aws, id);
    }
    // The second export has two files, the third three.
    aws.table().now += 5 * MINUTE;
    run(&aws);
    put(&aws, "five");
    put(&aws, "six");
    aws.table().now += 20 * MINUTE;
    let StepOutput::Begun(Begun::Export { export_arn, .. }) =
        finished(lake(&aws).run(Step::Begin, aws.now())).expect("it begins")
    else {
        panic!("there is an export")
    };
    let planned = |bytes| {
        let plan = Step::Plan { export_arn: export_arn.clone() };
        let output = finished(lake(&aws).grouping_by(bytes).run(plan, aws.now())).expect("it plans");
        serde_json::to_value(output).expect("it is JSON")
    };

    assert_eq!(planned(1), json!({"groups": [0, 1]}));
    assert_eq!(planned(u64::MAX / 2), json!({"groups": [0, 1]}));
}

#[test]
fn every_table_has_a_file_with_its_columns_from_the_first_export_on_whatever_was_stored() {
    let aws = Aws::new(START);
    aws.table().now += 5 * MINUTE;
    assert!(run(&aws));

    let files = keys(&aws.bucket, "tables");
    assert_eq!(files.len(), Table::all_in_lake().count());
    for table in Table::all_in_lake() {
        let file = files.iter().find(|key| key.starts_with(&format!("tables/{}/day=", table.name())));
        let reader =
            SerializedFileReader::new(content(&aws.bucket, file.expect("it has a file"))).expect("it is Parquet");
        // Spark and others take a row group without rows for a damaged file.
        assert_eq!((reader.num_row_groups(), reader.metadata().file_metadata().num_rows()), (0, 0));
        let schema = reader.metadata().file_metadata().schema_descr().columns().iter();
        assert!(schema.map(|column| column.name()).eq(table.lake_columns().map(|column| column.name)));
    }

    // Nothing new: no file. One event: its own files. And what the bucket's lifecycle has taken away comes again.
    aws.table().now += 20 * MINUTE;
    assert!(run(&aws));
    assert_eq!(keys(&aws.bucket, "tables"), files);
    let jobs = files.iter().find(|key| key.starts_with("tables/jobs/")).expect("it has a file");
    ready(aws.bucket.delete(&Key::from(jobs.as_str()))).expect("memory deletes it");
    put(&aws, "one");
    aws.table().now += 20 * MINUTE;
    assert!(run(&aws));
    let new: Vec<_> = keys(&aws.bucket, "tables").into_iter().filter(|key| !files.contains(key)).collect();
    let tables: Vec<_> = new.iter().filter_map(|key| key.split('/').nth(1)).collect();
    assert_eq!(tables, ["events", "jobs", "messages"]);
}
