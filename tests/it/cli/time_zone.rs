//! `kaizala export` for people: local times, and CSV for Excel.

use std::{collections::BTreeMap, fs, path::Path};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use serde_json::{Value, json};

use crate::support::tables::{export, exported, read_ndjson, stored, text, write_export};

/// Responses with a phone number that arrived at those times.
fn write_responses(raw: &Path, times: &[&str]) {
    let item = |(id, time): (usize, &&str)| {
        let data = json!({"actionId": "card", "responseId": id.to_string(), "responder": "+15550001234",
            "responderName": "Åsa", "responseDetails": {"responseWithQuestions":
                [{"title": "When", "type": "DateTime", "answer": 1_678_132_800_000_i64}]}});
        let body = json!({"eventId": id.to_string(), "eventType": "SurveyResponse", "groupId": "g", "data": data});
        stored(body.to_string(), time, false)
    };
    write_export(raw, &times.iter().enumerate().flat_map(item).collect::<Vec<_>>(), 1);
}

#[test]
fn a_time_zone_adds_local_time_and_day_beside_every_time_and_changes_nothing_else() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    let times = ["2023-03-06T20:00:00Z", "2023-07-01T03:59:59.999Z", "1970-01-01T00:00:00Z"];
    write_responses(&raw, &times);
    let local = |zone: &str| {
        let mut tables = exported(text(&raw), &["--time-zone", zone]);
        let mut local = BTreeMap::new();
        for row in tables.values_mut().flatten() {
            let row = row.as_object_mut().expect("it is an object");
            local.insert(
                row["event_id"].to_string(),
                (row["received_at_local"].clone(), row["received_at_local_day"].clone()),
            );
            row.retain(|name, _| !name.ends_with("_local") && !name.ends_with("_local_day"));
        }
        assert_eq!(tables, exported(text(&raw), &[]));
        local
            .into_values()
            .map(|(time, day)| format!("{} {}", time.as_str().unwrap(), day.as_str().unwrap()))
            .collect::<Vec<_>>()
    };

    assert_eq!(
        local("Asia/Kolkata"),
        [
            "2023-03-07T01:30:00.000 2023-03-07",
            "2023-07-01T09:29:59.999 2023-07-01",
            "1970-01-01T05:30:00.000 1970-01-01"
        ]
    );
    assert_eq!(
        local("America/New_York"),
        [
            "2023-03-06T15:00:00.000 2023-03-06",
            "2023-06-30T23:59:59.999 2023-06-30",
            "1969-12-31T19:00:00.000 1969-12-31"
        ]
    );

    let arguments = ["--from", text(&raw), "--out", text(&out), "--time-zone", "asia/kolkata", "--wide"];
    assert_eq!(export(&[&arguments[..], &["--format", "ndjson"]].concat(), &[]).0, 0);
    let answer = &read_ndjson(&out)["answers"][0];
    assert_eq!(
        (&answer["answer_time_local"], &answer["answer_time_local_day"]),
        (&json!("2023-03-07T01:30:00.000"), &json!("2023-03-07"))
    );
    let wide = fs::read_to_string(out.join("wide/card.ndjson")).expect("it is there");
    assert!(wide.contains("\"when_local\":\"2023-03-07T01:30:00.000\",\"when_local_day\":\"2023-03-07\""), "{wide}");

    assert_eq!(export(&[&arguments[..], &["--format", "parquet"]].concat(), &[]).0, 0);
    let file = fs::File::open(out.join("answers.parquet")).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("it is Parquet");
    let row = reader.get_row_iter(None).expect("it has rows").next().expect("there is one").expect("it can be read");
    let value = |name: &str| row.get_column_iter().find(|(column, _)| *column == name).expect("it is there").1.clone();
    assert_eq!(value("answer_time_local"), Field::TimestampMillis(1_678_152_600_000));
    assert_eq!(value("answer_time_local_day"), Field::Date(19_423));
    let package: Value =
        serde_json::from_slice(&fs::read(out.join("datapackage.json")).expect("it is there")).expect("it is JSON");
    let fields = package["resources"][0]["schema"]["fields"].as_array().expect("it is a list");
    let types: Vec<_> = fields[3..6].iter().map(|field| (field["name"].as_str(), field["type"].as_str())).collect();
    assert_eq!(
        types,
        [
            (Some("received_at"), Some("datetime")),
            (Some("received_at_local"), Some("datetime")),
            (Some("received_at_local_day"), Some("date"))
        ]
    );
}

#[test]
fn an_unknown_time_zone_is_wrong_usage_and_the_nearest_names_are_told() {
    for (zone, nearest) in
        [("Asia/Kolkatta", "Asia/Kolkata"), ("kolkata", "Asia/Kolkata"), ("New York", "America/New_York"), ("", "")]
    {
        let (code, _, error) = export(&["--from", "nowhere", "--out", "x", "--time-zone", zone], &[]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("--time-zone") && error.contains(nearest), "{error}");
    }
    let (code, _, error) = export(&["--from", "nowhere", "--out", "x"], &[("KAIZALA_TIME_ZONE", "Europe/Pariss")]);
    assert!(code == 2 && error.contains("Europe/Paris"), "{error}");
}

#[test]
fn csv_for_excel_begins_with_a_byte_order_mark_and_phones_are_strings() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_responses(&raw, &["2023-03-06T20:00:00Z"]);
    let arguments = ["--from", text(&raw), "--out", text(&out)];
    assert_eq!(export(&[&arguments[..], &["--excel", "--wide"]].concat(), &[]).0, 0);

    for file in ["responses.csv", "wide/card.csv"] {
        let bytes = fs::read(out.join(file)).expect("it is there");
        assert!(bytes.starts_with("\u{feff}group_id,".as_bytes()), "{file}");
        assert!(String::from_utf8_lossy(&bytes).contains(",+15550001234,"), "{file}");
    }
    let package: Value =
        serde_json::from_slice(&fs::read(out.join("datapackage.json")).expect("it is there")).expect("it is JSON");
    let fields =
        package["resources"].as_array().into_iter().flatten().filter_map(|one| one["schema"]["fields"].as_array());
    let phones: Vec<_> = fields
        .flatten()
        .filter(|field| ["responder", "assignee", "member"].iter().any(|name| field["name"] == *name))
        .collect();
    assert_eq!(phones.len(), 5);
    assert!(phones.iter().all(|field| field["type"] == "string"), "{phones:?}");
    assert_eq!(export(&[&arguments[..], &["--format", "csv"]].concat(), &[]).0, 0);
    assert!(fs::read(out.join("responses.csv")).expect("it is there").starts_with(b"group_id,"));

    let (code, _, error) = export(&[&arguments[..], &["--excel", "--format", "parquet"]].concat(), &[]);
    assert!(code == 2 && error.contains("--excel is for CSV"), "{error}");
}

#[test]
fn a_job_that_is_due_at_the_end_of_the_calendar_has_a_local_day() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let job = json!({"eventId": "j", "eventType": "JobCreated", "data": {"actionId": "job", "groupId": "g",
        "dueDate": "9999-12-31T23:59:59Z", "assignedTo": ["+15550001234"]}});
    write_export(folder.path(), &stored(job.to_string(), "2023-03-06T10:00:00Z", false), 1);
    for zone in ["Asia/Kolkata", "America/New_York"] {
        let jobs = exported(text(folder.path()), &["--time-zone", zone])["jobs"].clone();
        assert_eq!(jobs[0]["due_at_local_day"], "9999-12-31");
    }
}
